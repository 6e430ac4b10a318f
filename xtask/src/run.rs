//! Running other programs.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// What went wrong, in a sentence.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Why a check could not be made on this machine, which says nothing against the project.
#[derive(Debug)]
pub(crate) struct Unchecked(pub(crate) String);

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unchecked {}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    // This file's package lies one folder below.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// A command run in the root of the workspace.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// A command of the cargo that runs this task.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    command(&program, args)
}

/// Runs a command to its end, its output passed on.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}

/// Runs a command to its end and returns what it wrote to standard output.
pub(crate) fn stdout(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The programs that a cargo command builds, by the names of their targets.
pub(crate) fn executables(command: &mut Command) -> Result<Vec<(String, PathBuf)>> {
    let messages = stdout(command.arg("--message-format=json-render-diagnostics"))?;
    let mut programs = Vec::new();
    for line in messages.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        if let (Some(program), Some(name)) =
            (message["executable"].as_str(), message["target"]["name"].as_str())
        {
            programs.push((name.to_owned(), PathBuf::from(program)));
        }
    }
    if programs.is_empty() {
        return Err(format!("{command:?} built no program").into());
    }
    Ok(programs)
}

/// A number that other bytes have not, but by chance: FNV-1a.
pub(crate) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The triple of this machine, as rustc names it.
pub(crate) fn host() -> Result<String> {
    let version = stdout(&mut command("rustc", &["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc -vV names no host")?.to_owned())
}

/// Runs a test command, its output passed on; returns how many tests passed.
pub(crate) fn count_tests(command: &mut Command) -> Result<u64> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reader = thread::spawn(move || stdout.map_or(0, |out| pass_on(out, std::io::stdout())));
    let passed = stderr.map_or(0, |err| pass_on(err, std::io::stderr()));
    let passed = passed + reader.join().map_err(|_| "reading the tests' output failed")?;
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    if passed == 0 {
        return Err(format!("{command:?}: no test ran").into());
    }
    Ok(passed)
}

/// Copies lines and adds up the tests they say have passed.
fn pass_on(from: impl Read, mut to: impl Write) -> u64 {
    let mut passed = 0;
    for line in BufReader::new(from).lines().map_while(std::result::Result::ok) {
        // A closed pipe must not stop the tests.
        let _ = writeln!(to, "{line}");
        passed += passed_in(&line).unwrap_or(0);
    }
    passed
}

/// Reads `test result: ok. 15 passed; …` and nextest's `Summary [ 3s] 15 tests run: 15 passed, …`.
fn passed_in(line: &str) -> Option<u64> {
    let (_, result) = line.split_once("test result: ok. ").or_else(|| line.split_once(" run: "))?;
    result.split_once(" passed")?.0.trim().parse().ok()
}
