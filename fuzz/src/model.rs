//! The oracle: what a metric must say of its samples, by plain loops in exact integers.

use std::cmp::{Ordering, Reverse};

use metrics_conformance::rational::{Rational, exactly, nearest_f64, unit};
use num_bigint::BigUint;
use num_traits::float::FloatCore;
use num_traits::{Signed, ToPrimitive, Zero};

/// One sample of non-zero weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// A number of the same order as the scores; equal scores have equal keys.
    pub key: i128,
    /// The score.
    pub score: f64,
    /// Its target.
    pub is_positive: bool,
    /// Finite, above 0.
    pub weight: f64,
}

/// The areas and the points of a task.
#[derive(Debug)]
pub struct Exact {
    /// Average precision, unless there are no positives.
    pub auprc: Option<Area>,
    /// Area under the ROC curve, unless one class is missing.
    pub auroc: Option<Area>,
    /// One for each distinct score, from high to low.
    pub points: Vec<Point>,
}

/// An area, as a ratio that is exact, or below the exact one by less than any tolerance.
#[derive(Debug)]
pub struct Area {
    numerator: BigUint,
    denominator: BigUint,
    /// Whether every sample weighs 1.
    is_unweighted: bool,
}

/// Positives and negatives with at least this score, in a unit that all points of a task share.
#[derive(Debug)]
pub struct Point {
    /// The score.
    pub threshold: f64,
    /// Weight of the positives.
    pub tp: BigUint,
    /// Weight of the negatives.
    pub fp: BigUint,
}

/// Bits behind the point in the sum of precisions: areas down to the smallest `f64` have a hundred left.
const FRACTION_BITS: usize = 1200;
/// The same where every sample weighs 1: the sum of 2^20 samples fits 128 bits.
const FEW_FRACTION_BITS: usize = 100;

impl Exact {
    /// Of the samples of one task.
    pub fn of(samples: &[Sample]) -> Self {
        let mut samples: Vec<Sample> = samples.to_vec();
        samples.sort_by_key(|sample| Reverse(sample.key));
        if samples.iter().all(|sample| sample.weight == 1.0) {
            Self::of_counts(&samples)
        } else {
            Self::of_weights(&samples)
        }
    }

    fn of_counts(sorted: &[Sample]) -> Self {
        assert!(sorted.len() <= 1 << 20, "sums of {} samples might overflow", sorted.len());
        let (mut tp, mut fp, mut precisions, mut twice_right) = (0u128, 0u128, 0u128, 0u128);
        let mut points = Vec::new();
        for group in sorted.chunk_by(|a, b| a.key == b.key) {
            let positives = group.iter().filter(|sample| sample.is_positive).count() as u128;
            let negatives = group.len() as u128 - positives;
            twice_right += negatives * (2 * tp + positives);
            tp += positives;
            fp += negatives;
            precisions += positives * ((tp << FEW_FRACTION_BITS) / (tp + fp));
            points.push(Point { threshold: group[0].score, tp: tp.into(), fp: fp.into() });
        }
        let area = |numerator: u128, denominator: BigUint| Area {
            numerator: numerator.into(),
            denominator,
            is_unweighted: true,
        };
        let n_positives = BigUint::from(tp);
        Self {
            auprc: (tp > 0).then(|| area(precisions, n_positives << FEW_FRACTION_BITS)),
            auroc: (tp > 0 && fp > 0).then(|| area(twice_right, (2 * tp * fp).into())),
            points,
        }
    }

    fn of_weights(sorted: &[Sample]) -> Self {
        let unit = sorted.iter().map(|sample| sample.weight.integer_decode().1).min().unwrap_or(0);
        let (mut tp, mut fp) = (BigUint::zero(), BigUint::zero());
        let (mut precisions, mut twice_right) = (BigUint::zero(), BigUint::zero());
        let mut points = Vec::new();
        for group in sorted.chunk_by(|a, b| a.key == b.key) {
            let [negatives, positives] = [false, true]
                .map(|class| weigh(group.iter().filter(|s| s.is_positive == class), unit));
            let tp_above = tp.clone();
            tp += &positives;
            fp += &negatives;
            precisions += ((&positives * &tp) << FRACTION_BITS) / (&tp + &fp);
            twice_right += negatives * (tp_above + &tp);
            points.push(Point { threshold: group[0].score, tp: tp.clone(), fp: fp.clone() });
        }
        let area = |numerator, denominator| Area { numerator, denominator, is_unweighted: false };
        Self {
            auprc: (!tp.is_zero()).then(|| area(precisions, &tp << FRACTION_BITS)),
            auroc: (!tp.is_zero() && !fp.is_zero()).then(|| area(twice_right, tp * fp * 2u8)),
            points,
        }
    }
}

/// The sum of the weights, as a multiple of a power of two that divides each.
fn weigh<'s>(samples: impl Iterator<Item = &'s Sample>, unit: i16) -> BigUint {
    samples.fold(BigUint::zero(), |sum, sample| {
        let (mantissa, exponent, _) = sample.weight.integer_decode();
        sum + (BigUint::from(mantissa) << (exponent - unit))
    })
}

impl Area {
    /// Whether a value is near enough: for samples that all weigh 1 an AUROC is the nearest `f64` and an
    /// AUPRC within 2 units in the last place plus 2^-63, for any others both are within 1e-12, relative.
    pub fn allows(&self, value: f64, is_auroc: bool) -> bool {
        if !self.is_unweighted {
            return is_close(value, &self.numerator, &self.denominator);
        }
        let exact = self.rational();
        if is_auroc {
            return value == nearest_f64(&exact);
        }
        let error = nearest_f64(&(exactly(value) - &exact).abs());
        error <= 2.0 * unit(&exact) + 2f64.powi(-63)
    }

    /// Whether bounds hold the area, which they may round to the nearest `f64`.
    pub fn is_within(&self, lower: f64, upper: f64) -> bool {
        let at_least = self.compared_with(lower.next_down()) != Ordering::Less;
        at_least && self.compared_with(upper.next_up()) != Ordering::Greater
    }

    /// How the area compares with a value, which may lie just below 0.
    fn compared_with(&self, value: f64) -> Ordering {
        if value < 0.0 {
            return Ordering::Greater;
        }
        let (mantissa, exponent, _) = value.integer_decode();
        let up = usize::from(exponent.min(0).unsigned_abs());
        (&self.numerator << up).cmp(&((&self.denominator * mantissa) << exponent.max(0)))
    }

    fn rational(&self) -> Rational {
        Rational::new_raw(self.numerator.clone().into(), self.denominator.clone().into())
    }
}

/// Whether a value lies within 1e-12 of a ratio, relative, or both are next to nothing.
pub fn is_close(value: f64, numerator: &BigUint, denominator: &BigUint) -> bool {
    if !(0.0..=1.0).contains(&value) {
        return false;
    }
    if let (Some(n), Some(of)) = (numerator.to_u32(), denominator.to_u32()) {
        let exact = f64::from(n) / f64::from(of);
        return (value - exact).abs() <= 1e-12 * exact;
    }
    let (mantissa, exponent, _) = value.integer_decode();
    let up = usize::from(exponent.min(0).unsigned_abs());
    let ours = (denominator * mantissa) << exponent.max(0);
    let exact = numerator << up;
    let error = if ours > exact { &ours - &exact } else { &exact - &ours };
    // The last term stands for about 1e-300.
    error * 1_000_000_000_000u64 <= exact + ((denominator << up) >> 960)
}
