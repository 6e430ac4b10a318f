//! Conversions of ndarray's errors to ours.

use metrics_core::{Backend, Error};
use ndarray::ShapeError;

use crate::NdArray;

/// The error of an operation that ndarray refused.
pub(crate) fn refused(op: &'static str) -> impl Fn(ShapeError) -> Error {
    move |source| Error::Backend { backend: NdArray::NAME, op, source: Box::new(source) }
}
