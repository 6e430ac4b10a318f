//! The device and stream of a metric's pending batches.

use std::ffi::c_void;
use std::ptr;
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
}

impl<D: Device> StreamOwner<D> {
    /// A device on which this thread is about to queue work.
    pub(crate) fn new(device: D) -> Self {
        Self { device, thread: thread::current().id() }
    }

    /// Whether this is the same device and stream.
    pub(crate) fn is(&self, device: &D) -> bool {
        self.device.is_same(device)
    }

    pub(crate) fn queue(&mut self, op: &'static str) -> Result<Queue<'_, D>> {
        let has_moved = self.has_moved();
        let queue = Queue::new(&self.device, op)?;
        if has_moved {
            queue.wait_for_device()?;
            self.thread = thread::current().id();
        }
        Ok(queue)
    }

    /// Whether the handle of the stream means another stream in this thread.
    fn has_moved(&self) -> bool {
        self.device.stream() == PER_THREAD && self.thread != thread::current().id()
    }
}

impl<D: Device> Drop for StreamOwner<D> {
    /// Memory is freed in the order of this thread's stream, so work that another thread queued must be done
    /// first.
    fn drop(&mut self) {
        if self.has_moved() {
            // `drop` cannot report the error of a device that fails.
            let _ = self.queue("drop");
        }
    }
}
