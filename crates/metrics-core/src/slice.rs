//! The metrics on plain slices, for callers without a tensor library.
//!
//! Scores, targets and weights may each be a slice, a `Vec` or an array of any
//! [`Element`](crate::Element) type. For several tasks wrap a slice into a [`Tensor`].

use crate::backend::{Host, HostTensor};

crate::backend_api!(Host);

/// A slice with a shape: `Tensor::new(&data, &[n_tasks, n_samples])`.
pub type Tensor<'a> = HostTensor<'a>;
