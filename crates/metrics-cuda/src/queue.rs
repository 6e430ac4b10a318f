//! Device memory, and the queue of work on a device's stream.

#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr;

use metrics_core::{Error, Result, reserve};

use crate::device::{Device, check, refused};
use crate::ffi;

/// Elements in device memory.
#[derive(Debug)]
pub(crate) struct DeviceBuffer<D: Device, T> {
    memory: D::Memory,
    n: usize,
    elements: PhantomData<T>,
}

impl<D: Device, T> DeviceBuffer<D, T> {
    pub(crate) fn len(&self) -> usize {
        self.n
    }

    pub(crate) fn address(&self) -> *mut T {
        D::address(&self.memory).cast()
    }

    /// The address of an element.
    pub(crate) fn at(&self, i: usize) -> *mut T {
        assert!(i <= self.n, "{i} in a buffer of {}", self.n);
        self.address().wrapping_add(i)
    }
}

/// The queue of work on a device's stream. While it exists, the device is the current one of this thread; then the
/// context is again that from before, or none.
#[derive(Debug)]
pub(crate) struct Queue<'d, D> {
    device: &'d D,
    op: &'static str,
    previous: ffi::Address,
}

impl<'d, D: Device> Queue<'d, D> {
    pub(crate) fn new(device: &'d D, op: &'static str) -> Result<Self> {
        let mut previous = ptr::null_mut();
        let ordinal = device.ordinal();
        let ordinal =
            c_int::try_from(ordinal).map_err(|_| refused(op, format!("no device {ordinal}")))?;
        // SAFETY: writes one address.
        let status = unsafe { ffi::tm_enter(ordinal, &mut previous) };
        check(op, status)?;
        Ok(Self { device, op, previous })
    }

    pub(crate) fn stream(&self) -> *mut c_void {
        self.device.stream()
    }

    pub(crate) fn check(&self, status: c_int) -> Result<()> {
        check(self.op, status)
    }

    /// A buffer that is not initialised.
    pub(crate) fn uninit<T>(&self, n: usize) -> Result<DeviceBuffer<D, T>> {
        let n_bytes = n.checked_mul(size_of::<T>());
        let n_bytes = n_bytes.ok_or(Error::OutOfMemory { op: self.op, n_bytes: usize::MAX })?;
        Ok(DeviceBuffer { memory: self.device.allocate(n_bytes.max(1))?, n, elements: PhantomData })
    }

    /// A buffer filled with a byte.
    pub(crate) fn filled<T>(&self, n: usize, byte: u8) -> Result<DeviceBuffer<D, T>> {
        let buffer: DeviceBuffer<D, T> = self.uninit(n)?;
        let n_bytes = n * size_of::<T>();
        // SAFETY: the buffer has as many bytes.
        self.check(unsafe {
            ffi::tm_fill(buffer.address().cast(), byte.into(), n_bytes, self.stream())
        })?;
        Ok(buffer)
    }

    /// Copies elements on the device.
    pub(crate) fn copy<T: Copy>(
        &self,
        from: &DeviceBuffer<D, T>,
        to: &DeviceBuffer<D, T>,
    ) -> Result<()> {
        assert!(from.len() <= to.len(), "{} into a buffer of {}", from.len(), to.len());
        let n_bytes = from.len() * size_of::<T>();
        // SAFETY: both buffers have as many bytes, and do not overlap.
        self.check(unsafe {
            ffi::tm_copy(to.address().cast(), from.address().cast(), n_bytes, self.stream())
        })
    }

    /// Waits for all work and returns the first elements.
    pub(crate) fn read<T: Copy>(&self, from: &DeviceBuffer<D, T>, n: usize) -> Result<Vec<T>> {
        assert!(n <= from.len(), "{n} out of a buffer of {}", from.len());
        let mut elements = reserve::room(self.op, n)?;
        let to: *mut T = elements.as_mut_ptr();
        let n_bytes = n * size_of::<T>();
        // SAFETY: the buffer and the vector have as many bytes, of a type for which any bits are valid;
        // nothing uses the vector before the copy is done.
        unsafe {
            let copied = ffi::tm_copy(to.cast(), from.address().cast(), n_bytes, self.stream());
            // Wait even if the copy failed: nothing may write to the vector after this.
            let waited = self.wait();
            self.check(copied)?;
            waited?;
            elements.set_len(n);
        }
        Ok(elements)
    }

    /// Waits for all work queued on the stream.
    pub(crate) fn wait(&self) -> Result<()> {
        // SAFETY: the stream is the device's.
        self.check(unsafe { ffi::tm_wait(self.stream()) })
    }

    /// Waits for all work on the device, whatever its stream.
    pub(crate) fn wait_for_device(&self) -> Result<()> {
        // SAFETY: takes no arguments; the device is current.
        self.check(unsafe { ffi::tm_wait_for_device() })
    }
}

impl<D> Drop for Queue<'_, D> {
    fn drop(&mut self) {
        // SAFETY: a context that was current can be made so again. `drop` cannot report an error.
        let _ = check(self.op, unsafe { ffi::tm_leave(self.previous) });
    }
}
