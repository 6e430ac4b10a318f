//! The stateful metric of the exact readings.

use std::fmt;

use super::Metric;
use super::accumulator::Accumulator;
use super::reading::Readings;
use crate::arith::float_mode::in_default_mode;
use crate::backend::{Backend, Batch, ToTensor};
use crate::counts::sums::RankSums;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::state::rank::{MAX_TASKS, RankState};
use crate::undefined::Undefined;

/// Exact readings over all samples, added batch by batch: one state, and one ranking for all readings.
///
/// ```
/// use metrics_core::{Auprc, Auroc, Host, PrecisionRecall};
///
/// let mut evaluation = metrics_core::Evaluation::<Host, _>::of((Auprc, Auroc));
/// evaluation.update(&[0.1, 0.5], &[1, 0])?;
/// evaluation.update(&[0.7, 0.8], &[1, 1])?;
/// assert_eq!(evaluation.compute()?, (11.0 / 12.0, 2.0 / 3.0));
/// // Whatever else the samples say can be read too.
/// assert_eq!(evaluation.read(&PrecisionRecall)?.thresholds, [0.1, 0.5, 0.7, 0.8]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub struct Evaluation<B: Backend, R> {
    readings: R,
    undefined: Undefined,
    layout: Layout,
    samples: Accumulator<B, RankState>,
    /// The sums of all samples, where some are not in the state. The state stores the sums of its own.
    sums: Option<Vec<RankSums>>,
}

impl<B: Backend, R: fmt::Debug> fmt::Debug for Evaluation<B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluation")
            .field("readings", &self.readings)
            .field("undefined", &self.undefined)
            .field("layout", &self.layout)
            .field("state", &self.samples.state)
            .field("pending", &self.samples.pending)
            .finish_non_exhaustive()
    }
}

impl<B: Backend, R: Clone> Clone for Evaluation<B, R> {
    /// A deep copy.
    fn clone(&self) -> Self {
        Self {
            readings: self.readings.clone(),
            undefined: self.undefined,
            layout: self.layout,
            samples: self.samples.clone(),
            sums: self.sums.clone(),
        }
    }
}

impl<B: Backend, R: Readings + Default> Default for Evaluation<B, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: Backend, R: Readings + Default> Evaluation<B, R> {
    /// A metric of one task: it takes `(n_samples,)`, `(1, n_samples)` and `(n_samples, 1)`.
    ///
    /// ```
    /// assert_eq!(metrics_core::slice::BinaryAuroc::new().n_tasks(), 1);
    /// ```
    pub fn new() -> Self {
        Self::of(R::default())
    }
}

impl<B: Backend, R: Readings> Evaluation<B, R> {
    /// A metric of one task with these readings.
    ///
    /// ```
    /// let evaluation = metrics_core::slice::Evaluation::of(metrics_core::Roc);
    /// assert_eq!(evaluation.readings(), &metrics_core::Roc);
    /// ```
    pub fn of(readings: R) -> Self {
        let (undefined, layout) = (Undefined::Default, Layout::TasksFirst);
        let samples = Accumulator::new(RankState::new(1));
        Self { readings, undefined, layout, samples, sums: None }
    }

    /// The same metric for several tasks, without samples. It takes `(n_tasks, n_samples)`, or the shape of
    /// the [`layout`](Self::layout).
    ///
    /// ```
    /// use metrics_core::slice::BinaryAuroc;
    /// assert_eq!(BinaryAuroc::new().tasks(2)?.n_tasks(), 2);
    /// assert!(BinaryAuroc::new().tasks(0).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoTasks`] for 0 tasks, [`Error::TooManyTasks`] for more than [`MAX_TASKS`].
    pub fn tasks(self, n_tasks: usize) -> Result<Self> {
        let op = self.readings.name();
        if n_tasks == 0 {
            return Err(Error::NoTasks { op });
        }
        if n_tasks > MAX_TASKS {
            return Err(Error::TooManyTasks { op, given: n_tasks, max: MAX_TASKS });
        }
        let samples = Accumulator::new(RankState::new(n_tasks));
        Ok(Self { samples, sums: None, ..self })
    }

    /// Which dimension of a matrix is the tasks: by default the first.
    ///
    /// ```
    /// use metrics_core::{Layout, slice::{BinaryAuroc, Tensor}};
    /// let mut auroc = BinaryAuroc::new().tasks(2)?.layout(Layout::TasksLast);
    /// let (heads, targets) = ([0.1, 0.9, 0.5, 0.2, 0.7, 0.4], [0, 1, 0, 0, 1, 1]);
    /// auroc.update(&Tensor::new(&heads, &[3, 2])?, &Tensor::new(&targets, &[3, 2])?)?;
    /// assert_eq!(auroc.compute_tasks()?, [1.0, 1.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// What the metric returns where a reading is undefined.
    ///
    /// ```
    /// use metrics_core::{Undefined, slice::BinaryAuroc};
    /// let mut auroc = BinaryAuroc::new().undefined(Undefined::Error);
    /// auroc.update(&[0.5], &[1])?;
    /// assert!(auroc.compute().is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    #[must_use]
    pub fn undefined(mut self, undefined: Undefined) -> Self {
        self.undefined = undefined;
        self
    }

    /// Number of tasks.
    ///
    /// ```
    /// use metrics_core::slice::BinaryAuprc;
    ///
    /// assert_eq!(BinaryAuprc::new().n_tasks(), 1);
    /// assert_eq!(BinaryAuprc::new().tasks(3)?.n_tasks(), 3);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn n_tasks(&self) -> usize {
        self.samples.state.n_tasks()
    }

    /// The readings.
    ///
    /// ```
    /// use metrics_core::{Auprc, Auroc, slice::Evaluation};
    ///
    /// assert_eq!(Evaluation::of((Auprc, Auroc)).readings(), &(Auprc, Auroc));
    /// ```
    pub fn readings(&self) -> &R {
        &self.readings
    }

    /// Adds a batch; an empty one changes nothing. The metric copies what it needs of the tensors.
    ///
    /// ```
    /// let mut auroc = metrics_core::slice::BinaryAuroc::new();
    /// auroc.update(&[0.2, 0.7], &[0, 1])?;
    /// assert!(auroc.update(&[0.5, f64::NAN], &[1, 0]).is_err());
    /// assert_eq!(auroc.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Request::tasks`](crate::Request::tasks), but for an empty batch;
    /// [`Error::TaskMismatch`], [`Error::TooManySamples`], [`Error::ScoreTypeMismatch`]. Nothing has
    /// changed then.
    pub fn update(
        &mut self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
    ) -> Result<()> {
        self.append(scores.to_tensor(), targets.to_tensor(), None)
    }

    /// Adds a batch with one weight per sample: see [`Request::weights`](crate::Request::weights).
    ///
    /// ```
    /// let mut auroc = metrics_core::slice::BinaryAuroc::new();
    /// auroc.update_weighted(&[0.2, 0.7, 0.5], &[0, 0, 1], &[1.0, 3.0, 1.0])?;
    /// assert_eq!(auroc.compute()?, 0.25);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`update`](Self::update), and [`Error::InvalidWeight`], [`Error::WeightOverflow`]. Nothing has
    /// changed then.
    pub fn update_weighted(
        &mut self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
        weights: &(impl ToTensor<B> + ?Sized),
    ) -> Result<()> {
        self.append(scores.to_tensor(), targets.to_tensor(), Some(weights.to_tensor()))
    }

    fn append<'a>(
        &mut self,
        scores: B::Tensor<'a>,
        targets: B::Tensor<'a>,
        weights: Option<B::Tensor<'a>>,
    ) -> Result<()> {
        let (op, n_tasks) = (self.readings.name(), Some(self.n_tasks()));
        let batch = Batch::<B>::of_tasks(op, scores, targets, weights, n_tasks, self.layout)?;
        self.samples.update(&batch)?;
        if !batch.is_empty() {
            self.sums = None;
        }
        Ok(())
    }

    /// Adds all samples of another metric with as many tasks.
    ///
    /// ```
    /// use metrics_core::slice::BinaryAuroc;
    /// let (mut auroc, mut other) = (BinaryAuroc::new(), BinaryAuroc::new());
    /// auroc.update(&[0.2], &[0])?;
    /// other.update(&[0.7], &[1])?;
    /// auroc.merge(&other)?;
    /// assert_eq!(auroc.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MergeTasks`], [`Error::ScoreTypeMismatch`], [`Error::TooManySamples`],
    /// [`Error::WeightOverflow`], [`Error::OutOfMemory`]; both are unchanged then.
    /// [`Error::RejectedUpdates`] and [`Error::Backend`] where a device reports them late.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        in_default_mode(|| self.samples.merge(self.readings.name(), &other.samples))?;
        self.sums = None;
        Ok(())
    }

    /// Removes all samples.
    ///
    /// ```
    /// let mut auroc = metrics_core::slice::BinaryAuroc::new();
    /// auroc.update(&[0.2, 0.7], &[0, 1])?;
    /// auroc.reset();
    /// assert!(auroc.compute().is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn reset(&mut self) {
        self.samples = Accumulator::new(RankState::new(self.n_tasks()));
        self.sums = None;
    }

    /// All samples, as plain data: for a file, another process, another backend.
    ///
    /// ```
    /// assert!(metrics_core::slice::BinaryAuroc::new().state()?.is_empty());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::RejectedUpdates`] and [`Error::Backend`] where a device reports them late,
    /// [`Error::OutOfMemory`].
    pub fn state(&mut self) -> Result<RankState> {
        in_default_mode(|| self.samples.flushed()?.saved())
    }

    /// Replaces all samples by those of a state.
    ///
    /// ```
    /// use metrics_core::slice::{BinaryAuprc, BinaryAuroc};
    /// let (mut auprc, mut auroc) = (BinaryAuprc::new(), BinaryAuroc::new());
    /// auprc.update(&[0.2, 0.7], &[0, 1])?;
    /// auroc.load_state(&auprc.state()?)?;
    /// assert_eq!(auroc.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MergeTasks`] for another number of tasks. Nothing has changed then.
    pub fn load_state(&mut self, state: &RankState) -> Result<()> {
        let (op, given, n_tasks) = (self.readings.name(), state.n_tasks(), self.n_tasks());
        if given != n_tasks {
            return Err(Error::MergeTasks { op, given, n_tasks });
        }
        self.samples = Accumulator::new(state.clone());
        self.sums = None;
        Ok(())
    }
}

impl<B: Backend, R: Readings> Metric for Evaluation<B, R> {
    type Backend = B;
    type State = RankState;
    type Value = R::Value;

    super::metric_methods!();
}

// Below the rest, as its methods then are in the docs.
mod read;
