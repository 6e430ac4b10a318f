//! Tensors in host memory: the slice engine reads them in place.

use metrics_core::{Batch, Host, HostTensor, Result};

use crate::Tch;
use crate::tensor::InHost;

/// Calls `f` with a batch whose tensors are read in place; copied first where they lie elsewhere or
/// not row by row.
pub(crate) fn with_batch<R>(
    batch: &Batch<'_, Tch>,
    f: impl FnOnce(&Batch<'_, Host>) -> Result<R>,
) -> Result<R> {
    let op = batch.op;
    let (scores, targets) = (InHost::new(&batch.scores)?, InHost::new(&batch.targets)?);
    let weights = batch.weights.as_ref().map(InHost::new).transpose()?;
    scores.with(op, "scores", |scores| {
        targets.with(op, "targets", |targets| {
            let with_weights =
                |weights: Option<HostTensor<'_>>| f(&host(batch, scores, targets, weights));
            match weights {
                None => with_weights(None),
                Some(weights) => weights.with(op, "weights", |weights| with_weights(Some(weights))),
            }
        })
    })
}

fn host<'a>(
    batch: &Batch<'_, Tch>,
    scores: HostTensor<'a>,
    targets: HostTensor<'a>,
    weights: Option<HostTensor<'a>>,
) -> Batch<'a, Host> {
    let Batch { op, n_tasks, n_samples, .. } = *batch;
    Batch { op, scores, targets, weights, n_tasks, n_samples }
}
