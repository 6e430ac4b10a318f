//! States as tensors, to be saved in a model's checkpoint.

use metrics_core::{Error, Result, reserve};
use tch::{Device, Kind, Tensor};

use crate::error::refused;
use crate::tensor::Shared;

/// The bytes of a state as a tensor `(n_bytes,)` of `Uint8` in host memory, for
/// [`Tensor::save_multi`] or a `VarStore` beside a model's weights.
///
/// ```
/// use metrics_core::RankState;
/// use metrics_tch::{BinaryAuprc, from_tch, state_from_tensor, state_to_tensor};
/// use tch::Tensor;
///
/// let mut auprc = BinaryAuprc::new();
/// let scores = Tensor::from_slice(&[0.1f32, 0.5, 0.7, 0.8]);
/// auprc.update(&scores, &Tensor::from_slice(&[1i64, 0, 1, 1]))?;
///
/// let file = std::env::temp_dir().join(format!("tensor-metrics-doc-{}.pt", std::process::id()));
/// let metric = state_to_tensor(&auprc.state()?.to_bytes())?;
/// let weights = Tensor::from_slice(&[0.5f32, 0.25]);
/// let named = [("weights", weights), ("metrics.auprc", metric)];
/// Tensor::save_multi(&named, &file).map_err(from_tch)?;
///
/// let loaded = Tensor::load_multi(&file).map_err(from_tch)?;
/// let (_, metric) = loaded.iter().find(|(name, _)| name.ends_with("auprc")).unwrap();
/// let mut resumed = BinaryAuprc::new();
/// resumed.load_state(&RankState::from_bytes(&state_from_tensor(metric)?)?)?;
/// assert_eq!(resumed.compute()?, 11.0 / 12.0);
/// # std::fs::remove_file(file).unwrap();
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Backend`] when libtorch has no memory for it.
pub fn state_to_tensor(bytes: &[u8]) -> Result<Tensor> {
    Tensor::f_from_slice(bytes).map_err(refused("state to tensor"))
}

/// The bytes that [`state_to_tensor`] put into a tensor, from any device.
///
/// ```
/// use metrics_tch::{Error, state_from_tensor, state_to_tensor};
/// use tch::Tensor;
///
/// let tensor = state_to_tensor(b"tmst")?;
/// assert_eq!(state_from_tensor(&tensor)?, b"tmst");
/// let error = state_from_tensor(&Tensor::from_slice(&[0.5f32])).unwrap_err();
/// assert!(matches!(error, Error::UnsupportedDtype { what: "bytes", .. }));
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnsupportedDtype`] for a tensor that is not `Uint8`, [`Error::UnsupportedShape`] unless it has
/// one dimension, [`Error::OutOfMemory`] for an expanded one with more bytes than memory,
/// [`Error::Backend`] where libtorch refuses to copy it.
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
