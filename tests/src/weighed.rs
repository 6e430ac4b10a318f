//! The areas by definition for weights of any size: integers of as many bits as it takes.
//!
//! A weight is a multiple of 2^-1074, as every `f64` is. An area is a multiple of [`UNIT`], cut off: so
//! small that of areas of 2^-4200, which such weights can give, 200 bits are right.

use num_bigint::BigInt;
use num_traits::{Zero, float::FloatCore};

/// The exponent of the power of two that areas are multiples of.
pub const UNIT: i32 = -4400;
/// The exponent of the power of two that weights are multiples of.
const WEIGHT_UNIT: i32 = -1074;

/// What one distinct score has: the weight of its negatives and of its positives.
pub type Group = [BigInt; 2];

/// The weights of samples by distinct score, from high to low.
pub fn groups(scores: &[f64], targets: &[u8], weights: &[f64]) -> Vec<Group> {
    let mut distinct = scores.to_vec();
    distinct.sort_by(|a, b| b.partial_cmp(a).expect("no NaN"));
    distinct.dedup();
    let weigh = |score: f64, target: u8| {
        (0..scores.len())
            .filter(|&i| scores[i] == score && targets[i] == target)
            .map(|i| weight(weights[i]))
            .sum()
    };
    distinct.into_iter().map(|score| [weigh(score, 0), weigh(score, 1)]).collect()
}

/// An `f64` of at least 0 as a weight.
pub fn weight(x: f64) -> BigInt {
    multiple_of(WEIGHT_UNIT, x)
}

/// An `f64` of at least 0 as an area.
pub fn area(x: f64) -> BigInt {
    multiple_of(UNIT, x)
}

fn multiple_of(unit: i32, x: f64) -> BigInt {
    let (mantissa, exponent, _) = x.integer_decode();
    let (mantissa, up) = (BigInt::from(mantissa), i32::from(exponent) - unit);
    // `integer_decode` may give a subnormal number one bit too low, always 0.
    if up < 0 { mantissa >> up.unsigned_abs() } else { mantissa << up.unsigned_abs() }
}

/// A product of two shares, `a / b · c / d`, as an area.
pub fn product([a, b]: [&BigInt; 2], [c, d]: [&BigInt; 2]) -> BigInt {
    ((a * c) << UNIT.unsigned_abs()) / (b * d)
}

/// Weight of all negatives and of all positives.
pub fn total(groups: &[Group]) -> Group {
    [0, 1].map(|target| groups.iter().map(|group| &group[target]).sum())
}

/// Average precision: the share of the positives that have a score, times the precision down to it.
pub fn average_precision(groups: &[Group]) -> Option<BigInt> {
    let [_, n_positives] = total(groups);
    let [mut tp, mut fp, mut area] = [0, 0, 0].map(BigInt::from);
    for [negatives, positives] in groups {
        tp += positives;
        fp += negatives;
        if !positives.is_zero() {
            area += product([positives, &n_positives], [&tp, &(&tp + &fp)]);
        }
    }
    (!n_positives.is_zero()).then_some(area)
}

/// Area under the ROC curve: the share of the pairs that are ranked right, ties counting half.
pub fn auroc(groups: &[Group]) -> Option<BigInt> {
    let [n_negatives, n_positives] = total(groups);
    let (mut tp, mut area) = (BigInt::zero(), BigInt::zero());
    if n_negatives.is_zero() || n_positives.is_zero() {
        return None;
    }
    for [negatives, positives] in groups {
        let twice = &tp * 2 + positives;
        tp += positives;
        area += product([negatives, &n_negatives], [&twice, &(&n_positives * 2)]);
    }
    Some(area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive;
    use crate::random::Random;
    use crate::rational::{Rational, exactly, ratio};
    use num_traits::Signed;

    #[test]
    fn numbers_are_multiples_of_the_units() {
        for x in [0.0, 5e-324, 1.5e-310, f64::MIN_POSITIVE, 0.3, 1.0, f64::MAX] {
            let unit =
                |exponent: i32| Rational::new(1.into(), BigInt::from(1) << exponent.unsigned_abs());
            assert_eq!(Rational::from(weight(x)) * unit(WEIGHT_UNIT), exactly(x));
            assert_eq!(Rational::from(area(x)) * unit(UNIT), exactly(x));
        }
    }

    #[test]
    fn weighed_areas_agree_with_the_definition() {
        let mut random = Random::new(1);
        for _ in 0..200 {
            let n_samples = 1 + random.below(7);
            let scores: Vec<f64> = (0..n_samples).map(|_| random.below(4) as f64).collect();
            let targets: Vec<u8> = (0..n_samples).map(|_| random.below(2) as u8).collect();
            let weights: Vec<u64> = (0..n_samples).map(|_| random.below(6) as u64).collect();
            let floats: Vec<f64> = weights.iter().map(|&weight| weight as f64).collect();
            let groups = groups(&scores, &targets, &floats);
            let near = |area: Option<BigInt>, exact: Option<Rational>| {
                assert_eq!(area.is_some(), exact.is_some());
                let (Some(area), Some(exact)) = (area, exact) else { return };
                let unit = Rational::new(1.into(), BigInt::from(1) << UNIT.unsigned_abs());
                let error = (Rational::from(area) * &unit - exact).abs();
                assert!(error <= unit * ratio(8, 1));
            };
            near(average_precision(&groups), naive::average_precision(&scores, &targets, &weights));
            near(auroc(&groups), naive::auroc(&scores, &targets, &weights));
        }
    }
}
