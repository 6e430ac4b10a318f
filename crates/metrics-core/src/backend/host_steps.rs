//! The CPU engine on batches in host memory.

use super::batch::Batch;
use super::host::Host;
use super::host_tensor::HostTensor;
use super::host_weights::Row;
use super::primitives::Primitives;
use crate::arith::float_mode::in_default_mode;
use crate::arith::threads;
use crate::counts::buckets::BucketCounts;
use crate::counts::ranked::RankedCounts;
use crate::counts::sums::RankSums;
use crate::counts::weights::weigh;
use crate::cpu::buckets::{NotCounted, Predictions, WeightedPredictions};
use crate::cpu::{self, AnySamples, GroupFold, InvalidSample, rank, scan, total, with_samples};
use crate::element::check::ElementCheck;
use crate::element::dtype::{Buffer, Element};
use crate::element::kind::ScoreKind;
use crate::error::{Error, Result};
use crate::state::rank::RankState;
use crate::with_slice;

/// The sums over the ranking of each task.
pub(crate) fn rank_sums(batch: &Batch<'_, Host>) -> Result<Vec<RankSums>> {
    in_default_mode(|| rank_tasks(batch, |_, parts| total(parts).into()))
}

/// The ranked counts of each task.
pub(crate) fn ranked_counts(batch: &Batch<'_, Host>) -> Result<Vec<RankedCounts>> {
    in_default_mode(|| {
        let counted = threads::map((0..batch.n_tasks).collect(), |task| {
            with_samples!(task_samples(batch, task), kind, samples => cpu::counts(samples, kind))
                .map(|lists| RankedCounts::of_lists(lists, false))
                .map_err(|error| match error {
                    NotCounted::Invalid(invalid) => self::error(batch, task, invalid),
                    NotCounted::NoMemory(refused) => refused.needed_by(batch.op),
                })
        });
        counted.into_iter().collect()
    })
}

/// Adds a batch of one task to bucket counts; on an error they are unchanged.
pub(crate) fn count_buckets(batch: &Batch<'_, Host>, counts: &mut BucketCounts) -> Result<()> {
    in_default_mode(|| {
        let predictions = Predictions {
            probabilities: batch.scores.buffer(),
            targets: batch.targets.buffer(),
            num_thresholds: counts.num_thresholds(),
        };
        match &batch.weights {
            None => count(batch, predictions, counts),
            Some(weights) => weigh_buckets(batch, predictions, weights, counts),
        }
    })
}

/// Fewest samples per counter for which a batch is counted in counters of its own first.
const SAMPLES_PER_COUNTER: usize = 4;

fn count(
    batch: &Batch<'_, Host>,
    predictions: Predictions<'_>,
    counts: &mut BucketCounts,
) -> Result<()> {
    let n_samples = batch.n_samples;
    if n_samples >= SAMPLES_PER_COUNTER * counts.counters().len() {
        let apart = predictions.count_apart().map_err(|reason| not_counted(batch, reason))?;
        counts.reserve(batch.op, n_samples as u64, 0.0)?;
        for apart in apart {
            counts.counters().iter_mut().zip(apart).for_each(|(all, count)| *all += count);
        }
        return Ok(());
    }
    predictions.check().map_err(|invalid| invalid_prediction(batch, invalid))?;
    counts.reserve(batch.op, n_samples as u64, 0.0)?;
    predictions.count(counts.counters()).map_err(|invalid| invalid_prediction(batch, invalid))
}

fn weigh_buckets(
    batch: &Batch<'_, Host>,
    predictions: Predictions<'_>,
    weights: &HostTensor<'_>,
    counts: &mut BucketCounts,
) -> Result<()> {
    let are_many = batch.n_samples >= SAMPLES_PER_COUNTER * counts.counters().len();
    let row = Row::new(weights.buffer(), 0);
    let weighted = WeightedPredictions { predictions, weights: &row };
    let not_counted = |reason| not_counted(batch, reason);
    if are_many && let Some(apart) = weighted.sum_guessed().map_err(not_counted)? {
        return counts.add_weights(batch.op, apart);
    }
    let scanned = weighted.scan();
    if !scanned.are_valid {
        check_weights(batch, weights)?;
    }
    if are_many && let Some(apart) = weighted.sum_scanned(&scanned).map_err(not_counted)? {
        return counts.add_weights(batch.op, apart);
    }
    let invalid = |invalid| invalid_prediction(batch, invalid);
    predictions.check().map_err(invalid)?;
    let summed_weight = if scanned.range.n_summed > 0 { weighted.summed_weight() } else { 0.0 };
    counts.reserve(batch.op, scanned.range.n_counted, summed_weight)?;
    weighted.for_each(|number, weight| counts.weigh(number, weight)).map_err(invalid)
}

fn not_counted(batch: &Batch<'_, Host>, reason: NotCounted) -> Error {
    match reason {
        NotCounted::Invalid(invalid) => invalid_prediction(batch, invalid),
        NotCounted::NoMemory(refused) => refused.needed_by(batch.op),
    }
}

fn invalid_prediction(batch: &Batch<'_, Host>, invalid: InvalidSample) -> Error {
    match invalid {
        InvalidSample::Score(row) => {
            batch.invalid_probability(row, element(batch.scores.buffer(), row))
        }
        InvalidSample::Target(row) => {
            batch.invalid_target(row, element(batch.targets.buffer(), row))
        }
    }
}

/// One element as an `f64`.
fn element(buffer: &Buffer<'_>, position: usize) -> f64 {
    with_slice!(buffer, data => data[position].to_f64())
}

/// Adds a batch to a rank state; on an error it is unchanged.
pub(crate) fn append(batch: &Batch<'_, Host>, state: &mut RankState) -> Result<()> {
    in_default_mode(|| {
        let weights = weights(batch)?;
        let row_weights = |task: usize| {
            let row = if batch.shares_weights { 0 } else { task };
            let of_task = row * batch.n_samples..(row + 1) * batch.n_samples;
            weights.as_deref().map(|all| &all[of_task])
        };
        // The samples of one task are checked while they are appended. Those of several tasks are all
        // checked before any is appended.
        let is_checked_later = batch.n_tasks == 1 && weights.is_none();
        for task in 0..batch.n_tasks {
            let (n_counted, weight) =
                row_weights(task).map_or((batch.n_samples as u64, 0.0), weigh);
            with_samples!(task_samples(batch, task), kind, samples => {
                let room = state.check(batch.op, task, kind, n_counted, weight);
                if room.is_err() || !is_checked_later {
                    scan(samples, kind).map_err(|invalid| error(batch, task, invalid))?;
                }
                room?;
            });
        }
        state.make_places(batch.op)?;
        for task in 0..batch.n_tasks {
            with_samples!(task_samples(batch, task), kind, samples => {
                state.append(task, samples, kind, row_weights(task))
            })
            .map_err(|invalid| error(batch, task, invalid))?;
        }
        Ok(())
    })
}

/// Ranks each task of a batch and combines its parts into one value.
fn rank_tasks<S: GroupFold, R: Send>(
    batch: &Batch<'_, Host>,
    finish: impl Fn(ScoreKind, Vec<S>) -> R + Sync + Send,
) -> Result<Vec<R>> {
    let ranked = threads::map((0..batch.n_tasks).collect(), |task| {
        with_samples!(task_samples(batch, task), kind, samples => {
            let parts = rank(samples, kind).map_err(|invalid| error(batch, task, invalid))?;
            Ok(finish(kind, parts))
        })
    });
    ranked.into_iter().collect()
}

pub(super) fn task_samples<'a>(batch: &'a Batch<'_, Host>, task: usize) -> AnySamples<'a> {
    let row = task * batch.n_samples..(task + 1) * batch.n_samples;
    AnySamples::new(batch.scores.buffer(), batch.targets.buffer(), row)
}

pub(super) fn error(batch: &Batch<'_, Host>, task: usize, invalid: InvalidSample) -> crate::Error {
    let start = task * batch.n_samples;
    match invalid {
        InvalidSample::Score(index) => batch.nan_score(start + index),
        InvalidSample::Target(index) => {
            batch.invalid_target(start + index, element(batch.targets.buffer(), start + index))
        }
    }
}

/// The weights of a batch, if it has any, checked.
fn weights(batch: &Batch<'_, Host>) -> Result<Option<Vec<f64>>> {
    let Some(weights) = &batch.weights else { return Ok(None) };
    check_weights(batch, weights)?;
    Ok(Some(weights.to_f64_vec()))
}

/// # Errors
/// The first invalid weight.
fn check_weights(batch: &Batch<'_, Host>, weights: &HostTensor<'_>) -> Result<()> {
    match Host.find_invalid(weights, ElementCheck::Weight)? {
        Some((position, value)) => Err(batch.invalid_weight(position, value)),
        None => Ok(()),
    }
}
