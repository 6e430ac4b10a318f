//! Work on several threads, through rayon, or on this one without the feature `parallel`.

use std::ops::Range;

use crate::arith::sync::{AtomicUsize, Ordering};

#[cfg(feature = "parallel")]
use crate::arith::float_mode::{in_callers_mode, in_default_mode};

/// Threads that a call may use.
pub(crate) fn available() -> usize {
    #[cfg(feature = "parallel")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "parallel"))]
    return 1;
}

/// Applies `f` to every item, on several threads if there are several items; results in order.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, f: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    #[cfg(feature = "parallel")]
    if items.len() > 1 && available() > 1 {
        use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
        // Each thread of the pool may be in any floating-point mode.
        let f = |item| in_default_mode(|| f(item));
        return in_callers_mode(|| items.into_par_iter().with_max_len(8).map(f).collect());
    }
    items.into_iter().map(f).collect()
}

/// Elements of a list that a thread writes at once.
const PER_WRITE: usize = 1 << 15;

/// Applies `f` to each part of a list with the position of its first element, on several threads if there are
/// several parts.
pub(crate) fn write<T: Send>(list: &mut [T], f: impl Fn(usize, &mut [T]) + Sync + Send) {
    let parts = list.chunks_mut(PER_WRITE).enumerate().collect();
    map(parts, |(number, part): (usize, &mut [T])| f(PER_WRITE * number, part));
}

/// Applies `f` to shares of `0..n`, each on its own thread if there are as many threads; results in any
/// order.
///
/// A thread takes the next `step` positions when it has finished some, so a late or slow thread takes fewer.
pub(crate) fn share<R: Send>(
    n: usize,
    n_shares: usize,
    step: usize,
    f: impl Fn(Share<'_>) -> R + Sync + Send,
) -> Vec<R> {
    let taken = AtomicUsize::new(0);
    let share = || Share { n, step, left: n, taken: &taken };
    map(vec![(); n_shares], |()| f(share()))
}

/// The ranges that one thread takes, in order.
#[derive(Debug)]
pub(crate) struct Share<'t> {
    n: usize,
    step: usize,
    /// The most positions that it may still take.
    left: usize,
    /// The positions that all threads have taken.
    taken: &'t AtomicUsize,
}

impl Share<'_> {
    /// Takes at most `n` positions, up to the end of a range.
    pub(crate) fn at_most(self, n: usize) -> Self {
        Self { left: n, ..self }
    }

    /// The most positions of its ranges together.
    pub(crate) fn max_len(&self) -> usize {
        self.left.next_multiple_of(self.step).min(self.n)
    }
}

impl Iterator for Share<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.left == 0 {
            return None;
        }
        let start = self.taken.fetch_add(self.step, Ordering::Relaxed);
        self.left = self.left.saturating_sub(self.step);
        (start < self.n).then(|| start..self.n.min(start + self.step))
    }
}

/// The results of all shares, or the error with the lowest position.
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
        for n in [0usize, 1, 10, 11, 159, 160, 161, 1000, 12_345] {
            for n_shares in [1, 2, 3, 7, 100] {
                for most in [n.div_ceil(n_shares), n] {
                    let shares = share(n, n_shares, 10, |share| {
                        let share = share.at_most(most);
                        let max_len = share.max_len();
                        let ranges: Vec<_> = share.collect();
                        assert!(ranges.iter().map(Range::len).sum::<usize>() <= max_len);
                        assert!(ranges.iter().is_sorted_by_key(|range| range.start));
                        ranges
                    });
                    let mut all = shares.concat();
                    all.sort_by_key(|range| range.start);
                    assert!(all.iter().cloned().flatten().eq(0..n), "{n} in {n_shares}: {all:?}");
                    assert!(all.iter().rev().skip(1).all(|range| range.len() == 10), "{all:?}");
                }
            }
        }
    }
}

#[cfg(all(test, loom))]
mod models {
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;

    use super::*;

    /// In every order of three threads, exactly one thread takes each position: loom panics where two threads
    /// write to one cell and nothing orders them.
    #[test]
    fn every_range_is_taken_once() {
        const STEP: usize = 2;
        for n in [3, 4, 5] {
            loom::model(move || {
                let taken = Arc::new(AtomicUsize::new(0));
                let cells = Arc::new([(); 5].map(|()| UnsafeCell::new(0)));
                let work = move |taken: &AtomicUsize, cells: &[UnsafeCell<i32>; 5]| {
                    let share = Share { n, step: STEP, left: n, taken };
                    for position in share.at_most(n.div_ceil(2)).flatten() {
                        // SAFETY: loom says whether another thread reads or writes here.
                        #[allow(unsafe_code)]
                        cells[position].with_mut(|cell| unsafe { *cell += 1 });
                    }
                };
                let others: Vec<_> = (0..2)
                    .map(|_| {
                        let (taken, cells) = (Arc::clone(&taken), Arc::clone(&cells));
                        loom::thread::spawn(move || work(&taken, &cells))
                    })
                    .collect();
                work(&taken, &cells);
                others.into_iter().for_each(|other| other.join().expect("no panic"));
                for (position, cell) in cells.iter().enumerate() {
                    // SAFETY: the other threads have ended.
                    #[allow(unsafe_code)]
                    let times = cell.with(|cell| unsafe { *cell });
                    assert_eq!(times, i32::from(position < n), "position {position} of {n}");
                }
            });
        }
    }
}
