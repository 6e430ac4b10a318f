//! libtorch's errors as ours.

use metrics_core::{Backend, Error};
use tch::TchError;

use crate::Tch;

/// The error of an operation that libtorch refused.
pub(crate) fn refused(op: &'static str) -> impl Fn(TchError) -> Error {
    move |source| Error::Backend { backend: Tch::NAME, op, source: Box::new(source) }
}

/// An error of libtorch as an error of ours, for `?` inside functions that return [`crate::Result`].
pub fn from_tch(error: TchError) -> Error {
    refused("tensor operation")(error)
}
