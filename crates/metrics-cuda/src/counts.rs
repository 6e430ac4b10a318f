//! Counts on the device.

#![allow(unsafe_code)]

use metrics_core::Result;

use crate::device::{Batch, Device};
use crate::download::{Download, Portion};
use crate::ffi::{self, Samples, Status};
use crate::queue::{DeviceBuffer, Queue};
use crate::rank::Group;
use crate::sums::Sums;

/// Keys of 16 bits.
const N_KEYS: usize = 1 << 16;

/// Totals by number and label. A batch is counted apart first, and added to the totals if it is valid.
#[derive(Debug)]
pub(crate) struct Totals<D: Device> {
    totals: DeviceBuffer<D, u64>,
    batch: DeviceBuffer<D, u32>,
}

impl<D: Device> Totals<D> {
    pub(crate) fn new(queue: &Queue<'_, D>, n: usize) -> Result<Self> {
        Ok(Self { totals: queue.filled(2 * n, 0)?, batch: queue.filled(2 * n, 0)? })
    }

    /// A copy in its own memory.
    pub(crate) fn copy(&self, queue: &Queue<'_, D>) -> Result<Self> {
        let copy = Self::new(queue, self.totals.len() / 2)?;
        queue.copy(&self.totals, &copy.totals)?;
        // Another thread may change or free the original, and its stream does not wait for ours.
        queue.wait()?;
        Ok(copy)
    }

    pub(crate) fn add(
        &self,
        queue: &Queue<'_, D>,
        status: *mut Status,
        count: impl FnOnce(*mut u32) -> i32,
    ) -> Result<()> {
        queue.check(count(self.batch.address()))?;
        // SAFETY: both buffers have `n` numbers; the status has its buffer.
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

    /// Adds all totals to a download.
    pub(crate) fn add_to<'r>(&'r self, download: &mut Download<'r>) -> Portion<u64> {
        download.add(&self.totals)
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
            // SAFETY: the caller of `Input::new` promised the samples; there is a counter for each key.
            unsafe { ffi::tm_count(&samples, status, counts, queue.stream()) }
        })
    }

    /// The sums over the committed counts, still on the device.
    pub(crate) fn sums(&self, queue: &Queue<'_, D>) -> Result<DeviceBuffer<D, Sums>> {
        let sums: DeviceBuffer<D, Sums> = queue.uninit(1)?;
        // SAFETY: there is a total for each key, and room for the sums.
        queue.check(unsafe {
            ffi::tm_sum_counts(self.0.totals.address(), sums.address(), queue.stream())
        })?;
        Ok(sums)
    }

    /// The groups of equal scores, from high to low.
    pub(crate) fn groups(&self, queue: &Queue<'_, D>) -> Result<Vec<Group>> {
        let totals = queue.read(&self.0.totals, 2 * N_KEYS)?;
        let groups = totals.chunks_exact(2).enumerate().rev();
        let groups = groups.map(|(key, counts)| [key as u64, counts[1], counts[0]]);
        Ok(groups.filter(|&[_, positives, negatives]| positives + negatives > 0).collect())
    }
}
