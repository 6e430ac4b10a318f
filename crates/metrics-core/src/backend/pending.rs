//! Batches that are queued on a device, until a metric is read.

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
///
/// ```
/// use metrics_core::backend::{Batch, StateMut};
/// use metrics_core::{BucketCounts, ToTensor};
///
/// let (probabilities, targets) = ([0.1, 0.9], [0, 1]);
/// let batch = Batch::new("mine", probabilities.to_tensor(), targets.to_tensor(), None)?;
/// let mut counts = BucketCounts::new(10)?;
/// StateMut::Buckets(&mut counts).update(&batch)?;
/// assert!(!counts.is_empty());
/// # Ok::<(), metrics_core::Error>(())
/// ```
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
    /// ```
    /// use metrics_core::backend::{Batch, StateMut};
    /// use metrics_core::{ToTensor, slice::BinaryAuroc};
    ///
    /// let (scores, targets) = ([0.2, 0.7], [0, 1]);
    /// let batch = Batch::new("mine", scores.to_tensor(), targets.to_tensor(), None)?;
    /// let mut state = BinaryAuroc::new().state()?;
    /// StateMut::Rank(&mut state).update(&batch)?;
    /// assert_eq!(state.rank_sums()?[0].auroc(), Some(1.0));
    /// let mut of_two_tasks = BinaryAuroc::new().tasks(2)?.state()?;
    /// assert!(StateMut::Rank(&mut of_two_tasks).update(&batch).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Backend::update`](super::Backend::update), with [`Error::MergeTasks`] for another number of
    /// tasks than the state has; the state is then unchanged.
    pub fn update(self, batch: &Batch<'_, Host>) -> Result<()> {
        self.expect_tasks_of(batch)?;
        match self {
            Self::Rank(state) => host_steps::append(batch, state),
            Self::Buckets(counts) => host_steps::count_buckets(batch, counts),
        }
    }

    /// Checks that a batch has as many tasks as the state. Batches of metrics always have.
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

    /// The same state, borrowed for a shorter time.
    ///
    /// ```
    /// use metrics_core::backend::{Batch, StateMut};
    /// use metrics_core::{ToTensor, slice::BinaryAuroc};
    ///
    /// let batch = Batch::new("mine", [0.7].to_tensor(), [1].to_tensor(), None)?;
    /// let mut held = BinaryAuroc::new().state()?;
    /// let mut state = StateMut::Rank(&mut held);
    /// state.reborrow().update(&batch)?; // The state can be used again.
    /// state.update(&batch)?;
    /// assert_eq!(held.rank_sums()?[0].n_positives(), 2.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn reborrow(&mut self) -> StateMut<'_> {
        match self {
            Self::Rank(state) => StateMut::Rank(state),
            Self::Buckets(counts) => StateMut::Buckets(counts),
        }
    }
}

/// Batches that a metric has queued on a device.
///
/// A clone and its original may share memory, but neither sees changes of the other.
///
/// ```
/// use metrics_core::backend::{Batch, Host, Pending, StateMut};
/// use metrics_core::{Result, ToTensor, slice::BinaryAuroc};
///
/// /// Batches that wait in host memory.
/// #[derive(Debug, Clone, Default)]
/// struct Waiting(Vec<Batch<'static, Host>>);
///
/// impl Pending for Waiting {
///     fn flush(&mut self, mut state: StateMut<'_>) -> Result<()> {
///         self.0.drain(..).try_for_each(|batch| state.reborrow().update(&batch))
///     }
/// }
/// let batch = Batch::new("mine", [0.7].to_tensor(), [1].to_tensor(), None)?;
/// let mut waiting = Waiting(vec![batch.into_owned()]);
/// let mut state = BinaryAuroc::new().state()?;
/// waiting.flush(StateMut::Rank(&mut state))?;
/// assert!(!state.is_empty());
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub trait Pending: Clone + Debug + Default + Send {
    /// Waits for the device and brings the batches into the state.
    ///
    /// ```
    /// use metrics_core::backend::{Pending, StateMut};
    ///
    /// // Nothing waits where every batch goes to the state at once.
    /// let mut state = metrics_core::slice::BinaryAuroc::new().state()?;
    /// ().flush(StateMut::Rank(&mut state))?;
    /// assert!(state.is_empty());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::RejectedUpdates`](crate::Error::RejectedUpdates), once, for batches with invalid samples;
    /// these batches are dropped then, and no others.
    /// [`Error::Backend`](crate::Error::Backend) where the device fails,
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    fn flush(&mut self, state: StateMut<'_>) -> Result<()>;

    /// The sums over the ranking of each task, over the samples of the state and the pending ones, computed on
    /// the device. Or `None`, after [flushing](Self::flush) all samples to the state, which can compute them.
    ///
    /// ```
    /// use metrics_core::backend::Pending;
    ///
    /// let mut state = metrics_core::slice::BinaryAuroc::new().state()?;
    /// assert_eq!(().rank_sums(&mut state)?, None); // The state has them.
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    fn rank_sums(&mut self, state: &mut RankState) -> Result<Option<Vec<RankSums>>> {
        self.flush(StateMut::Rank(state))?;
        Ok(None)
    }
}

/// Nothing is pending: every update goes to the state at once.
impl Pending for () {
    fn flush(&mut self, _state: StateMut<'_>) -> Result<()> {
        Ok(())
    }
}
