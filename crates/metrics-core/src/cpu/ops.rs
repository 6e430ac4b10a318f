//! The primitives on one row, for backends whose tensors lie in host memory.

use std::cmp::Reverse;

use crate::dtype::Element;

/// Positions that order a row from largest to smallest, in no particular order among equal values.
///
/// # Complexity
/// O(n log n) time. A reference: the metrics themselves rank through the engine, without argsort.
pub fn argsort_descending<T: Element>(row: &[T]) -> Vec<u64> {
    let mut order: Vec<u64> = (0..row.len() as u64).collect();
    order.sort_unstable_by_key(|&i| Reverse(row[i as usize].order_key()));
    order
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
