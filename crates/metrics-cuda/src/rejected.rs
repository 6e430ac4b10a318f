//! Rejected updates, which are reported when their metric is read.

use std::mem;

use metrics_core::{Error, Result};

/// The number of updates since the metric was last read, and of rejected ones.
#[derive(Debug, Clone)]
pub(crate) struct RejectedUpdates<E> {
    n_updates: usize,
    n_rejected: usize,
    /// The first rejected update, and its error.
    first: Option<(usize, E)>,
}

impl<E> Default for RejectedUpdates<E> {
    fn default() -> Self {
        Self { n_updates: 0, n_rejected: 0, first: None }
    }
}

impl<E: Into<Error>> RejectedUpdates<E> {
    /// Counts an update; returns its number, from 1.
    pub(crate) fn number(&mut self) -> usize {
        self.n_updates += 1;
        self.n_updates
    }

    /// Notes a rejected update.
    pub(crate) fn reject(&mut self, update: usize, error: E) {
        self.n_rejected += 1;
        if self.first.as_ref().is_none_or(|(first, _)| update < *first) {
            self.first = Some((update, error));
        }
    }

    /// Reports the rejected updates once, and starts counting anew.
    pub(crate) fn report(&mut self) -> Result<()> {
        let Self { n_updates, n_rejected, first } = mem::take(self);
        let Some((update, error)) = first else { return Ok(()) };
        Err(Error::RejectedUpdates {
            update,
            n_updates,
            n_rejected,
            source: Box::new(error.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nan(index: usize) -> Error {
        Error::NanScore { op: "auroc", task: 0, index }
    }

    fn text(rejected: &mut RejectedUpdates<Error>) -> String {
        rejected.report().unwrap_err().to_string()
    }

    #[test]
    fn valid_updates_leave_nothing_to_report() {
        let mut rejected = RejectedUpdates::<Error>::default();
        rejected.report().unwrap();
        assert_eq!([rejected.number(), rejected.number()], [1, 2]);
        rejected.report().unwrap();
    }

    #[test]
    fn the_first_of_several_is_named_once() {
        let mut rejected = RejectedUpdates::default();
        (0..5).for_each(|_| _ = rejected.number());
        // Batches of two devices may be reported in any order.
        rejected.reject(4, nan(7));
        rejected.reject(2, nan(8));
        rejected.reject(5, nan(9));
        assert_eq!(
            text(&mut rejected),
            "auroc: score is NaN at task 0, index 8; \
             this was update 2 of 5 since the metric was last read, and was rejected with 2 more"
        );
        rejected.report().unwrap();
    }

    #[test]
    fn updates_are_counted_since_the_metric_was_last_read() {
        let mut rejected = RejectedUpdates::default();
        (0..3).for_each(|_| _ = rejected.number());
        rejected.report().unwrap();
        let update = rejected.number();
        rejected.reject(update, nan(0));
        rejected.number();
        assert!(text(&mut rejected).contains("update 1 of 2 since"));
    }

    /// A clone and its original each report to their own reader.
    #[test]
    fn a_clone_reports_for_itself() {
        #[derive(Clone)]
        struct BatchError;
        impl From<BatchError> for Error {
            fn from(_: BatchError) -> Self {
                nan(0)
            }
        }
        let mut rejected = RejectedUpdates::default();
        let update = rejected.number();
        rejected.reject(update, BatchError);
        let mut clone = rejected.clone();
        assert!(rejected.report().is_err());
        assert!(clone.report().is_err());
        assert!(clone.report().is_ok());
    }
}
