//! A device as a tensor library lends it, and batches in its memory.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::fmt::Debug;

use metrics_core::{DType, Error, Result};

use crate::ffi;

/// Samples of all tasks in one batch or one sort: positions and counts of a batch are 32-bit.
pub(crate) const MOST_SAMPLES: usize = u32::MAX as usize;

/// A CUDA device with the stream and the memory of a tensor library.
pub trait Device: Clone + Debug {
    /// Device memory. When it is dropped, it is freed after all work queued on the stream so far.
    type Memory: Debug;

    /// Number of the device, from 0.
    fn ordinal(&self) -> usize;

    /// The stream (`cudaStream_t`) the library queues its own work on.
    fn stream(&self) -> *mut c_void;

    /// Whether work on both is done in the order it is queued: one device, and one stream.
    fn is_same(&self, other: &Self) -> bool {
        (self.ordinal(), self.stream()) == (other.ordinal(), other.stream())
    }

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
    /// Refuses a batch that the kernels cannot number the samples of.
    pub(crate) fn check_size(&self) -> Result<()> {
        let Self { op, n_tasks, n_samples, .. } = *self;
        if n_tasks.checked_mul(n_samples).is_some_and(|n| n <= MOST_SAMPLES) {
            return Ok(());
        }
        let source = format!(
            "a batch of {n_tasks} × {n_samples} samples; at most {MOST_SAMPLES} go at once"
        );
        Err(Error::Backend { backend: "cuda", op, source: source.into() })
    }

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
