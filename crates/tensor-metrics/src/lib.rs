//! Exact AUPRC, AUROC and streaming AUC on the tensors a program already has.
//!
//! ```
//! use ndarray::array;
//! use tensor_metrics::ndarray::{BinaryAuprc, binary_auprc};
//!
//! let scores = array![0.1, 0.5, 0.7, 0.8];
//! let targets = array![1, 0, 1, 1];
//! assert_eq!(format!("{:.4}", binary_auprc(&scores, &targets)?), "0.9167");
//!
//! let mut auprc = BinaryAuprc::new();
//! auprc.update(&scores, &targets)?;
//! assert_eq!(auprc.compute()?, binary_auprc(&scores, &targets)?);
//! # Ok::<(), tensor_metrics::Error>(())
//! ```
//!
//! | module | tensors | feature |
//! |---|---|---|
//! | [`slice`](mod@slice) | plain slices, `Vec`s and arrays | always there |
//! | [`ndarray`] | ndarray arrays and views | `ndarray`, on by default |
//! | `candle` | candle tensors | `candle` |
//! | `tch` | libtorch tensors | `tch` |
//!
//! Functions infer the backend from the tensors; the stateful types of a module name it:
//!
//! | function | reading | stateful | what |
//! |---|---|---|---|
//! | [`binary_auprc`] | [`Auprc`] | [`BinaryAuprc`](slice::BinaryAuprc) | average precision |
//! | [`binary_auroc`] | [`Auroc`] | [`BinaryAuroc`](slice::BinaryAuroc) | area under the ROC curve |
//! | [`binary_precision_recall_curve`] | [`PrecisionRecall`] | [`Evaluation`] | precision and recall at every score |
//! | [`binary_roc_curve`] | [`Roc`] | [`Evaluation`] | false and true positive rate at every score |
//! | | [`Counts`], [`Sums`] | [`Evaluation`] | what all of them are read from |
//! | | | [`Auc`](slice::Auc) | either area in buckets: constant memory, with bounds |
//!
//! A [reading](Readings) is a metric as a value. Weights, several tasks and another policy for undefined
//! values are set on a request of it, and several readings share one ranking:
//!
//! ```
//! use tensor_metrics::{Auprc, Auroc, Layout, Readings};
//! use ndarray::array;
//!
//! // A model with two heads returns (n_samples, n_tasks).
//! let scores = array![[0.1, 0.9], [0.5, 0.2], [0.7, 0.4]];
//! let targets = array![[0, 1], [0, 0], [1, 1]];
//! let weights = array![1.0, 2.0, 0.5];
//! let request = (Auprc, Auroc).layout(Layout::TasksLast).weights(&weights);
//! assert_eq!(request.tasks(&scores, &targets)?, [(1.0, 1.0), (1.0, 1.0)]);
//! # Ok::<(), tensor_metrics::Error>(())
//! ```
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `candle` | no | the module `candle` |
//! | `cuda` | no | tensors on CUDA devices, for `candle` and `tch`; needs nvcc to build |
//! | `ndarray` | yes | the module [`ndarray`] |
//! | `parallel` | yes | several threads, through rayon; see below before you fork |
//! | `tch` | no | the module `tch`; needs libtorch |
//!
//! With `parallel`, a process must not `fork` without `exec` after its first large call: the child has
//! none of rayon's threads, and its own first large call waits for them forever. Fork before
//! the first call, start workers as new processes (`spawn` in Python's multiprocessing, not `fork`), or
//! build without the feature.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(inline)]
pub use metrics_core::*;

#[cfg(feature = "candle")]
#[cfg_attr(docsrs, doc(cfg(feature = "candle")))]
pub use metrics_candle as candle;
#[cfg(feature = "ndarray")]
#[cfg_attr(docsrs, doc(cfg(feature = "ndarray")))]
pub use metrics_ndarray as ndarray;
#[cfg(feature = "tch")]
#[cfg_attr(docsrs, doc(cfg(feature = "tch")))]
pub use metrics_tch as tch;
