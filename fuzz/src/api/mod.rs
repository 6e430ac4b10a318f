//! Sequences of calls, each value compared with the oracle, each failure with what was there before.

mod auc;
mod functions;
mod ranked;

use arbitrary::{Result, Unstructured};
use metrics_core::slice::{self, Readings, Tensor};
use metrics_core::{Auprc, Auroc, Error, PrecisionRecallCurve, RocCurve, Undefined};
use num_bigint::BigUint;

use self::auc::AucCalls;
use self::functions::many;
use self::ranked::RankedCalls;
use crate::batch::Family;
use crate::model::{Exact, Sample, is_close};

/// Most calls of a sequence.
const MAX_CALLS: usize = 12;
/// Weights that add up to more may be refused.
const SURELY_ACCEPTED: f64 = 4e15;

/// Makes the calls that the bytes stand for.
pub fn run(bytes: &[u8]) {
    let mut u = Unstructured::new(bytes);
    // Bytes that end too early stand for fewer calls.
    let _ = calls(&mut u);
}

fn calls(u: &mut Unstructured<'_>) -> Result<()> {
    match u.arbitrary::<u8>()? {
        0..90 => RankedCalls::<Auprc>::new(u)?.make(u),
        90..180 => RankedCalls::<Auroc>::new(u)?.make(u),
        180..250 => AucCalls::new(u)?.make(u),
        _ => many(u),
    }
}

fn undefined(u: &mut Unstructured<'_>) -> Result<Undefined> {
    Ok(*u.choose(&[Undefined::Default, Undefined::Nan, Undefined::Error])?)
}

/// What an update or a merge must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Refused,
    Either,
}

impl Outcome {
    /// Whether the call was done.
    #[track_caller]
    fn check(self, result: metrics_core::Result<()>) -> bool {
        match (self, &result) {
            (Self::Done, Err(error)) => panic!("refused: {error}"),
            (Self::Refused, Ok(())) => panic!("accepted"),
            _ => result.is_ok(),
        }
    }
}

fn bits(value: Option<f64>) -> Option<u64> {
    value.map(f64::to_bits)
}

/// What a caller gets, beside what there is.
#[track_caller]
fn check_undefined(
    values: std::result::Result<&[f64], &Error>,
    read: &[Option<f64>],
    undefined: Undefined,
    default: f64,
) {
    let without = match undefined {
        Undefined::Default => default,
        Undefined::Nan => f64::NAN,
        Undefined::Error if read.contains(&None) => {
            assert!(matches!(values, Err(Error::Undefined { .. })), "{values:?}");
            return;
        }
        Undefined::Error => 0.0,
        other => unreachable!("{other:?}"),
    };
    let values = values.expect("there are samples");
    let same = |(value, read): (&f64, &Option<f64>)| {
        let expected = read.unwrap_or(without);
        value.to_bits() == expected.to_bits() || (value.is_nan() && expected.is_nan())
    };
    assert_eq!(values.len(), read.len());
    assert!(values.iter().zip(read).all(same), "{values:?} {read:?}");
}

#[track_caller]
fn check_areas(exact: &Exact, auprc: Option<f64>, auroc: Option<f64>, samples: &[Sample]) {
    for (value, area, is_auroc) in [(auprc, &exact.auprc, false), (auroc, &exact.auroc, true)] {
        match (value, area) {
            (None, None) => {}
            (Some(value), Some(area)) => {
                assert!(area.allows(value, is_auroc), "{value} {area:?} {samples:?}");
                assert!((0.0..=1.0).contains(&value) && value.is_sign_positive(), "{value}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// AUPRC and AUROC of the same samples, in another order, from a type that holds all their scores.
fn in_another_order(samples: &[Sample], family: Family) -> [Option<f64>; 2] {
    let n_samples = samples.len();
    let mut order: Vec<usize> =
        (0..n_samples).step_by(2).chain((1..n_samples).step_by(2)).collect();
    order.reverse();
    let samples: Vec<Sample> = order.into_iter().map(|i| samples[i]).collect();
    let scores = match family {
        Family::Floats => {
            let scores: Vec<f64> = samples.iter().map(|sample| sample.score).collect();
            Tensor::from_vec(scores, &[n_samples])
        }
        Family::Signed => {
            let scores: Vec<i64> = samples.iter().map(|sample| sample.key as i64).collect();
            Tensor::from_vec(scores, &[n_samples])
        }
        Family::Unsigned => {
            let scores: Vec<u64> = samples.iter().map(|sample| sample.key as u64).collect();
            Tensor::from_vec(scores, &[n_samples])
        }
    };
    let scores = scores.expect("as many elements");
    let targets: Vec<bool> = samples.iter().map(|sample| sample.is_positive).collect();
    let weights: Vec<f64> = samples.iter().map(|sample| sample.weight).collect();
    let weighted = [
        slice::Auprc.weights(&weights).undefined(Undefined::Error).read(&scores, &targets).ok(),
        slice::Auroc.weights(&weights).undefined(Undefined::Error).read(&scores, &targets).ok(),
    ];
    if weights.iter().all(|&weight| weight == 1.0) {
        let unweighted = [
            slice::Auprc.undefined(Undefined::Error).read(&scores, &targets).ok(),
            slice::Auroc.undefined(Undefined::Error).read(&scores, &targets).ok(),
        ];
        assert_eq!(unweighted, weighted, "weights of 1 are none");
    }
    weighted
}

fn check_curves(
    pr: metrics_core::Result<PrecisionRecallCurve>,
    roc: metrics_core::Result<RocCurve>,
    exact: &Exact,
    undefined: Undefined,
) {
    let none = BigUint::ZERO;
    let points = &exact.points;
    let (n_positives, n_negatives) = points.last().map_or((&none, &none), |p| (&p.tp, &p.fp));
    let is_missing = |n: &BigUint| *n == none;
    // Where a class is missing its share is what the caller asked for.
    let is_share = |value: f64, n, of, default: f64| match undefined {
        _ if !is_missing(of) => is_close(value, n, of),
        Undefined::Nan => value.is_nan(),
        _ => value == default,
    };
    if undefined == Undefined::Error && is_missing(n_positives) {
        assert!(matches!(pr, Err(Error::Undefined { .. })), "{pr:?}");
    } else {
        let pr = pr.expect("defined");
        assert_eq!(pr.thresholds.len(), points.len());
        assert_eq!((pr.precision.last(), pr.recall.last()), (Some(&1.0), Some(&0.0)));
        for (i, point) in points.iter().rev().enumerate() {
            assert_eq!(pr.thresholds[i], point.threshold);
            assert!(is_close(pr.precision[i], &point.tp, &(&point.tp + &point.fp)), "{pr:?}");
            assert!(is_share(pr.recall[i], &point.tp, n_positives, 1.0), "{pr:?}");
        }
    }
    if undefined == Undefined::Error && (is_missing(n_positives) || is_missing(n_negatives)) {
        assert!(matches!(roc, Err(Error::Undefined { .. })), "{roc:?}");
    } else {
        let roc = roc.expect("defined");
        assert_eq!(roc.thresholds.len(), points.len() + 1);
        assert_eq!(roc.thresholds[0], f64::INFINITY);
        assert!(is_share(roc.fpr[0], &none, n_negatives, 0.0), "{roc:?}");
        assert!(is_share(roc.tpr[0], &none, n_positives, 0.0), "{roc:?}");
        for (i, point) in (1..).zip(points) {
            assert_eq!(roc.thresholds[i], point.threshold);
            assert!(is_share(roc.fpr[i], &point.fp, n_negatives, 0.0), "{roc:?}");
            assert!(is_share(roc.tpr[i], &point.tp, n_positives, 0.0), "{roc:?}");
        }
    }
}
