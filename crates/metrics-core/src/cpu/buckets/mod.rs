//! Counting probabilities into buckets.

mod weighted;

use std::borrow::Cow;
use std::ops::{AddAssign, Range};

use half::slice::HalfFloatSliceExt;
use num_traits::One;

use crate::arith::{simd, threads};
#[cfg(target_arch = "x86_64")]
use crate::cpu::avx2;
use crate::cpu::read::{InvalidSample, MAX_RANGE, share};
use crate::cpu::samples::{BLOCK, NO_LABEL, read_labels};
use crate::cpu::tally::tally;
use crate::element::check::ElementCheck;
use crate::element::dtype::{Buffer, Element};
use crate::reserve::{NoMemory, zeros};
use crate::with_slice;

pub(crate) use weighted::{BucketWeights, WeightedPredictions};

/// The bucket of a probability: `⌊p · num_thresholds⌋`, the product rounded to `f64`.
#[inline]
pub(crate) fn bucket_of(probability: f64, num_thresholds: usize) -> usize {
    (probability * num_thresholds as f64) as usize
}

/// Probabilities and targets to be counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Predictions<'a> {
    pub(crate) probabilities: &'a Buffer<'a>,
    pub(crate) targets: &'a Buffer<'a>,
    /// One less than the number of buckets.
    pub(crate) num_thresholds: usize,
}

/// Why samples were not counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NotCounted {
    Invalid(InvalidSample),
    NoMemory(NoMemory),
}

impl Predictions<'_> {
    /// Checks that all are probabilities with a target of 0 or 1.
    ///
    /// # Errors
    /// The first invalid sample.
    pub(crate) fn check(self) -> Result<(), InvalidSample> {
        let is_valid = |_, scores: &Buffer<'_>, labels: &[u8]| with_slice!(scores, scores => simd::run(|| are_valid(scores, labels)));
        for_labels(self, 0..self.probabilities.len(), is_valid)
    }

    /// Counts the samples of each bucket: negatives, then positives.
    ///
    /// # Errors
    /// The first invalid sample; samples before it may be counted then.
    pub(crate) fn count(self, counters: &mut [u64]) -> Result<(), InvalidSample> {
        for_labels(self, 0..self.probabilities.len(), |_, scores, labels| {
            count_block(scores, labels, self.num_thresholds, counters)
        })
    }

    /// Checks and counts in one pass, in new counters that add up to the counts. The pass itself uses 16-bit
    /// counters, which stay in the nearest cache, and adds them to the new ones from time to time.
    ///
    /// # Errors
    /// The first invalid sample, or no memory for the counters.
    pub(crate) fn count_apart(self) -> Result<Vec<Vec<u64>>, NotCounted> {
        let n_counters = 2 * (self.num_thresholds + 1);
        const { assert!(MAX_RANGE <= u16::MAX as usize, "16 bits count a range") }
        let shares = share(self.probabilities.len(), |share| {
            // Each thread has its own counters, which together may take more memory than the samples.
            let counters = || Ok((zeros::<u64>(n_counters)?, zeros(n_counters)?));
            let (mut total, mut few) = counters().map_err(NotCounted::NoMemory)?;
            let mut n_few = 0;
            for range in share {
                if n_few + range.len() > u16::MAX.into() {
                    add_up(&mut few, &mut total);
                    n_few = 0;
                }
                n_few += range.len();
                for_labels(self, range, |_, scores, labels| {
                    count_block(scores, labels, self.num_thresholds, &mut few)
                })
                .map_err(NotCounted::Invalid)?;
            }
            add_up(&mut few, &mut total);
            Ok(total)
        });
        threads::all_or_first(shares, |error| match error {
            NotCounted::Invalid(bad) => bad.position(),
            NotCounted::NoMemory(_) => usize::MAX,
        })
    }
}

/// Adds counts to the total and sets them to 0.
fn add_up(few: &mut [u16], total: &mut [u64]) {
    simd::run(|| {
        for (total, few) in total.iter_mut().zip(few) {
            *total += u64::from(std::mem::take(few));
        }
    });
}

/// Calls `f` with the start, the scores and the labels of each block of a part, as long as it returns that they
/// are valid. Scores of 16 bits are converted to `f32`.
///
/// # Errors
/// The first invalid sample.
fn for_labels(
    predictions: Predictions<'_>,
    part: Range<usize>,
    mut f: impl FnMut(usize, &Buffer<'_>, &[u8]) -> bool,
) -> Result<(), InvalidSample> {
    let mut labels = [0; BLOCK];
    for start in part.clone().step_by(BLOCK) {
        let block = start..part.end.min(start + BLOCK);
        let labels = &mut labels[..block.len()];
        simd::run(|| read_labels(predictions.targets, start, labels));
        let of_block = match predictions.probabilities {
            Buffer::F16(scores) => Buffer::F32(scores[block.clone()].to_f32_vec().into()),
            Buffer::Bf16(scores) => Buffer::F32(scores[block.clone()].to_f32_vec().into()),
            scores => with_slice!(scores, scores => {
                Element::buffer(Cow::Borrowed(&scores[block.clone()]))
            }),
        };
        if !f(start, &of_block, labels) {
            return Err(first_invalid(predictions, block));
        }
    }
    Ok(())
}

/// The first invalid sample of a block that has one.
fn first_invalid(predictions: Predictions<'_>, block: Range<usize>) -> InvalidSample {
    let (mut probabilities, mut labels) = ([0.0; BLOCK], [0; BLOCK]);
    let (probabilities, labels) = (&mut probabilities[..block.len()], &mut labels[..block.len()]);
    read(predictions, block.start, probabilities, labels);
    let invalid = probabilities.iter().zip(labels).enumerate().find_map(|(i, (&p, &mut label))| {
        if !ElementCheck::Probability.allows(p) {
            return Some(InvalidSample::Score(block.start + i));
        }
        (label == NO_LABEL).then_some(InvalidSample::Target(block.start + i))
    });
    invalid.unwrap_or_else(|| unreachable!("the block {block:?} has an invalid sample"))
}

/// Probabilities and labels from a position on.
fn read(predictions: Predictions<'_>, start: usize, probabilities: &mut [f64], labels: &mut [u8]) {
    let n = labels.len();
    simd::run(|| {
        with_slice!(predictions.probabilities, data => {
            for (p, &score) in probabilities.iter_mut().zip(&data[start..start + n]) {
                *p = score.to_f64();
            }
        });
        read_labels(predictions.targets, start, labels);
    });
}

/// Counts samples by bucket and label; returns whether all are valid. If not, some may be counted.
fn count_block<C: Copy + AddAssign + One>(
    scores: &Buffer<'_>,
    labels: &[u8],
    num_thresholds: usize,
    counts: &mut [C],
) -> bool {
    let Some(n) = count_most(scores, labels, num_thresholds, counts) else { return false };
    with_slice!(scores, scores => {
        let mut pieces = scores[n..].chunks(BLOCK).zip(labels[n..].chunks(BLOCK));
        pieces.all(|(scores, labels)| {
            let mut numbers = [0; BLOCK];
            let numbers = &mut numbers[..labels.len()];
            let are_valid = simd::run(|| number(scores, labels, num_thresholds, numbers));
            if are_valid {
                tally(numbers, counts);
            }
            are_valid
        })
    })
}

/// Counts the first of these samples in vectors, where that is possible. Returns how many, or `None` if
/// one is invalid.
#[cfg(target_arch = "x86_64")]
fn count_most<C: Copy + AddAssign + One>(
    scores: &Buffer<'_>,
    labels: &[u8],
    num_thresholds: usize,
    counts: &mut [C],
) -> Option<usize> {
    if !simd::has_avx2() || counts.len() > 1 << 16 {
        return Some(0);
    }
    match scores {
        Buffer::F32(scores) => {
            // SAFETY: the processor has what vector code is compiled for.
            #[allow(unsafe_code)]
            unsafe {
                avx2::count_f32(scores, labels, num_thresholds, counts)
            }
        }
        Buffer::F64(scores) => {
            // SAFETY: the processor has what vector code is compiled for.
            #[allow(unsafe_code)]
            unsafe {
                avx2::count_f64(scores, labels, num_thresholds, counts)
            }
        }
        _ => Some(0),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn count_most<C>(_: &Buffer<'_>, _: &[u8], _: usize, _: &mut [C]) -> Option<usize> {
    Some(0)
}

/// Whether all samples are valid.
#[inline(always)]
fn are_valid<T: Element>(probabilities: &[T], labels: &[u8]) -> bool {
    let is_valid = |p: T| (0.0..=1.0).contains(&p.to_f64());
    let worst = labels.iter().fold(0, |worst, &label| worst.max(label));
    worst < NO_LABEL && probabilities.iter().fold(true, |all, &p| all & is_valid(p))
}

/// Writes the number of each sample's counter, two per bucket, for negatives and positives, if all samples
/// are valid; returns whether they are.
#[inline(always)]
fn number<T: Element>(
    probabilities: &[T],
    labels: &[u8],
    num_thresholds: usize,
    out: &mut [u32],
) -> bool {
    assert!(num_thresholds < 1 << 30, "numbers fit 32 bits");
    if !are_valid(probabilities, labels) {
        return false;
    }
    for ((out, &p), &label) in out.iter_mut().zip(probabilities).zip(labels) {
        // Not `as`: no vector instruction saturates as it must.
        // SAFETY: valid, so the product is from 0 to the number of thresholds, which is below 2^30.
        #[allow(unsafe_code)]
        let bucket: i32 = unsafe { (p.to_f64() * num_thresholds as f64).to_int_unchecked() };
        *out = bucket as u32 * 2 + u32::from(label);
    }
    true
}

/// [`number`] of scores in `f32`, without a conversion to `f64` where a fused multiply-subtract is fast. The bucket
/// is that of the rounded product, or the one below if the exact product is less.
fn number_f32(scores: &[f32], labels: &[u8], num_thresholds: usize, out: &mut [u32]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if simd::has_avx2() && num_thresholds < MAX_IN_F32 {
        return simd::run(
            #[inline(always)]
            || {
                let scale = num_thresholds as f32;
                for ((out, &p), &label) in out.iter_mut().zip(scores).zip(labels) {
                    // No probability above 1, nor NaN, is numbered as such.
                    let p_in_range = if p <= 1.0 { p } else { 1.0 };
                    let p_in_range = if p_in_range >= 0.0 { p_in_range } else { 0.0 };
                    // SAFETY: from 0 to the number of thresholds, which is far below 2^31.
                    #[allow(unsafe_code)]
                    let nearly: i32 = unsafe { (p_in_range * scale).to_int_unchecked() };
                    let is_less = p_in_range.mul_add(scale, -(nearly as f32)) < 0.0;
                    *out = (nearly - i32::from(is_less)) as u32 * 2 + u32::from(label);
                }
                are_valid(scores, labels)
            },
        );
    }
    simd::run(|| number(scores, labels, num_thresholds, out))
}

/// Most thresholds for which rounding to `f32` moves a product by less than a bucket.
#[cfg(target_arch = "x86_64")]
const MAX_IN_F32: usize = 1 << 15;

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use half::{bf16, f16};

    use super::*;
    use crate::arith::simd::without_avx2;

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
        assert!(!number(&[0.5], &[NO_LABEL], 100, &mut out));
    }

    fn count<T: Element>(scores: &[T], labels: &[u8], n: usize) -> Option<Vec<u32>> {
        let mut counts = vec![0; 2 * (n + 1)];
        count_block(&T::buffer(Cow::Borrowed(scores)), labels, n, &mut counts).then_some(counts)
    }

    fn check<T: Element>(scores: &[T], n: usize) {
        let labels: Vec<u8> = (0..scores.len()).map(|i| (i % 3 == 0).into()).collect();
        let mut expected = vec![0; 2 * (n + 1)];
        for (p, &label) in scores.iter().zip(&labels) {
            expected[2 * bucket_of(p.to_f64(), n) + usize::from(label)] += 1;
        }
        assert_eq!(count(scores, &labels, n), Some(expected.clone()), "{n}");
        without_avx2(|| assert_eq!(count(scores, &labels, n), Some(expected), "{n}"));
        if let Buffer::F32(scores) = T::buffer(Cow::Borrowed(scores)) {
            let (mut numbers, mut expected) = (vec![0; labels.len()], vec![0; labels.len()]);
            assert!(number_f32(&scores, &labels, n, &mut numbers));
            assert!(number(&scores, &labels, n, &mut expected));
            assert_eq!(numbers, expected, "{n}");
            assert!(!number_f32(&[0.5, -0.1], &[0, 0], n, &mut numbers));
            assert!(!number_f32(&[0.5, 1.5], &[0, 0], n, &mut numbers));
            assert!(!number_f32(&[0.5, f32::NAN], &[0, 0], n, &mut numbers));
        }
    }

    /// Scores that rounding to `f32` would put into another bucket.
    #[test]
    fn scores_at_the_edges_of_buckets_are_counted_where_they_belong() {
        for n in [1usize, 2, 3, 10, 100, 4095, 4096, (1 << 15) - 1, 1 << 15, 100_003] {
            let edges = || (0..=n).step_by(n.div_ceil(3000)).map(|k| k as f64 / n as f64);
            let wide: Vec<f64> =
                edges().flat_map(|x| [x.next_down().max(-0.0), x, x.next_up().min(1.0)]).collect();
            check(&wide, n);
            let narrow: Vec<f32> = edges()
                .map(|x| x as f32)
                .flat_map(|x| [x.next_down().max(-0.0), x, x.next_up().min(1.0), x * 1e-42])
                .collect();
            check(&narrow, n);
            check(&edges().map(f16::from_f64).collect::<Vec<_>>(), n);
            check(&edges().map(bf16::from_f64).collect::<Vec<_>>(), n);
            check(&[0u8, 1].repeat(20), n);
        }
    }

    #[test]
    fn a_bad_sample_anywhere_is_found() {
        let bad = [-1e-45, -0.1, 1.0f32.next_up(), f32::NAN, -f32::NAN, f32::INFINITY];
        for i in 0..40 {
            let (scores, labels) = ([0.5f32; 40], [1; 40]);
            for bad in bad {
                let mut scores = scores;
                scores[i] = bad;
                assert_eq!(count(&scores, &labels, 100), None, "{bad} at {i}");
                assert_eq!(count(&scores.map(f64::from), &labels, 100), None, "{bad} at {i}");
            }
            for bad in [NO_LABEL, u8::MAX] {
                let mut labels = labels;
                labels[i] = bad;
                assert_eq!(count(&scores, &labels, 100), None, "{bad} at {i}");
                assert_eq!(count(&scores.map(f64::from), &labels, 100), None, "{bad} at {i}");
            }
        }
    }
}
