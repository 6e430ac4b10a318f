//! libtorch as a backend.

use std::borrow::Cow;

use metrics_core::backend::index::{check_column, check_matrix, check_reshape, check_row};
use metrics_core::backend::{
    Backend, Batch, ElementCheck, Host, HostTensor, Primitives, StateMut, compose,
};
use metrics_core::{RankSums, RankedCounts, Result};
use tch::Device;

#[cfg(feature = "cuda")]
use crate::cuda;
use crate::error::refused;
use crate::index::TchIndex;
use crate::ops::{self, to_i64};
use crate::tensor::{HostAccess, Shared, upload};

/// libtorch tensors on one device.
///
/// ```
/// use metrics_core::{Backend, HostTensor, Owned, binary_auroc};
/// use metrics_tch::Tch;
/// use tch::{Device, Tensor};
///
/// // What code that is generic over the tensor library is given; uploads go to the device.
/// let backend = Tch::new(Device::Cpu);
/// let scores = Owned::<Tch>(backend.upload(&HostTensor::new(&[0.2f32, 0.7], &[2])?)?);
/// assert_eq!(binary_auroc(&scores, &Tensor::from_slice(&[0i64, 1]))?, 1.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tch {
    device: Device,
}

impl Tch {
    /// Tensors on this device.
    ///
    /// ```
    /// use metrics_core::{Backend, HostTensor};
    /// use metrics_tch::{Tch, best_device};
    ///
    /// let backend = Tch::new(best_device());
    /// let scores = backend.upload(&HostTensor::new(&[0.2f32, 0.7], &[2])?)?;
    /// assert_eq!(Tch::of(&scores).device(), backend.device());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn new(device: Device) -> Self {
        Self { device }
    }

    /// Tensors in host memory.
    ///
    /// ```
    /// use metrics_core::Backend;
    /// use metrics_tch::Tch;
    ///
    /// assert_eq!(Tch::cpu().device(), "cpu");
    /// ```
    pub fn cpu() -> Self {
        Self::new(Device::Cpu)
    }

    fn is_host(&self) -> bool {
        self.device == Device::Cpu
    }
}

impl Default for Tch {
    fn default() -> Self {
        Self::cpu()
    }
}

/// Returns the value of an expression for a CUDA device, if the device is one.
macro_rules! on_cuda {
    ($backend:expr, $device:ident => $made:expr) => {
        #[cfg(feature = "cuda")]
        if let Device::Cuda($device) = $backend.device {
            return $made;
        }
    };
}

impl Backend for Tch {
    const NAME: &'static str = "tch";
    type Tensor<'a> = Shared;
    #[cfg(feature = "cuda")]
    type Pending = cuda::Pending;
    #[cfg(not(feature = "cuda"))]
    type Pending = ();

    fn of(tensor: &Shared) -> Self {
        Self::new(tensor.device())
    }

    fn device(&self) -> Cow<'static, str> {
        match self.device {
            Device::Cpu => "cpu".into(),
            Device::Cuda(ordinal) => format!("cuda:{ordinal}").into(),
            Device::Mps => "mps".into(),
            Device::Vulkan => "vulkan".into(),
        }
    }

    fn shape(x: &Shared) -> Vec<usize> {
        x.shape()
    }

    fn view<'t>(x: &'t Self::Tensor<'_>) -> Self::Tensor<'t> {
        x.clone()
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<Shared> {
        upload(x, self.device).map(Shared)
    }

    fn with_host<R>(x: &Shared, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R> {
        HostAccess::new("with_host", x)?.with("with_host", "elements", |x| Ok(f(x)))
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        check_reshape(&x.shape(), shape)?;
        let [n_rows, n_columns] = shape.map(|n| to_i64("reshape", n));
        let shape = [n_rows?, n_columns?];
        let x = x.plain("reshape", x.device())?;
        x.f_reshape(shape).map(Shared).map_err(refused("reshape"))
    }

    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>> {
        check_matrix("transpose", &x.shape())?;
        x.0.f_transpose(0, 1).map(Shared).map_err(refused("transpose"))
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        check_column(&x.shape(), column)?;
        x.0.f_select(1, column as i64).map(Shared).map_err(refused("column"))
    }

    fn rank_sums(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankSums>> {
        on_cuda!(self, device => cuda::rank_sums(device, batch));
        if self.is_host() {
            return batch.with_host(|batch| Host.rank_sums(batch));
        }
        compose::rank_sums(self, batch)
    }

    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        on_cuda!(self, device => cuda::ranked_counts(device, batch));
        if self.is_host() {
            return batch.with_host(|batch| Host.ranked_counts(batch));
        }
        compose::ranked_counts(self, batch)
    }

    /// Weighted batches of any device go to the state in host memory.
    #[cfg(feature = "cuda")]
    fn update(
        &self,
        batch: &Batch<'_, Self>,
        mut state: StateMut<'_>,
        pending: &mut Self::Pending,
    ) -> Result<()> {
        if let Device::Cuda(device) = self.device
            && batch.weights().is_none()
            && cuda::update(device, batch, state.reborrow(), pending)?
        {
            return Ok(());
        }
        match cuda::dtype(batch.scores()) {
            Some(dtype) => {
                pending.bypass(batch.op(), dtype, state, |state| self.update_state(batch, state))
            }
            // `update_state` returns an error that names the dtype.
            None => self.update_state(batch, state),
        }
    }

    #[cfg(not(feature = "cuda"))]
    fn update(
        &self,
        batch: &Batch<'_, Self>,
        state: StateMut<'_>,
        _pending: &mut Self::Pending,
    ) -> Result<()> {
        self.update_state(batch, state)
    }
}

impl Tch {
    fn update_state(&self, batch: &Batch<'_, Self>, state: StateMut<'_>) -> Result<()> {
        if self.is_host() {
            return batch.with_host(|batch| state.update(batch));
        }
        compose::update(self, batch, state)
    }
}

impl Primitives for Tch {
    type Index = TchIndex;

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        check_row(&x.shape(), row)?;
        // The row is below a length, which is an `i64` in libtorch.
        x.0.f_narrow(0, row as i64, 1).map(Shared).map_err(refused("row"))
    }

    fn find_invalid(&self, x: &Shared, check: ElementCheck) -> Result<Option<(usize, f64)>> {
        ops::find_invalid(x, check)
    }

    fn argsort_descending(&self, x: &Shared) -> Result<TchIndex> {
        ops::argsort_descending(x)
    }

    fn gather(&self, x: &Shared, index: &TchIndex) -> Result<Shared> {
        ops::gather(x, index).map(Shared)
    }

    fn cumsum(&self, x: &Shared) -> Result<Shared> {
        ops::cumsum(x).map(Shared)
    }

    fn group_ends(&self, x: &Shared) -> Result<TchIndex> {
        ops::group_ends(x)
    }

    fn bucket(&self, x: &Shared, num_thresholds: usize) -> Result<TchIndex> {
        ops::bucket(x, num_thresholds)
    }

    fn bincount(&self, index: &TchIndex, targets: &Shared, n_bins: usize) -> Result<[Vec<u64>; 2]> {
        ops::bincount(index, targets, n_bins)
    }

    fn download_index(&self, index: &TchIndex) -> Result<Vec<u64>> {
        ops::download_index(index)
    }
}
