//! The tests that run on the library.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::Scope;
use super::library::{Library, in_parallel};
use super::summary::Summary;
use crate::run::{Result, executables, stdout};

/// What is tested: the launcher and the kernels.
const PROGRAMS: [&[&str]; 1] = [&["-p", "metrics-cuda", "--lib", "--features", "kernels"]];

/// Names of tests that take longest.
const LONG: [&str; 2] = ["emulated::ranking", "simulated::whatever"];

/// Tests that are linked with a library.
#[derive(Debug)]
pub(super) struct Tests {
    /// Program and name of each.
    all: Vec<(PathBuf, String)>,
    /// Where they leave what they ran.
    folder: PathBuf,
    /// For names of files there.
    n_runs: AtomicUsize,
}

/// What came of a test.
#[derive(Debug)]
pub(super) enum Outcome {
    Passed(Summary),
    /// It failed, or the emulator reported something.
    Failed(String),
}

impl Outcome {
    pub(super) fn is_passed(&self) -> bool {
        matches!(self, Self::Passed(_))
    }

    /// The line that says most.
    pub(super) fn in_short(&self) -> String {
        let Self::Failed(text) = self else { return "NOT NOTICED".into() };
        let is_report = |line: &&str| line.starts_with("emulator: ");
        let report = text.lines().find(is_report).and_then(|line| line.split(" at 0").next());
        let line = report.or_else(|| text.lines().find(|line| line.contains("panicked")));
        line.unwrap_or_else(|| text.lines().next().unwrap_or_default()).to_owned()
    }
}

impl Tests {
    pub(super) fn build(library: &Library) -> Result<Self> {
        let mut all = Vec::new();
        for args in PROGRAMS {
            let args = [&["test", "--quiet", "--no-run"], args].concat();
            let (name, program) = executables(&mut library.cargo(&args)?)?.remove(0);
            // Another build puts its program in the same place.
            let own = library.folder().join(name);
            fs::copy(&program, &own)?;
            let listed = stdout(Command::new(&own).args(["--list", "--format", "terse"]))?;
            let names = listed.lines().filter_map(|line| line.strip_suffix(": test"));
            all.extend(names.map(|name| (own.clone(), name.to_owned())));
        }
        // The long ones first, so that no processor waits for the last.
        all.sort_by_key(|(_, name)| !LONG.iter().any(|long| name.starts_with(long)));
        let folder = library.folder().join("summaries");
        fs::create_dir_all(&folder)?;
        Ok(Self { all, folder, n_runs: AtomicUsize::new(0) })
    }

    /// Runs all, each in a process of its own: a report belongs to one test then, and two processors are busy.
    pub(super) fn run_all(&self, settings: &[(&str, &str)], scope: Scope) -> Result<Summary> {
        let outcomes = in_parallel(&self.all, |test| {
            let start = Instant::now();
            let (_, name) = test;
            match self.run_one(test, settings, scope)? {
                Outcome::Failed(text) => Err(text.into()),
                Outcome::Passed(summary) => {
                    println!("{:6.1}s  {name}", start.elapsed().as_secs_f64());
                    Ok(summary)
                }
            }
        });
        let mut all = Summary::default();
        outcomes?.into_iter().for_each(|summary| all.add(summary));
        Ok(all)
    }

    /// Runs the tests whose names begin so, up to the first that fails.
    pub(super) fn run(
        &self,
        start: &str,
        settings: &[(&str, &str)],
        scope: Scope,
    ) -> Result<Outcome> {
        let mut all = Summary::default();
        for test in self.all.iter().filter(|(_, name)| name.starts_with(start)) {
            match self.run_one(test, settings, scope)? {
                Outcome::Passed(summary) => all.add(summary),
                failed => return Ok(failed),
            }
        }
        Ok(Outcome::Passed(all))
    }

    fn run_one(
        &self,
        (program, name): &(PathBuf, String),
        settings: &[(&str, &str)],
        scope: Scope,
    ) -> Result<Outcome> {
        let number = self.n_runs.fetch_add(1, Ordering::Relaxed);
        let at = self.folder.join(format!("{number}.tsv"));
        let _ = fs::remove_file(&at);
        let mut test = Command::new(program);
        test.args(["--exact", name, "--nocapture"]).env("EMULATOR_SUMMARY", &at);
        test.envs(settings.iter().copied());
        if scope == Scope::Long {
            test.env("EMULATOR_LONG", "1");
        }
        let output = test.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Ok(Outcome::Failed(format!("{name} failed: {}\n{said}", output.status)));
        }
        let summary = Summary::read(&at)?;
        if summary.n_reports > 0 {
            let n = summary.n_reports;
            return Ok(Outcome::Failed(format!("{name}: {n} reports\n{said}")));
        }
        Ok(Outcome::Passed(summary))
    }
}
