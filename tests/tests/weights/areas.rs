//! Values are within 1e-12 of the exact ones, relatively, whatever the weights are.

use metrics_conformance::weighed::{area, auroc, average_precision};
use num_bigint::BigInt;
use num_traits::Signed;
use rstest::rstest;
use tensor_metrics::slice::{BinaryAuprc, Options, binary_auprc_with, binary_auroc_with};
use tensor_metrics::{Curve, Error, Metric};

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
    let options = || Options::new().weights(weights);
    let values = [
        binary_auprc_with(scores, targets, options()),
        binary_auroc_with(scores, targets, options()),
    ];
    let [auprc, auroc_value] = match values {
        [Ok(auprc), Ok(auroc)] => [auprc, auroc],
        [Err(Error::NoWeight { .. }), Err(Error::NoWeight { .. })] => return,
        [Err(Error::WeightOverflow { .. } | Error::TooManySamples { .. }), Err(_)] => return,
        values => panic!("{values:?}"),
    };
    close(auprc, average_precision(&samples.groups()), samples);
    close(auroc_value, auroc(&samples.groups()), samples);
    for curve in [Curve::Roc, Curve::Pr] {
        let value = samples.auc(curve).expect("there is room").compute().unwrap();
        let buckets = samples.bucketed();
        let exact = match curve {
            Curve::Roc => auroc(&buckets),
            Curve::Pr => average_precision(&buckets),
        };
        close(value, exact, samples);
    }
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
        if whole.update_weighted(scores, targets, weights).is_err() || whole.areas().is_err() {
            return;
        }
        let mut parts = BinaryAuprc::new();
        for i in (0..scores.len()).rev() {
            let mut part = BinaryAuprc::new();
            part.update_weighted(&[scores[i]], &[targets[i]], &[weights[i]]).unwrap();
            parts.merge(&part).unwrap();
        }
        assert_eq!(parts.areas().unwrap(), whole.areas().unwrap());
        assert_eq!(parts.state().unwrap(), whole.state().unwrap());
    });
}
