//! Matrices in host memory, row by row.

use super::host_tensor::HostTensor;
use super::strided::Strided;
use crate::cpu::radix;
use crate::element::dtype::Element;
use crate::error::Result;
use crate::reserve;

/// Positions that order a row from largest to smallest; the order among equal values is unspecified.
///
/// # Complexity
/// O(n) time, 32 bytes of extra memory per element. It is a reference: metrics rank with the engine,
/// which does not use argsort.
///
/// # Errors
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
pub(super) fn argsort_descending<T: Element>(row: &[T]) -> Result<Vec<u64>> {
    let keyed = row.iter().enumerate();
    let keyed = keyed.map(|(i, x)| u128::from(!x.order_key()) << 64 | i as u128);
    let mut keyed = reserve::collected("argsort", keyed)?;
    let mut scratch = reserve::filled("argsort", row.len(), 0)?;
    radix::sort(&mut keyed, 64..128, &mut scratch);
    // The low 64 bits are the position.
    reserve::collected("argsort", keyed.into_iter().map(|keyed| keyed as u64))
}

/// Last position of each run of equal neighbours in a row.
///
/// # Errors
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
pub(super) fn group_ends<T: Element>(row: &[T]) -> Result<Vec<u64>> {
    // By key: in a mode with denormals-are-zero all subnormals would be equal.
    let differs = |next: &T, i: usize| next.order_key() != row[i].order_key();
    let ends_group = |i: usize| row.get(i + 1).is_none_or(|next| differs(next, i));
    let ends = || (0..row.len()).filter(|&i| ends_group(i)).map(|i| i as u64);
    let mut to = reserve::room("group_ends", ends().count())?;
    to.extend(ends());
    Ok(to)
}

/// Elements of a matrix that lie apart by strides, from one on, copied.
///
/// # Errors
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
///
/// # Panics
/// Where one of them is beyond the end: shapes are checked before.
pub(super) fn part<T: Element>(
    op: &'static str,
    data: &[T],
    start: usize,
    shape: &[usize],
    strides: &[isize],
) -> Result<Vec<T>> {
    let part = Strided::of_slice(data, start, shape, strides);
    part.expect("a part of a matrix lies in it").to_vec(op)
}

/// Length of a row of a matrix.
pub(super) fn width(x: &HostTensor<'_>) -> usize {
    x.shape().last().copied().unwrap_or(0)
}

/// The rows of a matrix, even if they are empty.
pub(super) fn rows<'d, T>(data: &'d [T], x: &HostTensor<'_>) -> impl Iterator<Item = &'d [T]> {
    let (n_rows, width) = (x.shape().first().copied().unwrap_or(0), width(x));
    (0..n_rows).map(move |row| &data[row * width..(row + 1) * width])
}

#[cfg(test)]
mod tests {
    use super::{argsort_descending, group_ends};

    #[test]
    fn argsort_orders_infinities_and_zeros() {
        let row = [0.0, f64::INFINITY, -1.0, f64::NEG_INFINITY, 2.5];
        assert_eq!(argsort_descending(&row).unwrap(), [1, 4, 0, 2, 3]);
    }

    #[test]
    fn groups_end_where_the_value_changes() {
        let row = [f32::INFINITY, f32::INFINITY, 1.0, 0.0, -0.0];
        assert_eq!(group_ends(&row).unwrap(), [1, 2, 4]);
        assert!(group_ends::<f32>(&[]).unwrap().is_empty());
    }
}
