//! Conversions between libtorch tensors and host tensors.

#![allow(unsafe_code)]

use std::borrow::Cow;
use std::slice;

use half::{bf16, f16};
use metrics_core::backend::index::check_len;
use metrics_core::{Buffer, Element, Error, HostTensor, Result, ToTensor, reserve};
use tch::{Device, Kind, Tensor};

use crate::Tch;
use crate::error::refused;
use crate::ops::to_i64;

/// A libtorch tensor that shares its memory with the one it was made of.
///
/// ```
/// use metrics_core::{Owned, ToTensor};
/// use metrics_tch::{Shared, Tch, binary_auroc};
/// use tch::Tensor;
///
/// let scores = Tensor::from_slice(&[0.2f32, 0.7]);
/// let targets = Tensor::from_slice(&[0i64, 1]);
/// let shared: Shared = scores.to_tensor();
/// assert_eq!(shared.as_ref().data_ptr(), scores.data_ptr());
/// assert_eq!(binary_auroc(&Owned::<Tch>(shared), &targets)?, 1.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Shared(pub(crate) Tensor);

impl Clone for Shared {
    fn clone(&self) -> Self {
        Self(self.0.shallow_clone())
    }
}

impl From<Tensor> for Shared {
    fn from(tensor: Tensor) -> Self {
        Self(tensor)
    }
}

impl AsRef<Tensor> for Shared {
    fn as_ref(&self) -> &Tensor {
        &self.0
    }
}

impl ToTensor<Tch> for Tensor {
    fn to_tensor(&self) -> Shared {
        Shared(self.shallow_clone())
    }
}

impl Shared {
    /// Length of each dimension; none for a tensor that was never given a value.
    pub(crate) fn shape(&self) -> Vec<usize> {
        if !self.0.defined() {
            return Vec::new();
        }
        // libtorch's lengths are not negative.
        self.0.size().into_iter().map(|n| n as usize).collect()
    }

    pub(crate) fn device(&self) -> Device {
        if self.0.defined() { self.0.device() } else { Device::Cpu }
    }

    /// The same elements with strides, whatever the layout: the tensor itself if it has them.
    pub(crate) fn dense(&self, op: &'static str) -> Result<Tensor> {
        check_len(op, &self.shape())?;
        let dense = self.0.f_detach().and_then(|x| x.f_to_dense(None::<Kind>, false));
        dense.map_err(refused(op))
    }

    /// The same elements as a plain tensor, row by row, on a device.
    pub(crate) fn plain(&self, op: &'static str, device: Device) -> Result<Tensor> {
        let dense = self.dense(op)?;
        if device == Device::Cpu && !dense.is_contiguous() {
            // An expanded tensor may have more elements than fit memory: return our own error then.
            let element = dense.f_kind().map_or(1, |kind| kind.elt_size_in_bytes());
            reserve::room::<u8>(op, dense.numel().saturating_mul(element))?;
        }
        let plain = dense
            .f_to_device(device)
            .and_then(|x| x.f_resolve_neg())
            .and_then(|x| x.f_contiguous());
        plain.map_err(refused(op))
    }
}

const DTYPES: &str = "Bool, Uint8, Int8, Int16, Int, Int64, Half, BFloat16, Float or Double";

/// The error for a kind that no metric takes.
pub(crate) fn unsupported(op: &'static str, what: &'static str, tensor: &Tensor) -> Error {
    let dtype = tensor.f_kind().map_or_else(|error| error.to_string(), |kind| format!("{kind:?}"));
    Error::UnsupportedDtype { op, what, dtype, expected: DTYPES }
}

/// A tensor whose elements lie in host memory, row by row.
#[derive(Debug)]
pub(crate) struct HostAccess(Tensor);

impl HostAccess {
    /// The tensor itself if it is so, else a copy. Errors name `op`.
    pub(crate) fn new(op: &'static str, tensor: &Shared) -> Result<Self> {
        tensor.plain(op, Device::Cpu).map(Self)
    }

    /// Calls `f` with the elements, in place. Errors name `op` and `what`.
    pub(crate) fn with<R>(
        &self,
        op: &'static str,
        what: &'static str,
        f: impl FnOnce(HostTensor<'_>) -> Result<R>,
    ) -> Result<R> {
        let buffer = self.buffer().ok_or_else(|| unsupported(op, what, &self.0))?;
        let shape = self.0.size().into_iter().map(|n| n as usize).collect();
        f(HostTensor::from_buffer(buffer, shape)?)
    }

    /// Booleans are read as bytes: libtorch does not promise that theirs are 0 and 1.
    fn buffer(&self) -> Option<Buffer<'_>> {
        Some(match self.0.f_kind().ok()? {
            Kind::Bool | Kind::Uint8 => self.elements::<u8>(),
            Kind::Int8 => self.elements::<i8>(),
            Kind::Int16 => self.elements::<i16>(),
            Kind::Int => self.elements::<i32>(),
            Kind::Int64 => self.elements::<i64>(),
            Kind::Half => self.elements::<f16>(),
            Kind::BFloat16 => self.elements::<bf16>(),
            Kind::Float => self.elements::<f32>(),
            Kind::Double => self.elements::<f64>(),
            _ => return None,
        })
    }

    /// The elements; `T` must be their type.
    fn elements<T: Element>(&self) -> Buffer<'_> {
        let n = self.0.numel();
        if n == 0 {
            return T::buffer(Cow::Owned(Vec::new()));
        }
        // SAFETY: a contiguous tensor of this kind in host memory, which `self` keeps alive. As everywhere in
        // libtorch, callers must not write to a tensor while another operation reads it.
        T::buffer(Cow::Borrowed(unsafe { slice::from_raw_parts(self.0.data_ptr().cast(), n) }))
    }
}

/// Elements as a tensor on a device. tch copies as many bytes as the shape says, which a host tensor
/// has. libtorch has no kernels for u16, u32 and u64: these take the next
/// type that holds every value.
pub(crate) fn upload(x: &HostTensor<'_>, device: Device) -> Result<Tensor> {
    let shape: Vec<i64> = x.shape().iter().map(|&n| to_i64("upload", n)).collect::<Result<_>>()?;
    let tensor = match x.buffer() {
        Buffer::Bool(data) => {
            let bytes = reserve::collected("upload", data.iter().map(|&x| u8::from(x)))?;
            Tensor::f_from_data_size(&bytes, &shape, Kind::Bool)
        }
        Buffer::U8(data) => Tensor::f_from_data_size(data, &shape, Kind::Uint8),
        Buffer::I8(data) => from_elements(data, &shape, Kind::Int8),
        Buffer::I16(data) => from_elements(data, &shape, Kind::Int16),
        Buffer::I32(data) => from_elements(data, &shape, Kind::Int),
        Buffer::I64(data) => from_elements(data, &shape, Kind::Int64),
        Buffer::F16(data) => from_elements(data, &shape, Kind::Half),
        Buffer::Bf16(data) => from_elements(data, &shape, Kind::BFloat16),
        Buffer::F32(data) => from_elements(data, &shape, Kind::Float),
        Buffer::F64(data) => from_elements(data, &shape, Kind::Double),
        Buffer::U16(data) => {
            let wide = reserve::collected("upload", data.iter().map(|&x| i32::from(x)))?;
            from_elements(&wide, &shape, Kind::Int)
        }
        Buffer::U32(data) => {
            let wide = reserve::collected("upload", data.iter().map(|&x| i64::from(x)))?;
            from_elements(&wide, &shape, Kind::Int64)
        }
        Buffer::U64(data) => {
            if data.iter().any(|&x| i64::try_from(x).is_err()) {
                return Err(Error::UnsupportedDtype {
                    op: "upload",
                    what: "elements",
                    dtype: "U64 above i64::MAX".into(),
                    expected: DTYPES,
                });
            }
            let narrowed = reserve::collected("upload", data.iter().map(|&x| x as i64))?;
            from_elements(&narrowed, &shape, Kind::Int64)
        }
    };
    tensor.and_then(|tensor| tensor.f_to_device(device)).map_err(refused("upload"))
}

fn from_elements<T: Element>(
    data: &[T],
    shape: &[i64],
    kind: Kind,
) -> std::result::Result<Tensor, tch::TchError> {
    // SAFETY: numbers have no padding, so all their bytes are initialised.
    let bytes = unsafe { slice::from_raw_parts(data.as_ptr().cast::<u8>(), size_of_val(data)) };
    Tensor::f_from_data_size(bytes, shape, kind)
}
