//! The primitives on one row, for backends whose tensors lie in host memory.

use super::radix;
use crate::dtype::Element;

/// Positions that order a row from largest to smallest, in no particular order among equal values.
///
/// # Complexity
/// O(n) time, 32 bytes of extra memory an element. A reference: the metrics themselves rank through
/// the engine, without argsort.
pub fn argsort_descending<T: Element>(row: &[T]) -> Vec<u64> {
    let mut keyed: Vec<u128> = (0..)
        .zip(row)
        .map(|(position, x): (u64, _)| u128::from(!x.order_key()) << 64 | u128::from(position))
        .collect();
    let mut scratch = keyed.clone();
    radix::sort(&mut keyed, 64..128, &mut scratch);
    keyed.into_iter().map(|keyed| keyed as u64).collect()
}

/// Last position of each run of equal neighbours in a row.
pub fn group_ends<T: Element>(row: &[T]) -> Vec<u64> {
    let ends_group = |i: usize| row.get(i + 1).is_none_or(|next| *next != row[i]);
    (0..row.len()).filter(|&i| ends_group(i)).map(|i| i as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::{argsort_descending, group_ends};

    #[test]
    fn argsort_orders_infinities_and_zeros() {
        let row = [0.0, f64::INFINITY, -1.0, f64::NEG_INFINITY, 2.5];
        assert_eq!(argsort_descending(&row), [1, 4, 0, 2, 3]);
    }

    #[test]
    fn groups_end_where_the_value_changes() {
        let row = [f32::INFINITY, f32::INFINITY, 1.0, 0.0, -0.0];
        assert_eq!(group_ends(&row), [1, 2, 4]);
        assert!(group_ends::<f32>(&[]).is_empty());
    }
}
