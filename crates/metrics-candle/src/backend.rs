//! candle as a backend.

use std::borrow::Cow;

use candle_core::{Device, DeviceLocation, Tensor};
#[cfg(feature = "cuda")]
use metrics_core::backend::StateMut;
use metrics_core::backend::index::{check_column, check_matrix, check_reshape, check_row};
use metrics_core::backend::{Backend, Batch, ElementCheck, Host, HostTensor, Primitives};
use metrics_core::{RankSums, RankedCounts, Result};

#[cfg(feature = "cuda")]
use crate::cuda;
use crate::error::refused;
use crate::index::{CandleIndex, Numbers};
use crate::ops;
use crate::tensor::{HostAccess, upload};

/// candle tensors on one device.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use metrics_candle::Candle;
/// use metrics_core::{Backend, HostTensor, Owned, binary_auroc};
///
/// // What code that is generic over the tensor library is given; uploads go to the device.
/// let backend = Candle::new(Device::Cpu);
/// let scores = Owned::<Candle>(backend.upload(&HostTensor::new(&[0.2f32, 0.7], &[2])?)?);
/// let targets = Tensor::new(&[0u8, 1], &Device::Cpu)?;
/// assert_eq!(binary_auroc(&scores, &targets)?, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Candle {
    device: Device,
}

impl Candle {
    /// Tensors on this device.
    ///
    /// ```
    /// use metrics_candle::{Candle, best_device};
    /// use metrics_core::{Backend, HostTensor};
    ///
    /// let backend = Candle::new(best_device());
    /// let scores = backend.upload(&HostTensor::new(&[0.2f32, 0.7], &[2])?)?;
    /// assert_eq!(Candle::of(&scores).device(), backend.device());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn new(device: Device) -> Self {
        Self { device }
    }

    /// Tensors in host memory.
    ///
    /// ```
    /// use metrics_candle::Candle;
    /// use metrics_core::Backend;
    ///
    /// assert_eq!(Candle::cpu().device(), "cpu");
    /// ```
    pub fn cpu() -> Self {
        Self::new(Device::Cpu)
    }
}

impl Default for Candle {
    fn default() -> Self {
        Self::cpu()
    }
}

/// Name of a device.
pub(crate) fn name(device: &Device) -> Cow<'static, str> {
    match device.location() {
        DeviceLocation::Cpu => "cpu".into(),
        DeviceLocation::Cuda { gpu_id } => format!("cuda:{gpu_id}").into(),
        DeviceLocation::Metal { gpu_id } => format!("metal:{gpu_id}").into(),
    }
}

/// Returns the value of an expression for a CUDA device, if the device is one.
macro_rules! on_cuda {
    ($backend:expr, $device:ident => $made:expr) => {
        #[cfg(feature = "cuda")]
        if let Device::Cuda($device) = &$backend.device {
            return $made;
        }
    };
}

impl Backend for Candle {
    const NAME: &'static str = "candle";
    type Tensor<'a> = Tensor;
    #[cfg(feature = "cuda")]
    type Pending = cuda::Pending;
    #[cfg(not(feature = "cuda"))]
    type Pending = ();

    fn of(tensor: &Tensor) -> Self {
        Self::new(tensor.device().clone())
    }

    fn device(&self) -> Cow<'static, str> {
        name(&self.device)
    }

    fn shape(x: &Tensor) -> Vec<usize> {
        x.dims().to_vec()
    }

    fn view<'t>(x: &'t Self::Tensor<'_>) -> Self::Tensor<'t> {
        x.clone()
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<Tensor> {
        upload(x.borrow(), &self.device)
    }

    /// candle's memory is behind a lock, which is held while `f` runs.
    fn with_host<R>(x: &Tensor, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R> {
        HostAccess::new(x)?.with("with_host", "elements", |x| Ok(f(x)))
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        check_reshape(x.dims(), shape)?;
        if x.device().is_cpu() && !x.is_contiguous() {
            return ops::reshape(&x, shape);
        }
        x.reshape(&shape[..]).map_err(refused("reshape"))
    }

    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>> {
        check_matrix("transpose", x.dims())?;
        x.t().map_err(refused("transpose"))
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        check_column(x.dims(), column)?;
        let column = x.narrow(1, column, 1).and_then(|column| column.squeeze(1));
        column.map_err(refused("column"))
    }

    fn rank_sums(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankSums>> {
        on_cuda!(self, device => cuda::rank_sums(device, batch));
        batch.with_host(|batch| Host.rank_sums(batch))
    }

    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        on_cuda!(self, device => cuda::ranked_counts(device, batch));
        batch.with_host(|batch| Host.ranked_counts(batch))
    }

    /// Weighted batches of any device go to the state in host memory.
    #[cfg(feature = "cuda")]
    fn update(
        &self,
        batch: &Batch<'_, Self>,
        mut state: StateMut<'_>,
        pending: &mut Self::Pending,
    ) -> Result<()> {
        if let Device::Cuda(device) = &self.device
            && batch.weights().is_none()
            && cuda::update(device, batch, state.reborrow(), pending)?
        {
            return Ok(());
        }
        let update = |state: StateMut<'_>| batch.with_host(|batch| state.update(batch));
        match crate::tensor::dtype(batch.scores()) {
            Some(dtype) => pending.bypass(batch.op(), dtype, state, update),
            // `update` returns an error that names the dtype.
            None => update(state),
        }
    }
}

impl Primitives for Candle {
    type Index = CandleIndex;

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        check_row(x.dims(), row)?;
        x.narrow(0, row, 1).map_err(refused("row"))
    }

    fn find_invalid(&self, x: &Tensor, check: ElementCheck) -> Result<Option<(usize, f64)>> {
        on_cuda!(self, device => ops::first(x, |x| cuda::find_invalid(device, x, check)));
        ops::first(x, |x| ops::find_invalid(x, check))
    }

    fn argsort_descending(&self, x: &Tensor) -> Result<CandleIndex> {
        on_cuda!(self, device => cuda::argsort_descending(device, x));
        ops::argsort_descending(x)
    }

    fn gather(&self, x: &Tensor, index: &CandleIndex) -> Result<Tensor> {
        index.check_device("gather", x.device())?;
        match &index.numbers {
            Numbers::Host(numbers) => ops::gather(x, numbers),
            #[cfg(feature = "cuda")]
            Numbers::Cuda(numbers, shape) => cuda::gather(x, numbers, *shape),
        }
    }

    fn cumsum(&self, x: &Tensor) -> Result<Tensor> {
        on_cuda!(self, device => cuda::cumsum(device, x));
        ops::cumsum(x)
    }

    fn group_ends(&self, x: &Tensor) -> Result<CandleIndex> {
        on_cuda!(self, device => cuda::group_ends(device, x));
        ops::group_ends(x)
    }

    fn bucket(&self, x: &Tensor, num_thresholds: usize) -> Result<CandleIndex> {
        on_cuda!(self, device => cuda::bucket(device, x, num_thresholds));
        ops::bucket(x, num_thresholds)
    }

    fn bincount(
        &self,
        index: &CandleIndex,
        targets: &Tensor,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        index.check_device("bincount", targets.device())?;
        match &index.numbers {
            Numbers::Host(numbers) => ops::bincount(numbers, targets, n_bins),
            #[cfg(feature = "cuda")]
            Numbers::Cuda(numbers, shape) => cuda::bincount(numbers, *shape, targets, n_bins),
        }
    }

    fn download_index(&self, index: &CandleIndex) -> Result<Vec<u64>> {
        match &index.numbers {
            Numbers::Host(numbers) => Host.download_index(numbers),
            #[cfg(feature = "cuda")]
            Numbers::Cuda(numbers, _) => cuda::download_index(numbers),
        }
    }
}
