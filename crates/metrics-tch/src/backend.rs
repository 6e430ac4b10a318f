//! libtorch as a backend.

use std::borrow::Cow;

use metrics_core::index::{check_column, check_reshape, check_row};
use metrics_core::{
    Areas, Backend, Batch, BucketCounts, Host, HostTensor, Lend, RankState, RankedCounts, Result,
    Rule, compose,
};
use tch::Device;

#[cfg(feature = "cuda")]
use crate::cuda;
use crate::error::refused;
use crate::index::TchIndex;
use crate::ops::{self, to_i64};
use crate::tensor::{InHost, Shared, upload};

/// libtorch tensors on one device.
#[derive(Debug, Clone)]
pub struct Tch {
    device: Device,
}

impl Tch {
    /// Tensors on this device.
    pub fn new(device: Device) -> Self {
        Self { device }
    }

    /// Tensors in host memory.
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

/// Returns what an expression makes of a CUDA device, where that is the device.
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
    type Index = TchIndex;
    #[cfg(feature = "cuda")]
    type KeptSamples = cuda::KeptSamples;
    #[cfg(not(feature = "cuda"))]
    type KeptSamples = ();
    #[cfg(feature = "cuda")]
    type KeptCounts = cuda::KeptCounts;
    #[cfg(not(feature = "cuda"))]
    type KeptCounts = ();

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

    /// Always a copy: others may hold the same tensor and write to it.
    fn download<'t>(&self, x: &'t Self::Tensor<'_>) -> Result<HostTensor<'t>> {
        Self::lend(x, "download", "elements", |host| Ok(host.into_owned()))
    }

    fn download_index(&self, index: &TchIndex) -> Result<Vec<u64>> {
        ops::download_index(index)
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        check_reshape(&x.shape(), shape)?;
        let [n_rows, n_columns] = shape.map(|n| to_i64("reshape", n));
        let shape = [n_rows?, n_columns?];
        let x = x.plain("reshape", x.device())?;
        x.f_reshape(shape).map(Shared).map_err(refused("reshape"))
    }

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        check_row(&x.shape(), row)?;
        // Below a length, which is an `i64` in libtorch.
        x.0.f_narrow(0, row as i64, 1).map(Shared).map_err(refused("row"))
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        check_column(&x.shape(), column)?;
        x.0.f_select(1, column as i64).map(Shared).map_err(refused("column"))
    }

    fn find_invalid(&self, x: &Shared, rule: Rule) -> Result<Option<(usize, f64)>> {
        ops::find_invalid(x, rule)
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

    fn areas(&self, batch: &Batch<'_, Self>) -> Result<Vec<Areas>> {
        on_cuda!(self, device => cuda::areas(device, batch));
        if self.is_host() {
            return batch.in_host(|batch| Host.areas(batch));
        }
        compose::areas(self, batch)
    }

    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        on_cuda!(self, device => cuda::ranked_counts(device, batch));
        if self.is_host() {
            return batch.in_host(|batch| Host.ranked_counts(batch));
        }
        compose::ranked_counts(self, batch)
    }

    /// Weighted batches are counted on the host, from any device.
    fn count_buckets(&self, batch: &Batch<'_, Self>, counts: &mut BucketCounts) -> Result<()> {
        if batch.weights().is_none() {
            on_cuda!(self, device => cuda::count_buckets(device, batch, counts));
        }
        if self.is_host() || batch.weights().is_some() {
            return batch.in_host(|batch| Host.count_buckets(batch, counts));
        }
        compose::count_buckets(self, batch, counts)
    }

    /// Batches are held on the host, from any device but CUDA's.
    fn append(&self, batch: &Batch<'_, Self>, state: &mut RankState) -> Result<()> {
        if batch.weights().is_none() {
            on_cuda!(self, device => cuda::append(device, batch, state));
        }
        batch.in_host(|batch| Host.append(batch, state))
    }

    #[cfg(feature = "cuda")]
    fn keep(
        &self,
        batch: &Batch<'_, Self>,
        state: &mut RankState,
        kept: &mut Self::KeptSamples,
    ) -> Result<()> {
        if batch.weights().is_none() {
            on_cuda!(self, device => cuda::keep(device, batch, state, kept));
        }
        match cuda::dtype(batch.scores()) {
            Some(dtype) => kept.pass_by(batch.op(), dtype, || self.append(batch, state)),
            // Refused, with the type's name.
            None => self.append(batch, state),
        }
    }

    #[cfg(feature = "cuda")]
    fn keep_counts(
        &self,
        batch: &Batch<'_, Self>,
        counts: &mut BucketCounts,
        kept: &mut Self::KeptCounts,
    ) -> Result<()> {
        if batch.weights().is_none() {
            on_cuda!(self, device => cuda::keep_counts(device, batch, counts, kept));
        }
        kept.pass_by(|| self.count_buckets(batch, counts))
    }
}

impl Lend for Tch {
    fn lend<R>(
        x: &Shared,
        op: &'static str,
        what: &'static str,
        f: impl FnOnce(HostTensor<'_>) -> Result<R>,
    ) -> Result<R> {
        InHost::new(op, x)?.with(op, what, f)
    }
}
