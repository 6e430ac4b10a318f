//! Batches that a metric has queued on a device.

use metrics_core::backend::StateMut;
use metrics_core::{DType, RankState, RankSums, Result};

use crate::device::{Batch, Device};
use crate::pending_counts::PendingCounts;
use crate::pending_samples::PendingSamples;

/// Batches that a metric has queued on a device: samples of an exact metric, or counts of an
/// [`Auc`](metrics_core::Auc).
#[derive(Debug)]
pub struct Pending<D: Device> {
    samples: PendingSamples<D>,
    counts: PendingCounts<D>,
}

impl<D: Device> Default for Pending<D> {
    fn default() -> Self {
        Self { samples: PendingSamples::default(), counts: PendingCounts::default() }
    }
}

impl<D: Device> Clone for Pending<D> {
    /// The clone shares memory, which neither of the two writes to again.
    fn clone(&self) -> Self {
        Self { samples: self.samples.clone(), counts: self.counts.clone() }
    }
}

impl<D: Device> Pending<D> {
    /// Queues a batch, without waiting for it, if the kernels know this kind of state; returns whether they do.
    ///
    /// In two cases it waits and first moves the pending batches to the state: when the batch comes from another
    /// device or stream, and when all samples do not fit one sort.
    ///
    /// # Errors
    /// [`Error::MergeTasks`](metrics_core::Error::MergeTasks) for another number of tasks than the state has,
    /// [`Error::ScoreTypeMismatch`](metrics_core::Error::ScoreTypeMismatch),
    /// [`Error::TooManySamples`](metrics_core::Error::TooManySamples),
    /// [`Error::Backend`](metrics_core::Error::Backend), also for a batch of 2^32 samples or more; nothing
    /// has changed then.
    pub fn update(&mut self, device: &D, batch: &Batch, state: StateMut<'_>) -> Result<bool> {
        match state {
            StateMut::Rank(state) => self.samples.update(device, batch, state)?,
            StateMut::Buckets(counts) => self.counts.update(device, batch, counts)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Counts an update with scores of this type that is not queued: `add` adds it to the state at once.
    ///
    /// # Errors
    /// [`Error::ScoreTypeMismatch`](metrics_core::Error::ScoreTypeMismatch) where no type holds these scores and
    /// the pending ones exactly, and the errors of `add`; nothing has changed then.
    pub fn bypass(
        &mut self,
        op: &'static str,
        dtype: DType,
        state: StateMut<'_>,
        add: impl FnOnce(StateMut<'_>) -> Result<()>,
    ) -> Result<()> {
        match state {
            StateMut::Rank(state) => self.samples.bypass(op, dtype, || add(StateMut::Rank(state))),
            StateMut::Buckets(counts) => self.counts.bypass(|| add(StateMut::Buckets(counts))),
            other => add(other),
        }
    }
}

impl<D: Device> metrics_core::backend::Pending for Pending<D> {
    fn flush(&mut self, state: StateMut<'_>) -> Result<()> {
        match state {
            StateMut::Rank(state) => self.samples.flush(state),
            StateMut::Buckets(counts) => self.counts.flush(counts),
            // No batch of another state was queued.
            _ => Ok(()),
        }
    }

    fn rank_sums(&mut self, state: &mut RankState) -> Result<Option<Vec<RankSums>>> {
        self.samples.rank_sums(state)
    }
}
