//! Exact rationals, and how far an `f64` lies from one.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{Signed, ToPrimitive, Zero, float::FloatCore};

/// A ratio of two integers of any size.
pub type Rational = Ratio<BigInt>;

/// `numerator / denominator`.
pub fn ratio(numerator: u128, denominator: u128) -> Rational {
    Rational::new(numerator.into(), denominator.into())
}

/// The exact value of a finite `f64`.
pub fn exactly(x: f64) -> Rational {
    let (mantissa, exponent, sign) = x.integer_decode();
    let mantissa = BigInt::from(i64::from(sign)) * BigInt::from(mantissa);
    match usize::try_from(exponent) {
        Ok(up) => Rational::from_integer(mantissa << up),
        Err(_) => Rational::new(mantissa, BigInt::from(1) << usize::from(exponent.unsigned_abs())),
    }
}

/// The `f64` nearest to a rational that is zero, or positive and far above the subnormals; of two
/// nearest ones the even one.
pub fn nearest_f64(exact: &Rational) -> f64 {
    if exact.is_zero() {
        return 0.0;
    }
    let bits = |x: &BigInt| i32::try_from(x.bits()).expect("a rational of sane size");
    // 2^shift times the rational has an integer part of 53 or 54 bits; 53 are wanted.
    let mut shift = 53 - (bits(exact.numer()) - bits(exact.denom()));
    if scaled(exact, shift).to_integer().bits() > 53 {
        shift -= 1;
    }
    let scaled = scaled(exact, shift);
    let below = scaled.to_integer();
    let is_odd = below.bit(0);
    let mantissa = match (scaled.fract() * BigInt::from(2)).cmp(&Rational::from_integer(1.into())) {
        Ordering::Less => below,
        Ordering::Greater => below + 1,
        Ordering::Equal => below + i32::from(is_odd),
    };
    mantissa.to_u64().expect("53 bits") as f64 * 2f64.powi(-shift)
}

fn scaled(exact: &Rational, shift: i32) -> Rational {
    let power = BigInt::from(1) << usize::try_from(shift.unsigned_abs()).expect("32 bits fit");
    if shift < 0 { exact / power } else { exact * power }
}

/// The unit in the last place of a positive rational.
pub fn unit(exact: &Rational) -> f64 {
    let nearest = nearest_f64(exact);
    assert!(nearest > 0.0, "0 has no last place");
    nearest - nearest.next_down()
}

/// How far a value lies from the exact one, in units in the last place of the latter.
pub fn ulps(value: f64, exact: &Rational) -> f64 {
    let error = (exactly(value) - exact).abs();
    if error.is_zero() { 0.0 } else { nearest_f64(&(error / exactly(unit(exact)))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_knows_every_bit() {
        assert_eq!(exactly(0.5), ratio(1, 2));
        assert_eq!(exactly(-3.0), -ratio(3, 1));
        assert_eq!(exactly(2f64.powi(80)), ratio(1 << 80, 1));
        assert_eq!(exactly(f64::EPSILON), ratio(1, 1 << 52));
    }

    #[test]
    fn nearest_f64_is_the_quotient_of_small_integers() {
        for denominator in 1..100u8 {
            for numerator in 0..200u8 {
                let exact = ratio(numerator.into(), denominator.into());
                assert_eq!(nearest_f64(&exact), f64::from(numerator) / f64::from(denominator));
            }
        }
    }

    #[test]
    fn nearest_f64_takes_the_even_one_of_two() {
        assert_eq!(nearest_f64(&ratio((1 << 53) + 1, 1)), 2f64.powi(53));
        assert_eq!(nearest_f64(&ratio((1 << 53) + 3, 1)), 2f64.powi(53) + 4.0);
        assert_eq!(nearest_f64(&ratio((1 << 54) + 3, 2)), 2f64.powi(53) + 2.0);
    }

    #[test]
    fn nearest_f64_is_where_the_error_is_least() {
        for i in 1..500u128 {
            let exact = ratio(i * 0x1234_5678_9abc_def1, (i + 3) * 0x7fed_cba9_8765_4321_0ff1);
            let nearest = nearest_f64(&exact);
            let error = |x: f64| (exactly(x) - &exact).abs();
            assert!(error(nearest) <= error(nearest.next_up()));
            assert!(error(nearest) <= error(nearest.next_down()));
        }
    }

    #[test]
    fn ulps_count_units_in_the_last_place() {
        assert_eq!(ulps(0.75, &ratio(3, 4)), 0.0);
        assert_eq!(ulps(0.75f64.next_up().next_up(), &ratio(3, 4)), 2.0);
        assert!(ulps(1.0 / 3.0, &ratio(1, 3)) < 0.5);
    }
}
