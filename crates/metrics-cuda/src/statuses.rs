//! The statuses of batches that nobody has waited for yet.

use std::sync::Arc;

use metrics_core::Result;

use crate::device::Device;
use crate::ffi::Status;
use crate::queue::{DeviceBuffer, Queue};
use crate::reading::{Part, Read, Reading};
use crate::status::{BatchError, Origin};

/// What a batch told: the range of its keys, or what is wrong with it.
pub(crate) type BatchCheck = std::result::Result<(u64, u64), BatchError>;

/// Statuses held in one piece of memory.
const A_SLAB: usize = 256;

/// One status a batch, in the order of the batches.
#[derive(Debug)]
pub(crate) struct Statuses<D: Device> {
    slabs: Vec<Arc<DeviceBuffer<D, Status>>>,
    /// Statuses used of the last slab.
    n_used: usize,
    origins: Vec<(Origin, Place)>,
}

/// Where the status of a batch lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    slab: usize,
    at: usize,
}

impl<D: Device> Default for Statuses<D> {
    fn default() -> Self {
        Self { slabs: Vec::new(), n_used: A_SLAB, origins: Vec::new() }
    }
}

impl<D: Device> Clone for Statuses<D> {
    /// The same statuses. New ones of the copy get memory of their own.
    fn clone(&self) -> Self {
        Self { slabs: self.slabs.clone(), n_used: A_SLAB, origins: self.origins.clone() }
    }
}

impl<D: Device> Statuses<D> {
    /// A place for the status of the next batch.
    pub(crate) fn next(&mut self, queue: &Queue<'_, D>, origin: Origin) -> Result<*mut Status> {
        if self.n_used == A_SLAB {
            self.slabs.push(Arc::new(queue.filled(A_SLAB, 0xff)?));
            self.n_used = 0;
        }
        let slab = self.slabs.len() - 1;
        let place = Place { slab, at: self.n_used };
        self.n_used += 1;
        self.origins.push((origin, place));
        Ok(self.slabs[slab].at(place.at))
    }

    /// Forgets the last batch, which nothing was launched for.
    pub(crate) fn forget_last(&mut self) {
        self.origins.pop();
    }

    /// Adds all statuses to what is read from the device.
    pub(crate) fn add_to<'r>(&'r self, reading: &mut Reading<'r>) -> Vec<Part<Status>> {
        self.slabs.iter().map(|slab| reading.add(slab)).collect()
    }

    /// What each batch told: the range of its keys, or what is wrong with it.
    pub(crate) fn told(&self, read: &Read, slabs: Vec<Part<Status>>) -> Vec<BatchCheck> {
        let slabs: Vec<_> = slabs.into_iter().map(|slab| read.get(slab)).collect();
        let batches = self.origins.iter();
        batches.map(|(origin, place)| origin.check(slabs[place.slab][place.at])).collect()
    }

    /// Waits for the device, and tells of each batch.
    pub(crate) fn wait(&self, queue: &Queue<'_, D>) -> Result<Vec<BatchCheck>> {
        let mut reading = Reading::new();
        let slabs = self.add_to(&mut reading);
        Ok(self.told(&reading.wait(queue)?, slabs))
    }
}
