//! `cargo xtask mutants`: whether the tests notice when one thing in the core is changed, one after another.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::run::{Result, cargo, root, run};

/// Where the changes are made.
const SOURCE: &str = "crates/metrics-core/src";
/// Which files, unless one is named: all that values come from, but for the engine (`cpu/*`), of which a
/// sample has to do.
const FILES: [&str; 13] = [
    "areas.rs",
    "auc.rs",
    "bounds.rs",
    "buckets.rs",
    "curve.rs",
    "curves.rs",
    "exact.rs",
    "kind.rs",
    "options.rs",
    "precisions.rs",
    "ranked.rs",
    "shares.rs",
    "state/*.rs",
];
/// Tests, the fastest first: what gets past some meets the next.
const STAGES: [(&str, &[&str]); 3] = [
    ("metrics-core", &["--lib"]),
    ("metrics-conformance", &["--test", "errors", "--test", "exactness", "--test", "state"]),
    ("metrics-conformance", &["--test", "conformance"]),
];
/// Changes that no value shows, each with the reason.
const EQUIVALENT: &str = "xtask/mutants/equivalent.tsv";
/// Share of the changes that the tests must notice, those listed apart.
const FLOOR: f64 = 0.95;

/// Makes the changes cargo-mutants knows of, in the files that match a glob, or the `K`th of every `N`
/// of them. Takes half a minute a change: nothing for CI.
pub(crate) fn check(file: Option<&str>, shard: Option<&str>) -> Result<String> {
    if !cargo(&["mutants", "--version"]).output().is_ok_and(|output| output.status.success()) {
        run(&mut cargo(&["install", "cargo-mutants", "--locked", "--version", "^27.1"]))?;
    }
    let folder = root().join("target/mutants");
    fs::create_dir_all(&folder)?;
    let out = folder.join("mutants.out");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let (mut n_caught, mut n_unviable) = (0, 0);
    for (package, tests) in STAGES {
        println!("\n== {package} {}", tests.join(" "));
        let mut mutants = cargo(&["mutants", "--package", "metrics-core", "--profile", "mutants"]);
        // What is only shown changes no value.
        mutants.args(["--exclude-re", "impl fmt::", "--iterate", "--test-package", package]);
        mutants.arg("--output").arg(&folder);
        match file {
            Some(file) => mutants.args(["--file", file]),
            None => mutants.args(FILES.map(|file| format!("--file={SOURCE}/{file}"))),
        };
        if let Some(shard) = shard {
            mutants.args(["--sharding", "round-robin", "--shard", shard]);
        }
        mutants.arg("--").args(tests).env("CARGO_TARGET_DIR", folder.join("target"));
        let status = mutants.status().map_err(|error| format!("{mutants:?}: {error}"))?;
        // 2 and 3: some got past, or ran for ever.
        if !matches!(status.code(), Some(0 | 2 | 3)) {
            return Err(format!("{mutants:?}: {status}").into());
        }
        n_caught += lines(&out.join("caught.txt"))?.len();
        n_unviable += lines(&out.join("unviable.txt"))?.len();
    }
    // A change after which a test never ends is noticed.
    n_caught += lines(&out.join("timeout.txt"))?.len();
    let listed = lines(&root().join(EQUIVALENT))?;
    let reasons: HashMap<_, _> = listed.iter().filter_map(|line| line.split_once('\t')).collect();
    let missed = lines(&out.join("missed.txt"))?;
    let (known, unknown): (Vec<_>, Vec<_>) =
        missed.iter().map(|line| unplaced(line)).partition(|name| reasons.contains_key(&**name));
    known.iter().for_each(|name| println!("no value shows: {name}: {}", reasons[&**name]));
    unknown.iter().for_each(|name| println!("not noticed: {name}"));
    let n_viable = n_caught + unknown.len();
    let share = n_caught as f64 / n_viable.max(1) as f64;
    let (n_known, percent) = (known.len(), 100.0 * share);
    let what = format!(
        "{n_caught} of {n_viable} changes noticed ({percent:.1} %); {n_known} more show in no value, \
         {n_unviable} do not compile"
    );
    if share < FLOOR { Err(what.into()) } else { Ok(what) }
}

fn lines(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// The name of a change without line and column, which move: `FILE: what`.
fn unplaced(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.nth(2)) {
        (Some(file), Some(what)) => format!("{file}:{what}"),
        _ => name.to_owned(),
    }
}
