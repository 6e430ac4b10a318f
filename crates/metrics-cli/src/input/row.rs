//! Rows that cannot be used: their places, their problems, and how many were skipped.

use std::fmt;

use serde::Serialize;

/// Where a row stands in its file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The line on which the record begins; the header and blank lines count, too (CSV).
    Line(u64),
    /// The number of the row (Parquet).
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, ":{line}"),
            Self::Row(row) => write!(f, ": row {row}"),
        }
    }
}

/// Why a row cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Nothing where a value should be: an empty cell, or null in Parquet.
    Empty,
    /// Text that is not a number.
    NotANumber,
    /// A number beyond the range of 64-bit floats.
    OutOfRange,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A score of NaN, which has no rank.
    NanScore,
    /// A target that is neither 0 nor 1.
    InvalidTarget,
    /// A weight that is negative, infinite or NaN.
    InvalidWeight,
    /// A record with more or fewer fields than the header.
    FieldCount,
}

impl Problem {
    /// The message about `found`, the value at fault, ready to print.
    fn describe(self, found: &str) -> String {
        match self {
            Self::Empty | Self::FieldCount => found.to_owned(),
            Self::NotANumber => format!("{found} is not a number"),
            Self::OutOfRange => {
                format!(
                    "{found} is beyond the range of 64-bit floats; an infinite score is inf or -inf"
                )
            }
            Self::NotUtf8 => format!("{found} is not UTF-8 text"),
            Self::NanScore => format!("{found} is not a score: NaN has no rank"),
            Self::InvalidTarget => format!("{found} is not a target: neither 0 nor 1"),
            Self::InvalidWeight => {
                format!("{found} is not a weight: a finite number of at least 0")
            }
        }
    }
}

/// A row that cannot be used. Its text follows a file name: `:17: column "score": "abc" is not a
/// number`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadRow {
    /// The place of the row.
    #[serde(flatten)]
    pub place: Place,
    /// The column at fault; `None` when the record as a whole is.
    pub column: Option<String>,
    /// The value there, and why it cannot be used.
    pub message: String,
}

impl BadRow {
    /// A row at `place` with `found`, ready to print, in `column`.
    pub(crate) fn new(place: Place, column: Option<&str>, problem: Problem, found: &str) -> Self {
        Self { place, column: column.map(str::to_owned), message: problem.describe(found) }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if let Some(column) = &self.column {
            write!(f, "column {column:?}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The rows skipped for one kind of problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedReason {
    /// The kind of problem.
    pub reason: Problem,
    /// Rows skipped for this problem.
    pub count: u64,
    /// The first of these rows.
    pub first: BadRow,
}

/// Handles bad rows: the first is an error, or all are counted.
#[derive(Debug, Clone)]
pub(crate) struct BadRows {
    skip: bool,
    reasons: Vec<SkippedReason>,
}

impl BadRows {
    /// With `skip`, bad rows are counted; without, the first bad row is an error.
    pub(crate) fn new(skip: bool) -> Self {
        Self { skip, reasons: Vec::new() }
    }

    /// Adds a bad row. `describe` is called only if the description is needed.
    ///
    /// # Errors
    /// The row itself, unless bad rows are skipped.
    pub(crate) fn add(
        &mut self,
        problem: Problem,
        describe: impl FnOnce() -> BadRow,
    ) -> Result<(), Box<BadRow>> {
        if !self.skip {
            return Err(Box::new(describe()));
        }
        match self.reasons.iter_mut().find(|reason| reason.reason == problem) {
            Some(reason) => reason.count += 1,
            None => {
                self.reasons.push(SkippedReason { reason: problem, count: 1, first: describe() })
            }
        }
        Ok(())
    }

    /// The rows skipped so far, by problem, in the order in which the problems first appeared.
    pub(crate) fn reasons(&self) -> &[SkippedReason] {
        &self.reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(line: u64) -> BadRow {
        BadRow::new(Place::Line(line), Some("score"), Problem::NotANumber, "\"abc\"")
    }

    #[test]
    fn a_bad_row_names_place_column_and_value() {
        assert_eq!(bad(17).to_string(), ":17: column \"score\": \"abc\" is not a number");
    }

    #[test]
    fn the_first_bad_row_is_an_error_unless_skipped() {
        let mut strict = BadRows::new(false);
        assert_eq!(strict.add(Problem::NotANumber, || bad(3)), Err(Box::new(bad(3))));

        let mut lenient = BadRows::new(true);
        lenient.add(Problem::NotANumber, || bad(3)).unwrap();
        lenient.add(Problem::NotANumber, || bad(4)).unwrap();
        assert_eq!(
            lenient.reasons(),
            [SkippedReason { reason: Problem::NotANumber, count: 2, first: bad(3) }]
        );
    }
}
