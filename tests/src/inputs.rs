//! Tensors of any backend from plain data, and metrics of plain data on any backend.

use metrics_core::{
    Auprc, Auroc, Backend, Element, HostTensor, Metric, Owned, Readings, binary_auprc, binary_auroc,
};

use crate::random::Samples;

/// A tensor of this shape.
#[track_caller]
pub fn tensor<B: Backend, T: Element>(
    backend: &B,
    data: &[T],
    shape: &[usize],
) -> B::Tensor<'static> {
    let host = HostTensor::new(data, shape).expect("as many elements as the shape says");
    backend.upload(&host).expect("an upload of a few elements")
}

/// A tensor of one dimension, as input to a metric.
#[track_caller]
pub fn vector<B: Backend, T: Element>(backend: &B, data: &[T]) -> Owned<B> {
    Owned(tensor(backend, data, &[data.len()]))
}

/// A tensor of this many rows, as input to a metric.
#[track_caller]
pub fn matrix<B: Backend, T: Element>(backend: &B, data: &[T], n_rows: usize) -> Owned<B> {
    Owned(tensor(backend, data, &[n_rows, data.len() / n_rows]))
}

/// AUPRC and AUROC, through the functions of one task.
#[track_caller]
pub fn areas<B: Backend>(backend: &B, samples: &Samples) -> [f64; 2] {
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    let auprc = binary_auprc::<B>(&scores, &targets).expect("valid samples");
    let auroc = binary_auroc::<B>(&scores, &targets).expect("valid samples");
    [auprc, auroc]
}

/// [`areas`] of weighted samples.
#[track_caller]
pub fn weighted_areas<B: Backend>(backend: &B, samples: &Samples, weights: &[f64]) -> [f64; 2] {
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    let weights = vector(backend, weights);
    let auprc = Auprc.weights(&weights).read(&scores, &targets).expect("valid samples");
    let auroc = Auroc.weights(&weights).read(&scores, &targets).expect("valid samples");
    [auprc, auroc]
}

/// Feeds a batch to a metric.
#[track_caller]
pub fn feed<M: Metric>(backend: &M::Backend, metric: &mut M, samples: &Samples) {
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    metric.update(&scores, &targets).expect("valid samples");
}

/// Feeds a weighted batch to a metric.
#[track_caller]
pub fn feed_weighted<M: Metric>(
    backend: &M::Backend,
    metric: &mut M,
    samples: &Samples,
    weights: &[f64],
) {
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    metric.update_weighted(&scores, &targets, &vector(backend, weights)).expect("valid samples");
}
