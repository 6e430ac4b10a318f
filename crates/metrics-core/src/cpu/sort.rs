//! Sorting the packed samples of one bin, in cache.

use super::bins::Parts;
use super::radix;
use super::samples::{BLOCK, Key};
use super::simd;
use super::tally::{each, tally};
#[cfg(target_arch = "x86_64")]
use super::{avx2, sse2};

/// Below this length a comparison sort beats the set-up of the others.
const SMALL: usize = 32;
/// Up to this length keys and as many bins stay in the nearest caches.
const IN_CACHE: usize = 1 << 14;
/// Keys that a part of more should have.
const PART: usize = 1 << 10;
/// Times that a part may be split before digits are sorted: keys that crowd again and again.
const LEVELS: u32 = 3;
/// Places that keys may have to move on average after they were spread, before it is given up.
const MOVES: usize = 8;
/// Rounds in which neighbours are put in order: bins of up to as many keys are sorted by them.
const ROUNDS: usize = 4;

/// Memory that sorts share.
#[derive(Debug)]
pub(crate) struct Scratch<K> {
    gathered: Vec<K>,
    spread: Spread<K>,
}

impl<K> Default for Scratch<K> {
    fn default() -> Self {
        let spread = Spread { keys: Vec::new(), numbers: Vec::new(), ends: Vec::new() };
        Self { gathered: Vec::new(), spread }
    }
}

/// Sorts `n` keys by all bits but bit 0, the label, whose order among equal keys is left open. Returns
/// where the sorted keys are.
pub(crate) fn sort<'s, 'k, K: Key + 'k>(
    pieces: impl Iterator<Item = &'k [K]> + Clone,
    n: usize,
    scratch: &'s mut Scratch<K>,
) -> &'s [K] {
    let Scratch { gathered, spread } = scratch;
    if gathered.len() < n {
        gathered.resize(n, K::zero());
    }
    let gathered = &mut gathered[..n];
    let mut rest = &mut *gathered;
    for piece in pieces.clone() {
        let (to, later) = rest.split_at_mut(piece.len());
        to.copy_from_slice(piece);
        rest = later;
    }
    if sort_if_easy(gathered) {
        return gathered;
    }
    if n > IN_CACHE {
        split(pieces, gathered, spread, LEVELS);
        return gathered;
    }
    spread.sort(gathered)
}

/// Sorts keys that are few, or sorted already, one way or the other; returns whether they were.
fn sort_if_easy<K: Key>(keys: &mut [K]) -> bool {
    if keys.is_sorted_by(|&a, &b| a <= b | K::one()) {
        return true;
    }
    if keys.is_sorted_by(|&a, &b| a | K::one() >= b) {
        keys.reverse();
        return true;
    }
    if keys.len() < SMALL {
        keys.sort_unstable();
        return true;
    }
    false
}

/// Sorts keys of which nothing is known.
fn sort_any<K: Key>(keys: &mut [K]) {
    let (low, high) = extremes(keys);
    let n_bits = u64::BITS - (low ^ high).to_u64().leading_zeros();
    radix::sort(keys, 1..n_bits.max(1), &mut vec![K::zero(); keys.len()]);
}

/// Equal parts of the range of some keys.
#[derive(Debug, Clone, Copy)]
struct Bins<K> {
    low: K,
    parts: Parts,
    last: u32,
}

impl<K: Key> Bins<K> {
    #[inline(always)]
    fn new(keys: &[K], n_bins: usize) -> Self {
        let (low, high) = extremes(keys);
        let parts = Parts::new((high - low).to_u64(), n_bins);
        Self { low, parts, last: n_bins as u32 }
    }

    fn len(&self) -> usize {
        self.last as usize + 1
    }

    #[inline(always)]
    fn of(&self, keys: &[K], out: &mut [u32]) {
        for (out, &key) in out.iter_mut().zip(keys) {
            *out = self.parts.of(key - self.low).min(self.last);
        }
    }
}

/// Sorts keys that do not fit the cache, in parts that do. The pieces hold the same keys. The lowest
/// and the highest key are never in one part, so each has fewer keys; how many, the levels bound.
fn split<'k, K: Key + 'k>(
    pieces: impl Iterator<Item = &'k [K]> + Clone,
    keys: &mut [K],
    spread: &mut Spread<K>,
    n_levels: u32,
) {
    if n_levels == 0 {
        return sort_any(keys);
    }
    let bins = Bins::new(keys, keys.len() / PART);
    let mut ends = vec![0; bins.len()];
    let mut numbers = [0; BLOCK];
    let blocks = pieces.flat_map(|piece| piece.chunks(BLOCK));
    for block in blocks.clone() {
        simd::run(|| bins.of(block, &mut numbers));
        numbers[..block.len()].iter().for_each(|&part| ends[part as usize] += 1);
    }
    let mut position = 0;
    ends.iter_mut().for_each(|end| position += std::mem::replace(end, position));
    for block in blocks {
        simd::run(|| bins.of(block, &mut numbers));
        for (&part, &key) in numbers.iter().zip(block) {
            let end = &mut ends[part as usize];
            keys[*end] = key;
            *end += 1;
        }
    }
    let mut start = 0;
    for end in ends {
        let part = &mut keys[start..end];
        start = end;
        if sort_if_easy(part) {
            continue;
        }
        if part.len() > IN_CACHE {
            let copy = part.to_vec();
            split_again(&copy, part, spread, n_levels - 1);
        } else {
            part.copy_from_slice(spread.sort(part));
        }
    }
}

/// [`split`] of one piece: a function of its own, so that there are not ever more kinds of iterator.
fn split_again<K: Key>(piece: &[K], keys: &mut [K], spread: &mut Spread<K>, n_levels: u32) {
    split(std::iter::once(piece), keys, spread, n_levels);
}

/// Sorts keys that lie about evenly.
#[derive(Debug)]
struct Spread<K> {
    keys: Vec<K>,
    numbers: Vec<u32>,
    ends: Vec<u32>,
}

impl<K: Key> Spread<K> {
    /// One pass into as many bins as keys leaves each next to its place.
    fn sort(&mut self, keys: &[K]) -> &[K] {
        let n = keys.len();
        let Self { keys: moved, numbers, ends } = self;
        if moved.len() < n {
            moved.resize(n, K::zero());
            numbers.resize(n, 0);
        }
        let (moved, numbers) = (&mut moved[..n], &mut numbers[..n]);
        let n_bins = simd::run(|| {
            let bins = Bins::new(keys, n);
            bins.of(keys, numbers);
            bins.len()
        });
        distribute(keys, numbers, n_bins, ends, moved);
        sort_nearly(moved);
        moved
    }
}

/// Puts keys in the order of their bins, of which there are `n_bins`; `ends` becomes the end of each.
#[inline(never)]
#[allow(unsafe_code)]
pub(crate) fn distribute<K: Key>(
    keys: &[K],
    bins: &[u32],
    n_bins: usize,
    ends: &mut Vec<u32>,
    to: &mut [K],
) {
    assert!(bins.len() == keys.len() && to.len() == keys.len(), "a bin and a place for each key");
    assert!(keys.len() < u32::MAX as usize, "places that 32 bits count");
    ends.clear();
    ends.resize(n_bins, 0);
    tally(bins, ends);
    let mut position = 0;
    for end in ends.iter_mut() {
        position += std::mem::replace(end, position);
    }
    each(bins, |i, &bin| {
        // SAFETY: the bins were counted, so they are there. Each place is given out once, as often
        // as bins were counted: once for each key, and there are places for so many.
        unsafe {
            let end = ends.get_unchecked_mut(bin as usize);
            *to.get_unchecked_mut(*end as usize) = *keys.get_unchecked(i);
            *end += 1;
        }
    });
}

/// Sorts keys of which most are next to their places.
pub(crate) fn sort_nearly<K: Key>(keys: &mut [K]) {
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
        if n_moves > MOVES * keys.len() {
            return sort_any(keys);
        }
    }
}

/// Puts the first two keys in order, the next two, and so on: without branches, which would guess
/// wrong half the time.
fn sort_neighbours<K: Key>(keys: &mut [K]) {
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

/// A place from `start` on, up to which keys are in order.
fn first_descent<K: Key>(keys: &[K], start: usize) -> usize {
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
fn insert<K: Key>(keys: &mut [K], end: usize) -> usize {
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
fn extremes<K: Key>(keys: &[K]) -> (K, K) {
    keys.iter().fold((K::max_value(), K::zero()), |(low, high), &key| (low.min(key), high.max(key)))
}
