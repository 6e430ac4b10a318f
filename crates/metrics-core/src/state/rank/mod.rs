//! The state of the exact metrics: the samples of each task.

mod bytes;

use std::fmt;

use super::runs::Run;
use super::samples::RawKey;
use super::slot::Slot;
use super::task::Totals;
use crate::arith::exact::{MAX_SAMPLES, WEIGHT_LIMIT};
use crate::arith::float_mode::in_default_mode;
use crate::arith::threads;
use crate::counts::ranked::TieGroup;
use crate::counts::ranking::Ranking;
use crate::counts::sums::RankSums;
use crate::cpu::{InvalidSample, Samples};
use crate::element::kind::ScoreKind;
use crate::error::{Error, Result};
use crate::reserve::room;

/// All samples of an exact ranking metric, task by task.
///
/// The same multiset of samples with their weights gives the same [bytes](Self::to_bytes), whatever the
/// order, the batches, the merges or the backend. One state serves every exact metric: a
/// [`BinaryAuroc`](crate::BinaryAuroc) can load the state of a [`BinaryAuprc`](crate::BinaryAuprc).
///
/// Memory: 4 bytes per sample for f32 scores (8 for f64), less where scores repeat, since those are
/// counted; 16-bit scores take constant memory. From a million samples on, pieces that are not yet full
/// may take 4 MiB more. A state that comes from bytes or from a metric takes little more memory than its
/// bytes; a task without samples takes none. A metric into which others were merged takes no more than
/// they do together.
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
    n_tasks: usize,
    /// The tasks that may hold samples, in order of their numbers. A task that is not listed has none.
    held: Vec<(usize, Slot)>,
}

impl fmt::Debug for RankState {
    /// The totals of all tasks, not each sample.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = || self.held.iter().map(|(_, slot)| slot.totals());
        f.debug_struct("RankState")
            .field("n_tasks", &self.n_tasks())
            .field("n_counted", &totals().map(|task| u128::from(task.n_counted)).sum::<u128>())
            .field(
                "fractional_weight",
                &totals().fold(0.0, |sum, task| sum + task.fractional_weight),
            )
            .field("score_kind", &totals().find_map(|task| task.kind))
            .finish_non_exhaustive()
    }
}

/// The most tasks that a metric or a state may have.
///
/// ```
/// assert!(metrics_core::slice::BinaryAuprc::new().tasks(metrics_core::MAX_TASKS + 1).is_err());
/// ```
pub const MAX_TASKS: usize = 1 << 24;
/// Most tasks that are read at once: each takes memory while it is read.
const AT_ONCE: usize = 1 << 12;

impl RankState {
    /// A state of this many tasks, without samples.
    pub(crate) fn new(n_tasks: usize) -> Self {
        Self { n_tasks, held: Vec::new() }
    }

    /// Number of tasks.
    ///
    /// ```
    /// assert_eq!(metrics_core::slice::BinaryAuprc::new().tasks(3)?.state()?.n_tasks(), 3);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn n_tasks(&self) -> usize {
        self.n_tasks
    }

    /// Whether no task has a sample of non-zero weight.
    ///
    /// ```
    /// assert!(metrics_core::slice::BinaryAuprc::new().state()?.is_empty());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.held.iter().all(|(_, slot)| slot.is_empty())
    }

    /// The sums over the ranking of each task: 64 bytes per task, with or without samples.
    ///
    /// ```
    /// let mut auroc = metrics_core::slice::BinaryAuroc::new();
    /// auroc.update(&[0.2, 0.7], &[0, 1])?;
    /// assert_eq!(auroc.state()?.rank_sums()?[0].auroc(), Some(1.0));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn rank_sums(&mut self) -> Result<Vec<RankSums>> {
        in_default_mode(|| {
            let mut all = room("rank sums", self.n_tasks)?;
            self.for_each_sums(|_, sums| {
                all.push(sums);
                Ok(())
            })?;
            Ok(all)
        })
    }

    /// Calls `f` with the ranking of each task.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], and those of `f`.
    pub(crate) fn rank(
        &mut self,
        op: &'static str,
        needs_counts: bool,
        mut f: impl FnMut(usize, Ranking) -> Result<()>,
    ) -> Result<()> {
        if needs_counts {
            return (0..self.n_tasks).try_for_each(|task| f(task, self.ranking(op, task, true)?));
        }
        self.for_each_sums(|task, sums| f(task, Ranking::Sums(sums)))
    }

    /// The ranking of one task.
    ///
    /// # Errors
    /// [`Error::UnknownTask`], [`Error::OutOfMemory`].
    pub(crate) fn ranking(
        &mut self,
        op: &'static str,
        task: usize,
        needs_counts: bool,
    ) -> Result<Ranking> {
        let Some(slot) = self.slot(op, task)? else { return Ok(Ranking::none(needs_counts)) };
        if needs_counts {
            return slot.counts(op).map(Ranking::Counts);
        }
        Ok(Ranking::Sums(slot.sums()))
    }

    /// Calls `visit` with the samples of each distinct score of one task, from the highest to the lowest.
    ///
    /// # Errors
    /// [`Error::UnknownTask`].
    pub(crate) fn for_each_group(
        &mut self,
        op: &'static str,
        task: usize,
        visit: impl FnMut(TieGroup),
    ) -> Result<()> {
        if let Some(slot) = self.slot(op, task)? {
            slot.for_each_group(visit);
        }
        Ok(())
    }

    /// The slot of a task, if it has one.
    fn slot(&mut self, op: &'static str, task: usize) -> Result<Option<&mut Slot>> {
        let n_tasks = self.n_tasks;
        if task >= n_tasks {
            return Err(Error::UnknownTask { op, task, n_tasks });
        }
        let position = self.position(task).ok();
        Ok(position.map(|position| &mut self.held[position].1))
    }

    /// Calls `f` with the sums of each task, ranked on several threads.
    fn for_each_sums(&mut self, mut f: impl FnMut(usize, RankSums) -> Result<()>) -> Result<()> {
        let mut next = 0;
        for held in self.held.chunks_mut(AT_ONCE) {
            let held = held.iter_mut().collect();
            for (task, sums) in threads::map(held, |(task, slot)| (*task, slot.sums())) {
                (next..task).try_for_each(|empty| f(empty, RankSums::none()))?;
                f(task, sums)?;
                next = task + 1;
            }
        }
        (next..self.n_tasks).try_for_each(|empty| f(empty, RankSums::none()))
    }

    /// A copy with its tasks as bytes, after the samples of this state were counted and sorted.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where there are too many tasks.
    pub(crate) fn saved(&mut self) -> Result<Self> {
        for held in self.held.chunks_mut(AT_ONCE) {
            threads::map(held.iter_mut().collect(), |(_, slot)| slot.compact());
        }
        let is_held = |(_, slot): &&(usize, Slot)| !slot.is_empty();
        let mut held = room("state", self.held.iter().filter(is_held).count())?;
        held.extend(self.held.iter().filter(is_held).map(|(task, slot)| (*task, slot.saved())));
        Ok(Self { n_tasks: self.n_tasks, held })
    }

    /// The position of a task among the slots, or where its slot would be.
    fn position(&self, task: usize) -> Result<usize, usize> {
        match self.held.get(task) {
            Some((at, _)) if *at == task => Ok(task),
            _ => self.held.binary_search_by_key(&task, |(task, _)| *task),
        }
    }

    fn totals(&self, task: usize) -> Totals {
        self.position(task).map_or(Totals::default(), |position| self.held[position].1.totals())
    }

    /// Makes a slot for each task.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; nothing has changed then.
    pub(crate) fn make_places(&mut self, op: &'static str) -> Result<()> {
        if self.held.len() == self.n_tasks {
            return Ok(());
        }
        let mut all = room(op, self.n_tasks)?;
        let mut held = std::mem::take(&mut self.held).into_iter().peekable();
        all.extend(
            (0..self.n_tasks)
                .map(|task| held.next_if(|(held, _)| *held == task).unwrap_or((task, Slot::EMPTY))),
        );
        self.held = all;
        Ok(())
    }

    /// Checks that a task may take this many counted samples and this much other weight, of this kind.
    pub(crate) fn check(
        &self,
        op: &'static str,
        task: usize,
        kind: ScoreKind,
        n_counted: u64,
        weight: f64,
    ) -> Result<()> {
        let totals = self.totals(task);
        if let Some(held) = totals.kind
            && held.join(kind).is_none()
        {
            return Err(Error::ScoreTypeMismatch { op, given: kind.name(), held: held.name() });
        }
        let n_samples = totals.n_counted.saturating_add(n_counted);
        if n_samples > MAX_SAMPLES {
            return Err(Error::TooManySamples { op, task, n_samples, max: MAX_SAMPLES });
        }
        if totals.fractional_weight + weight + n_samples as f64 >= WEIGHT_LIMIT {
            return Err(Error::WeightOverflow { op, task });
        }
        Ok(())
    }

    /// Appends samples to a task; [`check`](Self::check) must have passed, and
    /// [`make_places`](Self::make_places). With weights, these and the samples must be valid.
    ///
    /// # Errors
    /// The first invalid sample; the task is then unchanged.
    pub(crate) fn append<K: RawKey>(
        &mut self,
        task: usize,
        samples: &dyn Samples<K>,
        kind: ScoreKind,
        weights: Option<&[f64]>,
    ) -> Result<(), InvalidSample> {
        let slot = &mut self.held[task].1;
        match weights {
            None => slot.open().append(samples, kind),
            Some(weights) => {
                if weights.iter().any(|&weight| weight != 0.0) {
                    slot.open().append_weighted(samples, kind, weights);
                }
                Ok(())
            }
        }
    }

    /// The kind of scores a task holds, if it holds any.
    ///
    /// ```
    /// let mut auroc = metrics_core::slice::BinaryAuroc::new();
    /// assert_eq!(auroc.state()?.score_kind(0), None);
    /// auroc.update(&[0.2f32], &[0])?;
    /// assert_eq!(auroc.state()?.score_kind(0), Some(metrics_core::ScoreKind::F32));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn score_kind(&self, task: usize) -> Option<ScoreKind> {
        self.position(task).ok().and_then(|position| self.held[position].1.kind())
    }

    /// Checks that each task may take `n_samples` samples of this kind.
    ///
    /// ```
    /// let state = metrics_core::slice::BinaryAuroc::new().state()?;
    /// assert!(state.check_counted("mine", metrics_core::ScoreKind::F32, 1 << 60).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ScoreTypeMismatch`], [`Error::TooManySamples`], [`Error::WeightOverflow`].
    pub fn check_counted(&self, op: &'static str, kind: ScoreKind, n_samples: u64) -> Result<()> {
        // Tasks without a slot are alike, so one is enough.
        let empty = (self.held.len() < self.n_tasks)
            .then(|| (0..).zip(&self.held).take_while(|(i, (task, _))| i == task).count());
        let mut tasks = self.held.iter().map(|(task, _)| *task).chain(empty);
        in_default_mode(|| tasks.try_for_each(|task| self.check(op, task, kind, n_samples, 0.0)))
    }

    /// Adds samples that were ranked elsewhere, for instance on a device: for each task the keys of its
    /// distinct scores, decreasing, and the positives and negatives of each.
    ///
    /// ```
    /// use metrics_core::{Element, ScoreKind, slice::BinaryAuroc};
    /// let mut state = BinaryAuroc::new().state()?;
    /// let groups = vec![[0.7f32.order_key(), 1, 0], [0.2f32.order_key(), 0, 3]];
    /// state.append_groups("mine", ScoreKind::F32, &[groups])?;
    /// assert_eq!(state.rank_sums()?[0].n_negatives(), 3.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`check_counted`](Self::check_counted); [`Error::MergeTasks`] for another number of tasks;
    /// [`Error::InvalidCounts`] for keys that are not those of scores of this kind or do not decrease,
    /// and for a score that no sample has; [`Error::OutOfMemory`]. The state is then unchanged.
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
            let n_samples = check_groups(op, task, kind, groups)?;
            in_default_mode(|| self.check(op, task, kind, n_samples, 0.0))?;
        }
        self.make_places(op)?;
        let slots = self.held.iter_mut().map(|(_, slot)| slot);
        for (slot, groups) in slots.zip(tasks).filter(|(_, groups)| !groups.is_empty()) {
            let runs = groups.iter().map(|&[key, n_positives, n_negatives]| Run {
                key,
                n_positives,
                n_negatives,
            });
            in_default_mode(|| slot.open().append_runs(kind, runs));
        }
        Ok(())
    }

    /// Adds all samples of another state.
    ///
    /// # Errors
    /// [`Error::MergeTasks`], [`Error::ScoreTypeMismatch`], [`Error::TooManySamples`],
    /// [`Error::WeightOverflow`]; this state is then unchanged.
    pub(crate) fn merge(&mut self, op: &'static str, other: &Self) -> Result<()> {
        if self.n_tasks() != other.n_tasks() {
            let (given, n_tasks) = (other.n_tasks(), self.n_tasks());
            return Err(Error::MergeTasks { op, given, n_tasks });
        }
        for (task, theirs) in &other.held {
            let Totals { kind, n_counted, fractional_weight, .. } = theirs.totals();
            if let Some(kind) = kind {
                self.check(op, *task, kind, n_counted, fractional_weight)?;
            }
        }
        self.make_places_of(op, other)?;
        let mut ours = self.held.iter_mut();
        for (task, theirs) in &other.held {
            // Each task of theirs has a slot here, and both lists are in order.
            if let Some((_, ours)) = ours.find(|(ours, _)| ours == task) {
                ours.merge(theirs);
            }
        }
        Ok(())
    }

    /// Makes a slot for each task that has one in another state.
    fn make_places_of(&mut self, op: &'static str, other: &Self) -> Result<()> {
        let is_missing = |(task, _): &&(usize, Slot)| self.position(*task).is_err();
        let n_missing = other.held.iter().filter(is_missing).count();
        if n_missing == 0 {
            return Ok(());
        }
        let mut all = room(op, self.held.len() + n_missing)?;
        let mut held = std::mem::take(&mut self.held).into_iter().peekable();
        for (task, _) in &other.held {
            while let Some(ours) = held.next_if(|(ours, _)| ours < task) {
                all.push(ours);
            }
            all.push(held.next_if(|(ours, _)| ours == task).unwrap_or((*task, Slot::EMPTY)));
        }
        all.extend(held);
        self.held = all;
        Ok(())
    }
}

/// Checks tie groups of one task; returns their number of samples, saturated.
fn check_groups(
    op: &'static str,
    task: usize,
    kind: ScoreKind,
    groups: &[[u64; 3]],
) -> Result<u64> {
    let (mut n_samples, mut next) = (0u64, Some(u64::MAX));
    for (index, &[key, n_positives, n_negatives]) in groups.iter().enumerate() {
        let invalid = |reason| Err(Error::InvalidCounts { op, task, index, reason });
        if !kind.has_key(key) {
            return invalid("the key is that of no score");
        }
        if next.is_none_or(|next| key > next) {
            return invalid("the keys do not decrease");
        }
        if n_positives == 0 && n_negatives == 0 {
            return invalid("no sample has the score");
        }
        n_samples = n_samples.saturating_add(n_positives).saturating_add(n_negatives);
        next = key.checked_sub(1);
    }
    Ok(n_samples)
}

impl PartialEq for RankState {
    /// Whether both hold the same multiset of samples with their weights.
    fn eq(&self, other: &Self) -> bool {
        in_default_mode(|| {
            let ours = self.held.iter().filter(|(_, slot)| !slot.is_empty());
            let theirs = other.held.iter().filter(|(_, slot)| !slot.is_empty());
            self.n_tasks == other.n_tasks && ours.eq(theirs)
        })
    }
}
