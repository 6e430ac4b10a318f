//! The indices of the primitives.

use candle_core::Device;
#[cfg(feature = "cuda")]
use candle_core::Tensor;
use metrics_core::backend::HostIndex;
#[cfg(feature = "cuda")]
use metrics_core::backend::IndexShape;
use metrics_core::{Error, Result};

use crate::backend::name;

/// Positions in the rows of a matrix, or buckets. Only the primitives of [`Candle`](crate::Candle)
/// make one: a kernel writes where its numbers say.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use metrics_candle::Candle;
/// use metrics_core::backend::Primitives;
///
/// let scores = Tensor::new(&[[0.2f32, 0.9, 0.4]], &Device::Cpu)?;
/// let order = Candle::cpu().argsort_descending(&scores)?;
/// assert_eq!(Candle::cpu().download_index(&order)?, [1, 2, 0]);
/// let sorted = Candle::cpu().gather(&scores, &order)?;
/// assert_eq!(sorted.to_vec2::<f32>()?, [[0.9, 0.4, 0.2]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CandleIndex {
    /// The device of the matrix it was made of.
    pub(crate) device: Device,
    pub(crate) numbers: Numbers,
}

#[derive(Debug, Clone)]
pub(crate) enum Numbers {
    /// In host memory: the primitives of all devices but CUDA run there.
    Host(HostIndex),
    /// Dtype i64, contiguous, of this shape.
    #[cfg(feature = "cuda")]
    Cuda(Tensor, IndexShape),
}

impl CandleIndex {
    pub(crate) fn on_host(device: &Device, numbers: HostIndex) -> Self {
        Self { device: device.clone(), numbers: Numbers::Host(numbers) }
    }

    /// Checks that a tensor is on the device of the matrix that this index was made of.
    pub(crate) fn check_device(&self, op: &'static str, device: &Device) -> Result<()> {
        if self.device.location() == device.location() {
            return Ok(());
        }
        let (scores, device) = (name(device).into_owned(), name(&self.device).into_owned());
        Err(Error::DeviceMismatch { op, scores, what: "indices", device })
    }
}
