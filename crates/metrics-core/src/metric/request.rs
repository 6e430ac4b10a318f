//! Requests: readings with the caller's choice of weights, undefined values and tasks.

use super::reading::{Policy, Readings};
use crate::arith::float_mode::in_default_mode;
use crate::backend::{Backend, Batch, StateMut, ToTensor, host_weights};
use crate::counts::ranking::Ranking;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::reserve::room;
use crate::state::rank::RankState;
use crate::undefined::Undefined;

/// Readings, with the caller's choices.
///
/// The methods of [`Readings`] start a request:
///
/// ```
/// use metrics_core::{Auprc, Auroc, Layout, Readings, Undefined};
/// use metrics_core::slice::Tensor;
///
/// let weights = [1.0, 0.5, 2.0];
/// let ap = Auprc.weights(&weights).read(&[0.9, 0.8, 0.1], &[1, 0, 1])?;
/// // (1 · 1 / 1 + 2 · 3 / 3.5) / 3
/// assert_eq!(ap, 19.0 / 21.0);
///
/// // A model with two heads, the tasks in its last dimension; nothing is positive in the second.
/// let scores = Tensor::new(&[0.9, 0.3, 0.2, 0.6, 0.7, 0.1], &[3, 2])?;
/// let targets = Tensor::new(&[1, 0, 0, 0, 1, 0], &[3, 2])?;
/// let request = (Auprc, Auroc).layout(Layout::TasksLast).undefined(Undefined::Nan);
/// let tasks = request.tasks(&scores, &targets)?;
/// assert_eq!(tasks[0], (1.0, 1.0));
/// assert!(tasks[1].0.is_nan() && tasks[1].1.is_nan());
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it reads"]
pub struct Request<'a, B: Backend, R> {
    readings: R,
    weights: Option<B::Tensor<'a>>,
    undefined: Undefined,
    layout: Layout,
}

impl<'a, B: Backend, R: Readings> Request<'a, B, R> {
    /// Without weights, with default values where a metric is undefined, with one row per task.
    ///
    /// ```
    /// use metrics_core::{Auroc, Host, Request};
    ///
    /// assert_eq!(Request::<Host, _>::new(Auroc).read(&[0.2, 0.7], &[0, 1])?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn new(readings: R) -> Self {
        let (undefined, layout) = (Undefined::Default, Layout::TasksFirst);
        Self { readings, weights: None, undefined, layout }
    }

    /// One weight per sample, finite and at least 0: in the shape of the scores, or `(n_samples,)` for all
    /// tasks. A weight of 0 removes the sample, and weights of 1 give the bits of no weights.
    ///
    /// Areas have a relative error of at most 1e-12, whatever the weights are, and do not depend on the order
    /// of the samples. Only an area below 2.2e-308 is rounded to a multiple of 5e-324.
    ///
    /// If all weights of a task are whole and at most 2^20, each sample counts as that many equal
    /// samples: the curves and AUROC have the bits of the repeated samples, and so has an AUPRC of at
    /// least 2^-20. A smaller AUPRC is computed as for other weights, which is more precise.
    ///
    /// The weights of a task must add up to less than 1.7e308, and those that are counted to at most 2^53,
    /// the sum of 2^33 weights of 2^20.
    ///
    /// ```
    /// use metrics_core::{Auroc, Readings};
    ///
    /// // A whole weight counts as so many samples.
    /// let weights = [1.0, 3.0, 1.0];
    /// let weighted = Auroc.weights(&weights).read(&[0.2, 0.7, 0.5], &[0, 0, 1])?;
    /// assert_eq!(weighted, Auroc.read(&[0.2, 0.7, 0.7, 0.7, 0.5], &[0, 0, 0, 0, 1])?);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn weights(mut self, weights: &'a (impl ToTensor<B> + ?Sized)) -> Self {
        self.weights = Some(weights.to_tensor());
        self
    }

    /// What the request returns where a metric is undefined.
    ///
    /// ```
    /// use metrics_core::{Auroc, Readings, Undefined};
    ///
    /// let weights = [2.0];
    /// let request = Auroc.weights(&weights).undefined(Undefined::Nan);
    /// assert!(request.read(&[0.7], &[1])?.is_nan());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn undefined(mut self, undefined: Undefined) -> Self {
        self.undefined = undefined;
        self
    }

    /// Which dimension of a matrix is the tasks: by default the first.
    ///
    /// ```
    /// use metrics_core::{Auroc, Layout, Readings, slice::Tensor};
    ///
    /// // One weight a sample, for both tasks.
    /// let weights = [1.0, 2.0];
    /// let scores = Tensor::new(&[0.2, 0.9, 0.7, 0.4], &[2, 2])?;
    /// let targets = Tensor::new(&[0, 0, 1, 1], &[2, 2])?;
    /// let request = Auroc.weights(&weights).layout(Layout::TasksLast);
    /// assert_eq!(request.tasks(&scores, &targets)?, [1.0, 0.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Reads one task: scores and targets of shape `(n_samples,)`, `(1, n_samples)` or `(n_samples, 1)`.
    ///
    /// ```
    /// use metrics_core::{Auroc, Error, Readings};
    ///
    /// let weights = [1.0, -1.0];
    /// let error = Auroc.weights(&weights).read(&[0.2, 0.7], &[0, 1]).unwrap_err();
    /// assert!(matches!(error, Error::InvalidWeight { index: 1, .. }));
    /// ```
    ///
    /// # Errors
    /// [`Error::TaskMismatch`] for the shape of several tasks, and as [`tasks`](Self::tasks).
    pub fn read(
        self,
        scores: &'a (impl ToTensor<B> + ?Sized),
        targets: &'a (impl ToTensor<B> + ?Sized),
    ) -> Result<R::Value> {
        let (op, mut value) = (self.readings.name(), None);
        self.for_each(scores.to_tensor(), targets.to_tensor(), Some(1), |_, of_task| {
            value = Some(of_task);
            Ok(())
        })?;
        value.ok_or(Error::NoTasks { op })
    }

    /// Reads each task of a matrix of scores and one of targets.
    ///
    /// ```
    /// use metrics_core::{Auroc, Readings, slice::Tensor};
    ///
    /// // The weights have the shape of the scores, or are one a sample for all tasks.
    /// let weights = Tensor::new(&[1.0, 3.0, 1.0, 1.0, 1.0, 1.0], &[2, 3])?;
    /// let scores = Tensor::new(&[0.2, 0.7, 0.5, 0.2, 0.7, 0.5], &[2, 3])?;
    /// let targets = Tensor::new(&[0, 0, 1, 0, 0, 1], &[2, 3])?;
    /// assert_eq!(Auroc.weights(&weights).tasks(&scores, &targets)?, [0.25, 0.5]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::ShapeMismatch`], [`Error::UnsupportedRank`], [`Error::Empty`],
    ///   [`Error::DeviceMismatch`], [`Error::UnsupportedDtype`];
    /// - [`Error::NanScore`], [`Error::InvalidTarget`], [`Error::InvalidWeight`], naming task and index;
    /// - [`Error::WeightOverflow`], [`Error::NoWeight`] where all weights are 0,
    ///   [`Error::TooManySamples`] where whole weights add up to more than 2^53;
    /// - [`Error::Undefined`] if the caller chose it, naming the task; those of
    ///   [`Reading::check`](crate::Reading::check);
    /// - [`Error::OutOfMemory`], and [`Error::Backend`] where the tensor library refuses.
    pub fn tasks(
        self,
        scores: &'a (impl ToTensor<B> + ?Sized),
        targets: &'a (impl ToTensor<B> + ?Sized),
    ) -> Result<Vec<R::Value>> {
        let (op, mut values) = (self.readings.name(), Vec::new());
        self.for_each(scores.to_tensor(), targets.to_tensor(), None, |n_tasks, value| {
            if values.is_empty() {
                values = room(op, n_tasks)?;
            }
            values.push(value);
            Ok(())
        })?;
        Ok(values)
    }

    /// Calls `f` with the number of tasks and the value of each.
    fn for_each(
        self,
        scores: B::Tensor<'a>,
        targets: B::Tensor<'a>,
        n_tasks: Option<usize>,
        mut f: impl FnMut(usize, R::Value) -> Result<()>,
    ) -> Result<()> {
        let Self { readings, weights, undefined, layout } = self;
        readings.check()?;
        in_default_mode(|| {
            let op = readings.name();
            let batch = Batch::<B>::of_tasks(op, scores, targets, weights, n_tasks, layout)?;
            let batch = batch.expect_samples()?;
            rank(&batch, R::NEED_COUNTS, |task, ranking| {
                let policy = Policy::new(op, task, undefined);
                f(batch.n_tasks, readings.values(&ranking, policy)?)
            })
        })
    }
}

/// Calls `f` with the ranking of each task of a batch.
fn rank<B: Backend>(
    batch: &Batch<'_, B>,
    needs_counts: bool,
    mut f: impl FnMut(usize, Ranking) -> Result<()>,
) -> Result<()> {
    if batch.weights.is_some() {
        if let Some(all) = rank_weighted(batch, needs_counts)? {
            return all.into_iter().enumerate().try_for_each(|(task, ranking)| f(task, ranking));
        }
        return weighed(batch)?.rank(batch.op, needs_counts, f);
    }
    let backend = batch.backend();
    if needs_counts {
        let all = backend.ranked_counts(batch)?.into_iter().map(Ranking::Counts);
        return all.enumerate().try_for_each(|(task, ranking)| f(task, ranking));
    }
    let all = backend.rank_sums(batch)?.into_iter().map(Ranking::Sums);
    all.enumerate().try_for_each(|(task, ranking)| f(task, ranking))
}

/// The ranking of each task of a batch with weights, where it can be taken without a state.
fn rank_weighted<B: Backend>(
    batch: &Batch<'_, B>,
    needs_counts: bool,
) -> Result<Option<Vec<Ranking>>> {
    let all: Option<Vec<_>> = if needs_counts {
        let counts = batch.with_host(host_weights::weighted_counts)?;
        counts.map(|all| all.into_iter().map(Ranking::Counts).collect())
    } else {
        let sums = batch.with_host(host_weights::weighted_sums)?;
        sums.map(|all| all.into_iter().map(Ranking::Sums).collect())
    };
    if all.as_ref().is_some_and(|all| all.iter().all(Ranking::is_empty)) {
        return Err(Error::NoWeight { op: batch.op });
    }
    Ok(all)
}

/// The samples of a batch with weights.
fn weighed<B: Backend>(batch: &Batch<'_, B>) -> Result<RankState> {
    let mut state = RankState::new(batch.n_tasks);
    batch.with_host(|batch| StateMut::Rank(&mut state).update(batch))?;
    if state.is_empty() {
        return Err(Error::NoWeight { op: batch.op });
    }
    Ok(state)
}
