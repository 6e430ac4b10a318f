//! Refusals by functions, and by stateful metrics that must be left as they were: of all metrics of the
//! registry.

use metrics_conformance::registry::{Bytes, Call, Entry, Inputs, Stateful, registry};
use tensor_metrics::{Backend, Error, Metric, Result};

use crate::filled::filled;
use crate::given::{Given, given, rows, upload};

/// Everything of one task refuses the batch, each naming itself first.
pub(crate) fn all_refuse<B: Backend + 'static>(backend: &B, batch: &Given, text: &str) {
    functions_refuse(backend, batch, text);
    metrics_refuse(backend, 1, batch, text);
}

/// Everything that takes several tasks refuses the batch, each naming itself first.
pub(crate) fn all_of_several_tasks_refuse<B: Backend + 'static>(
    backend: &B,
    n_tasks: usize,
    batch: &Given,
    text: &str,
) {
    task_functions_refuse(backend, batch, text);
    metrics_refuse(backend, n_tasks, batch, text);
}

/// Requests for one task, and for several given one.
pub(crate) fn functions_refuse<B: Backend + 'static>(backend: &B, batch: &Given, text: &str) {
    requests_refuse(backend, batch, text);
    task_functions_refuse(backend, batch, text);
}

/// Functions and requests for one task.
pub(crate) fn requests_refuse<B: Backend + 'static>(backend: &B, batch: &Given, text: &str) {
    let inputs = inputs(backend, batch);
    for entry in exact() {
        let function = entry.calls.function(&inputs.scores, &inputs.targets);
        let values = [
            function.filter(|_| inputs.weights.is_none()),
            entry.calls.read(&inputs, Call::default()),
        ];
        for value in values.into_iter().flatten() {
            assert_eq!(text_of(value), format!("{}: {text}", entry.name));
        }
    }
}

/// Requests for several tasks.
pub(crate) fn task_functions_refuse<B: Backend + 'static>(backend: &B, batch: &Given, text: &str) {
    let inputs = inputs(backend, batch);
    for entry in exact() {
        let values = entry.calls.read_tasks(&inputs, Call::default()).expect("several tasks");
        assert_eq!(text_of(values), format!("{}: {text}", entry.name));
    }
}

/// Requests for one task take the batch.
pub(crate) fn functions_take<B: Backend + 'static>(backend: &B, batch: &Given) {
    let inputs = inputs(backend, batch);
    for entry in exact() {
        entry.calls.read(&inputs, Call::default()).expect("a request").unwrap();
    }
}

/// The exact metrics, empty and with samples.
pub(crate) fn metrics_refuse<B: Backend + 'static>(
    backend: &B,
    n_tasks: usize,
    batch: &Given,
    text: &str,
) {
    let batch = inputs(backend, batch);
    let good = inputs(backend, &given(filled(&[n_tasks, 7]), filled(&[n_tasks, 7])));
    for entry in exact() {
        let metric = entry.calls.stateful_tasks(n_tasks, Call::default());
        one_refuses(&entry, metric.expect("several tasks").unwrap(), &batch, &good, text);
    }
}

/// `Auc` under either curve, empty and with samples.
pub(crate) fn auc_refuses<B: Backend + 'static>(backend: &B, batch: &Given, text: &str) {
    let batch = inputs(backend, batch);
    let good = inputs(backend, &given(rows(&[[0.9, 0.1], [0.2, 0.8]]), filled(&[2])));
    for entry in registry().into_iter().filter(|entry| entry.reading.is_none()) {
        one_refuses(&entry, entry.calls.stateful(Call::default()), &batch, &good, text);
    }
}

fn one_refuses<B: Backend>(
    entry: &Entry<B>,
    mut metric: Box<dyn Stateful<B>>,
    batch: &Inputs<B>,
    good: &Inputs<B>,
    text: &str,
) {
    let seen = |metric: &dyn Stateful<B>| {
        let mut copy = metric.boxed();
        Seen { values: bits(copy.values()), state: copy.state().unwrap() }
    };
    for _ in ["empty", "with samples"] {
        let before = seen(&*metric);
        assert_eq!(text_of(metric.update(batch)), format!("{}: {text}", entry.name));
        assert_eq!(seen(&*metric), before, "changed by a batch it refused: {text}");
        metric.update(good).unwrap();
    }
}

/// The metrics that are read off a ranking.
fn exact<B: Backend + 'static>() -> impl Iterator<Item = Entry<B>> {
    registry().into_iter().filter(|entry| entry.reading.is_some())
}

fn inputs<B: Backend>(backend: &B, batch: &Given) -> Inputs<B> {
    Inputs {
        scores: upload(backend, &batch.scores),
        targets: upload(backend, &batch.targets),
        weights: batch.weights.as_ref().map(|weights| upload(backend, weights)),
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
        let values = metric.clone().compute_tasks().map(|values| vec![values]);
        Self { state: metric.clone().state().unwrap().bytes(), values: bits(values) }
    }
}

fn bits(values: Result<Vec<Vec<f64>>>) -> Result<Vec<u64>, String> {
    values
        .map(|values| values.concat().into_iter().map(f64::to_bits).collect())
        .map_err(|error| error.to_string())
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
