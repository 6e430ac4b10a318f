//! Ranking batches with weights in host memory.

use super::batch::Batch;
use super::host::Host;
use super::host_steps::{error, task_samples};
use super::primitives::Primitives;
use crate::arith::exact::MAX_SAMPLES;
use crate::arith::float_mode::in_default_mode;
use crate::arith::threads;
use crate::counts::ranked::RankedCounts;
use crate::counts::sums::RankSums;
use crate::cpu::buckets::NotCounted;
use crate::cpu::weighted::{
    Carrier, Weighed, WeighedLists, WeightedSamples, Weights, lists, scan_weights, weigh,
};
use crate::cpu::{InvalidSample, with_samples};
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
            sums(&WeightedSamples { samples, weights, kind }, batch.n_samples)
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
            counts(&WeightedSamples { samples, weights, kind }, batch.n_samples)
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
            f(task, &Row { buffer: weights.buffer(), start: row * batch.n_samples })
        });
        of_tasks.into_iter().collect()
    })
}

/// The sums of one task.
fn sums<K: Carrier>(
    of_task: &WeightedSamples<'_, K>,
    n_samples: usize,
) -> std::result::Result<Option<RankSums>, InvalidSample> {
    let scanned = scan_weights(of_task.weights, n_samples);
    if scanned.range.n_counted > MAX_SAMPLES {
        return Ok(None);
    }
    Ok(match weigh(of_task, &scanned)? {
        Some(Weighed::Counts(sums)) if scanned.has_repeats && !RankSums::are_precise(&sums) => None,
        Some(Weighed::Counts(sums)) => Some(sums.into()),
        Some(Weighed::Weights(sums)) => sums.areas().map(RankSums::from),
        None => None,
    })
}

/// The ranked counts of one task.
fn counts<K: Carrier>(
    of_task: &WeightedSamples<'_, K>,
    n_samples: usize,
) -> std::result::Result<Option<RankedCounts>, NotCounted> {
    let scanned = scan_weights(of_task.weights, n_samples);
    if scanned.range.n_counted > MAX_SAMPLES {
        return Ok(None);
    }
    Ok(match lists(of_task, &scanned)? {
        Some(WeighedLists::Counts(lists)) => {
            Some(RankedCounts::of_lists(lists, scanned.has_repeats))
        }
        Some(WeighedLists::Weights(lists, areas)) => {
            Some(RankedCounts::of_weights(lists, areas.into()))
        }
        None => None,
    })
}

/// The weights of one task.
struct Row<'a> {
    buffer: &'a Buffer<'a>,
    start: usize,
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
