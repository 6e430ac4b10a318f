//! `cargo xtask ci`: what must hold before a commit and a newcomer can afford; with `--all`, everything
//! that must hold. The cheapest steps first.

use std::fs;
use std::time::{Duration, Instant};

use crate::run::{Result, Unchecked, cargo, command, count_tests, fingerprint, root, run, stdout};
use crate::{
    api, cuda, fuzz, layers, libtorch, peers, processors, readme, sanitize, supply_chain, tools,
};

/// Crates that hold tensors; the core may know none of them.
const TENSOR_LIBRARIES: [&str; 6] = ["ndarray", "candle-core", "tch", "arrow", "burn", "cudarc"];

/// Each crate alone, in every feature set worth telling apart: a build of the whole workspace
/// unifies features and hides mistakes.
const FEATURE_SETS: [&[&str]; 12] = [
    &["-p", "metrics-core"],
    &["-p", "metrics-core", "--no-default-features"],
    &["-p", "metrics-ndarray"],
    &["-p", "metrics-ndarray", "--no-default-features"],
    &["-p", "metrics-candle"],
    &["-p", "metrics-candle", "--no-default-features"],
    &["-p", "metrics-cuda"],
    &["-p", "tensor-metrics"],
    &["-p", "tensor-metrics", "--no-default-features"],
    &["-p", "tensor-metrics", "--no-default-features", "--features", "ndarray"],
    &["-p", "tensor-metrics", "--no-default-features", "--features", "candle"],
    &["-p", "metrics-cli"],
];

/// Checks something; says what it checked.
type Check = fn() -> Result<String>;

/// What the default build leaves out and the tests must not.
pub(crate) const ALL_BACKENDS: &str =
    "metrics-benches/candle,metrics-conformance/candle,tensor-metrics/candle";

/// All crates but the one that needs libtorch, which has a step of its own, and `xtask`: it has no part in
/// documentation tests, and without it in the others these are built of the same features.
pub(crate) const WORKSPACE: [&str; 5] =
    ["--workspace", "--exclude", "metrics-tch", "--exclude", "xtask"];

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Needs a Rust toolchain and the crates alone.
    Newcomer,
    /// Needs half an hour more, and fetches libraries and tools.
    All,
}

/// Something that must hold.
struct Step {
    name: &'static str,
    /// The smallest run that it is a part of.
    scope: Scope,
    /// What it fetches on a machine that has nothing but a toolchain, beside crates.
    fetches: &'static str,
    check: Check,
}

/// A step that was taken.
struct Done {
    name: &'static str,
    outcome: Outcome,
    time: Duration,
}

/// The result of a step, with a sentence about it.
enum Outcome {
    Passed(String),
    /// This machine cannot tell.
    Unchecked(String),
    Failed(String),
}

impl Outcome {
    /// A newcomer may have another toolchain than the one that everything is checked with.
    fn of(result: Result<String>, scope: Scope) -> Self {
        match result {
            Ok(what) => Self::Passed(what),
            Err(why) if scope == Scope::Newcomer && why.is::<Unchecked>() => {
                Self::Unchecked(why.to_string())
            }
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

const NOTHING: &str = "";

const STEPS: [Step; 21] = [
    step("format", Scope::Newcomer, NOTHING, format),
    step("core is free of tensor libraries", Scope::Newcomer, CRATES, core_is_free),
    step("imports run one way", Scope::Newcomer, NOTHING, layers::check),
    step("golden data", Scope::Newcomer, NOTHING, golden_data),
    step("values beside the peers'", Scope::Newcomer, NOTHING, peers::page_is_true),
    step("clippy", Scope::Newcomer, NOTHING, clippy),
    step("documentation", Scope::Newcomer, NOTHING, documentation),
    step("public interface", Scope::Newcomer, NOTHING, api::check),
    step("tests", Scope::Newcomer, NOTHING, tests),
    step("documentation tests", Scope::Newcomer, NOTHING, documentation_tests),
    step("examples with candle", Scope::Newcomer, NOTHING, examples_with_candle),
    step("README as a newcomer types it", Scope::Newcomer, NOTHING, readme::newcomer),
    step("README commands, debug build", Scope::Newcomer, NOTHING, readme::commands_in_debug),
    step("supply chain", Scope::All, tools::FETCHES, supply_chain::check),
    step("processors", Scope::All, processors::FETCHES, processors::check),
    step("README commands", Scope::All, NOTHING, readme::commands),
    step("each crate alone", Scope::All, NOTHING, each_crate_alone),
    step("libtorch", Scope::All, libtorch::FETCHES, libtorch::check),
    step("CUDA", Scope::All, cuda::FETCHES, cuda::lint),
    step("fuzz targets", Scope::All, "crates of fuzz/Cargo.lock, about 10 MB", fuzz::check),
    step("models", Scope::All, NOTHING, sanitize::loom),
];

const CRATES: &str = "the crates that Cargo.lock names, about 60 MB";

const fn step(name: &'static str, scope: Scope, fetches: &'static str, check: Check) -> Step {
    Step { name, scope, fetches, check }
}

/// Runs all steps of a scope, from the one of this name on if there is a name; stops at the first that fails.
pub(crate) fn run_steps(scope: Scope, from: Option<&str>) -> Result<()> {
    let is_first = |step: &Step| from.is_none_or(|name| step.name == name);
    let steps: Vec<_> = STEPS
        .iter()
        .filter(|step| scope == Scope::All || step.scope == Scope::Newcomer)
        .skip_while(|step| !is_first(step))
        .collect();
    if steps.is_empty() {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        return Err(format!("no such step; there are: {}", names.join(", ")).into());
    }
    let mut done = Vec::new();
    for &Step { name, fetches, check, .. } in &steps {
        let fetches =
            if fetches.is_empty() { String::new() } else { format!(" (fetches {fetches})") };
        println!("\n== {name}{fetches}");
        let start = Instant::now();
        let outcome = Outcome::of(check(), scope);
        let failed = matches!(outcome, Outcome::Failed(_));
        done.push(Done { name, outcome, time: start.elapsed() });
        if failed {
            break;
        }
    }
    report(&done, steps.len())
}

fn report(done: &[Done], n_steps: usize) -> Result<()> {
    println!("\n{:34} {:>7}  what", "step", "time");
    for step in done {
        let seconds = step.time.as_secs_f64();
        let what = match &step.outcome {
            Outcome::Passed(what) => what.clone(),
            Outcome::Unchecked(why) => format!("NOT CHECKED: {why}"),
            Outcome::Failed(error) => format!("FAILED: {error}"),
        };
        println!("{:34} {seconds:6.1}s  {what}", step.name);
    }
    let seconds: f64 = done.iter().map(|step| step.time.as_secs_f64()).sum();
    let count = |is: fn(&Outcome) -> bool| done.iter().filter(|step| is(&step.outcome)).count();
    let n_passed = count(|outcome| matches!(outcome, Outcome::Passed(_)));
    let n_unchecked = count(|outcome| matches!(outcome, Outcome::Unchecked(_)));
    let n_failed = done.len() - n_passed - n_unchecked;
    let unchecked =
        if n_unchecked > 0 { format!(", {n_unchecked} not checked") } else { String::new() };
    println!("{n_passed} of {n_steps} steps passed{unchecked} in {seconds:.0} s");
    if n_failed > 0 { Err("not all steps passed".into()) } else { Ok(()) }
}

fn format() -> Result<String> {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    Ok("cargo fmt --check".into())
}

fn core_is_free() -> Result<String> {
    let args = ["tree", "-p", "metrics-core", "--all-features", "--edges", "normal", "--prefix"];
    let tree = stdout(cargo(&args).args(["none", "--format", "{p}"]))?;
    let mut crates: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    crates.sort_unstable();
    crates.dedup();
    if let Some(found) = crates.iter().find(|name| TENSOR_LIBRARIES.contains(name)) {
        return Err(format!("metrics-core depends on {found}").into());
    }
    Ok(format!("{} crates in its tree", crates.len()))
}

/// Golden cases are data from elsewhere, and states of a version are what users have saved: a change to
/// either must be a decision.
const GOLDEN: [(&str, u64); 3] = [
    ("tests/data/golden/cases.json", 0xc2b9_8296_91e8_7c6c),
    ("tests/data/states/v1/states.json", 0x2c37_a0f8_91aa_3ca3),
    ("tests/data/states/v2/states.json", 0xc3ae_6996_fd33_e1db),
];

fn golden_data() -> Result<String> {
    for (name, expected) in GOLDEN {
        let bytes = fs::read(root().join(name)).map_err(|error| format!("{name}: {error}"))?;
        let fingerprint = fingerprint(&bytes);
        if fingerprint != expected {
            return Err(
                format!("{name}: fingerprint {fingerprint:#018x}, not {expected:#018x}").into()
            );
        }
    }
    Ok(format!("{} files, unchanged", GOLDEN.len()))
}

fn each_crate_alone() -> Result<String> {
    for features in FEATURE_SETS {
        println!("cargo clippy {}", features.join(" "));
        run(cargo(&["clippy", "--quiet"]).args(features).args(["--", "--deny", "warnings"]))?;
    }
    Ok(format!("{} feature sets", FEATURE_SETS.len()))
}

fn clippy() -> Result<String> {
    let args = ["clippy", "--all-targets", "--features", ALL_BACKENDS];
    run(cargo(&args).args(WORKSPACE).args(["--", "--deny", "warnings"]))?;
    run(&mut cargo(&["clippy", "--all-targets", "-p", "xtask", "--", "--deny", "warnings"]))?;
    Ok("the whole workspace, all targets, warnings denied".into())
}

fn documentation() -> Result<String> {
    let args = ["doc", "--no-deps", "--features", ALL_BACKENDS];
    run(cargo(&args).args(WORKSPACE).env("RUSTDOCFLAGS", "--deny warnings"))?;
    Ok("warnings denied".into())
}

fn tests() -> Result<String> {
    let has_nextest =
        cargo(&["nextest", "--version"]).output().is_ok_and(|output| output.status.success());
    let (args, by): (&[&str], _) = if has_nextest {
        (&["nextest", "run", "--no-fail-fast", "--status-level", "fail"], "nextest")
    } else {
        (&["test", "--all-targets", "--quiet"], "cargo test")
    };
    let passed = count_tests(cargo(args).args(WORKSPACE).args(["--features", ALL_BACKENDS]))?;
    let own = count_tests(cargo(args).args(["-p", "xtask"]))?;
    Ok(format!("{} passed, by {by}", passed + own))
}

fn documentation_tests() -> Result<String> {
    let args = ["test", "--doc", "--features", ALL_BACKENDS];
    let passed = count_tests(cargo(&args).args(WORKSPACE))?;
    Ok(format!("{passed} passed"))
}

/// An example fails by itself unless the values of all batches are those of all scores at once, to the
/// bit. Built as the tests were, so that candle is not compiled once more.
fn examples_with_candle() -> Result<String> {
    let args = ["build", "--quiet", "--features", ALL_BACKENDS];
    let examples = ["--example", "evaluate_model", "--example", "evaluate_heads"];
    run(cargo(&args).args(WORKSPACE).args(examples))?;
    for (example, end) in [("evaluate_model", "AUPRC of all"), ("evaluate_heads", "burst")] {
        let printed = stdout(&mut command(&format!("target/debug/examples/{example}"), &[]))?;
        print!("{printed}");
        if !printed.lines().last().is_some_and(|line| line.starts_with(end)) {
            return Err(format!("{example} did not reach its end").into());
        }
    }
    Ok("evaluate_model and evaluate_heads, all values equal to the bit".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_toolchain_cannot_tell_fails_where_everything_must_hold() {
        let unchecked = || Err(Unchecked("another rustdoc".into()).into());
        let newcomer = Outcome::of(unchecked(), Scope::Newcomer);
        assert!(matches!(newcomer, Outcome::Unchecked(why) if why == "another rustdoc"));
        assert!(matches!(Outcome::of(unchecked(), Scope::All), Outcome::Failed(_)));
        assert!(matches!(Outcome::of(Err("else".into()), Scope::Newcomer), Outcome::Failed(_)));
    }
}
