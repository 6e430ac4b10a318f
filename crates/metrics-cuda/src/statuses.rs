//! The statuses of batches that are not checked yet.

use std::sync::Arc;

use metrics_core::Result;

use crate::device::Device;
use crate::download::{Download, Downloaded, Portion};
use crate::ffi::Status;
use crate::queue::{DeviceBuffer, Queue};
use crate::status::{BatchError, Origin};

/// The check of a batch: the range of its keys, or its error.
pub(crate) type BatchCheck = std::result::Result<(u64, u64), BatchError>;

/// Statuses in one piece of memory.
const SLAB_LEN: usize = 256;

/// One status per batch, in the order of the batches.
#[derive(Debug)]
pub(crate) struct Statuses<D: Device> {
    slabs: Vec<Arc<DeviceBuffer<D, Status>>>,
    /// Statuses used of the last slab.
    n_used: usize,
    origins: Vec<(Origin, Place)>,
}

/// The place of a batch's status.
#[derive(Debug, Clone, Copy)]
struct Place {
    slab: usize,
    at: usize,
}

impl<D: Device> Default for Statuses<D> {
    fn default() -> Self {
        Self { slabs: Vec::new(), n_used: SLAB_LEN, origins: Vec::new() }
    }
}

impl<D: Device> Clone for Statuses<D> {
    /// The clone shares the statuses, and writes new ones to its own memory.
    fn clone(&self) -> Self {
        Self { slabs: self.slabs.clone(), n_used: SLAB_LEN, origins: self.origins.clone() }
    }
}

impl<D: Device> Statuses<D> {
    /// A place for the status of the next batch.
    pub(crate) fn next(&mut self, queue: &Queue<'_, D>, origin: Origin) -> Result<*mut Status> {
        if self.n_used == SLAB_LEN {
            self.slabs.push(Arc::new(queue.filled(SLAB_LEN, 0xff)?));
            self.n_used = 0;
        }
        let slab = self.slabs.len() - 1;
        let place = Place { slab, at: self.n_used };
        self.n_used += 1;
        self.origins.push((origin, place));
        Ok(self.slabs[slab].at(place.at))
    }

    /// Removes the last batch, for which no kernel was launched.
    pub(crate) fn forget_last(&mut self) {
        self.origins.pop();
    }

    /// Adds all statuses to a download.
    pub(crate) fn add_to<'r>(&'r self, download: &mut Download<'r>) -> Vec<Portion<Status>> {
        self.slabs.iter().map(|slab| download.add(slab)).collect()
    }

    /// The check of each batch.
    pub(crate) fn checks(&self, read: &Downloaded, slabs: Vec<Portion<Status>>) -> Vec<BatchCheck> {
        let slabs: Vec<_> = slabs.into_iter().map(|slab| read.get(slab)).collect();
        let batches = self.origins.iter();
        batches.map(|(origin, place)| origin.check(slabs[place.slab][place.at])).collect()
    }

    /// Waits for the device; returns the check of each batch.
    pub(crate) fn wait(&self, queue: &Queue<'_, D>) -> Result<Vec<BatchCheck>> {
        let mut download = Download::new();
        let slabs = self.add_to(&mut download);
        Ok(self.checks(&download.wait(queue)?, slabs))
    }
}
