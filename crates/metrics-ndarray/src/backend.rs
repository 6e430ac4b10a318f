//! ndarray as a backend.

use std::borrow::Cow;

use metrics_core::{
    Areas, Backend, Batch, BucketCounts, Host, HostTensor, RankState, RankedCounts, Result, Rule,
};
use ndarray::{Array2, Axis, CowArray};

use crate::error::refused;
use crate::ops::{self, matrix};
use crate::tensor::{NdElement, NdTensor, with_array};

/// ndarray arrays in host memory.
///
/// The primitives are ndarray's; the fused steps hand the arrays' memory to the CPU engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NdArray;

impl Backend for NdArray {
    const NAME: &'static str = "ndarray";
    type Tensor<'a> = NdTensor<'a>;
    type KeptSamples = ();
    type KeptCounts = ();
    type Index = Array2<u64>;

    fn of(_tensor: &Self::Tensor<'_>) -> Self {
        Self
    }

    fn device(&self) -> Cow<'static, str> {
        "cpu".into()
    }

    fn shape(x: &Self::Tensor<'_>) -> Vec<usize> {
        x.shape().to_vec()
    }

    fn view<'t>(x: &'t Self::Tensor<'_>) -> Self::Tensor<'t> {
        with_array!(x, array => NdElement::tensor(array.view().into()))
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<NdTensor<'static>> {
        NdTensor::from_host(x)
    }

    fn download<'t>(&self, x: &'t NdTensor<'_>) -> Result<HostTensor<'t>> {
        x.to_host()
    }

    fn download_index(&self, index: &Array2<u64>) -> Result<Vec<u64>> {
        Ok(index.iter().copied().collect())
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        fn reshape<T: NdElement>(
            x: CowArray<'_, T, ndarray::IxDyn>,
            shape: [usize; 2],
        ) -> Result<NdTensor<'_>> {
            let x = x.into_shape_with_order((shape, ndarray::Order::RowMajor));
            Ok(T::tensor(x.map_err(refused("reshape"))?.into_dyn()))
        }
        // Only standard layout keeps its elements where they are.
        with_array!(x, array => match array.is_standard_layout() {
            true => reshape(array, shape),
            false => reshape(array.as_standard_layout().into_owned().into(), shape),
        })
    }

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        Ok(with_array!(x, array => {
            let row = array.index_axis(Axis(0), row).insert_axis(Axis(0));
            NdElement::tensor(row.into_owned().into())
        }))
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        Ok(with_array!(x, array => {
            NdElement::tensor(array.index_axis(Axis(1), column).into_owned().into())
        }))
    }

    fn find_invalid(&self, x: &NdTensor<'_>, rule: Rule) -> Result<Option<(usize, f64)>> {
        Ok(with_array!(x, array => ops::find_invalid(array.iter(), rule)))
    }

    fn argsort_descending(&self, x: &NdTensor<'_>) -> Result<Array2<u64>> {
        with_array!(x, array => {
            Ok(ops::argsort_descending(&matrix("argsort", array.view())?))
        })
    }

    fn gather(&self, x: &NdTensor<'_>, index: &Array2<u64>) -> Result<NdTensor<'static>> {
        with_array!(x, array => {
            let gathered = ops::gather(&matrix("gather", array.view())?, index);
            Ok(NdElement::tensor(gathered.into()))
        })
    }

    fn cumsum(&self, x: &NdTensor<'_>) -> Result<NdTensor<'static>> {
        with_array!(x, array => {
            Ok(NdElement::tensor(ops::cumsum(&matrix("cumsum", array.view())?).into()))
        })
    }

    fn group_ends(&self, x: &NdTensor<'_>) -> Result<Array2<u64>> {
        with_array!(x, array => Ok(ops::group_ends(&matrix("group ends", array.view())?)))
    }

    fn bucket(&self, x: &NdTensor<'_>, num_thresholds: usize) -> Result<Array2<u64>> {
        with_array!(x, array => {
            Ok(ops::bucket(&matrix("bucket", array.view())?, num_thresholds))
        })
    }

    fn bincount(
        &self,
        index: &Array2<u64>,
        targets: &NdTensor<'_>,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        with_array!(targets, array => {
            Ok(ops::bincount(index, &matrix("bincount", array.view())?, n_bins))
        })
    }

    fn areas(&self, batch: &Batch<'_, Self>) -> Result<Vec<Areas>> {
        Host.areas(&batch.download()?)
    }

    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        Host.ranked_counts(&batch.download()?)
    }

    fn count_buckets(&self, batch: &Batch<'_, Self>, counts: &mut BucketCounts) -> Result<()> {
        Host.count_buckets(&batch.download()?, counts)
    }

    fn append(&self, batch: &Batch<'_, Self>, state: &mut RankState) -> Result<()> {
        Host.append(&batch.download()?, state)
    }
}
