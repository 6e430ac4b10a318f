//! The same calls on our side.

use metrics_conformance::registry::{Call, Entry, Inputs, registry};
use tensor_metrics::{Auc, Backend, Curve, HostTensor, Metric, Owned, Result};

use crate::case::Case;

/// Values of each output, or the text of the error.
pub(crate) type Ours = Result<Vec<Vec<f64>>, String>;

/// A pair of tensors of a backend.
type Pair<B> = (Owned<B>, Owned<B>);

fn upload<B: Backend>(
    backend: &B,
    (scores, targets): (HostTensor<'_>, HostTensor<'_>),
) -> Result<Pair<B>> {
    Ok((Owned(backend.upload(&scores)?), Owned(backend.upload(&targets)?)))
}

/// Runs a case of a metric that we have.
pub(crate) fn run<B: Backend + 'static>(backend: &B, case: &Case) -> Ours {
    let entry = registry().into_iter().find(|entry| entry.golden.contains(&&*case.metric));
    let outputs = match entry {
        Some(entry) if case.metric.starts_with("Binary") => stateful(backend, case, &entry),
        Some(entry) => function(backend, case, &entry),
        None => auc(backend, case),
    };
    outputs.map_err(|error| error.to_string())
}

/// The numbers of one task for a case without `num_tasks`, else those of each task.
fn function<B: Backend>(backend: &B, case: &Case, entry: &Entry<B>) -> Result<Vec<Vec<f64>>> {
    let (scores, targets) = upload(backend, case.pair())?;
    let Some(n_tasks) = case.count("num_tasks") else {
        let numbers = entry.calls.function(&scores, &targets).expect("a function")?;
        return Ok(if case.metric.ends_with("_curve") { parts(numbers) } else { vec![numbers] });
    };
    let inputs = Inputs { scores, targets, weights: None };
    let values = entry.calls.read_tasks(&inputs, Call::default()).expect("several tasks")?;
    assert_eq!(values.len(), n_tasks, "{}", case.id);
    Ok(vec![values.concat()])
}

/// Precision, recall and thresholds of a curve, which has no threshold at its end.
fn parts(numbers: Vec<f64>) -> Vec<Vec<f64>> {
    numbers.chunks(numbers.len() / 3 + 1).map(<[f64]>::to_vec).collect()
}

fn stateful<B: Backend>(backend: &B, case: &Case, entry: &Entry<B>) -> Result<Vec<Vec<f64>>> {
    let n_tasks = case.count("num_tasks").unwrap_or(1);
    let new = || entry.calls.stateful_tasks(n_tasks, Call::default()).expect("several tasks");
    let mut metric = new()?;
    for batch in case.batches() {
        let (scores, targets) = upload(backend, batch)?;
        metric.update(&Inputs { scores, targets, weights: None })?;
    }
    if case.id == "te-063" {
        // The value is the number of batches held after a reset.
        metric.reset();
        let holds_something = metric.state()? != new()?.state()?;
        return Ok(vec![vec![f64::from(u8::from(holds_something))]]);
    }
    Ok(vec![metric.values()?.concat()])
}

fn auc<B: Backend>(backend: &B, case: &Case) -> Result<Vec<Vec<f64>>> {
    let mut auc = new_auc::<B>(case)?;
    match case.text("output") {
        Some("auc of second epoch after reset()") => {
            let (scores, targets) = upload(backend, first_epoch())?;
            auc.update(&scores, &targets)?;
            auc.reset();
            feed(backend, &mut auc, case)?;
            Ok(vec![vec![auc.compute()?]])
        }
        Some("bins") => {
            feed(backend, &mut auc, case)?;
            let state = auc.state()?;
            Ok(vec![filled(&state.stat_pos()), filled(&state.stat_neg())])
        }
        Some("auc") | None => {
            feed(backend, &mut auc, case)?;
            Ok(vec![vec![auc.compute()?]])
        }
        Some(other) => panic!("{}: output {other}", case.id),
    }
}

/// The area after each step of a case whose rows are steps.
pub(crate) fn running_auc<B: Backend>(backend: &B, case: &Case) -> Result<Vec<f64>> {
    let mut auc = new_auc::<B>(case)?;
    let (scores, targets) = case.pair();
    let [n_steps, n_samples] = scores.shape().try_into().unwrap();
    let (scores, targets) = (scores.to_f64_vec(), targets.to_f64_vec());
    (0..n_steps)
        .map(|step| {
            let row = step * n_samples..(step + 1) * n_samples;
            let scores = HostTensor::new(&scores[row.clone()], &[n_samples])?;
            let targets = HostTensor::new(&targets[row], &[n_samples])?;
            let (scores, targets) = upload(backend, (scores, targets))?;
            auc.update(&scores, &targets)?;
            auc.compute()
        })
        .collect()
}

fn new_auc<B: Backend>(case: &Case) -> Result<Auc<B>> {
    let curve = if case.text("curve") == Some("PR") { Curve::Pr } else { Curve::Roc };
    let num_thresholds = case.count("num_thresholds").or(case.count("table_size"));
    Auc::new(curve, num_thresholds.unwrap_or(tensor_metrics::DEFAULT_NUM_THRESHOLDS))
}

fn feed<M: Metric>(backend: &M::Backend, metric: &mut M, case: &Case) -> Result<()> {
    case.batches().into_iter().try_for_each(|batch| {
        let (scores, targets) = upload(backend, batch)?;
        metric.update(&scores, &targets)
    })
}

/// What the note of case pd-168 says was fed before the reset.
fn first_epoch() -> (HostTensor<'static>, HostTensor<'static>) {
    let scores = HostTensor::new(&[0.1, 0.5, 0.7, 0.8], &[4]);
    let targets = HostTensor::new(&[1i64, 0, 1, 1], &[4]);
    (scores.unwrap(), targets.unwrap())
}

/// The buckets that hold something, each as often as it holds a sample.
fn filled(counts: &[u64]) -> Vec<f64> {
    let repeat = |(bucket, &n): (usize, &u64)| vec![bucket as f64; n as usize];
    counts.iter().enumerate().flat_map(repeat).collect()
}
