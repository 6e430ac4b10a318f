//! The device and stream of a metric's pending batches.

use std::collections::HashSet;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use metrics_core::Result;

use crate::device::Device;
use crate::queue::Queue;

/// `cudaStreamPerThread`, candle's default: one handle that means a different stream in every thread.
const PER_THREAD: *mut c_void = ptr::without_provenance_mut(2);

/// A device, and the thread that queued work on it last.
///
/// A metric may move to another thread, where the same handle may mean another stream. The first work there
/// waits for all work of the device, so that later work runs after it.
#[derive(Debug, Clone)]
pub(crate) struct StreamOwner<D: Device> {
    device: D,
    thread: ThreadId,
    /// Threads that may have queued work on memory of this metric or of its clones. Memory is freed in the order
    /// of one stream, so it is freed after this work only if that stream is the only one, or after a wait.
    busy: Arc<Mutex<HashSet<ThreadId>>>,
}

impl<D: Device> StreamOwner<D> {
    /// A device on which this thread is about to queue work.
    pub(crate) fn new(device: D) -> Self {
        Self { device, thread: thread::current().id(), busy: Arc::default() }
    }

    /// Whether this is the same device and stream.
    pub(crate) fn is(&self, device: &D) -> bool {
        self.device.is_same(device)
    }

    pub(crate) fn queue(&mut self, op: &'static str) -> Result<Queue<'_, D>> {
        let has_moved = self.is_per_thread() && self.thread != thread::current().id();
        let queue = Queue::new(&self.device, op)?;
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if has_moved {
            queue.wait_for_device()?;
            self.thread = thread::current().id();
            busy.clear();
        }
        busy.insert(self.thread);
        drop(busy);
        Ok(queue)
    }

    /// Waits for work that other threads queued on memory of this metric or of its clones. Whoever is about to free
    /// such memory calls this first.
    pub(crate) fn wait_for_others(&self) -> Result<()> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let own = thread::current().id();
        if self.is_per_thread() && busy.iter().any(|&thread| thread != own) {
            Queue::new(&self.device, "free")?.wait_for_device()?;
            busy.clear();
        }
        Ok(())
    }

    /// Whether the handle of the stream means another stream in each thread.
    fn is_per_thread(&self) -> bool {
        self.device.stream() == PER_THREAD
    }
}

impl<D: Device> Drop for StreamOwner<D> {
    fn drop(&mut self) {
        // `drop` cannot report the error of a device that fails.
        let _ = self.wait_for_others();
    }
}
