//! Exact arithmetic, and arithmetic with a known error.

use crate::reserve::Zeros;

/// The most samples of a task: up to here every count is exact as an `f64`.
///
/// ```
/// use metrics_core::{MAX_SAMPLES, RankedCounts};
///
/// assert!(RankedCounts::new("mine", 0, vec![0.5], vec![MAX_SAMPLES], vec![0]).is_ok());
/// assert!(RankedCounts::new("mine", 0, vec![0.5], vec![MAX_SAMPLES], vec![1]).is_err());
/// ```
pub const MAX_SAMPLES: u64 = 1 << 53;

/// Largest whole weight that counts as that many samples. Larger ones are summed like fractions. With
/// weights of this size it takes 2^33 samples to reach [`MAX_SAMPLES`], more than a task ever holds.
pub(crate) const MAX_REPEATS: u64 = 1 << 20;

/// The weights of a task must add up to less than this. It is far enough below the largest `f64` that no
/// sum of them overflows, whatever the rounding.
pub(crate) const WEIGHT_LIMIT: f64 = 1.7e308;

/// The weights of a state that is read must add up to less than this. They are summed in another order
/// than the samples came in, so their sum may be rounded to a little more than [`WEIGHT_LIMIT`].
pub(crate) const STATE_WEIGHT_LIMIT: f64 = 1.75e308;

/// Fraction bits of the fixed-point precisions that AUPRC adds up.
pub(crate) const PRECISION_BITS: u32 = 63;

/// `numerator / denominator`, rounded once, to nearest, ties to even.
///
/// The ratio must be in `[0, 1]` and the denominator below 2^127: long division keeps a remainder
/// below it and doubles it.
pub(crate) fn ratio(numerator: u128, denominator: u128) -> f64 {
    debug_assert!(numerator <= denominator && denominator > 0 && denominator >> 127 == 0);
    if numerator == denominator {
        return 1.0;
    }
    // 55 bits of quotient: 53, one to round, and one more that takes the sticky bit below.
    const WANTED: u32 = 55;
    let (mut quotient, mut exponent, mut remainder) = (0u64, 0i32, numerator);
    while remainder != 0 && bits(quotient) < WANTED {
        let room = if quotient == 0 { WANTED } else { WANTED - bits(quotient) };
        let step = remainder.leading_zeros().min(room);
        remainder <<= step;
        quotient = (quotient << step) | (remainder / denominator) as u64;
        remainder %= denominator;
        exponent -= step as i32;
    }
    let sticky = u64::from(remainder != 0);
    // The cast rounds to nearest even; scaling by a power of two is exact far above subnormals.
    (quotient << 1 | sticky) as f64 * 2f64.powi(exponent - 1)
}

fn bits(x: u64) -> u32 {
    u64::BITS - x.leading_zeros()
}

/// A sum as two `f64`, high and low: about 106 bits, so that long sums stay exact in practice.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum2 {
    high: f64,
    low: f64,
}

/// Compares bits: each sum has one form, and with denormals-are-zero subnormals would equal zero.
impl PartialEq for Sum2 {
    fn eq(&self, other: &Self) -> bool {
        self.parts().map(f64::to_bits) == other.parts().map(f64::to_bits)
    }
}

impl Sum2 {
    pub(crate) fn new(high: f64) -> Self {
        Self { high, low: 0.0 }
    }

    /// Adds a value; the rounding error of the high part goes to the low part (Knuth).
    pub(crate) fn add(&mut self, value: f64) {
        let sum = self.high + value;
        let shadow = sum - self.high;
        let error = (self.high - (sum - shadow)) + (value - shadow);
        let low = self.low + error;
        self.high = sum + low;
        // Adding zero turns -0.0 into 0.0, so that each sum has one form.
        self.low = low - (self.high - sum) + 0.0;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.add(other.high);
        self.add(other.low);
    }

    pub(crate) fn value(self) -> f64 {
        self.high
    }

    pub(crate) fn parts(self) -> [f64; 2] {
        [self.high, self.low]
    }

    pub(crate) fn from_parts([high, low]: [f64; 2]) -> Self {
        Self { high, low }
    }
}

// SAFETY: two `f64` of zero bits are the sum 0.
#[allow(unsafe_code)]
unsafe impl Zeros for Sum2 {}

#[cfg(test)]
mod tests {
    use super::{Sum2, ratio};

    #[test]
    fn ratio_of_small_integers_is_the_rounded_quotient() {
        for denominator in 1..200u32 {
            for numerator in 0..=denominator {
                let expected = f64::from(numerator) / f64::from(denominator);
                assert_eq!(ratio(numerator.into(), denominator.into()), expected);
            }
        }
    }

    #[test]
    fn ratio_rounds_ties_to_even() {
        // (2^53 + 1) / 2^54 lies half way between two doubles, and so does (2^53 + 3) / 2^54.
        let denominator = 1u128 << 54;
        assert_eq!(ratio((1 << 53) + 1, denominator), 0.5);
        assert_eq!(ratio((1 << 53) + 3, denominator), 0.5 + 2.0 * 2f64.powi(-53));
        // The least bit more breaks the tie.
        assert_eq!(ratio((((1 << 53) + 1) << 60) + 1, denominator << 60), 0.5 + 2f64.powi(-53));
    }

    #[test]
    fn ratio_keeps_its_bits_when_tiny() {
        assert_eq!(ratio(1, 1 << 120), 2f64.powi(-120));
        assert_eq!(ratio(3, 1 << 126), 3.0 * 2f64.powi(-126));
        assert_eq!(ratio(1, (1 << 100) - 1), 1.0 / ((1u128 << 100) - 1) as f64);
    }

    #[test]
    fn sum2_keeps_what_an_f64_drops() {
        let mut sum = Sum2::default();
        sum.add(1e16);
        (0..1000).for_each(|_| sum.add(1.0));
        sum.add(-1e16);
        assert_eq!(sum.value(), 1000.0);
    }
}
