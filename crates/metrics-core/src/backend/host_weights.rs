//! Ranking batches with weights in host memory.

use super::batch::Batch;
use super::host::Host;
use super::host_steps::{error, task_samples};
use super::primitives::Primitives;
use crate::arith::float_mode::in_default_mode;
use crate::arith::threads;
use crate::counts::ranked::RankedCounts;
use crate::counts::sums::RankSums;
use crate::counts::weighted::{weighted_counts_of, weighted_sums_of};
use crate::cpu::buckets::NotCounted;
use crate::cpu::weighted::{WeightedSamples, Weights};
use crate::cpu::with_samples;
use crate::element::check::ElementCheck;
use crate::element::dtype::{Buffer, Element};
use crate::error::Result;
use crate::with_slice;

/// The sums over the ranking of each task; `None` where weights lie so far apart that they must be summed in
/// order, or add up to more than a state takes.
///
/// # Errors
/// The first invalid weight, else the first invalid sample.
pub(crate) fn weighted_sums(batch: &Batch<'_, Host>) -> Result<Option<Vec<RankSums>>> {
    of_tasks(batch, |task, weights| {
        with_samples!(task_samples(batch, task), kind, samples => {
            weighted_sums_of(&WeightedSamples { samples, weights, kind })
        })
        .map_err(|invalid| error(batch, task, invalid))
    })
}

/// The ranked counts of each task; `None` as in [`weighted_sums`].
///
/// # Errors
/// As [`weighted_sums`]; [`Error::OutOfMemory`](crate::Error::OutOfMemory).
pub(crate) fn weighted_counts(batch: &Batch<'_, Host>) -> Result<Option<Vec<RankedCounts>>> {
    of_tasks(batch, |task, weights| {
        with_samples!(task_samples(batch, task), kind, samples => {
            weighted_counts_of(&WeightedSamples { samples, weights, kind })
        })
        .map_err(|reason| match reason {
            NotCounted::Invalid(invalid) => error(batch, task, invalid),
            NotCounted::NoMemory(refused) => refused.needed_by(batch.op),
        })
    })
}

/// `f` of each task and its weights, which are valid.
fn of_tasks<R: Send>(
    batch: &Batch<'_, Host>,
    f: impl Fn(usize, &Row<'_>) -> Result<Option<R>> + Sync + Send,
) -> Result<Option<Vec<R>>> {
    let Some(weights) = &batch.weights else { return Ok(None) };
    in_default_mode(|| {
        if let Some((position, value)) = Host.find_invalid(weights, ElementCheck::Weight)? {
            return Err(batch.invalid_weight(position, value));
        }
        let of_tasks = threads::map((0..batch.n_tasks).collect(), |task| {
            let row = if batch.shares_weights { 0 } else { task };
            f(task, &Row::new(weights.buffer(), row * batch.n_samples))
        });
        of_tasks.into_iter().collect()
    })
}

/// The weights of one task.
pub(super) struct Row<'a> {
    buffer: &'a Buffer<'a>,
    start: usize,
}

impl<'a> Row<'a> {
    /// The weights from `start` on.
    pub(super) fn new(buffer: &'a Buffer<'a>, start: usize) -> Self {
        Self { buffer, start }
    }
}

impl Weights for Row<'_> {
    fn read(&self, start: usize, out: &mut [f64]) {
        let start = self.start + start;
        with_slice!(self.buffer, weights => {
            let weights = &weights[start..start + out.len()];
            out.iter_mut().zip(weights).for_each(|(to, weight)| *to = weight.to_f64());
        });
    }
}
