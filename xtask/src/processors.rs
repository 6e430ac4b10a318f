//! `cargo xtask processors`: the engine's values have the same bits on every processor.
//!
//! `engine_paths`, an example of the core, prints what every path of the engine returns. It runs on this
//! processor, compiled in several ways, and on others that QEMU plays: each lacks something that the
//! engine might take for granted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Result, cargo, command, root, run};
use crate::tools;

/// Other ways to compile for this processor: a name and the compiler's flags.
const BUILDS: [(&str, &str); 2] = [
    // As on processors without AVX2, or of another architecture.
    ("portable", "--cfg tensor_metrics_portable"),
    // Whatever this one has, AVX-512 included: the compiler may use it everywhere.
    ("native", "--codegen target-cpu=native"),
];

/// Processors that QEMU plays, and what each lacks, as Rust calls it. `max` is all that QEMU knows.
const PROCESSORS: [(&str, &str); 10] = [
    ("max", ""),
    // Without it, `lzcnt` runs as `bsr` and returns something else, where others stop the program.
    ("max,-abm", "lzcnt"),
    ("max,-popcnt", "popcnt"),
    // A processor without AVX has no F16C either, whose instructions are of AVX's form: `half` relies on it.
    ("max,-avx,-f16c", "avx"),
    ("max,-avx2", "avx2"),
    ("max,-fma", "fma"),
    ("max,-bmi1", "bmi1"),
    ("max,-bmi2", "bmi2"),
    ("max,-f16c", "f16c"),
    // What every x86-64 processor has, and SSE3.
    ("qemu64", "avx"),
];

/// What is fetched, once.
pub(crate) const FETCHES: &str = "QEMU, which plays other processors, about 30 MB";

/// Compares what the program prints here with what it prints elsewhere.
pub(crate) fn check() -> Result<String> {
    let qemu = Path::new("qemu-x86_64");
    tools::debian(qemu, &["qemu-user"], FETCHES)?;
    let program = build("here", "")?;
    let expected = printed(Command::new(&program), "here", "")?;
    for (name, flags) in BUILDS {
        compare(&expected, &printed(Command::new(build(name, flags)?), name, "")?, name)?;
    }
    for (model, lacks) in PROCESSORS {
        let mut on_qemu = Command::new(qemu);
        // Some QEMUs take an instruction of BMI2, which glibc's memcmp uses, for one of BMI1.
        on_qemu.env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-BMI2");
        on_qemu.args(["-cpu", model]).arg(&program);
        compare(&expected, &printed(on_qemu, model, lacks)?, model)?;
    }
    let n = expected.lines().count();
    Ok(format!("{n} lines the same on {} processors of QEMU and in 3 builds", PROCESSORS.len()))
}

/// A folder for each set of flags: cargo would build everything anew at each turn.
fn build(name: &str, flags: &str) -> Result<PathBuf> {
    let folder = root().join("target/processors").join(name);
    let args = ["build", "--quiet", "--release", "-p", "metrics-core", "--example", "engine_paths"];
    run(cargo(&args).env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", flags))?;
    Ok(folder.join("release/examples/engine_paths"))
}

/// What the program prints on a processor, which may lack something.
fn printed(mut command: Command, on: &str, lacks: &str) -> Result<String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let features = String::from_utf8_lossy(&output.stderr);
    let features = features.lines().next().unwrap_or_default();
    println!("{on:12} {features}");
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    if !lacks.is_empty() && features.split(' ').any(|feature| feature == lacks) {
        return Err(format!("{command:?}: the processor has {lacks}, which it should not").into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn compare(expected: &str, printed: &str, on: &str) -> Result<()> {
    let differs = |(expected, printed): &(&str, &str)| expected != printed;
    let differing: Vec<_> = expected.lines().zip(printed.lines()).filter(differs).collect();
    if let Some((expected, printed)) = differing.first() {
        let n = differing.len();
        return Err(format!("{on}: {n} lines differ; here {expected:?}, there {printed:?}").into());
    }
    if expected.lines().count() != printed.lines().count() || expected.is_empty() {
        return Err(format!("{on}: the program did not print all its lines").into());
    }
    Ok(())
}

const AARCH64: &str = "aarch64-unknown-linux-gnu";

/// Compares what the program prints here with what it prints on an ARM processor.
pub(crate) fn aarch64() -> Result<String> {
    let qemu = Path::new("qemu-aarch64");
    tools::debian(qemu, &["qemu-user"], FETCHES)?;
    let linker = Path::new("aarch64-linux-gnu-gcc");
    let packages = ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"];
    tools::debian(linker, &packages, "a linker for aarch64 (about 70 MB to fetch)")?;
    let compiler = compiler()?;
    let folder = root().join("target/processors/aarch64");
    let args = ["build", "--quiet", "--release", "-p", "metrics-core", "--example", "engine_paths"];
    run(cargo(&args)
        .args(["--target", AARCH64])
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", linker)
        .env("LD_LIBRARY_PATH", compiler.join("lib/x86_64-linux-gnu"))
        .env("RUSTC", compiler.join("bin/rustc")))?;
    let expected = printed(Command::new(build("here", "")?), "here", "")?;
    let mut on_qemu = Command::new(qemu);
    on_qemu.args(["-L", "/usr/aarch64-linux-gnu"]);
    on_qemu.arg(folder.join(AARCH64).join("release/examples/engine_paths"));
    compare(&expected, &printed(on_qemu, "aarch64", "")?, AARCH64)?;
    Ok(format!("{} lines the same on aarch64", expected.lines().count()))
}

/// Debian's compiler, unpacked once into a folder of its own: the one that runs this task has no standard
/// library for another architecture, and no package brings it one.
fn compiler() -> Result<PathBuf> {
    let folder = root().join("target/cross");
    let complete = folder.join("complete");
    if !complete.exists() {
        eprintln!("unpacking a compiler into target/cross (about 130 MB to fetch, 560 MB on disk)");
        let debs = folder.join("archives");
        fs::create_dir_all(debs.join("partial"))?;
        fs::create_dir_all(folder.join("lists/partial"))?;
        let apt = |args: &[&str]| {
            let mut apt = command("apt-get", &["--quiet=2", "--yes"]);
            for (key, value) in [("Dir::Cache", ""), ("Dir::State::Lists", "lists")] {
                apt.arg("-o").arg(format!("{key}={}", folder.join(value).display()));
            }
            // Lists of their own: the machine's packages stay of one architecture.
            apt.args(["-o", "APT::Architectures::=amd64", "-o", "APT::Architectures::=arm64"]);
            run(apt.args(args).current_dir(&debs))
        };
        apt(&["update"])?;
        apt(&["install", "--download-only", "--no-install-recommends", "rustc-web"])?;
        apt(&["download", "libstd-rust-web-dev:arm64"])?;
        for file in fs::read_dir(&debs)? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "deb") {
                run(command("dpkg-deb", &["--extract"]).arg(file).arg(&folder))?;
            }
        }
        fs::remove_dir_all(&debs)?;
        fs::write(&complete, "")?;
    }
    Ok(folder.join("usr"))
}
