//! Ranking the weighted samples of one task: as without weights, but that each packed sample is followed by its
//! weight in one wider word. Weights are added up as integers, so their order does not matter.

mod fold;
mod lists;
mod scan;
#[cfg(test)]
mod tests;

use std::ops::{Add, Range};

use crate::arith::simd;
use crate::arith::sums::IntegerSums;
use crate::arith::threads::{self, Share};
use crate::arith::weight_sums::WeightSums;
use crate::arith::weights::{WeightRange, WeightUnit};
use crate::cpu::bins::Probe;
use crate::cpu::memory::Memory;
use crate::cpu::partition::{FilledBin, Partition, Writer};
use crate::cpu::rank::{FEW, probe};
use crate::cpu::read::{InputScan, InvalidSample, for_blocks, scan};
use crate::cpu::samples::{BLOCK, Samples};
use crate::cpu::sort::{Scratch, sort};
use crate::cpu::sorted::{Bin, Sorted, place, split_off};
use crate::cpu::word::{Key, Word};
use crate::element::kind::ScoreKind;

use fold::{WeightFold, WeightedWord, add, total};
pub(crate) use lists::{WeighedLists, WeightLists, lists};
pub(crate) use scan::{WeightScan, scan_weights};

/// Weights of the samples of a task: finite, and at least 0.
pub(crate) trait Weights: Sync {
    /// The weights of the samples from `start` on, as many as `out` has room for.
    fn read(&self, start: usize, out: &mut [f64]);
}

/// Samples of a task with their weights.
pub(crate) struct WeightedSamples<'a, K> {
    pub(crate) samples: &'a dyn Samples<K>,
    pub(crate) weights: &'a dyn Weights,
    pub(crate) kind: ScoreKind,
}

/// Sums over the ranking of a task.
pub(crate) enum Weighed {
    /// All weights are counted.
    Counts(IntegerSums),
    Weights(WeightSums),
}

/// The sums over the ranking of weighted samples; `None` where the sum of all weights needs more bits than there
/// are. There must be samples.
///
/// # Errors
/// The first invalid sample.
pub(crate) fn weigh<K: Carrier>(
    of_task: &WeightedSamples<'_, K>,
    scanned: &WeightScan,
) -> Result<Option<Weighed>, InvalidSample> {
    let WeightRange { n_summed, .. } = scanned.range;
    if n_summed == 0 {
        let parts = of_task.fold_any::<IntegerSums>(scanned.are_narrow, ())?;
        let sums = parts.into_iter().fold(IntegerSums::default(), IntegerSums::join);
        return Ok(Some(Weighed::Counts(sums)));
    }
    let Some(unit) = WeightUnit::new(&scanned.range) else {
        return scan(of_task.samples, of_task.kind).map(|_| None);
    };
    let parts = of_task.fold_any::<WeightSums>(scanned.are_narrow, unit)?;
    Ok(parts.into_iter().reduce(WeightSums::join).map(Weighed::Weights))
}

/// A key, with the word that carries it and a weight of single precision.
pub(crate) trait Carrier: Key {
    type Narrow: WeightedWord;
}

impl Carrier for u32 {
    type Narrow = u64;
}

impl Carrier for u64 {
    type Narrow = u128;
}

impl<K: Carrier> WeightedSamples<'_, K> {
    fn fold_any<F: WeightFold>(
        &self,
        are_narrow: bool,
        unit: F::Unit,
    ) -> Result<Vec<F>, InvalidSample> {
        if are_narrow { self.fold::<K::Narrow, F>(unit) } else { self.fold::<u128, F>(unit) }
    }

    /// Folds all groups, part by part from high scores to low.
    fn fold<W: WeightedWord, F: WeightFold>(&self, unit: F::Unit) -> Result<Vec<F>, InvalidSample> {
        if self.samples.len() <= FEW {
            return self.few::<W>().map(|halves| vec![fold_few(&halves, unit)]);
        }
        self.partition::<W>().map(|partition| partition.fold(unit))
    }

    /// All samples in order.
    fn sorted<W: WeightedWord>(&self) -> Result<Sorted<W>, InvalidSample> {
        if self.samples.len() > FEW {
            return self.partition().map(Partition::into_sorted);
        }
        let halves = self.few::<W>()?;
        let mut packed = Memory::new(halves.iter().map(|(words, _)| words.len()).sum());
        let (mut rest, mut end) = (packed.uninit(), 0);
        let bins = halves.iter().filter(|(words, _)| !words.is_empty()).map(|(words, top)| {
            let n_groups = place(words, W::WEIGHT_BITS, split_off(&mut rest, words.len()));
            end += words.len();
            Bin { range: end - words.len()..end, top: *top, tp: 0, fp: 0, n_groups }
        });
        let bins = bins.collect();
        // SAFETY: `place` has written as many samples as each half has.
        #[allow(unsafe_code)]
        unsafe {
            Ok(Sorted::new(packed, bins))
        }
    }

    /// Packs many samples into bins.
    fn partition<W: WeightedWord>(&self) -> Result<Partition<W>, InvalidSample> {
        let &Self { samples, kind, .. } = self;
        let probe = match probe(samples, kind) {
            Some(probe) => probe,
            None => {
                let (min, max) = scan(samples, kind)?.extremes();
                Probe { keys: Vec::new(), min, max }
            }
        };
        let write = |bins: &_, writer: &mut Writer<W>, share: Share<'_>| {
            let (mut found, mut numbers) = (InputScan::none(kind), [0; BLOCK]);
            let (mut weights, mut words) = ([0.0; BLOCK], [W::zero(); BLOCK]);
            for_blocks(samples, share, |start, keys, labels| {
                let n = keys.len();
                let (numbers, weights) = (&mut numbers[..n], &mut weights[..n]);
                self.weights.read(start, weights);
                let bins: &crate::cpu::bins::Bins<K> = bins;
                let n = simd::run(
                    #[inline(always)]
                    || {
                        found.add(start, keys, labels);
                        bins.of(keys, numbers);
                        pack(keys, labels, weights, &mut words);
                        without_weightless(weights, numbers, &mut words)
                    },
                );
                writer.write(&numbers[..n], &words[..n]);
            });
            found.check()
        };
        Partition::of(samples.len(), kind, &probe, W::WEIGHT_BITS, write)
    }

    /// Few samples, sorted: those with the top bit, and those without; each with the key that they are
    /// distances below.
    fn few<W: WeightedWord>(&self) -> Result<[(Vec<W>, u64); 2], InvalidSample> {
        let mut found = InputScan::none(self.kind);
        let (mut weights, mut words) = ([0.0; BLOCK], [W::zero(); BLOCK]);
        let top = K::max_value().to_u64();
        let mut halves = [(Vec::new(), top), (Vec::new(), top - K::TOP_BIT)];
        for_blocks(self.samples, Some(0..self.samples.len()), |start, keys, labels| {
            let weights = &mut weights[..keys.len()];
            self.weights.read(start, weights);
            simd::run(|| {
                found.add(start, keys, labels);
                pack(keys, labels, weights, &mut words);
            });
            let samples = words.iter().zip(&*keys).zip(&*weights);
            for ((&word, key), _) in samples.filter(|sample| *sample.1 != 0.0) {
                halves[1 - key.top_bit() as usize].0.push(word);
            }
        });
        found.check()?;
        let mut scratch = Scratch::default();
        for (words, _) in &mut halves {
            if !words.is_empty() {
                let sorted = sort(std::iter::once(&words[..]), words.len(), &mut scratch).to_vec();
                *words = sorted;
            }
        }
        Ok(halves)
    }
}

/// Packs samples with their weights.
#[inline(always)]
fn pack<K: Key, W: WeightedWord>(keys: &[K], labels: &[u8], weights: &[f64], words: &mut [W]) {
    let samples = keys.iter().zip(labels).zip(weights);
    for (word, ((&key, &label), &weight)) in words.iter_mut().zip(samples) {
        *word = W::new(crate::cpu::pack::packed(key, label).to_u64(), weight);
    }
}

/// Removes samples of weight 0; returns how many are left.
#[inline(always)]
fn without_weightless<W: Word>(weights: &[f64], numbers: &mut [u32], words: &mut [W]) -> usize {
    if weights.iter().all(|&weight| weight != 0.0) {
        return weights.len();
    }
    let mut n = 0;
    for (i, &weight) in weights.iter().enumerate() {
        // No branch: which weights are 0 is hard to predict.
        (numbers[n], words[n]) = (numbers[i], words[i]);
        n += usize::from(weight != 0.0);
    }
    n
}

fn fold_few<W: WeightedWord, F: WeightFold>(halves: &[(Vec<W>, u64); 2], unit: F::Unit) -> F {
    let none = [F::Amount::default(); 2];
    let all = halves.iter().fold(none, |sums, (words, _)| add(sums, total::<W, F>(words, unit)));
    let mut fold = F::starting_at(F::totals(unit, all), none);
    halves.iter().for_each(|(words, _)| fold.push_sorted(words, unit));
    fold
}

/// Bins that a thread takes at once.
const BINS_PER_RANGE: usize = 8;

impl<W: WeightedWord> Partition<W> {
    /// Sorts each bin and folds its groups; one fold for each bin, from high scores to low.
    fn fold<F: WeightFold>(&self, unit: F::Unit) -> Vec<F> {
        let filled = self.filled_bins();
        let above = self.above::<F>(&filled, unit);
        let none = [F::Amount::default(); 2];
        let all = above.last().copied().unwrap_or(none);
        let totals = F::totals(unit, all);
        let fold = |share: Share<'_>| {
            let mut scratch = Scratch::default();
            let fold_bin = |at: usize| {
                let (sorted, _) =
                    self.sorted(filled[at].bin, filled[at].n_samples, true, &mut scratch);
                let mut fold = F::starting_at(totals, above[at]);
                fold.push_sorted(sorted, unit);
                (at, fold)
            };
            share.flatten().map(fold_bin).collect::<Vec<_>>()
        };
        let n_shares = threads::available();
        let shares = threads::share(filled.len(), n_shares, BINS_PER_RANGE, fold);
        let mut folds: Vec<_> = shares.into_iter().flatten().collect();
        folds.sort_unstable_by_key(|(at, _)| *at);
        folds.into_iter().map(|(_, fold)| fold).collect()
    }

    /// The weight of the negatives and positives above each bin, and of all.
    fn above<F: WeightFold>(&self, filled: &[FilledBin], unit: F::Unit) -> Vec<[F::Amount; 2]> {
        let none = [F::Amount::default(); 2];
        let items: Vec<Range<usize>> = (0..filled.len())
            .step_by(BINS_PER_RANGE)
            .map(|start| start..filled.len().min(start + BINS_PER_RANGE))
            .collect();
        let totals = threads::map(items, |range| {
            let of_bin = |bin: &FilledBin| {
                let pieces = self.pieces(bin.bin);
                pieces.fold(none, |sums, words| {
                    add(
                        sums,
                        simd::run(
                            #[inline(always)]
                            || total::<W, F>(words, unit),
                        ),
                    )
                })
            };
            filled[range].iter().map(of_bin).collect::<Vec<_>>()
        });
        accumulate(totals.into_iter().flatten())
    }
}

/// Sums of all amounts before each, and of all.
fn accumulate<A: Copy + Default + Add<Output = A>>(
    amounts: impl Iterator<Item = [A; 2]>,
) -> Vec<[A; 2]> {
    let mut above = vec![[A::default(); 2]];
    for amounts in amounts {
        above.push(add(above[above.len() - 1], amounts));
    }
    above
}
