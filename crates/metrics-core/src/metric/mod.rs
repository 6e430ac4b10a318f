//! Readings, requests, and the trait of stateful metrics.

pub(crate) mod accumulator;
pub(crate) mod evaluation;
pub(crate) mod reading;
pub(crate) mod request;

use crate::backend::{Backend, ToTensor};
use crate::error::Result;

/// A metric that is fed batch by batch.
///
/// The value depends on the samples alone, to the bit: not on their batches, not on their order, and not
/// on which of several merged metrics took them. The one exception is an [`Auc`](struct@crate::Auc) with
/// weights that are not whole: its sums have 106 bits, and the last one may differ.
///
/// Methods that return values take `&mut self`: they may wait for the device, and they sort the samples
/// once and store the result.
///
/// ```
/// use metrics_core::{Curve, Metric, Result, ToTensor, slice::Auc, slice::BinaryAuprc};
///
/// fn epoch<M: Metric>(metric: &mut M, batches: &[([f64; 2], [u8; 2])]) -> Result<M::Value>
/// where
///     [f64; 2]: ToTensor<M::Backend>,
///     [u8; 2]: ToTensor<M::Backend>,
/// {
///     metric.reset();
///     batches.iter().try_for_each(|(scores, targets)| metric.update(scores, targets))?;
///     metric.compute()
/// }
/// let batches = [([0.1, 0.5], [1, 0]), ([0.7, 0.8], [1, 1])];
/// assert_eq!(epoch(&mut BinaryAuprc::new(), &batches)?, 11.0 / 12.0);
/// assert_eq!(epoch(&mut Auc::new(Curve::Pr, 10)?, &batches)?, 11.0 / 12.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub trait Metric {
    /// The tensor library.
    type Backend: Backend;
    /// The samples or counts of the metric, as plain data.
    type State;
    /// The value of one task.
    type Value;

    /// Adds a batch; an empty one changes nothing. The metric copies what it needs of the tensors.
    ///
    /// ```
    /// use metrics_core::{Metric, Result, slice::BinaryAuroc};
    ///
    /// /// Generic over the metric, for one backend.
    /// fn feed<M: Metric<Backend = metrics_core::Host>>(metric: &mut M) -> Result<()> {
    ///     metric.update(&[0.2, 0.7], &[0, 1])
    /// }
    /// let mut auroc = BinaryAuroc::new();
    /// feed(&mut auroc)?;
    /// assert_eq!(auroc.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
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

    /// Adds a batch with one weight per sample: finite, at least 0. See
    /// [`Request::weights`](crate::Request::weights) for the meaning of weights, their limits and the
    /// precision of values.
    ///
    /// ```
    /// use metrics_core::{Metric, slice::BinaryAuroc};
    ///
    /// let mut auroc = BinaryAuroc::new();
    /// Metric::update_weighted(&mut auroc, &[0.2, 0.7, 0.5], &[0, 0, 1], &[1.0, 3.0, 1.0])?;
    /// assert_eq!(auroc.compute()?, 0.25);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
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
    /// ```
    /// use metrics_core::{Metric, slice::BinaryAuroc};
    ///
    /// fn value<M: Metric>(metric: &mut M) -> Option<M::Value> {
    ///     metric.compute().ok()
    /// }
    /// assert_eq!(value(&mut BinaryAuroc::new()), None); // No samples yet.
    /// ```
    ///
    /// # Errors
    /// [`NoSamples`](crate::Error::NoSamples) before the first sample,
    /// [`SeveralTasks`](crate::Error::SeveralTasks) for a metric of several tasks,
    /// [`Undefined`](crate::Error::Undefined) where the value is undefined and the caller chose this error;
    /// [`OutOfMemory`](crate::Error::OutOfMemory); [`RejectedUpdates`](crate::Error::RejectedUpdates)
    /// and [`Backend`](crate::Error::Backend) where a device reports them late.
    #[doc(alias("eval", "accumulate", "result"))]
    fn compute(&mut self) -> Result<Self::Value>;

    /// The value of each task over all samples so far.
    ///
    /// ```
    /// use metrics_core::{Metric, slice::BinaryAuroc, slice::Tensor};
    ///
    /// let mut auroc = BinaryAuroc::new().tasks(2)?;
    /// let targets = Tensor::new(&[0, 1, 1, 0], &[2, 2])?;
    /// auroc.update(&Tensor::new(&[0.2, 0.7, 0.2, 0.7], &[2, 2])?, &targets)?;
    /// assert_eq!(Metric::compute_tasks(&mut auroc)?, [1.0, 0.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`compute`](Self::compute), except for `SeveralTasks`.
    fn compute_tasks(&mut self) -> Result<Vec<Self::Value>>;

    /// Adds all samples of another metric of the same configuration.
    ///
    /// ```
    /// use metrics_core::{Metric, Result, slice::BinaryAuroc};
    ///
    /// /// One metric of the parts that several threads have fed.
    /// fn merged<M: Metric>(mut first: M, rest: &[M]) -> Result<M> {
    ///     rest.iter().try_for_each(|part| first.merge(part))?;
    ///     Ok(first)
    /// }
    /// let (mut one, mut two) = (BinaryAuroc::new(), BinaryAuroc::new());
    /// one.update(&[0.2], &[0])?;
    /// two.update(&[0.7], &[1])?;
    /// assert_eq!(merged(one, &[two])?.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// An error naming both configurations where they differ,
    /// [`ScoreTypeMismatch`](crate::Error::ScoreTypeMismatch),
    /// [`TooManySamples`](crate::Error::TooManySamples),
    /// [`WeightOverflow`](crate::Error::WeightOverflow), [`OutOfMemory`](crate::Error::OutOfMemory);
    /// both are unchanged then. [`RejectedUpdates`](crate::Error::RejectedUpdates) and
    /// [`Backend`](crate::Error::Backend) where a device reports them late.
    fn merge(&mut self, other: &Self) -> Result<()>;

    /// Removes all samples.
    ///
    /// ```
    /// use metrics_core::{Metric, slice::BinaryAuroc};
    ///
    /// let mut auroc = BinaryAuroc::new();
    /// auroc.update(&[0.2, 0.7], &[0, 1])?;
    /// Metric::reset(&mut auroc);
    /// assert!(auroc.compute().is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    fn reset(&mut self);

    /// The state: all samples or counts of the metric.
    ///
    /// ```
    /// use metrics_core::{Metric, slice::BinaryAuroc};
    ///
    /// let mut auroc = BinaryAuroc::new();
    /// auroc.update(&[0.2, 0.7], &[0, 1])?;
    /// assert!(!Metric::state(&mut auroc)?.is_empty());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`RejectedUpdates`](crate::Error::RejectedUpdates) and [`Backend`](crate::Error::Backend) where a
    /// device reports them late, [`OutOfMemory`](crate::Error::OutOfMemory).
    fn state(&mut self) -> Result<Self::State>;

    /// Replaces all samples by those of a state: from a file, another process, another backend.
    ///
    /// ```
    /// use metrics_core::{Metric, slice::BinaryAuroc};
    ///
    /// let (mut saved, mut resumed) = (BinaryAuroc::new(), BinaryAuroc::new());
    /// saved.update(&[0.2, 0.7], &[0, 1])?;
    /// Metric::load_state(&mut resumed, &saved.state()?)?;
    /// assert_eq!(resumed.compute()?, 1.0);
    /// assert!(Metric::load_state(&mut BinaryAuroc::new().tasks(2)?, &saved.state()?).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// An error naming both configurations where they differ,
    /// [`OutOfMemory`](crate::Error::OutOfMemory). Nothing has changed then.
    fn load_state(&mut self, state: &Self::State) -> Result<()>;
}

/// The methods of [`Metric`] for a type that has methods of the same names.
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
