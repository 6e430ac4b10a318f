//! How often the compositions of primitives copy between host and device.

use crate::counting::{Copies, Counting};
use crate::inputs::{matrix, vector};
use crate::random::{Kind, Samples, seed};
use metrics_core::backend::Primitives;
use metrics_core::{Auc, Auprc, BinaryAuprc, Curve, Owned, Readings, Roc};

const N_SAMPLES: usize = 3000;

/// Thresholds, true positives and where the groups end, once a task; only as many as there are
/// distinct scores.
#[track_caller]
pub fn a_function_downloads_only_distinct_scores<B: Primitives>(inner: &B, n_tasks: usize) {
    let backend = Counting::new(inner.clone());
    let Samples { scores, targets, .. } = samples();
    let scores = matrix(&backend, &scores.repeat(n_tasks), n_tasks);
    let targets = matrix(&backend, &targets.repeat(n_tasks), n_tasks);
    backend.take();
    Auprc.tasks::<Counting<B>>(&scores, &targets).unwrap();
    let (n_tasks, n_distinct) = (n_tasks as u64, 5);
    let expected = Copies {
        uploads: 0,
        downloads: 3 * n_tasks,
        downloaded_elements: 3 * n_tasks * n_distinct,
    };
    assert_eq!(backend.take(), expected);
}

#[track_caller]
pub fn a_weighted_function_downloads_each_input_once<B: Primitives>(inner: &B) {
    let backend = Counting::new(inner.clone());
    let [scores, targets, weights] = inputs(&backend);
    backend.take();
    Auprc.weights(&weights).read(&scores, &targets).unwrap();
    assert_eq!(backend.take(), each_once(3));
}

#[track_caller]
pub fn an_update_downloads_each_input_once<B: Primitives>(inner: &B) {
    let backend = Counting::new(inner.clone());
    let [scores, targets, weights] = inputs(&backend);
    backend.take();
    let mut metric = BinaryAuprc::<Counting<B>>::new();
    metric.update(&scores, &targets).unwrap();
    assert_eq!(backend.take(), each_once(2));
    metric.update_weighted(&scores, &targets, &weights).unwrap();
    assert_eq!(backend.take(), each_once(3));
}

#[track_caller]
pub fn reading_a_metric_copies_nothing<B: Primitives>(inner: &B) {
    let backend = Counting::new(inner.clone());
    let [scores, targets, _] = inputs(&backend);
    let mut metric = BinaryAuprc::<Counting<B>>::new();
    metric.update(&scores, &targets).unwrap();
    let other = metric.clone();
    backend.take();
    metric.compute().unwrap();
    metric.read_task(&Roc, 0).unwrap();
    metric.merge(&other).unwrap();
    metric.state().unwrap();
    assert_eq!(backend.take(), each_once(0));
}

#[track_caller]
pub fn an_update_of_buckets_downloads_nothing<B: Primitives>(inner: &B) {
    let backend = Counting::new(inner.clone());
    let [scores, targets, _] = inputs(&backend);
    backend.take();
    let mut auc = Auc::<Counting<B>>::new(Curve::Roc, 100).unwrap();
    auc.update(&scores, &targets).unwrap();
    auc.compute().unwrap();
    assert_eq!(backend.take(), each_once(0));
}

#[track_caller]
pub fn a_weighted_update_of_buckets_downloads_each_input_once<B: Primitives>(inner: &B) {
    let backend = Counting::new(inner.clone());
    let [scores, targets, weights] = inputs(&backend);
    backend.take();
    let mut auc = Auc::<Counting<B>>::new(Curve::Roc, 100).unwrap();
    auc.update_weighted(&scores, &targets, &weights).unwrap();
    assert_eq!(backend.take(), each_once(3));
}

fn samples() -> Samples {
    Kind::FewDistinct.samples(N_SAMPLES, seed())
}

/// Scores, targets and weights.
fn inputs<B: Primitives>(backend: &Counting<B>) -> [Owned<Counting<B>>; 3] {
    let Samples { scores, targets, .. } = samples();
    let weights = vec![0.5; N_SAMPLES];
    [vector(backend, &scores), vector(backend, &targets), vector(backend, &weights)]
}

/// So many inputs copied to the host, in full.
fn each_once(n_inputs: u64) -> Copies {
    Copies { uploads: 0, downloads: n_inputs, downloaded_elements: n_inputs * N_SAMPLES as u64 }
}
