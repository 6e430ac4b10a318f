//! Refusals by functions, and by stateful metrics that must be left as they were.

use metrics_core::{Auc, Auprc, Auroc, BinaryAuprc, BinaryAuroc, PrecisionRecall, Request, Roc};
use tensor_metrics::{AucState, Backend, Curve, Error, Metric, RankState, Result};

use crate::filled::filled;
use crate::given::{Given, given, rows, upload};

/// Everything of one task refuses the batch, each naming itself first.
pub(crate) fn all_refuse<B: Backend>(backend: &B, batch: &Given, text: &str) {
    functions_refuse(backend, batch, text);
    metrics_refuse(backend, 1, batch, text);
}

/// Everything that takes several tasks refuses the batch, each naming itself first.
pub(crate) fn all_of_several_tasks_refuse<B: Backend>(
    backend: &B,
    n_tasks: usize,
    batch: &Given,
    text: &str,
) {
    task_functions_refuse(backend, batch, text);
    metrics_refuse(backend, n_tasks, batch, text);
}

/// The functions of one task, and those of several given one.
pub(crate) fn functions_refuse<B: Backend>(backend: &B, batch: &Given, text: &str) {
    let [auprc, auroc, pr_curve, roc_curve] = functions(backend, batch);
    assert_eq!(text_of(auprc), format!("binary_auprc: {text}"));
    assert_eq!(text_of(auroc), format!("binary_auroc: {text}"));
    assert_eq!(text_of(pr_curve), format!("binary_precision_recall_curve: {text}"));
    assert_eq!(text_of(roc_curve), format!("binary_roc_curve: {text}"));
    task_functions_refuse(backend, batch, text);
}

/// AUPRC, AUROC and the curves of one task.
pub(crate) fn functions<B: Backend>(backend: &B, batch: &Given) -> [Result<()>; 4] {
    let (x, y) = (upload(backend, &batch.scores), upload(backend, &batch.targets));
    let weights = batch.weights.as_ref().map(|weights| upload(backend, weights));
    [
        weights
            .iter()
            .fold(Request::<B, _>::new(Auprc), |request, w| request.weights(w))
            .read(&x, &y)
            .map(drop),
        weights
            .iter()
            .fold(Request::<B, _>::new(Auroc), |request, w| request.weights(w))
            .read(&x, &y)
            .map(drop),
        weights
            .iter()
            .fold(Request::<B, _>::new(PrecisionRecall), |request, w| request.weights(w))
            .read(&x, &y)
            .map(drop),
        weights
            .iter()
            .fold(Request::<B, _>::new(Roc), |request, w| request.weights(w))
            .read(&x, &y)
            .map(drop),
    ]
}

pub(crate) fn task_functions_refuse<B: Backend>(backend: &B, batch: &Given, text: &str) {
    let (x, y) = (upload(backend, &batch.scores), upload(backend, &batch.targets));
    let weights = batch.weights.as_ref().map(|weights| upload(backend, weights));
    let auprc = weights
        .iter()
        .fold(Request::<B, _>::new(Auprc), |request, w| request.weights(w))
        .tasks(&x, &y);
    assert_eq!(text_of(auprc), format!("binary_auprc: {text}"));
    let auroc = weights
        .iter()
        .fold(Request::<B, _>::new(Auroc), |request, w| request.weights(w))
        .tasks(&x, &y);
    assert_eq!(text_of(auroc), format!("binary_auroc: {text}"));
}

/// The exact metrics, empty and with samples.
pub(crate) fn metrics_refuse<B: Backend>(backend: &B, n_tasks: usize, batch: &Given, text: &str) {
    let mut auprc = BinaryAuprc::<B>::new().tasks(n_tasks).unwrap();
    let mut auroc = BinaryAuroc::<B>::new().tasks(n_tasks).unwrap();
    for _ in ["empty", "with samples"] {
        refuses(backend, &mut auprc, batch, &format!("binary_auprc: {text}"));
        refuses(backend, &mut auroc, batch, &format!("binary_auroc: {text}"));
        let good = given(filled(&[n_tasks, 7]), filled(&[n_tasks, 7]));
        good.update(backend, &mut auprc).unwrap();
        good.update(backend, &mut auroc).unwrap();
    }
}

/// `Auc` under either curve, empty and with samples.
pub(crate) fn auc_refuses<B: Backend>(backend: &B, batch: &Given, text: &str) {
    for curve in [Curve::Roc, Curve::Pr] {
        let mut auc = Auc::<B>::new(curve, 10).unwrap();
        for _ in ["empty", "with samples"] {
            refuses(backend, &mut auc, batch, &format!("auc: {text}"));
            let good = given(rows(&[[0.9, 0.1], [0.2, 0.8]]), filled(&[2]));
            good.update(backend, &mut auc).unwrap();
        }
    }
}

/// One metric refuses a batch, with this text, and is then what it was.
pub(crate) fn refuses<M: Metric<State: Bytes, Value = f64> + Clone>(
    backend: &M::Backend,
    metric: &mut M,
    batch: &Given,
    text: &str,
) {
    let before = Seen::of(metric);
    assert_eq!(text_of(batch.update(backend, metric)), text);
    assert_eq!(Seen::of(metric), before, "changed by a batch it refused: {text}");
}

/// All that can be seen of a metric.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    state: Vec<u8>,
    values: Result<Vec<u64>, String>,
}

impl Seen {
    /// Looks at a clone: reading may sort what a metric holds.
    pub(crate) fn of<M: Metric<State: Bytes, Value = f64> + Clone>(metric: &M) -> Self {
        let values = metric.clone().compute_tasks();
        Self {
            state: metric.clone().state().unwrap().bytes(),
            values: values
                .map(|values| values.into_iter().map(f64::to_bits).collect())
                .map_err(|error| error.to_string()),
        }
    }
}

/// A state that has a byte form.
pub(crate) trait Bytes {
    fn bytes(&self) -> Vec<u8>;
}

impl Bytes for RankState {
    fn bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

impl Bytes for AucState {
    fn bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

/// `1 task`, `2 tasks`.
pub(crate) fn count(n: usize, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// The text of an error that must have come.
#[track_caller]
pub(crate) fn text_of<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}
