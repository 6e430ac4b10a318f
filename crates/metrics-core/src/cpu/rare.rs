//! Many samples of which few are positive: only the positives are sorted.
//!
//! Only positives change the areas; for negatives only their number between two positives matters. Most
//! bins of equal width have no positive, so their negatives are only counted. Samples in other bins are
//! searched for among the positives, in as many steps as the bin with most positives needs.

use super::bins::{Bins, Probe};
use super::ladder::{Ladder, flip};
use super::read::{InputScan, InvalidSample, all_or_first_invalid, for_blocks, share};
use super::samples::{BLOCK, Samples};
use super::tally;
use super::tie_scan::GroupFold;
use super::word::Key;
use crate::arith::simd;
use crate::element::kind::ScoreKind;

/// Positives are rare if there are at least this many samples for each.
const RARITY: usize = 32;
/// Most positives whose bins stay in the near caches.
const MAX_POSITIVES: usize = 1 << 14;
/// Places where labels are probed to guess whether positives are rare.
const LABELS_PROBED: usize = 64;
/// Bins for each positive: with fewer, more negatives share a bin with a positive; more leave the near caches.
const BINS_PER_POSITIVE: usize = 8;
/// Fewest bins.
const MIN_BINS: usize = 1 << 10;
/// Most slots with two counts each: more leave the nearest cache.
const MAX_DOUBLED_SLOTS: usize = 1 << 10;
/// After this many blocks in a row with most samples in bins with positives, bins are not worth it.
const MAX_FULL_BLOCKS: u32 = 4;
/// Blocks that are then counted without bins, before bins are tried again.
const BLOCKS_WITHOUT_BINS: u32 = 16;
/// A flag in a count of samples: the bin has positives.
const HAS_POSITIVES: u32 = 1 << 31;

/// The positives of one score.
#[derive(Debug, Clone, Copy)]
struct PositiveGroup<K> {
    key: K,
    n_positives: u64,
}

/// Whether few samples seem to be positive, from some that are probed.
pub(crate) fn is_likely<K: Key>(samples: &dyn Samples<K>) -> bool {
    let n = samples.len();
    let mut labels = [0; BLOCK];
    let labels = &mut labels[..BLOCK.min(n / LABELS_PROBED / 16)];
    let mut n_positives = 0;
    for place in 0..LABELS_PROBED {
        samples.labels(n / LABELS_PROBED * place, labels);
        n_positives += labels.iter().filter(|&&label| label == 1).count();
    }
    let n_probed = LABELS_PROBED * labels.len();
    are_rare(n_positives, n_probed) && n_positives * (n / n_probed) <= MAX_POSITIVES
}

fn are_rare(n_positives: usize, n_samples: usize) -> bool {
    n_positives <= n_samples / RARITY
}

/// Ranks the samples if few are positive, else returns `None`.
///
/// # Errors
/// The first invalid sample.
pub(crate) fn rank<K: Key, S: GroupFold>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    probe: &Probe<K>,
) -> Result<Option<S>, InvalidSample> {
    let Some((positives, min, max)) = positives(samples, kind)? else { return Ok(None) };
    let groups: Vec<_> = positives
        .chunk_by(|a, b| a == b)
        .map(|group| PositiveGroup { key: group[0], n_positives: group.len() as u64 })
        .collect();
    let n_bins = (BINS_PER_POSITIVE * groups.len()).max(MIN_BINS);
    let probe = Probe { min, max, ..probe.clone() };
    let counts = count(samples, &Bins::new(kind, &probe, n_bins), &groups);
    let (between, tied) = (counts.iter().step_by(2), counts.iter().skip(1).step_by(2));
    let mut fold = S::starting_at(0, 0);
    for ((group, between), tied) in groups.iter().zip(between).zip(tied) {
        push_negatives(&mut fold, *between);
        fold.push(group.key.to_u64(), group.n_positives, tied - group.n_positives);
    }
    push_negatives(&mut fold, counts[2 * groups.len()] + counts[2 * groups.len() + 1]);
    Ok(Some(fold))
}

fn push_negatives(fold: &mut impl GroupFold, n: u64) {
    if n > 0 {
        fold.push(0, 0, n);
    }
}

/// The keys of the positives, from high to low, and the lowest and the highest key of all; `None` if
/// there are too many positives.
fn positives<K: Key>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<Option<(Vec<K>, K, K)>, InvalidSample> {
    let is_few = |n| are_rare(n, samples.len()) && n <= MAX_POSITIVES;
    let shares = share(samples.len(), |share| {
        let (mut found, mut positives) = (InputScan::none(kind), Vec::new());
        for range in share {
            for_blocks(samples, [range], |start, keys, labels| {
                simd::run(|| found.add(start, keys, labels));
                for (keys, labels) in keys.chunks(8).zip(labels.chunks(8)) {
                    if labels.iter().fold(0, |any, &label| any | label) != 0 {
                        let labelled = keys.iter().zip(labels).filter(|sample| *sample.1 == 1);
                        positives.extend(labelled.map(|sample| *sample.0));
                    }
                }
            });
            if !is_few(positives.len()) {
                return None;
            }
        }
        Some(found.check().map(|()| (found, positives)))
    });
    // A share that ended early may have missed an invalid sample before the one that another share found.
    let Some(shares) = shares.into_iter().collect() else { return Ok(None) };
    let (mut all, mut positives) = (InputScan::none(kind), Vec::new());
    for (found, keys) in all_or_first_invalid(shares)? {
        all = all.join(found);
        positives.extend(keys);
    }
    if !is_few(positives.len()) {
        return Ok(None);
    }
    positives.sort_unstable_by(|a, b| b.cmp(a));
    let (min, max) = all.extremes();
    Ok(Some((positives, min, max)))
}

/// Counts all samples in the slots of a ladder. The groups, and the slots of the result, go from high to
/// low: above a group, with its score, above the next group, and so on.
fn count<K: Key>(
    samples: &dyn Samples<K>,
    bins: &Bins<K>,
    groups: &[PositiveGroup<K>],
) -> Vec<u64> {
    let firsts = firsts(bins, groups);
    let n_of_bins = firsts.windows(2).map(|of_bin| of_bin[1] - of_bin[0]);
    let n_near = n_of_bins.clone().max().unwrap_or(0) as usize;
    // Flipped keys, so that they increase from group to group.
    let ladder = Ladder::new(groups.iter().map(|group| !group.key), n_near);
    let shares = share(samples.len(), |share| {
        let flag = |n| if n > 0 { HAS_POSITIVES } else { 0 };
        let mut in_bins: Vec<u32> = n_of_bins.clone().map(flag).collect();
        let n_slots = ladder.n_slots();
        let mut counts =
            vec![0u32; if n_slots <= MAX_DOUBLED_SLOTS { 2 * n_slots } else { n_slots }];
        let (mut numbers, mut near) = ([0; BLOCK], [0; BLOCK]);
        let (mut near_keys, mut slots) = ([K::zero(); BLOCK], [0; BLOCK]);
        // Blocks in a row with most samples in bins with positives, and blocks left to count without bins.
        let (mut n_full, mut n_without) = (0, 0);
        for_blocks(samples, share, |_, keys, _| {
            if n_without > 0 {
                n_without -= 1;
                let (all_keys, slots) = (&mut near_keys[..keys.len()], &mut slots[..keys.len()]);
                simd::run(|| {
                    all_keys.iter_mut().zip(&*keys).for_each(|(to, &key)| *to = flip(!key))
                });
                ladder.find(all_keys, slots);
                return count_slots(slots, &mut counts, n_slots);
            }
            let numbers = &mut numbers[..keys.len()];
            simd::run(|| bins.of(keys, numbers));
            let near = count_block(numbers, &mut in_bins, &mut near);
            n_full = if near.len() > keys.len() / 2 { n_full + 1 } else { 0 };
            if n_full >= MAX_FULL_BLOCKS && ladder.is_short() {
                n_without = BLOCKS_WITHOUT_BINS;
            }
            let (near_keys, slots) = (&mut near_keys[..near.len()], &mut slots[..near.len()]);
            for ((&i, key), slot) in near.iter().zip(&mut *near_keys).zip(&mut *slots) {
                (*key, *slot) = (flip(!keys[i as usize]), firsts[numbers[i as usize] as usize]);
            }
            ladder.find_near(near_keys, slots);
            count_slots(slots, &mut counts, n_slots);
        });
        let (once, again) = counts.split_at(n_slots);
        let mut counts: Vec<_> = once.iter().map(|&count| u64::from(count)).collect();
        counts.iter_mut().zip(again).for_each(|(count, &more)| *count += u64::from(more));
        for (&first, count) in firsts.iter().zip(in_bins) {
            if count & HAS_POSITIVES == 0 {
                counts[2 * first as usize] += u64::from(count);
            }
        }
        counts
    });
    shares.into_iter().fold(vec![0; ladder.n_slots()], |mut total, counts| {
        total.iter_mut().zip(counts).for_each(|(total, n)| *total += n);
        total
    })
}

/// Counts samples in their slots. If there are twice as many counts as slots, every other sample is counted
/// in the second half: many samples may share a slot, and an addition waits for the one before.
fn count_slots(slots: &mut [u32], counts: &mut [u32], n_slots: usize) {
    let second_half = (counts.len() - n_slots) as u32;
    simd::run(|| {
        slots.as_chunks_mut().0.iter_mut().for_each(|[_, slot]| *slot += second_half);
    });
    tally::tally(slots, counts);
}

/// For each bin, the number of groups in bins before it; last, the number of all groups.
fn firsts<K: Key>(bins: &Bins<K>, groups: &[PositiveGroup<K>]) -> Vec<u32> {
    let mut firsts = vec![0; bins.len() + 1];
    let mut number = [0];
    for group in groups {
        bins.of(&[group.key], &mut number);
        firsts[number[0] as usize + 1] += 1;
    }
    let mut total = 0;
    for first in &mut firsts {
        total += *first;
        *first = total;
    }
    firsts
}

/// Counts samples in their bins. Returns the positions of those in bins with positives.
#[inline(never)]
fn count_block<'n>(numbers: &[u32], in_bins: &mut [u32], near: &'n mut [u32; BLOCK]) -> &'n [u32] {
    tally::check(numbers, in_bins.len());
    assert!(numbers.len() <= near.len(), "room for all of them");
    let mut n = 0;
    tally::each(numbers, |i, &number| {
        // SAFETY: the numbers were checked, and `n` is at most `i`, which is below `near.len()`.
        #[allow(unsafe_code)]
        let (count, next) =
            unsafe { (in_bins.get_unchecked_mut(number as usize), near.get_unchecked_mut(n)) };
        // No branch: whether the bin has positives is hard to predict.
        *next = i as u32;
        n += (*count >> 31) as usize;
        *count += 1;
    });
    &near[..n]
}
