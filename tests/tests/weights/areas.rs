//! Values are within 1e-12 of the exact ones, relatively, whatever the weights are.

use metrics_conformance::weighed::{area, auroc, average_precision};
use metrics_core::{RankedCounts, Sums};
use num_bigint::BigInt;
use num_traits::Signed;
use rstest::rstest;
use tensor_metrics::slice::{Auprc, Auroc, BinaryAuprc, Readings};
use tensor_metrics::{Curve, Error};

use crate::samples::{Samples, on_any_weights};

/// Within 1e-12 relatively; within 5e-324 where that is less, which subnormal values are multiples of.
#[track_caller]
fn close(value: f64, exact: Option<BigInt>, samples: &Samples) {
    let Some(exact) = exact else { return assert!(value == 0.0 || value == 0.5, "{samples:?}") };
    let error = (area(value) - &exact).abs();
    let is_close = &error * 1_000_000_000_000u64 <= exact || error <= area(5e-324);
    assert!(is_close, "{value} is not close to {:?}; {samples:?}", to_f64(&exact));
}

/// For messages.
fn to_f64(exact: &BigInt) -> String {
    let bits = i64::try_from(exact.bits()).unwrap();
    format!("{} · 2^{}", exact >> (bits - 64).max(0) as u64, bits - 64 - 4400)
}

fn values_are_close(samples: &Samples) {
    let Samples { scores, targets, weights } = samples;
    let values = [
        Auprc.weights(weights).read(scores, targets),
        Auroc.weights(weights).read(scores, targets),
    ];
    let [auprc, auroc_value] = match values {
        [Ok(auprc), Ok(auroc)] => [auprc, auroc],
        [Err(Error::NoWeight { .. }), Err(Error::NoWeight { .. })] => return,
        [Err(Error::WeightOverflow { .. } | Error::TooManySamples { .. }), Err(_)] => return,
        values => panic!("{values:?}"),
    };
    close(auprc, average_precision(&samples.groups()), samples);
    close(auroc_value, auroc(&samples.groups()), samples);
    bucketed_values_are_close(samples);
    // So many that they are added up apart, if there is room.
    let many = samples.repeated(40);
    if many.auc(Curve::Roc).is_some() {
        bucketed_values_are_close(&many);
    }
}

fn bucketed_values_are_close(samples: &Samples) {
    for curve in [Curve::Roc, Curve::Pr] {
        let value = samples.auc(curve).expect("there is room").compute().unwrap();
        let buckets = samples.bucketed();
        let exact = match curve {
            Curve::Roc => auroc(&buckets),
            Curve::Pr => average_precision(&buckets),
            other => unreachable!("{other:?}"),
        };
        close(value, exact, samples);
    }
}

#[test]
fn areas_of_any_weights_are_close() {
    on_any_weights(3000, values_are_close);
}

/// Counts of whole weights of up to 2^20 are those of repeated samples; only a small AUPRC is another sum.
fn is_as_repeated(samples: &Samples) {
    let Samples { scores, targets, weights } = samples;
    let positive = |&i: &usize| weights[i] > 0.0;
    let mut thresholds: Vec<f64> = (0..scores.len()).filter(positive).map(|i| scores[i]).collect();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup();
    let reach = |threshold: f64, target: u8| {
        let reaches = |&i: &usize| scores[i] >= threshold && targets[i] == target;
        (0..scores.len()).filter(reaches).map(|i| weights[i] as u64).sum()
    };
    let [fps, tps] = [0, 1].map(|target| thresholds.iter().map(|&t| reach(t, target)).collect());
    let repeated = RankedCounts::new("weights", 0, thresholds, tps, fps).unwrap().sums();

    let mut weighted = BinaryAuprc::new();
    weighted.update_weighted(scores, targets, weights).unwrap();
    let Ok(areas) = weighted.read_tasks(&Sums).map(|areas| areas[0]) else { return };
    assert_eq!(areas.auroc(), repeated.auroc(), "{samples:?}");
    let auprc = (areas.auprc(), repeated.auprc());
    let is_small = repeated.auprc().is_some_and(|auprc| auprc < 2f64.powi(-20));
    let is_weighted = weights.iter().any(|&weight| weight > 1.0);
    if !(is_small && is_weighted) {
        return assert_eq!(auprc.0, auprc.1, "{samples:?}");
    }
    close(areas.auprc().unwrap(), average_precision(&samples.groups()), samples);
}

#[test]
fn whole_weights_are_repetitions_where_auprc_is_not_small() {
    // Small and large ones, from the leading bits.
    let whole = |weight: &f64| match (weight.to_bits() >> 40) as u32 {
        bits if bits % 3 == 0 => f64::from(bits % 5),
        bits => f64::from(bits % ((1 << 20) + 1)),
    };
    let whole = |samples: &Samples| Samples {
        weights: samples.weights.iter().map(whole).collect(),
        ..samples.clone()
    };
    on_any_weights(1000, |samples| is_as_repeated(&whole(samples)));
}

/// Many negatives above one positive, on both sides of the AUPRC at which the sum changes.
#[rstest]
#[case::unweighted(1.0, 100)]
#[case::just_large_enough(1_048_575.0, 1)]
#[case::just_too_small(1_048_576.0, 1)]
#[case::small(1_048_576.0, 100)]
fn repetitions_of_many_negatives(#[case] weight: f64, #[case] n: usize) {
    let negatives = (0..n).map(|i| (1, 0.5 + i as f64 / 1000.0, 0, weight));
    is_as_repeated(&Samples::new(negatives.chain([(0, 0.5, 1, 1.0)])));
}

/// A negative above a positive.
#[rstest]
#[case::far_apart([1e200, 1e-200])]
#[case::least_and_ordinary([2.5, 5e-324])]
#[case::a_subnormal_area([1e300, 1e-20])]
#[case::least_and_most([5e-324, 1.6e308])]
#[case::most_and_least([1.6e308, 5e-324])]
#[case::most_twice([8e307, 8e307])]
fn areas_of_two_weights_are_close(#[case] weights: [f64; 2]) {
    for places in [[0.75, 0.5], [0.5, 0.5], [0.5, 0.75]] {
        values_are_close(&Samples::new([0, 1].map(|i| (1, places[i], 1 - i as u8, weights[i]))));
        values_are_close(&Samples::new([0, 1].map(|i| (1, places[i], i as u8, weights[i]))));
    }
}

/// Each part of an area is a multiple of 5e-324 and a third; all rounded alike, they would add up to an
/// area that is far off.
#[test]
fn many_subnormal_parts_add_up() {
    let n = 1 << 12;
    let parts = |target: u8, exponent: i32| {
        (0..n).map(move |i| (1, f64::from(i) / f64::from(n), target, 2f64.powi(exponent) / 3.0))
    };
    let (positive, negative) = (1, 0);
    let of_auprc = [(0, 0.5, negative, 1.6e308), (0, 0.25, positive, 1.0)];
    values_are_close(&Samples::new(parts(positive, -1040).chain(of_auprc)));
    let of_auroc =
        [(3, 0.5, negative, 1.0), (2, 0.5, positive, 2f64.powi(-440)), (0, 0.5, positive, 1.0)];
    values_are_close(&Samples::new(parts(negative, -600).chain(of_auroc)));
}

/// Any order, any batches and any merges give the same bits.
#[test]
fn areas_of_any_weights_have_no_order() {
    on_any_weights(500, |samples| {
        let Samples { scores, targets, weights } = samples;
        let mut whole = BinaryAuprc::new();
        if whole.update_weighted(scores, targets, weights).is_err()
            || whole.read_tasks(&Sums).is_err()
        {
            return;
        }
        let mut parts = BinaryAuprc::new();
        for i in (0..scores.len()).rev() {
            let mut part = BinaryAuprc::new();
            part.update_weighted(&[scores[i]], &[targets[i]], &[weights[i]]).unwrap();
            parts.merge(&part).unwrap();
        }
        assert_eq!(parts.read_tasks(&Sums).unwrap(), whole.read_tasks(&Sums).unwrap());
        assert_eq!(parts.state().unwrap(), whole.state().unwrap());
    });
}
