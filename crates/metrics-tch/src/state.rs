//! States as tensors, so that they travel in a model's checkpoint.

use metrics_core::{Error, Result, reserve};
use tch::{Device, Kind, Tensor};

use crate::error::refused;
use crate::tensor::Shared;

/// The bytes of a state as a tensor `(n_bytes,)` of `Uint8` in host memory, for
/// [`Tensor::save_multi`] or a `VarStore` beside a model's weights.
///
/// # Errors
/// [`Error::Backend`] when libtorch has no memory for it.
pub fn state_to_tensor(bytes: &[u8]) -> Result<Tensor> {
    Tensor::f_from_slice(bytes).map_err(refused("state to tensor"))
}

/// The bytes that [`state_to_tensor`] put into a tensor, from any device.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for a tensor that is not `Uint8`, [`Error::UnsupportedShape`] for one
/// that has not one dimension, [`Error::OutOfMemory`] for an expanded one with more bytes than memory.
pub fn state_from_tensor(tensor: &Tensor) -> Result<Vec<u8>> {
    let kind = tensor.f_kind().map_err(refused("tensor to state"))?;
    if kind != Kind::Uint8 {
        return Err(Error::UnsupportedDtype {
            op: "state_from_tensor",
            what: "bytes",
            dtype: format!("{kind:?}"),
            expected: "Uint8",
        });
    }
    if tensor.dim() != 1 {
        return Err(Error::UnsupportedShape {
            op: "state_from_tensor",
            what: "bytes",
            shape: tensor.size().into_iter().map(|n| n as usize).collect(),
            expected: "(n_bytes,)",
        });
    }
    let bytes = Shared(tensor.shallow_clone()).plain("state_from_tensor", Device::Cpu)?;
    let mut data = reserve::filled("state_from_tensor", bytes.numel(), 0)?;
    let copied = bytes.f_copy_data_u8(&mut data, bytes.numel());
    copied.map(|()| data).map_err(refused("tensor to state"))
}
