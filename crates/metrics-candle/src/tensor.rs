//! Conversions between candle tensors and host tensors.

use std::borrow::Cow;

use candle_core::{CpuStorage, Device, Layout, Storage, Tensor, WithDType};
use metrics_core::backend::Strided;
use metrics_core::backend::index::check_len;
use metrics_core::{Buffer, Element, Error, HostTensor, Result, ToTensor, reserve};

use crate::Candle;
use crate::error::refused;

impl ToTensor<Candle> for Tensor {
    fn to_tensor(&self) -> Tensor {
        self.clone()
    }
}

const DTYPES: &str = "u8, u32, i16, i32, i64, f16, bf16, f32 or f64";

/// A tensor whose elements lie in host memory.
#[derive(Debug)]
pub(crate) struct HostAccess(Tensor);

impl HostAccess {
    /// The tensor itself if it is in host memory, else a copy.
    pub(crate) fn new(tensor: &Tensor) -> Result<Self> {
        let tensor = tensor.detach().to_device(&Device::Cpu);
        Ok(Self(tensor.map_err(refused("copy to the host"))?))
    }

    /// Calls `f` with the elements, in place where they lie row by row. Errors name `op` and `what`.
    pub(crate) fn with<R>(
        &self,
        op: &'static str,
        what: &'static str,
        f: impl FnOnce(HostTensor<'_>) -> Result<R>,
    ) -> Result<R> {
        check_len(op, self.0.dims())?;
        let (storage, layout) = self.0.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else {
            return Err(unsupported(op, what, &self.0));
        };
        let buffer = buffer(op, storage, layout)?.ok_or_else(|| unsupported(op, what, &self.0))?;
        f(HostTensor::from_buffer(buffer, self.0.dims().to_vec())?)
    }
}

/// The dtype of a tensor, if metrics take it.
#[cfg(feature = "cuda")]
pub(crate) fn dtype(tensor: &Tensor) -> Option<metrics_core::DType> {
    use candle_core::DType;
    Some(match tensor.dtype() {
        DType::U8 => metrics_core::DType::U8,
        DType::U32 => metrics_core::DType::U32,
        DType::I16 => metrics_core::DType::I16,
        DType::I32 => metrics_core::DType::I32,
        DType::I64 => metrics_core::DType::I64,
        DType::F16 => metrics_core::DType::F16,
        DType::BF16 => metrics_core::DType::Bf16,
        DType::F32 => metrics_core::DType::F32,
        DType::F64 => metrics_core::DType::F64,
        _ => return None,
    })
}

/// The error for a dtype that no metric takes.
pub(crate) fn unsupported(op: &'static str, what: &'static str, tensor: &Tensor) -> Error {
    Error::UnsupportedDtype { op, what, dtype: format!("{:?}", tensor.dtype()), expected: DTYPES }
}

/// The elements of a storage in a layout, row by row, borrowed if they lie in this order; `None` for a dtype
/// that no metric takes.
fn buffer<'s>(
    op: &'static str,
    storage: &'s CpuStorage,
    layout: &Layout,
) -> Result<Option<Buffer<'s>>> {
    fn part<'s, T: Element>(
        op: &'static str,
        data: &'s [T],
        layout: &Layout,
    ) -> Result<Option<Buffer<'s>>> {
        let elements = match layout.contiguous_offsets() {
            Some((start, end)) => data.get(start..end).map(Cow::Borrowed),
            None => copied(op, data, layout)?.map(Cow::Owned),
        };
        Ok(elements.map(T::buffer))
    }
    match storage {
        CpuStorage::U8(data) => part(op, data, layout),
        CpuStorage::U32(data) => part(op, data, layout),
        CpuStorage::I16(data) => part(op, data, layout),
        CpuStorage::I32(data) => part(op, data, layout),
        CpuStorage::I64(data) => part(op, data, layout),
        CpuStorage::F16(data) => part(op, data, layout),
        CpuStorage::BF16(data) => part(op, data, layout),
        CpuStorage::F32(data) => part(op, data, layout),
        CpuStorage::F64(data) => part(op, data, layout),
        _ => Ok(None),
    }
}

/// The elements of a view of any strides. candle's own copy ends the process where a broadcast view
/// has more elements than memory.
fn copied<T: Element>(op: &'static str, data: &[T], layout: &Layout) -> Result<Option<Vec<T>>> {
    // candle's strides are numbers of elements of one allocation.
    let strides: Vec<_> = layout.stride().iter().map(|&stride| stride as isize).collect();
    let view = Strided::of_slice(data, layout.start_offset(), layout.dims(), &strides);
    view.map(|view| view.to_vec(op)).transpose()
}

/// Owned elements, copied if they are borrowed.
pub(crate) fn owned<T: Copy>(op: &'static str, elements: Cow<'_, [T]>) -> Result<Vec<T>> {
    match elements {
        Cow::Owned(elements) => Ok(elements),
        Cow::Borrowed(elements) => reserve::collected(op, elements.iter().copied()),
    }
}

/// Elements as a tensor on a device. candle has no bool, u16, i8 and u64: these take the next type
/// that holds every value.
pub(crate) fn upload(x: HostTensor<'_>, device: &Device) -> Result<Tensor> {
    let shape = x.shape().to_vec();
    fn tensor<T: WithDType>(data: Vec<T>, shape: Vec<usize>, device: &Device) -> Result<Tensor> {
        Tensor::from_vec(data, shape, device).map_err(refused("upload"))
    }
    fn same<T: WithDType>(
        data: Cow<'_, [T]>,
        shape: Vec<usize>,
        device: &Device,
    ) -> Result<Tensor> {
        tensor(owned("upload", data)?, shape, device)
    }
    fn widened<T: Copy, U: WithDType + From<T>>(
        data: &[T],
        shape: Vec<usize>,
        device: &Device,
    ) -> Result<Tensor> {
        let data = reserve::collected("upload", data.iter().map(|&x| U::from(x)))?;
        tensor(data, shape, device)
    }
    match x.into_buffer() {
        Buffer::Bool(data) => widened::<_, u8>(&data, shape, device),
        Buffer::I8(data) => widened::<_, i64>(&data, shape, device),
        Buffer::U16(data) => widened::<_, u32>(&data, shape, device),
        Buffer::U64(data) => {
            if data.iter().any(|&x| i64::try_from(x).is_err()) {
                return Err(Error::UnsupportedDtype {
                    op: "upload",
                    what: "elements",
                    dtype: "U64 above i64::MAX".into(),
                    expected: DTYPES,
                });
            }
            let narrowed = data.iter().map(|&x| x as i64);
            tensor(reserve::collected("upload", narrowed)?, shape, device)
        }
        Buffer::I16(data) => same(data, shape, device),
        Buffer::I32(data) => same(data, shape, device),
        Buffer::U8(data) => same(data, shape, device),
        Buffer::U32(data) => same(data, shape, device),
        Buffer::I64(data) => same(data, shape, device),
        Buffer::F16(data) => same(data, shape, device),
        Buffer::Bf16(data) => same(data, shape, device),
        Buffer::F32(data) => same(data, shape, device),
        Buffer::F64(data) => same(data, shape, device),
    }
}

/// The first CUDA or Metal device if this build has one and it works, else the CPU.
///
/// candle's own `Device::cuda_if_available` returns an error if it was built for CUDA and finds no device
/// at run time; this function returns the CPU.
///
/// ```
/// use candle_core::Tensor;
/// use metrics_candle::{best_device, binary_auroc};
///
/// let device = best_device();
/// let scores = Tensor::new(&[0.2f32, 0.7], &device)?;
/// assert_eq!(binary_auroc(&scores, &Tensor::new(&[0u8, 1], &device)?)?, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn best_device() -> Device {
    Device::new_cuda(0).or_else(|_| Device::new_metal(0)).unwrap_or(Device::Cpu)
}
