//! Ranking one task: from samples to tie groups, from the highest score to the lowest.
//!
//! - *Few* samples are read once and put into as many bins, after which only neighbours are out of order.
//! - Of many samples some are probed. If few distinct keys seem possible, the range of all keys is found.
//!   If it is small, each possible key is *counted*, without a sort.
//! - If positives are rare (`rare.rs`), only these are sorted.
//! - Else one read packs the samples into bins of about equally many samples, from high to low. A packed
//!   sample is the distance of its key below the highest possible one, with the label in bit 0. This loses
//!   the top bit, which is the same in a whole bin. Each bin is sorted in cache, and a *tie scan* follows
//!   at once. The counts above each bin are known by then, so bins need nothing from each other.
//!
//! Every read checks for NaN and for invalid targets. The results are sums of integers, or lists in order,
//! so they do not depend on the number of threads.

use std::cmp::Reverse;

use super::bins::{Bins, Probe};
use super::buckets::NotCounted;
use super::pack::pack;
use super::partition::Partition;
use super::rare;
use super::read::{InputScan, InvalidSample, all_or_first_invalid, for_blocks, read, scan, share};
use super::samples::{BLOCK, Samples};
use super::sort::{distribute, sort_in_bins};
use super::sorted::{CountLists, KeyLists, Sorted};
use super::tally::tally;
use super::tie_scan::{GroupFold, KeyGroup, TieScan};
use super::word::Key;
use crate::arith::simd;
use crate::arith::sums::IntegerSums;
use crate::element::kind::ScoreKind;

/// Widest range of keys that is counted rather than sorted.
const MAX_COUNTED: u64 = 1 << 16;
/// Most samples that a comparison sort sorts.
const VERY_FEW: usize = 64;
/// Most samples that are sorted with one bin for each.
pub(super) const FEW: usize = 1 << 13;
/// Fewest samples for which a count for each key of 16 bits costs next to nothing.
pub(super) const MANY: usize = 1 << 20;
/// Places of the samples that are probed first, and samples at each.
const KEYS_PROBED: [usize; 2] = [128, 8];

/// The tie groups of one task, part by part, from high to low. There must be samples.
///
/// # Errors
/// The first invalid sample.
pub(crate) fn rank<K: Key, S: GroupFold>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<Vec<S>, InvalidSample> {
    Ok(match prepare(samples, kind)? {
        Prepared::Whole(fold) => vec![fold],
        Prepared::Bins(partition) => partition.fold_groups(),
    })
}

/// The ranked counts of one task. There must be samples.
///
/// # Errors
/// The first invalid sample, or memory that there is not.
pub(crate) fn counts<K: Key>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<CountLists, NotCounted> {
    match prepare::<K, KeyLists>(samples, kind).map_err(NotCounted::Invalid)? {
        Prepared::Whole(lists) => Ok(lists.into_counts(kind)),
        Prepared::Bins(partition) => {
            partition.into_sorted().counts(kind).map_err(NotCounted::NoMemory)
        }
    }
}

/// The samples of one task in order.
pub(crate) enum OfTask<K> {
    /// The groups of few samples, or of few distinct scores.
    Groups(Vec<KeyGroup>),
    Sorted(Sorted<K>),
}

/// Sorts the samples of one task. There must be samples.
///
/// # Errors
/// The first invalid sample.
pub(crate) fn sorted<K: Key>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<OfTask<K>, InvalidSample> {
    Ok(match prepare(samples, kind)? {
        Prepared::Whole(groups) => OfTask::Groups(groups),
        Prepared::Bins(partition) => OfTask::Sorted(partition.into_sorted()),
    })
}

/// Calls `visit` with each tie group of one task, from high to low, without a list of them for large tasks;
/// returns their sums. There must be samples.
///
/// # Errors
/// The first invalid sample, before any group is visited.
pub(crate) fn for_each_group<K: Key>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    mut visit: impl FnMut(KeyGroup),
) -> Result<IntegerSums, InvalidSample> {
    Ok(match prepare::<K, Vec<KeyGroup>>(samples, kind)? {
        Prepared::Whole(groups) => {
            let mut sums = IntegerSums::default();
            for group in groups {
                sums.push(group.n_positives, group.n_negatives);
                visit(group);
            }
            sums
        }
        Prepared::Bins(partition) => partition.for_each_group(visit),
    })
}

/// The fold of all groups, or bins whose groups are still to be folded.
enum Prepared<K, S> {
    Whole(S),
    Bins(Partition<K>),
}

/// Reads the samples, and ranks them unless they are many.
fn prepare<K: Key, S: GroupFold>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<Prepared<K, S>, InvalidSample> {
    let n = samples.len();
    if n <= VERY_FEW {
        return rank_very_few(samples, kind).map(Prepared::Whole);
    }
    if n <= FEW {
        return rank_few(samples, kind).map(Prepared::Whole);
    }
    if kind.is_16_bit() && n >= MANY {
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

/// Whether counting `n` keys in this range is faster than sorting them.
fn is_counted<K: Key>(min: K, max: K, n: usize) -> bool {
    let range = (max - min).to_u64();
    range < MAX_COUNTED && range / 4 <= n as u64
}

/// Keys from all parts of the input, without those of NaN.
pub(super) fn probe<K: Key>(samples: &dyn Samples<K>, kind: ScoreKind) -> Option<Probe<K>> {
    let [n_places, n_samples] = KEYS_PROBED;
    let [low, high] = InputScan::none(kind).valid;
    let last = samples.len() - n_samples;
    let mut keys = vec![K::zero(); n_places * n_samples];
    for (i, keys) in keys.chunks_mut(n_samples).enumerate() {
        samples.keys((i as u64 * last as u64 / (n_places as u64 - 1)) as usize, keys);
    }
    keys.retain(|key| low <= *key && *key <= high);
    let (&min, &max) = (keys.iter().min()?, keys.iter().max()?);
    Some(Probe { keys, min, max })
}

/// Ranks samples with a comparison sort.
fn rank_very_few<K: Key, S: GroupFold>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<S, InvalidSample> {
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
    let mut fold = S::starting_at(0, 0);
    for group in sorted.chunk_by(|a, b| a.0 == b.0) {
        let n_positives = group.iter().map(|sample| u64::from(sample.1)).sum();
        fold.push(group[0].0.to_u64(), n_positives, group.len() as u64 - n_positives);
    }
    Ok(fold)
}

/// Ranks samples that fit the nearest caches, with a bin for each.
fn rank_few<K: Key, S: GroupFold>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<S, InvalidSample> {
    let n = samples.len();
    let (mut keys, mut labels) = (vec![K::zero(); n], vec![0; n]);
    let (min, max) = read(samples, kind, &mut keys, &mut labels)?.extremes();
    if is_counted(min, max, n) {
        return count(samples, kind, min, max);
    }
    let some = keys.iter().step_by(n.div_ceil(KEYS_PROBED[0])).copied().collect();
    let bins = Bins::new(kind, &Probe { keys: some, min, max }, n);
    let (mut packed, mut numbers) = (vec![K::zero(); n], vec![0; n]);
    simd::run(|| {
        bins.of(&keys, &mut numbers);
        pack(&mut keys, &labels);
    });
    let mut ends = Vec::new();
    distribute(&keys, &numbers, bins.len(), &mut ends, &mut packed);
    let middle = if bins.middle() == 0 { 0 } else { ends[bins.middle() - 1] as usize };
    let (mut fold, mut tie_scan) = (S::starting_at(0, 0), TieScan::default());
    let (high_ends, low_ends) = ends.split_at(bins.middle());
    for (half, ends, lost) in [(0..middle, high_ends, 0), (middle..n, low_ends, K::TOP_BIT)] {
        if !half.is_empty() {
            let (start, packed) = (half.start, &mut packed[half]);
            sort_in_bins(packed, ends, start, &mut keys, &mut numbers);
            fold.push_sorted(packed, K::max_value().to_u64() - lost, &mut tie_scan);
        }
    }
    Ok(fold)
}

/// Ranks the samples if positives are rare, else packs them into bins.
fn prepare_many<K: Key, S: GroupFold>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    probe: &Probe<K>,
) -> Result<Prepared<K, S>, InvalidSample> {
    if S::NEEDS_POSITIVES_ONLY
        && rare::is_likely(samples)
        && let Some(fold) = rare::rank(samples, kind, probe)?
    {
        return Ok(Prepared::Whole(fold));
    }
    Partition::new(samples, kind, probe).map(Prepared::Bins)
}

/// Counts each possible key from `min` to `max`, without a sort. All valid samples must have such keys.
///
/// # Errors
/// The first invalid sample.
fn count<K: Key, S: GroupFold>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    min: K,
    max: K,
) -> Result<S, InvalidSample> {
    let n_keys = (max - min).to_usize() + 1;
    let counted = share(samples.len(), |share| {
        let mut found = InputScan::none(kind);
        let (mut counts, mut numbers) = (vec![0u32; 2 * n_keys], [0; BLOCK]);
        for_blocks(samples, share, |start, keys, labels| {
            let numbers = &mut numbers[..keys.len()];
            simd::run(|| {
                found.add(start, keys, labels);
                for ((number, &key), &label) in numbers.iter_mut().zip(&*keys).zip(labels) {
                    // A NaN may have a key outside the range, but then the block is not counted.
                    *number = max.wrapping_sub(&key).low() << 1 | u32::from(label);
                }
            });
            if found.invalid.is_none() {
                tally(numbers, &mut counts);
            }
        });
        found.check().map(|()| counts)
    });
    let counts = add_up(&all_or_first_invalid(counted)?);
    let mut fold = S::starting_at(0, 0);
    for (below, group) in counts.chunks_exact(2).enumerate() {
        if group[0] + group[1] > 0 {
            fold.push(max.to_u64() - below as u64, group[1], group[0]);
        }
    }
    Ok(fold)
}

fn add_up(shares: &[Vec<u32>]) -> Vec<u64> {
    let mut total = vec![0; shares.first().map_or(0, Vec::len)];
    for counts in shares {
        total.iter_mut().zip(counts).for_each(|(total, &count)| *total += u64::from(count));
    }
    total
}
