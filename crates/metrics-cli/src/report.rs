//! What the program prints.

mod json;
mod layout;
mod table;

pub use json::json;
pub use table::table;

use serde::Serialize;

use crate::evaluate::{Measured, NotProbabilities, RowCounts};
use crate::input::{Columns, Format};

/// Everything there is to report. Its JSON is this structure, field by field.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this program.
    pub version: &'static str,
    /// The file, as it was named on the command line.
    pub file: String,
    /// The format it was read as.
    pub format: Format,
    /// The columns in use.
    pub columns: Columns,
    /// Whether rows count by their weights, in all but numbers of rows.
    pub weighted: bool,
    /// Buckets of the bucketed AUC, if it was asked for.
    pub buckets: Option<usize>,
    /// How many rows there were.
    pub rows: RowCounts,
    /// The metrics, all rows first.
    pub results: Vec<Measured>,
    /// Models without a bucketed AUC, because their scores are no probabilities.
    pub not_probabilities: Vec<NotProbabilities>,
    /// The plots written.
    pub plots: Vec<String>,
    /// Models whose names the plots lack, because no font of the machine has all their letters.
    pub names_without_font: Vec<String>,
}
