//! A device as a tensor library lends it, and the queue of work on its stream.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::fmt::Debug;
use std::marker::PhantomData;

use metrics_core::{DType, Error, Result};

use crate::ffi;

/// A CUDA device with the stream and the memory of a tensor library.
pub trait Device: Clone + Debug {
    /// Device memory. When it is dropped, it is freed after all work queued on the stream so far.
    type Memory: Debug;

    /// Number of the device, from 0.
    fn ordinal(&self) -> usize;

    /// The stream (`cudaStream_t`) the library queues its own work on.
    fn stream(&self) -> *mut c_void;

    /// Memory of so many bytes, at least one, with any content.
    ///
    /// # Errors
    /// [`Error::Backend`] when there is none left.
    fn allocate(&self, n_bytes: usize) -> Result<Self::Memory>;

    /// Where memory lies on the device.
    fn address(memory: &Self::Memory) -> *mut c_void;
}

/// A status of the CUDA runtime that is not success.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CudaError {
    status: c_int,
    text: String,
}

impl std::fmt::Display for CudaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CUDA error {}: {}", self.status, self.text)
    }
}

impl std::error::Error for CudaError {}

pub(crate) fn check(op: &'static str, status: c_int) -> Result<()> {
    if status == 0 {
        return Ok(());
    }
    // SAFETY: returns a static string for any number.
    let text = unsafe { CStr::from_ptr(ffi::tm_status_text(status)) };
    let source = CudaError { status, text: text.to_string_lossy().into_owned() };
    Err(Error::Backend { backend: "cuda", op, source: Box::new(source) })
}

/// How many CUDA devices this machine has.
///
/// # Errors
/// [`Error::Backend`] where there is no driver, or one too old for this program.
pub fn device_count() -> Result<usize> {
    let mut n = 0;
    // SAFETY: writes one integer.
    check("count devices", unsafe { ffi::tm_device_count(&mut n) })?;
    Ok(n as usize)
}

/// Elements in device memory.
#[derive(Debug)]
pub(crate) struct Room<D: Device, T> {
    memory: D::Memory,
    n: usize,
    elements: PhantomData<T>,
}

impl<D: Device, T> Room<D, T> {
    pub(crate) fn len(&self) -> usize {
        self.n
    }

    pub(crate) fn address(&self) -> *mut T {
        D::address(&self.memory).cast()
    }

    /// Where an element lies.
    pub(crate) fn at(&self, i: usize) -> *mut T {
        debug_assert!(i <= self.n);
        self.address().wrapping_add(i)
    }
}

/// Work on a device, in the order it is queued. The device is current for this thread meanwhile.
#[derive(Debug)]
pub(crate) struct Queue<'d, D> {
    device: &'d D,
    op: &'static str,
    previous: c_int,
}

impl<'d, D: Device> Queue<'d, D> {
    pub(crate) fn new(device: &'d D, op: &'static str) -> Result<Self> {
        let mut previous = 0;
        // SAFETY: writes one integer.
        let status = unsafe { ffi::tm_set_device(device.ordinal() as c_int, &mut previous) };
        check(op, status)?;
        Ok(Self { device, op, previous })
    }

    pub(crate) fn stream(&self) -> *mut c_void {
        self.device.stream()
    }

    pub(crate) fn check(&self, status: c_int) -> Result<()> {
        check(self.op, status)
    }

    /// Room for elements of any content.
    pub(crate) fn room<T>(&self, n: usize) -> Result<Room<D, T>> {
        let n_bytes = (n * size_of::<T>()).max(1);
        Ok(Room { memory: self.device.allocate(n_bytes)?, n, elements: PhantomData })
    }

    /// Room filled with a byte.
    pub(crate) fn filled<T>(&self, n: usize, byte: u8) -> Result<Room<D, T>> {
        let room: Room<D, T> = self.room(n)?;
        let n_bytes = n * size_of::<T>();
        // SAFETY: the room has as many bytes.
        self.check(unsafe {
            ffi::tm_fill(room.address().cast(), byte.into(), n_bytes, self.stream())
        })?;
        Ok(room)
    }

    /// Copies elements between places on the device.
    pub(crate) fn copy<T: Copy>(&self, from: &Room<D, T>, to: &Room<D, T>) -> Result<()> {
        debug_assert!(from.len() <= to.len());
        let n_bytes = from.len() * size_of::<T>();
        // SAFETY: both rooms have as many bytes, and lie apart.
        self.check(unsafe {
            ffi::tm_copy(to.address().cast(), from.address().cast(), n_bytes, self.stream())
        })
    }

    /// Waits for all work and returns the first elements.
    pub(crate) fn read<T: Copy>(&self, from: &Room<D, T>, n: usize) -> Result<Vec<T>> {
        debug_assert!(n <= from.len());
        let mut elements = Vec::with_capacity(n);
        let to: *mut T = elements.as_mut_ptr();
        let n_bytes = n * size_of::<T>();
        // SAFETY: the room and the vector have as many bytes, of a type that any bits make; the
        // vector is not touched before the copy is done.
        unsafe {
            let copied = ffi::tm_copy(to.cast(), from.address().cast(), n_bytes, self.stream());
            // Waits even if the copy failed: nothing may write to the vector after this.
            let waited = ffi::tm_wait(self.stream());
            self.check(copied)?;
            self.check(waited)?;
            elements.set_len(n);
        }
        Ok(elements)
    }
}

impl<D> Drop for Queue<'_, D> {
    fn drop(&mut self) {
        let mut ours = 0;
        // SAFETY: writes one integer. A device that was current can be made so again.
        unsafe { ffi::tm_set_device(self.previous, &mut ours) };
    }
}

/// The elements of a tensor in device memory, row by row without gaps.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    pub(crate) address: *const c_void,
    pub(crate) dtype: DType,
}

impl Input {
    /// Elements of this type at this address.
    ///
    /// # Safety
    /// The memory must hold as many elements as the shape given beside this input says, on the device
    /// given, and stay as it is until the work queued on the device's stream is done.
    pub unsafe fn new(address: *const c_void, dtype: DType) -> Self {
        Self { address, dtype }
    }

    /// Where the elements lie.
    pub fn address(self) -> *const c_void {
        self.address
    }

    /// The number of this type in the kernels.
    pub(crate) fn code(self) -> i32 {
        match self.dtype {
            DType::Bool | DType::U8 => 0,
            DType::I8 => 1,
            DType::U16 => 2,
            DType::I16 => 3,
            DType::U32 => 4,
            DType::I32 => 5,
            DType::U64 => 6,
            DType::I64 => 7,
            DType::F16 => 8,
            DType::Bf16 => 9,
            DType::F32 => 10,
            DType::F64 => 11,
        }
    }
}

/// Samples of one or many tasks on a device: `n_tasks × n_samples` elements each, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// The metric they are for, for error messages.
    pub op: &'static str,
    /// The scores.
    pub scores: Input,
    /// The targets.
    pub targets: Input,
    /// Number of rows, at least 1.
    pub n_tasks: usize,
    /// Number of samples in each row, at least 1.
    pub n_samples: usize,
}

impl Batch {
    pub(crate) fn samples(&self) -> ffi::Samples {
        ffi::Samples {
            scores: self.scores.address,
            targets: self.targets.address,
            score_type: self.scores.code(),
            target_type: self.targets.code(),
            n_tasks: self.n_tasks as u64,
            n_columns: self.n_samples as u64,
            stride: self.n_samples as u64,
        }
    }
}
