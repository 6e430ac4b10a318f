//! Bounds on the error of a bucketed area.

use crate::arith::exact::{PRECISION_BITS, Sum2, ratio};
use crate::arith::shares::{ShareSum, Wide};
use crate::counts::buckets::BucketCounts;
use crate::curve::Curve;

/// An interval that certainly holds the exact, unbucketed value.
///
/// ```
/// use metrics_core::{Curve, slice::Auc, slice::binary_auroc};
///
/// // A positive and a negative share the middle bucket of three; another positive is above.
/// let (scores, targets) = ([0.6, 0.7, 1.0], [0, 1, 1]);
/// let mut auc = Auc::new(Curve::Roc, 2)?;
/// auc.update(&scores, &targets)?;
/// let bounds = auc.bounds()?;
/// assert_eq!((bounds.lower, auc.compute()?, bounds.upper), (0.5, 0.75, 1.0));
/// assert_eq!(binary_auroc(&scores, &targets)?, 1.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The exact value is at least this, in `[0, 1]`.
    pub lower: f64,
    /// The exact value is at most this, in `[0, 1]`.
    pub upper: f64,
}

/// Most relative rounding error of a bound that is not an exact ratio.
///
/// All operands are positive, and each term is rounded about 25 times: less than 2^-48.
const SLACK: f64 = 1.0 / (1u64 << 47) as f64;

/// The bounds that bucket counts alone give; `None` where the area is undefined.
///
/// The best order in each bucket has all its positives first, the worst has them last.
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
    let mut tp = Sum2::default();
    let (mut lower, mut upper) = (ShareSum::default(), ShareSum::default());
    for bucket in counts.buckets().rev() {
        let [negatives, positives] = bucket.weights();
        let share = Wide::new(negatives) / Wide::new(n_negatives);
        lower.add(share * (Wide::new(tp.value()) / Wide::new(n_positives)));
        tp.add(positives);
        upper.add(share * (Wide::new(tp.value()) / Wide::new(n_positives)));
    }
    widen(lower.value(), upper.value())
}

/// A step of d positives adds at most d·tp/(tp + fp above), all at the top of the bucket and tied,
/// and at least Σᵢ (tp above + i)/(tp above + i + fp), one by one behind all negatives.
fn pr(counts: &BucketCounts, n_positives: f64) -> Bounds {
    let (mut tp, mut fp) = (Sum2::default(), Sum2::default());
    let (mut lower, mut upper) = (ShareSum::default(), ShareSum::default());
    for bucket in counts.buckets().rev() {
        let [negatives, positives] = bucket.weights();
        let (tp_above, fp_above) = (tp.value(), fp.value());
        tp.add(positives);
        fp.add(negatives);
        if positives > 0.0 {
            let share = Wide::new(positives) / Wide::new(n_positives);
            upper.add(share * (Wide::new(tp.value()) / Wide::new(tp.value() + fp_above)));
            lower.add(if counts.is_counted() {
                share * mean_precision(bucket.positives, tp_above, fp.value())
            } else {
                share * mean_precision_if_split(positives, tp_above, fp.value())
            });
        }
    }
    let bounds = widen(lower.value(), upper.value());
    if counts.is_counted() {
        // Values from counts may lie below the exact ones, since fixed-point precisions are truncated.
        let lower = (bounds.lower - CUT_OFF).max(0.0);
        return Bounds { lower, ..bounds };
    }
    bounds
}

/// Twice the loss of a precision in fixed point: the other half is for rounding.
const CUT_OFF: f64 = 2.0 / (1u64 << PRECISION_BITS) as f64;

/// Most terms of a sum that is computed term by term.
const MAX_TERMS: u64 = 256;

/// Mean over i in 1..=d of (tp + i)/(tp + i + fp), or slightly less.
fn mean_precision(d: u64, tp: f64, fp: f64) -> Wide {
    if d > MAX_TERMS {
        // The terms are concave in i, so each is at least the integral around it.
        return mean_of_integral(d as f64, tp + 0.5, fp);
    }
    let mut sum = Sum2::default();
    (1..=d).map(|i| tp + i as f64).for_each(|tp| sum.add(tp / (tp + fp)));
    Wide::new(sum.value() / d as f64)
}

/// The same where a weight d may be split among any number of samples: the limit for infinitesimal
/// weights.
fn mean_precision_if_split(d: f64, tp: f64, fp: f64) -> Wide {
    mean_of_integral(d, tp, fp)
}

/// (1/d) ∫₀ᵈ (tp + x)/(tp + x + fp) dx, for d > 0
///
/// That is 1 − f·ln(1 + u)/u with f = fp/(tp + fp) and u = d/(tp + fp). Here it is a sum of positive
/// terms, in which nothing cancels: tp/(tp + fp) + f·(1 − ln(1 + u)/u).
fn mean_of_integral(d: f64, tp: f64, fp: f64) -> Wide {
    if fp == 0.0 {
        return Wide::new(1.0);
    }
    let sum = Wide::new(tp + fp);
    let gain = one_less_log_ratio(Wide::new(d) / sum);
    Wide::new(tp) / sum + Wide::new(fp) / sum * gain
}

/// 1 − ln(1 + u)/u for u > 0: u/2 where u is small, near 1 where it is large.
fn one_less_log_ratio(u: Wide) -> Wide {
    match u.exponent() {
        // The next term of the series, −u²/3, is below a unit in the last place.
        ..-60 => u * Wide::new(0.5),
        1000.. => Wide::new(1.0),
        exponent => {
            let u = u.scaled(0);
            Wide::new(if exponent < 0 { by_series(u) } else { 1.0 - u.ln_1p() / u })
        }
    }
}

/// [`one_less_log_ratio`] for u < 1, where 1 and ln(1 + u)/u would cancel.
///
/// With z = u/(2 + u), below 1/3, ln(1 + u) = 2·atanh z and u = 2·z/(1 − z). So the value is
/// z − (1 − z)·(z²/3 + z⁴/5 + z⁶/7 + …), where the subtrahend is less than an eighth of z.
fn by_series(u: f64) -> f64 {
    let z = u / (2.0 + u);
    let (mut power, mut sum) = (1.0, 0.0);
    for divisor in (3..41).step_by(2) {
        power *= z * z;
        sum += power / f64::from(divisor);
    }
    z - (1.0 - z) * sum
}

/// Rounds the lower bound down and the upper bound up, by [`SLACK`] and one step more: where they are
/// subnormal, a step is more than the slack.
fn widen(lower: f64, upper: f64) -> Bounds {
    Bounds {
        lower: (lower * (1.0 - SLACK)).next_down().max(0.0),
        upper: (upper * (1.0 + SLACK)).next_up().min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{by_series, mean_of_integral, mean_precision, one_less_log_ratio};
    use crate::arith::shares::Wide;

    #[test]
    fn the_integral_is_just_below_the_sum() {
        for (d, tp, fp) in [(257u64, 0.0, 1.0), (1000, 5.0, 900.0), (5000, 1e6, 3.0)] {
            let sum: f64 = (1..=d).map(|i| (tp + i as f64) / (tp + i as f64 + fp)).sum();
            let mean = mean_precision(d, tp, fp).scaled(0);
            assert!(mean <= sum / d as f64 * (1.0 + 1e-13), "{mean} {sum}");
            assert!(mean >= sum / d as f64 * (1.0 - 1e-3), "{mean} {sum}");
        }
    }

    #[test]
    fn the_integral_takes_edges() {
        assert_eq!(mean_of_integral(3.0, 0.0, 0.0).scaled(0), 1.0);
        // d/(2·fp), whatever the exponents; and next to 1.
        for (d, fp) in [(1e-3, 1e20), (1e-200, 1e200), (5e-324, 1e308)] {
            let ratio = mean_of_integral(d, 0.0, fp) * Wide::new(fp) / Wide::new(d);
            assert!((ratio.scaled(0) - 0.5).abs() <= f64::EPSILON, "{d} {fp}");
        }
        assert_eq!(mean_of_integral(1e308, 0.0, 5e-324).scaled(0), 1.0);
        assert_eq!(mean_of_integral(1e-300, 1e-320, 5e-324).scaled(0), 1.0);
    }

    /// Σ (−1)ᵏ⁺¹·uᵏ/(k + 1), by hand from many terms where it converges at all.
    #[test]
    fn the_logarithm_meets_its_series() {
        for u in [1e-10, 1e-3, 0.1, 0.5, 0.75f64] {
            let terms = (1..400).map(|k| -(-u).powi(k) / f64::from(k + 1));
            let expected: f64 = terms.sum();
            let error = (by_series(u) - expected).abs();
            assert!(error <= 4.0 * f64::EPSILON * expected, "{u}: {} {expected}", by_series(u));
        }
        let at = |u: f64| one_less_log_ratio(Wide::new(u)).scaled(0);
        for u in [1.0, 2f64.powi(-60)] {
            let (below, above) = (at(u.next_down()), at(u));
            assert!((above - below).abs() <= 4.0 * f64::EPSILON * above, "{below} {above}");
        }
        assert_eq!((at(1e300), at(1e308)), (1.0, 1.0));
    }
}
