//! What comes back where a metric has no value.

use crate::check::same_bits;
use crate::inputs::{feed, vector};
use crate::random::Samples;
use metrics_core::{
    Auc, Auprc, Auroc, Backend, BinaryAuprc, BinaryAuroc, Curve, Error, PrecisionRecall, Readings,
    Result, Roc, Undefined,
};

/// The metrics that may be undefined, in the order of all that follows.
const METRICS: [&str; 4] = ["auprc", "auroc", "auc roc", "auc pr"];

#[track_caller]
pub fn defaults_are_the_documented_values<B: Backend>(backend: &B, target: u8, expected: [f64; 4]) {
    for (i, values) in values(backend, target, Undefined::Default).into_iter().enumerate() {
        for value in values {
            same_bits(&[value.expect("a default")], &[expected[i]], &METRICS[i]);
        }
    }
}

#[track_caller]
pub fn policies_rule_what_is_undefined<B: Backend>(
    backend: &B,
    target: u8,
    is_undefined: [bool; 4],
) {
    for (i, values) in values(backend, target, Undefined::Nan).into_iter().enumerate() {
        for value in values {
            assert_eq!(value.expect("NaN or a value").is_nan(), is_undefined[i], "{}", METRICS[i]);
        }
    }
    for (i, values) in values(backend, target, Undefined::Error).into_iter().enumerate() {
        for value in values {
            let is_error = matches!(value, Err(Error::Undefined { task: 0, .. }));
            assert_eq!(is_error, is_undefined[i], "{}: {value:?}", METRICS[i]);
        }
    }
}

/// The values of each metric where all targets are the same: of the function, and streamed.
fn values<B: Backend>(backend: &B, target: u8, undefined: Undefined) -> [Vec<Result<f64>>; 4] {
    let samples = Samples {
        name: format!("targets all {target}"),
        scores: vec![0.5, 0.25, 0.5],
        targets: vec![target; 3],
    };
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    let mut auprc = BinaryAuprc::new().undefined(undefined);
    let mut auroc = BinaryAuroc::new().undefined(undefined);
    feed(backend, &mut auprc, &samples);
    feed(backend, &mut auroc, &samples);
    let auc = |curve: Curve| {
        let mut auc =
            Auc::builder().curve(curve).num_thresholds(4).undefined(undefined).build().unwrap();
        feed(backend, &mut auc, &samples);
        vec![auc.compute()]
    };
    [
        vec![Auprc.undefined(undefined).read(&scores, &targets), auprc.compute()],
        vec![Auroc.undefined(undefined).read(&scores, &targets), auroc.compute()],
        auc(Curve::Roc),
        auc(Curve::Pr),
    ]
}

#[track_caller]
pub fn recall_without_positives<B: Backend>(
    backend: &B,
    undefined: Undefined,
    expected: Option<f64>,
) {
    let (scores, targets) = (vector(backend, &[0.5, 0.25]), vector(backend, &[0u8, 0]));
    let curve = PrecisionRecall.undefined(undefined).read(&scores, &targets);
    match (curve, expected) {
        (Ok(curve), Some(recall)) => same_bits(&curve.recall, &[recall, recall, 0.0], &undefined),
        (Err(Error::Undefined { .. }), None) => {}
        (other, _) => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn rates_without_their_samples<B: Backend>(
    backend: &B,
    undefined: Undefined,
    expected: Option<f64>,
) {
    for target in [0u8, 1] {
        let (scores, targets) = (vector(backend, &[0.5, 0.25]), vector(backend, &[target; 2]));
        let curve = Roc.undefined(undefined).read(&scores, &targets);
        match (curve, expected) {
            (Ok(curve), Some(rate)) => {
                let rates =
                    if target == 0 { [curve.tpr, curve.fpr] } else { [curve.fpr, curve.tpr] };
                same_bits(&rates[0], &[rate; 3], &undefined);
                same_bits(&rates[1], &[0.0, 0.5, 1.0], &undefined);
            }
            (Err(Error::Undefined { .. }), None) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
}
