//! The one place that knows whether there are threads.

use std::ops::Range;

/// Threads that a call may use.
pub(crate) fn available() -> usize {
    #[cfg(feature = "parallel")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "parallel"))]
    return 1;
}

/// `0..n` in at most `n_parts` ranges of about the same length, in order.
pub(crate) fn split(n: usize, n_parts: usize) -> Vec<Range<usize>> {
    let step = n.div_ceil(n_parts.max(1)).max(1);
    (0..n).step_by(step).map(|start| start..(start + step).min(n)).collect()
}

/// Applies `f` to every item, on several threads if there are several items; results in order.
///
/// Each thread makes itself one scratch value.
pub(crate) fn map<T: Send, S, R: Send>(
    items: Vec<T>,
    scratch: impl Fn() -> S + Sync + Send,
    f: impl Fn(&mut S, T) -> R + Sync + Send,
) -> Vec<R> {
    #[cfg(feature = "parallel")]
    if items.len() > 1 && available() > 1 {
        use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
        return items.into_par_iter().with_max_len(8).map_init(scratch, f).collect();
    }
    let mut own = scratch();
    items.into_iter().map(|item| f(&mut own, item)).collect()
}
