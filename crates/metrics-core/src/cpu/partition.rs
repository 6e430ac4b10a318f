//! Ranking many samples: they are packed into bins, and each bin is sorted and its tie groups are scanned.

use std::mem::MaybeUninit;
use std::ops::Add;

use super::bins::{Bins, Probe};
use super::blocks::LINE;
use super::memory::{Memory, fetch, prefetch};
use super::pack::{pack, unpack};
use super::read::{InputScan, InvalidSample, all_or_first_invalid, for_blocks, share};
use super::samples::{BLOCK, Samples};
use super::sort::{Scratch, sort};
use super::sorted::{self, Sorted, place, split_off};
use super::tally;
use super::tie_scan::{GroupFold, KeyGroup, TieScan, for_each_group};
use super::word::{Key, Word};
use crate::arith::simd;
use crate::arith::sums::IntegerSums;
use crate::arith::threads::{self, Share};
use crate::element::kind::ScoreKind;

/// Samples that a bin should have.
const SAMPLES_PER_BIN: usize = 1 << 10;
/// Most bins: writing to more places at once is slow.
const MAX_BINS: usize = 1024;
/// Fewest samples that leave the near caches before they are sorted.
const FAR: u64 = 1 << 18;
/// Bins that a thread takes at once.
const BINS_PER_RANGE: usize = 8;
/// Most lines of a piece.
const MAX_LINES: usize = 64;

/// Samples packed into bins, from high scores to low, unsorted within each.
///
/// One read of the samples fills the partition: a bin is a list of pieces that are taken as they are
/// needed, so nothing has to be counted before.
pub(crate) struct Partition<W> {
    parts: Vec<Part<W>>,
    n_bins: usize,
    /// The first bin of keys without the top bit.
    middle: usize,
    /// The keys that samples are distances below: those with the top bit, and those without.
    tops: [u64; 2],
    /// The bit of a sample that is its label.
    label_bit: u32,
}

/// The samples that one thread has packed.
struct Part<W> {
    /// Packed samples, in pieces of one bin each.
    packed: Memory<W>,
    /// Length of a piece.
    piece: usize,
    bins: Vec<Bin>,
    /// The pieces, bin by bin.
    pieces: Vec<u32>,
}

/// The samples of a bin in one part.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    n_samples: usize,
    n_positives: usize,
    /// The end of its pieces in [`Part::pieces`].
    end: usize,
}

/// A bin that holds samples, with the positives and negatives above it.
#[derive(Debug, Clone, Copy)]
pub(super) struct FilledBin {
    pub(super) bin: usize,
    pub(super) n_samples: usize,
    pub(super) tp: u64,
    pub(super) fp: u64,
}

impl<W: Word> Partition<W> {
    /// Samples that `write` writes, share by share, into bins for keys distributed about like those of the probe.
    ///
    /// # Errors
    /// The first invalid sample.
    pub(super) fn of<K: Key>(
        n_samples: usize,
        kind: ScoreKind,
        probe: &Probe<K>,
        label_bit: u32,
        write: impl Fn(&Bins<K>, &mut Writer<W>, Share<'_>) -> Result<(), InvalidSample> + Sync + Send,
    ) -> Result<Self, InvalidSample> {
        let n_bins = (n_samples / SAMPLES_PER_BIN).clamp(2, MAX_BINS);
        let bins = Bins::new(kind, probe, n_bins);
        let parts = share(n_samples, |share| {
            let mut writer = Writer::new(share.max_len(), bins.len(), label_bit);
            write(&bins, &mut writer, share).map(|()| writer.finish())
        });
        let top = K::max_value().to_u64();
        Ok(Self {
            parts: all_or_first_invalid(parts)?,
            n_bins: bins.len(),
            middle: bins.middle(),
            tops: [top, top - K::TOP_BIT],
            label_bit,
        })
    }

    /// The sorted samples of a bin, and the key that they are distances below. The processor fetches the next
    /// bin meanwhile if it is in far memory.
    pub(super) fn sorted<'s>(
        &self,
        bin: usize,
        n_samples: usize,
        is_far: bool,
        scratch: &'s mut Scratch<W>,
    ) -> (&'s [W], u64) {
        if is_far && bin + 1 < self.n_bins {
            self.pieces(bin + 1).for_each(fetch);
        }
        let top = self.tops[usize::from(bin >= self.middle)];
        (sort(self.pieces(bin), n_samples, scratch), top)
    }

    /// Sorts all samples.
    pub(crate) fn into_sorted(self) -> Sorted<W> {
        let (filled, is_far) = (self.filled_bins(), self.n_samples() >= FAR);
        let n_samples = |bins: &[FilledBin]| bins.iter().map(|bin| bin.n_samples).sum();
        let mut packed = Memory::new(n_samples(&filled));
        let mut rest = packed.uninit();
        let items = filled.chunks(BINS_PER_RANGE);
        let items = items.map(|bins| (bins, split_off(&mut rest, n_samples(bins)))).collect();
        let of_items = threads::map(items, |(bins, mut to): (&[FilledBin], _)| {
            let mut scratch = Scratch::default();
            let place_bin = |&FilledBin { bin, n_samples, .. }: &FilledBin| {
                let (sorted, top) = self.sorted(bin, n_samples, is_far, &mut scratch);
                (top, place(sorted, self.label_bit, split_off(&mut to, n_samples)))
            };
            bins.iter().map(place_bin).collect::<Vec<_>>()
        });
        let mut end = 0;
        let bin = |(&FilledBin { n_samples, tp, fp, .. }, (top, n_groups))| {
            end += n_samples;
            sorted::Bin { range: end - n_samples..end, top, tp, fp, n_groups }
        };
        let bins = filled.iter().zip(of_items.into_iter().flatten()).map(bin).collect();
        // SAFETY: `place` has written as many samples as each bin has.
        #[allow(unsafe_code)]
        unsafe {
            Sorted::new(packed, bins)
        }
    }

    /// The samples of a bin, as they were written.
    pub(super) fn pieces(&self, bin: usize) -> impl Iterator<Item = &[W]> + Clone {
        self.parts.iter().flat_map(move |part| part.pieces(bin))
    }

    /// The bins that hold samples.
    pub(super) fn filled_bins(&self) -> Vec<FilledBin> {
        let (mut tp, mut fp) = (0, 0);
        let mut filled = Vec::with_capacity(self.n_bins);
        for bin in 0..self.n_bins {
            let of_bin = || self.parts.iter().map(|part| part.bins[bin]);
            let n_samples: usize = of_bin().map(|bin| bin.n_samples).sum();
            let n_positives: usize = of_bin().map(|bin| bin.n_positives).sum();
            if n_samples > 0 {
                filled.push(FilledBin { bin, n_samples, tp, fp });
            }
            tp += n_positives as u64;
            fp += (n_samples - n_positives) as u64;
        }
        filled
    }

    fn n_samples(&self) -> u64 {
        let bins = self.parts.iter().flat_map(|part| &part.bins);
        bins.map(|bin| bin.n_samples as u64).sum()
    }
}

impl<K: Key> Partition<K> {
    /// Reads the samples, whose keys should be distributed about like those of the probe.
    ///
    /// # Errors
    /// The first invalid sample.
    pub(crate) fn new(
        samples: &dyn Samples<K>,
        kind: ScoreKind,
        probe: &Probe<K>,
    ) -> Result<Self, InvalidSample> {
        Self::of(samples.len(), kind, probe, 0, |bins, writer, share| {
            if samples.packed(0..samples.len()).is_some() {
                writer.write_packed(samples, bins, share);
                return Ok(());
            }
            writer.check_and_write(samples, kind, bins, share)
        })
    }

    /// Sorts each bin and folds its tie groups; returns one fold per bin, from high scores to low.
    pub(crate) fn fold_groups<S: GroupFold>(&self) -> Vec<S> {
        let filled = self.filled_bins();
        let is_far = self.n_samples() >= FAR;
        let fold = |share: Share<'_>| {
            let (mut scratch, mut tie_scan) = (Scratch::default(), TieScan::default());
            let mut folds = Vec::new();
            for &FilledBin { bin, n_samples, tp, fp } in share.flat_map(|range| &filled[range]) {
                let (sorted, top) = self.sorted(bin, n_samples, is_far, &mut scratch);
                let mut fold = S::starting_at(tp, fp);
                fold.push_sorted(sorted, top, &mut tie_scan);
                folds.push((bin, fold));
            }
            folds
        };
        let shares = threads::share(filled.len(), self.parts.len(), BINS_PER_RANGE, fold);
        let mut folds: Vec<_> = shares.into_iter().flatten().collect();
        folds.sort_unstable_by_key(|(bin, _)| *bin);
        folds.into_iter().map(|(_, fold)| fold).collect()
    }

    /// Sorts the bins in order, on this thread, and calls `visit` with each of their groups. Returns the sums
    /// of all bins, which cost next to nothing once samples are sorted.
    pub(crate) fn for_each_group(&self, mut visit: impl FnMut(KeyGroup)) -> IntegerSums {
        let (is_far, mut scratch) = (self.n_samples() >= FAR, Scratch::default());
        let (mut sums, mut tie_scan) = (IntegerSums::default(), TieScan::default());
        for FilledBin { bin, n_samples, tp, fp } in self.filled_bins() {
            let (sorted, top) = self.sorted(bin, n_samples, is_far, &mut scratch);
            for_each_group(sorted, top, &mut visit);
            let mut of_bin = IntegerSums::starting_at(tp, fp);
            of_bin.push_sorted(sorted, top, &mut tie_scan);
            sums = sums.join(of_bin);
        }
        sums
    }
}

impl<W: Word> Part<W> {
    /// The samples of a bin.
    fn pieces(&self, bin: usize) -> impl Iterator<Item = &[W]> + Clone {
        let start = if bin == 0 { 0 } else { self.bins[bin - 1].end };
        let Bin { n_samples, end, .. } = self.bins[bin];
        let lengths = (0..n_samples).step_by(self.piece).map(move |n| n_samples - n);
        self.pieces[start..end].iter().zip(lengths).map(|(&piece, left)| {
            let start = piece as usize * self.piece;
            // SAFETY: the writer filled the pieces of this bin in turn, and only the last may have
            // space left.
            #[allow(unsafe_code)]
            unsafe {
                self.packed.written(start..start + self.piece.min(left))
            }
        })
    }
}

/// Writes packed samples into the pieces of their bins.
pub(super) struct Writer<W> {
    packed: Memory<W>,
    piece: usize,
    /// The bit of a sample that is its label.
    label_bit: u32,
    /// For each bin, the place of its next sample and the end of its piece.
    next: Vec<[u32; 2]>,
    /// The bin of each piece taken so far.
    owners: Vec<u32>,
    /// The samples of the full pieces.
    bins: Vec<Bin>,
}

impl<W: Word> Writer<W> {
    /// A writer for `n_samples` samples. Its memory has a free piece whenever a bin needs one.
    fn new(n_samples: usize, n_bins: usize, label_bit: u32) -> Self {
        let line = LINE / size_of::<W>();
        // An odd number of lines: with a power of two, the next lines of all bins would map to the same
        // few sets of the cache.
        let piece = (n_samples / n_bins / 8 / line).min(MAX_LINES) / 2 * 2 * line + line;
        let next = |bin| [(bin * piece) as u32, ((bin + 1) * piece) as u32];
        Self {
            packed: Memory::new((n_samples / piece + n_bins) * piece),
            piece,
            label_bit,
            next: (0..n_bins).map(next).collect(),
            owners: (0..n_bins as u32).collect(),
            bins: vec![Bin::default(); n_bins],
        }
    }

    /// Writes samples with the numbers of their bins.
    ///
    /// # Panics
    /// Where there is no bin of a number.
    pub(super) fn write(&mut self, mut numbers: &[u32], mut samples: &[W]) {
        tally::check(numbers, self.next.len());
        loop {
            // SAFETY: the numbers were checked. `next` has only places of pieces in `packed`, and `turn`
            // replaces a full piece before the next write.
            #[allow(unsafe_code)]
            let full = unsafe { fill(self.packed.uninit(), &mut self.next, numbers, samples) };
            let Some(last) = full else { break };
            self.turn(numbers[last]);
            (numbers, samples) = (&numbers[last + 1..], &samples[last + 1..]);
        }
    }

    /// Takes a new piece for a bin whose piece is full.
    #[cold]
    fn turn(&mut self, number: u32) {
        let end = self.next[number as usize][1] as usize;
        self.add_piece(number as usize, end);
        let start = self.owners.len() * self.piece;
        assert!(start + self.piece <= self.packed.uninit().len(), "a piece to be taken");
        self.next[number as usize] = [start as u32, (start + self.piece) as u32];
        self.owners.push(number);
    }

    /// Adds the samples of a bin's piece, which is filled up to `end`, to the totals of the bin.
    fn add_piece(&mut self, bin: usize, end: usize) {
        let start = self.next[bin][1] as usize - self.piece;
        // SAFETY: samples were written from the start of the piece to there.
        #[allow(unsafe_code)]
        let packed = unsafe { self.packed.written(start..end) };
        let label_bit = self.label_bit as usize;
        let is_positive = |&sample: &W| sample >> label_bit & W::one();
        let n_positives = simd::run(|| packed.iter().map(is_positive).fold(W::zero(), Add::add));
        self.bins[bin].n_samples += packed.len();
        self.bins[bin].n_positives += n_positives.to_usize();
    }

    fn finish(mut self) -> Part<W> {
        let mut counts = vec![0; self.bins.len()];
        for bin in 0..self.bins.len() {
            self.add_piece(bin, self.next[bin][0] as usize);
        }
        self.owners.iter().for_each(|&bin| counts[bin as usize] += 1);
        let mut start = 0;
        for (bin, count) in self.bins.iter_mut().zip(counts) {
            bin.end = start;
            start += count;
        }
        let mut pieces = vec![0; self.owners.len()];
        for (piece, &owner) in (0..).zip(&self.owners) {
            let end = &mut self.bins[owner as usize].end;
            pieces[*end] = piece;
            *end += 1;
        }
        Part { packed: self.packed, piece: self.piece, bins: self.bins, pieces }
    }
}

impl<K: Key> Writer<K> {
    fn check_and_write(
        &mut self,
        samples: &dyn Samples<K>,
        kind: ScoreKind,
        bins: &Bins<K>,
        share: Share<'_>,
    ) -> Result<(), InvalidSample> {
        let mut found = InputScan::none(kind);
        let mut numbers = [0; BLOCK];
        for_blocks(samples, share, |start, keys, labels| {
            let numbers = &mut numbers[..keys.len()];
            simd::run(|| {
                found.add(start, keys, labels);
                bins.of(keys, numbers);
                pack(keys, labels);
            });
            self.write(numbers, keys);
        });
        found.check()
    }

    /// Writes samples that are packed already, and so were checked before.
    fn write_packed(&mut self, samples: &dyn Samples<K>, bins: &Bins<K>, share: Share<'_>) {
        let (mut keys, mut numbers) = ([K::zero(); BLOCK], [0; BLOCK]);
        for mut range in share {
            while let Some((packed, top_bit)) = samples.packed(range.clone()) {
                range.start += packed.len();
                for packed in packed.chunks(BLOCK) {
                    let keys = &mut keys[..packed.len()];
                    let numbers = &mut numbers[..packed.len()];
                    simd::run(|| {
                        unpack(packed, top_bit, keys);
                        bins.of(keys, numbers);
                    });
                    self.write(numbers, packed);
                }
            }
        }
    }
}

/// Writes samples until a piece is full; returns the position of its last sample.
///
/// # Safety
/// Each number must be below `next.len()`. For each bin, `packed` must have the places from the next one to
/// the end of the piece, and at least one.
// A function of its own: the compiler knows that its arguments do not overlap, and need not reload them.
#[inline(never)]
#[allow(unsafe_code)]
unsafe fn fill<W: Word>(
    packed: &mut [MaybeUninit<W>],
    next: &mut [[u32; 2]],
    numbers: &[u32],
    samples: &[W],
) -> Option<usize> {
    for (i, (&number, &sample)) in numbers.iter().zip(samples).enumerate() {
        // SAFETY: the caller's promise.
        let next = unsafe { next.get_unchecked_mut(number as usize) };
        let [position, end] = *next;
        // SAFETY: the caller's promise.
        unsafe { packed.get_unchecked_mut(position as usize).write(sample) };
        next[0] = position + 1;
        prefetch(packed, position as usize + LINE / size_of::<W>());
        if position + 1 == end {
            return Some(i);
        }
    }
    None
}
