//! Ranking metrics on CUDA devices: kernels in CUDA C++ on CUB, and their launcher.
//!
//! This crate knows no tensor library. A backend gives access to its memory and its stream through
//! `Device`; scores and targets are addresses. The results have the bits of the CPU engine.
//!
//! ```text
//! scores, targets → words (task, distance below the highest key, label) → sorted → sums → areas
//! ```
//!
//! 1. *Read*: one pass checks the samples and makes order-preserving keys. Where the range of the
//!    keys in use leaves room, a sample becomes one word of 32 bits, else of 64, with its label in
//!    bit 0; else a distance and a mark.
//! 2. *Sort*: CUB's radix sort, over only the bits in use. Task and score are sorted at once.
//! 3. *Scan for ties*: summarise tiles of 4,096 words, scan the summaries, and then scan each tile with
//!    the counts before it. The sums are integers, so that neither blocks nor their order can change a bit.
//!
//! 16-bit scores of one task are counted instead of sorted, and so are the buckets of an
//! [`Auc`](metrics_core::Auc).
//!
//! Updates of stateful metrics do not wait for the device: `PendingSamples` and `PendingCounts` hold the
//! batches, and reject invalid ones when the metric is read. An update waits only in these cases: another
//! device or stream than before, or with candle's default stream another thread; scores that cannot join
//! those of a batch not yet checked; the first count after a clone.
//!
//! # Building
//! The feature `kernels` compiles the CUDA code with nvcc: put it on `PATH`, or set `CUDA_HOME` or
//! `NVCC`. `CUDA_COMPUTE_CAP` (say `90`) names the device to compile for; by default machine code for
//! Ampere (80), Hopper (90) and, from CUDA 12.8 on, Blackwell (100, 120), and PTX for newer devices are made. The
//! CUDA runtime is linked statically: a program with this crate starts on a machine without a driver, and
//! `device_count` says so there. The runtime of CUDA 13 needs a driver of 580 or later, that of CUDA 12 one of 525 or
//! later.
//!
//! # Limits
//! Reads wait for the device, so a stream that is being captured into a graph cannot be read from: CUDA refuses the
//! wait. Updates after the first one of a metric only queue work, but they allocate, which capture refuses too with most
//! libraries' memory.
//!
//! Without the feature the launcher is compiled for the tests only: they run it on a simulated device of
//! plain loops, and run the arithmetic that the kernels share with the host. `cargo xtask cuda-emulate` runs the
//! kernels themselves on the host, with `emulated` set and a library of its own in place of the build script's.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "kernels", test))]
mod counts;
#[cfg(any(feature = "kernels", test))]
mod device;
#[cfg(any(feature = "kernels", test))]
mod download;
#[cfg(any(feature = "kernels", test))]
mod ffi;
#[cfg(any(feature = "kernels", test))]
pub mod ops;
#[cfg(any(feature = "kernels", test))]
mod pending;
#[cfg(any(feature = "kernels", test))]
mod pending_counts;
#[cfg(any(feature = "kernels", test))]
mod pending_samples;
#[cfg(any(feature = "kernels", test))]
mod pieces;
#[cfg(any(feature = "kernels", test))]
mod queue;
#[cfg(any(feature = "kernels", test))]
mod rank;
#[cfg(any(feature = "kernels", test))]
mod rejected;
#[cfg(any(feature = "kernels", test))]
mod status;
#[cfg(any(feature = "kernels", test))]
mod statuses;
#[cfg(any(feature = "kernels", test))]
mod stream_owner;
#[cfg(any(feature = "kernels", test))]
mod sums;

#[cfg(any(feature = "kernels", test))]
pub use device::{Batch, Device, Input, device_count};
#[cfg(any(feature = "kernels", test))]
pub use pending::Pending;
#[cfg(any(feature = "kernels", test))]
pub use rank::{rank_sums, ranked_counts};

#[cfg(test)]
mod arithmetic;
#[cfg(all(test, emulated))]
mod emulated;
#[cfg(all(test, any(emulated, not(feature = "kernels"))))]
mod simulated;
