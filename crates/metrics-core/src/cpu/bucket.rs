//! Counting probabilities into buckets.

use std::ops::Range;

use super::memory::fetch;
use super::rank::parts;
use super::samples::{BLOCK, NO_LABEL, read_labels};
use super::simd;
use super::tally::tally;
use crate::backend::Rule;
use crate::buckets::BucketCounts;
use crate::cpu::Host;
use crate::dtype::{Buffer, Element};
use crate::error::Result;
use crate::input::Batch;
use crate::{threads, with_slice};

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

/// Samples for each counter from which on a batch is counted apart first.
const MANY: usize = 4;
/// Samples that 16 bits count, in whole blocks.
const ROUND: usize = (u16::MAX as usize) / BLOCK * BLOCK;

fn count_all(batch: &Batch<'_, Host>, counts: &mut BucketCounts) -> Result<()> {
    let (n_samples, n_counters) = (batch.scores.buffer().len(), 2 * (counts.num_thresholds() + 1));
    if n_samples >= MANY * n_counters {
        return count_apart(batch, counts);
    }
    let (all, num_thresholds) = (0..n_samples, counts.num_thresholds());
    let room = counts.check_room(batch.op, n_samples as u64);
    // One block is known to be valid before any of it is counted.
    if n_samples > BLOCK || room.is_err() {
        number_blocks(batch, all.clone(), num_thresholds, |_| ())?;
        room?;
    }
    number_blocks(batch, all, num_thresholds, |numbers| counts.count(numbers))?;
    counts.reserve(batch.op, None, n_samples as u64)
}

/// Counts while it checks, in counters of its own: 16 bits each, so that they stay in the nearest
/// cache, and now and then added up.
fn count_apart(batch: &Batch<'_, Host>, counts: &mut BucketCounts) -> Result<()> {
    let (n_samples, num_thresholds) = (batch.scores.buffer().len(), counts.num_thresholds());
    let n_counters = 2 * (num_thresholds + 1);
    let count_part = |(): &mut (), part: Range<usize>| {
        let (mut total, mut few) = (vec![0u64; n_counters], vec![0u16; n_counters]);
        for start in part.clone().step_by(ROUND) {
            let round = start..part.end.min(start + ROUND);
            number_blocks(batch, round, num_thresholds, |numbers| tally(numbers, &mut few))?;
            simd::run(|| {
                for (total, few) in total.iter_mut().zip(&mut few) {
                    *total += u64::from(std::mem::take(few));
                }
            });
        }
        Ok(total)
    };
    let parts = threads::map(parts(n_samples), || (), count_part);
    let parts: Vec<_> = parts.into_iter().collect::<Result<_>>()?;
    counts.reserve(batch.op, None, n_samples as u64)?;
    parts.iter().for_each(|part| counts.add_counts(part));
    Ok(())
}

/// Calls `f` with the numbers of the samples' counters, block by block, as long as they are valid.
fn number_blocks(
    batch: &Batch<'_, Host>,
    part: Range<usize>,
    num_thresholds: usize,
    mut f: impl FnMut(&[u32]),
) -> Result<()> {
    let (mut labels, mut numbers) = ([0; BLOCK], [0; BLOCK]);
    for start in part.clone().step_by(BLOCK) {
        let n = BLOCK.min(part.end - start);
        let (labels, numbers) = (&mut labels[..n], &mut numbers[..n]);
        let all_valid = simd::run(|| {
            read_labels(batch.targets.buffer(), start, labels);
            with_slice!(batch.scores.buffer(), scores => {
                number(&scores[start..start + n], labels, num_thresholds, numbers)
            })
        });
        if !all_valid {
            for_blocks(
                batch.scores.buffer(),
                batch.targets.buffer(),
                start..start + n,
                |i, p, y| check(batch, i, p, y),
            )?;
        }
        // Counting leaves the memory idle.
        let next = start + n..part.end.min(start + n + BLOCK);
        with_slice!(batch.scores.buffer(), scores => fetch(&scores[next.clone()]));
        with_slice!(batch.targets.buffer(), targets => fetch(&targets[next]));
        f(numbers);
    }
    Ok(())
}

/// Numbers the counter of each sample, two a bucket, for negatives and positives, if all samples are
/// valid; returns whether they are.
#[inline(always)]
fn number<T: Element>(
    probabilities: &[T],
    labels: &[u8],
    num_thresholds: usize,
    out: &mut [u32],
) -> bool {
    assert!(num_thresholds < 1 << 30, "numbers fit 32 bits");
    let is_valid = |p: T| (0.0..=1.0).contains(&p.to_f64());
    let worst = labels.iter().fold(0, |worst, &label| worst.max(label));
    if worst == NO_LABEL || !probabilities.iter().fold(true, |all, &p| all & is_valid(p)) {
        return false;
    }
    for ((out, &p), &label) in out.iter_mut().zip(probabilities).zip(labels) {
        // No processor casts many at once as `as` wants it.
        // SAFETY: valid, so from 0 to the number of thresholds, which is below 2^30.
        #[allow(unsafe_code)]
        let bucket: i32 = unsafe { (p.to_f64() * num_thresholds as f64).to_int_unchecked() };
        *out = bucket as u32 * 2 + u32::from(label);
    }
    true
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
    use super::{bucket_of, number};

    #[test]
    fn a_number_is_twice_the_bucket_and_the_label() {
        let mut out = [0];
        for n in [1, 100, 4095, (1 << 30) - 1] {
            for p in [0.0, 0.29, 0.57, 1e-300, 1.0 - f64::EPSILON / 2.0, 1.0] {
                assert!(number(&[p], &[1], n, &mut out));
                assert_eq!(out[0] as usize, 2 * bucket_of(p, n) + 1, "{p} {n}");
                assert!(number(&[p as f32], &[0], n, &mut out));
                assert_eq!(out[0] as usize, 2 * bucket_of(f64::from(p as f32), n), "{p} {n}");
            }
        }
        for p in [-0.1, 1.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!number(&[0.5, p], &[0, 0], 100, &mut [0; 2]), "{p}");
        }
        assert!(!number(&[0.5], &[super::NO_LABEL], 100, &mut out));
    }
}
