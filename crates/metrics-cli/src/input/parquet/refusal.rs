//! Reasons to refuse a Parquet file, and their places in the file.

use parquet::errors::ParquetError;

use crate::error::Error;
use crate::text;

/// Why a file, or a page of it, is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A piece of the file would take more memory than allowed.
    TooLarge {
        /// The piece.
        piece: String,
        /// Bytes that the piece would take.
        n_bytes: u64,
    },
    /// The bytes of a page do not match the checksum of the page.
    Checksum {
        /// The page, counted from 1.
        page: usize,
    },
    /// Any other damage, in words.
    Damaged(String),
}

/// A refusal and the column chunk that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlacedRefusal {
    pub(super) refusal: Refusal,
    /// The row group, counted from 1, and the name of the column; `None` for the whole file.
    pub(super) chunk: Option<(usize, String)>,
}

impl Refusal {
    pub(super) fn too_large(piece: &str, n_bytes: u64) -> Self {
        Self::TooLarge { piece: piece.to_owned(), n_bytes }
    }

    pub(super) fn unreadable(error: ParquetError) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl PlacedRefusal {
    /// The error to report for the file `path`, read with a limit of `limit` bytes a piece.
    pub(super) fn at(self, path: &str, limit: u64) -> Error {
        let place = match &self.chunk {
            None => String::new(),
            Some((row_group, column)) => {
                format!("row group {row_group}, column {}: ", text::quote(column.as_bytes()))
            }
        };
        let path = path.to_owned();
        match self.refusal {
            Refusal::TooLarge { piece, n_bytes } => Error::PieceTooLarge {
                place: format!("{path}: {place}"),
                piece,
                given: text::mebibytes(n_bytes),
                limit: text::mebibytes(limit),
                hint: "",
            },
            Refusal::Checksum { page } => {
                let (row_group, column) = self.chunk.unwrap_or_default();
                Error::Checksum { path, row_group, column, page }
            }
            Refusal::Damaged(reason) => Error::Format {
                path,
                reason: format!("cannot be read as Parquet: {place}{reason}"),
            },
        }
    }
}

impl From<Refusal> for PlacedRefusal {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, chunk: None }
    }
}
