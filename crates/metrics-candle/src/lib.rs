//! The metrics of `tensor-metrics` on candle tensors.
//!
//! Scores, targets and weights are [`candle_core::Tensor`]s as a model returns them: f16, bf16, f32,
//! f64 or integers; contiguous, narrowed, transposed or broadcast. Contiguous tensors in host memory
//! are read in place, others are copied once. A tensor that requires a gradient is read as it is:
//! its graph is not kept alive.
//!
//! ```
//! use candle_core::{Device, Tensor};
//! use metrics_candle::{Auprc, Readings, binary_auprc};
//!
//! let scores = Tensor::new(&[[0.1f32, 0.5, 0.7, 0.8], [1.0, 1.0, 1.0, 0.0]], &Device::Cpu)?;
//! let targets = Tensor::new(&[[1u8, 0, 1, 1], [1, 0, 1, 0]], &Device::Cpu)?;
//! assert_eq!(Auprc.tasks(&scores, &targets)?, [11.0 / 12.0, 2.0 / 3.0]);
//! assert_eq!(binary_auprc(&scores.get(0)?, &targets.get(0)?)?, 11.0 / 12.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Inside a training loop
//!
//! A metric is fed as the batches come, in whatever sizes, and read once an epoch. Inside a function
//! that returns [`candle_core::Result`], [`CandleResult::candle`] makes `?` work:
//!
//! ```
//! use candle_core::{Device, Result, Tensor};
//! use metrics_candle::{Auc, BinaryAuprc, CandleResult};
//!
//! fn evaluate(batches: &[(Tensor, Tensor)]) -> Result<(f64, f64)> {
//!     let mut auprc = BinaryAuprc::new();
//!     let mut auc = Auc::default();
//!     for (logits, targets) in batches {
//!         // AUPRC takes any score; the bucketed Auc takes probabilities.
//!         auprc.update(logits, targets).candle()?;
//!         let probabilities = (logits.neg()?.exp()? + 1.0)?.recip()?;
//!         auc.update(&probabilities, targets).candle()?;
//!     }
//!     Ok((auprc.compute().candle()?, auc.compute().candle()?))
//! }
//!
//! let logits = Tensor::new(&[-2.0f32, 0.0, 1.0, 1.5], &Device::Cpu)?;
//! let targets = Tensor::new(&[1u8, 0, 1, 1], &Device::Cpu)?;
//! assert_eq!(evaluate(&[(logits, targets)])?, (11.0 / 12.0, 2.0 / 3.0));
//! # Ok::<(), candle_core::Error>(())
//! ```
//!
//! # Several tasks
//!
//! A model with several heads returns `(n_samples, n_tasks)`. A request or a metric of several tasks is told
//! that its tasks are the last dimension; without a word they are the first. Logits in bf16 are read as they are:
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use metrics_candle::{Auprc, Auroc, Evaluation, Layout, Readings};
//!
//! let heads = Tensor::new(&[[0.1f32, 0.9], [0.5, 0.2], [0.7, 0.4]], &Device::Cpu)?;
//! let heads = heads.to_dtype(DType::BF16)?;
//! let targets = Tensor::new(&[[0u8, 1], [0, 0], [1, 1]], &Device::Cpu)?;
//! assert_eq!(Auprc.layout(Layout::TasksLast).tasks(&heads, &targets)?, [1.0, 1.0]);
//!
//! let mut areas = Evaluation::of((Auprc, Auroc)).tasks(2)?.layout(Layout::TasksLast);
//! areas.update(&heads, &targets)?;
//! assert_eq!(areas.compute_tasks()?, [(1.0, 1.0), (1.0, 1.0)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A shape alone does not say which dimension is the tasks: a request without the layout takes each sample
//! for a task. Scores that bf16 rounds to one value tie, and the metric is exact for the rounded scores.
//! [`Auc`] has one task: give each head its own, and feed it `heads.narrow(1, head, 1)?`. It takes two
//! columns for the probabilities of class 0 and class 1, not for two heads.
//!
//! # Saving a metric beside a model
//!
//! A state is bytes; [`state_to_tensor`] and [`state_from_tensor`] put them into a tensor that goes
//! into the same safetensors file as the model's weights.
//!
//! # On a CUDA device
//!
//! With the feature `cuda`, tensors on CUDA devices are read in place, on candle's own stream. Updates
//! do not wait for the device: an invalid batch stays out, and the next read of the metric
//! says so once, with [`Error::RejectedUpdates`]. One metric may be fed from several streams and threads; an
//! update that changes stream or thread waits. Weighted batches are copied to the host. A program built
//! with the feature starts only where the driver's library is, because candle links it.
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `cuda` | no | tensors on CUDA devices; needs nvcc to build |
//! | `parallel` | yes | several threads, through rayon |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
#[cfg(feature = "cuda")]
mod cuda;
mod error;
mod index;
mod ops;
mod state;
mod tensor;

pub use backend::Candle;
#[cfg(feature = "cuda")]
#[cfg_attr(docsrs, doc(cfg(feature = "cuda")))]
pub use cuda::OnCandle;
pub use error::{CandleResult, from_candle, to_candle};
pub use index::CandleIndex;
pub use metrics_core::{Error, Result};
pub use state::{state_from_tensor, state_to_tensor};
pub use tensor::best_device;

metrics_core::backend_api!(Candle);
