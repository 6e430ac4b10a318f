//! Sums of products of shares, over a wider range than that of an `f64`.
//!
//! Weights lie between 5e-324 and 1.7e308: one may be 2^-2098 of another, and the product of two
//! shares 2^-4196. A sum of such products may be a normal `f64` although many of them are not.

use std::ops::{Add, Div, Mul};

use crate::arith::exact::Sum2;

/// A number of at least 0 whose exponent does not overflow or underflow: products and ratios of a few
/// of them are as precise as those of normal `f64`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wide {
    /// Near 1, or 0.
    mantissa: f64,
    exponent: i32,
}

const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const BIAS: i32 = f64::MAX_EXP - 1;
/// Scales every subnormal number to a normal one.
const UP: i32 = 64;
/// Below the exponents of everything else.
const OF_ZERO: i32 = -100_000;

impl Wide {
    /// `x` must be finite and at least 0.
    pub(crate) fn new(x: f64) -> Self {
        if x == 0.0 {
            return Self { mantissa: 0.0, exponent: OF_ZERO };
        }
        let up = if x < f64::MIN_POSITIVE { UP } else { 0 };
        let bits = (x * power_of_two(up)).to_bits();
        let mantissa = bits & ((1 << MANTISSA_BITS) - 1) | (BIAS as u64) << MANTISSA_BITS;
        let exponent = (bits >> MANTISSA_BITS) as i32 - BIAS;
        Self { mantissa: f64::from_bits(mantissa), exponent: exponent - up }
    }

    /// About the binary logarithm.
    pub(crate) fn exponent(self) -> i32 {
        self.exponent
    }

    /// `self · 2^up`; 0 if that is below 2^-1000. It must not be above 2^1000.
    pub(crate) fn scaled(self, up: i32) -> f64 {
        let exponent = self.exponent + up;
        if exponent < -SCALE { 0.0 } else { self.mantissa * power_of_two(exponent) }
    }
}

impl Add for Wide {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (small, large) =
            if self.exponent < other.exponent { (self, other) } else { (other, self) };
        Self { mantissa: large.mantissa + small.scaled(-large.exponent), ..large }
    }
}

impl Mul for Wide {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self { mantissa: self.mantissa * other.mantissa, exponent: self.exponent + other.exponent }
    }
}

impl Div for Wide {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        Self { mantissa: self.mantissa / other.mantissa, exponent: self.exponent - other.exponent }
    }
}

/// A normal power of two.
const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + BIAS) as u64) << MANTISSA_BITS)
}

/// A sum of numbers in `[0, 1]` that is about 1 at most. Even the smallest of them count.
///
/// Stored 2^1000 times as large.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ShareSum(Sum2);

const SCALE: i32 = 1000;
/// Two factors of at least this have a product that an `f64` holds precisely.
const LEAST_FACTOR: f64 = power_of_two(-SCALE / 2);

impl ShareSum {
    pub(crate) fn add(&mut self, share: Wide) {
        self.0.add(share.scaled(SCALE));
    }

    /// Adds `a · b`, rounded once; or `precisely()`, where a factor is so small that it may have lost bits.
    pub(crate) fn add_product(&mut self, a: f64, b: f64, precisely: impl FnOnce() -> Wide) {
        if a < LEAST_FACTOR || b < LEAST_FACTOR {
            return self.add(precisely());
        }
        const UP: f64 = power_of_two(SCALE / 2);
        self.0.add((a * UP) * (b * UP));
    }

    /// The sum, rounded once more if it is subnormal.
    pub(crate) fn value(self) -> f64 {
        self.0.value() * power_of_two(-SCALE)
    }
}

#[cfg(test)]
mod tests {
    use super::{ShareSum, Wide};

    #[test]
    fn wide_numbers_are_what_they_were() {
        for x in [0.0, 5e-324, 3e-310, f64::MIN_POSITIVE, 1e-300, 0.75, 1.0, 3.0, 1e300] {
            assert_eq!(Wide::new(x).scaled(0), if x < 1e-301 { 0.0 } else { x });
        }
        assert_eq!(Wide::new(5e-324).scaled(1074), 1.0);
        assert_eq!(Wide::new(3.0 * 5e-324).scaled(1000), 3.0 * 2f64.powi(-74));
        assert_eq!(Wide::new(f64::MAX).scaled(-1000), f64::MAX * 2f64.powi(-1000));
    }

    #[test]
    fn products_and_ratios_leave_the_range_of_f64_and_return() {
        let (least, most) = (Wide::new(5e-324), Wide::new(1.5 * 2f64.powi(1023)));
        assert_eq!((least / most / most * most * most).scaled(1074), 1.0);
        assert_eq!((most / least / most).scaled(-1074), 1.0);
        let sum = Wide::new(0.0) + least / most + Wide::new(0.0);
        assert_eq!((sum / least * most).scaled(0), 1.0);
        assert_eq!((Wide::new(3.0) + Wide::new(0.25)).scaled(0), 3.25);
    }

    #[test]
    fn a_sum_keeps_what_is_subnormal_in_an_f64() {
        let mut sum = ShareSum::default();
        let (third, rest) = (1.0 / 3.0, 2f64.powi(-1040));
        (0..1 << 20).for_each(|_| sum.add(Wide::new(third) * Wide::new(rest)));
        assert_eq!(sum.value(), third * 2f64.powi(-1020));
    }

    #[test]
    fn ordinary_products_are_added_as_they_are() {
        let mut sum = ShareSum::default();
        sum.add_product(0.3, 0.7, || unreachable!());
        sum.add_product(2f64.powi(-500), 2f64.powi(-500), || unreachable!());
        assert_eq!(sum.value(), 0.3 * 0.7);
        let mut sum = ShareSum::default();
        sum.add_product(1e-200, 0.5, || Wide::new(0.25));
        assert_eq!(sum.value(), 0.25);
    }
}
