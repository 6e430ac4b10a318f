//! The progress bar of a long read.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// Files below this size are read before a bar could be looked at.
const LARGE_FILE_BYTES: u64 = 50_000_000;

/// A bar on standard error for a file of `n_bytes`, if that is known; invisible unless the file is
/// large and standard error is a terminal.
pub(crate) fn bar(n_bytes: Option<u64>) -> ProgressBar {
    let n_bytes = n_bytes.unwrap_or(0);
    if n_bytes < LARGE_FILE_BYTES || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    // An error ends the read early: the bar goes when its owner does, before the error is printed.
    let bar = ProgressBar::new(n_bytes).with_finish(ProgressFinish::AndClear);
    // A template is text that is parsed when the program runs; without it the bar is only plainer.
    if let Ok(style) =
        ProgressStyle::with_template("reading {wide_bar} {percent:>3} % · {eta} left")
    {
        bar.set_style(style);
    }
    bar
}
