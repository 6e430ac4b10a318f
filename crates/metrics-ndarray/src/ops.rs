//! The primitive that reads an array in place, without a host tensor.

use metrics_core::Element;
use metrics_core::backend::ElementCheck;
use metrics_core::backend::index::first_position;
use ndarray::{ArrayViewD, Axis, Slice};

/// Reads each element of a broadcast axis once.
pub(crate) fn find_invalid<T: Element>(
    x: ArrayViewD<'_, T>,
    check: ElementCheck,
) -> Option<(usize, f64)> {
    let mut part = x.clone();
    for axis in 0..x.ndim() {
        if x.strides()[axis] == 0 && x.shape()[axis] > 1 {
            part.slice_axis_inplace(Axis(axis), Slice::from(..1));
        }
    }
    let mut position = 0;
    let (position, value) = part.iter().find_map(|x| {
        let found = (position, x.to_f64());
        position += 1;
        (!check.allows(found.1)).then_some(found)
    })?;
    Some((first_position(x.shape(), part.shape(), position), value))
}
