//! The statuses of batches that nobody has waited for yet.

use std::sync::Arc;

use metrics_core::{Error, Result};

use crate::device::{Device, Queue, Room};
use crate::ffi::Status;
use crate::status::{Origin, key_range};

/// Statuses held in one piece of memory.
const A_SLAB: usize = 256;

/// One status a batch, in the order of the batches.
#[derive(Debug)]
pub(crate) struct Statuses<D: Device> {
    slabs: Vec<Arc<Room<D, Status>>>,
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
    pub(crate) fn len(&self) -> usize {
        self.origins.len()
    }

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

    /// Waits for the device.
    pub(crate) fn read(&self, queue: &Queue<'_, D>) -> Result<Checked> {
        let slabs = self
            .slabs
            .iter()
            .map(|slab| queue.read(slab, A_SLAB))
            .collect::<Result<Vec<Vec<Status>>>>()?;
        let batches = self.origins.iter().map(|(origin, place)| {
            let status = &slabs[place.slab][place.at];
            origin.check(status).map(|()| key_range(status))
        });
        Ok(Checked { batches: batches.collect() })
    }
}

/// What each batch told: the range of its keys, or what is wrong with it.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) batches: Vec<Result<(u64, u64)>>,
}

impl Checked {
    /// The error that says which batches were left out, if any were.
    pub(crate) fn error(self) -> Result<()> {
        let n_updates = self.batches.len();
        let n_left_out = self.batches.iter().filter(|batch| batch.is_err()).count();
        let bad =
            self.batches.into_iter().enumerate().find_map(|(i, batch)| Some((i, batch.err()?)));
        let Some((i, source)) = bad else { return Ok(()) };
        Err(Error::LeftOut { update: i + 1, n_updates, n_left_out, source: Box::new(source) })
    }
}
