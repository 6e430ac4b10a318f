//! `cargo xtask sanitize`: what the compiler and the tests cannot see. AddressSanitizer over the tests,
//! Valgrind over some of them, and loom's models of what threads share.
//!
//! ThreadSanitizer is not here: it must see every atomic operation, so the standard library has to be
//! built with it too, and the source for that is no part of a stable toolchain. Without, it reports
//! races where there are none. Loom tries every order of the two places where threads share memory.

use std::path::Path;
use std::process::Command;

use crate::run::{Result, cargo, count_tests, host};
use crate::tools;

/// What is fetched, once.
const FETCHES: &str = "Valgrind, about 40 MB";

/// Tests of the core, of backends in host memory, and the stress of threads and panics. The long sums of
/// `exactness`, and the backends that exist for the tests alone, add nothing that an address could be
/// wrong in.
const ADDRESS: [&str; 18] = [
    "-p",
    "metrics-core",
    "-p",
    "metrics-ndarray",
    "-p",
    "metrics-conformance",
    "--lib",
    "--test",
    "conformance",
    "--test",
    "state",
    "--test",
    "stress",
    "--",
    "--skip",
    "deferring::",
    "--skip",
    "primitives_only::",
];

/// What Valgrind runs, thirty times slower: the core but for its longest tests, and the stress, whose
/// samples take every way through the engine that is left out with them.
const MEMCHECK: [&[&str]; 2] = [
    // Valgrind computes in the default floating-point mode, whatever a thread sets.
    &[
        "-p",
        "metrics-core",
        "--lib",
        "--",
        "--skip",
        "cpu::tests::ranks",
        "--skip",
        "float_mode::tests",
    ],
    &["-p", "metrics-conformance", "--test", "stress"],
];

/// All three.
pub(crate) fn check() -> Result<String> {
    Ok([loom()?, address()?, memcheck()?].join("; "))
}

/// Loom's models: every order in which threads may take ranges, and take, give back and free blocks.
pub(crate) fn loom() -> Result<String> {
    let args = ["test", "-p", "metrics-core", "--lib", "--target-dir", "target/loom", "models"];
    // The models are small; it is their orders that are many.
    let n = count_tests(cargo(&args).env("RUSTFLAGS", "--cfg loom"))?;
    Ok(format!("loom: {n} models in every order"))
}

fn address() -> Result<String> {
    let host = host()?;
    let args = ["test", "--target", &host, "--target-dir", "target/asan"];
    let mut tests = cargo(&args);
    tests
        .args(ADDRESS)
        // The flag is not stable; for this one command that is no matter.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        // Some tests ask for memory that no machine has, and must be told so.
        .env(
            "ASAN_OPTIONS",
            "allocator_may_return_null=1:detect_leaks=1:detect_stack_use_after_return=1",
        );
    Ok(format!("AddressSanitizer: {} tests", count_tests(&mut tests)?))
}

fn memcheck() -> Result<String> {
    tools::debian(Path::new("valgrind"), &["valgrind"], FETCHES)?;
    let runner = format!("CARGO_TARGET_{}_RUNNER", host()?.replace('-', "_").to_uppercase());
    let valgrind = "valgrind --quiet --error-exitcode=9 --leak-check=full \
                    --errors-for-leak-kinds=definite --show-leak-kinds=definite";
    let mut n = 0;
    for tests in MEMCHECK {
        n += count_tests(test_command(tests).env(&runner, valgrind))?;
    }
    Ok(format!("memcheck: {n} tests"))
}

fn test_command(tests: &[&str]) -> Command {
    let mut tests_of = cargo(&["test"]);
    tests_of.args(tests);
    tests_of
}
