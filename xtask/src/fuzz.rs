//! `cargo xtask fuzz`: the fuzz targets in `fuzz/`, built and run beside their corpus.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::{Result, cargo, command, host, root, run};

/// The targets, each a program of the package `fuzz/`.
const TARGETS: [&str; 4] = ["states", "api", "csv", "parquet"];

/// What libFuzzer needs of the compiler: counters at every edge, and the operands of comparisons. They
/// are options of LLVM, which a stable compiler passes on.
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Memory that a target may hold before libFuzzer calls it a crash; its own allocator refuses earlier.
const RSS_LIMIT_MB: u64 = 2048;
/// Seconds that one input may take.
const TIMEOUT: u64 = 20;
/// Seconds after which libFuzzer keeps an input as slow.
const SLOW: u64 = 10;
/// Seconds each target runs in CI.
const SECONDS: u64 = 60;
/// Longest input made.
const MAX_LEN: u64 = 4096;

/// Runs every target for a minute.
pub(crate) fn check() -> Result<String> {
    fuzz(&TARGETS, SECONDS)
}

/// Runs targets as the arguments say: `[--minutes N] [TARGET]`.
pub(crate) fn run_as(args: &[&str]) -> Result<String> {
    let (seconds, rest) = match args {
        ["--minutes", minutes, rest @ ..] => {
            let minutes: f64 =
                minutes.parse().map_err(|_| format!("--minutes {minutes}: not a number"))?;
            ((60.0 * minutes) as u64, rest)
        }
        rest => (SECONDS, rest),
    };
    match rest {
        [] => fuzz(&TARGETS, seconds),
        [target] if TARGETS.contains(target) => fuzz(&[target], seconds),
        _ => Err(format!("fuzz {}: expected one of {}", rest.join(" "), TARGETS.join(", ")).into()),
    }
}

/// Makes the corpus checked in as small as it can be and still reach what it and all that was found
/// since reach together.
pub(crate) fn minimise() -> Result<String> {
    build()?;
    let mut what = Vec::new();
    for target in TARGETS {
        let stored = stored_corpus(target);
        let merged = folder(target).join("merged");
        fresh(&merged)?;
        let found = found_corpus(target)?;
        // As few inputs as reach every edge; how often each does is left to the next run.
        let args = ["-set_cover_merge=1", "-use_counters=0", &format!("-max_len={MAX_LEN}")];
        run(command_of(target)?.args(args).arg(&merged).arg(&stored).arg(found))?;
        fresh(&stored)?;
        let n_files = copy_files(&merged, &stored)?;
        what.push(format!("{target} {n_files}"));
    }
    Ok(format!("inputs kept: {}", what.join(", ")))
}

fn fuzz(targets: &[&str], seconds: u64) -> Result<String> {
    build()?;
    let mut what = Vec::new();
    for target in targets {
        what.push(run_target(target, seconds)?);
    }
    Ok(what.join("; "))
}

fn build() -> Result<()> {
    let args = ["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--locked", "--bins"];
    run(cargo(&args)
        // With a target named, build scripts and macros are compiled without the flags.
        .args(["--target", &host()?, "--target-dir", "target/fuzz"])
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}")))
}

fn command_of(target: &str) -> Result<Command> {
    let program = root().join("target/fuzz").join(host()?).join("release").join(target);
    Ok(command(&program.to_string_lossy(), &[]))
}

/// The corpus that is checked in.
fn stored_corpus(target: &str) -> PathBuf {
    root().join("fuzz/corpus").join(target)
}

/// Where a target works, outside the tree that is checked in.
fn folder(target: &str) -> PathBuf {
    root().join("target/fuzz/runs").join(target)
}

/// The corpus that runs on this machine found; it grows from run to run.
fn found_corpus(target: &str) -> Result<PathBuf> {
    let found = folder(target).join("corpus");
    fs::create_dir_all(&found)?;
    Ok(found)
}

/// Runs one target; says what it did.
fn run_target(target: &str, seconds: u64) -> Result<String> {
    let crashes = folder(target).join("crashes");
    fresh(&crashes)?;
    let log = folder(target).join("log");
    let start = Instant::now();
    println!("{target}: {seconds} s, log in {}", log.display());
    let mut child = command_of(target)?
        .args([
            format!("-max_total_time={seconds}"),
            format!("-rss_limit_mb={RSS_LIMIT_MB}"),
            format!("-timeout={TIMEOUT}"),
            format!("-report_slow_units={SLOW}"),
            format!("-max_len={MAX_LEN}"),
            // A folder's name would otherwise become part of the files'.
            format!("-artifact_prefix={}/", crashes.display()),
            "-print_final_stats=1".to_owned(),
        ])
        // What is found goes to the first folder; the others are only read.
        .arg(found_corpus(target)?)
        .arg(stored_corpus(target))
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log)?)
        .spawn()?;
    let status = wait(&mut child, Duration::from_secs(seconds + 10 * TIMEOUT))?;
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let done = Done::read(&text);
    forget_quick(target, &crashes)?;
    let n_crashes = fs::read_dir(&crashes)?.count();
    let rate = done.executions as f64 / start.elapsed().as_secs_f64();
    let what = format!(
        "{target} {} executions, {rate:.0} a second, {} features, {n_crashes} crashes",
        done.executions, done.features
    );
    println!("{what}");
    if status.is_some_and(|status| status.success()) && n_crashes == 0 && done.executions > 0 {
        return Ok(what);
    }
    let last: Vec<&str> = text.lines().rev().take(40).collect();
    last.iter().rev().for_each(|line| println!("  {line}"));
    let program = command_of(target)?.get_program().to_string_lossy().into_owned();
    let inputs = fs::read_dir(&crashes)?.filter_map(|entry| Some(entry.ok()?.path()));
    let again: Vec<String> = inputs.map(|input| format!("{program} {}", input.display())).collect();
    Err(format!("{what}; log in {}; to see it again: {}", log.display(), again.join("; ")).into())
}

/// Forgets inputs that were slow because the machine was busy: those that are quick by themselves.
fn forget_quick(target: &str, crashes: &Path) -> Result<()> {
    for entry in fs::read_dir(crashes)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("slow-unit-") {
            let start = Instant::now();
            let output = command_of(target)?.arg(entry.path()).output()?;
            if output.status.success() && start.elapsed() < Duration::from_secs(SLOW) {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

/// Waits for a child that ends itself, and ends it where it does not.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(200));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// What libFuzzer says at the end of a run.
#[derive(Debug, Default)]
struct Done {
    executions: u64,
    features: u64,
}

impl Done {
    fn read(log: &str) -> Self {
        let after = |line: &str, name: &str| -> Option<u64> {
            let (_, rest) = line.split_once(name)?;
            rest.split_whitespace().next()?.parse().ok()
        };
        let last = |name: &str| log.lines().rev().find_map(|line| after(line, name)).unwrap_or(0);
        Self { executions: last("stat::number_of_executed_units:"), features: last(" ft: ") }
    }
}

/// Makes an empty folder, whatever was there.
fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

fn copy_files(from: &Path, to: &Path) -> Result<usize> {
    let mut n = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
        n += 1;
    }
    Ok(n)
}
