//! Counting probabilities into buckets.

use std::ops::Range;

use super::samples::{BLOCK, NO_LABEL, read_labels};
use super::simd;
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
    match weights {
        None => count_all(batch, counts),
        Some(weights) => weigh_all(batch, weights, counts),
    }
}

/// Counts while it checks; what was counted before a bad sample is taken back.
fn count_all(batch: &Batch<'_, Host>, counts: &mut BucketCounts) -> Result<()> {
    let (scores, targets) = (batch.scores.buffer(), batch.targets.buffer());
    let num_thresholds = counts.num_thresholds();
    let mut numbers = [0; BLOCK];
    let mut n_counted = 0;
    let counted = for_blocks(scores, targets, 0..scores.len(), |start, probabilities, labels| {
        let numbers = &mut numbers[..labels.len()];
        if !simd::run(|| number(probabilities, labels, num_thresholds, numbers)) {
            check(batch, start, probabilities, labels)?;
        }
        counts.count(numbers);
        n_counted = start + labels.len();
        Ok(())
    });
    let counted = counted.and_then(|()| counts.reserve(batch.op, None, n_counted as u64));
    if counted.is_err() {
        for_blocks(scores, targets, 0..n_counted, |_, probabilities, labels| {
            let numbers = &mut numbers[..labels.len()];
            number(probabilities, labels, num_thresholds, numbers);
            counts.uncount(numbers);
            Ok(())
        })?;
    }
    counted
}

/// Numbers the counter of each sample: two a bucket, for negatives and positives. Returns whether all
/// samples are valid.
#[inline(always)]
fn number(probabilities: &[f64], labels: &[u8], num_thresholds: usize, out: &mut [u32]) -> bool {
    let mut all_valid = true;
    for ((out, &p), &label) in out.iter_mut().zip(probabilities).zip(labels) {
        let is_valid = (0.0..=1.0).contains(&p) & (label != NO_LABEL);
        all_valid &= is_valid;
        let scaled = if is_valid { p * num_thresholds as f64 } else { 0.0 };
        *out = 2 * truncated(scaled) + u32::from(label & 1);
    }
    all_valid
}

/// `⌊x⌋` of a number from 0 to 2^31.
///
/// A cast would do, but no processor casts many at once as Rust wants it.
#[inline(always)]
fn truncated(x: f64) -> u32 {
    // Here floats lie one apart.
    const ONES: f64 = (1u64 << 52) as f64;
    let nearest = (x + ONES) - ONES;
    let below = if nearest > x { nearest - 1.0 } else { nearest };
    (below + ONES).to_bits() as u32
}

fn weigh_all(batch: &Batch<'_, Host>, weights: &[f64], counts: &mut BucketCounts) -> Result<()> {
    let (scores, targets) = (batch.scores.buffer(), batch.targets.buffer());
    let all = 0..scores.len();
    for_blocks(scores, targets, all.clone(), |start, probabilities, labels| {
        check(batch, start, probabilities, labels)
    })?;
    counts.reserve(batch.op, Some(weights), batch.n_samples as u64)?;
    let num_thresholds = counts.num_thresholds();
    for_blocks(scores, targets, all, |start, probabilities, labels| {
        let samples = probabilities.iter().zip(labels).zip(&weights[start..]);
        for ((&p, &label), &weight) in samples {
            counts.weigh(bucket_of(p, num_thresholds), label, weight);
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

/// Calls `f` with the start, the scores and the labels of each block of a part.
fn for_blocks(
    scores: &Buffer<'_>,
    targets: &Buffer<'_>,
    part: Range<usize>,
    mut f: impl FnMut(usize, &[f64], &[u8]) -> Result<()>,
) -> Result<()> {
    let (mut probabilities, mut labels) = ([0.0; BLOCK], [0; BLOCK]);
    for start in part.clone().step_by(BLOCK) {
        let n = BLOCK.min(part.end - start);
        simd::run(|| {
            with_slice!(scores, data => {
                for (p, &score) in probabilities.iter_mut().zip(&data[start..start + n]) {
                    *p = score.to_f64();
                }
            });
            read_labels(targets, start, &mut labels[..n]);
        });
        f(start, &probabilities[..n], &labels[..n])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{bucket_of, truncated};

    #[test]
    fn truncated_is_the_cast() {
        for x in [0.0, 0.5, 1.0, 1.5, 2.5, 4095.0, 4094.999999999999, 2147483647.5, 1e-300] {
            assert_eq!(truncated(x), x as u32, "{x}");
        }
        for (p, n) in [(0.29, 100), (0.57, 100), (1.0, 4095), (1.0 - f64::EPSILON / 2.0, 4095)] {
            assert_eq!(truncated(p * n as f64) as usize, bucket_of(p, n));
        }
    }
}
