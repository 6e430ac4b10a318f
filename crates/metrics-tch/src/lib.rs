//! The metrics of `tensor-metrics` on libtorch tensors.
//!
//! Scores, targets and weights are [`tch::Tensor`]s as a model returns them: `Half`, `BFloat16`,
//! `Float`, `Double`, integers or `Bool`, of any strides. Tensors in host memory that lie row by row
//! are read in place, others are copied once. A tensor may require a gradient.
//!
//! ```
//! use metrics_tch::{Auprc, Readings, binary_auprc};
//! use tch::Tensor;
//!
//! let scores = Tensor::from_slice2(&[[0.1f32, 0.5, 0.7, 0.8], [1.0, 1.0, 1.0, 0.0]]);
//! let targets = Tensor::from_slice2(&[[1i64, 0, 1, 1], [1, 0, 1, 0]]);
//! assert_eq!(Auprc.tasks(&scores, &targets)?, [11.0 / 12.0, 2.0 / 3.0]);
//! assert_eq!(binary_auprc(&scores.get(0), &targets.get(0))?, 11.0 / 12.0);
//! # Ok::<(), metrics_tch::Error>(())
//! ```
//!
//! # Batch by batch
//!
//! ```
//! use metrics_tch::{Auc, BinaryAuprc};
//! use tch::Tensor;
//!
//! let (mut auprc, mut auc) = (BinaryAuprc::new(), Auc::default());
//! for (logits, targets) in [([-2.0f32, 0.0], [true, false]), ([1.0, 1.5], [true, true])] {
//!     let (logits, targets) = (Tensor::from_slice(&logits), Tensor::from_slice(&targets));
//!     // AUPRC takes any score; the bucketed Auc takes probabilities.
//!     auprc.update(&logits, &targets)?;
//!     auc.update(&logits.sigmoid(), &targets)?;
//! }
//! assert_eq!(auprc.compute()?, 11.0 / 12.0);
//! assert_eq!(auc.compute()?, 2.0 / 3.0);
//! # Ok::<(), metrics_tch::Error>(())
//! ```
//!
//! A model with several heads returns `(n_samples, n_tasks)`; its transpose goes straight in.
//!
//! # libtorch
//! tch 0.24 goes with libtorch 2.11 (the version in `Cargo.lock`), tch 0.26 with 2.13: `cargo update -p
//! tch --precise 0.26.0` moves. `cargo xtask libtorch` in the workspace of tensor-metrics fetches a
//! libtorch for the CPU; `LIBTORCH` and `LIBTORCH_USE_PYTORCH` are honoured.
//!
//! # Devices
//! Without the feature `cuda`, libtorch's own operations rank tensors on other devices than the CPU, and
//! the samples of stateful metrics are in host memory. With it, our own kernels rank CUDA tensors, and
//! updates do not wait for the device. [`best_device`] loads libtorch's CUDA half, which linkers leave out:
//! call it, or [`load_cuda`], before any other use of CUDA.
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `cuda` | no | our kernels for tensors on CUDA devices; needs nvcc to build |
//! | `parallel` | yes | several threads, through rayon |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
#[cfg(feature = "cuda")]
mod cuda;
mod device;
mod error;
mod index;
mod ops;
mod state;
mod tensor;

pub use backend::Tch;
#[cfg(feature = "cuda")]
#[cfg_attr(docsrs, doc(cfg(feature = "cuda")))]
pub use cuda::OnTch;
pub use device::{best_device, load_cuda};
pub use error::from_tch;
pub use index::TchIndex;
pub use metrics_core::{Error, Result};
pub use state::{state_from_tensor, state_to_tensor};
pub use tensor::Shared;

metrics_core::backend_api!(Tch);
