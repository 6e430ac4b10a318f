//! `cargo xtask coverage`: how much of the core its tests run.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::run::{Result, command, root, run, stdout};
use crate::tools;

/// The code that is measured, its own tests apart.
const MEASURED: &str = "crates/metrics-core/src/";
const TESTS: &str = "crates/metrics-core/src/cpu/tests.rs";
/// What the tests must run at least, in percent.
const FLOOR: [(&str, f64); 2] = [("lines", 95.0), ("regions", 94.0)];
/// The tests: the core's own, and the suite on slices and ndarray. Those of memory would measure what
/// counting takes.
const TARGETS: [&str; 17] = [
    "-p",
    "metrics-core",
    "-p",
    "metrics-conformance",
    "--lib",
    "--test",
    "conformance",
    "--test",
    "errors",
    "--test",
    "exactness",
    "--test",
    "state",
    "--test",
    "stress",
    "--test",
    "weights",
];
/// Tests left out: they add up rationals for minutes, and run what smaller ones run.
const SLOW: &str = "33_million";

/// What is fetched, once, unless rustup brought it.
const FETCHES: &str = "LLVM's tools, about 50 MB, or `rustup component add llvm-tools`";

/// Runs the tests of a build that counts what runs; fails below the floor, and lists what did not run.
pub(crate) fn check() -> Result<String> {
    let llvm_cov = tools::extension("cargo-llvm-cov")?.to_string_lossy().into_owned();
    let llvm = llvm()?;
    let measure = |args: &[&str]| {
        let mut measure = command(&llvm_cov, &["llvm-cov"]);
        measure.args(args);
        if let Some(folder) = &llvm {
            measure.env("LLVM_COV", folder.join("llvm-cov"));
            measure.env("LLVM_PROFDATA", folder.join("llvm-profdata"));
        }
        measure
    };
    // What an earlier run counted is of other code.
    run(&mut measure(&["clean", "--profraw-only"]))?;
    run(measure(&["--no-report", "test", "--quiet"]).args(TARGETS).args(["--", "--skip", SLOW]))?;
    let report: Value = serde_json::from_str(&stdout(&mut measure(&["report", "--json"]))?)?;
    let files = report["data"][0]["files"].as_array().ok_or("the report names no files")?;
    let files: Vec<_> = files.iter().filter(|file| is_measured(file)).collect();
    let mut shares = Vec::new();
    for (what, floor) in FLOOR {
        let sum =
            |key| files.iter().filter_map(|file| file["summary"][what][key].as_u64()).sum::<u64>();
        let (covered, all) = (sum("covered"), sum("count"));
        let share = 100.0 * covered as f64 / all as f64;
        shares.push(format!("{share:.2} % of {all} {what}"));
        if all == 0 || share < floor {
            files.iter().for_each(|file| list(file));
            return Err(
                format!("{}; at least {floor} % of {what} must run", shares.join(", ")).into()
            );
        }
    }
    files.iter().for_each(|file| list(file));
    Ok(format!("{} of {} files run", shares.join(" and "), files.len()))
}

/// Where LLVM's tools lie: they must know the format that the compiler writes, which changes. `None`: rustup
/// brought them, and they are found.
fn llvm() -> Result<Option<PathBuf>> {
    let rustc = |args: &[&str]| stdout(Command::new("rustc").args(args));
    let libraries = rustc(&["--print", "target-libdir"])?;
    if Path::new(libraries.trim()).with_file_name("bin").join("llvm-cov").exists() {
        return Ok(None);
    }
    let version = rustc(&["-vV"])?;
    let version = version.lines().find_map(|line| line.strip_prefix("LLVM version: "));
    let major =
        version.and_then(|version| version.split('.').next()).ok_or("rustc names no LLVM")?;
    let folder = PathBuf::from(format!("/usr/lib/llvm-{major}/bin"));
    let package = format!("llvm-{major}");
    tools::debian(&folder.join("llvm-cov"), &[&package], FETCHES)?;
    Ok(Some(folder))
}

fn is_measured(file: &Value) -> bool {
    let name = file["filename"].as_str().unwrap_or_default();
    let name = name.strip_prefix(&*root().to_string_lossy()).unwrap_or(name);
    name.trim_start_matches('/').starts_with(MEASURED) && !name.ends_with(TESTS)
}

/// Prints the lines of a file where something did not run.
fn list(file: &Value) {
    let segments = file["segments"].as_array().map_or(&[][..], Vec::as_slice);
    // A segment: line, column, count, whether there is a count, whether a region begins.
    let missed = segments
        .iter()
        .filter(|segment| segment[2] == 0 && segment[3] == true && segment[4] == true);
    let mut lines: Vec<_> = missed.filter_map(|segment| segment[0].as_u64()).collect();
    lines.dedup();
    if !lines.is_empty() {
        let lines: Vec<_> = lines.iter().map(u64::to_string).collect();
        println!("{}: {}", file["filename"].as_str().unwrap_or_default(), lines.join(" "));
    }
}
