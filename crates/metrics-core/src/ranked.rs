//! What the exact ranking metrics share: a function and a stateful type around one formula.

use std::fmt;
use std::marker::PhantomData;

use crate::areas::Areas;
use crate::backend::{Backend, Kept, KeptSamples, ToTensor};
use crate::curve::{Point, PrecisionRecallCurve, RocCurve};
use crate::error::{Error, Result};
use crate::float_mode::in_default_mode;
use crate::input::Batch;
use crate::metric::Metric;
use crate::options::{Undefined, UndefinedCase};
use crate::state::{MAX_TASKS, RankState};

/// A value read off the areas of one task.
pub trait Formula {
    /// Name of the metric's function.
    const OP: &'static str;
    /// What [`Undefined::Default`] returns.
    const DEFAULT: f64;
    /// When the value is undefined.
    const UNDEFINED: &'static str;

    /// The value, if it is defined.
    fn value(areas: &Areas) -> Option<f64>;
}

/// The value of each task of a batch.
pub(crate) fn tasks<B: Backend, F: Formula>(
    batch: Batch<'_, B>,
    undefined: Undefined,
) -> Result<Vec<f64>> {
    let batch = batch.expect_samples()?;
    in_default_mode(|| values::<F>(&batch_areas(batch)?, undefined))
}

/// The value of a batch of one task.
pub(crate) fn single<B: Backend, F: Formula>(
    batch: Batch<'_, B>,
    undefined: Undefined,
    hint: &'static str,
) -> Result<f64> {
    let values = tasks::<B, F>(batch.expect_tasks(1, hint)?, undefined)?;
    Ok(values[0])
}

/// The points of a batch of one task, from the highest score down; to be called in the default mode.
pub(crate) fn single_points<B: Backend>(batch: Batch<'_, B>) -> Result<Vec<Point>> {
    let batch = batch.expect_tasks(1, "")?.expect_samples()?;
    if batch.weights.is_some() {
        return rank_state(&batch)?.points(batch.op, 0);
    }
    let counts = batch.backend().ranked_counts(&batch)?;
    counts.first().map_or(Ok(Vec::new()), |counts| counts.points(batch.op))
}

fn batch_areas<B: Backend>(batch: Batch<'_, B>) -> Result<Vec<Areas>> {
    if batch.weights.is_some() {
        return Ok(rank_state(&batch)?.areas());
    }
    batch.backend().areas(&batch)
}

fn rank_state<B: Backend>(batch: &Batch<'_, B>) -> Result<RankState> {
    let mut state = RankState::new(batch.n_tasks);
    batch.backend().append(batch, &mut state)?;
    if state.is_empty() {
        return Err(Error::NoWeight { op: batch.op });
    }
    Ok(state)
}

fn values<F: Formula>(areas: &[Areas], undefined: Undefined) -> Result<Vec<f64>> {
    resolved::<F>(areas.iter().map(value_or_nan::<F>).collect(), undefined)
}

/// The value; NaN, which no value is, where it is undefined.
fn value_or_nan<F: Formula>(areas: &Areas) -> f64 {
    F::value(areas).unwrap_or(f64::NAN)
}

/// The value of each task, where NaN stands for those that are undefined.
fn resolved<F: Formula>(mut values: Vec<f64>, undefined: Undefined) -> Result<Vec<f64>> {
    for (task, value) in values.iter_mut().enumerate() {
        let case = UndefinedCase { op: F::OP, task, reason: F::UNDEFINED };
        *value = undefined.resolve((!value.is_nan()).then_some(*value), F::DEFAULT, case)?;
    }
    Ok(values)
}

/// An exact ranking metric over all samples it was fed; see
/// [`BinaryAuprc`](crate::BinaryAuprc) and [`BinaryAuroc`](crate::BinaryAuroc).
pub struct Ranked<B: Backend, F> {
    undefined: Undefined,
    state: RankState,
    /// Samples that are not in the state yet.
    kept: B::KeptSamples,
    /// The areas, where they were read of samples that are not in the state; it remembers its own.
    areas: Option<Vec<Areas>>,
    formula: PhantomData<fn(&B) -> F>,
}

impl<B: Backend, F: Formula> fmt::Debug for Ranked<B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ranked")
            .field("op", &F::OP)
            .field("undefined", &self.undefined)
            .field("state", &self.state)
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

impl<B: Backend, F> Clone for Ranked<B, F> {
    /// A deep copy.
    fn clone(&self) -> Self {
        Self {
            undefined: self.undefined,
            state: self.state.clone(),
            kept: self.kept.clone(),
            areas: self.areas.clone(),
            formula: PhantomData,
        }
    }
}

impl<B: Backend, F: Formula> Default for Ranked<B, F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: Backend, F: Formula> Ranked<B, F> {
    /// A metric of one task: it takes `(n_samples,)` and `(1, n_samples)`.
    pub fn new() -> Self {
        Self::with_state(RankState::new(1))
    }

    /// A metric of several tasks: it takes `(n_tasks, n_samples)`.
    ///
    /// # Errors
    /// [`Error::NoTasks`] for 0 tasks, [`Error::TooManyTasks`] for more than [`MAX_TASKS`].
    pub fn with_tasks(n_tasks: usize) -> Result<Self> {
        if n_tasks == 0 {
            return Err(Error::NoTasks { op: F::OP });
        }
        if n_tasks > MAX_TASKS {
            return Err(Error::TooManyTasks { op: F::OP, given: n_tasks, max: MAX_TASKS });
        }
        Ok(Self::with_state(RankState::new(n_tasks)))
    }

    fn with_state(state: RankState) -> Self {
        let kept = B::KeptSamples::default();
        Self { undefined: Undefined::Default, state, kept, areas: None, formula: PhantomData }
    }

    /// What to return where the metric is undefined.
    #[must_use]
    pub fn with_undefined(mut self, undefined: Undefined) -> Self {
        self.undefined = undefined;
        self
    }

    /// Number of tasks.
    pub fn n_tasks(&self) -> usize {
        self.state.n_tasks()
    }

    /// AUPRC and AUROC of each task at once, and the number of positives and negatives.
    ///
    /// # Errors
    /// [`Error::NoSamples`] before the first sample; [`Error::OutOfMemory`] where there are too many
    /// tasks for as many areas.
    pub fn areas(&mut self) -> Result<Vec<Areas>> {
        in_default_mode(|| match self.areas_of_kept()? {
            Some(areas) => Ok(areas.to_vec()),
            None => self.state.read(F::OP, |areas| *areas),
        })
    }

    /// The areas of each task, where samples are not in the state; else all of them are, and there are
    /// some.
    fn areas_of_kept(&mut self) -> Result<Option<&[Areas]>> {
        if self.areas.is_none() {
            self.areas = self.kept.areas(&mut self.state)?;
        }
        let is_empty = match &self.areas {
            Some(areas) => areas.iter().all(Areas::is_empty),
            None => self.state.is_empty(),
        };
        if is_empty {
            self.areas = None;
            return Err(Error::NoSamples { op: F::OP });
        }
        Ok(self.areas.as_deref())
    }

    /// Precision and recall of one task at each distinct score.
    ///
    /// # Errors
    /// [`Error::NoSamples`], [`Error::UnknownTask`], [`Error::Undefined`] if asked for.
    pub fn precision_recall_curve(&mut self, task: usize) -> Result<PrecisionRecallCurve> {
        let op = "precision_recall_curve";
        let case = UndefinedCase { op, task, reason: "there are no positives" };
        in_default_mode(|| PrecisionRecallCurve::new(&self.points(task)?, self.undefined, case))
    }

    /// False and true positive rate of one task at each distinct score.
    ///
    /// # Errors
    /// [`Error::NoSamples`], [`Error::UnknownTask`], [`Error::Undefined`] if asked for.
    pub fn roc_curve(&mut self, task: usize) -> Result<RocCurve> {
        let reason = "there are no positives or no negatives";
        let case = UndefinedCase { op: "roc_curve", task, reason };
        in_default_mode(|| RocCurve::new(&self.points(task)?, self.undefined, case))
    }

    /// Calls `visit` with each distinct score of one task, from high to low, and the positives and the
    /// negatives, counted or weighed, with a score at least as high: `visit(threshold, tps, fps)`.
    ///
    /// These are the counts of which curves are made, and no list of them is: for a reading that keeps few
    /// of many. It takes the memory of computing the areas, and of samples without weights these are known
    /// afterwards.
    ///
    /// # Errors
    /// [`Error::NoSamples`], [`Error::UnknownTask`].
    ///
    /// # Examples
    /// ```
    /// use metrics_core::Metric;
    /// use metrics_core::slice::BinaryAuroc;
    ///
    /// let mut auroc = BinaryAuroc::new();
    /// auroc.update(&[0.1, 0.8, 0.4, 0.8], &[0, 1, 1, 0])?;
    /// let mut counts = Vec::new();
    /// auroc.for_each_count(0, |threshold, tps, fps| counts.push((threshold, tps, fps)))?;
    /// assert_eq!(counts, [(0.8, 1.0, 1.0), (0.4, 2.0, 1.0), (0.1, 2.0, 2.0)]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn for_each_count(
        &mut self,
        task: usize,
        mut visit: impl FnMut(f64, f64, f64),
    ) -> Result<()> {
        in_default_mode(|| {
            self.settle()?;
            self.state.for_each_point(F::OP, task, |point| {
                visit(point.threshold, point.tp, point.fp);
            })
        })
    }

    fn points(&mut self, task: usize) -> Result<Vec<Point>> {
        self.settle()?;
        self.state.points(F::OP, task)
    }

    /// Brings all samples into the state, where there must be some.
    fn settle(&mut self) -> Result<()> {
        self.kept.settle(&mut self.state)?;
        if self.state.is_empty() {
            return Err(Error::NoSamples { op: F::OP });
        }
        Ok(())
    }

    fn append<'a>(
        &mut self,
        scores: B::Tensor<'a>,
        targets: B::Tensor<'a>,
        weights: Option<B::Tensor<'a>>,
    ) -> Result<()> {
        let batch =
            Batch::<B>::new(F::OP, scores, targets, weights)?.expect_tasks(self.n_tasks(), "")?;
        if batch.is_empty() {
            return Ok(());
        }
        in_default_mode(|| batch.backend().keep(&batch, &mut self.state, &mut self.kept))?;
        self.areas = None;
        Ok(())
    }
}

impl<B: Backend, F: Formula> Metric for Ranked<B, F> {
    type Backend = B;
    type State = RankState;

    fn update(
        &mut self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
    ) -> Result<()> {
        self.append(scores.to_tensor(), targets.to_tensor(), None)
    }

    fn update_weighted(
        &mut self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
        weights: &(impl ToTensor<B> + ?Sized),
    ) -> Result<()> {
        self.append(scores.to_tensor(), targets.to_tensor(), Some(weights.to_tensor()))
    }

    fn compute(&mut self) -> Result<f64> {
        if self.n_tasks() != 1 {
            return Err(Error::SeveralTasks { op: F::OP, n_tasks: self.n_tasks() });
        }
        Ok(self.compute_tasks()?[0])
    }

    fn compute_tasks(&mut self) -> Result<Vec<f64>> {
        in_default_mode(|| {
            let values = match self.areas_of_kept()? {
                Some(areas) => areas.iter().map(value_or_nan::<F>).collect(),
                None => self.state.read(F::OP, value_or_nan::<F>)?,
            };
            resolved::<F>(values, self.undefined)
        })
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        in_default_mode(|| {
            // What is wrong with an update of the other metric is for its own next reader.
            let (mut theirs, mut kept) = (RankState::new(other.n_tasks()), other.kept.clone());
            match kept.settle(&mut theirs) {
                Err(Error::LeftOut { .. }) => kept.settle(&mut theirs)?,
                settled => settled?,
            }
            self.kept.settle(&mut self.state)?;
            if theirs.is_empty() {
                self.state.merge(F::OP, &other.state)?;
            } else {
                theirs.merge(F::OP, &other.state)?;
                self.state.merge(F::OP, &theirs)?;
            }
            self.areas = None;
            Ok(())
        })
    }

    fn reset(&mut self) {
        self.state = RankState::new(self.n_tasks());
        self.kept = B::KeptSamples::default();
        self.areas = None;
    }

    fn state(&mut self) -> Result<RankState> {
        in_default_mode(|| {
            self.kept.settle(&mut self.state)?;
            self.state.saved()
        })
    }

    fn load_state(&mut self, state: &RankState) -> Result<()> {
        let (given, n_tasks) = (state.n_tasks(), self.n_tasks());
        if given != n_tasks {
            return Err(Error::MergeTasks { op: F::OP, given, n_tasks });
        }
        self.state = state.clone();
        self.kept = B::KeptSamples::default();
        self.areas = None;
        Ok(())
    }
}
