//! The errors of the program, each in one line that says where it occurred.

use std::io;

use crate::input::BadRow;
use crate::text::{self, count};

/// An error of the program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The arguments contradict one another or the file.
    #[error("{0}")]
    Usage(String),
    /// A file or directory could not be opened, read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The report could not be written to standard output.
    #[error("standard output: {0}")]
    Output(#[source] io::Error),
    /// The file is not what its name or `--format` says.
    #[error("{path}: {reason}")]
    Format {
        /// The file.
        path: String,
        /// What was found instead.
        reason: String,
    },
    /// The bytes of a page of a Parquet file do not match the checksum of the page.
    #[error(
        "{path}: row group {row_group}, column {}: the checksum of page {page} does not match: the \
         file is damaged",
        text::quote(.column.as_bytes())
    )]
    Checksum {
        /// The file.
        path: String,
        /// The row group, counted from 1.
        row_group: usize,
        /// The column.
        column: String,
        /// The page of the column in the row group, counted from 1.
        page: usize,
    },
    /// A piece of the file takes more memory than `--max-piece-mib` allows.
    #[error(
        "{place}{piece} takes {given}, and a piece of a file may take {limit} (--max-piece-mib){hint}"
    )]
    PieceTooLarge {
        /// The file, and where in it the piece is; ready to print, with a colon.
        place: String,
        /// The piece that is too large.
        piece: String,
        /// The memory that the piece takes, with its unit.
        given: String,
        /// The memory that a piece may take, with its unit.
        limit: String,
        /// A possible cause, ready to print after the message; may be empty.
        hint: &'static str,
    },
    /// A column that was asked for does not exist.
    #[error("{path}: no column {column:?}; the columns are {available}")]
    UnknownColumn {
        /// The file.
        path: String,
        /// The column asked for.
        column: String,
        /// The columns of the file, ready to print.
        available: String,
    },
    /// A column that was asked for exists more than once.
    #[error("{path}: column {column:?} appears {count} times; rename all but one")]
    AmbiguousColumn {
        /// The file.
        path: String,
        /// The column asked for.
        column: String,
        /// How often it appears.
        count: usize,
    },
    /// The type of a Parquet column does not fit the role of the column.
    #[error("{path}: column {column:?} has type {found}, but a {role} column needs {expected}")]
    ColumnType {
        /// The file.
        path: String,
        /// The column.
        column: String,
        /// Its type in the file.
        found: String,
        /// What the column was asked for: score, target, weight or group.
        role: &'static str,
        /// The types that fit the role.
        expected: &'static str,
    },
    /// A row cannot be used, and `--skip-invalid` was not given.
    #[error("{path}{bad}")]
    BadRow {
        /// The file.
        path: String,
        /// The place of the row and the problem.
        bad: Box<BadRow>,
    },
    /// The group column has more distinct values than `--max-groups`.
    #[error(
        "{path}: column {column:?} has more than {}; --max-groups allows more",
        count(*limit as u64, "group")
    )]
    TooManyGroups {
        /// The file.
        path: String,
        /// The group column.
        column: String,
        /// The limit that was passed.
        limit: usize,
    },
    /// The file has no row to evaluate.
    #[error("{path}: no rows to evaluate{}", skipped_note(*.skipped))]
    NoRows {
        /// The file.
        path: String,
        /// Rows that `--skip-invalid` left out.
        skipped: u64,
    },
    /// The metric library returned an error. This program checks all rows before it calls the
    /// library, so no file should cause this.
    #[error("score column {column:?}: {source}")]
    Metric {
        /// The score column.
        column: String,
        /// The library's own error.
        source: tensor_metrics::Error,
    },
    /// A plot could not be drawn.
    #[error("{path}: {reason}")]
    Plot {
        /// The file that was to be written.
        path: String,
        /// Why it could not be drawn.
        reason: String,
    },
}

/// The result of anything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The exit code of the program: 2 for a wrong command line, as clap does, and 1 for everything
    /// else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            _ => 1,
        }
    }
}

fn skipped_note(skipped: u64) -> String {
    match skipped {
        0 => String::new(),
        n => format!(" ({} skipped)", count(n, "invalid row")),
    }
}
