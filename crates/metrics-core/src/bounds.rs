//! How wrong a bucketed area can be.

use crate::buckets::BucketCounts;
use crate::exact::{Sum2, ratio};
use crate::options::Curve;

/// An interval certain to hold the exact, unbucketed value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least the exact value can be, in `[0, 1]`.
    pub lower: f64,
    /// The most the exact value can be, in `[0, 1]`.
    pub upper: f64,
}

/// Room for every rounding on the way to a bound that is not an exact ratio.
const SLACK: f64 = 1.0 / (1u64 << 48) as f64;

/// The bounds that bucket counts alone give; `None` where the area is undefined.
///
/// The best order inside each bucket has all its positives first, the worst has them last.
pub(crate) fn bounds(counts: &BucketCounts, curve: Curve) -> Option<Bounds> {
    let [n_negatives, n_positives] = counts.total();
    if n_positives == 0.0 || (curve == Curve::Roc && n_negatives == 0.0) {
        return None;
    }
    Some(match curve {
        Curve::Roc if counts.is_counted() => roc_exact(counts),
        Curve::Roc => roc_weighted(counts, n_negatives, n_positives),
        Curve::Pr => pr(counts, n_positives),
    })
}

/// Exact ratios rounded to nearest: rounding keeps the order, so the bounds hold to the bit.
fn roc_exact(counts: &BucketCounts) -> Bounds {
    let (mut tp, mut fp) = (0u64, 0u64);
    let (mut lower, mut upper) = (0u128, 0u128);
    for bucket in counts.buckets().rev() {
        lower += u128::from(bucket.negatives) * u128::from(tp);
        tp += bucket.positives;
        fp += bucket.negatives;
        upper += u128::from(bucket.negatives) * u128::from(tp);
    }
    let pairs = u128::from(tp) * u128::from(fp);
    Bounds { lower: ratio(lower, pairs), upper: ratio(upper, pairs) }
}

fn roc_weighted(counts: &BucketCounts, n_negatives: f64, n_positives: f64) -> Bounds {
    let (mut tp, mut lower, mut upper) = (Sum2::default(), Sum2::default(), Sum2::default());
    for bucket in counts.buckets().rev() {
        let [negatives, positives] = bucket.weights();
        let share = negatives / n_negatives;
        lower.add(share * (tp.value() / n_positives));
        tp.add(positives);
        upper.add(share * (tp.value() / n_positives));
    }
    widen(lower.value(), upper.value())
}

/// A step of d positives adds at most d·tp/(tp + fp above), all at the top of the bucket and tied,
/// and at least Σᵢ (tp above + i)/(tp above + i + fp), one by one behind all negatives.
fn pr(counts: &BucketCounts, n_positives: f64) -> Bounds {
    let (mut tp, mut fp) = (Sum2::default(), Sum2::default());
    let (mut lower, mut upper) = (Sum2::default(), Sum2::default());
    for bucket in counts.buckets().rev() {
        let [negatives, positives] = bucket.weights();
        let (tp_above, fp_above) = (tp.value(), fp.value());
        tp.add(positives);
        fp.add(negatives);
        if positives > 0.0 {
            let share = positives / n_positives;
            upper.add(share * (tp.value() / (tp.value() + fp_above)));
            let mean = if counts.is_counted() {
                mean_precision(bucket.positives, tp_above, fp.value())
            } else {
                mean_precision_of_dust(positives, tp_above, fp.value())
            };
            lower.add(share * mean);
        }
    }
    widen(lower.value(), upper.value())
}

/// Longest sum taken term by term.
const MAX_TERMS: u64 = 256;

/// Mean over i in 1..=d of (tp + i)/(tp + i + fp), or slightly less.
fn mean_precision(d: u64, tp: f64, fp: f64) -> f64 {
    if d > MAX_TERMS {
        // The terms are concave in i, so each is at least the integral around it.
        return mean_of_integral(d as f64, tp + 0.5, fp);
    }
    let mut sum = Sum2::default();
    (1..=d).map(|i| tp + i as f64).for_each(|tp| sum.add(tp / (tp + fp)));
    sum.value() / d as f64
}

/// The same where a weight d may be split among any number of samples: the limit of ever smaller
/// ones.
fn mean_precision_of_dust(d: f64, tp: f64, fp: f64) -> f64 {
    mean_of_integral(d, tp, fp)
}

/// (1/d) ∫₀ᵈ (tp + x)/(tp + x + fp) dx
fn mean_of_integral(d: f64, tp: f64, fp: f64) -> f64 {
    if fp == 0.0 {
        return 1.0;
    }
    1.0 - fp * ((d / (tp + fp)).ln_1p() / d)
}

fn widen(lower: f64, upper: f64) -> Bounds {
    Bounds {
        lower: (lower * (1.0 - SLACK) - SLACK).max(0.0),
        upper: (upper * (1.0 + SLACK) + SLACK).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{mean_of_integral, mean_precision};

    #[test]
    fn the_integral_is_just_below_the_sum() {
        for (d, tp, fp) in [(257u64, 0.0, 1.0), (1000, 5.0, 900.0), (5000, 1e6, 3.0)] {
            let sum: f64 = (1..=d).map(|i| (tp + i as f64) / (tp + i as f64 + fp)).sum();
            let mean = mean_precision(d, tp, fp);
            assert!(mean <= sum / d as f64 * (1.0 + 1e-13), "{mean} {sum}");
            assert!(mean >= sum / d as f64 * (1.0 - 1e-3), "{mean} {sum}");
        }
    }

    #[test]
    fn the_integral_takes_edges() {
        assert_eq!(mean_of_integral(3.0, 0.0, 0.0), 1.0);
        assert!(mean_of_integral(1e-3, 0.0, 5.0) > 0.0);
    }
}
