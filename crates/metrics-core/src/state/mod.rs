//! States: plain data that says all a metric knows, saves, loads, merges and travels anywhere.

mod auc;
mod codec;
mod runs;
mod samples;
mod task;

use std::fmt;

pub use auc::AucState;
use codec::{Reader, StateKind, header, write_varint};
pub(crate) use runs::Run;
pub(crate) use task::weigh;

use crate::areas::Areas;
use crate::cpu::{Bad, Samples};
use crate::curve::Point;
use crate::error::{Error, Result, StateError};
use crate::exact::{MAX_SAMPLES, WEIGHT_LIMIT};
use crate::kind::ScoreKind;
use crate::threads;
use samples::KeptKey;
use task::TaskState;

/// All samples that an exact ranking metric has seen, one part a task.
///
/// The same multiset of samples gives the same [bytes](Self::to_bytes), whatever the order, the
/// batches, the merges or the backend. One state serves every exact metric: what a
/// [`BinaryAuprc`](crate::BinaryAuprc) saved, a [`BinaryAuroc`](crate::BinaryAuroc) can load.
///
/// Memory: 4 bytes a sample for f32 scores (8 for f64), less where scores repeat, since those are
/// counted; 16-bit scores take constant memory. From a million samples on, there may be 4 MiB more in
/// pieces that are not full yet.
///
/// ```
/// use metrics_core::slice::{BinaryAuprc, BinaryAuroc};
/// use metrics_core::{Metric, RankState};
///
/// let mut auprc = BinaryAuprc::new();
/// auprc.update(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?;
/// let bytes = auprc.state()?.to_bytes();
///
/// let mut auroc = BinaryAuroc::new();
/// auroc.load_state(&RankState::from_bytes(&bytes)?)?;
/// assert_eq!(auroc.compute()?, 2.0 / 3.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RankState {
    tasks: Vec<TaskState>,
}

impl fmt::Debug for RankState {
    /// How much all tasks hold together, not each sample.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_counted = self.tasks.iter().map(|task| u128::from(task.n_counted())).sum::<u128>();
        let weights = self.tasks.iter().map(TaskState::fractional_weight);
        f.debug_struct("RankState")
            .field("n_tasks", &self.n_tasks())
            .field("n_counted", &n_counted)
            .field("fractional_weight", &weights.sum::<f64>())
            .field("score_kind", &self.tasks.iter().find_map(TaskState::kind))
            .finish_non_exhaustive()
    }
}

impl RankState {
    /// A state of this many tasks, without samples.
    pub(crate) fn new(n_tasks: usize) -> Self {
        Self { tasks: vec![TaskState::new(); n_tasks] }
    }

    /// Number of tasks.
    pub fn n_tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Whether no task has a sample of non-zero weight.
    pub fn is_empty(&self) -> bool {
        self.tasks.iter().all(TaskState::is_empty)
    }

    /// The state in its one byte form.
    ///
    /// `tmst`, version 1, kind 1, number of tasks; then a task after the other: the score type, its
    /// runs of equal scores from high to low, and its samples whose weight is not whole. Numbers
    /// are LEB128. A million random f32 scores take 1 to 3 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut compacted = self.clone();
        compacted.compact();
        let mut out = header(StateKind::Rank);
        write_varint(&mut out, self.tasks.len() as u64);
        compacted.tasks.iter().for_each(|task| task.write(&mut out));
        out
    }

    /// The state that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// Takes bytes from anywhere: memory grows with the bytes given, not with what they claim.
    ///
    /// # Errors
    /// [`Error::InvalidState`] saying what is wrong and at which byte.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::state(bytes, StateKind::Rank)?;
        let n_tasks = reader.length("number of tasks")?;
        if n_tasks == 0 {
            return Err(reader.error(StateError::OutOfRange("number of tasks")));
        }
        let mut tasks = Vec::new();
        for _ in 0..n_tasks {
            tasks.push(TaskState::read(&mut reader)?);
        }
        reader.end()?;
        Ok(Self { tasks })
    }

    /// The areas of each task.
    pub fn areas(&mut self) -> Vec<Areas> {
        threads::map(self.tasks.iter_mut().collect(), |task| task.areas())
    }

    /// The points of one task's curve.
    pub(crate) fn points(&mut self, task: usize) -> Option<Vec<Point>> {
        self.tasks.get_mut(task).map(TaskState::points)
    }

    pub(crate) fn compact(&mut self) {
        threads::map(self.tasks.iter_mut().collect(), |task| task.compact());
    }

    /// Whether a task may take samples of this kind, that many counted ones, and that much weight.
    pub(crate) fn check(
        &self,
        op: &'static str,
        task: usize,
        kind: ScoreKind,
        n_counted: u64,
        weight: f64,
    ) -> Result<()> {
        let state = &self.tasks[task];
        if let Some(held) = state.kind()
            && held.join(kind).is_none()
        {
            return Err(Error::ScoreTypeMismatch { op, given: kind.name(), held: held.name() });
        }
        let n_samples = state.n_counted().saturating_add(n_counted);
        if n_samples > MAX_SAMPLES {
            return Err(Error::TooManySamples { op, task, n_samples, max: MAX_SAMPLES });
        }
        if state.fractional_weight() + weight + n_samples as f64 >= WEIGHT_LIMIT {
            return Err(Error::WeightOverflow { op, task });
        }
        Ok(())
    }

    /// Appends samples to a task; [`check`](Self::check) must have passed. With weights, these and the
    /// samples must be valid.
    ///
    /// # Errors
    /// The first bad sample; the task is then unchanged.
    pub(crate) fn append<K: KeptKey>(
        &mut self,
        task: usize,
        samples: &dyn Samples<K>,
        kind: ScoreKind,
        weights: Option<&[f64]>,
    ) -> Result<(), Bad> {
        match weights {
            None => self.tasks[task].append(samples, kind),
            Some(weights) => {
                self.tasks[task].append_weighted(samples, kind, weights);
                Ok(())
            }
        }
    }

    /// The kind of scores a task holds, if it holds any.
    pub fn score_kind(&self, task: usize) -> Option<ScoreKind> {
        self.tasks.get(task).and_then(TaskState::kind)
    }

    /// Whether samples of this kind, so many a task, may be added.
    ///
    /// # Errors
    /// [`Error::ScoreTypeMismatch`], [`Error::TooManySamples`].
    pub fn check_counted(&self, op: &'static str, kind: ScoreKind, n_samples: u64) -> Result<()> {
        (0..self.n_tasks()).try_for_each(|task| self.check(op, task, kind, n_samples, 0.0))
    }

    /// Adds samples that were ranked elsewhere, say on a device: for each task the keys of its
    /// distinct scores, decreasing, and how many positives and negatives have each.
    ///
    /// # Errors
    /// As [`check_counted`](Self::check_counted), and [`Error::MergeTasks`] for another number of
    /// tasks; the state is then unchanged.
    pub fn append_groups(
        &mut self,
        op: &'static str,
        kind: ScoreKind,
        tasks: &[Vec<[u64; 3]>],
    ) -> Result<()> {
        if tasks.len() != self.n_tasks() {
            let (given, n_tasks) = (tasks.len(), self.n_tasks());
            return Err(Error::MergeTasks { op, given, n_tasks });
        }
        for (task, groups) in tasks.iter().enumerate() {
            let n_samples =
                groups.iter().map(|[_, positives, negatives]| positives + negatives).sum();
            self.check(op, task, kind, n_samples, 0.0)?;
        }
        for (task, groups) in
            self.tasks.iter_mut().zip(tasks).filter(|(_, groups)| !groups.is_empty())
        {
            task.append_runs(
                kind,
                groups.iter().map(|&[key, n_positives, n_negatives]| Run {
                    key,
                    n_positives,
                    n_negatives,
                }),
            );
        }
        Ok(())
    }

    /// Takes in all samples of another state.
    ///
    /// # Errors
    /// [`Error::MergeTasks`], [`Error::ScoreTypeMismatch`], [`Error::TooManySamples`],
    /// [`Error::WeightOverflow`]; this state is then unchanged.
    pub(crate) fn merge(&mut self, op: &'static str, other: &Self) -> Result<()> {
        if self.n_tasks() != other.n_tasks() {
            let (given, n_tasks) = (other.n_tasks(), self.n_tasks());
            return Err(Error::MergeTasks { op, given, n_tasks });
        }
        for (task, theirs) in other.tasks.iter().enumerate() {
            if let Some(kind) = theirs.kind() {
                self.check(op, task, kind, theirs.n_counted(), theirs.fractional_weight())?;
            }
        }
        for (ours, theirs) in self.tasks.iter_mut().zip(&other.tasks) {
            ours.merge(theirs);
        }
        Ok(())
    }
}

impl PartialEq for RankState {
    /// Whether both hold the same multiset of samples.
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}
