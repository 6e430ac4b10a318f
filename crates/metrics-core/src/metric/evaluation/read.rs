//! Reading the values of an evaluation.

use super::Evaluation;
use crate::arith::float_mode::in_default_mode;
use crate::backend::{Backend, Pending};
use crate::counts::ranked::TieGroup;
use crate::counts::ranking::Ranking;
use crate::counts::sums::RankSums;
use crate::error::{Error, Result};
use crate::metric::reading::{Policy, Readings};
use crate::reserve::room;

impl<B: Backend, R: Readings> Evaluation<B, R> {
    /// The value over all samples so far, for a metric of one task.
    ///
    /// ```
    /// let mut auroc = metrics_core::slice::BinaryAuroc::new();
    /// assert!(auroc.compute().is_err());
    /// auroc.update(&[0.2, 0.7], &[0, 1])?;
    /// assert_eq!(auroc.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSamples`] before the first sample, [`Error::SeveralTasks`] for a metric of several
    /// tasks, [`Error::Undefined`] where the value is undefined and the caller chose this error;
    /// [`Error::OutOfMemory`]; [`Error::RejectedUpdates`], [`Error::Backend`] where a device reports them late.
    #[doc(alias("eval", "accumulate", "result"))]
    pub fn compute(&mut self) -> Result<R::Value> {
        let readings = self.readings.clone();
        self.read(&readings)
    }

    /// The value of each task over all samples so far.
    ///
    /// ```
    /// use metrics_core::slice::{BinaryAuroc, Tensor};
    ///
    /// let mut auroc = BinaryAuroc::new().tasks(2)?;
    /// let targets = Tensor::new(&[0, 1, 0, 1], &[2, 2])?;
    /// auroc.update(&Tensor::new(&[0.2, 0.7, 0.9, 0.4], &[2, 2])?, &targets)?;
    /// assert_eq!(auroc.compute_tasks()?, [1.0, 0.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`compute`](Self::compute), except for [`Error::SeveralTasks`].
    pub fn compute_tasks(&mut self) -> Result<Vec<R::Value>> {
        let readings = self.readings.clone();
        self.read_tasks(&readings)
    }

    /// Other readings over the same samples, for a metric of one task.
    ///
    /// ```
    /// let mut auroc = metrics_core::slice::BinaryAuroc::new();
    /// auroc.update(&[0.2, 0.7], &[0, 1])?;
    /// assert_eq!(auroc.read(&metrics_core::Auprc)?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn read<O: Readings>(&mut self, readings: &O) -> Result<O::Value> {
        let (op, n_tasks) = (readings.name(), self.n_tasks());
        if n_tasks != 1 {
            return Err(Error::SeveralTasks { op, n_tasks });
        }
        self.read_tasks(readings)?.pop().ok_or(Error::NoTasks { op })
    }

    /// Other readings over the same samples, of each task.
    ///
    /// ```
    /// use metrics_core::{Auprc, slice::{BinaryAuroc, Tensor}};
    ///
    /// let mut auroc = BinaryAuroc::new().tasks(2)?;
    /// let targets = Tensor::new(&[0, 1, 0, 1], &[2, 2])?;
    /// auroc.update(&Tensor::new(&[0.2, 0.7, 0.9, 0.4], &[2, 2])?, &targets)?;
    /// assert_eq!(auroc.read_tasks(&Auprc)?, [1.0, 0.5]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`compute_tasks`](Self::compute_tasks).
    pub fn read_tasks<O: Readings>(&mut self, readings: &O) -> Result<Vec<O::Value>> {
        readings.check()?;
        let (op, undefined) = (readings.name(), self.undefined);
        in_default_mode(|| {
            let mut values = room(op, self.n_tasks())?;
            self.rank(op, O::NEED_COUNTS, |task, ranking| {
                values.push(readings.values(&ranking, Policy::new(op, task, undefined))?);
                Ok(())
            })?;
            Ok(values)
        })
    }

    /// Other readings over the samples of one task.
    ///
    /// ```
    /// use metrics_core::{Sums, slice::BinaryAuroc, slice::Tensor};
    /// let mut auroc = BinaryAuroc::new().tasks(2)?;
    /// let targets = Tensor::new(&[0, 1], &[2, 1])?;
    /// auroc.update(&Tensor::new(&[0.2, 0.7], &[2, 1])?, &targets)?;
    /// assert_eq!(auroc.read_task(&Sums, 1)?.n_positives(), 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`compute`](Self::compute), and [`Error::UnknownTask`].
    pub fn read_task<O: Readings>(&mut self, readings: &O, task: usize) -> Result<O::Value> {
        readings.check()?;
        let (op, undefined) = (readings.name(), self.undefined);
        in_default_mode(|| {
            let state = self.samples.flushed()?;
            if state.is_empty() {
                return Err(Error::NoSamples { op });
            }
            let ranking = state.ranking(op, task, O::NEED_COUNTS)?;
            readings.values(&ranking, Policy::new(op, task, undefined))
        })
    }

    /// Calls `visit` with the samples of each distinct score of one task, from the highest to the lowest.
    ///
    /// These are the counts behind the curves, without a list of them. For a reading that needs few of them,
    /// this takes the time and the memory of computing the areas.
    ///
    /// ```
    /// use metrics_core::slice::BinaryAuroc;
    /// let mut auroc = BinaryAuroc::new();
    /// auroc.update(&[0.1, 0.8, 0.4, 0.8], &[0, 1, 1, 0])?;
    /// let mut counts = Vec::new();
    /// auroc.for_each_group(0, |group| counts.push((group.threshold, group.tp, group.fp)))?;
    /// assert_eq!(counts, [(0.8, 1.0, 1.0), (0.4, 2.0, 1.0), (0.1, 2.0, 2.0)]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSamples`], [`Error::UnknownTask`], [`Error::OutOfMemory`]; [`Error::RejectedUpdates`]
    /// and [`Error::Backend`] where a device reports them late.
    pub fn for_each_group(&mut self, task: usize, visit: impl FnMut(TieGroup)) -> Result<()> {
        let op = self.readings.name();
        in_default_mode(|| {
            let state = self.samples.flushed()?;
            if state.is_empty() {
                return Err(Error::NoSamples { op });
            }
            state.for_each_group(op, task, visit)
        })
    }

    /// Calls `f` with the ranking of each task.
    fn rank(
        &mut self,
        op: &'static str,
        needs_counts: bool,
        mut f: impl FnMut(usize, Ranking) -> Result<()>,
    ) -> Result<()> {
        if !needs_counts && let Some(sums) = self.pending_sums(op)? {
            let all = sums.iter().map(|sums| Ranking::Sums(*sums));
            return all.enumerate().try_for_each(|(task, ranking)| f(task, ranking));
        }
        let state = self.samples.flushed()?;
        if state.is_empty() {
            return Err(Error::NoSamples { op });
        }
        state.rank(op, needs_counts, f)
    }

    /// The sums of each task, where the device has samples that are not in the state; `None` where all samples
    /// are in the state.
    fn pending_sums(&mut self, op: &'static str) -> Result<Option<&[RankSums]>> {
        if self.sums.is_none() {
            self.sums = self.samples.pending.rank_sums(&mut self.samples.state)?;
        }
        if self.sums.as_ref().is_some_and(|sums| sums.iter().all(RankSums::is_empty)) {
            self.sums = None;
            return Err(Error::NoSamples { op });
        }
        Ok(self.sums.as_deref())
    }
}
