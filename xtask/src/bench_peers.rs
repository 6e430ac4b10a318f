//! `cargo xtask bench-peers`: time of the exact metrics beside other libraries, on the same data.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::peers;
use crate::run::{Result, cargo, command, root, run, stdout};

/// Who is measured, as columns.
const PEERS: [&str; 7] = [
    "numpy.sort",
    "scikit-learn",
    "torcheval",
    "torchmetrics",
    "burn-train",
    "eval-metrics",
    "classifier-measures",
];

/// A case and who was measured on it, with the seconds and the value.
type Measured = HashMap<(String, String), (f64, String)>;

/// Prints the table as Markdown.
pub(crate) fn compare() -> Result<()> {
    let build = ["build", "--release", "-p", "metrics-benches", "--features", "peers"];
    run(&mut cargo(&build))?;
    let portable = root().join("target/portable");
    let flags = "--cfg tensor_metrics_portable";
    run(cargo(&build).env("RUSTFLAGS", flags).env("CARGO_TARGET_DIR", &portable))?;
    // A project of its own: its hundreds of packages need not be in our lock.
    let burn = root().join("xtask/peers/burn");
    let burn_target = root().join("target/burn");
    let build = ["build", "--release", "--locked"];
    run(cargo(&build).current_dir(&burn).env("CARGO_TARGET_DIR", &burn_target))?;
    let python = peers::set_up()?;

    let program = root().join("target/release/beside-peers");
    let folder = root().join("target/bench-peers");
    fs::create_dir_all(&folder)?;
    let beside = |program: &std::path::Path, what: &str| {
        let mut command = command(&program.to_string_lossy(), &[what]);
        command.arg(&folder);
        command
    };
    run(&mut beside(&program, "data"))?;
    let cases = stdout(&mut command(&program.to_string_lossy(), &["cases"]))?;

    let mut measured = Measured::new();
    let mut measure = |who: Option<&str>, output: &str| note(&mut measured, who, output);
    measure(Some("ours"), &stdout(&mut beside(&program, "ours"))?)?;
    let mut one_thread = beside(&program, "ours");
    one_thread.env("RAYON_NUM_THREADS", "1");
    measure(Some("one thread"), &stdout(&mut one_thread)?)?;
    measure(
        Some("portable"),
        &stdout(&mut beside(&portable.join("release/beside-peers"), "ours"))?,
    )?;
    measure(None, &stdout(&mut beside(&program, "rust"))?)?;
    let mut beside_burn = command(&burn_target.join("release/beside-burn").to_string_lossy(), &[]);
    beside_burn.arg(&folder);
    measure(None, &with_input(beside_burn, &cases)?)?;
    let mut script = command(&python.to_string_lossy(), &[]);
    script.arg(root().join("xtask/peers/time_peers.py")).arg(&folder);
    measure(None, &with_input(script, &cases)?)?;

    println!("| case | ours | one thread | without AVX2 | {} |", PEERS.join(" | "));
    println!("|{}", "---|".repeat(4 + PEERS.len()));
    for case in cases.lines().filter_map(|line| line.split('\t').next()) {
        let seconds = |who: &str| measured.get(&(case.into(), who.into())).map(|m| m.0);
        let ours = seconds("ours").ok_or("ours was not measured")?;
        let own =
            ["ours", "one thread", "portable"].map(|who| seconds(who).map_or("".into(), time));
        let peers = PEERS.map(|who| {
            seconds(who).map_or(String::new(), |s| format!("{} ({:.1}×)", time(s), s / ours))
        });
        println!("| {case} | {} | {} |", own.join(" | "), peers.join(" | "));
    }
    println!("\n| value of | ours | {} |", PEERS[1..].join(" | "));
    println!("|{}", "---|".repeat(1 + PEERS.len()));
    for case in cases.lines().filter_map(|line| line.split('\t').next()) {
        let value = |who: &str| measured.get(&(case.into(), who.into())).map_or("", |m| &m.1);
        let values: Vec<_> = PEERS[1..].iter().map(|who| value(who)).collect();
        println!("| {case} | {} | {} |", value("ours"), values.join(" | "));
    }
    println!("\nMedian time of a call, and in brackets as a multiple of ours with all threads.");
    for case in ["1e7", "1e8"] {
        let bytes =
            stdout(command(&program.to_string_lossy(), &["memory"]).arg(&folder).arg(case))?;
        println!("Peak memory of {case} beyond its input: {} bytes a sample.", bytes.trim());
    }
    Ok(())
}

/// Takes in lines of case, who, seconds and value; `who` replaces who is named there.
fn note(measured: &mut Measured, who: Option<&str>, output: &str) -> Result<()> {
    for line in output.lines() {
        let fields: Vec<_> = line.split('\t').collect();
        let [case, named, seconds, value] = fields[..] else {
            return Err(format!("not a measurement: {line}").into());
        };
        let key = (case.to_owned(), who.unwrap_or(named).to_owned());
        measured.insert(key, (seconds.parse()?, value.to_owned()));
    }
    Ok(())
}

fn time(seconds: f64) -> String {
    let micros = seconds * 1e6;
    if micros < 1e4 { format!("{micros:.1} µs") } else { format!("{:.1} ms", micros / 1e3) }
}

/// What a program prints that reads this.
fn with_input(mut command: Command, input: &str) -> Result<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().ok_or("no input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
