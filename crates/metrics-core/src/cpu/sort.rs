//! Sorting the packed samples of one bin, in cache.

#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::bins::Parts;
use super::radix;
use super::samples::{BLOCK, Key};
use super::simd;

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
    keys: Vec<K>,
    numbers: Vec<u32>,
    next: Vec<u32>,
}

impl<K> Default for Scratch<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), numbers: Vec::new(), next: Vec::new() }
    }
}

/// Sorts by all bits but bit 0, the label, whose order among equal keys is left open. Returns where
/// the sorted keys are.
pub(crate) fn sort<'k, K: Key>(keys: &'k mut [K], scratch: &'k mut Scratch<K>) -> &'k [K] {
    if sort_if_easy(keys) {
        return keys;
    }
    if keys.len() > IN_CACHE {
        split(keys, scratch, LEVELS);
        return keys;
    }
    spread(keys, scratch)
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

/// Sorts keys that do not fit the cache, in parts that do. The lowest and the highest key are never in
/// one part, so each has fewer keys; how many, the levels bound.
fn split<K: Key>(keys: &mut [K], scratch: &mut Scratch<K>, n_levels: u32) {
    if n_levels == 0 {
        return sort_any(keys);
    }
    let bins = Bins::new(keys, keys.len() / PART);
    let mut ends = vec![0; bins.len()];
    let moved = keys.to_vec();
    let mut numbers = [0; BLOCK];
    for block in moved.chunks(BLOCK) {
        simd::run(|| bins.of(block, &mut numbers));
        numbers[..block.len()].iter().for_each(|&part| ends[part as usize] += 1);
    }
    let mut position = 0;
    ends.iter_mut().for_each(|end| position += std::mem::replace(end, position));
    for block in moved.chunks(BLOCK) {
        simd::run(|| bins.of(block, &mut numbers));
        for (&part, &key) in numbers.iter().zip(block) {
            let end = &mut ends[part as usize];
            keys[*end] = key;
            *end += 1;
        }
    }
    drop(moved);
    let mut start = 0;
    for end in ends {
        let part = &mut keys[start..end];
        start = end;
        if sort_if_easy(part) {
            continue;
        }
        if part.len() > IN_CACHE {
            split(part, scratch, n_levels - 1);
        } else {
            part.copy_from_slice(spread(part, scratch));
        }
    }
}

/// Sorts keys that lie about evenly: one pass into as many bins as keys leaves each next to its place.
fn spread<'s, K: Key>(keys: &[K], scratch: &'s mut Scratch<K>) -> &'s [K] {
    let n = keys.len();
    let Scratch { keys: moved, numbers, next } = scratch;
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
    next.clear();
    next.resize(n_bins, 0);
    distribute(keys, numbers, next, moved);
    sort_nearly(moved);
    moved
}

/// Puts keys in the order of their bins. `next` must be zeros, one for each bin; it becomes the end
/// of each bin.
#[inline(never)]
pub(crate) fn distribute<K: Key>(keys: &[K], bins: &[u32], next: &mut [u32], to: &mut [K]) {
    for &bin in bins {
        next[bin as usize] += 1;
    }
    let mut position = 0;
    for next in next.iter_mut() {
        position += std::mem::replace(next, position);
    }
    for (&bin, &key) in bins.iter().zip(keys) {
        let next = &mut next[bin as usize];
        to[*next as usize] = key;
        *next += 1;
    }
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
    if simd::has_avx2()
        && let Some(keys) = K::narrow_mut(keys)
    {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        return unsafe { avx2::sort_neighbours(keys) };
    }
    for pair in keys.as_chunks_mut::<2>().0 {
        *pair = [pair[0].min(pair[1]), pair[0].max(pair[1])];
    }
}

/// A place from `start` on, up to which keys are in order.
fn first_descent<K: Key>(keys: &[K], start: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    if simd::has_avx2()
        && let Some(keys) = K::narrow(keys)
    {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        return unsafe { avx2::first_descent(keys, start) };
    }
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
