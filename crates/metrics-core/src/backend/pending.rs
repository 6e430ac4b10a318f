//! Work that is queued on a device and not looked at yet.

use std::fmt::Debug;

use super::Backend;
use super::batch::Batch;
use super::host::Host;
use super::host_steps;
use crate::counts::buckets::BucketCounts;
use crate::counts::sums::RankSums;
use crate::error::{Error, Result};
use crate::state::rank::RankState;

/// The state of a metric that a batch is added to.
#[derive(Debug)]
#[non_exhaustive]
pub enum StateMut<'a> {
    /// The samples of an exact metric.
    Rank(&'a mut RankState),
    /// The counts of an [`Auc`](struct@crate::Auc), which takes batches of one task.
    Buckets(&'a mut BucketCounts),
}

impl StateMut<'_> {
    /// Adds a batch in host memory.
    ///
    /// # Errors
    /// As [`Backend::update`](super::Backend::update), and [`Error::MergeTasks`] for another number of tasks
    /// than the state has; the state is then unchanged.
    pub fn update(self, batch: &Batch<'_, Host>) -> Result<()> {
        self.expect_tasks_of(batch)?;
        match self {
            Self::Rank(state) => host_steps::append(batch, state),
            Self::Buckets(counts) => host_steps::count_buckets(batch, counts),
        }
    }

    /// Whether a batch has as many tasks as the state. Those that metrics make have.
    pub(super) fn expect_tasks_of<B: Backend>(&self, batch: &Batch<'_, B>) -> Result<()> {
        let n_tasks = match self {
            Self::Rank(state) => state.n_tasks(),
            Self::Buckets(_) => 1,
        };
        if batch.n_tasks == n_tasks {
            return Ok(());
        }
        Err(Error::MergeTasks { op: batch.op, given: batch.n_tasks, n_tasks })
    }

    /// The same state, borrowed for less long.
    pub fn reborrow(&mut self) -> StateMut<'_> {
        match self {
            Self::Rank(state) => StateMut::Rank(state),
            Self::Buckets(counts) => StateMut::Buckets(counts),
        }
    }
}

/// Batches that a metric has queued on a device.
///
/// A clone and its original share nothing that either could notice.
pub trait Pending: Clone + Debug + Default + Send {
    /// Waits for the device and brings the batches into the state.
    ///
    /// # Errors
    /// [`Error::RejectedUpdates`](crate::Error::RejectedUpdates), once, for batches that turned out to be
    /// invalid; they are forgotten then, and nothing else is.
    fn flush(&mut self, state: StateMut<'_>) -> Result<()>;

    /// The sums over the ranking of each task of the state and what is pending, read where the samples
    /// lie; or `None` after all was [flushed](Self::flush) to the state, which has them then.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    fn rank_sums(&mut self, state: &mut RankState) -> Result<Option<Vec<RankSums>>> {
        self.flush(StateMut::Rank(state))?;
        Ok(None)
    }
}

/// Nothing is pending: every batch went to the state at once.
impl Pending for () {
    fn flush(&mut self, _state: StateMut<'_>) -> Result<()> {
        Ok(())
    }
}
