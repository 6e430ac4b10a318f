//! States: plain data that says all a metric knows, saves, loads, merges and travels anywhere.

mod auc;
mod codec;
mod runs;
mod samples;
mod slot;
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
use crate::float_mode::in_default_mode;
use crate::kind::ScoreKind;
use crate::reserve::{filled, room};
use crate::threads;
use samples::KeptKey;
use slot::Slot;
use task::{TaskState, Totals};

/// All samples that an exact ranking metric has seen, one part a task.
///
/// The same multiset of samples with their weights gives the same [bytes](Self::to_bytes), whatever the
/// order, the batches, the merges or the backend. One state serves every exact metric: what a
/// [`BinaryAuprc`](crate::BinaryAuprc) saved, a [`BinaryAuroc`](crate::BinaryAuroc) can load.
///
/// Memory: 4 bytes a sample for f32 scores (8 for f64), less where scores repeat, since those are
/// counted; 16-bit scores take constant memory. From a million samples on, there may be 4 MiB more in
/// pieces that are not full yet. A state that comes from bytes or from a metric takes little more memory
/// than its bytes; a task without samples takes none. A metric into which others were merged takes no
/// more than they do.
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
    /// How much all tasks hold together, not each sample.
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
pub const MAX_TASKS: usize = 1 << 24;
/// Tasks that are read at once: each takes some memory while it is read.
const AT_ONCE: usize = 1 << 12;

impl RankState {
    /// A state of this many tasks, without samples.
    pub(crate) fn new(n_tasks: usize) -> Self {
        Self { n_tasks, held: Vec::new() }
    }

    /// Number of tasks.
    pub fn n_tasks(&self) -> usize {
        self.n_tasks
    }

    /// Whether no task has a sample of non-zero weight.
    pub fn is_empty(&self) -> bool {
        self.held.iter().all(|(_, slot)| slot.is_empty())
    }

    /// The state in its one byte form.
    ///
    /// `tmst`, version, kind 1, number of tasks; then a task after the other: the score type, its
    /// runs of equal scores from high to low, and its samples that are weighed. Numbers are LEB128. A
    /// million random f32 scores take 1 to 3 bytes each.
    ///
    /// The version is 1 where that can say all. It is 2 where the counts of some task stand for weights
    /// (and nothing is weighed, so that it matters), or where a whole weight above 2^20 and up to 2^53
    /// is weighed, which version 1 counts. The score type of such a task has its high bit set.
    pub fn to_bytes(&self) -> Vec<u8> {
        in_default_mode(|| {
            let needs_version_2 = self.held.iter().any(|(_, slot)| slot.needs_version_2());
            let mut out = header(StateKind::Rank, needs_version_2);
            write_varint(&mut out, self.n_tasks as u64);
            let n_bytes = self.held.iter().map(|(_, slot)| slot.n_bytes()).sum::<usize>();
            out.reserve_exact(self.n_tasks - self.held.len() + n_bytes);
            let mut n_written = 0;
            for (task, slot) in &self.held {
                out.resize(out.len() + task - n_written, 0);
                slot.write(&mut out);
                n_written = task + 1;
            }
            out.resize(out.len() + self.n_tasks - n_written, 0);
            out
        })
    }

    /// The state that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// The bytes may come from anywhere. All of them are checked before memory is taken, so wrong bytes
    /// cost none. A state takes at most 6 bytes of memory a byte; a task without samples takes none.
    ///
    /// # Errors
    /// [`Error::InvalidState`] saying what is wrong and at which byte; [`Error::OutOfMemory`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        in_default_mode(|| Self::checked(bytes))
    }

    fn checked(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::state(bytes, StateKind::Rank)?;
        let n_tasks = reader.length("number of tasks")?;
        if !(1..=MAX_TASKS).contains(&n_tasks) {
            return Err(reader.error(StateError::OutOfRange("number of tasks")));
        }
        let mut again = reader.clone();
        let (mut n_held, mut last, mut needs_version_2) = (0, None, false);
        for task in 0..n_tasks {
            let start = reader.offset();
            let totals = TaskState::check(&mut reader)?;
            if totals.kind.is_some() {
                n_held += 1;
                needs_version_2 |= totals.needs_version_2;
                last = Some((task, reader.since(start), totals));
            }
        }
        reader.end(needs_version_2)?;
        let mut held = room("rank state", n_held)?;
        // The last one is known: a large state is often one task.
        for task in 0..n_tasks {
            if held.len() + 1 >= n_held {
                break;
            }
            let start = again.offset();
            let totals = TaskState::check(&mut again)?;
            if totals.kind.is_some() {
                held.push((task, Slot::packed(again.since(start), totals)));
            }
        }
        held.extend(last.map(|(task, bytes, totals)| (task, Slot::packed(bytes, totals))));
        Ok(Self { n_tasks, held })
    }

    /// The areas of each task: 64 bytes for each, with samples or without.
    pub fn areas(&mut self) -> Vec<Areas> {
        in_default_mode(|| {
            let mut all = vec![Areas::none(); self.n_tasks];
            self.read_held(&mut all, |areas| *areas);
            all
        })
    }

    /// What `read` makes of the areas of each task.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub(crate) fn read<R: Clone + Send>(
        &mut self,
        op: &'static str,
        read: impl Fn(&Areas) -> R + Sync + Send,
    ) -> Result<Vec<R>> {
        let mut all = filled(op, self.n_tasks, read(&Areas::none()))?;
        self.read_held(&mut all, read);
        Ok(all)
    }

    /// Puts what `read` makes of the areas of each task that may hold something in its place.
    fn read_held<R: Send>(&mut self, all: &mut [R], read: impl Fn(&Areas) -> R + Sync + Send) {
        for held in self.held.chunks_mut(AT_ONCE) {
            let held = held.iter_mut().collect();
            for (task, value) in threads::map(held, |(task, slot)| (*task, read(&slot.areas()))) {
                all[task] = value;
            }
        }
    }

    /// The points of one task's curve.
    ///
    /// # Errors
    /// [`Error::UnknownTask`], [`Error::OutOfMemory`].
    pub(crate) fn points(&mut self, op: &'static str, task: usize) -> Result<Vec<Point>> {
        self.slot(op, task)?.map_or(Ok(Vec::new()), Slot::points)
    }

    /// Calls `visit` with each of the [`points`](Self::points).
    ///
    /// # Errors
    /// [`Error::UnknownTask`].
    pub(crate) fn for_each_point(
        &mut self,
        op: &'static str,
        task: usize,
        visit: impl FnMut(Point),
    ) -> Result<()> {
        if let Some(slot) = self.slot(op, task)? {
            slot.for_each_point(visit);
        }
        Ok(())
    }

    /// What is held of a task, if anything.
    fn slot(&mut self, op: &'static str, task: usize) -> Result<Option<&mut Slot>> {
        let n_tasks = self.n_tasks;
        if task >= n_tasks {
            return Err(Error::UnknownTask { op, task, n_tasks });
        }
        let position = self.position(task).ok();
        Ok(position.map(|position| &mut self.held[position].1))
    }

    /// A copy that holds its tasks as bytes. The samples of this state are counted and sorted first.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where there are too many tasks.
    pub(crate) fn saved(&mut self) -> Result<Self> {
        for held in self.held.chunks_mut(AT_ONCE) {
            threads::map(held.iter_mut().collect(), |(_, slot)| slot.compact());
        }
        let is_held = |(_, slot): &&(usize, Slot)| !slot.is_empty();
        let mut held = room("state", self.held.iter().filter(is_held).count())?;
        held.extend(self.held.iter().filter(is_held).map(|(task, slot)| (*task, slot.to_packed())));
        Ok(Self { n_tasks: self.n_tasks, held })
    }

    /// Where a task is among those that may hold something, or would be.
    fn position(&self, task: usize) -> Result<usize, usize> {
        match self.held.get(task) {
            Some((at, _)) if *at == task => Ok(task),
            _ => self.held.binary_search_by_key(&task, |(task, _)| *task),
        }
    }

    fn totals(&self, task: usize) -> Totals {
        self.position(task).map_or(Totals::default(), |position| self.held[position].1.totals())
    }

    /// Makes a place for each task, so that samples of all of them can be added.
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

    /// Whether a task may take samples of this kind, that many counted ones, and that much weight.
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
    /// The first bad sample; the task is then unchanged.
    pub(crate) fn append<K: KeptKey>(
        &mut self,
        task: usize,
        samples: &dyn Samples<K>,
        kind: ScoreKind,
        weights: Option<&[f64]>,
    ) -> Result<(), Bad> {
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
    pub fn score_kind(&self, task: usize) -> Option<ScoreKind> {
        self.position(task).ok().and_then(|position| self.held[position].1.kind())
    }

    /// Whether samples of this kind, so many a task, may be added.
    ///
    /// # Errors
    /// [`Error::ScoreTypeMismatch`], [`Error::TooManySamples`].
    pub fn check_counted(&self, op: &'static str, kind: ScoreKind, n_samples: u64) -> Result<()> {
        // The first that has no place stands for all that have none.
        let empty = (self.held.len() < self.n_tasks)
            .then(|| (0..).zip(&self.held).take_while(|(i, (task, _))| i == task).count());
        let mut tasks = self.held.iter().map(|(task, _)| *task).chain(empty);
        in_default_mode(|| tasks.try_for_each(|task| self.check(op, task, kind, n_samples, 0.0)))
    }

    /// Adds samples that were ranked elsewhere, say on a device: for each task the keys of its
    /// distinct scores, decreasing, and how many positives and negatives have each.
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
        for (task, theirs) in &other.held {
            let Totals { kind, n_counted, fractional_weight, .. } = theirs.totals();
            if let Some(kind) = kind {
                self.check(op, *task, kind, n_counted, fractional_weight)?;
            }
        }
        self.make_places_of(op, other)?;
        let mut ours = self.held.iter_mut();
        for (task, theirs) in &other.held {
            // A place was made for each of theirs, and both are in order.
            if let Some((_, ours)) = ours.find(|(ours, _)| ours == task) {
                ours.merge(theirs);
            }
        }
        Ok(())
    }

    /// Makes a place for each task that may hold something in another state.
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

/// The samples in groups of equal scores; saturates.
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
