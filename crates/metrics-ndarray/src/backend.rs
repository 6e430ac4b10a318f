//! ndarray as a backend.

use std::borrow::Cow;

use metrics_core::Result;
use metrics_core::backend::index::{check_column, check_matrix, check_reshape, check_row};
use metrics_core::backend::{Backend, ElementCheck, Host, HostIndex, HostTensor, Primitives};
use ndarray::{Axis, Order};

use crate::error::refused;
use crate::ops;
use crate::tensor::{NdTensor, Stored, with_array};

/// ndarray arrays in host memory.
///
/// The engine and the primitives read arrays in place if they lie row by row; any other layout is copied
/// once.
///
/// ```
/// use metrics_core::{Backend, HostTensor, Owned, Result, binary_auroc};
/// use metrics_ndarray::NdArray;
///
/// /// Code that is generic over the tensor library.
/// fn auroc<B: Backend>(backend: &B, scores: &[f32], targets: &[bool]) -> Result<f64> {
///     let scores = backend.upload(&HostTensor::new(scores, &[scores.len()])?)?;
///     let targets = backend.upload(&HostTensor::new(targets, &[targets.len()])?)?;
///     binary_auroc::<B>(&Owned(scores), &Owned(targets))
/// }
/// assert_eq!(auroc(&NdArray, &[0.2, 0.7], &[false, true])?, 1.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NdArray;

impl Backend for NdArray {
    const NAME: &'static str = "ndarray";
    type Tensor<'a> = NdTensor<'a>;
    type Pending = ();

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
        with_array!(x, array => Stored::tensor(array.view().into()))
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<NdTensor<'static>> {
        NdTensor::from_host(x.borrow())
    }

    fn with_host<R>(x: &NdTensor<'_>, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R> {
        x.to_host("with_host").map(f)
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        check_reshape(x.shape(), shape)?;
        with_array!(x, array => {
            // Only an array in standard layout can be reshaped without a copy.
            if !array.is_standard_layout() {
                let elements = Stored::tensor(array);
                return NdTensor::from_host(Host.reshape(elements.to_host("reshape")?, shape)?);
            }
            let reshaped = array.into_shape_with_order((shape, Order::RowMajor));
            Ok(Stored::tensor(reshaped.map_err(refused("reshape"))?.into_dyn()))
        })
    }

    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>> {
        check_matrix("transpose", x.shape())?;
        Ok(with_array!(x, array => Stored::tensor(array.clone().reversed_axes())))
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        check_column(x.shape(), column)?;
        with_array!(x, array => NdTensor::copied("column", array.index_axis(Axis(1), column)))
    }
}

impl Primitives for NdArray {
    type Index = HostIndex;

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        check_row(x.shape(), row)?;
        with_array!(x, array => {
            NdTensor::copied("row", array.index_axis(Axis(0), row).insert_axis(Axis(0)))
        })
    }

    fn find_invalid(&self, x: &NdTensor<'_>, check: ElementCheck) -> Result<Option<(usize, f64)>> {
        Ok(with_array!(x, array => ops::find_invalid(array.view(), check)))
    }

    fn argsort_descending(&self, x: &NdTensor<'_>) -> Result<HostIndex> {
        Host.argsort_descending(&x.to_host("argsort")?)
    }

    fn gather(&self, x: &NdTensor<'_>, index: &HostIndex) -> Result<NdTensor<'static>> {
        NdTensor::from_host(Host.gather(&x.to_host("gather")?, index)?)
    }

    fn cumsum(&self, x: &NdTensor<'_>) -> Result<NdTensor<'static>> {
        NdTensor::from_host(Host.cumsum(&x.to_host("cumsum")?)?)
    }

    fn group_ends(&self, x: &NdTensor<'_>) -> Result<HostIndex> {
        Host.group_ends(&x.to_host("group_ends")?)
    }

    fn bucket(&self, x: &NdTensor<'_>, num_thresholds: usize) -> Result<HostIndex> {
        Host.bucket(&x.to_host("bucket")?, num_thresholds)
    }

    fn bincount(
        &self,
        index: &HostIndex,
        targets: &NdTensor<'_>,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        Host.bincount(index, &targets.to_host("bincount")?, n_bins)
    }

    fn download_index(&self, index: &HostIndex) -> Result<Vec<u64>> {
        Host.download_index(index)
    }
}
