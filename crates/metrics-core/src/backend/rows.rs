//! Matrices in host memory, row by row.

use super::host_tensor::HostTensor;
use crate::cpu::radix;
use crate::element::dtype::Element;
use crate::error::Result;
use crate::reserve;

/// Positions that order a row from largest to smallest, in no particular order among equal values.
///
/// # Complexity
/// O(n) time, 32 bytes of extra memory an element. A reference: the metrics themselves rank through
/// the engine, without argsort.
///
/// # Errors
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
pub(super) fn argsort_descending<T: Element>(row: &[T]) -> Result<Vec<u64>> {
    let keyed = row.iter().enumerate();
    let keyed = keyed.map(|(i, x)| u128::from(!x.order_key()) << 64 | i as u128);
    let mut keyed = reserve::collected("argsort", keyed)?;
    let mut scratch = reserve::filled("argsort", row.len(), 0)?;
    radix::sort(&mut keyed, 64..128, &mut scratch);
    // The low half is the position.
    reserve::collected("argsort", keyed.into_iter().map(|keyed| keyed as u64))
}

/// Last position of each run of equal neighbours in a row.
///
/// # Errors
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
pub(super) fn group_ends<T: Element>(row: &[T]) -> Result<Vec<u64>> {
    // By key, since a thread may take all subnormals for equal.
    let differs = |next: &T, i: usize| next.order_key() != row[i].order_key();
    let ends_group = |i: usize| row.get(i + 1).is_none_or(|next| differs(next, i));
    let ends = || (0..row.len()).filter(|&i| ends_group(i)).map(|i| i as u64);
    let mut to = reserve::room("group_ends", ends().count())?;
    to.extend(ends());
    Ok(to)
}

/// The elements of a matrix, column by column.
///
/// Squares of it are read and written at once, so that both lie in the nearest cache.
///
/// # Errors
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
pub(super) fn transposed<T: Element>(data: &[T], n_columns: usize) -> Result<Vec<T>> {
    const SIDE: usize = 32;
    let Some(&first) = data.first() else { return Ok(Vec::new()) };
    let n_rows = data.len() / n_columns;
    let mut to = reserve::filled("transpose", data.len(), first)?;
    for top in (0..n_rows).step_by(SIDE) {
        for left in (0..n_columns).step_by(SIDE) {
            for row in top..n_rows.min(top + SIDE) {
                for column in left..n_columns.min(left + SIDE) {
                    to[column * n_rows + row] = data[row * n_columns + column];
                }
            }
        }
    }
    Ok(to)
}

/// Length of a row of a matrix.
pub(super) fn width(x: &HostTensor<'_>) -> usize {
    x.shape().last().copied().unwrap_or(0)
}

/// The rows of a matrix, also where they are empty.
pub(super) fn rows<'d, T>(data: &'d [T], x: &HostTensor<'_>) -> impl Iterator<Item = &'d [T]> {
    let (n_rows, width) = (x.shape().first().copied().unwrap_or(0), width(x));
    (0..n_rows).map(move |row| &data[row * width..(row + 1) * width])
}

#[cfg(test)]
mod tests {
    use super::{argsort_descending, group_ends, transposed};

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

    #[test]
    fn transposing_exchanges_rows_and_columns() {
        for [n_rows, n_columns] in [[0, 3], [1, 1], [1, 70], [70, 1], [33, 65], [64, 32]] {
            let data: Vec<u32> = (0..n_rows * n_columns).collect();
            let transposed = transposed(&data, n_columns as usize).unwrap();
            for (i, x) in transposed.iter().enumerate() {
                let (column, row) = (i as u32 / n_rows, i as u32 % n_rows);
                assert_eq!(*x, row * n_columns + column, "{n_rows} x {n_columns}");
            }
        }
    }
}
