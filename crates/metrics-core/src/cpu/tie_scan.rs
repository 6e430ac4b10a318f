//! The tie scan: one pass over sorted samples, which finds their tie groups or sums over them at once.

use super::word::Key;
#[cfg(target_arch = "x86_64")]
use super::{avx2, sse2};
#[cfg(target_arch = "x86_64")]
use crate::arith::simd;

use crate::arith::precisions::Steps;
use crate::arith::sums::IntegerSums;

/// The result of the tie groups of one part of a task.
pub(crate) trait GroupFold: Send {
    /// Whether negatives without a positive between them may come as one group.
    const NEEDS_POSITIVES_ONLY: bool;

    /// A part with this many positives and negatives above it.
    fn starting_at(tp: u64, fp: u64) -> Self;

    /// Adds the group of the next lower score.
    fn push(&mut self, key: u64, n_positives: u64, n_negatives: u64);

    /// Adds all groups of sorted packed samples, distances below `top`. Calls for several segments share the
    /// memory of `scan`.
    fn push_sorted<K: Key>(&mut self, packed: &[K], top: u64, _scan: &mut TieScan) {
        for_each_group(packed, top, &mut |KeyGroup { key, n_positives, n_negatives }| {
            self.push(key, n_positives, n_negatives);
        });
    }
}

/// A tie group: the samples of one score, as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyGroup {
    pub(crate) key: u64,
    pub(crate) n_positives: u64,
    pub(crate) n_negatives: u64,
}

impl GroupFold for Vec<KeyGroup> {
    const NEEDS_POSITIVES_ONLY: bool = false;

    fn starting_at(_tp: u64, _fp: u64) -> Self {
        Self::new()
    }

    fn push(&mut self, key: u64, n_positives: u64, n_negatives: u64) {
        self.push(KeyGroup { key, n_positives, n_negatives });
    }
}

/// Calls `visit` with each tie group of sorted packed samples, distances below `top`.
#[inline]
pub(super) fn for_each_group<K: Key>(packed: &[K], top: u64, visit: &mut impl FnMut(KeyGroup)) {
    let mut start = 0;
    while start < packed.len() {
        let (end, n_positives) = group(packed, start);
        let n_negatives = (end - start) as u64 - n_positives;
        visit(KeyGroup { key: top - (packed[start] >> 1).to_u64(), n_positives, n_negatives });
        start = end;
    }
}

/// The end of the group that starts here, and its number of positives.
#[inline]
fn group<K: Key>(packed: &[K], start: usize) -> (usize, u64) {
    let group = packed[start] | K::one();
    let (mut end, mut n_positives) = (start, 0);
    while end < packed.len() && packed[end] | K::one() == group {
        n_positives += (packed[end] & K::one()).to_u64();
        end += 1;
    }
    (end, n_positives)
}

impl GroupFold for IntegerSums {
    const NEEDS_POSITIVES_ONLY: bool = true;

    fn starting_at(tp: u64, fp: u64) -> Self {
        Self::starting_at(tp, fp)
    }

    #[inline]
    fn push(&mut self, _key: u64, n_positives: u64, n_negatives: u64) {
        self.push(n_positives, n_negatives);
    }

    fn push_sorted<K: Key>(&mut self, packed: &[K], _top: u64, scan: &mut TieScan) {
        let mut rest = packed;
        while !rest.is_empty() {
            let n = push_block(self, rest, scan);
            rest = &rest[n..];
        }
    }
}

/// Most groups with positives before they are summed.
pub(super) const MAX_GROUPS: usize = 512;
/// Most groups that are noted at once.
const LANES: usize = 8;
/// Most samples before groups are summed: 32 bits count them, and 64 bits their pairs.
pub(super) const MAX_SCANNED: usize = 1 << 30;

/// The position of a tie scan, and the groups with positives so far, which are later summed several at
/// once.
pub(crate) struct TieScan {
    /// Positives down to each group; before the first there are none.
    pub(super) tps: [u32; 1 + MAX_GROUPS + LANES],
    /// Samples above each group.
    pub(super) starts: [u32; MAX_GROUPS + LANES],
    /// Samples down to each group.
    pub(super) ends: [u32; MAX_GROUPS + LANES],
    /// Number of groups noted.
    pub(super) n: usize,
    /// Position of the next sample, and of the first one of its group.
    pub(super) at: usize,
    pub(super) start: usize,
    /// Positives before the next sample.
    pub(super) tp: u32,
    /// Whether a group may have several samples.
    pub(super) has_ties: bool,
}

/// Adds the groups of the first of these sorted samples; returns how many samples those are.
fn push_block<K: Key>(sums: &mut IntegerSums, packed: &[K], scan: &mut TieScan) -> usize {
    (scan.n, scan.at, scan.start, scan.tp, scan.has_ties) = (0, 0, 0, 0, false);
    while scan.at < packed.len().min(MAX_SCANNED) && scan.n < MAX_GROUPS {
        scan.scan_vectors(packed);
        scan.scan_scalar(packed);
    }
    if scan.start == 0 {
        // One group of more samples than 32 bits count.
        let (end, n_positives) = group(packed, 0);
        sums.push(n_positives, end as u64 - n_positives);
        return end;
    }
    let TieScan { tps, starts, ends, n, start, has_ties, .. } = scan;
    let (tps, starts, ends) = (&tps[..=*n], &starts[..*n], &ends[..*n]);
    let groups = Steps { tps, starts, ends, has_ties: *has_ties };
    sums.push_steps(groups, tps[*n].into(), *start as u64 - u64::from(tps[*n]));
    *start
}

impl Default for TieScan {
    fn default() -> Self {
        Self {
            tps: [0; 1 + MAX_GROUPS + LANES],
            starts: [0; MAX_GROUPS + LANES],
            ends: [0; MAX_GROUPS + LANES],
            n: 0,
            at: 0,
            start: 0,
            tp: 0,
            has_ties: false,
        }
    }
}

impl TieScan {
    /// Scans in vectors, as far as possible.
    fn scan_vectors<K: Key>(&mut self, packed: &[K]) {
        #[cfg(target_arch = "x86_64")]
        {
            let narrow = K::narrow(packed);
            if simd::has_avx2() {
                // SAFETY: the processor has what vector code is compiled for.
                #[allow(unsafe_code)]
                unsafe {
                    match (narrow, K::wide(packed)) {
                        (Some(packed), _) => avx2::scan_narrow(packed, self),
                        (_, Some(packed)) => avx2::scan_wide(packed, self),
                        _ => (),
                    }
                }
            } else if let Some(packed) = narrow {
                sse2::scan_untied(packed, self);
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = packed;
    }

    /// Scans the next few samples one by one.
    fn scan_scalar<K: Key>(&mut self, packed: &[K]) {
        let stop = packed.len().min(self.at + LANES);
        let (mut n, mut at, mut start, mut tp) = (self.n, self.at, self.start, self.tp);
        let mut noted_tp = self.tps[n];
        while at < stop && n < MAX_GROUPS {
            let sample = packed[at];
            let is_last =
                packed.get(at + 1).is_none_or(|&next| next | K::one() != sample | K::one());
            at += 1;
            tp += (sample & K::one()).low();
            // No branch: labels and ties come in random order.
            (self.tps[n + 1], self.starts[n], self.ends[n]) = (tp, start as u32, at as u32);
            let is_noted = is_last & (tp > noted_tp);
            n += usize::from(is_noted);
            noted_tp = if is_noted { tp } else { noted_tp };
            start = if is_last { at } else { start };
            self.has_ties |= !is_last;
        }
        (self.n, self.at, self.start, self.tp) = (n, at, start, tp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::simd::without_avx2;

    fn one_by_one<K: Key>(packed: &[K]) -> IntegerSums {
        let mut sums = IntegerSums::default();
        for group in packed.chunk_by(|a, b| *a | K::one() == *b | K::one()) {
            let n_positives = group.iter().map(|sample| (*sample & K::one()).to_u64()).sum();
            sums.push(n_positives, group.len() as u64 - n_positives);
        }
        sums
    }

    /// Sorted samples, of which one in so many starts a group, and one in so many is positive.
    fn check<K: Key>(one_starts_of: u64, one_is_positive_of: u64) {
        let mut state = one_starts_of << 32 | one_is_positive_of;
        let mut one_of = |n: u64| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 33).is_multiple_of(n)
        };
        let mut key = 0;
        let packed: Vec<K> = (0..5000)
            .map(|_| {
                key += u64::from(one_of(one_starts_of));
                K::from_u64(key << 1 | u64::from(one_of(one_is_positive_of)))
            })
            .collect();
        for len in (0..50).chain([1000, 4999, 5000]) {
            for packed in [&packed[..len], &packed[5000 - len..]] {
                let mut sums = <IntegerSums as GroupFold>::starting_at(0, 0);
                sums.push_sorted(packed, 0, &mut TieScan::default());
                let of = format!("{len}, 1 in {one_starts_of}, 1 in {one_is_positive_of}");
                assert_eq!(sums, one_by_one(packed), "{of}");
            }
        }
    }

    #[test]
    fn groups_of_any_length_are_added_as_one_by_one() {
        for one_starts_of in [1, 2, 3, 8, 20, 100, 2000, 10_000] {
            for one_is_positive_of in [1, 2, 10, 1000] {
                check::<u32>(one_starts_of, one_is_positive_of);
                check::<u64>(one_starts_of, one_is_positive_of);
                without_avx2(|| check::<u32>(one_starts_of, one_is_positive_of));
            }
        }
    }

    /// A few ties, so that the scan changes between its ways with and without ties.
    #[test]
    fn few_ties_are_added_as_one_by_one() {
        for every in [9, 100, 129, 500] {
            let keys = (1..3000u32).map(|i| i - u32::from(i.is_multiple_of(every)));
            let packed: Vec<u32> =
                keys.map(|key| key << 1 | u32::from(key.is_multiple_of(3))).collect();
            let mut sums = <IntegerSums as GroupFold>::starting_at(0, 0);
            sums.push_sorted(&packed, 0, &mut TieScan::default());
            assert_eq!(sums, one_by_one(&packed), "{every}");
        }
    }
}
