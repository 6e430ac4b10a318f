//! Opens prediction files and reads them in checked batches.
//!
//! A [`Source`] returns only rows that every metric accepts. The first bad row is an error that names
//! its place, column and value; with [`ReadOptions::skip_invalid`] bad rows are counted instead. A row
//! is bad for all models or for none, so that models are compared on the same samples.

mod arrays;
mod batch;
mod cells;
mod csv;
mod decoder;
mod groups;
mod guard;
mod parquet;
mod row;

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use serde::Serialize;

pub use batch::{Batch, Scores};
pub(crate) use batch::{Score, with_scores};
pub use groups::Groups;
pub use row::{BadRow, Place, Problem, SkippedReason};

use crate::error::{Error, Result};
use crate::text;

/// Most rows of a batch: enough to make the work for each batch negligible, few enough for the cache.
const BATCH_ROWS: usize = 1 << 15;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Delimited text with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// The columns that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Columns {
    /// One column a model.
    pub scores: Vec<String>,
    /// The targets: 0 or 1.
    pub target: String,
    /// Sample weights.
    pub weight: Option<String>,
    /// Labels of the groups to report.
    pub group: Option<String>,
}

/// How to read a file.
///
/// [`ReadOptions::new`] has the defaults of the command line:
/// `ReadOptions { skip_invalid: true, ..ReadOptions::new(Format::Csv) }`.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// The format of the file.
    pub format: Format,
    /// The field delimiter of CSV.
    pub delimiter: u8,
    /// Count bad rows instead of failing on the first.
    pub skip_invalid: bool,
    /// The most groups allowed.
    pub max_groups: usize,
    /// The most memory that one piece of the file may take, in bytes: a record of CSV, a page of
    /// Parquet or its index, the labels of all groups. A few pieces are held at a time.
    pub max_piece_bytes: u64,
}

impl ReadOptions {
    /// Groups allowed unless the caller says otherwise.
    pub const MAX_GROUPS: usize = 10_000;

    /// MiB that a piece may take unless the caller says otherwise. No page of a common writer is
    /// larger: the largest take 100 MB.
    pub const MAX_PIECE_MIB: u32 = 128;

    /// The defaults for files of `format`.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            delimiter: b',',
            skip_invalid: false,
            max_groups: Self::MAX_GROUPS,
            max_piece_bytes: u64::from(Self::MAX_PIECE_MIB) * text::MEBIBYTE,
        }
    }
}

/// A file being read.
pub trait Source {
    /// An empty batch with the columns of this file.
    fn new_batch(&self) -> Batch;

    /// Replaces the rows of `batch` with the next rows of the file, at least one; returns `false` at
    /// the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read, and at the first bad row unless bad rows are skipped.
    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool>;

    /// Rows seen so far, bad ones included.
    fn n_rows(&self) -> u64;

    /// The share of the file that is read, unless its length is unknown.
    fn share_read(&self) -> Option<f64>;

    /// The bad rows skipped so far.
    fn skipped(&self) -> &[SkippedReason];

    /// The labels of the group column so far.
    fn groups(&self) -> &Groups;
}

/// Opens `path`, finds the columns and checks what can be checked before the first row. `-` is
/// standard input (CSV).
///
/// # Errors
/// [`Error::Io`], [`Error::Format`], [`Error::UnknownColumn`] and the like.
pub fn open(path: &Path, columns: &Columns, options: &ReadOptions) -> Result<Box<dyn Source>> {
    let name = path.display().to_string();
    let n_bytes = if is_stdin(path) {
        None
    } else {
        let metadata = fs::metadata(path);
        let metadata = metadata.map_err(|source| Error::Io { path: name.clone(), source })?;
        if metadata.is_dir() {
            return Err(Error::Format {
                path: name,
                reason: "is a directory, not a file".to_owned(),
            });
        }
        Some(metadata.len())
    };
    let file = || File::open(path).map_err(|source| Error::Io { path: name.clone(), source });
    Ok(match options.format {
        Format::Csv => {
            let file: Box<dyn Read> =
                if is_stdin(path) { Box::new(io::stdin()) } else { Box::new(file()?) };
            Box::new(csv::CsvSource::new(name, file, n_bytes, columns, options)?)
        }
        Format::Parquet => {
            let file = file()?;
            Box::new(parquet::ParquetSource::new(name, file, columns, options)?)
        }
    })
}

/// Reads `content` as [`open`] reads a file. Errors call it `name`.
///
/// # Errors
/// As [`open`].
pub fn read(
    name: &str,
    content: Vec<u8>,
    columns: &Columns,
    options: &ReadOptions,
) -> Result<Box<dyn Source>> {
    let name = name.to_owned();
    let n_bytes = Some(content.len() as u64);
    Ok(match options.format {
        Format::Csv => {
            let content = Box::new(io::Cursor::new(content));
            Box::new(csv::CsvSource::new(name, content, n_bytes, columns, options)?)
        }
        Format::Parquet => {
            let content = Bytes::from(content);
            Box::new(parquet::ParquetSource::new(name, content, columns, options)?)
        }
    })
}

/// Whether `path` stands for standard input.
#[must_use]
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The position of `column` among `names`.
fn find_column<'n>(
    path: &str,
    names: impl Iterator<Item = Cow<'n, str>> + Clone,
    column: &str,
) -> Result<usize> {
    let positions = names.clone().enumerate().filter(|(_, name)| name == column);
    let mut positions = positions.map(|(position, _)| position);
    let first = positions.next();
    match (first, positions.count()) {
        (Some(position), 0) => Ok(position),
        (Some(_), others) => Err(Error::AmbiguousColumn {
            path: path.to_owned(),
            column: column.to_owned(),
            count: others + 1,
        }),
        (None, _) => Err(Error::UnknownColumn {
            path: path.to_owned(),
            column: column.to_owned(),
            available: text::list(names),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_exact_name() {
        let names = || ["a", "b", "A", "c", "c"].into_iter().map(Cow::Borrowed);
        assert_eq!(find_column("f", names(), "A").unwrap(), 2);
        let error = find_column("f", names(), "d").unwrap_err().to_string();
        assert_eq!(error, r#"f: no column "d"; the columns are "a", "b", "A", "c", "c""#);
        let error = find_column("f", names(), "c").unwrap_err().to_string();
        assert_eq!(error, r#"f: column "c" appears 2 times; rename all but one"#);
    }
}
