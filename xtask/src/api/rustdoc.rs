//! What rustdoc knows of crates, as JSON.
//!
//! JSON is an unstable output. The environment variable `RUSTC_BOOTSTRAP` makes a stable rustdoc write it,
//! but build scripts look at that variable too: set for cargo, it compiles `proc-macro2` and all that is
//! built on it once more, and once again when it is no longer set. So cargo runs this program in place of
//! rustdoc, and this program sets the variable for rustdoc alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

use super::LISTED;
use crate::ci::{ALL_BACKENDS, WORKSPACE};
use crate::run::{Result, Unchecked, cargo, command, root, run, stdout};

/// The format of the JSON that the listings are made of, which rustdoc 1.95 writes. Other formats may say
/// the same interface in other words.
const FORMAT: u64 = 57;

/// What makes rustdoc write it.
const JSON: [&str; 4] = ["-Z", "unstable-options", "--output-format", "json"];
const UNLOCK: &str = "RUSTC_BOOTSTRAP";

/// Set for this program where it stands in for rustdoc: the program to run.
const STANDS_IN_FOR: &str = "XTASK_STANDS_IN_FOR_RUSTDOC";

/// Documents the crates of these names, or all that are listed if there is no name; name and file of each.
///
/// All of them are documented with the workspace, since `cargo doc` has compiled what that needs. By name,
/// they need less.
pub(super) fn json(names: &[&str]) -> Result<Vec<(&'static str, PathBuf)>> {
    let target = root().join("target/api");
    let rustdoc = std::env::var("RUSTDOC").unwrap_or_else(|_| "rustdoc".into());
    check_format(&rustdoc, &target)?;
    let is_all = names.is_empty();
    let crates = LISTED.iter().filter(|listed| is_all || names.contains(&listed.name));
    let crates: Vec<_> = crates.collect();
    let mut command = cargo(&["doc", "--no-deps", "--lib"]);
    if is_all {
        command.args(WORKSPACE).args(["--features", ALL_BACKENDS]);
    } else {
        for listed in &crates {
            command.args(["--package", listed.name, "--features", &listed.features.join(",")]);
        }
    }
    let file = |name: &str| target.join("doc").join(name.replace('-', "_")).with_extension("json");
    let files: Vec<_> = crates.iter().map(|listed| (listed.name, file(listed.name))).collect();
    // What an earlier run has written must not be read for what this one has not.
    for (_, file) in files.iter().filter(|(_, file)| file.exists()) {
        fs::remove_file(file)?;
    }
    run(command
        // JSON must not replace the pages in target/doc. What both need is compiled in target.
        .arg("--target-dir")
        .arg(&target)
        .env("CARGO_BUILD_BUILD_DIR", root().join("target"))
        .env("RUSTDOC", std::env::current_exe()?)
        .env("RUSTDOCFLAGS", JSON.join(" "))
        .env(STANDS_IN_FOR, &rustdoc))?;
    Ok(files)
}

/// Asks rustdoc for the JSON of an empty crate: to compile the others takes longer.
fn check_format(rustdoc: &str, target: &Path) -> Result<()> {
    fs::create_dir_all(target)?;
    let mut command = command(rustdoc, &["--crate-name", "empty", "-", "-o"]);
    command.arg(target).args(JSON).env(UNLOCK, "1").stdin(Stdio::null());
    run(&mut command)?;
    let json: Value = serde_json::from_slice(&fs::read(target.join("empty.json"))?)?;
    let format = json["format_version"].as_u64();
    if format == Some(FORMAT) {
        return Ok(());
    }
    let version = stdout(Command::new(rustdoc).arg("--version"))?;
    Err(Unchecked(not_compared(&version, format)).into())
}

/// `version` is what rustdoc prints: `rustdoc 1.95.0 (59807616e 2026-04-14)`.
fn not_compared(version: &str, format: Option<u64>) -> String {
    let version: Vec<_> = version.split_whitespace().take(2).collect();
    let format = format.map_or_else(|| "no format".to_owned(), |format| format!("format {format}"));
    format!(
        "not compared: {} writes {format} of JSON, the listing is read from format {FORMAT}",
        version.join(" ")
    )
}

/// Runs rustdoc where cargo has called this program in its place; `None` where nobody has.
pub(crate) fn stand_in() -> Option<ExitCode> {
    let rustdoc = std::env::var_os(STANDS_IN_FOR)?;
    let mut command = Command::new(rustdoc);
    command.args(std::env::args_os().skip(1)).env(UNLOCK, "1");
    match run(&mut command) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("error: {error}");
            Some(ExitCode::FAILURE)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_format_is_said_with_the_version_that_writes_it() {
        let text = not_compared("rustdoc 1.88.0 (6b00bc388 2025-06-23)\n", Some(45));
        let expected = "not compared: rustdoc 1.88.0 writes format 45 of JSON, \
                        the listing is read from format 57";
        assert_eq!(text, expected);
    }
}
