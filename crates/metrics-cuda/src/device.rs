//! A device whose stream and memory belong to a tensor library, and batches in its memory.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::fmt::Debug;

use metrics_core::{DType, Error, Result};

use crate::ffi;

/// Most samples of all tasks in one batch or one sort: positions and counts have 32 bits.
pub(crate) const MAX_BATCH_SAMPLES: usize = u32::MAX as usize;

/// Most tasks in one sort: a mark of 32 bits holds the task and the label.
const MAX_SORT_TASKS: usize = 1 << 31;

/// A CUDA device with the stream and the memory of a tensor library.
///
/// # Safety
/// The kernels trust an implementation. `allocate` must return memory of `n_bytes` bytes on the device
/// `ordinal`, which stays at its `address` until it is dropped. `stream` must be a stream of that device
/// that lives as long as the value.
pub unsafe trait Device: Clone + Debug + Send {
    /// Device memory. When it is dropped, it is freed after all work queued on the stream so far.
    type Memory: Debug + Send + Sync;

    /// Number of the device, from 0.
    fn ordinal(&self) -> usize;

    /// The stream (`cudaStream_t`) on which the library queues its own work.
    fn stream(&self) -> *mut c_void;

    /// Whether both are the same device and stream, so that work on them runs in the order it is queued.
    fn is_same(&self, other: &Self) -> bool {
        (self.ordinal(), self.stream()) == (other.ordinal(), other.stream())
    }

    /// Memory of `n_bytes` bytes, at least one, not initialised.
    ///
    /// # Errors
    /// [`Error::Backend`] when there is none left.
    fn allocate(&self, n_bytes: usize) -> Result<Self::Memory>;

    /// The address of memory on the device.
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
    // SAFETY: returns a static string for any number, which stays when the error is forgotten.
    let text = unsafe {
        ffi::tm_forget_error();
        CStr::from_ptr(ffi::tm_status_text(status))
    };
    let source = CudaError { status, text: text.to_string_lossy().into_owned() };
    Err(Error::Backend { backend: "cuda", op, source: Box::new(source) })
}

/// The error for arguments that no kernel is launched with.
pub(crate) fn refused(op: &'static str, reason: String) -> Error {
    Error::Backend { backend: "cuda", op, source: reason.into() }
}

/// How many CUDA devices this machine has.
///
/// # Errors
/// [`Error::Backend`] where there is no driver, or one too old for this program.
pub fn device_count() -> Result<usize> {
    let mut n = 0;
    // SAFETY: writes one integer.
    check("count devices", unsafe { ffi::tm_device_count(&mut n) })?;
    Ok(usize::try_from(n).unwrap_or(0))
}

/// The elements of a tensor in device memory, row by row without gaps.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    pub(crate) address: *const c_void,
    pub(crate) dtype: DType,
    n_elements: usize,
}

impl Input {
    /// `n_elements` elements of this type at this address.
    ///
    /// # Safety
    /// The memory must hold as many elements, on the device that is given with this input, and stay as
    /// it is until the work queued on the device's stream is done.
    pub unsafe fn new(address: *const c_void, dtype: DType, n_elements: usize) -> Self {
        Self { address, dtype, n_elements }
    }

    /// Checks that the input has as many elements as a kernel is about to read.
    pub(crate) fn check_len(&self, op: &'static str, n: usize) -> Result<()> {
        if self.n_elements == n {
            return Ok(());
        }
        Err(refused(op, format!("an input of {} elements where {n} are read", self.n_elements)))
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
    /// Number of rows.
    pub n_tasks: usize,
    /// Number of samples in each row.
    pub n_samples: usize,
}

impl Batch {
    /// Whether it has no samples, so that no kernel is launched.
    pub(crate) fn is_empty(&self) -> bool {
        self.n_tasks == 0 || self.n_samples == 0
    }

    /// Checks that the kernels can number the samples, and that both inputs have as many elements.
    pub(crate) fn check(&self) -> Result<()> {
        let Self { op, n_tasks, n_samples, .. } = *self;
        let n = n_tasks.checked_mul(n_samples).filter(|&n| n <= MAX_BATCH_SAMPLES);
        let n = n.ok_or_else(|| {
            let most = MAX_BATCH_SAMPLES;
            refused(
                op,
                format!("a batch of {n_tasks} × {n_samples} samples; at most {most} go at once"),
            )
        })?;
        if n > 0 && n_tasks > MAX_SORT_TASKS {
            return Err(refused(
                op,
                format!("{n_tasks} tasks; at most {MAX_SORT_TASKS} go at once"),
            ));
        }
        self.scores.check_len(op, n)?;
        self.targets.check_len(op, n)
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
