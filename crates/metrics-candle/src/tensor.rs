//! Tensors in, host tensors out.

use std::borrow::Cow;

use candle_core::{Device, Storage, Tensor};
use metrics_core::{Buffer, Element, Error, HostTensor, Result, ToTensor};

use crate::Candle;
use crate::error::refused;

impl ToTensor<Candle> for Tensor {
    fn to_tensor(&self) -> Tensor {
        self.clone()
    }
}

const DTYPES: &str = "u8, u32, i16, i32, i64, f16, bf16, f32 or f64";

/// A tensor whose elements lie in host memory, row by row.
#[derive(Debug)]
pub(crate) struct InHost(Tensor);

impl InHost {
    /// The tensor itself where that is so; else a copy.
    pub(crate) fn new(tensor: &Tensor) -> Result<Self> {
        let tensor =
            tensor.detach().to_device(&Device::Cpu).map_err(refused("copy to the host"))?;
        Ok(Self(tensor.contiguous().map_err(refused("contiguous"))?))
    }

    /// Calls `f` with the elements, in place. `op` and `what` say what they are for.
    pub(crate) fn with<R>(
        &self,
        op: &'static str,
        what: &'static str,
        f: impl FnOnce(HostTensor<'_>) -> Result<R>,
    ) -> Result<R> {
        let (storage, layout) = self.0.storage_and_layout();
        let (Storage::Cpu(storage), Some(range)) = (&*storage, layout.contiguous_offsets()) else {
            return Err(unsupported(op, what, &self.0));
        };
        let buffer = buffer(storage, range).ok_or_else(|| unsupported(op, what, &self.0))?;
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

/// The error for a dtype no metric takes.
pub(crate) fn unsupported(op: &'static str, what: &'static str, tensor: &Tensor) -> Error {
    Error::UnsupportedDtype { op, what, dtype: format!("{:?}", tensor.dtype()), expected: DTYPES }
}

/// Part of a storage, borrowed; `None` for a dtype no metric takes.
fn buffer(storage: &candle_core::CpuStorage, (start, end): (usize, usize)) -> Option<Buffer<'_>> {
    use candle_core::CpuStorage;
    fn part<T: Element>(data: &[T], start: usize, end: usize) -> Option<Buffer<'_>> {
        Some(T::buffer(Cow::Borrowed(data.get(start..end)?)))
    }
    match storage {
        CpuStorage::U8(data) => part(data, start, end),
        CpuStorage::U32(data) => part(data, start, end),
        CpuStorage::I16(data) => part(data, start, end),
        CpuStorage::I32(data) => part(data, start, end),
        CpuStorage::I64(data) => part(data, start, end),
        CpuStorage::F16(data) => part(data, start, end),
        CpuStorage::BF16(data) => part(data, start, end),
        CpuStorage::F32(data) => part(data, start, end),
        CpuStorage::F64(data) => part(data, start, end),
        _ => None,
    }
}

/// Elements as a tensor on a device. candle has no bool, u16, i8 and u64: these take the next type
/// that holds every value.
pub(crate) fn upload(x: &HostTensor<'_>, device: &Device) -> Result<Tensor> {
    fn tensor<T: candle_core::WithDType>(
        data: Vec<T>,
        shape: &[usize],
        device: &Device,
    ) -> Result<Tensor> {
        Tensor::from_vec(data, shape, device).map_err(refused("upload"))
    }
    fn widened<T: Copy, U: candle_core::WithDType + From<T>>(
        data: &[T],
        shape: &[usize],
        device: &Device,
    ) -> Result<Tensor> {
        tensor(data.iter().map(|&x| U::from(x)).collect::<Vec<_>>(), shape, device)
    }
    let shape = x.shape();
    match x.buffer() {
        Buffer::Bool(data) => widened::<_, u8>(data, shape, device),
        Buffer::I8(data) => widened::<_, i64>(data, shape, device),
        Buffer::U16(data) => widened::<_, u32>(data, shape, device),
        Buffer::U64(data) => {
            let narrowed: std::result::Result<Vec<i64>, _> =
                data.iter().map(|&x| i64::try_from(x)).collect();
            let narrowed = narrowed.map_err(|_| Error::UnsupportedDtype {
                op: "upload",
                what: "elements",
                dtype: "U64 above i64::MAX".into(),
                expected: DTYPES,
            })?;
            tensor(narrowed, shape, device)
        }
        Buffer::I16(data) => tensor(data.to_vec(), shape, device),
        Buffer::I32(data) => tensor(data.to_vec(), shape, device),
        Buffer::U8(data) => tensor(data.to_vec(), shape, device),
        Buffer::U32(data) => tensor(data.to_vec(), shape, device),
        Buffer::I64(data) => tensor(data.to_vec(), shape, device),
        Buffer::F16(data) => tensor(data.to_vec(), shape, device),
        Buffer::Bf16(data) => tensor(data.to_vec(), shape, device),
        Buffer::F32(data) => tensor(data.to_vec(), shape, device),
        Buffer::F64(data) => tensor(data.to_vec(), shape, device),
    }
}

/// The first CUDA or Metal device if this build has one and it works, else the CPU.
///
/// candle's own `Device::cuda_if_available` returns an error where it was built for CUDA and finds
/// no device at run time; this does not.
pub fn best_device() -> Device {
    Device::new_cuda(0).or_else(|_| Device::new_metal(0)).unwrap_or(Device::Cpu)
}
