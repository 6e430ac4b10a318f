//! The metrics of `tensor-metrics` on candle tensors.
//!
//! Scores, targets and weights are [`candle_core::Tensor`]s as a model returns them: f16, bf16, f32,
//! f64 or integers; contiguous, narrowed, transposed or broadcast. Contiguous tensors in host memory
//! are read in place, others are copied once. A tensor may require a gradient; the metric does not keep
//! its graph alive.
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
//! Update a metric with each batch, of any size, and compute its value once per epoch. In a function that
//! returns [`candle_core::Result`], [`CandleResult::candle`] makes `?` work:
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
//! A model with several heads returns `(n_samples, n_tasks)`. Set the layout of the request or the metric, so
//! that the tasks are the last dimension; by default they are the first. Logits in bf16 need no conversion:
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
//! The shape alone does not show which dimension is the tasks: a request without the layout reads each sample
//! as a task. Scores that bf16 rounds to one value tie, and the metric is exact for the rounded scores.
//! [`Auc`] has one task: use one for each head, and update it with `heads.narrow(1, head, 1)?`. It reads two
//! columns as the probabilities of class 0 and class 1, not as two heads.
//!
//! # Saving a metric beside a model
//!
//! A state is bytes; [`state_to_tensor`] and [`state_from_tensor`] put them into a tensor that goes
//! into the same safetensors file as the model's weights.
//!
//! # On a CUDA device
//!
//! With the feature `cuda`, our kernels read tensors on CUDA devices in place, on candle's own stream.
//! Updates do not wait for the device: it rejects an invalid batch, and the next read of the metric returns
//! [`Error::RejectedUpdates`] once. Several streams and threads may update one metric; an update on another
//! stream or thread than the last one waits. Weighted batches are copied to the host. A program with the
//! feature starts only on a machine with the driver's library, because candle links it.
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
