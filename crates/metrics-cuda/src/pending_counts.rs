//! The counts of an [`Auc`](metrics_core::Auc) that are still on the device.

#![allow(unsafe_code)]

use std::sync::Arc;

use metrics_core::backend::ElementCheck;
use metrics_core::{BucketCounts, Error, Result};

use crate::counts::Totals;
use crate::device::{Batch, Device, refused};
use crate::ffi;
use crate::ops::check_thresholds;
use crate::queue::Queue;
use crate::reading::Reading;
use crate::rejected::RejectedUpdates;
use crate::status::{BatchError, Origin};
use crate::statuses::Statuses;
use crate::stream_owner::StreamOwner;

/// Bucket counts kept on a device until a metric is read.
#[derive(Debug)]
pub(crate) struct PendingCounts<D: Device> {
    held: Option<Held<D>>,
    rejected: RejectedUpdates<BatchError>,
}

#[derive(Debug, Clone)]
struct Held<D: Device> {
    home: StreamOwner<D>,
    totals: Arc<Totals<D>>,
    statuses: Statuses<D>,
    /// The number of each status's update since the metric was last read.
    updates: Vec<usize>,
    /// Samples, those included that may turn out bad.
    n_samples: u64,
    num_thresholds: usize,
}

impl<D: Device> Default for PendingCounts<D> {
    fn default() -> Self {
        Self { held: None, rejected: RejectedUpdates::default() }
    }
}

impl<D: Device> Clone for PendingCounts<D> {
    /// Shares memory until one of the two is updated.
    fn clone(&self) -> Self {
        Self { held: self.held.clone(), rejected: self.rejected.clone() }
    }
}

impl<D: Device> PendingCounts<D> {
    /// Counts a batch of one task on the device, without waiting for it. What another device or
    /// stream counted moves to the others first, which waits.
    ///
    /// # Errors
    /// [`Error::TooManySamples`], [`Error::MergeTasks`] for a batch of several tasks,
    /// [`Error::InvalidNumThresholds`], [`Error::Backend`], also for a batch of 2^32 samples or more;
    /// nothing has changed then.
    pub(crate) fn update(
        &mut self,
        device: &D,
        batch: &Batch,
        counts: &mut BucketCounts,
    ) -> Result<()> {
        batch.check()?;
        check_thresholds(counts.num_thresholds())?;
        if batch.n_tasks != 1 {
            return Err(Error::MergeTasks { op: batch.op, given: batch.n_tasks, n_tasks: 1 });
        }
        if batch.is_empty() {
            return Ok(());
        }
        if self.held.as_ref().is_some_and(|held| held.num_thresholds != counts.num_thresholds()) {
            return Err(refused(batch.op, "counts of another number of thresholds".into()));
        }
        if self.held.as_ref().is_some_and(|held| !held.home.is(device)) {
            self.move_to(counts)?;
        }
        let kept = self.held.as_ref().map_or(0, |held| held.n_samples);
        counts.check_room(batch.op, kept + batch.n_samples as u64)?;
        let num_thresholds = counts.num_thresholds();
        let held = match &mut self.held {
            Some(held) => held,
            None => self.held.insert(Held::new(device, batch.op, num_thresholds)?),
        };
        held.add(batch)?;
        held.updates.push(self.rejected.number());
        Ok(())
    }

    /// Counts an update that `add` brings to the other counts at once.
    ///
    /// # Errors
    /// What `add` returns; nothing has changed then.
    pub(crate) fn pass_by(&mut self, add: impl FnOnce() -> Result<()>) -> Result<()> {
        add()?;
        self.rejected.number();
        Ok(())
    }

    /// Moves what is good to the other counts. What is wrong with the rest is said at the next read.
    fn move_to(&mut self, counts: &mut BucketCounts) -> Result<()> {
        let Some(Held { home, totals, statuses, updates, .. }) = &mut self.held else {
            return Ok(());
        };
        let queue = home.queue("auc")?;
        let mut reading = Reading::new();
        let (totals, slabs) = (totals.add_to(&mut reading), statuses.add_to(&mut reading));
        let read = reading.wait(&queue)?;
        drop(queue);
        let totals = read.get(totals);
        let of_label = |label| totals.iter().skip(label).step_by(2).copied().collect::<Vec<_>>();
        counts.add("auc", &of_label(0), &of_label(1))?;
        for (&update, told) in updates.iter().zip(statuses.told(&read, slabs)) {
            if let Err(flaw) = told {
                self.rejected.reject(update, flaw);
            }
        }
        self.held = None;
        Ok(())
    }
}

impl<D: Device> PendingCounts<D> {
    /// Waits for the device and moves its counts to the others.
    ///
    /// # Errors
    /// [`Error::RejectedUpdates`], once, for invalid batches.
    pub(crate) fn flush(&mut self, counts: &mut BucketCounts) -> Result<()> {
        self.move_to(counts)?;
        self.rejected.report()
    }
}

impl<D: Device> Held<D> {
    fn new(device: &D, op: &'static str, num_thresholds: usize) -> Result<Self> {
        let totals = Arc::new(Totals::new(&Queue::new(device, op)?, num_thresholds + 1)?);
        let (home, statuses) = (StreamOwner::new(device.clone()), Statuses::default());
        Ok(Self { home, totals, statuses, updates: Vec::new(), n_samples: 0, num_thresholds })
    }

    /// Queues the counting of a batch.
    fn add(&mut self, batch: &Batch) -> Result<()> {
        let queue = self.home.queue(batch.op)?;
        if Arc::strong_count(&self.totals) > 1 {
            self.totals = Arc::new(self.totals.copy(&queue)?);
        }
        let status = self.statuses.next(&queue, Origin::new(batch, ElementCheck::Probability))?;
        let (samples, num_thresholds) = (batch.samples(), self.num_thresholds as u64);
        let added = self.totals.add(&queue, status, |counts| {
            // SAFETY: the samples are what their maker promised; each bucket has its counters.
            unsafe {
                ffi::tm_count_buckets(&samples, status, num_thresholds, counts, queue.stream())
            }
        });
        match added {
            Ok(()) => self.n_samples += batch.n_samples as u64,
            Err(_) => self.statuses.forget_last(),
        }
        added
    }
}
