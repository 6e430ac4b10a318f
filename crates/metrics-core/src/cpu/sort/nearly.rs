//! Sorting keys that are nearly sorted: neighbours are put in order, then the few keys that are still out of
//! place are inserted.

use super::{FREE_MOVES, ROUNDS};
use crate::arith::simd;
use crate::cpu::word::Word;
#[cfg(target_arch = "x86_64")]
use crate::cpu::{avx2, sse2};

/// Sorts keys of which most are near their places; returns whether they were. If not, every key is still in
/// its bin, since only keys in the wrong order were exchanged.
pub(super) fn sort_nearly<K: Word>(keys: &mut [K], moves: usize) -> bool {
    for round in 0..ROUNDS {
        sort_neighbours(&mut keys[round % 2..]);
    }
    let (mut end, mut n_moves) = (0, 0);
    while end + 1 < keys.len() {
        end = first_descent(keys, end) + 1;
        for _ in 0..8.min(keys.len() - end) {
            n_moves += insert(keys, end);
            end += 1;
        }
        end -= 1;
        // Crowds soon exceed this.
        if n_moves > moves * end + FREE_MOVES {
            return false;
        }
    }
    true
}

/// Puts the first two keys in order, the next two, and so on, without branches, half of which would be
/// mispredicted.
fn sort_neighbours<K: Word>(keys: &mut [K]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(keys) = K::narrow_mut(keys) {
        if !simd::has_avx2() {
            return sse2::sort_neighbours(keys);
        }
        // SAFETY: the processor has what vector code is compiled for.
        #[allow(unsafe_code)]
        return unsafe { avx2::sort_neighbours(keys) };
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(keys) = K::wide_mut(keys)
        && simd::has_avx2()
    {
        // SAFETY: the processor has what vector code is compiled for.
        #[allow(unsafe_code)]
        return unsafe { avx2::sort_wide_neighbours(keys) };
    }
    for pair in keys.as_chunks_mut::<2>().0 {
        *pair = [pair[0].min(pair[1]), pair[0].max(pair[1])];
    }
}

/// A position from `start` on, up to which keys are in order.
fn first_descent<K: Word>(keys: &[K], start: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(keys) = K::narrow(keys) {
        if !simd::has_avx2() {
            return sse2::first_descent(keys, start);
        }
        // SAFETY: the processor has what vector code is compiled for.
        #[allow(unsafe_code)]
        return unsafe { avx2::first_descent(keys, start) };
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(keys) = K::wide(keys)
        && simd::has_avx2()
    {
        // SAFETY: the processor has what vector code is compiled for.
        #[allow(unsafe_code)]
        return unsafe { avx2::first_wide_descent(keys, start) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = keys;
    start
}

/// Moves a key down to its place among those before it; returns how far.
#[inline(always)]
fn insert<K: Word>(keys: &mut [K], end: usize) -> usize {
    let key = keys[end];
    let mut at = end;
    while at > 0 && keys[at - 1] > key | K::one() {
        keys[at] = keys[at - 1];
        at -= 1;
    }
    keys[at] = key;
    end - at
}

#[inline(always)]
pub(super) fn extremes<K: Word>(keys: &[K]) -> (K, K) {
    keys.iter().fold((K::max_value(), K::zero()), |(low, high), &key| (low.min(key), high.max(key)))
}
