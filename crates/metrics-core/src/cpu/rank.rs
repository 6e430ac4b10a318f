//! Ranking one task: samples in, groups of equal scores out, from the highest score to the lowest.
//!
//! 1. *Scan*: one read finds the range of the keys and every bad value (NaN keys lie outside the
//!    range of the kind).
//! 2. Few distinct keys possible: *count* them, and that is all.
//! 3. Else *partition* into buckets by the top bits of the range in use, from high to low. A key
//!    is stored as its distance below the highest key, with the label in bit 0. The bit which that
//!    pushes out at the top is the same in the whole bucket.
//! 4. Sort each bucket by the bits that are left, in cache, and *walk* its groups at once. Since the
//!    counts above each bucket are known from the partition, buckets need nothing from each other.
//!
//! Whatever is made of the groups must be a sum of integers, or a list in order: then the number
//! of threads cannot matter.

use std::ops::Range;

use super::radix::{self, Scratch};
use super::samples::{BLOCK, Key, NO_LABEL, Samples};
use super::scatter::Scatter;
use crate::kind::ScoreKind;
use crate::threads;

/// What is made of the groups of equal scores of one part of a task.
pub(crate) trait Sink: Send {
    /// A part above which this many positives and negatives lie.
    fn starting_at(tp: u64, fp: u64) -> Self;

    /// The next lower distinct score.
    fn push(&mut self, key: u64, n_positives: u64, n_negatives: u64);
}

/// What one read of a task's samples tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan<K> {
    min: K,
    max: K,
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

/// Samples a thread must have to be worth its start.
const SAMPLES_PER_THREAD: usize = 1 << 16;
/// Widest range of keys that is counted rather than sorted.
const MAX_COUNTED: u64 = 1 << 16;
/// Most bits by which keys are partitioned.
const MAX_BUCKET_BITS: u32 = 11;
/// Samples a bucket should hold on average, as a power of two.
const BUCKET_BITS_SPARED: u32 = 10;

/// Reads all samples once; they must not be empty.
pub(crate) fn scan<K: Key>(samples: &dyn Samples<K>, kind: ScoreKind) -> Scan<K> {
    let (low, high) = kind.key_range();
    let (low, high) = (K::from_u64(low), K::from_u64(high));
    let scans =
        threads::map(parts(samples.len()), || (), |(), part| scan_part(samples, part, low, high));
    scans
        .into_iter()
        .reduce(|a, b| Scan { min: a.min.min(b.min), max: a.max.max(b.max), bad: a.bad.or(b.bad) })
        .unwrap_or(Scan { min: low, max: low, bad: None })
}

fn scan_part<K: Key>(samples: &dyn Samples<K>, part: Range<usize>, low: K, high: K) -> Scan<K> {
    let mut scan = Scan { min: K::max_value(), max: K::zero(), bad: None };
    for_blocks(samples, part, |start, keys, labels| {
        let (mut min, mut max) = (K::max_value(), K::zero());
        for &key in keys {
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
    let range_bits = u64::BITS - range.leading_zeros();
    let n_bits = u64::BITS - (samples.len() as u64).leading_zeros();
    let bucket_bits =
        n_bits.saturating_sub(BUCKET_BITS_SPARED).clamp(1, MAX_BUCKET_BITS).min(range_bits);
    Partition::new(samples, scan.max, range, range_bits - bucket_bits).walk(scan.max)
}

/// Counts each possible key: no sort at all.
fn count<K: Key, S: Sink>(samples: &dyn Samples<K>, scan: &Scan<K>) -> S {
    let n_keys = (scan.max - scan.min).to_usize() + 1;
    let counted = threads::map(
        parts(samples.len()),
        || (),
        |(), part| {
            let mut counts = vec![0u64; 2 * n_keys];
            for_blocks(samples, part, |_, keys, labels| {
                for (&key, &label) in keys.iter().zip(labels) {
                    counts[(scan.max - key).to_usize() * 2 + usize::from(label)] += 1;
                }
            });
            counts
        },
    );
    let counts = add_up(counted);
    let mut sink = S::starting_at(0, 0);
    for (below, group) in counts.chunks_exact(2).enumerate() {
        if group[0] + group[1] > 0 {
            sink.push(scan.max.to_u64() - below as u64, group[1], group[0]);
        }
    }
    sink
}

fn add_up(mut counts: Vec<Vec<u64>>) -> Vec<u64> {
    let mut total = counts.pop().unwrap_or_default();
    for counts in counts {
        total.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
    }
    total
}

/// Samples packed into buckets, from high scores to low, unsorted within each.
struct Partition<K> {
    /// Distance below the highest key, shifted up by the label in bit 0; the top bit may be lost.
    packed: Vec<K>,
    /// For each bucket the number of negatives and of positives.
    counts: Vec<[u64; 2]>,
    /// Bits of the distance that do not tell the bucket.
    shift: u32,
    /// Parts in which the samples were read.
    n_parts: usize,
}

impl<K: Key> Partition<K> {
    fn new(samples: &dyn Samples<K>, max: K, range: u64, shift: u32) -> Self {
        let n_buckets = (range >> shift) as usize + 1;
        let bucket_of = |key: K| ((max - key) >> shift as usize).to_usize();
        let parts = parts(samples.len());
        let part_counts = threads::map(
            parts.clone(),
            || (),
            |(), part| {
                let mut counts = vec![[0u64; 2]; n_buckets];
                for_blocks(samples, part, |_, keys, labels| {
                    for (&key, &label) in keys.iter().zip(labels) {
                        counts[bucket_of(key)][usize::from(label & 1)] += 1;
                    }
                });
                counts
            },
        );
        let mut packed = vec![K::zero(); samples.len()];
        let positions = first_positions(&part_counts);
        let scatter = Scatter::new(&mut packed);
        threads::map(
            parts.into_iter().zip(positions).collect(),
            || (),
            |(), (part, mut next)| {
                for_blocks(samples, part, |_, keys, labels| {
                    for (&key, &label) in keys.iter().zip(labels) {
                        let position = &mut next[bucket_of(key)];
                        let distance = (max - key) << 1;
                        let value = distance | K::from_u64(label.into());
                        // SAFETY: the counts of the same samples gave each part a range of positions
                        // in each bucket that is its own.
                        #[allow(unsafe_code)]
                        unsafe {
                            scatter.write(*position, value);
                        }
                        *position += 1;
                    }
                });
            },
        );
        let n_parts = part_counts.len();
        let mut counts = vec![[0; 2]; n_buckets];
        for part in part_counts {
            for (total, count) in counts.iter_mut().zip(part) {
                *total = [total[0] + count[0], total[1] + count[1]];
            }
        }
        Self { packed, counts, shift, n_parts }
    }

    /// Sorts each bucket and walks its groups.
    fn walk<S: Sink>(mut self, max: K) -> Vec<S> {
        let mut rest = &mut self.packed[..];
        let (mut tp, mut fp) = (0, 0);
        let top_bit = 1u64 << (K::zero().count_zeros() - 1);
        let mut buckets = Vec::new();
        for (bucket, &[n_negatives, n_positives]) in self.counts.iter().enumerate() {
            let n = (n_negatives + n_positives) as usize;
            if n > 0 {
                let (packed, below) = std::mem::take(&mut rest).split_at_mut(n);
                rest = below;
                // What the packing pushed out of the top of this bucket's distances.
                let lost = ((bucket as u64) << self.shift) & top_bit;
                buckets.push((packed, max.to_u64() - lost, tp, fp));
            }
            tp += n_positives;
            fp += n_negatives;
        }
        // Bit 0 is the label, whose order among equal keys does not matter.
        let bits = 1..self.shift + 1;
        let sort_and_walk =
            |scratch: &mut Scratch<K>, (packed, top, tp, fp): (&mut [K], u64, _, _)| {
                radix::sort(packed, bits.clone(), scratch);
                let mut sink = S::starting_at(tp, fp);
                walk_groups(packed, |distance, n_positives, n_negatives| {
                    sink.push(top - distance, n_positives, n_negatives);
                });
                sink
            };
        if self.n_parts > 1 {
            return threads::map(buckets, Scratch::default, sort_and_walk);
        }
        let mut scratch = Scratch::default();
        buckets.into_iter().map(|bucket| sort_and_walk(&mut scratch, bucket)).collect()
    }
}

/// Calls `f` with the distance, the positives and the negatives of each run of equal distances.
fn walk_groups<K: Key>(packed: &[K], mut f: impl FnMut(u64, u64, u64)) {
    let mut start = 0;
    while start < packed.len() {
        let distance = packed[start] >> 1;
        let (mut end, mut n_positives) = (start, 0);
        while end < packed.len() && packed[end] >> 1 == distance {
            n_positives += (packed[end] & K::one()).to_u64();
            end += 1;
        }
        f(distance.to_u64(), n_positives, (end - start) as u64 - n_positives);
        start = end;
    }
}

/// For each part, the position of its first sample of each bucket.
fn first_positions(part_counts: &[Vec<[u64; 2]>]) -> Vec<Vec<usize>> {
    let mut next = 0;
    let n_buckets = part_counts.first().map_or(0, Vec::len);
    let mut positions = vec![vec![0; n_buckets]; part_counts.len()];
    for bucket in 0..n_buckets {
        for (positions, counts) in positions.iter_mut().zip(part_counts) {
            positions[bucket] = next;
            next += counts[bucket].iter().sum::<u64>() as usize;
        }
    }
    positions
}

/// Calls `f` with the start, the keys and the labels of each block of a part.
pub(crate) fn for_blocks<K: Key>(
    samples: &dyn Samples<K>,
    part: Range<usize>,
    mut f: impl FnMut(usize, &[K], &[u8]),
) {
    let (mut keys, mut labels) = ([K::zero(); BLOCK], [0; BLOCK]);
    for start in part.clone().step_by(BLOCK) {
        let n = BLOCK.min(part.end - start);
        samples.keys(start, &mut keys[..n]);
        samples.labels(start, &mut labels[..n]);
        f(start, &keys[..n], &labels[..n]);
    }
}

/// The samples in as many parts as threads that are worth starting.
fn parts(n_samples: usize) -> Vec<Range<usize>> {
    threads::split(n_samples, threads::available().min(n_samples.div_ceil(SAMPLES_PER_THREAD)))
}
