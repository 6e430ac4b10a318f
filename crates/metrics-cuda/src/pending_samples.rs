//! Pending samples of an exact metric, on the device.

use metrics_core::backend::{ElementCheck, IntegerSums};
use metrics_core::{DType, Error, RankState, RankSums, Result, ScoreKind};

use crate::device::{Batch, Device, MAX_BATCH_SAMPLES};
use crate::download::Download;
use crate::pieces::{KindSamples, Span};
use crate::rank::{MAX_UNSCANNED, is_counted};
use crate::rejected::RejectedUpdates;
use crate::status::{BatchError, Origin};
use crate::statuses::{BatchCheck, Statuses};
use crate::stream_owner::StreamOwner;

/// Samples that stay on a device until a metric is read: a key and a label each, 5 bytes for f32 scores.
/// 16-bit scores of one task are counted and take constant memory.
#[derive(Debug)]
pub(crate) struct PendingSamples<D: Device> {
    held: Option<Held<D>>,
    rejected: RejectedUpdates<BatchError>,
}

impl<D: Device> Default for PendingSamples<D> {
    fn default() -> Self {
        Self { held: None, rejected: RejectedUpdates::default() }
    }
}

impl<D: Device> Clone for PendingSamples<D> {
    /// The clone shares memory, which neither of the two writes to again.
    fn clone(&self) -> Self {
        Self { held: self.held.clone(), rejected: self.rejected.clone() }
    }
}

#[derive(Debug, Clone)]
struct Held<D: Device> {
    /// Dropped before the memory: it waits for other threads.
    owner: StreamOwner<D>,
    n_tasks: usize,
    /// Only kinds with samples.
    kinds: Vec<KindSamples<D>>,
    statuses: Statuses<D>,
    /// The batch of each status.
    pending: Vec<Unchecked<D>>,
}

/// A batch whose status was not read yet.
#[derive(Debug)]
struct Unchecked<D: Device> {
    /// Its number, counted since the metric was last read.
    update: usize,
    kind: usize,
    n_samples: usize,
    /// The place of its samples, unless they were counted.
    span: Option<Span<D>>,
}

impl<D: Device> Clone for Unchecked<D> {
    fn clone(&self) -> Self {
        Self { span: self.span.clone(), ..*self }
    }
}

impl<D: Device> PendingSamples<D> {
    /// Adds a batch on the device, without waiting for it.
    ///
    /// In two cases it waits and first moves the pending samples to the state: when the batch comes from another
    /// device or stream, and when all samples do not fit one sort.
    ///
    /// # Errors
    /// [`Error::MergeTasks`] for another number of tasks than the state has,
    /// [`Error::ScoreTypeMismatch`], [`Error::TooManySamples`], [`Error::Backend`], also for a batch
    /// of 2^32 samples or more; nothing has changed then.
    pub(crate) fn update(
        &mut self,
        device: &D,
        batch: &Batch,
        state: &mut RankState,
    ) -> Result<()> {
        batch.check()?;
        if batch.n_tasks != state.n_tasks() {
            let (op, given, n_tasks) = (batch.op, batch.n_tasks, state.n_tasks());
            return Err(Error::MergeTasks { op, given, n_tasks });
        }
        if batch.is_empty() {
            return Ok(());
        }
        let kind = ScoreKind::of(batch.scores.dtype);
        if self.held.as_ref().is_some_and(|held| !held.takes(device, batch, kind)) {
            self.move_to(state)?;
        }
        self.check_kind(batch.op, kind)?;
        let n_samples = self.n_samples() + batch.n_samples;
        state.check_counted(batch.op, kind, n_samples as u64)?;
        let held = self.held.get_or_insert_with(|| Held::new(device, batch.n_tasks));
        match held.add(batch, kind) {
            Ok((kind, span)) => {
                let (update, n_samples) = (self.rejected.number(), batch.n_samples);
                held.pending.push(Unchecked { update, kind, n_samples, span });
                Ok(())
            }
            Err(error) => {
                self.held.take_if(|held| held.kinds.is_empty());
                Err(error)
            }
        }
    }

    /// Counts an update with scores of this type that is not queued: `add` adds it to the state at once.
    ///
    /// # Errors
    /// [`Error::ScoreTypeMismatch`] where no type holds these scores and the pending ones exactly, and the
    /// errors of `add`; nothing has changed then.
    pub(crate) fn bypass(
        &mut self,
        op: &'static str,
        dtype: DType,
        add: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        self.check_kind(op, ScoreKind::of(dtype))?;
        add()?;
        self.rejected.number();
        Ok(())
    }

    /// Checks that a kind holds these scores and the pending ones exactly.
    fn check_kind(&mut self, op: &'static str, kind: ScoreKind) -> Result<()> {
        if self.clash(kind).is_some() {
            // The pending scores may be of invalid batches, which no longer count then.
            self.resolve()?;
        }
        match self.clash(kind) {
            None => Ok(()),
            Some(held) => {
                Err(Error::ScoreTypeMismatch { op, given: kind.name(), held: held.name() })
            }
        }
    }

    /// A kind of pending scores that cannot join this one.
    fn clash(&self, kind: ScoreKind) -> Option<ScoreKind> {
        let mut kinds =
            self.held.iter().flat_map(|held| &held.kinds).map(|kind_samples| kind_samples.kind);
        kinds.find(|held| held.join(kind).is_none())
    }

    /// Samples of a task, including those that are not checked yet.
    fn n_samples(&self) -> usize {
        let kinds = self.held.iter().flat_map(|held| &held.kinds);
        kinds.map(|kind_samples| kind_samples.n_samples).sum()
    }

    /// Waits for the batches that are not checked yet, and notes those to be rejected.
    fn resolve(&mut self) -> Result<()> {
        let Some(held) = &mut self.held else { return Ok(()) };
        held.resolve(&mut self.rejected)?;
        self.held.take_if(|held| held.kinds.is_empty());
        Ok(())
    }

    /// Moves the samples of valid batches to the state. The next read reports the rejected ones.
    fn move_to(&mut self, state: &mut RankState) -> Result<()> {
        self.resolve()?;
        if let Some(held) = &mut self.held {
            held.move_to(state)?;
        }
        self.held = None;
        Ok(())
    }
}

impl<D: Device> PendingSamples<D> {
    /// Waits for the device and moves its samples to the state.
    ///
    /// # Errors
    /// [`Error::RejectedUpdates`], once, for invalid batches.
    pub(crate) fn flush(&mut self, state: &mut RankState) -> Result<()> {
        self.move_to(state)?;
        self.rejected.report()
    }

    /// The sums of each task, if all samples are pending and of one kind; else flushes all and returns `None`.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub(crate) fn rank_sums(&mut self, state: &mut RankState) -> Result<Option<Vec<RankSums>>> {
        match &mut self.held {
            Some(held) if state.is_empty() && held.kinds.len() == 1 => {
                let sums = held.rank_sums(&mut self.rejected)?;
                self.held.take_if(|held| held.kinds.is_empty());
                self.rejected.report()?;
                sums.map(Some)
            }
            _ => {
                self.flush(state)?;
                Ok(None)
            }
        }
    }
}

impl<D: Device> Held<D> {
    fn new(device: &D, n_tasks: usize) -> Self {
        let (owner, statuses) = (StreamOwner::new(device.clone()), Statuses::default());
        Self { owner, n_tasks, kinds: Vec::new(), statuses, pending: Vec::new() }
    }

    /// Whether a batch can join the pending samples: on the same device and stream, in one sort.
    fn takes(&self, device: &D, batch: &Batch, kind: ScoreKind) -> bool {
        let same = self.kinds.iter().find(|kind_samples| kind_samples.kind == kind);
        let n_samples = same.map_or(0, |kind_samples| kind_samples.n_samples) + batch.n_samples;
        let fits = self.n_tasks.checked_mul(n_samples).is_some_and(|n| n <= MAX_BATCH_SAMPLES);
        // Pieces have as many rows as the first batch had tasks.
        self.owner.is(device)
            && self.n_tasks == batch.n_tasks
            && (fits || is_counted(kind, self.n_tasks))
    }

    /// Queues the input scan of a batch; returns the position of its kind and the place of its samples.
    fn add(&mut self, batch: &Batch, kind: ScoreKind) -> Result<(usize, Option<Span<D>>)> {
        let queue = self.owner.queue(batch.op)?;
        let found = self.kinds.iter().position(|kind_samples| kind_samples.kind == kind);
        let index = found.unwrap_or(self.kinds.len());
        let mut fresh = KindSamples::new(kind);
        let kind_samples = self.kinds.get_mut(index).unwrap_or(&mut fresh);
        let status = self.statuses.next(&queue, Origin::new(batch, ElementCheck::NotNan))?;
        let span = kind_samples.add(&queue, batch, status);
        if span.is_err() {
            self.statuses.forget_last();
        } else if found.is_none() {
            self.kinds.push(fresh);
        }
        Ok((index, span?))
    }

    /// The sums of all samples. The inner error is that of impossible sums; the caller first reports rejected
    /// updates, which explain it.
    fn rank_sums(
        &mut self,
        rejected: &mut RejectedUpdates<BatchError>,
    ) -> Result<Result<Vec<RankSums>>> {
        let is_scanned = |kind_samples: &KindSamples<D>| {
            !kind_samples.is_counted() && self.n_tasks * kind_samples.n_samples > MAX_UNSCANNED
        };
        if self.kinds.iter().any(is_scanned) {
            self.resolve(rejected)?;
        }
        if self.kinds.is_empty() {
            return Ok(Ok(vec![IntegerSums::default().into(); self.n_tasks]));
        }
        let (sums, checks) = self.read_sums()?;
        self.owner.wait_for_others()?;
        self.apply_checks(checks, rejected);
        Ok(sums)
    }

    /// The sums of all samples of the first kind, and the checks of the batches that were not checked yet. The
    /// sums include these batches; if one is invalid, the caller reports its error instead of the sums.
    fn read_sums(&mut self) -> Result<(Result<Vec<RankSums>>, Vec<BatchCheck>)> {
        let unseen: Vec<_> = self.pending.iter().filter_map(|batch| batch.span.as_ref()).collect();
        let queue = self.owner.queue("rank sums")?;
        let sums = self.kinds[0].sums(&queue, self.n_tasks, &unseen)?;
        let mut download = Download::new();
        let (sums, slabs) = (download.add(&sums), self.statuses.add_to(&mut download));
        let read = download.wait(&queue)?;
        let sums = read.get(sums).into_iter().enumerate();
        let sums = sums.map(|(task, sums)| sums.rank_sums(task)).collect();
        Ok((sums, self.statuses.checks(&read, slabs)))
    }

    /// Waits for the batches that are not checked yet.
    fn resolve(&mut self, rejected: &mut RejectedUpdates<BatchError>) -> Result<()> {
        if !self.pending.is_empty() {
            let checks = self.statuses.wait(&self.owner.queue("check")?)?;
            self.owner.wait_for_others()?;
            self.apply_checks(checks, rejected);
        }
        Ok(())
    }

    /// Adds the valid batches and drops the rejected ones; removes kinds that have no other samples.
    fn apply_checks(
        &mut self,
        checks: Vec<BatchCheck>,
        rejected: &mut RejectedUpdates<BatchError>,
    ) {
        for (batch, check) in self.pending.drain(..).zip(checks) {
            let kind_samples = &mut self.kinds[batch.kind];
            match check {
                Ok(range) => kind_samples.take(batch.span, range),
                Err(error) => {
                    kind_samples.n_samples -= batch.n_samples;
                    rejected.reject(batch.update, error);
                }
            }
        }
        self.statuses = Statuses::default();
        self.kinds.retain(|kind_samples| kind_samples.n_samples > 0);
    }

    /// Moves all samples to the state; all must be checked.
    fn move_to(&mut self, state: &mut RankState) -> Result<()> {
        self.owner.wait_for_others()?;
        let queue = self.owner.queue("flush")?;
        while let Some(kind_samples) = self.kinds.last() {
            let tasks = kind_samples.groups(&queue, self.n_tasks)?;
            state.append_groups("flush", kind_samples.kind, &tasks)?;
            self.kinds.pop();
        }
        Ok(())
    }
}

#[cfg(all(test, any(emulated, not(feature = "kernels"))))]
mod tests {
    use metrics_core::backend::StateMut;
    use metrics_core::{BinaryAuprc, Host};

    use super::*;
    use crate::simulated::{Given, Simulated};

    #[test]
    fn what_no_sort_holds_makes_way_to_the_state() {
        let device = Simulated::new(5);
        let no_samples = || BinaryAuprc::<Host>::new().state().unwrap();
        let (mut state, mut expected) = (no_samples(), no_samples());
        let mut pending = PendingSamples::default();
        let [three, four] = [3, 4].map(|n| Given::new(&vec![n as f32; n], &vec![1; n], 1));
        pending.update(&device, &three.batch(), &mut state).unwrap();

        let held = pending.held.as_mut().unwrap();
        held.kinds[0].n_samples = MAX_BATCH_SAMPLES - 3;
        let takes = |given: &Given, kind| held.takes(&device, &given.batch(), kind);
        assert!(takes(&three, ScoreKind::F32) && !takes(&four, ScoreKind::F32));
        // Another kind is another sort, and counted samples need no sort.
        assert!(takes(&four, ScoreKind::F64) && takes(&four, ScoreKind::Bf16));

        pending.update(&device, &four.batch(), &mut state).unwrap();
        assert_eq!(pending.n_samples(), 4);
        for given in [&three, &four] {
            StateMut::Rank(&mut expected).update(&given.on_host()).unwrap();
        }
        pending.flush(&mut state).unwrap();
        assert!(state == expected);
    }
}
