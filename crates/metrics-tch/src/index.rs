//! The indices of the primitives.

use metrics_core::backend::IndexShape;
use metrics_core::{Backend, Error, Result};
use tch::Tensor;

use crate::Tch;
use crate::tensor::Shared;

/// Positions in the rows of a matrix, or buckets. Only the primitives of [`Tch`] make one: libtorch's
/// kernels on a device abort the process at a number out of range.
///
/// ```
/// use metrics_core::backend::Primitives;
/// use metrics_core::ToTensor;
/// use metrics_tch::Tch;
/// use tch::Tensor;
///
/// let scores = Tensor::from_slice2(&[[0.2f32, 0.9, 0.4]]).to_tensor();
/// let order = Tch::cpu().argsort_descending(&scores)?;
/// assert_eq!(Tch::cpu().download_index(&order)?, [1, 2, 0]);
/// let sorted = Tch::cpu().gather(&scores, &order)?;
/// assert_eq!(sorted.as_ref().double_value(&[0, 0]), f64::from(0.9f32));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TchIndex {
    /// Kind `Int64`, of this shape.
    numbers: Shared,
    shape: IndexShape,
}

impl TchIndex {
    pub(crate) fn new(numbers: Tensor, shape: IndexShape) -> Self {
        Self { numbers: Shared(numbers), shape }
    }

    pub(crate) fn numbers(&self) -> &Tensor {
        &self.numbers.0
    }

    pub(crate) fn shape(&self) -> IndexShape {
        self.shape
    }

    /// Checks that a tensor is on the device of the matrix that this index was made of.
    pub(crate) fn check_device(&self, op: &'static str, x: &Shared) -> Result<()> {
        let (ours, theirs) = (Tch::of(&self.numbers).device(), Tch::of(x).device());
        if ours == theirs {
            return Ok(());
        }
        let (scores, device) = (theirs.into_owned(), ours.into_owned());
        Err(Error::DeviceMismatch { op, scores, what: "indices", device })
    }
}
