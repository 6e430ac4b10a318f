//! Progress of a long run on standard error: a bar on a terminal, elsewhere a line from time to time.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use crate::text;

/// Time before the bar appears: a shorter run shows none.
const BAR_AFTER: Duration = Duration::from_millis(500);
/// Time between two lines of a log. A shorter run writes none.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Time between two frames of the spinner.
const TICK: Duration = Duration::from_millis(100);
/// The length of a full bar.
const FULL: u64 = 1000;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// The file is being read.
    Reading {
        /// Rows read so far.
        n_rows: u64,
        /// The share of the file that is read, unless its length is unknown.
        share: Option<f64>,
    },
    /// Models are being ranked, on all rows and in each group.
    Ranking {
        /// Rankings that are done.
        done: u64,
        /// Rankings in total.
        of: u64,
    },
    /// Pictures are being drawn.
    Drawing {
        /// Pictures that are done.
        done: u64,
        /// Pictures in total.
        of: u64,
    },
}

impl Step {
    fn share(self) -> Option<f64> {
        match self {
            Self::Reading { share, .. } => share,
            Self::Ranking { done, of } | Self::Drawing { done, of } => {
                Some(done as f64 / of.max(1) as f64)
            }
        }
    }

    fn text(self) -> String {
        match self {
            Self::Reading { n_rows, .. } => format!("reading, {}", text::count(n_rows, "row")),
            Self::Ranking { done, of } => format!("ranking, {done} of {of}"),
            Self::Drawing { done, of } => format!("drawing, {done} of {of}"),
        }
    }

    fn line(self) -> String {
        match self {
            Self::Reading { share: Some(share), .. } => {
                format!("{}, {:.0} %", self.text(), 100.0 * share)
            }
            _ => self.text(),
        }
    }
}

/// Shows the steps of a run. Dropping it removes the bar from the terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    Bar(Bar),
    Lines(Lines),
}

impl Progress {
    pub(crate) fn new() -> Self {
        let shown = if io::stderr().is_terminal() {
            Shown::Bar(Bar::new())
        } else {
            Shown::Lines(Lines::default())
        };
        Self { started: Instant::now(), shown }
    }

    pub(crate) fn show(&mut self, step: Step) {
        let elapsed = self.started.elapsed();
        match &mut self.shown {
            Shown::Bar(bar) => bar.show(step, elapsed),
            Shown::Lines(lines) => {
                if let Some(line) = lines.next(step, elapsed) {
                    // A run goes on if standard error is closed.
                    writeln!(io::stderr(), "{line}").ok();
                }
            }
        }
    }
}

/// Lines for logs.
#[derive(Debug, Default)]
struct Lines {
    last: Duration,
}

impl Lines {
    /// The line for this step, if it is time for one.
    fn next(&mut self, step: Step, elapsed: Duration) -> Option<String> {
        if elapsed < self.last + LINE_EVERY {
            return None;
        }
        self.last = elapsed;
        Some(step.line())
    }
}

/// A bar that appears when a run takes longer than [`BAR_AFTER`].
#[derive(Debug)]
struct Bar {
    bar: ProgressBar,
    is_shown: bool,
    knows_share: bool,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(FULL), ProgressDrawTarget::hidden());
        let bar = bar.with_finish(ProgressFinish::AndClear);
        Self { bar, is_shown: false, knows_share: false }
    }

    fn show(&mut self, step: Step, elapsed: Duration) {
        if elapsed < BAR_AFTER {
            return;
        }
        let share = step.share();
        if !self.is_shown || self.knows_share != share.is_some() {
            self.knows_share = share.is_some();
            self.bar.set_style(style(self.knows_share));
        }
        self.bar.set_position((share.unwrap_or(0.0) * FULL as f64) as u64);
        self.bar.set_message(step.text());
        if !self.is_shown {
            self.is_shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            // During a long step the bar stands still, but its spinner turns.
            self.bar.enable_steady_tick(TICK);
        }
    }
}

fn style(knows_share: bool) -> ProgressStyle {
    let template = if knows_share {
        "{spinner} {msg} {wide_bar} {percent:>3} % · {elapsed}"
    } else {
        "{spinner} {msg} · {elapsed}"
    };
    // The template is parsed at run time. If it were wrong, the bar would only be plainer.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    const READING: Step = Step::Reading { n_rows: 1234, share: Some(0.256) };

    #[test]
    fn lines_come_now_and_then() {
        let mut lines = Lines::default();
        let mut at = |seconds: u64, step| lines.next(step, Duration::from_secs(seconds));
        assert_eq!(at(9, READING), None);
        assert_eq!(at(11, READING).unwrap(), "reading, 1,234 rows, 26 %");
        assert_eq!(at(20, READING), None);
        assert_eq!(at(21, Step::Ranking { done: 1, of: 2 }).unwrap(), "ranking, 1 of 2");
        assert_eq!(at(40, Step::Drawing { done: 0, of: 2 }).unwrap(), "drawing, 0 of 2");
        let piped = Step::Reading { n_rows: 1, share: None };
        assert_eq!(at(60, piped).unwrap(), "reading, 1 row");
    }

    #[test]
    fn templates_are_understood() {
        for knows_share in [false, true] {
            let bar = ProgressBar::hidden();
            bar.set_style(style(knows_share));
        }
        assert!(ProgressStyle::with_template("{spinner} {msg} · {elapsed}").is_ok());
        let with_share = "{spinner} {msg} {wide_bar} {percent:>3} % · {elapsed}";
        assert!(ProgressStyle::with_template(with_share).is_ok());
    }
}
