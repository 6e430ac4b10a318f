//! Exact AUPRC, AUROC and streaming AUC on the tensors a program already has.
//!
//! ```
//! use ndarray::array;
//! use tensor_metrics::ndarray::{BinaryAuprc, binary_auprc};
//! use tensor_metrics::Metric;
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
//! Each module offers the same names:
//!
//! | function | stateful | what |
//! |---|---|---|
//! | [`binary_auprc`](slice::binary_auprc) | [`BinaryAuprc`](slice::BinaryAuprc) | average precision |
//! | [`binary_auroc`](slice::binary_auroc) | [`BinaryAuroc`](slice::BinaryAuroc) | area under the ROC curve |
//! | | [`Auc`](slice::Auc) | either area in buckets: constant memory, with bounds |
//! | [`binary_precision_recall_curve`](slice::binary_precision_recall_curve) | `precision_recall_curve` of either | the curve itself |
//! | [`binary_roc_curve`](slice::binary_roc_curve) | `roc_curve` of either | the curve itself |
//!
//! Functions ending in `_tasks` take `(n_tasks, n_samples)` and return a value a task; those ending in
//! `_with` take [`Options`](slice::Options): sample weights, and what to return where a metric is
//! undefined.
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `candle` | no | the module `candle` |
//! | `cuda` | no | tensors on CUDA devices, for `candle` and `tch`; needs nvcc to build |
//! | `ndarray` | yes | the module [`ndarray`] |
//! | `parallel` | yes | several threads, through rayon; see below before you fork |
//! | `tch` | no | the module `tch`; needs libtorch |
//!
//! With `parallel`, a process must not `fork` and go on without `exec` after its first large call: the
//! child has none of rayon's threads, and its own first large call waits for them for ever. Fork before
//! the first call, start workers as new processes (`spawn` in Python's multiprocessing, not `fork`), or
//! build without the feature.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use metrics_core::{
    Areas, AucState, Bounds, Curve, DEFAULT_NUM_THRESHOLDS, Element, Error, MAX_NUM_THRESHOLDS,
    MAX_SAMPLES, Metric, PrecisionRecallCurve, RankState, Result, RocCurve, StateError, Undefined,
    free_spare_memory, slice,
};
/// For authors of backends and of code that is generic over them.
pub use metrics_core::{
    Backend, Batch, BucketCounts, Host, HostTensor, Owned, RankedCounts, Rule, ToTensor,
};

#[cfg(feature = "candle")]
#[cfg_attr(docsrs, doc(cfg(feature = "candle")))]
pub use metrics_candle as candle;
#[cfg(feature = "ndarray")]
#[cfg_attr(docsrs, doc(cfg(feature = "ndarray")))]
pub use metrics_ndarray as ndarray;
#[cfg(feature = "tch")]
#[cfg_attr(docsrs, doc(cfg(feature = "tch")))]
pub use metrics_tch as tch;
