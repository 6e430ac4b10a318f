//! The width of the terminal.

use std::env;
use std::io;

/// Columns of the terminal on standard output, else the value of the environment variable `COLUMNS`, else
/// `None`. Clap wraps help at the same width, and at 100 columns where the width is unknown.
#[must_use]
pub fn width() -> Option<usize> {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map(|(width, _)| usize::from(width.0)).or_else(|| {
        let columns = env::var("COLUMNS").ok()?.parse().ok()?;
        (columns > 0).then_some(columns)
    })
}
