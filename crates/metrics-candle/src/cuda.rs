//! Tensors in the memory of a CUDA device, which the kernels read in place.

#![allow(unsafe_code)]

use candle_core::backend::BackendDevice;
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, CudaStream, DevicePtr, DevicePtrMut};
use candle_core::cuda_backend::{CudaStorage, CudaStorageSlice, WrapErr};
use candle_core::op::BackpropOp;
use candle_core::{CudaDevice, DeviceLocation, Storage, Tensor};
use metrics_core::backend::index::{check_len, check_matrix, check_one_row};
use metrics_core::backend::{Batch, ElementCheck, IndexShape, StateMut};
use metrics_core::{DType, Error, RankSums, RankedCounts, Result, reserve};
use metrics_cuda::ops::{self, Matrix, Output};
use metrics_cuda::{Device, Input};

use crate::Candle;
use crate::backend::name;
use crate::error::refused;
use crate::index::{CandleIndex, Numbers};
use crate::tensor::unsupported;

/// The batches that a metric has queued on a device.
pub(crate) type Pending = metrics_cuda::Pending<OnCandle>;

/// A CUDA device of candle. The kernels use its stream and its memory.
#[derive(Debug, Clone)]
pub struct OnCandle(CudaDevice);

/// Memory of a device of candle.
#[derive(Debug)]
pub struct Memory {
    /// Freed on candle's stream when dropped.
    _slice: CudaSlice<u8>,
    address: u64,
}

// SAFETY: candle allocates as many bytes as it is asked for, at `address`, and frees them in the order of
// its stream, which lives as long as its device.
unsafe impl Device for OnCandle {
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
        // SAFETY: any bits are valid bytes, and the kernels write before they read.
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

/// Calls `f` with the elements of a contiguous tensor on a CUDA device. Work that `f` queues on the stream
/// of `device` runs after the work that writes the tensor, and before its memory is freed, whichever stream
/// the tensor belongs to.
fn with_input<R>(
    device: &CudaDevice,
    op: &'static str,
    what: &'static str,
    tensor: &Tensor,
    f: impl FnOnce(Input) -> Result<R>,
) -> Result<R> {
    let n_elements = check_len(op, tensor.dims())?;
    let (storage, layout) = tensor.storage_and_layout();
    let storage = match &*storage {
        Storage::Cuda(storage) if storage.device.location() == device.location() => storage,
        _ => {
            let (scores, device) =
                (name(&candle_core::Device::Cuda(device.clone())), tensor.device());
            let (scores, device) = (scores.into_owned(), name(device).into_owned());
            return Err(Error::DeviceMismatch { op, scores, what, device });
        }
    };
    let offset = layout.start_offset();
    let (ours, theirs) = (device.cuda_stream(), storage.device.cuda_stream());
    macro_rules! inputs {
        ($($slice:ident $dtype:ident),*) => {
            match &storage.slice {
                $(CudaStorageSlice::$slice(slice) => {
                    // candle does not check that a storage has as many elements as the shape of its tensor.
                    if offset.checked_add(n_elements).is_none_or(|end| end > slice.len()) {
                        let text = format!("a storage of {} elements", slice.len());
                        return Err(refused(op)(candle_core::Error::msg(text)));
                    }
                    let (address, read) = slice.device_ptr(&ours);
                    let address = address as usize + offset * size_of_element(slice);
                    let dtype = DType::$dtype;
                    // SAFETY: a contiguous tensor's elements lie behind its offset, and the storage
                    // has as many; the lock on it is held, and their stream waits for ours before it
                    // frees them.
                    let input = unsafe { Input::new(address as *const _, dtype, n_elements) };
                    let made = f(input);
                    // Records what `f` queued.
                    drop(read);
                    made
                })*
                _ => Err(unsupported(op, what, tensor)),
            }
        };
    }
    // cudarc orders streams of one `CudaContext`, but each device of candle has its own context.
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

/// The tensor itself if it lies row by row, else a copy.
fn contiguous(op: &'static str, tensor: &Tensor) -> Result<Tensor> {
    check_len(op, tensor.dims())?;
    tensor.detach().contiguous().map_err(refused(op))
}

/// Calls `f` with a batch without weights, in place where its tensors are contiguous.
fn with_batch<R>(
    device: &CudaDevice,
    batch: &Batch<'_, Candle>,
    f: impl FnOnce(&OnCandle, &metrics_cuda::Batch) -> Result<R>,
) -> Result<R> {
    let (op, n_tasks, n_samples) = (batch.op(), batch.n_tasks(), batch.n_samples());
    let (scores, targets) = (contiguous(op, batch.scores())?, contiguous(op, batch.targets())?);
    with_input(device, op, "scores", &scores, |scores| {
        with_input(device, op, "targets", &targets, |targets| {
            let batch = metrics_cuda::Batch { op, scores, targets, n_tasks, n_samples };
            f(&OnCandle(device.clone()), &batch)
        })
    })
}

pub(crate) fn rank_sums(device: &CudaDevice, batch: &Batch<'_, Candle>) -> Result<Vec<RankSums>> {
    with_batch(device, batch, metrics_cuda::rank_sums)
}

pub(crate) fn ranked_counts(
    device: &CudaDevice,
    batch: &Batch<'_, Candle>,
) -> Result<Vec<RankedCounts>> {
    with_batch(device, batch, metrics_cuda::ranked_counts)
}

/// Queues a batch, if the kernels know the state; returns whether they do.
pub(crate) fn update(
    device: &CudaDevice,
    batch: &Batch<'_, Candle>,
    state: StateMut<'_>,
    pending: &mut Pending,
) -> Result<bool> {
    with_batch(device, batch, |device, batch| pending.update(device, batch, state))
}

/// Calls `f` with a matrix. A tensor of another rank becomes one row of all its elements.
fn with_matrix<R>(
    device: &CudaDevice,
    op: &'static str,
    x: &Tensor,
    f: impl FnOnce(&OnCandle, Matrix) -> Result<R>,
) -> Result<R> {
    let contiguous = contiguous(op, x)?;
    let (n_rows, n_columns) = match *x.dims() {
        [n_rows, n_columns] => (n_rows, n_columns),
        _ => (1, contiguous.elem_count()),
    };
    with_input(device, op, "elements", &contiguous, |elements| {
        f(&OnCandle(device.clone()), Matrix { elements, n_rows, n_columns })
    })
}

/// A tensor of this shape, written by `f`.
fn written(
    op: &'static str,
    device: &CudaDevice,
    shape: [usize; 2],
    f: impl FnOnce(&Output) -> Result<()>,
) -> Result<Tensor> {
    let n = check_len(op, &shape)?;
    // SAFETY: any bits are valid integers; `f` queues the writes, and all reads are queued after them.
    let mut slice = unsafe { device.alloc::<i64>(n.max(1)) }.map_err(refused(op))?;
    let stream = device.cuda_stream();
    let (address, writes) = slice.device_ptr_mut(&stream);
    // SAFETY: the slice was allocated for as many integers.
    f(&unsafe { Output::new(address as *mut i64, n) })?;
    // Records what `f` queued.
    drop(writes);
    let storage = Storage::Cuda(CudaStorage::wrap_cuda_slice(slice, device.clone()));
    Ok(Tensor::from_storage(storage, &shape[..], BackpropOp::none(), false))
}

fn index(device: &CudaDevice, numbers: Tensor, shape: IndexShape) -> CandleIndex {
    let device = candle_core::Device::Cuda(device.clone());
    CandleIndex { device, numbers: Numbers::Cuda(numbers, shape) }
}

pub(crate) fn find_invalid(
    device: &CudaDevice,
    x: &Tensor,
    check: ElementCheck,
) -> Result<Option<(usize, f64)>> {
    with_matrix(device, "find_invalid", x, |device, x| ops::find_invalid(device, x, check))
}

pub(crate) fn argsort_descending(device: &CudaDevice, x: &Tensor) -> Result<CandleIndex> {
    let shape = IndexShape::of_argsort(x.dims())?;
    let order = with_matrix(device, "argsort", x, |on_candle, matrix| {
        written("argsort", device, shape.dims(), |order| {
            ops::argsort_descending(on_candle, matrix, order)
        })
    })?;
    Ok(index(device, order, shape))
}

pub(crate) fn cumsum(device: &CudaDevice, x: &Tensor) -> Result<Tensor> {
    let shape = check_matrix("cumsum", x.dims())?;
    with_matrix(device, "cumsum", x, |on_candle, matrix| {
        written("cumsum", device, shape, |sums| ops::cumsum(on_candle, matrix, sums))
    })
}

pub(crate) fn group_ends(device: &CudaDevice, x: &Tensor) -> Result<CandleIndex> {
    let n = check_one_row("group_ends", x.dims())?;
    let mut n_ends = 0;
    let ends = with_matrix(device, "group_ends", x, |on_candle, matrix| {
        written("group_ends", device, [1, n], |ends| {
            n_ends = ops::group_ends(on_candle, matrix, ends)?;
            Ok(())
        })
    })?;
    let ends = ends.narrow(1, 0, n_ends).map_err(refused("group_ends"))?;
    Ok(index(device, ends, IndexShape::of_group_ends(n, n_ends)))
}

pub(crate) fn bucket(
    device: &CudaDevice,
    x: &Tensor,
    num_thresholds: usize,
) -> Result<CandleIndex> {
    let shape = IndexShape::of_bucket(x.dims(), num_thresholds)?;
    let buckets = with_matrix(device, "bucket", x, |on_candle, matrix| {
        written("bucket", device, shape.dims(), |buckets| {
            ops::bucket(on_candle, matrix, num_thresholds, buckets)
        })
    })?;
    Ok(index(device, buckets, shape))
}

/// candle's own gather aborts the process at a number out of range, treats the largest number as "write
/// zero", and fails on rows without columns.
pub(crate) fn gather(x: &Tensor, numbers: &Tensor, shape: IndexShape) -> Result<Tensor> {
    const OP: &str = "gather";
    shape.check_gather(x.dims())?;
    let n = check_len(OP, &shape.dims())?;
    if n == 0 {
        return Tensor::zeros(numbers.shape(), x.dtype(), x.device()).map_err(refused(OP));
    }
    // candle's kernel numbers elements in 32 bits, and adds their number to the last of them.
    if n > i32::MAX as usize {
        let text = format!("{n} elements; candle's kernel takes at most {}", i32::MAX);
        return Err(refused(OP)(candle_core::Error::msg(text)));
    }
    contiguous(OP, x)?.gather(numbers, 1).map_err(refused(OP))
}

pub(crate) fn bincount(
    numbers: &Tensor,
    shape: IndexShape,
    targets: &Tensor,
    n_bins: usize,
) -> Result<[Vec<u64>; 2]> {
    const OP: &str = "bincount";
    shape.check_bincount(targets.dims(), n_bins)?;
    let candle_core::Device::Cuda(device) = numbers.device() else {
        unreachable!("an index on {:?}", numbers.device().location())
    };
    with_matrix(device, OP, targets, |on_candle, targets| {
        with_input(device, OP, "indices", numbers, |index| {
            ops::bincount(on_candle, index, targets, n_bins)
        })
    })
}

pub(crate) fn download_index(numbers: &Tensor) -> Result<Vec<u64>> {
    const OP: &str = "download index";
    let flat = numbers.flatten_all().and_then(|numbers| numbers.to_vec1::<i64>());
    // No number is negative.
    reserve::collected(OP, flat.map_err(refused(OP))?.into_iter().map(|x| x as u64))
}
