//! Exact ranking metrics for binary classification, and the trait that lets them run on any tensor
//! library.
//!
//! This crate knows no tensor library. Most users want the facade crate `tensor-metrics`. The module
//! [`slice`](mod@slice) has all metrics for plain slices.
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
//! All metrics take the same way from tensors to values:
//!
//! ```text
//! tensors → checked batch → ranked counts, or sums over them → reading → value
//! ToTensor   Layout          Backend                            Reading   Policy
//! ```
//!
//! A [`Reading`] is a metric as a value. [`Readings`] are one or several of them, which share a ranking. A
//! [`Request`] sets weights, several tasks and the policy for undefined values. An [`Evaluation`] takes its
//! samples batch by batch. A [`Backend`] connects a tensor library: see the module [`backend`].
//!
//! Another library of the process may have set flush-to-zero, denormals-are-zero or a rounding mode. On
//! x86-64 and AArch64 this changes no value, no check and no state byte: metrics compute in the default
//! mode and then restore the mode of the thread. On other processors, and in the x87 unit of 32-bit x86,
//! metrics assume the default mode.
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `parallel` | yes | several threads, through rayon; see below before you fork |
//!
//! With `parallel`, a process must not `fork` without `exec` after its first large call: the child has
//! none of rayon's threads, and its own first large call waits for them forever. Fork before
//! the first call, start workers as new processes (`spawn` in Python's multiprocessing, not `fork`), or
//! build without the feature.

#![cfg_attr(docsrs, feature(doc_cfg))]

// `backend_api!` links to this crate by name, from here too.
extern crate self as metrics_core;

mod api;
mod arith;
pub mod backend;
mod binary;
mod counts;
mod cpu;
mod curve;
mod element;
mod error;
mod layout;
mod metric;
pub mod reserve;
pub mod slice;
mod state;
mod undefined;

pub use arith::exact::MAX_SAMPLES;
#[doc(inline)]
pub use backend::{Backend, Host, HostTensor, Owned, ToTensor};
pub use binary::*;
pub use counts::bounds::Bounds;
pub use counts::buckets::{BucketCounts, DEFAULT_NUM_THRESHOLDS, MAX_NUM_THRESHOLDS};
pub use counts::ranked::{Cumulative, RankedCounts, TieGroup};
pub use counts::ranking::Ranking;
pub use counts::sums::RankSums;
pub use cpu::free_spare_memory;
pub use curve::Curve;
pub use element::dtype::{Buffer, DType, Element};
pub use element::kind::ScoreKind;
pub use error::{Error, ErrorKind, Result, StateError};
pub use layout::Layout;
pub use metric::Metric;
pub use metric::evaluation::Evaluation;
pub use metric::reading::{Policy, Reading, Readings, Source};
pub use metric::request::Request;
pub use state::buckets::AucState;
pub use state::rank::{MAX_TASKS, RankState};
pub use undefined::Undefined;
