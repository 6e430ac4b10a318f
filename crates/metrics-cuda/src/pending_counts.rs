//! Pending bucket counts of an [`Auc`](metrics_core::Auc), on the device.

#![allow(unsafe_code)]

use std::sync::Arc;

use metrics_core::backend::ElementCheck;
use metrics_core::{BucketCounts, Error, Result};

use crate::counts::Totals;
use crate::device::{Batch, Device, refused};
use crate::download::Download;
use crate::ffi;
use crate::ops::check_thresholds;
use crate::queue::Queue;
use crate::rejected::RejectedUpdates;
use crate::status::{BatchError, Origin};
use crate::statuses::Statuses;
use crate::stream_owner::StreamOwner;

/// Bucket counts that stay on a device until a metric is read.
#[derive(Debug)]
pub(crate) struct PendingCounts<D: Device> {
    held: Option<Held<D>>,
    rejected: RejectedUpdates<BatchError>,
}

#[derive(Debug, Clone)]
struct Held<D: Device> {
    /// Dropped before the memory: it waits for other threads.
    owner: StreamOwner<D>,
    totals: Arc<Totals<D>>,
    statuses: Statuses<D>,
    /// For each status the number of its update, counted since the metric was last read.
    updates: Vec<usize>,
    /// Samples, including those that are not checked yet.
    n_samples: u64,
    num_thresholds: usize,
}

impl<D: Device> Default for PendingCounts<D> {
    fn default() -> Self {
        Self { held: None, rejected: RejectedUpdates::default() }
    }
}

impl<D: Device> Clone for PendingCounts<D> {
    /// The clone shares memory until one of the two is updated.
    fn clone(&self) -> Self {
        Self { held: self.held.clone(), rejected: self.rejected.clone() }
    }
}

impl<D: Device> PendingCounts<D> {
    /// Counts a batch of one task on the device, without waiting for it. Counts of another device or stream
    /// first move to the counts in host memory, which waits.
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
        if self.held.as_ref().is_some_and(|held| !held.owner.is(device)) {
            self.move_to(counts)?;
        }
        let pending = self.held.as_ref().map_or(0, |held| held.n_samples);
        counts.check_room(batch.op, pending + batch.n_samples as u64)?;
        let num_thresholds = counts.num_thresholds();
        let held = match &mut self.held {
            Some(held) => held,
            None => self.held.insert(Held::new(device, batch.op, num_thresholds)?),
        };
        held.add(batch)?;
        held.updates.push(self.rejected.number());
        Ok(())
    }

    /// Counts an update that is not queued: `add` adds it to the counts in host memory at once.
    ///
    /// # Errors
    /// Those of `add`; nothing has changed then.
    pub(crate) fn bypass(&mut self, add: impl FnOnce() -> Result<()>) -> Result<()> {
        add()?;
        self.rejected.number();
        Ok(())
    }

    /// Moves the counts of valid batches to those in host memory. The next read reports the rejected ones.
    fn move_to(&mut self, counts: &mut BucketCounts) -> Result<()> {
        let Some(Held { owner, totals, statuses, updates, .. }) = &mut self.held else {
            return Ok(());
        };
        let queue = owner.queue("auc")?;
        let mut download = Download::new();
        let (totals, slabs) = (totals.add_to(&mut download), statuses.add_to(&mut download));
        let read = download.wait(&queue)?;
        drop(queue);
        let totals = read.get(totals);
        let of_label = |label| totals.iter().skip(label).step_by(2).copied().collect::<Vec<_>>();
        counts.add("auc", &of_label(0), &of_label(1))?;
        for (&update, check) in updates.iter().zip(statuses.checks(&read, slabs)) {
            if let Err(error) = check {
                self.rejected.reject(update, error);
            }
        }
        self.held = None;
        Ok(())
    }
}

impl<D: Device> PendingCounts<D> {
    /// Waits for the device and moves its counts to those in host memory.
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
        let (owner, statuses) = (StreamOwner::new(device.clone()), Statuses::default());
        Ok(Self { owner, totals, statuses, updates: Vec::new(), n_samples: 0, num_thresholds })
    }

    /// Queues the counting of a batch.
    fn add(&mut self, batch: &Batch) -> Result<()> {
        let queue = self.owner.queue(batch.op)?;
        if Arc::strong_count(&self.totals) > 1 {
            self.totals = Arc::new(self.totals.copy(&queue)?);
        }
        let status = self.statuses.next(&queue, Origin::new(batch, ElementCheck::Probability))?;
        let (samples, num_thresholds) = (batch.samples(), self.num_thresholds as u64);
        let added = self.totals.add(&queue, status, |counts| {
            // SAFETY: the caller of `Input::new` promised the samples; each bucket has its counters.
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
