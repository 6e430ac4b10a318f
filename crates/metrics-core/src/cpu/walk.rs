//! What is made of sorted samples: groups of equal scores, or at once the sums over them.

use super::samples::Key;
use super::simd;
#[cfg(target_arch = "x86_64")]
use super::{avx2, sse2};
use crate::areas::CountedAreas;
use crate::precisions::Steps;

/// What is made of the groups of equal scores of one part of a task.
pub(crate) trait Sink: Send {
    /// Whether negatives that have no positive between them may come as one group.
    const NEEDS_POSITIVES_ONLY: bool;

    /// A part above which this many positives and negatives lie.
    fn starting_at(tp: u64, fp: u64) -> Self;

    /// The next lower distinct score.
    fn push(&mut self, key: u64, n_positives: u64, n_negatives: u64);

    /// All groups of a sorted segment: distances below `top`, shifted up by the label in bit 0.
    fn push_sorted<K: Key>(&mut self, packed: &[K], top: u64) {
        let mut start = 0;
        while start < packed.len() {
            let (end, n_positives) = group(packed, start);
            let n = (end - start) as u64;
            self.push(top - (packed[start] >> 1).to_u64(), n_positives, n - n_positives);
            start = end;
        }
    }
}

/// End of the group that starts here, and its positives.
fn group<K: Key>(packed: &[K], start: usize) -> (usize, u64) {
    let group = packed[start] | K::one();
    let (mut end, mut n_positives) = (start, 0);
    while end < packed.len() && packed[end] | K::one() == group {
        n_positives += (packed[end] & K::one()).to_u64();
        end += 1;
    }
    (end, n_positives)
}

impl Sink for CountedAreas {
    const NEEDS_POSITIVES_ONLY: bool = true;

    fn starting_at(tp: u64, fp: u64) -> Self {
        Self::starting_at(tp, fp)
    }

    #[inline]
    fn push(&mut self, _key: u64, n_positives: u64, n_negatives: u64) {
        self.push(n_positives, n_negatives);
    }

    fn push_sorted<K: Key>(&mut self, packed: &[K], _top: u64) {
        let mut rest = packed;
        while !rest.is_empty() {
            let n = push_block(self, rest);
            rest = &rest[n..];
        }
    }
}

/// Distinct scores with positives that are summed at once.
const BLOCK: usize = 512;
/// Samples of a block, so that 32 bits count them and 64 bits their pairs.
const MAX_LEN: usize = 1 << 30;

/// Adds the groups that the first of these sorted samples make; returns how many samples it took.
///
/// No branch depends on a label: they come in random order. Each group is noted, and kept if it has
/// positives; divisions come later, several at once.
fn push_block<K: Key>(areas: &mut CountedAreas, packed: &[K]) -> usize {
    let (mut steps, mut tps, mut ends) = ([1; BLOCK], [0; BLOCK], [0; BLOCK]);
    let (mut at, mut n, mut tp, mut ties) = (0, 0, 0, 0);
    #[cfg(target_arch = "x86_64")]
    let (narrow, has_avx2) = (K::narrow(packed), simd::has_avx2());
    'block: while at < packed.len() && n < BLOCK {
        #[cfg(target_arch = "x86_64")]
        if let Some(packed) = narrow {
            let (tps, ends) = (&mut tps[n..], &mut ends[n..]);
            let (end, n_positives) = if has_avx2 {
                // SAFETY: the processor has AVX2.
                #[allow(unsafe_code)]
                unsafe {
                    avx2::walk_untied(packed, at, tp, tps, ends)
                }
            } else {
                sse2::walk_untied(packed, at, tp, tps, ends)
            };
            (at, n, tp) = (end, n + n_positives, tp + n_positives as u32);
        }
        // The next few one by one: where there was one tie, there may be more.
        let stop = at + 8;
        while at < packed.len().min(stop) && n < BLOCK {
            let (end, n_positives) = group(packed, at);
            if end > MAX_LEN {
                if at > 0 {
                    break 'block;
                }
                areas.push(n_positives, end as u64 - n_positives);
                return end;
            }
            tp += n_positives as u32;
            (steps[n], tps[n], ends[n]) = (n_positives as u32, tp, end as u32);
            ties += n_positives * ((end - at) as u64 - n_positives);
            n += usize::from(n_positives > 0);
            at = end;
        }
        // What is noted eight at a time has one positive each.
        if let Some(step) = steps.get_mut(n) {
            *step = 1;
        }
    }
    let groups = Steps { steps: &steps[..n], tps: &tps[..n], ends: &ends[..n] };
    areas.push_steps(groups, tp.into(), at as u64 - u64::from(tp), ties);
    at
}
