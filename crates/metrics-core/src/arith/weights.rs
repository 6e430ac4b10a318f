//! Sums of weights as integers: exact, so that they do not depend on the order of the weights.

use crate::arith::exact::MAX_REPEATS;

/// What is known of the weights of a task: enough to choose how they are summed. It depends on the weights
/// alone, not on their order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WeightRange {
    /// Sum of the weights that are counted.
    pub(crate) n_counted: u64,
    /// Number of weights that are not counted.
    pub(crate) n_summed: u64,
    /// The smallest and the largest of these.
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Default for WeightRange {
    fn default() -> Self {
        Self::NONE
    }
}

impl WeightRange {
    /// The range of no weights.
    pub(crate) const NONE: Self =
        Self { n_counted: 0, n_summed: 0, least: f64::INFINITY, most: 0.0 };

    /// The range of these weights and of others.
    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            n_counted: self.n_counted.saturating_add(other.n_counted),
            n_summed: self.n_summed + other.n_summed,
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    /// Adds a weight that is not counted.
    pub(crate) fn add(&mut self, weight: f64) {
        self.n_summed += 1;
        self.least = self.least.min(weight);
        self.most = self.most.max(weight);
    }
}

/// Whether a weight counts as a number of samples.
#[inline(always)]
pub(crate) fn is_whole(weight: f64) -> bool {
    weight <= MAX_REPEATS as f64 && weight.trunc() == weight
}

/// A power of two of which every weight of a task is a multiple, small enough that 122 bits hold their sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WeightUnit {
    /// The biased exponent of weights whose last bit is the unit.
    exponent: u64,
    /// Units of the weight 1, or as many as an `f64` holds.
    pub(super) per_one: f64,
    /// The unit itself.
    size: f64,
}

pub(super) const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
/// The biased exponent of 1.
pub(super) const BIAS: u64 = 1023;
/// No sum of weights below this overflows.
const MOST: f64 = 1e300;
/// Bits of a sum of weights.
const SUM_BITS: u64 = 122;

impl WeightUnit {
    /// The unit of weights of this range; `None` if all are counted, or if the sum of all may need more bits.
    pub(crate) fn new(range: &WeightRange) -> Option<Self> {
        if range.n_summed == 0 {
            return None;
        }
        // Counted weights are multiples of 1.
        let of_counted = if range.n_counted > 0 { BIAS } else { u64::MAX };
        let exponent = exponent_of(range.least).min(of_counted);
        let most = range.n_summed as f64 * range.most + range.n_counted as f64;
        // A number of exponent `e` is below 2^(e + 1), and the unit is 2^(exponent - BIAS - 52).
        let n_bits = exponent_of(most) + 2 + u64::from(FRACTION_BITS) - exponent;
        let per_one = power_of_two(BIAS as i32 + FRACTION_BITS as i32 - exponent as i32);
        let size = 1.0 / per_one;
        let are_normal = range.least >= f64::MIN_POSITIVE && per_one.is_finite();
        (are_normal && most < MOST && n_bits <= SUM_BITS).then_some(Self {
            exponent,
            per_one,
            size,
        })
    }

    /// How many units a weight is; it must be in the range.
    #[inline(always)]
    pub(crate) fn units(self, weight: f64) -> u128 {
        let (bits, implied) = (weight.to_bits(), 1 << FRACTION_BITS);
        let fraction = bits & (implied - 1) | implied;
        // No less than the unit's exponent, but for the compiler.
        u128::from(fraction) << (((bits >> FRACTION_BITS) - self.exponent) & 127)
    }

    /// How many units a sum of counted weights is.
    pub(crate) fn units_of_count(self, n: u64) -> u128 {
        if n == 0 { 0 } else { u128::from(n) << (BIAS + u64::from(FRACTION_BITS) - self.exponent) }
    }

    /// The number of so many units.
    pub(crate) fn value(self, units: u128) -> f64 {
        approximate(units) * self.size
    }
}

/// A power of two; infinite or 0 where there is none.
pub(super) fn power_of_two(exponent: i32) -> f64 {
    2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2)
}

/// The biased exponent; that of the least normal number for subnormal ones and 0.
pub(super) fn exponent_of(x: f64) -> u64 {
    (x.to_bits() >> FRACTION_BITS).max(1)
}

/// An integer within 2^-52 of itself; exact below 2^53.
#[inline(always)]
pub(super) fn approximate(x: u128) -> f64 {
    const HIGH: f64 = 18_446_744_073_709_551_616.0;
    // As signed integers they convert in one instruction each.
    let low = x as u64 as i64;
    let high = (x >> 64) as u64 + u64::from(low < 0);
    high as i64 as f64 * HIGH + low as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_exact() {
        for least in [5e-324, 1e-310, 1e-30, 0.1, 0.5, 3.0, 1e6 + 0.5] {
            let mut range = WeightRange { n_counted: 7, ..WeightRange::default() };
            range.add(least);
            range.add(least * 1.75);
            let Some(unit) = WeightUnit::new(&range) else {
                assert!(least < 1e-20, "{least}");
                continue;
            };
            for weight in [least, least * 1.75] {
                assert_eq!(unit.value(unit.units(weight)), weight);
            }
            assert_eq!(unit.value(unit.units_of_count(7)), 7.0);
            assert_eq!(unit.units_of_count(3), 3 * unit.units(1.0));
        }
    }

    #[test]
    fn weights_too_far_apart_have_no_unit() {
        let mut range = WeightRange::default();
        range.add(1e-20);
        assert!(WeightUnit::new(&range).is_some());
        range.add(1e2);
        assert!(WeightUnit::new(&range).is_none());
        range = WeightRange { n_counted: 1, ..WeightRange::default() };
        range.add(1e-30);
        assert!(WeightUnit::new(&range).is_none());
        range = WeightRange::default();
        range.add(f64::MAX);
        range.add(f64::MAX / 2.0);
        assert!(WeightUnit::new(&range).is_none(), "the sum may overflow");
    }
}
