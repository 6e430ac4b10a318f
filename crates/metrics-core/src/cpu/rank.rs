//! Ranking one task: samples in, groups of equal scores out, from the highest score to the lowest.
//!
//! - *Few* samples are read once, put into a bin each, and sorted by looking at neighbours.
//! - Of many, some are looked at. If few distinct keys seem possible, the range of all keys is found,
//!   and if it is small each key is *counted*, and that is all.
//! - If positives are rare (`rare.rs`), only these are sorted.
//! - Else one read packs the samples into bins of about equally many, from high to low. A
//!   key is stored as its distance below the highest key there can be, with the label in bit 0. The bit
//!   which that pushes out at the top is the same in a whole bin. Each bin is sorted in cache, and its
//!   groups are *walked* at once. The counts above each bin are known by then, so bins need nothing
//!   from each other.
//!
//! Every read looks for NaN and for bad targets. Whatever is made of the groups must be a sum of
//! integers, or a list in order: then the number of threads cannot matter.

use std::cmp::Reverse;
use std::ops::Range;

use super::bins::{Bins, Probe};
use super::pack::pack;
use super::partition::Partition;
use super::rare;
use super::samples::{BLOCK, Key, NO_LABEL, Samples};
use super::simd;
use super::sort::{distribute, sort_in_bins};
use super::tally::tally;
use super::walk::{Sink, TieGroup, Walk};
use crate::areas::CountedAreas;
use crate::kind::ScoreKind;
use crate::threads::{self, Share};

/// A sample that cannot be ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Position of a score that is NaN.
    Score(usize),
    /// Position of a target that is neither 0 nor 1.
    Target(usize),
}

/// Samples of a share, on average: 31 bits count them, also where a share is larger.
const MAX_SHARE: usize = 1 << 30;
/// Ranges that a share has at least, where they can be so short.
const STEPS: usize = 16;
/// Samples of a range at most: to read so many takes far longer than to take a range.
pub(super) const MAX_STEP: usize = 32 * BLOCK;
/// Samples a thread must have to be worth its start.
const SAMPLES_PER_THREAD: usize = 1 << 16;
/// Widest range of keys that is counted rather than sorted.
const MAX_COUNTED: u64 = 1 << 16;
/// Samples up to which they are sorted by comparison.
const VERY_FEW: usize = 64;
/// Samples up to which a bin is made for each.
pub(super) const FEW: usize = 1 << 13;
/// Samples from which on it costs nothing to have a count for each key of 16 bits.
pub(super) const MANY: usize = 1 << 20;
/// Places of the samples that are looked at first, and samples at each.
const PROBED: [usize; 2] = [128, 8];

/// What the samples read so far were like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<K> {
    /// Smallest and largest key of a score that is not NaN.
    valid: [K; 2],
    min: K,
    max: K,
    /// The first bad sample.
    bad: Option<Bad>,
}

impl<K: Key> Seen<K> {
    pub(crate) fn none(kind: ScoreKind) -> Self {
        let (low, high) = kind.key_range();
        let valid = [K::from_u64(low), K::from_u64(high)];
        Self { valid, min: K::max_value(), max: K::zero(), bad: None }
    }

    /// The samples from `start` on.
    #[inline(always)]
    pub(crate) fn see(&mut self, start: usize, keys: &[K], labels: &[u8]) {
        let (mut min, mut max) = (K::max_value(), K::zero());
        for &key in keys {
            min = min.min(key);
            max = max.max(key);
        }
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        let worst = labels.iter().fold(0, |worst, &label| worst.max(label));
        let [low, high] = self.valid;
        if self.bad.is_none() && (min < low || max > high || worst == NO_LABEL) {
            self.bad = keys.iter().zip(labels).enumerate().find_map(|(i, (&key, &label))| {
                if key < low || key > high {
                    Some(Bad::Score(start + i))
                } else {
                    (label == NO_LABEL).then_some(Bad::Target(start + i))
                }
            });
        }
    }

    /// What these samples and others, valid too, were like.
    pub(crate) fn join(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max), ..self }
    }

    /// Smallest and largest key.
    pub(crate) fn extremes(&self) -> (K, K) {
        (self.min, self.max)
    }

    /// # Errors
    /// The first bad sample.
    pub(crate) fn check(&self) -> Result<(), Bad> {
        self.bad.map_or(Ok(()), Err)
    }
}

/// Reads all samples once.
///
/// # Errors
/// The first sample that cannot be ranked.
pub(crate) fn scan<K: Key>(samples: &dyn Samples<K>, kind: ScoreKind) -> Result<Seen<K>, Bad> {
    let seen = share(samples.len(), |share| {
        let mut seen = Seen::none(kind);
        for_blocks(samples, share, |start, keys, labels| {
            simd::run(|| seen.see(start, keys, labels));
        });
        seen.check().map(|()| seen)
    });
    Ok(all_or_first_bad(seen)?.into_iter().fold(Seen::none(kind), Seen::join))
}

/// The groups of equal scores of one task, part by part, from high to low. There must be samples.
///
/// # Errors
/// The first sample that cannot be ranked.
pub(crate) fn rank<K: Key, S: Sink>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<Vec<S>, Bad> {
    Ok(match prepare(samples, kind)? {
        Prepared::Whole(sink) => vec![sink],
        Prepared::Bins(partition) => partition.walk(),
    })
}

/// Calls `visit` with each group of equal scores of one task, from high to low, and makes no list of them;
/// returns their sums. There must be samples.
///
/// # Errors
/// The first sample that cannot be ranked, before any group is visited.
pub(crate) fn for_each_group<K: Key>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    mut visit: impl FnMut(TieGroup),
) -> Result<CountedAreas, Bad> {
    Ok(match prepare::<K, Vec<TieGroup>>(samples, kind)? {
        Prepared::Whole(groups) => {
            let mut areas = CountedAreas::default();
            for group in groups {
                areas.push(group.n_positives, group.n_negatives);
                visit(group);
            }
            areas
        }
        Prepared::Bins(partition) => partition.for_each_group(visit),
    })
}

/// Samples of which the groups are known, or bins whose groups are to be walked.
enum Prepared<K, S> {
    Whole(S),
    Bins(Partition<K>),
}

/// Reads the samples, and ranks them unless they are many.
fn prepare<K: Key, S: Sink>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<Prepared<K, S>, Bad> {
    let n = samples.len();
    if n <= VERY_FEW {
        return rank_very_few(samples, kind).map(Prepared::Whole);
    }
    if n <= FEW {
        return rank_few(samples, kind).map(Prepared::Whole);
    }
    if kind.is_tiny() && n >= MANY {
        let (min, max) = kind.key_range();
        return count(samples, kind, K::from_u64(min), K::from_u64(max)).map(Prepared::Whole);
    }
    if let Some(probe) = probe(samples, kind)
        && !is_counted(probe.min, probe.max, n)
    {
        return prepare_many(samples, kind, &probe);
    }
    let (min, max) = scan(samples, kind)?.extremes();
    if is_counted(min, max, n) {
        return count(samples, kind, min, max).map(Prepared::Whole);
    }
    prepare_many(samples, kind, &Probe { keys: Vec::new(), min, max })
}

/// Whether so many keys in this range are better counted than sorted.
fn is_counted<K: Key>(min: K, max: K, n: usize) -> bool {
    let range = (max - min).to_u64();
    range < MAX_COUNTED && range / 4 <= n as u64
}

/// Keys from all over the input, but for those of NaN.
fn probe<K: Key>(samples: &dyn Samples<K>, kind: ScoreKind) -> Option<Probe<K>> {
    let [n_places, n_samples] = PROBED;
    let [low, high] = Seen::none(kind).valid;
    let last = samples.len() - n_samples;
    let mut keys = vec![K::zero(); n_places * n_samples];
    for (i, keys) in keys.chunks_mut(n_samples).enumerate() {
        samples.keys((i as u64 * last as u64 / (n_places as u64 - 1)) as usize, keys);
    }
    keys.retain(|key| low <= *key && *key <= high);
    let (&min, &max) = (keys.iter().min()?, keys.iter().max()?);
    Some(Probe { keys, min, max })
}

/// Ranks samples that are not worth more than a comparison sort.
fn rank_very_few<K: Key, S: Sink>(samples: &dyn Samples<K>, kind: ScoreKind) -> Result<S, Bad> {
    let n = samples.len();
    let (mut keys, mut labels) = ([K::zero(); VERY_FEW], [0; VERY_FEW]);
    let (keys, labels) = (&mut keys[..n], &mut labels[..n]);
    read(samples, kind, keys, labels)?;
    let mut sorted = [(K::zero(), 0); VERY_FEW];
    let sorted = &mut sorted[..n];
    for (sample, (&key, &label)) in sorted.iter_mut().zip(keys.iter().zip(&*labels)) {
        *sample = (key, label);
    }
    sorted.sort_unstable_by_key(|sample| Reverse(sample.0));
    let mut sink = S::starting_at(0, 0);
    for group in sorted.chunk_by(|a, b| a.0 == b.0) {
        let n_positives = group.iter().map(|sample| u64::from(sample.1)).sum();
        sink.push(group[0].0.to_u64(), n_positives, group.len() as u64 - n_positives);
    }
    Ok(sink)
}

/// Reads all samples, and what they were like.
fn read<K: Key>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    keys: &mut [K],
    labels: &mut [u8],
) -> Result<Seen<K>, Bad> {
    samples.both(0, keys, labels);
    let mut seen = Seen::none(kind);
    simd::run(|| seen.see(0, keys, labels));
    seen.check().map(|()| seen)
}

/// Ranks samples that fit the nearest caches, with a bin for each.
fn rank_few<K: Key, S: Sink>(samples: &dyn Samples<K>, kind: ScoreKind) -> Result<S, Bad> {
    let n = samples.len();
    let (mut keys, mut labels) = (vec![K::zero(); n], vec![0; n]);
    let (min, max) = read(samples, kind, &mut keys, &mut labels)?.extremes();
    if is_counted(min, max, n) {
        return count(samples, kind, min, max);
    }
    let some = keys.iter().step_by(n.div_ceil(PROBED[0])).copied().collect();
    let bins = Bins::new(kind, &Probe { keys: some, min, max }, n);
    let (mut packed, mut numbers) = (vec![K::zero(); n], vec![0; n]);
    simd::run(|| {
        bins.of(&keys, &mut numbers);
        pack(&mut keys, &labels);
    });
    let mut ends = Vec::new();
    distribute(&keys, &numbers, bins.len(), &mut ends, &mut packed);
    let middle = if bins.middle() == 0 { 0 } else { ends[bins.middle() - 1] as usize };
    let (mut sink, mut walk) = (S::starting_at(0, 0), Walk::default());
    let (high_ends, low_ends) = ends.split_at(bins.middle());
    for (half, ends, lost) in [(0..middle, high_ends, 0), (middle..n, low_ends, K::TOP_BIT)] {
        if !half.is_empty() {
            let (start, packed) = (half.start, &mut packed[half]);
            sort_in_bins(packed, ends, start, &mut keys, &mut numbers);
            sink.push_sorted(packed, K::max_value().to_u64() - lost, &mut walk);
        }
    }
    Ok(sink)
}

/// Reads samples of which a few are known, and ranks them if positives are rare.
fn prepare_many<K: Key, S: Sink>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    probe: &Probe<K>,
) -> Result<Prepared<K, S>, Bad> {
    if S::NEEDS_POSITIVES_ONLY
        && rare::is_likely(samples)
        && let Some(sink) = rare::rank(samples, kind, probe)?
    {
        return Ok(Prepared::Whole(sink));
    }
    Partition::new(samples, kind, probe).map(Prepared::Bins)
}

/// Counts each possible key from `min` to `max`, of which all samples must be, but for bad ones: no
/// sort at all.
///
/// # Errors
/// The first bad sample.
fn count<K: Key, S: Sink>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    min: K,
    max: K,
) -> Result<S, Bad> {
    let n_keys = (max - min).to_usize() + 1;
    let counted = share(samples.len(), |share| {
        let mut seen = Seen::none(kind);
        let (mut counts, mut numbers) = (vec![0u32; 2 * n_keys], [0; BLOCK]);
        for_blocks(samples, share, |start, keys, labels| {
            let numbers = &mut numbers[..keys.len()];
            simd::run(|| {
                seen.see(start, keys, labels);
                for ((number, &key), &label) in numbers.iter_mut().zip(&*keys).zip(labels) {
                    // The key may be that of NaN, above the highest: it is not counted then.
                    *number = max.wrapping_sub(&key).low() << 1 | u32::from(label);
                }
            });
            if seen.bad.is_none() {
                tally(numbers, &mut counts);
            }
        });
        seen.check().map(|()| counts)
    });
    let counts = add_up(&all_or_first_bad(counted)?);
    let mut sink = S::starting_at(0, 0);
    for (below, group) in counts.chunks_exact(2).enumerate() {
        if group[0] + group[1] > 0 {
            sink.push(max.to_u64() - below as u64, group[1], group[0]);
        }
    }
    Ok(sink)
}

fn add_up(shares: &[Vec<u32>]) -> Vec<u64> {
    let mut total = vec![0; shares.first().map_or(0, Vec::len)];
    for counts in shares {
        total.iter_mut().zip(counts).for_each(|(total, &count)| *total += u64::from(count));
    }
    total
}

/// Calls `f` with the start, the keys and the labels of each block of some ranges.
pub(crate) fn for_blocks<K: Key>(
    samples: &dyn Samples<K>,
    ranges: impl IntoIterator<Item = Range<usize>>,
    mut f: impl FnMut(usize, &mut [K], &[u8]),
) {
    let (mut keys, mut labels) = ([K::zero(); BLOCK], [0; BLOCK]);
    for range in ranges {
        for start in range.clone().step_by(BLOCK) {
            let n = BLOCK.min(range.end - start);
            samples.both(start, &mut keys[..n], &mut labels[..n]);
            f(start, &mut keys[..n], &labels[..n]);
        }
    }
}

/// Reads the samples in as many shares as threads that are worth starting. A thread takes whole blocks,
/// and no more than a quarter above its part.
pub(super) fn share<R: Send>(n_samples: usize, f: impl Fn(Share<'_>) -> R + Sync + Send) -> Vec<R> {
    let n_threads = threads::available().min(n_samples.div_ceil(SAMPLES_PER_THREAD));
    let n_shares = n_threads.max(n_samples.div_ceil(MAX_SHARE)).max(1);
    let mean = n_samples.div_ceil(n_shares);
    let step = (mean / STEPS).next_multiple_of(BLOCK).clamp(BLOCK, MAX_STEP);
    let most = n_samples.min(mean + mean / 4);
    threads::share(n_samples, n_shares, step, |share| f(share.at_most(most)))
}

/// What all shares made, or the first bad sample.
pub(super) fn all_or_first_bad<T>(shares: Vec<Result<T, Bad>>) -> Result<Vec<T>, Bad> {
    threads::all_or_first(shares, |&(Bad::Score(position) | Bad::Target(position))| position)
}
