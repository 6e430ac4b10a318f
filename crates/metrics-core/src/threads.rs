//! The one place that knows whether there are threads.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that a call may use.
pub(crate) fn available() -> usize {
    #[cfg(feature = "parallel")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "parallel"))]
    return 1;
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

/// Applies `f` to shares of `0..n`, each on a thread of its own if there are as many; results in any
/// order.
///
/// A thread takes the next range whenever it is done with one, so one that starts late or is slow takes
/// fewer of them. All but the last are multiples of a block long.
pub(crate) fn share<R: Send>(
    n: usize,
    n_shares: usize,
    block: usize,
    f: impl Fn(Share<'_>) -> R + Sync + Send,
) -> Vec<R> {
    let mean = n.div_ceil(n_shares.max(1));
    let step = (mean / STEPS).next_multiple_of(block).clamp(block, MAX_BLOCKS * block);
    let most = if n_shares > 1 { mean + mean / 4 } else { mean };
    let taken = AtomicUsize::new(0);
    let shares = vec![most.div_ceil(step); n_shares];
    map(shares, || (), |(), n_steps| f(Share { n, step, n_steps, taken: &taken }))
}

/// Ranges that a share of average length has at least, where they can be so short.
const STEPS: usize = 16;
/// Blocks of a range at most: to read so many takes far longer than to take a range.
pub(crate) const MAX_BLOCKS: usize = 32;

/// The ranges that one thread takes, in order.
#[derive(Debug)]
pub(crate) struct Share<'t> {
    n: usize,
    step: usize,
    /// Ranges it may still take.
    n_steps: usize,
    /// What all threads took.
    taken: &'t AtomicUsize,
}

impl Share<'_> {
    /// What its ranges have together at most.
    pub(crate) fn max_len(&self) -> usize {
        self.n.min(self.n_steps * self.step)
    }
}

impl Iterator for Share<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        self.n_steps = self.n_steps.checked_sub(1)?;
        let start = self.taken.fetch_add(self.step, Ordering::Relaxed);
        (start < self.n).then(|| start..self.n.min(start + self.step))
    }
}

/// What all shares made, or the error with the lowest position.
pub(crate) fn all_or_first<T, E>(
    shares: Vec<Result<T, E>>,
    position: impl Fn(&E) -> usize,
) -> Result<Vec<T>, E> {
    let (mut all, mut errors) = (Vec::with_capacity(shares.len()), Vec::new());
    for share in shares {
        match share {
            Ok(made) => all.push(made),
            Err(error) => errors.push(error),
        }
    }
    errors.into_iter().min_by_key(position).map_or(Ok(all), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_all_there_is() {
        for n in [0, 1, 10, 11, 159, 160, 161, 1000, 12_345] {
            for n_shares in [1, 2, 3, 7, 100] {
                let shares = share(n, n_shares, 10, |share| {
                    let max_len = share.max_len();
                    let ranges: Vec<_> = share.collect();
                    assert!(ranges.iter().map(Range::len).sum::<usize>() <= max_len);
                    assert!(ranges.iter().is_sorted_by_key(|range| range.start));
                    ranges
                });
                let mut all = shares.concat();
                all.sort_by_key(|range| range.start);
                assert!(all.iter().cloned().flatten().eq(0..n), "{n} in {n_shares}: {all:?}");
                assert!(all.iter().rev().skip(1).all(|range| range.len() % 10 == 0), "{all:?}");
            }
        }
    }
}
