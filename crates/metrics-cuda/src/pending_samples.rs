//! The samples of an exact metric that are still on the device.

use metrics_core::backend::{ElementCheck, IntegerSums};
use metrics_core::{DType, Error, RankState, RankSums, Result, ScoreKind};

use crate::device::{Batch, Device, MOST_SAMPLES};
use crate::pieces::{OfKind, Span};
use crate::rank::{UNSCANNED, is_counted};
use crate::reading::Reading;
use crate::rejected::RejectedUpdates;
use crate::status::{BatchError, Origin};
use crate::statuses::{BatchCheck, Statuses};
use crate::stream_owner::StreamOwner;

/// Samples kept on a device until a metric is read: a key and a label each, 5 bytes for f32 scores;
/// constant memory for 16-bit scores of one task, which are counted.
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
    /// Shares memory, which neither of the two writes to again.
    fn clone(&self) -> Self {
        Self { held: self.held.clone(), rejected: self.rejected.clone() }
    }
}

#[derive(Debug, Clone)]
struct Held<D: Device> {
    home: StreamOwner<D>,
    n_tasks: usize,
    /// None without samples.
    kinds: Vec<OfKind<D>>,
    statuses: Statuses<D>,
    /// What each status is of.
    pending: Vec<Unchecked<D>>,
}

/// A batch that nobody has waited for yet.
#[derive(Debug)]
struct Unchecked<D: Device> {
    /// Its number since the metric was last read.
    update: usize,
    kind: usize,
    n_samples: usize,
    /// Where its samples are, if they were not counted.
    span: Option<Span<D>>,
}

impl<D: Device> Clone for Unchecked<D> {
    fn clone(&self) -> Self {
        Self { span: self.span.clone(), ..*self }
    }
}

impl<D: Device> PendingSamples<D> {
    /// Keeps a batch on the device, without waiting for it.
    ///
    /// Waits where what is kept must make way: it moves to the state when a batch comes from another
    /// device or stream, and when there are more samples than fit one sort.
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

    /// Counts an update with scores of this type, which `add` brings to the state at once.
    ///
    /// # Errors
    /// [`Error::ScoreTypeMismatch`] where the scores do not compare with those kept, and what `add`
    /// returns; nothing has changed then.
    pub(crate) fn pass_by(
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

    /// Whether scores of this kind compare with those kept.
    fn check_kind(&mut self, op: &'static str, kind: ScoreKind) -> Result<()> {
        if self.clash(kind).is_some() {
            // What they do not compare with may be of batches that turn out bad.
            self.resolve()?;
        }
        match self.clash(kind) {
            None => Ok(()),
            Some(held) => {
                Err(Error::ScoreTypeMismatch { op, given: kind.name(), held: held.name() })
            }
        }
    }

    /// A kind of scores kept that does not compare with this one.
    fn clash(&self, kind: ScoreKind) -> Option<ScoreKind> {
        let mut kinds = self.held.iter().flat_map(|held| &held.kinds).map(|of_kind| of_kind.kind);
        kinds.find(|held| held.join(kind).is_none())
    }

    /// Samples of a task, those included that may turn out bad.
    fn n_samples(&self) -> usize {
        let kinds = self.held.iter().flat_map(|held| &held.kinds);
        kinds.map(|of_kind| of_kind.n_samples).sum()
    }

    /// Waits for the batches that nobody has waited for yet; what is wrong with them is noted.
    fn resolve(&mut self) -> Result<()> {
        let Some(held) = &mut self.held else { return Ok(()) };
        held.resolve(&mut self.rejected)?;
        self.held.take_if(|held| held.kinds.is_empty());
        Ok(())
    }

    /// Moves what is good to the state. What is wrong with the rest is said at the next read.
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

    /// The sums of each task, where all samples are pending and of one kind; else all are flushed.
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
        let (home, statuses) = (StreamOwner::new(device.clone()), Statuses::default());
        Self { home, n_tasks, kinds: Vec::new(), statuses, pending: Vec::new() }
    }

    /// Whether a batch may join what is kept: it lies in the same place, and one sort can hold both.
    fn takes(&self, device: &D, batch: &Batch, kind: ScoreKind) -> bool {
        let same = self.kinds.iter().find(|of_kind| of_kind.kind == kind);
        let n_samples = same.map_or(0, |of_kind| of_kind.n_samples) + batch.n_samples;
        let fits = self.n_tasks.checked_mul(n_samples).is_some_and(|n| n <= MOST_SAMPLES);
        // Pieces have as many rows as the first batch had tasks.
        self.home.is(device)
            && self.n_tasks == batch.n_tasks
            && (fits || is_counted(kind, self.n_tasks))
    }

    /// Queues the reading of a batch: which of the kinds it is, and where its samples will be.
    fn add(&mut self, batch: &Batch, kind: ScoreKind) -> Result<(usize, Option<Span<D>>)> {
        let queue = self.home.queue(batch.op)?;
        let found = self.kinds.iter().position(|of_kind| of_kind.kind == kind);
        let index = found.unwrap_or(self.kinds.len());
        let mut fresh = OfKind::new(kind);
        let of_kind = self.kinds.get_mut(index).unwrap_or(&mut fresh);
        let status = self.statuses.next(&queue, Origin::new(batch, ElementCheck::NotNan))?;
        let span = of_kind.add(&queue, batch, status);
        if span.is_err() {
            self.statuses.forget_last();
        } else if found.is_none() {
            self.kinds.push(fresh);
        }
        Ok((index, span?))
    }

    /// The sums of all samples; or what is wrong with them, which is less to the point than what is
    /// wrong with a batch.
    fn rank_sums(
        &mut self,
        rejected: &mut RejectedUpdates<BatchError>,
    ) -> Result<Result<Vec<RankSums>>> {
        let is_scanned = |of_kind: &OfKind<D>| {
            !of_kind.is_counted() && self.n_tasks * of_kind.n_samples > UNSCANNED
        };
        if self.kinds.iter().any(is_scanned) {
            self.resolve(rejected)?;
        }
        if self.kinds.is_empty() {
            return Ok(Ok(vec![IntegerSums::default().into(); self.n_tasks]));
        }
        let (sums, told) = self.read_sums()?;
        self.sort_out(told, rejected);
        Ok(sums)
    }

    /// The sums of all samples of the first kind, and what the batches told that nobody has waited
    /// for yet. They are taken to be good; if one was not, its error is what the caller gets.
    fn read_sums(&mut self) -> Result<(Result<Vec<RankSums>>, Vec<BatchCheck>)> {
        let unseen: Vec<_> = self.pending.iter().filter_map(|batch| batch.span.as_ref()).collect();
        let queue = self.home.queue("rank sums")?;
        let sums = self.kinds[0].sums(&queue, self.n_tasks, &unseen)?;
        let mut reading = Reading::new();
        let (sums, slabs) = (reading.add(&sums), self.statuses.add_to(&mut reading));
        let read = reading.wait(&queue)?;
        let sums = read.get(sums).into_iter().enumerate();
        let sums = sums.map(|(task, sums)| sums.rank_sums(task)).collect();
        Ok((sums, self.statuses.told(&read, slabs)))
    }

    /// Waits for the batches that nobody has waited for yet.
    fn resolve(&mut self, rejected: &mut RejectedUpdates<BatchError>) -> Result<()> {
        if !self.pending.is_empty() {
            let told = self.statuses.wait(&self.home.queue("check")?)?;
            self.sort_out(told, rejected);
        }
        Ok(())
    }

    /// Takes in the good batches and forgets the bad ones, with their kind where that is all there
    /// was of it.
    fn sort_out(&mut self, told: Vec<BatchCheck>, rejected: &mut RejectedUpdates<BatchError>) {
        for (batch, told) in self.pending.drain(..).zip(told) {
            let of_kind = &mut self.kinds[batch.kind];
            match told {
                Ok(range) => of_kind.take(batch.span, range),
                Err(flaw) => {
                    of_kind.n_samples -= batch.n_samples;
                    rejected.reject(batch.update, flaw);
                }
            }
        }
        self.statuses = Statuses::default();
        self.kinds.retain(|of_kind| of_kind.n_samples > 0);
    }

    /// Moves samples that were all waited for.
    fn move_to(&mut self, state: &mut RankState) -> Result<()> {
        let queue = self.home.queue("flush")?;
        while let Some(of_kind) = self.kinds.last() {
            let tasks = of_kind.groups(&queue, self.n_tasks)?;
            state.append_groups("flush", of_kind.kind, &tasks)?;
            self.kinds.pop();
        }
        Ok(())
    }
}

#[cfg(all(test, not(feature = "kernels")))]
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
        let mut kept = PendingSamples::default();
        let [three, four] = [3, 4].map(|n| Given::new(&vec![n as f32; n], &vec![1; n], 1));
        kept.update(&device, &three.batch(), &mut state).unwrap();

        let held = kept.held.as_mut().unwrap();
        held.kinds[0].n_samples = MOST_SAMPLES - 3;
        let takes = |given: &Given, kind| held.takes(&device, &given.batch(), kind);
        assert!(takes(&three, ScoreKind::F32) && !takes(&four, ScoreKind::F32));
        // Another kind is another sort, and what is counted needs none.
        assert!(takes(&four, ScoreKind::F64) && takes(&four, ScoreKind::Bf16));

        kept.update(&device, &four.batch(), &mut state).unwrap();
        assert_eq!(kept.n_samples(), 4);
        for given in [&three, &four] {
            StateMut::Rank(&mut expected).update(&given.on_host()).unwrap();
        }
        kept.flush(&mut state).unwrap();
        assert!(state == expected);
    }
}
