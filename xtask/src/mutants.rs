//! `cargo xtask mutants`: whether the tests notice when one thing in the core is changed, one after another.
//!
//! cargo-mutants lists the changes. All of them are compiled at once ([`mod@weave`]), and each is chosen in turn
//! when the tests start.

mod programs;
mod weave;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use self::programs::{N_STAGES, Tests};
use self::weave::{ASK, MODULE, weave};
use crate::run::{Result, cargo, command, root, run, stdout};

/// Where the changes are made.
const SOURCE: &str = "crates/metrics-core/src";
/// Which files, unless one is named: all that values come from, but for the engine (`cpu/*`), of which a
/// sample has to do.
const FILES: [&str; 11] = [
    "arith/exact.rs",
    "arith/precisions.rs",
    "arith/shares.rs",
    "arith/sums.rs",
    "binary/*.rs",
    "counts/*.rs",
    "curve.rs",
    "element/kind.rs",
    "metric/*.rs",
    "state/**/*.rs",
    "undefined.rs",
];
/// Changes that no value shows, each with the reason.
const EQUIVALENT: &str = "xtask/mutants/equivalent.tsv";
/// Share of the changes that the tests must notice, those listed apart.
const FLOOR: f64 = 0.95;

/// One change.
struct Mutant {
    /// `FILE:LINE:COLUMN: what`.
    name: String,
    file: String,
    genre: String,
    /// Where it begins in the file, in bytes.
    start: usize,
    replacement: String,
}

/// Makes the changes in the files that match a glob, or the `K`th of every `N` of them.
pub(crate) fn check(file: Option<&str>, shard: Option<&str>) -> Result<String> {
    let tree = Tree::copy()?;
    let mutants = tree.list(file, shard)?;
    let woven = tree.weave(&mutants)?;
    let tests = Tests::build(&tree.folder, &tree.target)?;
    let mut outcomes: Vec<_> = (1..)
        .take(mutants.len())
        .map(|id| match (woven.contains(&id), tests.reach(id)) {
            (false, _) => "does not compile",
            (true, false) => "not reached",
            (true, true) => "missed",
        })
        .collect();
    for stage in 0..N_STAGES {
        for at in 0..mutants.len() {
            if outcomes[at] == "missed" && tests.notice(at as u32 + 1, stage)? {
                outcomes[at] = "caught";
            }
            // An interrupted run leaves the results so far.
            if at % 50 == 49 || at + 1 == mutants.len() {
                println!("stage {stage}, {} of {}", at + 1, mutants.len());
                write(&mutants, &outcomes)?;
            }
        }
    }
    report(&mutants, &outcomes)
}

/// Writes the result of each change to a file.
fn write(mutants: &[Mutant], outcomes: &[&str]) -> Result<()> {
    let lines = mutants.iter().zip(outcomes);
    let lines: Vec<_> = lines.map(|(mutant, what)| format!("{what}\t{}\n", mutant.name)).collect();
    Ok(fs::write(root().join("target/mutants/results.tsv"), lines.concat())?)
}

fn report(mutants: &[Mutant], outcomes: &[&str]) -> Result<String> {
    let listed = fs::read_to_string(root().join(EQUIVALENT))?;
    let reasons: HashMap<_, _> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
    let (mut n_caught, mut n_known, mut n_missed, mut n_uncompiled) = (0, 0, 0, 0);
    for (mutant, &outcome) in mutants.iter().zip(outcomes) {
        match outcome {
            "caught" => n_caught += 1,
            "does not compile" => n_uncompiled += 1,
            _ if reasons.contains_key(&*unplaced(&mutant.name)) => n_known += 1,
            _ => {
                n_missed += 1;
                println!("{outcome}: {}", mutant.name);
            }
        }
    }
    let n_viable = n_caught + n_missed;
    let share = f64::from(n_caught) / f64::from(n_viable.max(1));
    let percent = 100.0 * share;
    let what = format!(
        "{n_caught} of {n_viable} changes noticed ({percent:.1} %); {n_known} more show in no value, \
         {n_uncompiled} do not compile beside the others"
    );
    if share < FLOOR { Err(what.into()) } else { Ok(what) }
}

/// The name of a change without line and column, which move: `FILE: what`.
fn unplaced(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.nth(2)) {
        (Some(file), Some(what)) => format!("{file}:{what}"),
        _ => name.to_owned(),
    }
}

impl Mutant {
    fn read(value: &Value, sources: &HashMap<String, String>) -> Result<Self> {
        let text = |key: &str| value[key].as_str().map(str::to_owned).ok_or("no such field");
        let place = &value["span"]["start"];
        let number = |key: &str| place[key].as_u64().ok_or("no such number");
        let file = text("file")?;
        let source = sources.get(&file).ok_or_else(|| format!("no {file}"))?;
        let line = number("line")? as usize - 1;
        let before: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
        let chars = source[before..].chars().take(number("column")? as usize - 1);
        let start = before + chars.map(char::len_utf8).sum::<usize>();
        let (name, genre, replacement) = (text("name")?, text("genre")?, text("replacement")?);
        Ok(Self { name, file, genre, start, replacement })
    }
}

/// A copy of the workspace that the changes are made in.
struct Tree {
    folder: PathBuf,
    target: PathBuf,
    /// The core's sources, unchanged: those of the workspace may be edited meanwhile.
    sources: HashMap<String, String>,
}

impl Tree {
    /// Copies what git tracks or would.
    fn copy() -> Result<Self> {
        let folder = root().join("target/mutants/tree");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ":!fuzz"];
        let files = stdout(&mut command("git", &args))?;
        let mut sources = HashMap::new();
        for file in files.split_terminator('\0') {
            let (from, to) = (root().join(file), folder.join(file));
            fs::create_dir_all(to.parent().ok_or("a file without a folder")?)?;
            fs::copy(from, &to)?;
            if file.starts_with(SOURCE) {
                sources.insert(file.to_owned(), fs::read_to_string(to)?);
            }
        }
        Ok(Self { folder, target: root().join("target/mutants/target"), sources })
    }

    /// The changes that cargo-mutants knows.
    fn list(&self, file: Option<&str>, shard: Option<&str>) -> Result<Vec<Mutant>> {
        if !cargo(&["mutants", "--version"]).output().is_ok_and(|output| output.status.success()) {
            run(&mut cargo(&["install", "cargo-mutants", "--locked", "--version", "^27.1"]))?;
        }
        let mut list = cargo(&["mutants", "--list", "--json", "--package", "metrics-core"]);
        // Code that only prints changes no value.
        list.current_dir(&self.folder).args(["--exclude-re", "impl fmt::"]);
        match file {
            Some(file) => list.args(["--file", file]),
            None => list.args(FILES.map(|file| format!("--file={SOURCE}/{file}"))),
        };
        if let Some(shard) = shard {
            list.args(["--sharding", "round-robin", "--shard", shard]);
        }
        let listed: Value = serde_json::from_str(&stdout(&mut list)?)?;
        let listed = listed.as_array().into_iter().flatten();
        listed.map(|value| Mutant::read(value, &self.sources)).collect()
    }

    /// Weaves all changes in; leaves out those that do not compile, and returns the others.
    fn weave(&self, mutants: &[Mutant]) -> Result<HashSet<u32>> {
        let mut left_out = HashSet::new();
        loop {
            let woven = self.write(mutants, &left_out)?;
            let wrong = self.errors()?;
            println!("{} changes woven in, {} do not compile", woven.len(), wrong.len());
            if wrong.is_empty() {
                return Ok(woven);
            }
            left_out.extend(wrong);
        }
    }

    fn write(&self, mutants: &[Mutant], left_out: &HashSet<u32>) -> Result<HashSet<u32>> {
        let mut of_file: HashMap<&str, Vec<_>> = HashMap::new();
        for (id, mutant) in (1..).zip(mutants) {
            let here = of_file.entry(&mutant.file).or_default();
            if !left_out.contains(&id) {
                here.push((id, mutant));
            }
        }
        let mut all = HashSet::new();
        for (file, mutants) in of_file {
            let (text, woven) = weave(&self.sources[file], &mutants)?;
            fs::write(self.folder.join(file), text)?;
            all.extend(woven);
        }
        let lib = format!("{SOURCE}/lib.rs");
        fs::write(self.folder.join(&lib), self.sources[&lib].clone() + MODULE)?;
        Ok(all)
    }

    /// The changes that the compiler complains of.
    fn errors(&self) -> Result<HashSet<u32>> {
        let mut check = cargo(&["check", "--quiet", "--message-format", "json"]);
        check.args(["-p", "metrics-core", "--target-dir"]).arg(&self.target);
        let output = check.current_dir(&self.folder).output()?;
        if output.status.success() {
            return Ok(HashSet::new());
        }
        let text = String::from_utf8(output.stdout)?;
        let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let errors = messages
            .map(|message| message["message"].clone())
            .filter(|message| message["level"] == "error");
        let mut wrong = HashSet::new();
        for error in errors {
            for span in error["spans"].as_array().into_iter().flatten() {
                if span["is_primary"] == true {
                    wrong.extend(self.asked_at(span)?);
                }
            }
        }
        if wrong.is_empty() {
            return Err(format!("errors of no change:\n{text}").into());
        }
        Ok(wrong)
    }

    /// The change that stands at a place, or last before it.
    fn asked_at(&self, span: &Value) -> Result<Option<u32>> {
        let file = span["file_name"].as_str().ok_or("an error without a file")?;
        let line = span["line_start"].as_u64().ok_or("an error without a line")? as usize;
        let source = fs::read_to_string(self.folder.join(file))?;
        let lines: Vec<&str> = source.lines().take(line).collect();
        let asked = lines.iter().rev().find_map(|line| line.rsplit_once(ASK));
        Ok(asked.and_then(|(_, rest)| rest.split(')').next()?.parse().ok()))
    }
}
