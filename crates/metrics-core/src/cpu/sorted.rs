//! All samples of a task in order, for results that are written down: each bin knows its place.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::memory::Memory;
use super::tie_scan::{GroupFold, KeyGroup, TieScan, for_each_group};
use super::word::{Key, Word};
use crate::arith::{simd, threads};
use crate::element::kind::ScoreKind;
use crate::reserve::{NoMemory, zeros_to_fill};

/// Bins that a thread takes at once.
pub(super) const BINS_PER_ITEM: usize = 8;

/// Sorted packed samples, bin by bin from high scores to low.
pub(crate) struct Sorted<W> {
    packed: Memory<W>,
    pub(super) bins: Vec<Bin>,
}

/// A bin of sorted samples, none of which has a score of another bin.
#[derive(Debug, Clone)]
pub(super) struct Bin {
    pub(super) range: Range<usize>,
    /// The key that samples are distances below.
    pub(super) top: u64,
    /// Positives and negatives above the bin.
    pub(super) tp: u64,
    pub(super) fp: u64,
    /// Distinct scores.
    pub(super) n_groups: usize,
}

/// The samples of a bin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SortedBin<'s, K> {
    packed: &'s [K],
    top: u64,
    /// The lowest key of the bins above.
    pub(crate) above: Option<u64>,
}

impl<K: Key> SortedBin<'_, K> {
    /// Calls `visit` with each tie group, from high to low.
    pub(crate) fn for_each_group(&self, mut visit: impl FnMut(KeyGroup)) {
        for_each_group(self.packed, self.top, &mut visit);
    }
}

/// Ranked counts: the distinct scores, decreasing, and the positives and negatives down to each.
#[derive(Debug)]
pub(crate) struct CountLists {
    pub(crate) thresholds: Vec<f64>,
    pub(crate) tps: Vec<u64>,
    pub(crate) fps: Vec<u64>,
}

impl<W: Word> Sorted<W> {
    /// Samples in `packed`, bin by bin.
    ///
    /// # Safety
    /// The ranges of the bins have been written.
    #[allow(unsafe_code)]
    pub(super) unsafe fn new(packed: Memory<W>, bins: Vec<Bin>) -> Self {
        Self { packed, bins }
    }

    /// The samples of a bin.
    pub(super) fn samples(&self, bin: &Bin) -> &[W] {
        // SAFETY: the promise of `new`.
        #[allow(unsafe_code)]
        unsafe {
            self.packed.written(bin.range.clone())
        }
    }

    /// Number of distinct scores.
    pub(crate) fn n_groups(&self) -> usize {
        self.bins.iter().map(|bin| bin.n_groups).sum()
    }
}

impl<K: Key> Sorted<K> {
    /// Applies `f` to each bin, on several threads; results from high scores to low.
    pub(crate) fn map<R: Send>(&self, f: impl Fn(SortedBin<'_, K>) -> R + Sync + Send) -> Vec<R> {
        let items = (0..self.bins.len()).step_by(BINS_PER_ITEM).collect();
        let of_item = |start: usize| {
            let end = self.bins.len().min(start + BINS_PER_ITEM);
            (start..end).map(|at| f(self.bin(at))).collect::<Vec<_>>()
        };
        threads::map(items, of_item).into_iter().flatten().collect()
    }

    fn bin(&self, at: usize) -> SortedBin<'_, K> {
        let bin = &self.bins[at];
        let lowest = |bin: &Bin| bin.top - (self.samples(bin)[bin.range.len() - 1] >> 1).to_u64();
        let above = at.checked_sub(1).map(|above| lowest(&self.bins[above]));
        SortedBin { packed: self.samples(bin), top: bin.top, above }
    }

    /// The ranked counts, written on several threads.
    pub(crate) fn counts(&self, kind: ScoreKind) -> Result<CountLists, NoMemory> {
        let n = self.n_groups();
        let mut lists = CountLists {
            thresholds: zeros_to_fill(n)?,
            tps: zeros_to_fill(n)?,
            fps: zeros_to_fill(n)?,
        };
        let CountLists { thresholds, tps, fps } = &mut lists;
        let (mut thresholds, mut tps, mut fps) = (&mut thresholds[..], &mut tps[..], &mut fps[..]);
        let mut items = Vec::with_capacity(self.bins.len().div_ceil(BINS_PER_ITEM));
        for bins in self.bins.chunks(BINS_PER_ITEM) {
            let n = bins.iter().map(|bin| bin.n_groups).sum();
            let of_item = [&mut tps, &mut fps].map(|list| split_off(list, n));
            items.push((bins, split_off(&mut thresholds, n), of_item));
        }
        threads::map(items, |(bins, mut thresholds, [mut tps, mut fps])| {
            let mut keys = Vec::new();
            for bin in bins {
                let n = bin.n_groups;
                keys.resize(n, 0);
                let (tps, fps) = (split_off(&mut tps, n), split_off(&mut fps, n));
                write_groups(self.samples(bin), bin, &mut keys, tps, fps);
                simd::run(|| kind.thresholds(&keys, split_off(&mut thresholds, n)));
            }
        });
        Ok(lists)
    }
}

/// The first `n` elements; the list goes on behind them.
pub(super) fn split_off<'l, T>(list: &mut &'l mut [T], n: usize) -> &'l mut [T] {
    let (first, rest) = std::mem::take(list).split_at_mut(n);
    *list = rest;
    first
}

/// Copies sorted samples to their place; returns the number of their groups.
pub(super) fn place<W: Word>(sorted: &[W], label_bit: u32, to: &mut [MaybeUninit<W>]) -> usize {
    simd::run(
        #[inline(always)]
        || {
            to.iter_mut().zip(sorted).for_each(|(to, &sample)| {
                to.write(sample);
            });
            n_groups(sorted, label_bit)
        },
    )
}

/// Number of groups of sorted samples.
#[inline(always)]
fn n_groups<W: Word>(sorted: &[W], label_bit: u32) -> usize {
    let next = sorted.iter().skip(1);
    let below = label_bit as usize + 1;
    let differs = |(&a, &b): (&W, &W)| usize::from((a ^ b) >> below != W::zero());
    usize::from(!sorted.is_empty()) + sorted.iter().zip(next).map(differs).sum::<usize>()
}

/// Writes the key of each group, and the positives and negatives down to it; the lists are as long as there
/// are groups.
fn write_groups<K: Key>(
    packed: &[K],
    bin: &Bin,
    keys: &mut [u64],
    tps: &mut [u64],
    fps: &mut [u64],
) {
    let Bin { top, mut tp, fp, .. } = *bin;
    let n_above = tp + fp;
    let key = |sample: K| top - (sample >> 1).to_u64();
    let label = |sample: K| (sample & K::one()).to_u64();
    if keys.len() == packed.len() {
        simd::run(|| keys.iter_mut().zip(packed).for_each(|(to, &sample)| *to = key(sample)));
        for (((tps, fps), &sample), n) in tps.iter_mut().zip(fps).zip(packed).zip(n_above + 1..) {
            tp += label(sample);
            (*tps, *fps) = (tp, n - tp);
        }
        return;
    }
    let mut group = 0;
    for (i, &sample) in packed.iter().enumerate() {
        let is_last = packed.get(i + 1).is_none_or(|&next| next | K::one() != sample | K::one());
        tp += label(sample);
        // No branch: ties come in random order.
        (keys[group], tps[group], fps[group]) = (key(sample), tp, n_above + i as u64 + 1 - tp);
        group += usize::from(is_last);
    }
}

/// The groups of few samples, or of few distinct scores.
#[derive(Debug, Default)]
pub(crate) struct KeyLists {
    keys: Vec<u64>,
    tps: Vec<u64>,
    fps: Vec<u64>,
    tp: u64,
    fp: u64,
}

impl KeyLists {
    pub(crate) fn into_counts(self, kind: ScoreKind) -> CountLists {
        let Self { keys, tps, fps, .. } = self;
        let mut thresholds = vec![0.0; keys.len()];
        simd::run(|| kind.thresholds(&keys, &mut thresholds));
        CountLists { thresholds, tps, fps }
    }
}

impl GroupFold for KeyLists {
    const NEEDS_POSITIVES_ONLY: bool = false;

    fn starting_at(tp: u64, fp: u64) -> Self {
        Self { tp, fp, ..Self::default() }
    }

    fn push(&mut self, key: u64, n_positives: u64, n_negatives: u64) {
        self.tp += n_positives;
        self.fp += n_negatives;
        self.keys.push(key);
        self.tps.push(self.tp);
        self.fps.push(self.fp);
    }

    fn push_sorted<K: Key>(&mut self, packed: &[K], top: u64, _scan: &mut TieScan) {
        let (n_before, n_groups) = (self.keys.len(), n_groups(packed, 0));
        for list in [&mut self.keys, &mut self.tps, &mut self.fps] {
            list.resize(n_before + n_groups, 0);
        }
        let bin = Bin { range: 0..packed.len(), top, tp: self.tp, fp: self.fp, n_groups };
        let [keys, tps, fps] =
            [&mut self.keys, &mut self.tps, &mut self.fps].map(|list| &mut list[n_before..]);
        write_groups(packed, &bin, keys, tps, fps);
        if let (Some(&tp), Some(&fp)) = (self.tps.last(), self.fps.last()) {
            (self.tp, self.fp) = (tp, fp);
        }
    }
}
