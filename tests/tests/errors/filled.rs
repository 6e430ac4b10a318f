//! Tensors whose shape is all that matters.

use tensor_metrics::HostTensor;

use crate::given::tensor;

/// A tensor of this shape; its first element is 0, then 1 and 0 take turns: valid for anything.
pub(crate) fn filled(shape: &[usize]) -> HostTensor<'static> {
    let data: Vec<f32> = (0..shape.iter().product()).map(|i| (i % 2) as f32).collect();
    tensor(&data, shape)
}
