//! The report that the program prints.

mod json;
mod layout;
mod table;

pub use json::json;
pub use table::table;

use serde::Serialize;

use crate::evaluate::{Measured, NotProbabilities, RowCounts};
use crate::input::{Columns, Format};

/// The content of a report. Its JSON is this structure, field by field.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this program.
    pub version: &'static str,
    /// The file, as it was named on the command line.
    pub file: String,
    /// The format that the file was read as.
    pub format: Format,
    /// The columns in use.
    pub columns: Columns,
    /// Whether prevalence and areas count rows by their weights. Numbers of rows never do.
    pub weighted: bool,
    /// Buckets of the bucketed AUC, if it was asked for.
    pub buckets: Option<usize>,
    /// Rows read, used and skipped.
    pub rows: RowCounts,
    /// The metrics, all rows first.
    pub results: Vec<Measured>,
    /// Models without a bucketed AUC, because their scores are no probabilities.
    pub not_probabilities: Vec<NotProbabilities>,
    /// The plots written.
    pub plots: Vec<String>,
    /// Models that the plots name by position, because no font of the machine has all letters of their names.
    pub names_without_font: Vec<String>,
}
