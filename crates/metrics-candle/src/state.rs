//! States as tensors, to be saved in a model's checkpoint.

use candle_core::{DType, Device, Tensor};
use metrics_core::{Buffer, Error, Result};

use crate::error::refused;
use crate::tensor::{HostAccess, owned};

/// The bytes of a state as a u8 tensor `(n_bytes,)` in host memory, for a safetensors file.
///
/// ```
/// use std::collections::HashMap;
///
/// use candle_core::{Device, Tensor, safetensors};
/// use metrics_candle::{BinaryAuprc, state_from_tensor, state_to_tensor};
/// use metrics_core::RankState;
///
/// let mut auprc = BinaryAuprc::new();
/// let scores = Tensor::new(&[0.1f32, 0.5, 0.7, 0.8], &Device::Cpu)?;
/// auprc.update(&scores, &Tensor::new(&[1u8, 0, 1, 1], &Device::Cpu)?)?;
///
/// let file = std::env::temp_dir().join("tensor-metrics-doc.safetensors");
/// let weights = Tensor::zeros(3, candle_core::DType::F32, &Device::Cpu)?;
/// let metric = state_to_tensor(&auprc.state()?.to_bytes())?;
/// safetensors::save(&HashMap::from([("weights", weights), ("metrics.auprc", metric)]), &file)?;
///
/// let loaded = safetensors::load(&file, &Device::Cpu)?;
/// let bytes = state_from_tensor(&loaded["metrics.auprc"])?;
/// let mut resumed = BinaryAuprc::new();
/// resumed.load_state(&RankState::from_bytes(&bytes)?)?;
/// assert_eq!(resumed.compute()?, 11.0 / 12.0);
/// # std::fs::remove_file(file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Backend`] when candle has no memory for it.
pub fn state_to_tensor(bytes: &[u8]) -> Result<Tensor> {
    Tensor::from_slice(bytes, bytes.len(), &Device::Cpu).map_err(refused("state to tensor"))
}

/// The bytes that [`state_to_tensor`] put into a tensor, from any device.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use metrics_candle::{Error, state_from_tensor, state_to_tensor};
///
/// let tensor = state_to_tensor(b"tmst")?;
/// assert_eq!(state_from_tensor(&tensor)?, b"tmst");
/// let error = state_from_tensor(&Tensor::new(&[0.5f32], &Device::Cpu)?).unwrap_err();
/// assert!(matches!(error, Error::UnsupportedDtype { what: "bytes", .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::UnsupportedDtype`] for a tensor that is not u8, [`Error::UnsupportedShape`] unless it has one
/// dimension, [`Error::OutOfMemory`] for a view of more bytes than there is memory,
/// [`Error::Backend`] where candle refuses to copy it to the host.
pub fn state_from_tensor(tensor: &Tensor) -> Result<Vec<u8>> {
    const OP: &str = "state_from_tensor";
    let no_bytes = || Error::UnsupportedDtype {
        op: OP,
        what: "bytes",
        dtype: format!("{:?}", tensor.dtype()),
        expected: "u8",
    };
    if tensor.dtype() != DType::U8 {
        return Err(no_bytes());
    }
    if tensor.rank() != 1 {
        return Err(Error::UnsupportedShape {
            op: OP,
            what: "bytes",
            shape: tensor.dims().to_vec(),
            expected: "(n_bytes,)",
        });
    }
    HostAccess::new(tensor)?.with(OP, "bytes", |bytes| match bytes.into_buffer() {
        Buffer::U8(bytes) => owned(OP, bytes),
        _ => Err(no_bytes()),
    })
}
