//! The metrics of `tensor-metrics` on ndarray arrays and views.
//!
//! Scores, targets and weights may each be any [`ArrayBase`](ndarray::ArrayBase) or
//! [`ArrayRef`](ndarray::ArrayRef) of an [`Element`] type: owned or borrowed, 1-D or 2-D, of any
//! layout. Standard layout is read in place; any other is copied once.
//!
//! ```
//! use metrics_ndarray::{Auprc, Readings, binary_auprc};
//! use ndarray::{array, s};
//!
//! let scores = array![[0.1f32, 0.5, 0.7, 0.8], [1.0, 1.0, 1.0, 0.0]];
//! let targets = array![[1, 0, 1, 1], [1, 0, 1, 0]];
//! assert_eq!(Auprc.tasks(&scores, &targets)?, [11.0 / 12.0, 2.0 / 3.0]);
//! assert_eq!(binary_auprc(&scores.row(0), &targets.row(0))?, 11.0 / 12.0);
//! let reversed = s![0, ..;-1];
//! let auprc = binary_auprc(&scores.slice(reversed), &targets.slice(reversed))?;
//! assert_eq!(auprc, 11.0 / 12.0);
//! # Ok::<(), metrics_core::Error>(())
//! ```
//!
//! Functions over arrays of any element type need no bound but [`Element`]:
//!
//! ```
//! use metrics_ndarray::{Element, Result, binary_auroc};
//! use ndarray::{Array1, array};
//!
//! fn auroc<T: Element>(scores: &Array1<T>, targets: &Array1<bool>) -> Result<f64> {
//!     binary_auroc(scores, targets)
//! }
//! assert_eq!(auroc(&array![1usize, 3], &array![false, true])?, 1.0);
//! # Ok::<(), metrics_core::Error>(())
//! ```
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `parallel` | yes | several threads, through rayon |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
mod error;
mod ops;
mod tensor;

pub use backend::NdArray;
pub use metrics_core::{Element, Error, Result};
pub use tensor::NdTensor;

metrics_core::backend_api!(NdArray);
