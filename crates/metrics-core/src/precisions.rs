//! Precisions in fixed point, one or many at a time.

#[cfg(target_arch = "x86_64")]
use crate::cpu::simd;
use crate::exact::PRECISION_BITS;

/// `⌊precision · 2^63⌋` of a precision in `[0, 1]`. Exact: the scale is a power of two, and what the
/// conversion drops lies below 2^-63.
#[inline]
pub(crate) fn fixed(precision: f64) -> u64 {
    let scaled = precision * (1u64 << PRECISION_BITS) as f64;
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_cvttsd_si64, _mm_set_sd};
        // To signed: one instruction, which returns 2^63 where the value does not fit, as it should.
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

/// Distinct scores that have positives, given by how many, and by the positives and the samples down
/// to them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps<'a> {
    pub(crate) steps: &'a [u32],
    pub(crate) tps: &'a [u32],
    pub(crate) ends: &'a [u32],
}

/// Sums over steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sums {
    /// `Σ steps[i] · ⌊precision · 2^63⌋`, the precision being `(tp + tps[i]) / (n + ends[i])`.
    pub(crate) precision: u128,
    /// `Σ steps[i] · (ends[i] - tps[i])`: negatives down to each positive's score.
    pub(crate) negatives: u64,
}

impl std::ops::Add for Sums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            precision: self.precision + other.precision,
            negatives: self.negatives + other.negatives,
        }
    }
}

/// Sums over the steps of a part that starts at `tp` positives and `n` samples.
pub(crate) fn sum(steps: Steps<'_>, tp: u64, n: u64) -> Sums {
    #[cfg(target_arch = "x86_64")]
    if simd::has_avx2() {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        return unsafe { avx2::sum(steps, tp, n) };
    }
    sum_one_by_one(steps, tp, n)
}

fn sum_one_by_one(Steps { steps, tps, ends }: Steps<'_>, tp: u64, n: u64) -> Sums {
    // Counts end at 2^53: as signed integers they convert in one instruction.
    let steps = steps.iter().zip(tps).zip(ends).map(|((&step, &tps), &ends)| {
        let precision = (tp + u64::from(tps)) as i64 as f64 / (n + u64::from(ends)) as i64 as f64;
        Sums {
            precision: u128::from(fixed(precision)) * u128::from(step),
            negatives: u64::from(step) * u64::from(ends - tps),
        }
    });
    steps.fold(Sums::default(), std::ops::Add::add)
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{Steps, Sums};

    /// Counts converted, divided and shifted into fixed point four at a time. The same bits: counts
    /// below 2^53 are exact, and a shift truncates.
    #[target_feature(enable = "avx2")]
    pub(super) fn sum(Steps { steps, tps, ends }: Steps<'_>, tp: u64, n: u64) -> Sums {
        let (tp_before, n_before) = (_mm256_set1_pd(tp as f64), _mm256_set1_pd(n as f64));
        let mask = _mm256_set1_epi64x((1 << 52) - 1);
        let one = _mm256_set1_epi64x(1 << 52);
        // The exponent at which the 53 bits of a fraction are their own value times 2^63.
        let exponent = _mm256_set1_epi64x(1023 + 52 - super::PRECISION_BITS as i64);
        let zero = _mm256_setzero_si256();
        let (mut low, mut high, mut negatives) = (zero, zero, zero);
        // SAFETY: four 32-bit counts are 16 bytes.
        let load = |four: &[u32; 4]| unsafe { _mm_loadu_si128(four.as_ptr().cast()) };
        let (fours, n_vectorized) = (steps.as_chunks::<4>().0, steps.len() / 4 * 4);
        for ((steps, tps), ends) in fours.iter().zip(tps.as_chunks().0).zip(ends.as_chunks().0) {
            let (tps, ends) = (load(tps), load(ends));
            let steps = _mm256_cvtepu32_epi64(load(steps));
            let above = _mm256_cvtepu32_epi64(_mm_sub_epi32(ends, tps));
            negatives = _mm256_add_epi64(negatives, _mm256_mul_epu32(above, steps));
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
            low = _mm256_add_epi64(low, _mm256_mul_epu32(fixed, steps));
            high = _mm256_add_epi64(high, _mm256_mul_epu32(_mm256_srli_epi64::<32>(fixed), steps));
        }
        let total = |lanes: __m256i| {
            let mut out = [0u64; 4];
            // SAFETY: four 64-bit lanes are 32 bytes.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), lanes) };
            out.iter().map(|&lane| u128::from(lane)).sum::<u128>()
        };
        let rest = Steps {
            steps: &steps[n_vectorized..],
            tps: &tps[n_vectorized..],
            ends: &ends[n_vectorized..],
        };
        let sums = Sums {
            precision: total(low) + (total(high) << 32),
            negatives: total(negatives) as u64,
        };
        sums + super::sum_one_by_one(rest, tp, n)
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
            for n_between in [0, 3, 1 << 13, 1 << 51] {
                let tps: Vec<u32> = (1..1000).map(|i| i * i % 1009 + i).collect();
                let ends: Vec<u32> = tps.iter().zip(1..).map(|(&tp, i)| tp + i * i % 777).collect();
                let steps: Vec<u32> = tps.iter().map(|tp| tp % 5 + 1).collect();
                for n in 0..9 {
                    let steps = Steps { steps: &steps[n..], tps: &tps[n..], ends: &ends[n..] };
                    let expected = sum_one_by_one(steps, before, before + n_between);
                    assert_eq!(sum(steps, before, before + n_between), expected);
                }
            }
        }
        let perfect = Steps { steps: &[1; 4], tps: &[1, 2, 3, 4], ends: &[1, 2, 3, 4] };
        assert_eq!(sum(perfect, 0, 0), super::Sums { precision: 4 << 63, negatives: 0 });
    }
}
