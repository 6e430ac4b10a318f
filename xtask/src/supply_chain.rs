//! `cargo xtask supply-chain`: what we build on comes from where it should, under licences that allow it.

use std::fs;

use crate::run::{Result, cargo, command, root, run, stdout};
use crate::tools;

/// Workspaces whose crates are fetched and looked at. Of the others the lock file is.
const WORKSPACES: [&str; 2] = ["Cargo.toml", "fuzz/Cargo.toml"];
/// Where every crate must come from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// `deny.toml` says what is allowed. Only crates are fetched, and only those that are not there yet; no
/// list of advisories is, since no package has one.
pub(crate) fn check() -> Result<String> {
    let n_locked = locked()?;
    let deny = tools::extension("cargo-deny")?;
    for workspace in WORKSPACES {
        run(&mut cargo(&["fetch", "--quiet", "--locked", "--manifest-path", workspace]))?;
        let args = ["--offline", "--locked", "--config", "deny.toml", "--manifest-path", workspace];
        let deny = deny.to_string_lossy();
        run(command(&deny, &args).args(["check", "licenses", "bans", "sources"]))?;
    }
    Ok(format!(
        "{n_locked} crates from crates.io with checksums; licences, bans and sources allowed"
    ))
}

/// Looks through every lock file; returns how many crates they name.
fn locked() -> Result<usize> {
    let files = stdout(&mut command("git", &["ls-files", "Cargo.lock", "**/Cargo.lock"]))?;
    let mut crates = Vec::new();
    for file in files.lines() {
        let text = fs::read_to_string(root().join(file))?;
        for entry in text.split("[[package]]").skip(1) {
            let value = |key| {
                entry
                    .lines()
                    .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
                    .map(unquoted)
            };
            let name =
                format!("{} {}", value("name").unwrap_or(""), value("version").unwrap_or(""));
            match (value("source"), value("checksum")) {
                // One of ours.
                (None, None) => {}
                (Some(CRATES_IO), Some(_)) => crates.push(name),
                (source, _) => {
                    let source = source.unwrap_or("nowhere");
                    return Err(format!("{file}: {name} comes from {source}, or unchecked").into());
                }
            }
        }
    }
    crates.sort_unstable();
    crates.dedup();
    Ok(crates.len())
}

fn unquoted(value: &str) -> &str {
    value.trim_matches('"')
}
