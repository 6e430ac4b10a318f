//! Counting probabilities into buckets.

use super::samples::{BLOCK, NO_LABEL, read_labels};
use crate::backend::Rule;
use crate::buckets::BucketCounts;
use crate::cpu::Host;
use crate::dtype::{Buffer, Element};
use crate::error::Result;
use crate::input::Batch;
use crate::with_slice;

/// The bucket of a probability: `⌊p · num_thresholds⌋`, the product rounded to `f64`.
#[inline]
pub fn bucket_of(probability: f64, num_thresholds: usize) -> usize {
    (probability * num_thresholds as f64) as usize
}

/// Adds a valid batch to the counts; on an error they are unchanged.
pub(super) fn count(
    batch: &Batch<'_, Host>,
    weights: Option<&[f64]>,
    counts: &mut BucketCounts,
) -> Result<()> {
    let (scores, targets) = (batch.scores.buffer(), batch.targets.buffer());
    for_blocks(scores, targets, |start, probabilities, labels| {
        check(batch, start, probabilities, labels)
    })?;
    counts.reserve(batch.op, weights, batch.n_samples as u64)?;
    let num_thresholds = counts.num_thresholds();
    for_blocks(scores, targets, |start, probabilities, labels| {
        let samples = probabilities.iter().map(|&p| bucket_of(p, num_thresholds)).zip(labels);
        match weights {
            None => samples.for_each(|(bucket, &label)| counts.count(bucket, label)),
            Some(weights) => {
                samples.zip(&weights[start..]).for_each(|((bucket, &label), &weight)| {
                    counts.weigh(bucket, label, weight);
                })
            }
        }
        Ok(())
    })
}

fn check(
    batch: &Batch<'_, Host>,
    start: usize,
    probabilities: &[f64],
    labels: &[u8],
) -> Result<()> {
    let valid = |p: f64, label: u8| Rule::Probability.allows(p) && label != NO_LABEL;
    if probabilities.iter().zip(labels).fold(true, |all, (&p, &label)| all & valid(p, label)) {
        return Ok(());
    }
    for (i, (&p, &label)) in probabilities.iter().zip(labels).enumerate() {
        if !Rule::Probability.allows(p) {
            return Err(batch.invalid_probability(start + i, p));
        }
        if label == NO_LABEL {
            return Err(batch.invalid_target(start + i, element(batch.targets.buffer(), start + i)));
        }
    }
    Ok(())
}

/// One element as an `f64`.
pub(super) fn element(buffer: &Buffer<'_>, position: usize) -> f64 {
    with_slice!(buffer, data => data[position].to_f64())
}

/// Calls `f` with the start, the scores and the labels of each block.
fn for_blocks(
    scores: &Buffer<'_>,
    targets: &Buffer<'_>,
    mut f: impl FnMut(usize, &[f64], &[u8]) -> Result<()>,
) -> Result<()> {
    let (mut probabilities, mut labels) = ([0.0; BLOCK], [0; BLOCK]);
    for start in (0..scores.len()).step_by(BLOCK) {
        let n = BLOCK.min(scores.len() - start);
        with_slice!(scores, data => {
            for (p, &score) in probabilities.iter_mut().zip(&data[start..start + n]) {
                *p = score.to_f64();
            }
        });
        read_labels(targets, start, &mut labels[..n]);
        f(start, &probabilities[..n], &labels[..n])?;
    }
    Ok(())
}
