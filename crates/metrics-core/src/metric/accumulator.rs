//! The contents of a stateful metric: a state, and the work pending on a device.

use crate::arith::float_mode::in_default_mode;
use crate::backend::{Backend, Batch, Pending, StateMut};
use crate::counts::buckets::BucketCounts;
use crate::error::{Error, Result};
use crate::state::rank::RankState;

/// A state that batches are added to.
pub(crate) trait State: Clone {
    /// This state, for a backend to add a batch to.
    fn as_mut(&mut self) -> StateMut<'_>;

    /// A state of the same configuration without samples.
    fn fresh(&self) -> Result<Self>;

    fn is_empty(&self) -> bool;

    /// Adds the samples of another state; on an error this one is unchanged.
    fn merge(&mut self, op: &'static str, other: &Self) -> Result<()>;
}

impl State for RankState {
    fn as_mut(&mut self) -> StateMut<'_> {
        StateMut::Rank(self)
    }

    fn fresh(&self) -> Result<Self> {
        Ok(Self::new(self.n_tasks()))
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn merge(&mut self, op: &'static str, other: &Self) -> Result<()> {
        self.merge(op, other)
    }
}

impl State for BucketCounts {
    fn as_mut(&mut self) -> StateMut<'_> {
        StateMut::Buckets(self)
    }

    fn fresh(&self) -> Result<Self> {
        Self::new(self.num_thresholds())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn merge(&mut self, op: &'static str, other: &Self) -> Result<()> {
        self.merge(op, other)
    }
}

/// A state, and batches that are not in it yet.
#[derive(Debug, Clone)]
pub(crate) struct Accumulator<B: Backend, S> {
    pub(crate) state: S,
    pub(crate) pending: B::Pending,
}

impl<B: Backend, S: State> Accumulator<B, S> {
    pub(crate) fn new(state: S) -> Self {
        Self { state, pending: B::Pending::default() }
    }

    /// Adds a batch; an empty one changes nothing.
    ///
    /// # Errors
    /// As [`Backend::update`]; nothing has changed then.
    pub(crate) fn update(&mut self, batch: &Batch<'_, B>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let Self { state, pending } = self;
        in_default_mode(|| batch.backend().update(batch, state.as_mut(), pending))
    }

    /// The state with all samples in it.
    ///
    /// # Errors
    /// As [`Pending::flush`].
    pub(crate) fn flushed(&mut self) -> Result<&mut S> {
        self.pending.flush(self.state.as_mut())?;
        Ok(&mut self.state)
    }

    /// Adds the samples of another accumulator.
    ///
    /// # Errors
    /// As [`State::merge`] and [`Pending::flush`]; no sample of either is lost then.
    pub(crate) fn merge(&mut self, op: &'static str, other: &Self) -> Result<()> {
        // The other metric reports its rejected updates itself, when it is read next.
        let (mut theirs, mut pending) = (other.state.fresh()?, other.pending.clone());
        match pending.flush(theirs.as_mut()) {
            Err(Error::RejectedUpdates { .. }) => pending.flush(theirs.as_mut())?,
            flushed => flushed?,
        }
        let ours = self.flushed()?;
        if theirs.is_empty() {
            return ours.merge(op, &other.state);
        }
        theirs.merge(op, &other.state)?;
        ours.merge(op, &theirs)
    }
}
