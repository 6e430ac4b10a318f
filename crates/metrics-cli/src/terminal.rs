//! The terminal the program writes to, if it does.

use std::env;
use std::io;

/// Columns of the terminal that is standard output; elsewhere what the environment says in `COLUMNS`, if
/// anything. Help is set in the same width, but for 100 where nothing is known.
#[must_use]
pub fn width() -> Option<usize> {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map(|(width, _)| usize::from(width.0)).or_else(|| {
        let columns = env::var("COLUMNS").ok()?.parse().ok()?;
        (columns > 0).then_some(columns)
    })
}
