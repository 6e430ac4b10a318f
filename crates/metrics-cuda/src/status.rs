//! The status of a batch: the result of its input scan on the device.

use metrics_core::Error;
use metrics_core::backend::ElementCheck;

use crate::device::Batch;
use crate::ffi::Status;

/// No position.
const NONE: u64 = u64::MAX;

/// The parts of a batch that its errors name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) op: &'static str,
    pub(crate) n_samples: usize,
    /// The check of its scores.
    pub(crate) score_check: ElementCheck,
}

impl Origin {
    pub(crate) fn new(batch: &Batch, score_check: ElementCheck) -> Self {
        Self { op: batch.op, n_samples: batch.n_samples, score_check }
    }

    /// The range of the keys, if the batch is valid.
    pub(crate) fn check(self, status: Status) -> std::result::Result<(u64, u64), BatchError> {
        if status.invalid_score == NONE && status.invalid_target == NONE {
            return Ok((status.min_key, !status.min_inverted_key));
        }
        Err(BatchError { origin: self, status })
    }
}

/// The error of an invalid batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchError {
    origin: Origin,
    status: Status,
}

impl From<BatchError> for Error {
    /// The error of the first invalid sample; the score comes before the target.
    fn from(BatchError { origin, status }: BatchError) -> Self {
        let Origin { op, n_samples, score_check } = origin;
        let place = |position: u64| (position as usize / n_samples, position as usize % n_samples);
        if status.invalid_target < status.invalid_score {
            let (task, index) = place(status.invalid_target);
            return Error::InvalidTarget { op, task, index, value: status.invalid_target_value };
        }
        let (task, index) = place(status.invalid_score);
        match score_check {
            ElementCheck::Probability => {
                Error::InvalidProbability { op, row: index, value: status.invalid_score_value }
            }
            _ => Error::NanScore { op, task, index },
        }
    }
}
