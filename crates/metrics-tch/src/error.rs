//! Conversions of libtorch's errors to ours.

use metrics_core::{Backend, Error};
use tch::TchError;

use crate::Tch;

/// The error of an operation that libtorch refused.
pub(crate) fn refused(op: &'static str) -> impl Fn(TchError) -> Error {
    move |source| Error::Backend { backend: Tch::NAME, op, source: Box::new(source) }
}

/// Converts an error of libtorch to one of ours, for `?` in functions that return [`crate::Result`].
///
/// ```
/// use metrics_tch::{Result, binary_auroc, from_tch};
/// use tch::Tensor;
///
/// fn auroc_of_column(scores: &Tensor, targets: &Tensor, column: i64) -> Result<f64> {
///     binary_auroc(&scores.f_select(1, column).map_err(from_tch)?, targets)
/// }
/// let scores = Tensor::from_slice2(&[[0.9f32, 0.2], [0.1, 0.7]]);
/// let targets = Tensor::from_slice(&[0i64, 1]);
/// assert_eq!(auroc_of_column(&scores, &targets, 1)?, 1.0);
/// assert!(auroc_of_column(&scores, &targets, 2).is_err());
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub fn from_tch(error: TchError) -> Error {
    refused("tensor operation")(error)
}
