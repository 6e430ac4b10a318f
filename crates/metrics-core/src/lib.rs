//! Exact ranking metrics for binary classification, and the trait that lets them run on any tensor
//! library.
//!
//! This crate knows no tensor library. Most users want the facade crate `tensor-metrics`; who has
//! nothing but slices finds all metrics in [`slice`](mod@slice).
//!
//! ```
//! use metrics_core::slice::{binary_auprc, binary_auroc};
//!
//! let (scores, targets) = ([0.1, 0.5, 0.7, 0.8], [1, 0, 1, 1]);
//! assert_eq!(binary_auprc(&scores, &targets)?, 11.0 / 12.0);
//! assert_eq!(binary_auroc(&scores, &targets)?, 2.0 / 3.0);
//! # Ok::<(), metrics_core::Error>(())
//! ```
//!
//! There is one way through the house:
//!
//! ```text
//! tensors → checked batch → ranked → counts or integer sums → formula → f64
//! backend    metrics-core    backend   metrics-core
//! ```
//!
//! A [`Backend`] brings the tensors. Its primitives are enough for every metric; its fused steps
//! make them fast, without changing a bit.
//!
//! Flush-to-zero, denormals-are-zero and rounding modes that another library of the process has set
//! change no value, no check and no state byte on x86-64 and AArch64: metrics compute in the default
//! mode, and the thread has its own back afterwards. On other processors, and in the x87 unit of 32-bit
//! x86, the default mode is taken for granted.
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `parallel` | yes | several threads, through rayon; see below before you fork |
//!
//! With `parallel`, a process must not `fork` and go on without `exec` after its first large call: the
//! child has none of rayon's threads, and its own first large call waits for them for ever. Fork before
//! the first call, start workers as new processes (`spawn` in Python's multiprocessing, not `fork`), or
//! build without the feature.

#![cfg_attr(docsrs, feature(doc_cfg))]

// `backend_api!` links to this crate by name, from here too.
extern crate self as metrics_core;

mod api;
mod areas;
mod auc;
mod auprc;
mod auroc;
mod backend;
mod bounds;
mod buckets;
pub mod compose;
pub mod cpu;
mod curve;
mod curves;
mod dtype;
mod error;
mod exact;
mod float_mode;
mod host;
pub mod index;
mod input;
mod kind;
mod metric;
mod options;
mod precisions;
mod ranked;
pub mod reserve;
mod shares;
pub mod slice;
mod state;
mod sync;
mod threads;

pub use areas::{Areas, CountedAreas};
pub use auc::{Auc, AucBuilder, DEFAULT_NUM_THRESHOLDS, MAX_NUM_THRESHOLDS};
pub use auprc::{
    Auprc, BinaryAuprc, binary_auprc, binary_auprc_tasks, binary_auprc_tasks_with,
    binary_auprc_with,
};
pub use auroc::{
    Auroc, BinaryAuroc, binary_auroc, binary_auroc_tasks, binary_auroc_tasks_with,
    binary_auroc_with,
};
pub use backend::{Backend, Kept, KeptSamples, Lend, Owned, Rule, ToTensor};
pub use bounds::Bounds;
pub use buckets::BucketCounts;
pub use cpu::{Host, free_spare_memory};
pub use curve::{PrecisionRecallCurve, RankedCounts, RocCurve};
pub use curves::{
    binary_precision_recall_curve, binary_precision_recall_curve_with, binary_roc_curve,
    binary_roc_curve_with,
};
pub use dtype::{Buffer, DType, Element};
pub use error::{Error, Result, StateError};
pub use exact::MAX_SAMPLES;
pub use host::HostTensor;
pub use index::IndexShape;
pub use input::Batch;
pub use kind::ScoreKind;
pub use metric::Metric;
pub use options::{Curve, Options, Undefined};
pub use ranked::{Formula, Ranked};
pub use state::{AucState, MAX_TASKS, RankState};
