//! Inputs as plain data.

use tensor_metrics::{Backend, Element, HostTensor, Metric, Owned, Result};

/// A batch in host memory.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) scores: HostTensor<'static>,
    pub(crate) targets: HostTensor<'static>,
    pub(crate) weights: Option<HostTensor<'static>>,
}

/// A batch without weights.
pub(crate) fn given(scores: HostTensor<'static>, targets: HostTensor<'static>) -> Given {
    Given { scores, targets, weights: None }
}

impl Given {
    pub(crate) fn weighted(self, weights: HostTensor<'static>) -> Self {
        Self { weights: Some(weights), ..self }
    }

    pub(crate) fn update<M: Metric>(&self, backend: &M::Backend, metric: &mut M) -> Result<()> {
        let (scores, targets) = (upload(backend, &self.scores), upload(backend, &self.targets));
        match &self.weights {
            None => metric.update(&scores, &targets),
            Some(weights) => metric.update_weighted(&scores, &targets, &upload(backend, weights)),
        }
    }
}

pub(crate) fn upload<B: Backend>(backend: &B, host: &HostTensor<'_>) -> Owned<B> {
    Owned(backend.upload(host).unwrap())
}

/// A tensor of shape `(n_samples,)`.
pub(crate) fn row<T: Element>(data: &[T]) -> HostTensor<'static> {
    tensor(data, &[data.len()])
}

/// A tensor of shape `(n_tasks, n_samples)`.
pub(crate) fn rows<T: Element, const N: usize>(rows: &[[T; N]]) -> HostTensor<'static> {
    tensor(rows.as_flattened(), &[rows.len(), N])
}

pub(crate) fn tensor<T: Element>(data: &[T], shape: &[usize]) -> HostTensor<'static> {
    HostTensor::new(data, shape).unwrap().into_owned()
}
