//! What is to be said of bad batches when their metric is read.

use std::mem;

use metrics_core::{Error, Result};

/// How many updates there were since the metric was last read, and which were left out.
#[derive(Debug, Clone)]
pub(crate) struct Verdicts<Flaw> {
    n_updates: usize,
    n_left_out: usize,
    /// The first update left out, and what is wrong with it.
    first: Option<(usize, Flaw)>,
}

impl<Flaw> Default for Verdicts<Flaw> {
    fn default() -> Self {
        Self { n_updates: 0, n_left_out: 0, first: None }
    }
}

impl<Flaw: Into<Error>> Verdicts<Flaw> {
    /// The number of an update that was taken, from 1.
    pub(crate) fn number(&mut self) -> usize {
        self.n_updates += 1;
        self.n_updates
    }

    /// Notes that an update turned out bad.
    pub(crate) fn leave_out(&mut self, update: usize, flaw: Flaw) {
        self.n_left_out += 1;
        if self.first.as_ref().is_none_or(|(first, _)| update < *first) {
            self.first = Some((update, flaw));
        }
    }

    /// Says what was left out, once. The metric is read hereby.
    pub(crate) fn report(&mut self) -> Result<()> {
        let Self { n_updates, n_left_out, first } = mem::take(self);
        let Some((update, flaw)) = first else { return Ok(()) };
        Err(Error::LeftOut { update, n_updates, n_left_out, source: Box::new(flaw.into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nan(index: usize) -> Error {
        Error::NanScore { op: "auroc", task: 0, index }
    }

    fn text(verdicts: &mut Verdicts<Error>) -> String {
        verdicts.report().unwrap_err().to_string()
    }

    #[test]
    fn good_updates_leave_nothing_to_say() {
        let mut verdicts = Verdicts::<Error>::default();
        verdicts.report().unwrap();
        assert_eq!([verdicts.number(), verdicts.number()], [1, 2]);
        verdicts.report().unwrap();
    }

    #[test]
    fn the_first_of_several_is_named_once() {
        let mut verdicts = Verdicts::default();
        (0..5).for_each(|_| _ = verdicts.number());
        // Batches of two devices need not be told in order.
        verdicts.leave_out(4, nan(7));
        verdicts.leave_out(2, nan(8));
        verdicts.leave_out(5, nan(9));
        assert_eq!(
            text(&mut verdicts),
            "auroc: score is NaN at task 0, index 8; \
             this was update 2 of 5 since the metric was last read, and is left out with 2 more"
        );
        verdicts.report().unwrap();
    }

    #[test]
    fn updates_are_counted_since_the_metric_was_last_read() {
        let mut verdicts = Verdicts::default();
        (0..3).for_each(|_| _ = verdicts.number());
        verdicts.report().unwrap();
        let update = verdicts.number();
        verdicts.leave_out(update, nan(0));
        verdicts.number();
        assert!(text(&mut verdicts).contains("update 1 of 2 since"));
    }

    /// A clone and its original each say it to their own reader.
    #[test]
    fn a_clone_reports_for_itself() {
        #[derive(Clone)]
        struct Flaw;
        impl From<Flaw> for Error {
            fn from(Flaw: Flaw) -> Self {
                nan(0)
            }
        }
        let mut verdicts = Verdicts::default();
        let update = verdicts.number();
        verdicts.leave_out(update, Flaw);
        let mut clone = verdicts.clone();
        assert!(verdicts.report().is_err());
        assert!(clone.report().is_err());
        assert!(clone.report().is_ok());
    }
}
