//! Ranking one task: samples in, groups of equal scores out, from the highest score to the lowest.
//!
//! 1. *Scan*: one read finds the range of the keys and every bad value (NaN keys lie outside the
//!    range of the kind).
//! 2. Few distinct keys possible: *count* them, and that is all.
//! 3. Else *partition* into bins of about equally many samples, from high to low. A key is stored as
//!    its distance below the highest key, with the label in bit 0. The bit which that pushes out at
//!    the top is the same in a whole bin.
//! 4. Sort each bin in cache, and *walk* its groups at once. Since the counts above each bin are
//!    known from the partition, bins need nothing from each other. Where there are few samples, a bin
//!    holds one at most as a rule, and sorting is to look at neighbours.
//!
//! Whatever is made of the groups must be a sum of integers, or a list in order: then the number
//! of threads cannot matter.

use std::cmp::Reverse;
use std::ops::Range;

use super::bins::Bins;
use super::partition::Partition;
use super::samples::{BLOCK, Key, NO_LABEL, Samples};
use super::simd;
use super::sort::{distribute, sort_nearly};
use super::walk::Sink;
use crate::kind::ScoreKind;
use crate::threads;

/// What one read of a task's samples tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan<K> {
    pub(crate) kind: ScoreKind,
    pub(crate) min: K,
    pub(crate) max: K,
    /// The first bad sample.
    bad: Option<Bad>,
}

/// A sample that cannot be ranked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bad {
    /// Position of a score that is NaN.
    Score(usize),
    /// Position of a target that is neither 0 nor 1.
    Target(usize),
}

/// Samples of a part, which 32 bits count.
const MAX_PART: usize = 1 << 31;
/// Samples a thread must have to be worth its start.
const SAMPLES_PER_THREAD: usize = 1 << 16;
/// Widest range of keys that is counted rather than sorted.
const MAX_COUNTED: u64 = 1 << 16;
/// Samples up to which they are sorted by comparison.
const VERY_FEW: usize = 64;
/// Samples up to which a bin is made for each.
const FEW: usize = 1 << 13;

/// Reads all samples once; they must not be empty.
pub(crate) fn scan<K: Key>(samples: &dyn Samples<K>, kind: ScoreKind) -> Scan<K> {
    let (low, high) = kind.key_range();
    let (low, high) = (K::from_u64(low), K::from_u64(high));
    let empty = Scan { kind, min: K::max_value(), max: K::zero(), bad: None };
    let scan_part = |(): &mut (), part| scan_part(samples, part, low, high, empty);
    let scans = threads::map(parts(samples.len()), || (), scan_part);
    scans.into_iter().fold(empty, |a, b| Scan {
        kind,
        min: a.min.min(b.min),
        max: a.max.max(b.max),
        bad: a.bad.or(b.bad),
    })
}

fn scan_part<K: Key>(
    samples: &dyn Samples<K>,
    part: Range<usize>,
    low: K,
    high: K,
    empty: Scan<K>,
) -> Scan<K> {
    let mut scan = empty;
    for_blocks(samples, part, |start, keys, labels| {
        simd::run(|| {
            let (mut min, mut max) = (K::max_value(), K::zero());
            for &key in &*keys {
                min = min.min(key);
                max = max.max(key);
            }
            scan.min = scan.min.min(min);
            scan.max = scan.max.max(max);
            let worst = labels.iter().fold(0, |worst, &label| worst.max(label));
            if scan.bad.is_none() && (min < low || max > high || worst == NO_LABEL) {
                scan.bad = keys.iter().zip(labels).enumerate().find_map(|(i, (&key, &label))| {
                    if key < low || key > high {
                        Some(Bad::Score(start + i))
                    } else {
                        (label == NO_LABEL).then_some(Bad::Target(start + i))
                    }
                });
            }
        })
    });
    scan
}

impl<K> Scan<K> {
    /// The first bad sample.
    pub(crate) fn bad(&self) -> Option<Bad> {
        self.bad
    }
}

/// The groups of equal scores of one task, part by part, from high to low.
///
/// `scan` must be the samples' own, without bad ones.
pub(crate) fn rank<K: Key, S: Sink>(samples: &dyn Samples<K>, scan: &Scan<K>) -> Vec<S> {
    let range = (scan.max - scan.min).to_u64();
    if range < MAX_COUNTED && range / 4 <= samples.len() as u64 {
        return vec![count(samples, scan)];
    }
    if samples.len() <= VERY_FEW {
        return vec![rank_very_few(samples)];
    }
    if samples.len() <= FEW {
        return vec![rank_few(samples, scan)];
    }
    Partition::new(samples, scan, parts(samples.len())).walk(scan.max)
}

/// Ranks samples that are not worth more than a comparison sort.
fn rank_very_few<K: Key, S: Sink>(samples: &dyn Samples<K>) -> S {
    let n = samples.len();
    let (mut keys, mut labels) = ([K::zero(); VERY_FEW], [0; VERY_FEW]);
    let (keys, labels) = (&mut keys[..n], &mut labels[..n]);
    samples.keys(0, keys);
    samples.labels(0, labels);
    let mut sorted = [(K::zero(), 0); VERY_FEW];
    let sorted = &mut sorted[..n];
    for (sample, (&key, &label)) in sorted.iter_mut().zip(keys.iter().zip(&*labels)) {
        *sample = (key, u64::from(label));
    }
    sorted.sort_unstable_by_key(|sample| Reverse(sample.0));
    let mut sink = S::starting_at(0, 0);
    for group in sorted.chunk_by(|a, b| a.0 == b.0) {
        let n_positives = group.iter().map(|sample| sample.1).sum();
        sink.push(group[0].0.to_u64(), n_positives, group.len() as u64 - n_positives);
    }
    sink
}

/// Ranks samples that fit the nearest caches, with a bin for each.
fn rank_few<K: Key, S: Sink>(samples: &dyn Samples<K>, scan: &Scan<K>) -> S {
    let n = samples.len();
    let (mut keys, mut labels) = (vec![K::zero(); n], vec![0; n]);
    samples.keys(0, &mut keys);
    samples.labels(0, &mut labels);
    let bins = Bins::new(scan.kind, scan.min, scan.max, n, &keys);
    let (mut packed, mut numbers) = (vec![K::zero(); n], vec![0; n]);
    simd::run(|| {
        bins.of(&keys, &mut numbers);
        pack(scan.max, &mut keys, &labels);
    });
    let mut next = vec![0u32; bins.len()];
    distribute(&keys, &numbers, &mut next, &mut packed);
    let middle = bins.middle().map_or(n, |bin| next[bin - 1] as usize);
    let mut sink = S::starting_at(0, 0);
    for (half, lost) in [(0..middle, 0), (middle..n, K::TOP_BIT)] {
        if !half.is_empty() {
            let packed = &mut packed[half];
            sort_nearly(packed);
            sink.push_sorted(packed, scan.max.to_u64() - lost);
        }
    }
    sink
}

/// Turns keys into packed samples: distances below `max`, shifted up by the label in bit 0.
#[inline(always)]
pub(crate) fn pack<K: Key>(max: K, keys: &mut [K], labels: &[u8]) {
    for (key, &label) in keys.iter_mut().zip(labels) {
        *key = (max - *key) << 1 | K::from_u64(label.into());
    }
}

/// Counts each possible key: no sort at all.
fn count<K: Key, S: Sink>(samples: &dyn Samples<K>, scan: &Scan<K>) -> S {
    let n_keys = (scan.max - scan.min).to_usize() + 1;
    let counted = threads::map(
        parts(samples.len()),
        || (),
        |(), part| {
            let mut counts = vec![0u32; 2 * n_keys];
            for_blocks(samples, part, |_, keys, labels| {
                simd::run(|| pack(scan.max, keys, labels));
                count_packed(keys, &mut counts);
            });
            counts
        },
    );
    let counts = add_up(&counted);
    let mut sink = S::starting_at(0, 0);
    for (below, group) in counts.chunks_exact(2).enumerate() {
        if group[0] + group[1] > 0 {
            sink.push(scan.max.to_u64() - below as u64, group[1], group[0]);
        }
    }
    sink
}

#[inline(never)]
fn count_packed<K: Key>(packed: &[K], counts: &mut [u32]) {
    for &sample in packed {
        counts[sample.to_usize()] += 1;
    }
}

fn add_up(parts: &[Vec<u32>]) -> Vec<u64> {
    let mut total = vec![0; parts.first().map_or(0, Vec::len)];
    for counts in parts {
        total.iter_mut().zip(counts).for_each(|(total, &count)| *total += u64::from(count));
    }
    total
}

/// Calls `f` with the start, the keys and the labels of each block of a part.
pub(crate) fn for_blocks<K: Key>(
    samples: &dyn Samples<K>,
    part: Range<usize>,
    mut f: impl FnMut(usize, &mut [K], &[u8]),
) {
    let (mut keys, mut labels) = ([K::zero(); BLOCK], [0; BLOCK]);
    for start in part.clone().step_by(BLOCK) {
        let n = BLOCK.min(part.end - start);
        samples.keys(start, &mut keys[..n]);
        samples.labels(start, &mut labels[..n]);
        f(start, &mut keys[..n], &labels[..n]);
    }
}

/// The samples in as many parts as threads that are worth starting.
fn parts(n_samples: usize) -> Vec<Range<usize>> {
    let n_parts = threads::available().min(n_samples.div_ceil(SAMPLES_PER_THREAD));
    threads::split(n_samples, n_parts.max(n_samples.div_ceil(MAX_PART)))
}
