//! Several rooms, read with one wait.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ptr;

use metrics_core::Result;

use crate::device::Device;
use crate::ffi;
use crate::queue::{DeviceBuffer, Queue};

/// Rooms to be read together: each wait costs more than a small copy on the device.
#[derive(Debug)]
pub(crate) struct Reading<'r> {
    /// Where each lies, and its bytes.
    rooms: Vec<(*mut u8, usize)>,
    n_bytes: usize,
    lives: PhantomData<&'r ()>,
}

/// Where the elements of a room are among what was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<T> {
    start: usize,
    n: usize,
    elements: PhantomData<T>,
}

/// The bytes of all rooms, in host memory.
#[derive(Debug)]
pub(crate) struct Read(Vec<u8>);

impl<'r> Reading<'r> {
    pub(crate) fn new() -> Self {
        Self { rooms: Vec::new(), n_bytes: 0, lives: PhantomData }
    }

    /// Adds all elements of a room.
    pub(crate) fn add<D: Device, T: Copy>(&mut self, room: &'r DeviceBuffer<D, T>) -> Part<T> {
        let (start, n_bytes) = (self.n_bytes, room.len() * size_of::<T>());
        self.rooms.push((room.address().cast(), n_bytes));
        self.n_bytes += n_bytes;
        Part { start, n: room.len(), elements: PhantomData }
    }

    /// Waits for all work queued so far, and brings the elements.
    pub(crate) fn wait<D: Device>(self, queue: &Queue<'_, D>) -> Result<Read> {
        // A copy to the host's ordinary memory waits for itself: so all go to one place first.
        let together: DeviceBuffer<D, u8> = queue.room(self.n_bytes)?;
        let mut start = 0;
        for (address, n_bytes) in self.rooms {
            let to = together.at(start);
            // SAFETY: the room has as many bytes, and so has what is left of the other.
            queue.check(unsafe {
                ffi::tm_copy(to.cast(), address.cast(), n_bytes, queue.stream())
            })?;
            start += n_bytes;
        }
        queue.read(&together, self.n_bytes).map(Read)
    }
}

impl Read {
    /// The elements of one room.
    pub(crate) fn get<T: Copy>(&self, part: Part<T>) -> Vec<T> {
        let bytes = &self.0[part.start..part.start + part.n * size_of::<T>()];
        let element = |bytes: &[u8]| {
            // SAFETY: as many bytes as an element has, copied from a room of such elements, of a type
            // that any bits make.
            unsafe { ptr::read_unaligned(bytes.as_ptr().cast::<T>()) }
        };
        bytes.chunks_exact(size_of::<T>()).map(element).collect()
    }
}
