//! Many samples, packed into bins that are sorted and walked one by one.

use std::ops::Range;

use super::bins::Bins;
use super::memory::zeros;
use super::rank::{Scan, for_blocks, pack};
use super::samples::{BLOCK, Key, Samples};
use super::scatter::Scatter;
use super::simd;
use super::sort::{Scratch, sort};
use super::walk::Sink;
use crate::threads;

/// Samples a bin should hold.
const BIN: usize = 1 << 10;
/// Most bins: writing to more places at once is slow.
const MAX_BINS: usize = 1024;
/// Samples that are looked at to choose the bins.
const PROBES: usize = 256;

/// Samples packed into bins, from high scores to low, unsorted within each.
pub(crate) struct Partition<K> {
    /// Distance below the highest key, shifted up by the label in bit 0; the top bit may be lost.
    packed: Vec<K>,
    /// For each bin the number of negatives and of positives.
    counts: Vec<[u64; 2]>,
    /// The first bin whose distances have lost their top bit.
    middle: Option<usize>,
    /// Parts in which the samples were read.
    n_parts: usize,
}

impl<K: Key> Partition<K> {
    /// Reads the samples in these parts. The scan must be theirs.
    pub(crate) fn new(samples: &dyn Samples<K>, scan: &Scan<K>, parts: Vec<Range<usize>>) -> Self {
        let n_bins = (samples.len() / BIN).clamp(2, MAX_BINS);
        let bins = Bins::new(scan.kind, scan.min, scan.max, n_bins, &probe(samples));
        let part_counts = threads::map(
            parts.clone(),
            || (),
            |(), part| {
                let (mut counts, mut numbers) = (vec![[0u32; 2]; bins.len()], [0; BLOCK]);
                for_blocks(samples, part, |_, keys, labels| {
                    let numbers = &mut numbers[..keys.len()];
                    simd::run(|| bins.of(keys, numbers));
                    count(numbers, labels, &mut counts);
                });
                counts
            },
        );
        let mut packed = zeros(samples.len());
        let positions = first_positions(&part_counts);
        let scatter = Scatter::new(&mut packed);
        threads::map(
            parts.into_iter().zip(positions).collect(),
            || (),
            |(), (part, mut next)| {
                let mut numbers = [0; BLOCK];
                for_blocks(samples, part, |_, keys, labels| {
                    let numbers = &mut numbers[..keys.len()];
                    simd::run(|| {
                        bins.of(keys, numbers);
                        pack(scan.max, keys, labels);
                    });
                    // SAFETY: the counts of the same samples gave each part a range of positions
                    // in each bin that is its own.
                    #[allow(unsafe_code)]
                    unsafe {
                        write(keys, numbers, &mut next, &scatter);
                    }
                });
            },
        );
        let n_parts = part_counts.len();
        let mut counts = vec![[0; 2]; bins.len()];
        for part in part_counts {
            for (total, count) in counts.iter_mut().zip(part) {
                *total = [total[0] + u64::from(count[0]), total[1] + u64::from(count[1])];
            }
        }
        Self { packed, counts, middle: bins.middle(), n_parts }
    }

    /// Sorts each bin and walks its groups.
    pub(crate) fn walk<S: Sink>(mut self, max: K) -> Vec<S> {
        let mut rest = &mut self.packed[..];
        let (mut tp, mut fp) = (0, 0);
        let mut bins = Vec::with_capacity(self.counts.len());
        for (bin, &[n_negatives, n_positives]) in self.counts.iter().enumerate() {
            let n = (n_negatives + n_positives) as usize;
            if n > 0 {
                let (packed, below) = std::mem::take(&mut rest).split_at_mut(n);
                rest = below;
                let has_lost = self.middle.is_some_and(|middle| bin >= middle);
                let lost = if has_lost { K::TOP_BIT } else { 0 };
                bins.push((packed, max.to_u64() - lost, tp, fp));
            }
            tp += n_positives;
            fp += n_negatives;
        }
        let sort_and_walk =
            |scratch: &mut Scratch<K>, (packed, top, tp, fp): (&mut [K], u64, _, _)| {
                let mut sink = S::starting_at(tp, fp);
                sink.push_sorted(sort(packed, scratch), top);
                sink
            };
        if self.n_parts > 1 {
            return threads::map(bins, Scratch::default, sort_and_walk);
        }
        let mut scratch = Scratch::default();
        bins.into_iter().map(|bin| sort_and_walk(&mut scratch, bin)).collect()
    }
}

/// Counts the labels of each bin.
// A function of its own: its arguments cannot overlap, and need not be read anew each time.
#[inline(never)]
fn count(bins: &[u32], labels: &[u8], counts: &mut [[u32; 2]]) {
    for (&bin, &label) in bins.iter().zip(labels) {
        counts[bin as usize][usize::from(label & 1)] += 1;
    }
}

/// Writes samples to the next positions of their bins.
///
/// # Safety
/// No other thread may write these positions.
#[inline(never)]
#[allow(unsafe_code)]
unsafe fn write<K: Key>(samples: &[K], bins: &[u32], next: &mut [usize], to: &Scatter<'_, K>) {
    for (&bin, &sample) in bins.iter().zip(samples) {
        let position = &mut next[bin as usize];
        // SAFETY: the caller's promise.
        unsafe { to.write(*position, sample) }
        *position += 1;
    }
}

/// Keys from all over the input.
fn probe<K: Key>(samples: &dyn Samples<K>) -> Vec<K> {
    let step = samples.len().div_ceil(PROBES).max(1);
    let mut keys = vec![K::zero(); samples.len().div_ceil(step)];
    for (key, start) in keys.iter_mut().zip((0..samples.len()).step_by(step)) {
        samples.keys(start, std::slice::from_mut(key));
    }
    keys
}

/// For each part, the position of its first sample of each bin.
fn first_positions(part_counts: &[Vec<[u32; 2]>]) -> Vec<Vec<usize>> {
    let mut next = 0;
    let n_bins = part_counts.first().map_or(0, Vec::len);
    let mut positions = vec![vec![0; n_bins]; part_counts.len()];
    for bin in 0..n_bins {
        for (positions, counts) in positions.iter_mut().zip(part_counts) {
            positions[bin] = next;
            next += counts[bin].iter().map(|&count| count as usize).sum::<usize>();
        }
    }
    positions
}
