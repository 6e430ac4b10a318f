//! `cargo xtask bench-gate`: whether the engine takes more instructions than it did, which no clock
//! and no busy machine can blur.

use std::collections::HashMap;
use std::fs;

use crate::run::{Result, cargo, command, root, run, stdout};

/// What is stored with the repository: a case and its instructions a call, apart by a tab.
const STORED: &str = "benches/gate.tsv";
/// Share by which a count may grow: compilers differ a little.
const TOLERANCE: f64 = 0.05;
/// Calls of which the instructions are counted, beyond the first, which sets things up.
const CALLS: u64 = 4;

/// Whether the counts are compared with the stored ones or become them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Compare,
    Store,
}

pub(crate) fn check(mode: Mode) -> Result<()> {
    run(&mut cargo(&["build", "--release", "-p", "metrics-benches", "--bin", "gate"]))?;
    let program = root().join("target/release/gate").to_string_lossy().into_owned();
    let cases = stdout(&mut command(&program, &["cases"]))?;
    let stored = fs::read_to_string(root().join(STORED)).unwrap_or_default();
    let stored: HashMap<_, u64> = stored
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(case, count)| Ok((case, count.parse()?)))
        .collect::<Result<_>>()?;

    let mut lines = String::new();
    let mut slower = Vec::new();
    for case in cases.lines() {
        let few = instructions(&program, case, 1)?;
        let count = (instructions(&program, case, 1 + CALLS)? - few) / CALLS;
        let change = stored.get(case).map(|&stored| count as f64 / stored as f64 - 1.0);
        let text = change.map_or("not stored".into(), |change| format!("{:+.1} %", 100.0 * change));
        println!("{case:32} {count:>12} instructions  {text}");
        if change.is_none_or(|change| change > TOLERANCE) {
            slower.push(case);
        }
        lines += &format!("{case}\t{count}\n");
    }
    if mode == Mode::Store {
        return Ok(fs::write(root().join(STORED), lines)?);
    }
    if slower.is_empty() {
        return Ok(());
    }
    Err(format!(
        "more than {:.0} % above {STORED}, or not in it: {}; if that is meant, run \
         `cargo xtask bench-gate --store`",
        100.0 * TOLERANCE,
        slower.join(", ")
    )
    .into())
}

/// Instructions of a run on one thread, as Valgrind counts them.
fn instructions(program: &str, case: &str, n: u64) -> Result<u64> {
    let valgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null", program, case];
    let output = command("valgrind", &valgrind)
        .arg(n.to_string())
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .map_err(|error| format!("valgrind, which counts instructions: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = text.lines().find_map(|line| line.split_once("Collected : "));
    match collected {
        Some((_, count)) if output.status.success() => Ok(count.trim().parse()?),
        _ => Err(format!("valgrind on {case:?}: {}\n{text}", output.status).into()),
    }
}
