//! Many samples of which few are positive: only the positives are sorted.
//!
//! The areas change at positives alone; of the negatives it matters how many lie between two of them.
//! Most bins of equal width hold no positive, so their negatives need no more than to be counted.

use super::bins::{Bins, Probe};
use super::rank::{Bad, Seen, all_or_first_bad, for_blocks, share};
use super::samples::{BLOCK, Key, Samples};
use super::simd;
use super::tally;
use super::walk::Sink;
use crate::kind::ScoreKind;

/// Samples for each positive from which on positives are rare.
const RARITY: usize = 32;
/// Most positives whose bins stay in the near caches.
const MAX_POSITIVES: usize = 1 << 14;
/// Places where labels are looked at to guess whether positives are rare.
const PROBED: usize = 64;
/// Bins for each positive: fewer share more bins with it, more leave the near caches.
const BINS: usize = 8;
/// Fewest bins.
const MIN_BINS: usize = 1 << 10;
/// Positives of a bin up to which they are looked through one by one.
const FEW: usize = 8;
/// In a count of samples: the bin has positives.
const HAS_POSITIVES: u32 = 1 << 31;

/// The positives of one score.
#[derive(Debug, Clone, Copy)]
struct Group<K> {
    key: K,
    n_positives: u64,
}

/// Samples counted by where they lie among the groups of positives.
#[derive(Debug, Clone)]
struct Counts {
    /// Between a group and the one above it; last, below all groups.
    between: Vec<u64>,
    /// With the score of a group.
    tied: Vec<u64>,
}

/// Whether few samples seem to be positive, from some that are looked at.
pub(crate) fn is_likely<K: Key>(samples: &dyn Samples<K>) -> bool {
    let n = samples.len();
    let mut labels = [0; BLOCK];
    let labels = &mut labels[..BLOCK.min(n / PROBED / 16)];
    let mut n_positives = 0;
    for place in 0..PROBED {
        samples.labels(n / PROBED * place, labels);
        n_positives += labels.iter().filter(|&&label| label == 1).count();
    }
    let n_probed = PROBED * labels.len();
    are_rare(n_positives, n_probed) && n_positives * (n / n_probed) <= MAX_POSITIVES
}

fn are_rare(n_positives: usize, n_samples: usize) -> bool {
    n_positives <= n_samples / RARITY
}

/// Ranks samples of which few are positive; `None` if they are not few, or of few scores.
///
/// # Errors
/// The first bad sample.
pub(crate) fn rank<K: Key, S: Sink>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    probe: &Probe<K>,
) -> Result<Option<S>, Bad> {
    let (positives, min, max) = positives(samples, kind)?;
    if !are_rare(positives.len() / 2, samples.len()) || positives.len() / 2 > MAX_POSITIVES {
        return Ok(None);
    }
    let groups: Vec<_> = positives
        .chunk_by(|a, b| a == b)
        .map(|group| Group { key: group[0], n_positives: group.len() as u64 })
        .collect();
    // Where scores repeat, few bins are without a positive.
    if groups.len() < positives.len() / 2 {
        return Ok(None);
    }
    let n_bins = (BINS * groups.len()).max(MIN_BINS);
    let probe = Probe { min, max, ..probe.clone() };
    let counts = count(samples, &Bins::new(kind, &probe, n_bins), &groups);
    let mut sink = S::starting_at(0, 0);
    for ((group, tied), between) in groups.iter().zip(counts.tied).zip(&counts.between) {
        push_negatives(&mut sink, *between);
        sink.push(group.key.to_u64(), group.n_positives, tied - group.n_positives);
    }
    push_negatives(&mut sink, counts.between[groups.len()]);
    Ok(Some(sink))
}

fn push_negatives(sink: &mut impl Sink, n: u64) {
    if n > 0 {
        sink.push(0, 0, n);
    }
}

/// The keys of the positives, from high to low, and the lowest and the highest key of all.
fn positives<K: Key>(samples: &dyn Samples<K>, kind: ScoreKind) -> Result<(Vec<K>, K, K), Bad> {
    let shares = share(samples.len(), |share| {
        let (mut seen, mut positives) = (Seen::none(kind), Vec::new());
        for_blocks(samples, share, |start, keys, labels| {
            simd::run(|| seen.see(start, keys, labels));
            for (keys, labels) in keys.chunks(8).zip(labels.chunks(8)) {
                if labels.iter().fold(0, |any, &label| any | label) != 0 {
                    let labelled = keys.iter().zip(labels).filter(|sample| *sample.1 == 1);
                    positives.extend(labelled.map(|sample| *sample.0));
                }
            }
        });
        seen.check().map(|()| (seen, positives))
    });
    let (mut all, mut positives) = (Seen::none(kind), Vec::new());
    for (seen, keys) in all_or_first_bad(shares)? {
        all = all.join(seen);
        positives.extend(keys);
    }
    positives.sort_unstable_by(|a, b| b.cmp(a));
    let (min, max) = all.extremes();
    Ok((positives, min, max))
}

/// Counts all samples by where they lie among the groups, which come from high to low.
fn count<K: Key>(samples: &dyn Samples<K>, bins: &Bins<K>, groups: &[Group<K>]) -> Counts {
    let firsts = firsts(bins, groups);
    let shares = share(samples.len(), |share| {
        let flag = |of_bin: &[u32]| if of_bin[0] < of_bin[1] { HAS_POSITIVES } else { 0 };
        let mut in_bins: Vec<u32> = firsts.windows(2).map(flag).collect();
        let mut counts = Counts::new(groups.len());
        let (mut numbers, mut near) = ([0; BLOCK], [0; BLOCK]);
        for_blocks(samples, share, |_, keys, _| {
            let numbers = &mut numbers[..keys.len()];
            simd::run(|| bins.of(keys, numbers));
            for &i in count_block(numbers, &mut in_bins, &mut near) {
                let (key, bin) = (keys[i as usize], numbers[i as usize] as usize);
                counts.place(key, groups, firsts[bin] as usize, firsts[bin + 1] as usize);
            }
        });
        for (&first, count) in firsts.iter().zip(in_bins) {
            if count & HAS_POSITIVES == 0 {
                counts.between[first as usize] += u64::from(count);
            }
        }
        counts
    });
    shares.into_iter().fold(Counts::new(groups.len()), |mut total, counts| {
        total.between.iter_mut().zip(counts.between).for_each(|(total, n)| *total += n);
        total.tied.iter_mut().zip(counts.tied).for_each(|(total, n)| *total += n);
        total
    })
}

/// For each bin, how many groups are in bins before it; last, how many there are.
fn firsts<K: Key>(bins: &Bins<K>, groups: &[Group<K>]) -> Vec<u32> {
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
        // SAFETY: the numbers were checked, and no more positions are kept than there are samples.
        #[allow(unsafe_code)]
        let (count, next) =
            unsafe { (in_bins.get_unchecked_mut(number as usize), near.get_unchecked_mut(n)) };
        // No branch: whether there are positives is hard to guess.
        *next = i as u32;
        n += (*count >> 31) as usize;
        *count += 1;
    });
    &near[..n]
}

impl Counts {
    fn new(n_groups: usize) -> Self {
        Self { between: vec![0; n_groups + 1], tied: vec![0; n_groups] }
    }

    /// Counts a sample whose bin has the groups from `first` to `end`.
    #[inline]
    fn place<K: Key>(&mut self, key: K, groups: &[Group<K>], first: usize, end: usize) {
        let is_above = |group: &Group<K>| group.key > key;
        let of_bin = &groups[first..end];
        let n_above = match of_bin {
            [group] => usize::from(is_above(group)),
            few if few.len() <= FEW => few.iter().filter(|&group| is_above(group)).count(),
            many => many.partition_point(is_above),
        };
        if of_bin.get(n_above).is_some_and(|group| group.key == key) {
            self.tied[first + n_above] += 1;
        } else {
            self.between[first + n_above] += 1;
        }
    }
}
