//! Tensors in the memory of a CUDA device, which the kernels read in place.

#![allow(unsafe_code)]

use metrics_core::backend::{Batch, StateMut};
use metrics_core::{DType, Error, RankSums, RankedCounts, Result};
use metrics_cuda::{Device, Input};
use tch::{Kind, Tensor};

use crate::Tch;
use crate::error::refused;
use crate::ops::to_i64;
use crate::tensor::{Shared, unsupported};

/// The batches that a metric has queued on a device.
pub(crate) type Pending = metrics_cuda::Pending<OnTch>;

/// A CUDA device of libtorch. The kernels use its stream and its memory.
///
/// The stream is the default one, which is libtorch's current stream in a Rust program, since tch cannot
/// set another.
#[derive(Debug, Clone)]
pub struct OnTch(usize);

/// Bytes. libtorch frees them in the order of the stream.
pub struct Memory(Tensor);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Memory").field(&self.0.data_ptr()).finish()
    }
}

// SAFETY: a shared `Memory` gives access to the address only, which never changes. `Tensor` is not `Sync`
// because some of its methods write through a shared reference; the field is private, and no code here
// calls them.
unsafe impl Sync for Memory {}

// SAFETY: libtorch allocates as many bytes as it is asked for, at `address`, and frees them in the order of
// its stream; the default stream lives as long as the process.
unsafe impl Device for OnTch {
    type Memory = Memory;

    fn ordinal(&self) -> usize {
        self.0
    }

    fn stream(&self) -> *mut std::ffi::c_void {
        std::ptr::null_mut()
    }

    fn allocate(&self, n_bytes: usize) -> Result<Memory> {
        let options = (Kind::Uint8, tch::Device::Cuda(self.0));
        Tensor::f_empty([to_i64("allocate", n_bytes)?], options)
            .map(Memory)
            .map_err(refused("allocate"))
    }

    fn address(memory: &Memory) -> *mut std::ffi::c_void {
        memory.0.data_ptr()
    }
}

/// The dtype of a tensor, if metrics take it.
pub(crate) fn dtype(tensor: &Shared) -> Option<DType> {
    Some(match tensor.0.f_kind().ok()? {
        Kind::Bool | Kind::Uint8 => DType::U8,
        Kind::Int8 => DType::I8,
        Kind::Int16 => DType::I16,
        Kind::Int => DType::I32,
        Kind::Int64 => DType::I64,
        Kind::Half => DType::F16,
        Kind::BFloat16 => DType::Bf16,
        Kind::Float => DType::F32,
        Kind::Double => DType::F64,
        _ => return None,
    })
}

/// Calls `f` with a batch without weights, in place where its tensors lie row by row.
fn with_batch<R>(
    device: usize,
    batch: &Batch<'_, Tch>,
    f: impl FnOnce(&OnTch, &metrics_cuda::Batch) -> Result<R>,
) -> Result<R> {
    let (op, n_tasks, n_samples) = (batch.op(), batch.n_tasks(), batch.n_samples());
    let plain = |tensor: &Shared| tensor.plain(op, tch::Device::Cuda(device)).map(Shared);
    let (scores, targets) = (plain(batch.scores())?, plain(batch.targets())?);
    let input = |what, tensor: &Shared| {
        let dtype = dtype(tensor).ok_or_else(|| unsupported(op, what, &tensor.0))?;
        // SAFETY: a contiguous tensor's elements lie behind its address; libtorch frees them in the
        // order of the stream.
        Ok::<_, Error>(unsafe { Input::new(tensor.0.data_ptr(), dtype, tensor.0.numel()) })
    };
    let (scores, targets) = (input("scores", &scores)?, input("targets", &targets)?);
    f(&OnTch(device), &metrics_cuda::Batch { op, scores, targets, n_tasks, n_samples })
}

pub(crate) fn rank_sums(device: usize, batch: &Batch<'_, Tch>) -> Result<Vec<RankSums>> {
    with_batch(device, batch, metrics_cuda::rank_sums)
}

pub(crate) fn ranked_counts(device: usize, batch: &Batch<'_, Tch>) -> Result<Vec<RankedCounts>> {
    with_batch(device, batch, metrics_cuda::ranked_counts)
}

/// Queues a batch, if the kernels know the state; returns whether they do.
pub(crate) fn update(
    device: usize,
    batch: &Batch<'_, Tch>,
    state: StateMut<'_>,
    pending: &mut Pending,
) -> Result<bool> {
    with_batch(device, batch, |device, batch| pending.update(device, batch, state))
}
