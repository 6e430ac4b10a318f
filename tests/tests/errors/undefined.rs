//! What comes back where a metric has no value.

use metrics_core::{Auc, Auprc, Auroc, BinaryAuprc, BinaryAuroc, PrecisionRecall, Readings, Roc};
use rstest::rstest;
use tensor_metrics::{Backend, Curve, Undefined};

use crate::backends::on_every_backend;
use crate::given::{given, row, rows, upload};
use crate::unchanged::{Seen, text_of};

const NO_POSITIVES: &str = "there are no positives";
const NO_PAIRS: &str = "there are no positives or no negatives";
const SCORES: [f32; 2] = [0.25, 0.75];

#[rstest]
#[case::no_positives([0, 0])]
#[case::no_negatives([1, 1])]
fn a_function_says_what_is_missing(#[case] targets: [u8; 2]) {
    on_every_backend!(functions_say(targets));
}

fn functions_say<B: Backend>(backend: &B, targets: [u8; 2]) {
    let (x, y) = (upload(backend, &row(&SCORES)), upload(backend, &row(&targets)));
    let auroc = Auroc.undefined(Undefined::Error).read(&x, &y);
    assert_eq!(text_of(auroc), format!("binary_auroc: undefined for task 0: {NO_PAIRS}"));
    let roc_curve = Roc.undefined(Undefined::Error).read(&x, &y);
    assert_eq!(text_of(roc_curve), format!("binary_roc_curve: undefined for task 0: {NO_PAIRS}"));
    let auprc = Auprc.undefined(Undefined::Error).read(&x, &y);
    let pr_curve = PrecisionRecall.undefined(Undefined::Error).read(&x, &y);
    if targets == [1, 1] {
        // Only without positives has recall no value.
        assert_eq!((auprc.unwrap(), pr_curve.unwrap().recall), (1.0, vec![1.0, 0.5, 0.0]));
        return;
    }
    assert_eq!(text_of(auprc), format!("binary_auprc: undefined for task 0: {NO_POSITIVES}"));
    let op = "binary_precision_recall_curve";
    assert_eq!(text_of(pr_curve), format!("{op}: undefined for task 0: {NO_POSITIVES}"));
}

/// The second of three tasks has no positives, the third no negatives.
const TARGETS: [[u8; 2]; 3] = [[0, 1], [0, 0], [1, 1]];

#[test]
fn the_undefined_task_is_named() {
    on_every_backend!(names_the_task());
}

fn names_the_task<B: Backend>(backend: &B) {
    let (x, y) = (upload(backend, &rows(&[SCORES; 3])), upload(backend, &rows(&TARGETS)));
    let auprc_text = format!("binary_auprc: undefined for task 1: {NO_POSITIVES}");
    let auroc_text = format!("binary_auroc: undefined for task 1: {NO_PAIRS}");
    assert_eq!(text_of(Auprc.undefined(Undefined::Error).tasks(&x, &y)), auprc_text);
    assert_eq!(text_of(Auroc.undefined(Undefined::Error).tasks(&x, &y)), auroc_text);

    let batch = given(rows(&[SCORES; 3]), rows(&TARGETS));
    let mut auprc = BinaryAuprc::<B>::new().tasks(3).unwrap().undefined(Undefined::Error);
    let mut auroc = BinaryAuroc::<B>::new().tasks(3).unwrap().undefined(Undefined::Error);
    batch.update(backend, &mut auprc).unwrap();
    batch.update(backend, &mut auroc).unwrap();
    let before = Seen::of(&auprc);
    assert_eq!(text_of(auprc.compute_tasks()), auprc_text);
    let curve_text = format!("binary_precision_recall_curve: undefined for task 1: {NO_POSITIVES}");
    assert_eq!(text_of(auprc.read_task(&PrecisionRecall, 1)), curve_text);
    assert_eq!(auprc.read_task(&PrecisionRecall, 2).unwrap().recall, [1.0, 0.5, 0.0]);
    assert_eq!(text_of(auroc.compute_tasks()), auroc_text);
    let roc_text = format!("binary_roc_curve: undefined for task 2: {NO_PAIRS}");
    assert_eq!(text_of(auroc.read_task(&Roc, 2)), roc_text);
    assert_eq!(Seen::of(&auprc), before, "asking has changed nothing");

    // A positive arrives in each task, and then a negative: now all have a value.
    let pair = given(rows(&[SCORES; 3]), rows(&[[0, 1]; 3]));
    pair.update(backend, &mut auprc).unwrap();
    pair.update(backend, &mut auroc).unwrap();
    assert_eq!(auprc.compute_tasks().unwrap()[1], 0.5);
    assert_eq!(auroc.compute_tasks().unwrap(), [1.0, 2.5 / 3.0, 2.5 / 3.0]);
}

#[rstest]
#[case::default(Undefined::Default, [1.0, 0.0, 1.0], [1.0, 0.5, 0.5])]
#[case::nan(Undefined::Nan, [1.0, f64::NAN, 1.0], [1.0, f64::NAN, f64::NAN])]
fn one_undefined_task_does_not_disturb_the_others(
    #[case] undefined: Undefined,
    #[case] auprcs: [f64; 3],
    #[case] aurocs: [f64; 3],
) {
    on_every_backend!(values_of_tasks(undefined, auprcs, aurocs));
}

fn values_of_tasks<B: Backend>(
    backend: &B,
    undefined: Undefined,
    auprcs: [f64; 3],
    aurocs: [f64; 3],
) {
    let (x, y) = (upload(backend, &rows(&[SCORES; 3])), upload(backend, &rows(&TARGETS)));
    let batch = given(rows(&[SCORES; 3]), rows(&TARGETS));
    let mut auprc = BinaryAuprc::<B>::new().tasks(3).unwrap().undefined(undefined);
    let mut auroc = BinaryAuroc::<B>::new().tasks(3).unwrap().undefined(undefined);
    batch.update(backend, &mut auprc).unwrap();
    batch.update(backend, &mut auroc).unwrap();
    assert_bits(&Auprc.undefined(undefined).tasks(&x, &y).unwrap(), &auprcs);
    assert_bits(&Auroc.undefined(undefined).tasks(&x, &y).unwrap(), &aurocs);
    assert_bits(&auprc.compute_tasks().unwrap(), &auprcs);
    assert_bits(&auroc.compute_tasks().unwrap(), &aurocs);
}

#[rstest]
#[case::roc_without_positives(Curve::Roc, [0, 0], NO_PAIRS)]
#[case::roc_without_negatives(Curve::Roc, [1, 1], NO_PAIRS)]
#[case::pr_without_positives(Curve::Pr, [0, 0], NO_POSITIVES)]
fn an_undefined_bucketed_area_follows_the_policy(
    #[case] curve: Curve,
    #[case] targets: [u8; 2],
    #[case] reason: &str,
) {
    on_every_backend!(bucketed(curve, targets, reason));
}

fn bucketed<B: Backend>(backend: &B, curve: Curve, targets: [u8; 2], reason: &str) {
    let auc = |undefined| {
        let mut auc = Auc::<B>::builder().curve(curve).undefined(undefined).build().unwrap();
        given(row(&SCORES), row(&targets)).update(backend, &mut auc).unwrap();
        auc
    };
    for (undefined, value) in [(Undefined::Default, 0.0), (Undefined::Nan, f64::NAN)] {
        let mut auc = auc(undefined);
        assert_bits(&[auc.compute().unwrap()], &[value]);
        let bounds = auc.bounds().unwrap();
        assert_bits(&[bounds.lower, bounds.upper], &[value, value]);
    }
    let mut auc = auc(Undefined::Error);
    let text = format!("auc: undefined for task 0: {reason}");
    let before = Seen::of(&auc);
    assert_eq!(text_of(auc.compute()), text);
    assert_eq!(text_of(auc.bounds()), text);
    assert_eq!(Seen::of(&auc), before, "asking has changed nothing");
}

/// Equal values, `0.0` and `-0.0` told apart, NaN equal to NaN.
#[track_caller]
fn assert_bits(values: &[f64], expected: &[f64]) {
    assert_eq!(
        values.iter().copied().map(f64::to_bits).collect::<Vec<_>>(),
        expected.iter().copied().map(f64::to_bits).collect::<Vec<_>>(),
        "{values:?}, expected {expected:?}",
    );
}
