//! The metrics on plain slices, for callers without a tensor library.
//!
//! Scores, targets and weights may each be a slice, a `Vec` or an array of any
//! [`Element`](crate::Element) type. For several tasks wrap a slice into a [`Tensor`].
//!
//! ```
//! use metrics_core::slice::{Auprc, Readings, Tensor, binary_auprc};
//!
//! let scores = vec![0.1f32, 0.5, 0.7, 0.8];
//! assert_eq!(binary_auprc(&scores, &[true, false, true, true])?, 11.0 / 12.0);
//!
//! let scores = Tensor::new(&[0.1, 0.5, 0.7, 0.8, 1.0, 1.0, 1.0, 0.0], &[2, 4])?;
//! let targets = Tensor::new(&[1, 0, 1, 1, 1, 0, 1, 0], &[2, 4])?;
//! assert_eq!(Auprc.tasks(&scores, &targets)?, [11.0 / 12.0, 2.0 / 3.0]);
//! # Ok::<(), metrics_core::Error>(())
//! ```

use crate::backend::{Host, HostTensor};

crate::backend_api!(Host);

/// A slice with a shape: `Tensor::new(&data, &[n_tasks, n_samples])`.
///
/// ```
/// use metrics_core::slice::{Auroc, Readings, Tensor};
///
/// let scores = Tensor::new(&[0.2, 0.7, 0.9, 0.4], &[2, 2])?;
/// let targets = Tensor::new(&[0, 1, 0, 1], &[2, 2])?;
/// assert_eq!(Auroc.tasks(&scores, &targets)?, [1.0, 0.0]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub type Tensor<'a> = HostTensor<'a>;
