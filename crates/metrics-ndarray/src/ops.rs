//! The primitives on typed arrays.

use metrics_core::{Element, Result, Rule, cpu};
use ndarray::{Array1, Array2, ArrayBase, ArrayD, ArrayRef2, Axis, Data, Ix2, IxDyn};

use crate::error::refused;

/// A dynamic array as a matrix.
pub(crate) fn matrix<S: Data>(
    op: &'static str,
    x: ArrayBase<S, IxDyn>,
) -> Result<ArrayBase<S, Ix2>> {
    x.into_dimensionality().map_err(refused(op))
}

pub(crate) fn find_invalid<'x, T: Element>(
    mut x: impl Iterator<Item = &'x T>,
    rule: Rule,
) -> Option<(usize, f64)> {
    let mut position = 0;
    x.find_map(|x| {
        let found = (position, x.to_f64());
        position += 1;
        (!rule.allows(found.1)).then_some(found)
    })
}

pub(crate) fn argsort_descending<T: Element>(x: &ArrayRef2<T>) -> Array2<u64> {
    by_rows(x, |row| cpu::argsort_descending(&row))
}

pub(crate) fn group_ends<T: Element>(x: &ArrayRef2<T>) -> Array2<u64> {
    by_rows(x, |row| cpu::group_ends(&row))
}

pub(crate) fn gather<T: Element>(x: &ArrayRef2<T>, index: &ArrayRef2<u64>) -> ArrayD<T> {
    Array2::from_shape_fn(index.dim(), |(row, i)| x[[row, index[[row, i]] as usize]]).into_dyn()
}

pub(crate) fn cumsum<T: Element>(x: &ArrayRef2<T>) -> ArrayD<u64> {
    let mut sums = x.map(|x| x.to_f64() as u64);
    sums.accumulate_axis_inplace(Axis(1), |&before, sum| *sum += before);
    sums.into_dyn()
}

pub(crate) fn bucket<T: Element>(x: &ArrayRef2<T>, num_thresholds: usize) -> Array2<u64> {
    x.map(|p| cpu::bucket_of(p.to_f64(), num_thresholds) as u64)
}

pub(crate) fn bincount<T: Element>(
    index: &ArrayRef2<u64>,
    targets: &ArrayRef2<T>,
    n_bins: usize,
) -> [Vec<u64>; 2] {
    let mut counts = [vec![0; n_bins], vec![0; n_bins]];
    for (&bin, target) in index.iter().zip(targets) {
        counts[usize::from(target.to_f64() == 1.0)][bin as usize] += 1;
    }
    counts
}

/// A matrix whose rows are made from those of another; all must come out equally long.
fn by_rows<T: Element>(x: &ArrayRef2<T>, f: impl Fn(Vec<T>) -> Vec<u64>) -> Array2<u64> {
    let rows: Vec<_> = x.rows().into_iter().map(|row| Array1::from(f(row.to_vec()))).collect();
    let width = rows.first().map_or(0, Array1::len);
    let mut out = Array2::zeros((rows.len(), width));
    out.rows_mut().into_iter().zip(&rows).for_each(|(mut out, row)| out.assign(row));
    out
}
