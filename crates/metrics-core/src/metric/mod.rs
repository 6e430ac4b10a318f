//! Readings and their requests; what every stateful metric does.

pub(crate) mod accumulator;
pub(crate) mod evaluation;
pub(crate) mod reading;
pub(crate) mod request;

use crate::backend::{Backend, ToTensor};
use crate::error::Result;

/// A metric that is fed batch by batch.
///
/// How the samples are cut into batches, in which order they come and which of several merged
/// metrics saw them makes no difference, not in one bit. (Only where an [`Auc`](struct@crate::Auc)
/// is given weights that are not whole may sums of 106 bits differ in the last one.)
///
/// Reading takes `&mut self`: it may wait for the device, it sorts what it holds once and remembers
/// the result.
pub trait Metric {
    /// The tensor library.
    type Backend: Backend;
    /// What the metric knows, as plain data.
    type State;
    /// What is computed.
    type Value;

    /// Takes in a batch; an empty one changes nothing. What is kept is copied.
    ///
    /// # Errors
    /// Any error of the metric's function except [`Empty`](crate::Error::Empty), and
    /// [`TooManySamples`](crate::Error::TooManySamples),
    /// [`ScoreTypeMismatch`](crate::Error::ScoreTypeMismatch). Nothing has changed then.
    fn update(
        &mut self,
        scores: &(impl ToTensor<Self::Backend> + ?Sized),
        targets: &(impl ToTensor<Self::Backend> + ?Sized),
    ) -> Result<()>;

    /// Takes in a batch with one weight per sample: finite, at least 0. What weights mean, how precise
    /// values are and how much weight a task takes say the docs of
    /// [`Request::weights`](crate::Request::weights).
    ///
    /// # Errors
    /// As [`update`](Self::update), and [`InvalidWeight`](crate::Error::InvalidWeight),
    /// [`WeightOverflow`](crate::Error::WeightOverflow). Nothing has changed then.
    fn update_weighted(
        &mut self,
        scores: &(impl ToTensor<Self::Backend> + ?Sized),
        targets: &(impl ToTensor<Self::Backend> + ?Sized),
        weights: &(impl ToTensor<Self::Backend> + ?Sized),
    ) -> Result<()>;

    /// The value over all samples so far, for a metric of one task.
    ///
    /// # Errors
    /// [`NoSamples`](crate::Error::NoSamples) before the first sample,
    /// [`SeveralTasks`](crate::Error::SeveralTasks) for a metric of several tasks,
    /// [`Undefined`](crate::Error::Undefined) where the value is undefined and that was asked for.
    #[doc(alias("eval", "accumulate", "result"))]
    fn compute(&mut self) -> Result<Self::Value>;

    /// The value of each task over all samples so far.
    ///
    /// # Errors
    /// As [`compute`](Self::compute), except for `SeveralTasks`.
    fn compute_tasks(&mut self) -> Result<Vec<Self::Value>>;

    /// Takes in all samples of another metric of the same configuration.
    ///
    /// # Errors
    /// An error naming both configurations where they differ. Both are unchanged then.
    fn merge(&mut self, other: &Self) -> Result<()>;

    /// Forgets all samples.
    fn reset(&mut self);

    /// All the metric knows.
    ///
    /// # Errors
    /// Errors of the device that were not reported yet.
    fn state(&mut self) -> Result<Self::State>;

    /// Forgets all samples and takes over a state: from a file, another process, another backend.
    ///
    /// # Errors
    /// An error naming both configurations where they differ. Nothing has changed then.
    fn load_state(&mut self, state: &Self::State) -> Result<()>;
}

/// The methods of [`Metric`] for a type that has them itself.
macro_rules! metric_methods {
    () => {
        fn update(
            &mut self,
            scores: &(impl ToTensor<B> + ?Sized),
            targets: &(impl ToTensor<B> + ?Sized),
        ) -> Result<()> {
            self.update(scores, targets)
        }

        fn update_weighted(
            &mut self,
            scores: &(impl ToTensor<B> + ?Sized),
            targets: &(impl ToTensor<B> + ?Sized),
            weights: &(impl ToTensor<B> + ?Sized),
        ) -> Result<()> {
            self.update_weighted(scores, targets, weights)
        }

        fn compute(&mut self) -> Result<Self::Value> {
            self.compute()
        }

        fn compute_tasks(&mut self) -> Result<Vec<Self::Value>> {
            self.compute_tasks()
        }

        fn merge(&mut self, other: &Self) -> Result<()> {
            self.merge(other)
        }

        fn reset(&mut self) {
            self.reset();
        }

        fn state(&mut self) -> Result<Self::State> {
            self.state()
        }

        fn load_state(&mut self, state: &Self::State) -> Result<()> {
            self.load_state(state)
        }
    };
}
pub(crate) use metric_methods;
