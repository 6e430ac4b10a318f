//! torcheval's `binary_auprc` in libtorch's operations: what one writes with tensors, and a peer.

use tch::{Kind, TchError, Tensor};

/// Sort, sums at the ends of ties, a step sum in f32; of one task.
///
/// # Errors
/// What libtorch refuses.
pub fn binary_auprc(scores: &Tensor, targets: &Tensor) -> Result<f64, TchError> {
    let (thresholds, order) = scores.f_sort(0, true)?;
    let n = scores.size1()?;
    let changes =
        thresholds.f_narrow(0, 0, n - 1)?.f_ne_tensor(&thresholds.f_narrow(0, 1, n - 1)?)?;
    let last = Tensor::f_ones([1], (Kind::Bool, scores.device()))?;
    let ends = Tensor::f_cat(&[changes, last], 0)?;
    let positives = targets.f_index_select(0, &order)?.f_eq(1)?.f_to_kind(Kind::Int64)?;
    let at_ends =
        |x: Tensor| x.f_cumsum(0, Kind::Int64)?.f_masked_select(&ends)?.f_to_kind(Kind::Float);
    let fps = at_ends(positives.f_eq(0)?.f_to_kind(Kind::Int64)?)?;
    let tps = at_ends(positives)?;
    let precision = tps.f_divide(&tps.f_add(&fps)?)?;
    let recall = tps.f_divide(&tps.f_select(0, -1)?)?;
    let zero = Tensor::f_zeros([1], (Kind::Float, scores.device()))?;
    let n_groups = recall.size1()?;
    let before = Tensor::f_cat(&[&zero, &recall.f_narrow(0, 0, n_groups - 1)?], 0)?;
    let steps = recall.f_subtract(&before)?;
    steps.f_multiply(&precision)?.f_sum(Kind::Float)?.f_double_value(&[])
}
