//! Where what a metric keeps lives.

use std::ffi::c_void;
use std::ptr;
use std::thread::{self, ThreadId};

use metrics_core::Result;

use crate::device::Device;
use crate::queue::Queue;

/// `cudaStreamPerThread`, candle's default: one handle that means another stream in every thread.
const PER_THREAD: *mut c_void = ptr::without_provenance_mut(2);

/// A device, and the thread that queued work on it last.
///
/// A metric may move to another thread, where the same stream's handle may mean another stream. The
/// first work there waits for all that the device still does, so that what follows is in order again.
#[derive(Debug, Clone)]
pub(crate) struct StreamOwner<D: Device> {
    device: D,
    thread: ThreadId,
}

impl<D: Device> StreamOwner<D> {
    /// A home where this thread is about to queue work.
    pub(crate) fn new(device: D) -> Self {
        Self { device, thread: thread::current().id() }
    }

    /// Whether work on this device needs no more than to be queued here.
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

    /// Whether the stream's handle means another stream in this thread.
    fn has_moved(&self) -> bool {
        self.device.stream() == PER_THREAD && self.thread != thread::current().id()
    }
}

impl<D: Device> Drop for StreamOwner<D> {
    /// Memory is freed in the order of this thread's stream: what another thread queued must be done
    /// before.
    fn drop(&mut self) {
        if self.has_moved() {
            // Of a device that fails nothing can be asked.
            let _ = self.queue("drop");
        }
    }
}
