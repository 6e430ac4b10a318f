//! Bounds are certain: `0 <= lower <= value <= upper <= 1`, and every arrangement of the samples in
//! their buckets lies between them. They are tight: the best and the worst arrangement reach them.

use metrics_conformance::inputs::vector;
use metrics_conformance::weighed::{Group, area, auroc, average_precision, product, total};
use metrics_core::Auc;
use num_bigint::BigInt;
use num_traits::Zero;
use rstest::rstest;
use tensor_metrics::{Backend, Bounds, Curve};

use crate::backends::on_every_backend;
use crate::samples::{N_BUCKETS, Samples, on_any_weights};

/// Exponents of powers of two: how far a bound may lie from the arrangement that reaches it, relatively.
const SLACK: u32 = 46;

fn exact(curve: Curve, groups: &[Group]) -> Option<BigInt> {
    match curve {
        Curve::Roc => auroc(groups),
        Curve::Pr => average_precision(groups),
        other => unreachable!("{other:?}"),
    }
}

/// Checks the bounds of these samples, and how far they lie from what can be reached.
fn bounds_hold(samples: &Samples) {
    for curve in [Curve::Roc, Curve::Pr] {
        let Some(mut auc) = samples.auc(curve) else { continue };
        if let Ok(value) = auc.compute() {
            hold(samples, curve, value, auc.bounds().unwrap());
        }
    }
}

#[track_caller]
fn hold(samples: &Samples, curve: Curve, value: f64, bounds: Bounds) {
    let Bounds { lower, upper } = bounds;
    assert!(0.0 <= lower && lower <= value, "{curve:?}: {value} is not in {bounds:?}; {samples:?}");
    assert!(value <= upper && upper <= 1.0, "{curve:?}: {value} is not in {bounds:?}; {samples:?}");
    let buckets = samples.bucketed();
    let Some(of_buckets) = exact(curve, &buckets) else { return };
    let of_samples = exact(curve, &samples.groups()).expect("the buckets have an area");
    let best = exact(curve, &best(&buckets)).expect("the buckets have an area");
    let worst = exact(curve, &worst(&buckets)).expect("the buckets have an area");
    let is_whole = samples.weights.iter().all(|weight| weight.fract() == 0.0);
    // The bounds of counts are exact ratios, rounded as the values between them are.
    let (least, most) = match curve {
        Curve::Roc if is_whole => (lower.next_down().max(0.0), upper.next_up()),
        _ => (lower, upper),
    };
    for exact in [&of_buckets, &of_samples, &best, &worst] {
        // The exact areas were cut off, by less than a unit a term.
        let is_inside = area(least) <= exact + 100 && *exact <= area(most);
        assert!(is_inside, "{bounds:?} leave out an arrangement; {curve:?}, {samples:?}");
    }
    let reaches = |higher: BigInt, lower: BigInt| {
        let slack = (&lower >> SLACK) + area(1e-323);
        assert!(higher - lower <= slack, "{bounds:?} are not tight; {curve:?}, {samples:?}");
    };
    reaches(area(upper), best);
    match curve {
        Curve::Roc => reaches(worst, area(lower)),
        // Counts know how many samples there are; that is tried elsewhere.
        Curve::Pr if is_whole => {}
        Curve::Pr => reaches(least_dust(&buckets), area(lower)),
        other => unreachable!("{other:?}"),
    }
}

/// In each bucket, all positives above all negatives.
fn best(buckets: &[Group]) -> Vec<Group> {
    buckets
        .iter()
        .flat_map(|[n, p]| [[BigInt::zero(), p.clone()], [n.clone(), BigInt::zero()]])
        .collect()
}

/// In each bucket, all negatives above all positives, which tie.
fn worst(buckets: &[Group]) -> Vec<Group> {
    buckets
        .iter()
        .flat_map(|[n, p]| [[n.clone(), BigInt::zero()], [BigInt::zero(), p.clone()]])
        .collect()
}

/// At most the average precision of positives that are split into ever more samples, below all
/// negatives of their bucket.
///
/// It is a mean of (tp + x)/(tp + x + fp) over x, a concave function: at least the mean of both ends of
/// each of a few parts.
fn least_dust(buckets: &[Group]) -> BigInt {
    const PARTS: u32 = 64;
    let [_, n_positives] = total(buckets);
    let [mut tp, mut fp, mut sum] = [0, 0, 0].map(BigInt::from);
    for [negatives, positives] in buckets {
        fp += negatives;
        if positives.is_zero() {
            continue;
        }
        for part in 0..PARTS {
            for end in [part, part + 1] {
                let tp = &tp * PARTS + positives * end;
                let tp_and_fp = &tp + &fp * PARTS;
                if tp_and_fp.is_zero() {
                    // Without negatives each precision is 1, also that of no sample.
                    sum += product([positives, &n_positives], [&1.into(), &1.into()]);
                } else {
                    sum += product([positives, &n_positives], [&tp, &tp_and_fp]);
                }
            }
        }
        tp += positives;
    }
    sum / (2 * PARTS)
}

#[test]
fn bounds_of_any_weights_are_certain_and_tight() {
    on_any_weights(2000, bounds_hold);
}

/// A negative above a positive: the ratio of their weights overflows, underflows, or neither.
#[rstest]
#[case::issue([1e200, 1e-200])]
#[case::issue_reversed([1e-200, 1e200])]
#[case::least_and_ordinary([2.5, 5e-324])]
#[case::least_twice([5e-324, 5e-324])]
#[case::subnormal([3e-310, 5e-324])]
#[case::least_and_most([5e-324, 1.6e308])]
#[case::most_and_least([1.6e308, 5e-324])]
#[case::most_twice([8e307, 8e307])]
#[case::ordinary([0.5, 0.25])]
fn bounds_of_two_weights_hold(#[case] weights: [f64; 2]) {
    for (buckets, targets) in
        [([1, 1], [0, 1]), ([1, 1], [1, 0]), ([2, 1], [0, 1]), ([2, 1], [1, 0])]
    {
        let samples = [0, 1].map(|i| (buckets[i], 0.5 - 0.25 * i as f64, targets[i], weights[i]));
        let samples = Samples::new(samples);
        bounds_hold(&samples);
        on_every_backend!(on_backend(&samples));
    }
}

fn on_backend<B: Backend>(backend: &B, samples: &Samples) {
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    let weights = vector(backend, &samples.weights);
    for curve in [Curve::Roc, Curve::Pr] {
        let mut auc = Auc::<B>::new(curve, N_BUCKETS).unwrap();
        auc.update_weighted(&scores, &targets, &weights).unwrap();
        hold(samples, curve, auc.compute().unwrap(), auc.bounds().unwrap());
    }
}

/// Weights of each pair of exponents, in one bucket and in two.
#[test]
fn bounds_hold_for_every_pair_of_exponents() {
    let weights = || (-1074..1023).step_by(97).map(|exponent| 1.75 * 2f64.powi(exponent));
    for (a, b) in weights().flat_map(|a| weights().map(move |b| (a, b))) {
        for buckets in [[1, 1], [2, 1]] {
            bounds_hold(&Samples::new([(buckets[0], 0.5, 0, a), (buckets[1], 0.25, 1, b)]));
        }
    }
}

/// What a metric learns from others is bounded as what it saw.
#[test]
fn bounds_of_merged_metrics_are_certain_and_tight() {
    on_any_weights(500, |samples| {
        for curve in [Curve::Roc, Curve::Pr] {
            let mut auc = Auc::<tensor_metrics::Host>::new(curve, N_BUCKETS).unwrap();
            if samples.auc(curve).is_none() {
                return;
            }
            for i in 0..samples.scores.len() {
                let mut other = Auc::new(curve, N_BUCKETS).unwrap();
                let [score, weight] = [samples.scores[i], samples.weights[i]];
                other.update_weighted(&[score], &[samples.targets[i]], &[weight]).unwrap();
                auc.merge(&other).unwrap();
            }
            if let Ok(value) = auc.compute() {
                hold(samples, curve, value, auc.bounds().unwrap());
            }
        }
    });
}
