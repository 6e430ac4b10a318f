//! What is wrong with a Parquet file, and where.

use parquet::errors::ParquetError;

use crate::error::Error;
use crate::text;

/// Why a file, or a page of it, is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It would take more memory than one piece of a file may.
    TooLarge {
        /// What would.
        piece: String,
        /// How much, in bytes.
        n_bytes: u64,
    },
    /// The bytes of a page are not the ones that were written.
    Checksum {
        /// The page, counted from 1.
        page: usize,
    },
    /// Anything else.
    Damaged(String),
}

/// A refusal and the column chunk it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlacedRefusal {
    pub(super) refusal: Refusal,
    /// The row group, counted from 1, and the name of the column.
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
