//! The report for programs.

use std::io::Write;

use super::Report;
use crate::error::{Error, Result};

/// Writes one JSON document. Undefined values are `null`; numbers have all digits of their `f64`.
///
/// # Errors
/// [`Error::Output`] when the document cannot be written to `out`.
pub fn json(report: &Report, out: &mut impl Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, report).map_err(|error| Error::Output(error.into()))?;
    writeln!(out).and_then(|()| out.flush()).map_err(Error::Output)
}
