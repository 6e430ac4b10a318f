//! Counts on the device: of 16-bit scores by key, of probabilities by bucket.

#![allow(unsafe_code)]

use std::sync::Arc;

use metrics_core::{Areas, BucketCounts, Kept, Result, Rule};

use crate::device::{Batch, Device, Queue, Room};
use crate::ffi::{self, Samples, Status};
use crate::rank::Group;
use crate::status::Origin;
use crate::statuses::Statuses;
use crate::sums::Sums;

/// Keys of 16 bits.
const N_KEYS: usize = 1 << 16;

/// Totals by number and label; what a batch adds is counted apart first, and added if it was good.
#[derive(Debug)]
struct Totals<D: Device> {
    totals: Room<D, u64>,
    batch: Room<D, u32>,
}

impl<D: Device> Totals<D> {
    fn new(queue: &Queue<'_, D>, n: usize) -> Result<Self> {
        Ok(Self { totals: queue.filled(2 * n, 0)?, batch: queue.filled(2 * n, 0)? })
    }

    /// A copy that shares nothing.
    fn copy(&self, queue: &Queue<'_, D>) -> Result<Self> {
        let copy = Self::new(queue, self.totals.len() / 2)?;
        queue.copy(&self.totals, &copy.totals)?;
        Ok(copy)
    }

    fn add(
        &self,
        queue: &Queue<'_, D>,
        status: *mut Status,
        count: impl FnOnce(*mut u32) -> i32,
    ) -> Result<()> {
        queue.check(count(self.batch.address()))?;
        // SAFETY: both rooms hold as many numbers; the status has its room.
        queue.check(unsafe {
            ffi::tm_commit(
                status,
                self.batch.address(),
                self.totals.address(),
                self.totals.len() as u64,
                queue.stream(),
            )
        })
    }

    /// Negatives and positives of each number.
    fn read(&self, queue: &Queue<'_, D>) -> Result<Vec<[u64; 2]>> {
        let totals = queue.read(&self.totals, self.totals.len())?;
        Ok(totals.chunks_exact(2).map(|counts| [counts[0], counts[1]]).collect())
    }
}

/// 16-bit scores of one task, counted.
#[derive(Debug)]
pub(crate) struct Counts<D: Device>(Totals<D>);

impl<D: Device> Counts<D> {
    pub(crate) fn new(queue: &Queue<'_, D>) -> Result<Self> {
        Totals::new(queue, N_KEYS).map(Self)
    }

    pub(crate) fn copy(&self, queue: &Queue<'_, D>) -> Result<Self> {
        self.0.copy(queue).map(Self)
    }

    pub(crate) fn add(
        &self,
        queue: &Queue<'_, D>,
        batch: &Batch,
        status: *mut Status,
    ) -> Result<()> {
        let samples: Samples = batch.samples();
        self.0.add(queue, status, |counts| {
            // SAFETY: the samples are what their maker promised; there is a counter for each key.
            unsafe { ffi::tm_count(&samples, status, counts, queue.stream()) }
        })
    }

    pub(crate) fn areas(&self, queue: &Queue<'_, D>) -> Result<Areas> {
        let sums: Room<D, Sums> = queue.room(1)?;
        // SAFETY: there is a total for each key, and room for the sums.
        queue.check(unsafe {
            ffi::tm_sum_counts(self.0.totals.address(), sums.address(), queue.stream())
        })?;
        Ok(queue.read(&sums, 1)?[0].areas().into())
    }

    /// The groups of equal scores, from high to low.
    pub(crate) fn groups(&self, queue: &Queue<'_, D>) -> Result<Vec<Group>> {
        let totals = self.0.read(queue)?;
        let groups = totals.iter().enumerate().rev();
        let groups =
            groups.map(|(key, &[negatives, positives])| [key as u64, positives, negatives]);
        Ok(groups.filter(|&[_, positives, negatives]| positives + negatives > 0).collect())
    }
}

/// The counts of an [`Auc`](metrics_core::Auc) that are still on the device.
#[derive(Debug)]
pub struct KeptCounts<D: Device>(Option<Held<D>>);

#[derive(Debug, Clone)]
struct Held<D: Device> {
    device: D,
    totals: Arc<Totals<D>>,
    statuses: Statuses<D>,
    n_samples: u64,
}

impl<D: Device> Default for KeptCounts<D> {
    fn default() -> Self {
        Self(None)
    }
}

impl<D: Device> Clone for KeptCounts<D> {
    /// Shares memory until one of the two is updated.
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Device> KeptCounts<D> {
    /// Counts a batch of one task on the device, without waiting for it.
    ///
    /// # Errors
    /// [`Error::TooManySamples`](metrics_core::Error::TooManySamples),
    /// [`Error::Backend`](metrics_core::Error::Backend); nothing has changed then.
    pub fn update(&mut self, device: &D, batch: &Batch, counts: &mut BucketCounts) -> Result<()> {
        let (op, n) = (batch.op, batch.n_samples as u64);
        if self.0.as_ref().is_some_and(|held| held.device.ordinal() != device.ordinal()) {
            self.settle(counts)?;
        }
        let kept = self.0.as_ref().map_or(0, |held| held.n_samples);
        counts.check_room(op, kept + n)?;
        let queue = Queue::new(device, op)?;
        let num_thresholds = counts.num_thresholds();
        let held = match &mut self.0 {
            Some(held) => held,
            None => {
                let totals = Arc::new(Totals::new(&queue, num_thresholds + 1)?);
                let (device, statuses) = (device.clone(), Statuses::default());
                self.0.insert(Held { device, totals, statuses, n_samples: 0 })
            }
        };
        if Arc::strong_count(&held.totals) > 1 {
            held.totals = Arc::new(held.totals.copy(&queue)?);
        }
        let status = held.statuses.next(&queue, Origin::new(batch, Rule::Probability))?;
        let samples = batch.samples();
        let added = held.totals.add(&queue, status, |counts| {
            // SAFETY: the samples are what their maker promised; each bucket has its counters.
            unsafe {
                let num_thresholds = num_thresholds as u64;
                ffi::tm_count_buckets(&samples, status, num_thresholds, counts, queue.stream())
            }
        });
        match added {
            Ok(()) => held.n_samples += n,
            Err(_) => held.statuses.forget_last(),
        }
        added
    }
}

impl<D: Device> Kept<BucketCounts> for KeptCounts<D> {
    /// Waits for the device and moves its counts to the others.
    fn settle(&mut self, counts: &mut BucketCounts) -> Result<()> {
        let Some(held) = &self.0 else { return Ok(()) };
        let queue = Queue::new(&held.device, "auc")?;
        let statuses = held.statuses.read(&queue)?;
        let totals = held.totals.read(&queue)?;
        drop(queue);
        let [negatives, positives] =
            [0, 1].map(|label| totals.iter().map(|counts| counts[label]).collect::<Vec<_>>());
        let n_samples = totals.iter().flatten().sum();
        counts.reserve("auc", None, n_samples)?;
        counts.add(&negatives, &positives);
        self.0 = None;
        statuses.error()
    }
}
