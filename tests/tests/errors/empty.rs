//! No samples: a function has no value; a metric takes the batch as no change, but has no value
//! before the first sample.

use metrics_core::{Auc, BinaryAuprc, BinaryAuroc, PrecisionRecall, Roc, Sums};
use rstest::rstest;
use tensor_metrics::{Backend, Curve, Metric};

use crate::backends::on_every_backend;
use crate::filled::filled;
use crate::given::{Given, given, row};
use crate::unchanged::{Seen, functions_refuse, task_functions_refuse, text_of};

const NO_SAMPLES: &str =
    "no samples yet: call update with at least one sample of non-zero weight first";

#[rstest]
#[case::no_sample(&[0])]
#[case::no_sample_in_a_row(&[1, 0])]
fn a_function_of_no_sample_has_no_value(#[case] shape: &[usize]) {
    let batch = given(filled(shape), filled(shape));
    let text = format!("no samples: scores have shape {shape:?}");
    on_every_backend!(functions_refuse(&batch, &text));
    on_every_backend!(functions_refuse(&batch.clone().weighted(filled(shape)), &text));
}

#[rstest]
#[case::no_sample(&[3, 0])]
#[case::no_task(&[0, 3])]
#[case::neither(&[0, 0])]
fn a_function_of_several_tasks_and_no_sample_has_no_value(#[case] shape: &[usize]) {
    let batch = given(filled(shape), filled(shape));
    let text = format!("no samples: scores have shape {shape:?}");
    on_every_backend!(task_functions_refuse(&batch, &text));
}

#[test]
fn a_function_of_samples_of_weight_0_has_no_value() {
    let batch = given(row(&[0.5, 0.7]), row(&[0, 1])).weighted(row(&[0.0, -0.0]));
    on_every_backend!(functions_refuse(&batch, "no samples: all weights are 0"));
}

#[rstest]
#[case::one_dimension(1, &[0])]
#[case::a_row(1, &[1, 0])]
#[case::three_tasks(3, &[3, 0])]
fn an_empty_batch_changes_nothing(#[case] n_tasks: usize, #[case] shape: &[usize]) {
    let batch = given(filled(shape), filled(shape));
    on_every_backend!(empty_for_ranked(n_tasks, &batch));
    on_every_backend!(empty_for_ranked(n_tasks, &batch.clone().weighted(filled(shape))));
}

fn empty_for_ranked<B: Backend>(backend: &B, n_tasks: usize, batch: &Given) {
    let mut auprc = BinaryAuprc::<B>::new().tasks(n_tasks).unwrap();
    for _ in ["empty", "with samples"] {
        changes_nothing(backend, &mut auprc, batch);
        let shape = [n_tasks, 5];
        given(filled(&shape), filled(&shape)).update(backend, &mut auprc).unwrap();
    }
}

#[rstest]
#[case::one_dimension(&[0])]
#[case::a_column(&[0, 1])]
#[case::two_columns(&[0, 2])]
fn an_empty_batch_of_predictions_changes_nothing(#[case] shape: &[usize]) {
    on_every_backend!(empty_for_auc(&given(filled(shape), filled(&[0]))));
}

fn empty_for_auc<B: Backend>(backend: &B, batch: &Given) {
    let mut auc = Auc::<B>::new(Curve::Roc, 10).unwrap();
    for _ in ["empty", "with samples"] {
        changes_nothing(backend, &mut auc, batch);
        given(filled(&[5]), filled(&[5])).update(backend, &mut auc).unwrap();
    }
}

fn changes_nothing<M: Metric<State: metrics_conformance::registry::Bytes, Value = f64> + Clone>(
    backend: &M::Backend,
    metric: &mut M,
    batch: &Given,
) {
    let before = Seen::of(metric);
    batch.update(backend, metric).unwrap();
    assert_eq!(Seen::of(metric), before);
}

/// What leaves a metric without samples.
#[derive(Debug, Clone, Copy)]
enum History {
    New,
    EmptyBatch,
    WeightsOf0,
    RefusedBatch,
    Reset,
}

fn live<M: Metric>(backend: &M::Backend, metric: &mut M, history: History) {
    let samples = given(row(&[0.5f32, 0.7]), row(&[0, 1]));
    match history {
        History::New => {}
        History::EmptyBatch => given(filled(&[0]), filled(&[0])).update(backend, metric).unwrap(),
        History::WeightsOf0 => samples.weighted(row(&[0, 0])).update(backend, metric).unwrap(),
        History::RefusedBatch => {
            given(row(&[0.5, 0.7]), row(&[0, 2])).update(backend, metric).unwrap_err();
        }
        History::Reset => {
            samples.clone().update(backend, metric).unwrap();
            samples.weighted(row(&[0.5, 2.5])).update(backend, metric).unwrap();
            metric.reset();
        }
    }
}

#[rstest]
#[case::new(History::New)]
#[case::after_an_empty_batch(History::EmptyBatch)]
#[case::after_weights_of_0(History::WeightsOf0)]
#[case::after_a_refused_batch(History::RefusedBatch)]
#[case::after_a_reset(History::Reset)]
fn there_is_no_value_before_the_first_sample(#[case] history: History) {
    on_every_backend!(has_no_value(history));
}

fn has_no_value<B: Backend>(backend: &B, history: History) {
    let mut auprc = BinaryAuprc::<B>::new();
    live(backend, &mut auprc, history);
    let text = format!("binary_auprc: {NO_SAMPLES}");
    assert_eq!(text_of(auprc.compute()), text);
    assert_eq!(text_of(auprc.compute_tasks()), text);
    assert_eq!(text_of(auprc.for_each_group(0, |_| ())), text);
    assert_eq!(text_of(auprc.read_tasks(&Sums)), format!("rank_sums: {NO_SAMPLES}"));
    let text = format!("binary_precision_recall_curve: {NO_SAMPLES}");
    assert_eq!(text_of(auprc.read_task(&PrecisionRecall, 0)), text);
    assert_eq!(text_of(auprc.read(&PrecisionRecall)), text);

    let mut auroc = BinaryAuroc::<B>::new();
    live(backend, &mut auroc, history);
    let text = format!("binary_auroc: {NO_SAMPLES}");
    assert_eq!(text_of(auroc.compute()), text);
    assert_eq!(text_of(auroc.read_task(&Roc, 0)), format!("binary_roc_curve: {NO_SAMPLES}"));

    let mut auc = Auc::<B>::new(Curve::Pr, 10).unwrap();
    live(backend, &mut auc, history);
    let text = format!("auc: {NO_SAMPLES}");
    assert_eq!(text_of(auc.compute()), text);
    assert_eq!(text_of(auc.bounds()), text);
}
