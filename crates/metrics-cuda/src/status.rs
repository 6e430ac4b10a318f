//! What a batch told while it was read on the device.

use metrics_core::{Error, Result, Rule};

use crate::device::Batch;
use crate::ffi::Status;

/// No position.
const NONE: u64 = u64::MAX;

/// What a batch's errors need to know of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) op: &'static str,
    pub(crate) n_samples: usize,
    /// What its scores must be.
    pub(crate) rule: Rule,
}

impl Origin {
    pub(crate) fn new(batch: &Batch, rule: Rule) -> Self {
        Self { op: batch.op, n_samples: batch.n_samples, rule }
    }

    /// The first thing that is wrong with the batch; of one sample the score comes first.
    pub(crate) fn check(&self, status: &Status) -> Result<()> {
        let op = self.op;
        let place = |position: u64| {
            (position as usize / self.n_samples, position as usize % self.n_samples)
        };
        if status.bad_score == NONE && status.bad_target == NONE {
            return Ok(());
        }
        if status.bad_score <= status.bad_target {
            let (task, index) = place(status.bad_score);
            return Err(match self.rule {
                Rule::Probability => {
                    Error::InvalidProbability { op, row: index, value: status.bad_score_value }
                }
                _ => Error::NanScore { op, task, index },
            });
        }
        let (task, index) = place(status.bad_target);
        Err(Error::InvalidTarget { op, task, index, value: status.bad_target_value })
    }
}

/// The lowest and the highest key of a batch.
pub(crate) fn key_range(status: &Status) -> (u64, u64) {
    (status.min_key, !status.min_inverted_key)
}
