//! What a batch told while it was read on the device.

use metrics_core::Error;
use metrics_core::backend::ElementCheck;

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
    pub(crate) rule: ElementCheck,
}

impl Origin {
    pub(crate) fn new(batch: &Batch, rule: ElementCheck) -> Self {
        Self { op: batch.op, n_samples: batch.n_samples, rule }
    }

    /// The range of a good batch's keys.
    pub(crate) fn check(self, status: Status) -> std::result::Result<(u64, u64), BatchError> {
        if status.bad_score == NONE && status.bad_target == NONE {
            return Ok((status.min_key, !status.min_inverted_key));
        }
        Err(BatchError { origin: self, status })
    }
}

/// What is wrong with a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchError {
    origin: Origin,
    status: Status,
}

impl From<BatchError> for Error {
    /// The first thing that is wrong; of one sample the score comes first.
    fn from(BatchError { origin, status }: BatchError) -> Self {
        let Origin { op, n_samples, rule } = origin;
        let place = |position: u64| (position as usize / n_samples, position as usize % n_samples);
        if status.bad_target < status.bad_score {
            let (task, index) = place(status.bad_target);
            return Error::InvalidTarget { op, task, index, value: status.bad_target_value };
        }
        let (task, index) = place(status.bad_score);
        match rule {
            ElementCheck::Probability => {
                Error::InvalidProbability { op, row: index, value: status.bad_score_value }
            }
            _ => Error::NanScore { op, task, index },
        }
    }
}
