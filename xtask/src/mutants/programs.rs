//! The tests of a woven tree: what each reaches, how long it takes, and which of them notice a change.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{Result, cargo, stdout};

/// Test programs, and what is left out of them: sums of rationals that take minutes, and backends that exist
/// for the tests, which run what the others run.
const PROGRAMS: [(&str, &[&str]); 6] = [
    ("metrics_core", &[]),
    ("errors", &[]),
    ("state", &[]),
    ("weights", &[]),
    ("exactness", &["33_million"]),
    ("conformance", &["ndarray::", "primitives_only::u64::", "deferring::u64::"]),
];
/// How many seconds the tests of a stage take, in all: the fastest come first.
const STAGES: [f64; N_STAGES] = [0.5, 3.0, 15.0, f64::INFINITY];
/// What gets past the tests of one stage meets those of the next.
pub(super) const N_STAGES: usize = 4;

/// A test program.
struct Program {
    path: PathBuf,
    folder: PathBuf,
}

/// One test, and the changes whose code it runs.
struct Test {
    program: usize,
    name: String,
    seconds: f64,
    reached: HashSet<u32>,
}

/// All tests, the fastest first.
pub(super) struct Tests {
    programs: Vec<Program>,
    tests: Vec<Test>,
}

impl Tests {
    /// Compiles the tests, and runs each without any change to see what it reaches.
    pub(super) fn build(tree: &Path, target: &Path) -> Result<Self> {
        let mut build = cargo(&["test", "--no-run", "--quiet", "--message-format", "json"]);
        build.args(["-p", "metrics-core", "-p", "metrics-conformance", "--lib", "--target-dir"]);
        build.arg(target);
        for (program, _) in &PROGRAMS[1..] {
            build.args(["--test", program]);
        }
        let text = stdout(build.current_dir(tree))?;
        let messages: Vec<Value> =
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let programs = PROGRAMS.iter().map(|(name, _)| Program::find(&messages, name));
        let programs = programs.collect::<Result<Vec<_>>>()?;
        let mut names = Vec::new();
        for (number, (program, (_, skipped))) in programs.iter().zip(PROGRAMS).enumerate() {
            names.extend(program.tests(skipped)?.into_iter().map(|name| (number, name)));
        }
        let mut tests = trace_all(&programs, names, &target.join("traces"))?;
        tests.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let seconds: f64 = tests.iter().map(|test| test.seconds).sum();
        println!("{} tests take {seconds:.0} s one after another", tests.len());
        Ok(Self { programs, tests })
    }

    /// Whether any test runs the code of a change.
    pub(super) fn reach(&self, id: u32) -> bool {
        self.tests.iter().any(|test| test.reached.contains(&id))
    }

    /// Whether a test of a stage fails, or never ends, with a change made.
    pub(super) fn notice(&self, id: u32, stage: usize) -> Result<bool> {
        let (mut of_stage, mut total) = (0, 0.0);
        let mut is_of_stage = |test: &&Test| {
            total += test.seconds;
            if total > STAGES[of_stage] && of_stage + 1 < N_STAGES {
                (of_stage, total) = (of_stage + 1, test.seconds);
            }
            of_stage == stage
        };
        let reached = self.tests.iter().filter(|test| test.reached.contains(&id));
        let tests: Vec<_> = reached.filter(|test| is_of_stage(test)).collect();
        for (number, program) in self.programs.iter().enumerate() {
            let tests = || tests.iter().filter(|test| test.program == number);
            let seconds = tests().map(|test| test.seconds).sum();
            let names: Vec<_> = tests().map(|test| test.name.as_str()).collect();
            if !names.is_empty() && program.notices(&names, seconds, id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Runs each test by itself, on every processor, without a change.
fn trace_all(
    programs: &[Program],
    names: Vec<(usize, String)>,
    traces: &Path,
) -> Result<Vec<Test>> {
    fs::create_dir_all(traces)?;
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let names = Mutex::new(names.into_iter().enumerate());
    let next = || names.lock().ok()?.next();
    let trace = || {
        let mut tests = Vec::new();
        while let Some((at, (program, name))) = next() {
            let file = traces.join(at.to_string());
            tests.push(programs[program].trace(program, name, &file).map_err(|e| e.to_string())?);
        }
        Ok::<_, String>(tests)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(trace)).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a thread panicked")??);
        }
        Ok(all)
    })
}

impl Program {
    fn find(messages: &[Value], name: &str) -> Result<Self> {
        let built = messages
            .iter()
            .find(|message| message["target"]["name"] == name && message["executable"].is_string());
        let built = built.ok_or_else(|| format!("no test program {name}"))?;
        let path = |value: &Value| PathBuf::from(value.as_str().unwrap_or_default());
        let folder = path(&built["manifest_path"]).parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { path: path(&built["executable"]), folder })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(&self.folder).stderr(Stdio::null());
        command
    }

    /// The names of its tests but for those that begin with, or hold, what is skipped.
    fn tests(&self, skipped: &[&str]) -> Result<Vec<String>> {
        let text = stdout(self.command().args(["--list", "--format", "terse"]))?;
        let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
        let is_skipped = |name: &str| skipped.iter().any(|skipped| name.contains(skipped));
        Ok(names.filter(|name| !is_skipped(name)).map(str::to_owned).collect())
    }

    fn trace(&self, program: usize, name: String, file: &Path) -> Result<Test> {
        if file.exists() {
            fs::remove_file(file)?;
        }
        let start = Instant::now();
        let mut command = self.command();
        command.args(["--exact", &name]).env("MUTANT_TRACE", file).stdout(Stdio::null());
        if !command.status()?.success() {
            return Err(format!("{name} fails without a change").into());
        }
        let seconds = start.elapsed().as_secs_f64();
        let reached = fs::read_to_string(file).unwrap_or_default();
        let reached = reached.lines().filter_map(|id| id.parse().ok()).collect();
        Ok(Test { program, name, seconds, reached })
    }

    /// Runs tests with a change made until the first fails.
    fn notices(&self, tests: &[&str], seconds: f64, id: u32) -> Result<bool> {
        let mut command = self.command();
        command.arg("--exact").args(tests).env("MUTANT", id.to_string()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let out = child.stdout.take().ok_or("no output")?;
        let (sender, failed) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = BufReader::new(out).lines().map_while(std::result::Result::ok);
            let _ = sender.send(lines.any(|line| line.ends_with("FAILED")));
        });
        let limit = Duration::from_secs_f64(5.0 * seconds + 10.0);
        // At the end of the output, or of the patience.
        if failed.recv_timeout(limit).unwrap_or(true) {
            child.kill()?;
            child.wait()?;
            return Ok(true);
        }
        Ok(!child.wait()?.success())
    }
}
