//! Sorting the packed samples of one bin, in cache.

mod nearly;

use std::hash::{BuildHasher, RandomState};

use nearly::{extremes, sort_nearly};

use super::bins::Parts;
use super::ladder::{Ladder, flip};
use super::radix;
use super::samples::BLOCK;
use super::tally::{each, tally};
use super::word::Word;
use crate::arith::simd;

/// Below this length a comparison sort is faster than the set-up of the others.
const MAX_COMPARED: usize = 32;
/// Up to this length, keys and as many bins fit the nearest caches.
const IN_CACHE: usize = 1 << 14;
/// Keys that a part should have where there are more keys than that.
const PART: usize = 1 << 10;
/// Most parts of equal width: writing to more places at once is slow.
const MAX_PARTS: usize = 1 << 11;
/// Most rungs of a ladder: more leave the near caches.
const MAX_RUNGS: usize = 1 << 10;
/// Random keys from which the distribution is guessed.
const N_RANDOM: usize = 1 << 10;
/// On each side one in this many of the random keys may be an outlier.
const FAR_OUT: usize = 32;
/// Parts are uneven if the pairs of keys in one part are more than this many times the expected number.
const UNEVEN: u64 = 4;
/// Random keys for each rung of a ladder.
const RANDOM_PER_RUNG: usize = 8;
/// Most times that a part is split before its digits are sorted.
const LEVELS: u32 = 3;
/// Most keys of a bin that is not crowded: more would be more than a few moves from their places.
const CROWD: usize = 16;
/// Crowds of fewer keys are sorted by comparison.
const MAX_CROWD_COMPARED: usize = 256;
/// Most times that a crowd is spread before its digits are sorted.
const LEVELS_OF_CROWDS: u32 = 1;
/// Most places that keys may move on average after they were spread: before crowds are sorted, and after.
const MOVES: usize = 2;
const MOVES_AFTER_CROWDS: usize = 8;
/// Places that all keys together may move in any case.
const FREE_MOVES: usize = 256;
/// Rounds in which neighbours are put in order: they sort bins of at most as many keys.
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

/// Sorts `n` keys by all bits except bit 0, the label, whose order among equal keys is unspecified. Returns
/// the sorted keys, which lie in `scratch`.
pub(crate) fn sort<'s, 'k, K: Word + 'k>(
    pieces: impl Iterator<Item = &'k [K]> + Clone,
    n: usize,
    scratch: &'s mut Scratch<K>,
) -> &'s [K] {
    let Scratch { gathered, spread } = scratch;
    gathered.clear();
    gathered.reserve(n);
    pieces.clone().for_each(|piece| gathered.extend_from_slice(piece));
    if sort_if_easy(gathered) {
        return gathered;
    }
    if n > IN_CACHE {
        split(pieces, gathered, spread, LEVELS);
        return gathered;
    }
    spread.sort(gathered)
}

/// Sorts keys that are few, or already in ascending or descending order; returns whether they were.
fn sort_if_easy<K: Word>(keys: &mut [K]) -> bool {
    if keys.is_sorted_by(|&a, &b| a <= b | K::one()) {
        return true;
    }
    if keys.is_sorted_by(|&a, &b| a | K::one() >= b) {
        keys.reverse();
        return true;
    }
    if keys.len() < MAX_COMPARED {
        keys.sort_unstable();
        return true;
    }
    false
}

/// Sorts keys of any distribution, after another way turned out to be slow.
fn sort_any<K: Word>(keys: &mut [K]) {
    #[cfg(test)]
    GIVEN_UP.set(GIVEN_UP.get() + 1);
    sort_digits(keys, &mut vec![K::zero(); keys.len()]);
}

#[cfg(test)]
thread_local! {
    /// How often this thread gave up another way of sorting.
    pub(super) static GIVEN_UP: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Sorts the digits in which keys differ; `scratch` is as long as they are.
fn sort_digits<K: Word>(keys: &mut [K], scratch: &mut [K]) {
    let (low, high) = extremes(keys);
    let n_bits = K::BITS - (low ^ high).leading_zeros();
    radix::sort(keys, 1..n_bits.max(1), scratch);
}

/// Parts of equal width of a range of keys.
#[derive(Debug, Clone, Copy)]
struct RangeParts<K> {
    low: K,
    high: K,
    parts: Parts,
    last: u32,
}

impl<K: Word> RangeParts<K> {
    #[inline(always)]
    fn new(keys: &[K], n_bins: usize) -> Self {
        let (low, high) = extremes(keys);
        Self::between(low, high, n_bins)
    }

    #[inline(always)]
    fn between(low: K, high: K, n_bins: usize) -> Self {
        let parts = Parts::new(high - low, n_bins);
        Self { low, high, parts, last: n_bins as u32 }
    }

    fn len(&self) -> usize {
        self.last as usize + 1
    }

    /// The part of each key; all must be in the range.
    #[inline(always)]
    fn of(&self, keys: &[K], out: &mut [u32]) {
        for (out, &key) in out.iter_mut().zip(keys) {
            *out = self.parts.of(key - self.low).min(self.last);
        }
    }

    /// The part of each key; keys beyond the range are in the first or the last part.
    #[inline(always)]
    fn of_any(&self, keys: &[K], out: &mut [u32]) {
        for (out, &key) in out.iter_mut().zip(keys) {
            *out = self.parts.of(key.max(self.low).min(self.high) - self.low).min(self.last);
        }
    }

    /// Whether no part has far more of these few keys than others.
    fn are_even(&self, keys: &[K]) -> bool {
        let (mut counts, mut numbers) = (vec![0u64; self.len()], [0; BLOCK]);
        for keys in keys.chunks(BLOCK) {
            self.of_any(keys, &mut numbers);
            numbers[..keys.len()].iter().for_each(|&number| counts[number as usize] += 1);
        }
        let n = keys.len() as u64;
        let n_pairs: u64 = counts.iter().map(|count| count * count).sum();
        n_pairs <= UNEVEN * (n + n * n / self.len() as u64)
    }
}

/// A way to split keys into parts, from low keys to high ones.
enum Splitter<K> {
    /// Parts of equal width.
    Equal(RangeParts<K>),
    /// Parts between random keys, and one for each of these keys. They have about equally many keys,
    /// whatever the distribution.
    Ladder(Ladder<K>),
}

impl<K: Word> Splitter<K> {
    /// Parts of equal width, unless the keys crowd in some of them.
    fn new(keys: &[K]) -> Self {
        // Equal keys need no sorting, so a part may have many of them.
        let mut some = random_keys(keys, N_RANDOM);
        some.dedup();
        let (low, high) = simd::run(|| extremes(keys));
        let far_out = some.len() / FAR_OUT;
        let n_bins = (keys.len() / PART).min(MAX_PARTS);
        for (low, high) in [(low, high), (some[far_out], some[some.len() - 1 - far_out])] {
            let bins = RangeParts::between(low, high, n_bins);
            // If one key makes up half of them, it needs a part of its own, which only a ladder has.
            if some.len() > N_RANDOM / 2 && bins.are_even(&some) {
                return Self::Equal(bins);
            }
        }
        let n_rungs = (keys.len() / PART).min(MAX_RUNGS);
        let some = random_keys(keys, RANDOM_PER_RUNG * n_rungs);
        let rungs = some.into_iter().skip(RANDOM_PER_RUNG / 2).step_by(RANDOM_PER_RUNG);
        let mut rungs: Vec<K> = rungs.collect();
        rungs.dedup();
        let n_rungs = rungs.len();
        Self::Ladder(Ladder::new(rungs, n_rungs))
    }

    fn len(&self) -> usize {
        match self {
            Self::Equal(bins) => bins.len(),
            Self::Ladder(ladder) => ladder.n_slots(),
        }
    }

    /// The part of each key of a block.
    fn of(&self, keys: &[K], out: &mut [u32; BLOCK]) {
        let out = &mut out[..keys.len()];
        match self {
            Self::Equal(bins) => simd::run(|| bins.of_any(keys, out)),
            Self::Ladder(ladder) => {
                let mut unlabelled = [K::zero(); BLOCK];
                let unlabelled = &mut unlabelled[..keys.len()];
                simd::run(|| {
                    for (unlabelled, &key) in unlabelled.iter_mut().zip(keys) {
                        *unlabelled = flip(key | K::one());
                    }
                });
                ladder.find(unlabelled, out);
            }
        }
    }
}

/// Some random keys, sorted, all with label 1. They are random so that no input can be made to avoid them.
fn random_keys<K: Word>(keys: &[K], n: usize) -> Vec<K> {
    let mut random = RandomState::new().hash_one(n) | 1;
    let mut some: Vec<K> = (0..n)
        .map(|_| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let position = (u128::from(random) * keys.len() as u128) >> u64::BITS;
            keys[position as usize] | K::one()
        })
        .collect();
    some.sort_unstable();
    some
}

/// Sorts keys that do not fit the cache, in parts that do. `pieces` and `keys` hold the same keys. The lowest
/// and the highest key are never in one part, so each part has fewer keys; `n_levels` limits the recursion.
fn split<'k, K: Word + 'k>(
    pieces: impl Iterator<Item = &'k [K]> + Clone,
    keys: &mut [K],
    spread: &mut Spread<K>,
    n_levels: u32,
) {
    if n_levels == 0 {
        return sort_any(keys);
    }
    let splitter = Splitter::new(keys);
    let mut ends = vec![0; splitter.len()];
    let mut numbers = [0; BLOCK];
    const { assert!(2 * (MAX_RUNGS + 1) <= 1 << 16 && MAX_PARTS < 1 << 16, "16 bits number parts") }
    let mut parts: Vec<u16> = Vec::with_capacity(keys.len());
    let blocks = pieces.flat_map(|piece| piece.chunks(BLOCK));
    for block in blocks.clone() {
        splitter.of(block, &mut numbers);
        numbers[..block.len()].iter().for_each(|&part| ends[part as usize] += 1);
        parts.extend(numbers[..block.len()].iter().map(|&part| part as u16));
    }
    let mut position = 0;
    ends.iter_mut().for_each(|end| position += std::mem::replace(end, position));
    for (&part, &key) in parts.iter().zip(blocks.flatten()) {
        let end = &mut ends[usize::from(part)];
        keys[*end] = key;
        *end += 1;
    }
    drop(parts);
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
            let sorted = spread.sort(part);
            part.copy_from_slice(sorted);
        }
    }
}

/// [`split`] of one piece. A function of its own, since a nested call of `split` would have a new iterator
/// type on each level.
fn split_again<K: Word>(piece: &[K], keys: &mut [K], spread: &mut Spread<K>, n_levels: u32) {
    split(std::iter::once(piece), keys, spread, n_levels);
}

/// Sorts keys that are about evenly distributed.
#[derive(Debug)]
struct Spread<K> {
    keys: Vec<K>,
    numbers: Vec<u32>,
    ends: Vec<u32>,
}

impl<K: Word> Spread<K> {
    /// Sorts by one pass into as many bins as keys, which leaves each key near its place. The given slice is
    /// overwritten.
    fn sort(&mut self, keys: &mut [K]) -> &[K] {
        let n = keys.len();
        let Self { keys: moved, numbers, ends } = self;
        if moved.len() < n {
            moved.resize(n, K::zero());
            numbers.resize(n, 0);
        }
        let (moved, numbers) = (&mut moved[..n], &mut numbers[..n]);
        spread(keys, numbers, ends, moved);
        sort_in_bins(moved, ends, 0, keys, numbers);
        moved
    }
}

/// Puts keys into as many bins as there are keys.
fn spread<K: Word>(keys: &[K], numbers: &mut [u32], ends: &mut Vec<u32>, to: &mut [K]) {
    let n_bins = simd::run(|| {
        let bins = RangeParts::new(keys, keys.len());
        bins.of(keys, numbers);
        bins.len()
    });
    distribute(keys, numbers, n_bins, ends, to);
}

/// Puts keys in the order of their bins; `ends` becomes the end of each of the `n_bins` bins.
#[inline(never)]
#[allow(unsafe_code)]
pub(crate) fn distribute<K: Word>(
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
        // SAFETY: `tally` checked that each bin is below `n_bins`. Each key gets its own place, below the
        // number of keys, and `to` is as long as `keys`, as asserted.
        unsafe {
            let end = ends.get_unchecked_mut(bin as usize);
            *to.get_unchecked_mut(*end as usize) = *keys.get_unchecked(i);
            *end += 1;
        }
    });
}

/// Sorts keys that lie in bins, from low to high. The ends of the bins are `ends`, less `start`. `scratch` and
/// `numbers` are as long as the keys.
pub(crate) fn sort_in_bins<K: Word>(
    keys: &mut [K],
    ends: &[u32],
    start: usize,
    scratch: &mut [K],
    numbers: &mut [u32],
) {
    if !sort_nearly(keys, MOVES) {
        sort_crowds(keys, ends, start, scratch, numbers, LEVELS_OF_CROWDS);
        if !sort_nearly(keys, MOVES_AFTER_CROWDS) {
            sort_any(keys);
        }
    }
}

/// Sorts the bins with many keys. Bins with few keys are left: their keys are near their places.
#[cold]
fn sort_crowds<K: Word>(
    keys: &mut [K],
    ends: &[u32],
    start: usize,
    scratch: &mut [K],
    numbers: &mut [u32],
    n_levels: u32,
) {
    let mut at = 0;
    for end in ends.iter().map(|&end| end as usize - start) {
        let crowd = &mut keys[std::mem::replace(&mut at, end)..end];
        if crowd.len() <= CROWD {
            continue;
        }
        let first = crowd[0];
        let differing = simd::run(|| crowd.iter().fold(K::zero(), |all, &key| all | key ^ first));
        if differing <= K::one() {
            continue;
        }
        if crowd.len() < MAX_CROWD_COMPARED {
            crowd.sort_unstable();
        } else if n_levels == 0 {
            sort_digits(crowd, scratch);
        } else {
            let (scratch, numbers) = (&mut scratch[..crowd.len()], &mut numbers[..crowd.len()]);
            let mut ends = Vec::new();
            spread(crowd, numbers, &mut ends, scratch);
            crowd.copy_from_slice(scratch);
            sort_crowds(crowd, &ends, 0, scratch, numbers, n_levels - 1);
        }
    }
}
