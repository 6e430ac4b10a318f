//! Precisions in fixed point, one or many at a time.

use crate::arith::exact::PRECISION_BITS;
#[cfg(target_arch = "x86_64")]
use crate::arith::simd;

/// `⌊precision · 2^63⌋` of a precision in `[0, 1]`. Exact: the scale is a power of two, and the conversion
/// truncates.
#[inline]
pub(crate) fn fixed(precision: f64) -> u64 {
    let scaled = precision * (1u64 << PRECISION_BITS) as f64;
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_cvttsd_si64, _mm_set_sd};
        // To a signed integer: one instruction, which returns 2^63 for the one value that does not fit,
        // a precision of 1.
        // SAFETY: every x86-64 processor has SSE2.
        #[allow(unsafe_code)]
        unsafe {
            _mm_cvttsd_si64(_mm_set_sd(scaled)) as u64
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        scaled as u64
    }
}

/// Distinct scores that have positives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps<'a> {
    /// The positives down to each score, after a first element of 0.
    pub(crate) tps: &'a [u32],
    /// The samples above each score.
    pub(crate) starts: &'a [u32],
    /// The samples down to each score.
    pub(crate) ends: &'a [u32],
    /// Whether a score may have several samples.
    pub(crate) has_ties: bool,
}

impl Steps<'_> {
    /// The steps without the first `n`.
    #[cfg(any(test, target_arch = "x86_64"))]
    fn skip(self, n: usize) -> Self {
        Self { tps: &self.tps[n..], starts: &self.starts[n..], ends: &self.ends[n..], ..self }
    }
}

/// Sums over steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct StepSums {
    /// `Σ positives · ⌊precision · 2^63⌋` of each score.
    pub(crate) precision: u128,
    /// `Σ positives · negatives`, with the negatives down to each score.
    pub(crate) negatives: u64,
    /// `Σ positives · negatives`, with the negatives at each score alone.
    pub(crate) ties: u64,
}

impl std::ops::Add for StepSums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            precision: self.precision + other.precision,
            negatives: self.negatives + other.negatives,
            ties: self.ties + other.ties,
        }
    }
}

/// Sums over the steps of a part that starts at `tp` positives and `n` samples.
pub(crate) fn sum(steps: Steps<'_>, tp: u64, n: u64) -> StepSums {
    if steps.has_ties { sum_all::<true>(steps, tp, n) } else { sum_all::<false>(steps, tp, n) }
}

fn sum_all<const TIES: bool>(steps: Steps<'_>, tp: u64, n: u64) -> StepSums {
    #[cfg(target_arch = "x86_64")]
    if simd::has_avx2() {
        // SAFETY: the processor has what vector code is compiled for.
        #[allow(unsafe_code)]
        return unsafe { avx2::sum::<TIES>(steps, tp, n) };
    }
    sum_one_by_one::<TIES>(steps, tp, n)
}

fn sum_one_by_one<const TIES: bool>(steps: Steps<'_>, tp: u64, n: u64) -> StepSums {
    let Steps { tps, starts, ends, .. } = steps;
    let mut sums = StepSums::default();
    let mut tp_before = tps[0];
    for ((&tps, &start), &end) in tps[1..].iter().zip(starts).zip(ends) {
        // Counts end at 2^53: as signed integers they convert in one instruction.
        let precision = (tp + u64::from(tps)) as i64 as f64 / (n + u64::from(end)) as i64 as f64;
        // Without ties there is one positive each.
        let step = if TIES { u64::from(tps - tp_before) } else { 1 };
        sums.precision += u128::from(fixed(precision)) * u128::from(step);
        sums.negatives += u64::from(end - tps) * step;
        if TIES {
            sums.ties += (u64::from(end - start) - step) * step;
        }
        tp_before = tps;
    }
    sums
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{StepSums, Steps};

    /// Converts, divides and shifts four counts at a time into fixed point. The bits are those of
    /// [`sum_one_by_one`](super::sum_one_by_one): counts below 2^53 are exact, and a shift truncates.
    #[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
    pub(super) fn sum<const TIES: bool>(steps: Steps<'_>, tp: u64, n: u64) -> StepSums {
        let (tp_before, n_before) = (_mm256_set1_pd(tp as f64), _mm256_set1_pd(n as f64));
        let mask = _mm256_set1_epi64x((1 << 52) - 1);
        let one = _mm256_set1_epi64x(1 << 52);
        // The exponent at which the 53 bits of a fraction are their own value times 2^63.
        let exponent = _mm256_set1_epi64x(1023 + 52 - super::PRECISION_BITS as i64);
        let low_bits = _mm256_set1_epi64x(u32::MAX.into());
        let zero = _mm256_setzero_si256();
        let (mut low, mut high, mut negatives, mut ties) = (zero, zero, zero, zero);
        // SAFETY: four 32-bit counts are 16 bytes.
        let load = |four: &[u32; 4]| unsafe { _mm_loadu_si128(four.as_ptr().cast()) };
        let (starts, n_vectorized) = (steps.starts.as_chunks().0, steps.starts.len() / 4 * 4);
        let ends = steps.ends.as_chunks().0;
        let (before, tps) = (steps.tps.as_chunks().0, steps.tps[1..].as_chunks().0);
        for (((before, tps), start), ends) in before.iter().zip(tps).zip(starts).zip(ends) {
            let (tps, ends) = (load(tps), load(ends));
            let new = _mm_sub_epi32(tps, load(before));
            let steps = _mm256_cvtepu32_epi64(new);
            // Without ties there is one positive each.
            let times_steps = |counts| if TIES { _mm256_mul_epu32(counts, steps) } else { counts };
            let above = _mm256_cvtepu32_epi64(_mm_sub_epi32(ends, tps));
            negatives = _mm256_add_epi64(negatives, times_steps(above));
            if TIES {
                let tied = _mm_sub_epi32(_mm_sub_epi32(ends, load(start)), new);
                ties = _mm256_add_epi64(ties, times_steps(_mm256_cvtepu32_epi64(tied)));
            }
            let tps = _mm256_add_pd(tp_before, _mm256_cvtepi32_pd(tps));
            let ends = _mm256_add_pd(n_before, _mm256_cvtepi32_pd(ends));
            let bits = _mm256_castpd_si256(_mm256_div_pd(tps, ends));
            let fraction = _mm256_or_si256(_mm256_and_si256(bits, mask), one);
            let shift = _mm256_sub_epi64(_mm256_srli_epi64::<52>(bits), exponent);
            let back = _mm256_sub_epi64(zero, shift);
            // A shift by a negative number, as unsigned more than 63, gives 0.
            let fixed = _mm256_or_si256(
                _mm256_sllv_epi64(fraction, shift),
                _mm256_srlv_epi64(fraction, back),
            );
            let low_half = _mm256_and_si256(fixed, low_bits);
            low = _mm256_add_epi64(low, times_steps(low_half));
            high = _mm256_add_epi64(high, times_steps(_mm256_srli_epi64::<32>(fixed)));
        }
        let total = |lanes: __m256i| {
            let mut out = [0u64; 4];
            // SAFETY: four 64-bit lanes are 32 bytes.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), lanes) };
            out.iter().map(|&lane| u128::from(lane)).sum::<u128>()
        };
        let sums = StepSums {
            precision: total(low) + (total(high) << 32),
            negatives: total(negatives) as u64,
            ties: total(ties) as u64,
        };
        sums + super::sum_one_by_one::<TIES>(steps.skip(n_vectorized), tp, n)
    }
}

#[cfg(test)]
mod tests {
    use super::{Steps, fixed, sum, sum_one_by_one};

    #[test]
    fn fixed_is_the_truncated_product() {
        for precision in [0.0, f64::MIN_POSITIVE, 1.0 / 3.0, 0.5, 1.0 - f64::EPSILON / 2.0, 1.0] {
            assert_eq!(fixed(precision), (precision * (1u64 << 63) as f64) as u64, "{precision}");
        }
    }

    #[test]
    fn many_at_a_time_have_the_bits_of_one_by_one() {
        for before in [0, 1, 1 << 20, 1 << 40, (1 << 52) - (1 << 32)] {
            for (n_between, has_ties) in
                [0, 3, 1 << 13, 1 << 51].into_iter().flat_map(|n| [(n, false), (n, true)])
            {
                let (mut tps, mut starts, mut ends) = (vec![0], vec![], vec![]);
                let (mut tp, mut end) = (0u32, 0u32);
                for i in 0..1000 {
                    let (above, positives, negatives) =
                        if has_ties { (i * i % 5, i % 7 + 1, i * i % 777) } else { (i % 3, 1, 0) };
                    starts.push(end + above);
                    tp += positives;
                    end += above + positives + negatives;
                    tps.push(tp);
                    ends.push(end);
                }
                let all = Steps { tps: &tps, starts: &starts, ends: &ends, has_ties };
                for n in 0..9 {
                    let steps = all.skip(n);
                    let expected = sum_one_by_one::<true>(steps, before, before + n_between);
                    assert_eq!(sum(steps, before, before + n_between), expected);
                }
            }
        }
        let (tps, starts, ends) = (&[0, 1, 2, 3, 4], &[0, 1, 2, 3], &[1, 2, 3, 4]);
        let sums = super::StepSums { precision: 4 << 63, ..super::StepSums::default() };
        for has_ties in [false, true] {
            assert_eq!(sum(Steps { tps, starts, ends, has_ties }, 0, 0), sums);
        }
    }
}
