//! What a metric is built for, and metrics that do not fit together.

use metrics_conformance::registry::Bytes;
use metrics_core::{Auc, BinaryAuprc, BinaryAuroc, PrecisionRecall, Roc};
use rstest::rstest;
use tensor_metrics::{AucState, Backend, Curve, MAX_NUM_THRESHOLDS, Metric, RankState};

use crate::backends::on_every_backend;
use crate::filled::filled;
use crate::given::given;
use crate::unchanged::{Seen, count, text_of};

#[rstest]
#[case::none(0)]
#[case::one_too_many((1 << 24) + 1)]
#[case::absurd(usize::MAX)]
fn num_thresholds_out_of_range_is_refused(#[case] num_thresholds: usize) {
    on_every_backend!(refuses_num_thresholds(num_thresholds));
}

fn refuses_num_thresholds<B: Backend>(_: &B, num_thresholds: usize) {
    let text = format!("auc: num_thresholds is {num_thresholds}, expected 1 to 16777216");
    assert_eq!(text_of(Auc::<B>::new(Curve::Roc, num_thresholds)), text);
    assert_eq!(text_of(Auc::<B>::builder().num_thresholds(num_thresholds).build()), text);
}

#[rstest]
#[case::least(1)]
#[case::most(1 << 24)]
fn num_thresholds_at_the_ends_of_its_range_is_taken(#[case] num_thresholds: usize) {
    on_every_backend!(takes_num_thresholds(num_thresholds));
}

fn takes_num_thresholds<B: Backend>(backend: &B, num_thresholds: usize) {
    let mut auc = Auc::<B>::new(Curve::Pr, num_thresholds).unwrap();
    assert_eq!((auc.curve(), auc.num_thresholds()), (Curve::Pr, num_thresholds));
    given(filled(&[5]), filled(&[5])).update(backend, &mut auc).unwrap();
    assert_eq!(auc.state().unwrap().stat_pos()[num_thresholds], 2);
    assert_eq!(auc.compute_tasks().unwrap(), [auc.compute().unwrap()]);
}

#[test]
fn the_limit_of_thresholds_is_public() {
    assert_eq!(MAX_NUM_THRESHOLDS, 1 << 24);
}

#[test]
fn a_metric_of_no_task_is_refused() {
    on_every_backend!(refuses_no_task());
}

fn refuses_no_task<B: Backend>(_: &B) {
    let text = "n_tasks is 0, expected at least 1";
    assert_eq!(text_of(BinaryAuprc::<B>::new().tasks(0)), format!("binary_auprc: {text}"));
    assert_eq!(text_of(BinaryAuroc::<B>::new().tasks(0)), format!("binary_auroc: {text}"));
}

#[test]
fn one_value_of_several_tasks_is_refused() {
    on_every_backend!(refuses_one_value());
}

/// Whether there are samples or not.
fn refuses_one_value<B: Backend>(backend: &B) {
    let mut auprc = BinaryAuprc::<B>::new().tasks(2).unwrap();
    let mut auroc = BinaryAuroc::<B>::new().tasks(3).unwrap();
    for _ in ["empty", "with samples"] {
        let text = "binary_auprc: one value asked of 2 tasks, use compute_tasks";
        assert_eq!(text_of(auprc.compute()), text);
        let text = "binary_auroc: one value asked of 3 tasks, use compute_tasks";
        assert_eq!(text_of(auroc.compute()), text);
        given(filled(&[2, 4]), filled(&[2, 4])).update(backend, &mut auprc).unwrap();
        given(filled(&[3, 4]), filled(&[3, 4])).update(backend, &mut auroc).unwrap();
    }
    assert_eq!(auprc.compute_tasks().unwrap().len(), 2);
}

#[test]
fn the_curve_of_an_unknown_task_is_refused() {
    on_every_backend!(refuses_unknown_task());
}

fn refuses_unknown_task<B: Backend>(backend: &B) {
    let mut auprc = BinaryAuprc::<B>::new().tasks(2).unwrap();
    given(filled(&[2, 4]), filled(&[2, 4])).update(backend, &mut auprc).unwrap();
    let text = "no task 2 among 2 tasks, counted from 0";
    assert_eq!(
        text_of(auprc.read_task(&PrecisionRecall, 2)),
        format!("binary_precision_recall_curve: {text}")
    );
    assert_eq!(text_of(auprc.read_task(&Roc, 2)), format!("binary_roc_curve: {text}"));
    let visited = auprc.for_each_group(2, |_| ());
    assert_eq!(text_of(visited), format!("binary_auprc: {text}"));
    let mut one = BinaryAuprc::<B>::new();
    given(filled(&[4]), filled(&[4])).update(backend, &mut one).unwrap();
    let text = "binary_roc_curve: no task 1 among 1 task, counted from 0";
    assert_eq!(text_of(one.read_task(&Roc, 1)), text);
    assert_eq!(auprc.read_task(&Roc, 1).unwrap().thresholds, [f64::INFINITY, 1.0, 0.0]);
}

#[rstest]
#[case::fewer(3, 2)]
#[case::more(2, 3)]
#[case::one_to_several(2, 1)]
#[case::several_to_one(1, 2)]
fn metrics_of_other_tasks_do_not_merge(#[case] ours: usize, #[case] theirs: usize) {
    on_every_backend!(other_tasks(ours, theirs));
}

fn other_tasks<B: Backend>(backend: &B, n_tasks: usize, given_tasks: usize) {
    let [ours, theirs] = [n_tasks, given_tasks].map(|n| count(n, "task"));
    let text = format!("binary_auprc: {theirs} cannot join a metric of {ours}");
    let metric = |n_tasks| {
        let mut metric = BinaryAuprc::<B>::new().tasks(n_tasks).unwrap();
        given(filled(&[n_tasks, 4]), filled(&[n_tasks, 4])).update(backend, &mut metric).unwrap();
        metric
    };
    do_not_merge(metric(n_tasks), metric(given_tasks), &text);
    do_not_merge(metric(n_tasks), BinaryAuprc::new().tasks(given_tasks).unwrap(), &text);
    let other = metric(given_tasks).state().unwrap();
    let other = RankState::from_bytes(&other.to_bytes()).unwrap();
    does_not_load(metric(n_tasks), &other, &text);
}

#[rstest]
#[case::another_curve((Curve::Roc, 10), (Curve::Pr, 10))]
#[case::other_thresholds((Curve::Pr, 10), (Curve::Pr, 11))]
#[case::another_curve_and_other_thresholds((Curve::Pr, 4095), (Curve::Roc, 1))]
fn bucketed_metrics_of_other_settings_do_not_merge(
    #[case] ours: (Curve, usize),
    #[case] theirs: (Curve, usize),
) {
    on_every_backend!(other_settings(ours, theirs));
}

fn other_settings<B: Backend>(backend: &B, ours: (Curve, usize), theirs: (Curve, usize)) {
    let text = format!(
        "auc: curve {:?} with {} cannot join curve {:?} with {}",
        theirs.0,
        count(theirs.1, "threshold"),
        ours.0,
        count(ours.1, "threshold"),
    );
    let auc = |(curve, num_thresholds)| {
        let mut auc = Auc::<B>::new(curve, num_thresholds).unwrap();
        given(filled(&[4]), filled(&[4])).update(backend, &mut auc).unwrap();
        auc
    };
    do_not_merge(auc(ours), auc(theirs), &text);
    let other = AucState::from_bytes(&auc(theirs).state().unwrap().to_bytes()).unwrap();
    does_not_load(auc(ours), &other, &text);
}

/// Both stay as they were.
pub(crate) fn do_not_merge<M: Metric<State: Bytes, Value = f64> + Clone>(
    mut metric: M,
    other: M,
    text: &str,
) {
    let before = (Seen::of(&metric), Seen::of(&other));
    assert_eq!(text_of(metric.merge(&other)), text);
    assert_eq!((Seen::of(&metric), Seen::of(&other)), before);
}

fn does_not_load<M: Metric<State: Bytes, Value = f64> + Clone>(
    mut metric: M,
    state: &M::State,
    text: &str,
) {
    let before = Seen::of(&metric);
    assert_eq!(text_of(metric.load_state(state)), text);
    assert_eq!(Seen::of(&metric), before);
}
