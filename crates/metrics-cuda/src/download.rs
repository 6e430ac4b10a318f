//! Several device buffers, copied to host memory with one wait.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ptr;

use metrics_core::Result;

use crate::device::Device;
use crate::ffi;
use crate::queue::{DeviceBuffer, Queue};

/// Buffers to copy together: a wait costs more than a small copy on the device.
#[derive(Debug)]
pub(crate) struct Download<'r> {
    /// Address and number of bytes of each.
    buffers: Vec<(*mut u8, usize)>,
    n_bytes: usize,
    lives: PhantomData<&'r ()>,
}

/// The place of a buffer's elements in the downloaded bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portion<T> {
    start: usize,
    n: usize,
    elements: PhantomData<T>,
}

/// The bytes of all buffers, in host memory.
#[derive(Debug)]
pub(crate) struct Downloaded(Vec<u8>);

impl<'r> Download<'r> {
    pub(crate) fn new() -> Self {
        Self { buffers: Vec::new(), n_bytes: 0, lives: PhantomData }
    }

    /// Adds all elements of a buffer.
    pub(crate) fn add<D: Device, T: Copy>(&mut self, buffer: &'r DeviceBuffer<D, T>) -> Portion<T> {
        let (start, n_bytes) = (self.n_bytes, buffer.len() * size_of::<T>());
        self.buffers.push((buffer.address().cast(), n_bytes));
        self.n_bytes += n_bytes;
        Portion { start, n: buffer.len(), elements: PhantomData }
    }

    /// Waits for all work queued so far, and copies the elements.
    pub(crate) fn wait<D: Device>(self, queue: &Queue<'_, D>) -> Result<Downloaded> {
        // Each copy to ordinary host memory waits, so all elements are first copied together on the device.
        let together: DeviceBuffer<D, u8> = queue.uninit(self.n_bytes)?;
        let mut start = 0;
        for (address, n_bytes) in self.buffers {
            let to = together.at(start);
            // SAFETY: the buffer has as many bytes, and so has the rest of the other.
            queue.check(unsafe {
                ffi::tm_copy(to.cast(), address.cast(), n_bytes, queue.stream())
            })?;
            start += n_bytes;
        }
        queue.read(&together, self.n_bytes).map(Downloaded)
    }
}

impl Downloaded {
    /// The elements of one buffer.
    pub(crate) fn get<T: Copy>(&self, portion: Portion<T>) -> Vec<T> {
        let bytes = &self.0[portion.start..portion.start + portion.n * size_of::<T>()];
        let element = |bytes: &[u8]| {
            // SAFETY: the bytes of one element, copied from a buffer of such elements, of a type for which
            // any bits are valid.
            unsafe { ptr::read_unaligned(bytes.as_ptr().cast::<T>()) }
        };
        bytes.chunks_exact(size_of::<T>()).map(element).collect()
    }
}
