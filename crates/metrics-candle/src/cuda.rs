//! Tensors in the memory of a CUDA device: the kernels read them in place.

#![allow(unsafe_code)]

use candle_core::backend::BackendDevice;
use candle_core::cuda_backend::cudarc::driver::{
    CudaSlice, CudaStream, DevicePtr, DevicePtrMut, DeviceRepr,
};
use candle_core::cuda_backend::{CudaDType, CudaStorage, CudaStorageSlice, WrapErr};
use candle_core::op::BackpropOp;
use candle_core::{CudaDevice, DeviceLocation, Storage, Tensor};
use metrics_core::{
    Areas, Batch, BucketCounts, DType, Error, Kept, RankState, RankedCounts, Result, Rule,
};
use metrics_cuda::ops::{self, Matrix};
use metrics_cuda::{Device, Input};

use crate::Candle;
use crate::error::refused;
use crate::tensor::unsupported;

/// Samples that a metric keeps on a device until it is read.
pub(crate) type KeptSamples = metrics_cuda::KeptSamples<OnCandle>;
/// Bucket counts that a metric keeps on a device until it is read.
pub(crate) type KeptCounts = metrics_cuda::KeptCounts<OnCandle>;

/// A CUDA device of candle's, which lends its stream and its memory to the kernels.
#[derive(Debug, Clone)]
pub struct OnCandle(CudaDevice);

/// Memory of a device of candle's.
#[derive(Debug)]
pub struct Memory {
    /// Freed on candle's stream when dropped.
    _slice: CudaSlice<u8>,
    address: u64,
}

impl Device for OnCandle {
    type Memory = Memory;

    fn ordinal(&self) -> usize {
        match self.0.location() {
            DeviceLocation::Cuda { gpu_id } => gpu_id,
            // A CUDA device has no other location.
            DeviceLocation::Cpu | DeviceLocation::Metal { .. } => 0,
        }
    }

    fn stream(&self) -> *mut std::ffi::c_void {
        self.0.cuda_stream().cu_stream().cast()
    }

    fn allocate(&self, n_bytes: usize) -> Result<Memory> {
        // SAFETY: any bits are bytes, and the kernels write before they read.
        let slice = unsafe { self.0.alloc::<u8>(n_bytes) }.map_err(refused("allocate"))?;
        let stream = self.0.cuda_stream();
        let (address, waits) = slice.device_ptr(&stream);
        drop(waits);
        Ok(Memory { _slice: slice, address })
    }

    fn address(memory: &Memory) -> *mut std::ffi::c_void {
        memory.address as *mut std::ffi::c_void
    }
}

/// Calls `f` with the elements of a contiguous tensor on a CUDA device. What `f` queues on the stream
/// of `device` runs after what the tensor was made by, and before its memory is used for anything
/// else, whichever stream the tensor belongs to.
fn with_input<R>(
    device: &CudaDevice,
    op: &'static str,
    what: &'static str,
    tensor: &Tensor,
    f: impl FnOnce(Input) -> Result<R>,
) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cuda(storage) = &*storage else {
        return Err(unsupported(op, what, tensor));
    };
    let offset = layout.start_offset();
    let (ours, theirs) = (device.cuda_stream(), storage.device.cuda_stream());
    macro_rules! inputs {
        ($($slice:ident $dtype:ident),*) => {
            match &storage.slice {
                $(CudaStorageSlice::$slice(slice) => {
                    let (address, read) = slice.device_ptr(&ours);
                    let address = address as usize + offset * size_of_element(slice);
                    // SAFETY: a contiguous tensor's elements lie behind its offset; the lock on its
                    // storage is held, and their stream waits for ours before it frees them.
                    let input = unsafe { Input::new(address as *const _, DType::$dtype) };
                    let made = f(input);
                    // Records what `f` queued.
                    drop(read);
                    made
                })*
                _ => Err(unsupported(op, what, tensor)),
            }
        };
    }
    // cudarc orders streams of one `CudaContext`; each device that candle makes has one of its own.
    let join = |one: &CudaStream, other: &CudaStream| {
        if ours == theirs { Ok(()) } else { one.join(other).w().map_err(refused("join streams")) }
    };
    join(&ours, &theirs)?;
    let made = inputs!(
        U8 U8, U32 U32, I16 I16, I32 I32, I64 I64, F16 F16, BF16 Bf16, F32 F32, F64 F64
    );
    join(&theirs, &ours)?;
    made
}

fn size_of_element<T>(_slice: &CudaSlice<T>) -> usize {
    size_of::<T>()
}

/// Calls `f` with a batch without weights, in place where its tensors are contiguous.
fn with_batch<R>(
    device: &CudaDevice,
    batch: &Batch<'_, Candle>,
    f: impl FnOnce(&OnCandle, &metrics_cuda::Batch) -> Result<R>,
) -> Result<R> {
    let contiguous = |tensor: &Tensor| tensor.detach().contiguous().map_err(refused("contiguous"));
    let (scores, targets) = (contiguous(&batch.scores)?, contiguous(&batch.targets)?);
    let Batch { op, n_tasks, n_samples, .. } = *batch;
    with_input(device, op, "scores", &scores, |scores| {
        with_input(device, op, "targets", &targets, |targets| {
            let batch = metrics_cuda::Batch { op, scores, targets, n_tasks, n_samples };
            f(&OnCandle(device.clone()), &batch)
        })
    })
}

pub(crate) fn areas(device: &CudaDevice, batch: &Batch<'_, Candle>) -> Result<Vec<Areas>> {
    with_batch(device, batch, metrics_cuda::areas)
}

pub(crate) fn ranked_counts(
    device: &CudaDevice,
    batch: &Batch<'_, Candle>,
) -> Result<Vec<RankedCounts>> {
    with_batch(device, batch, metrics_cuda::ranked_counts)
}

pub(crate) fn keep(
    device: &CudaDevice,
    batch: &Batch<'_, Candle>,
    state: &mut RankState,
    kept: &mut KeptSamples,
) -> Result<()> {
    with_batch(device, batch, |device, batch| kept.update(device, batch, state))
}

pub(crate) fn append(
    device: &CudaDevice,
    batch: &Batch<'_, Candle>,
    state: &mut RankState,
) -> Result<()> {
    let mut kept = KeptSamples::default();
    keep(device, batch, state, &mut kept)?;
    kept.settle(state).map_err(Error::of_one_update)
}

pub(crate) fn keep_counts(
    device: &CudaDevice,
    batch: &Batch<'_, Candle>,
    counts: &mut BucketCounts,
    kept: &mut KeptCounts,
) -> Result<()> {
    with_batch(device, batch, |device, batch| kept.update(device, batch, counts))
}

pub(crate) fn count_buckets(
    device: &CudaDevice,
    batch: &Batch<'_, Candle>,
    counts: &mut BucketCounts,
) -> Result<()> {
    let mut kept = KeptCounts::default();
    keep_counts(device, batch, counts, &mut kept)?;
    kept.settle(counts).map_err(Error::of_one_update)
}

/// Calls `f` with a matrix.
fn with_matrix<R>(
    device: &CudaDevice,
    op: &'static str,
    x: &Tensor,
    f: impl FnOnce(&OnCandle, Matrix) -> Result<R>,
) -> Result<R> {
    let contiguous = x.detach().contiguous().map_err(refused(op))?;
    let n_columns = x.dims().last().copied().unwrap_or(1);
    let n_rows = x.elem_count().checked_div(n_columns).unwrap_or(0);
    with_input(device, op, "elements", &contiguous, |elements| {
        f(&OnCandle(device.clone()), Matrix { elements, n_rows, n_columns })
    })
}

/// A tensor of this shape and type, which `f` writes.
fn written<T: CudaDType + DeviceRepr>(
    op: &'static str,
    device: &CudaDevice,
    shape: &[usize],
    f: impl FnOnce(*mut T) -> Result<()>,
) -> Result<Tensor> {
    let n = shape.iter().product::<usize>();
    // SAFETY: `f` writes each element, and what reads them is queued after it.
    let mut slice = unsafe { device.alloc::<T>(n.max(1)) }.map_err(refused(op))?;
    let stream = device.cuda_stream();
    let (address, writes) = slice.device_ptr_mut(&stream);
    f(address as *mut T)?;
    // Records what `f` queued.
    drop(writes);
    let storage = Storage::Cuda(CudaStorage::wrap_cuda_slice(slice, device.clone()));
    Ok(Tensor::from_storage(storage, shape, BackpropOp::none(), false))
}

pub(crate) fn find_invalid(
    device: &CudaDevice,
    x: &Tensor,
    rule: Rule,
) -> Result<Option<(usize, f64)>> {
    with_matrix(device, "find_invalid", x, |device, x| ops::find_invalid(device, x, rule))
}

pub(crate) fn argsort_descending(device: &CudaDevice, x: &Tensor) -> Result<Tensor> {
    with_matrix(device, "argsort", x, |on_candle, matrix| {
        // SAFETY: there is room for as many numbers as elements.
        written::<i64>("argsort", device, x.dims(), |order| unsafe {
            ops::argsort_descending(on_candle, matrix, order)
        })
    })
}

pub(crate) fn cumsum(device: &CudaDevice, x: &Tensor) -> Result<Tensor> {
    with_matrix(device, "cumsum", x, |on_candle, matrix| {
        // SAFETY: there is room for as many numbers as elements.
        written::<i64>("cumsum", device, x.dims(), |sums| unsafe {
            ops::cumsum(on_candle, matrix, sums)
        })
    })
}

pub(crate) fn group_ends(device: &CudaDevice, x: &Tensor) -> Result<Tensor> {
    let mut n_ends = 0;
    let ends = with_matrix(device, "group_ends", x, |on_candle, matrix| {
        // SAFETY: there is room for as many numbers as elements.
        written::<i64>("group_ends", device, x.dims(), |ends| unsafe {
            n_ends = ops::group_ends(on_candle, matrix, ends)?;
            Ok(())
        })
    })?;
    ends.narrow(1, 0, n_ends).map_err(refused("group_ends"))
}

pub(crate) fn bucket(device: &CudaDevice, x: &Tensor, num_thresholds: usize) -> Result<Tensor> {
    with_matrix(device, "bucket", x, |on_candle, matrix| {
        // SAFETY: there is room for as many numbers as elements.
        written::<i64>("bucket", device, x.dims(), |buckets| unsafe {
            ops::bucket(on_candle, matrix, num_thresholds, buckets)
        })
    })
}

pub(crate) fn bincount(
    device: &CudaDevice,
    index: &Tensor,
    targets: &Tensor,
    n_bins: usize,
) -> Result<[Vec<u64>; 2]> {
    with_matrix(device, "bincount", targets, |_, targets| {
        with_matrix(device, "bincount", index, |on_candle, index| {
            // SAFETY: the index is one that `bucket` made: i64, as long as the targets, below
            // `n_bins`.
            unsafe {
                let index = index.elements.address().cast();
                ops::bincount(on_candle, index, targets, n_bins)
            }
        })
    })
}
