//! A directory of data files, and the program run in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde_json::Value;
use tempfile::TempDir;

/// Scores 0.1, 0.5, 0.7, 0.8 with targets 1, 0, 1, 1: AUPRC 11/12, AUROC 2/3.
pub(crate) const FOUR_ROWS: &str = "score,label\n0.1,1\n0.5,0\n0.7,1\n0.8,1\n";

/// A directory that is removed at the end of the test.
pub(crate) struct Dir(TempDir);

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Dir {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A directory with one file.
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let dir = Self::new();
        dir.write(name, content);
        dir
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Writes a Parquet file of these columns.
    pub(crate) fn write_parquet(&self, name: &str, columns: &[(&str, ArrayRef)]) {
        self.write(name, parquet_bytes(columns, Compression::SNAPPY));
    }

    /// Runs `tensor-metrics eval` with arguments separated by blanks.
    pub(crate) fn eval(&self, arguments: &str) -> Outcome {
        let arguments: Vec<&str> = ["eval"].into_iter().chain(arguments.split(' ')).collect();
        run(self.0.path(), &arguments, b"")
    }

    /// As [`eval`](Self::eval) with `input` on standard input.
    pub(crate) fn eval_stdin(&self, arguments: &str, input: &[u8]) -> Outcome {
        let arguments: Vec<&str> = ["eval"].into_iter().chain(arguments.split(' ')).collect();
        run(self.0.path(), &arguments, input)
    }

    /// As [`eval`](Self::eval) where lines should have so many columns.
    pub(crate) fn eval_in_columns(&self, arguments: &str, columns: usize) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_tensor-metrics"))
            .args(["eval"].into_iter().chain(arguments.split(' ')))
            .current_dir(self.0.path())
            .env("COLUMNS", columns.to_string())
            .output()
            .unwrap();
        Outcome::of(output)
    }

    /// Runs a shell script in which `$PROGRAM` is the program.
    pub(crate) fn shell(&self, script: &str) -> Outcome {
        let output = Command::new("sh")
            .args(["-c", script])
            .env("PROGRAM", env!("CARGO_BIN_EXE_tensor-metrics"))
            .env_remove("COLUMNS")
            .current_dir(self.0.path())
            .output()
            .unwrap();
        Outcome::of(output)
    }

    /// Runs `eval` with `--json`, which must succeed.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &str) -> Value {
        let outcome = self.eval(&format!("{arguments} --json"));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(outcome.stderr, "");
        serde_json::from_str(&outcome.stdout).unwrap()
    }
}

impl Outcome {
    /// Lines that say how far a run is come every ten seconds, so on a slow machine alone: they are no part
    /// of what a test looks at.
    pub(crate) fn of(output: Output) -> Self {
        let is_progress = |line: &&str| {
            ["reading, ", "ranking, ", "drawing, "].iter().any(|step| line.starts_with(step))
        };
        let stderr = String::from_utf8(output.stderr).unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: stderr.split_inclusive('\n').filter(|line| !is_progress(line)).collect(),
        }
    }

    /// Checks that the program failed with `code`, printed nothing and said `error: ` and `text`.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, text: &str) {
        assert_eq!(self.stderr, format!("error: {text}\n"));
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""));
    }
}

/// Runs the program in `dir`.
pub(crate) fn run(dir: &Path, arguments: &[&str], input: &[u8]) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tensor-metrics"))
        .args(arguments)
        .current_dir(dir)
        .env_remove("COLUMNS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may end without reading all of it.
    child.stdin.take().unwrap().write_all(input).ok();
    Outcome::of(child.wait_with_output().unwrap())
}

/// A Parquet file of these columns.
pub(crate) fn parquet_bytes(columns: &[(&str, ArrayRef)], compression: Compression) -> Vec<u8> {
    let nullable = columns.iter().map(|(name, array)| (*name, Arc::clone(array), true));
    let batch = RecordBatch::try_from_iter_with_nullable(nullable).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(50_000))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}
