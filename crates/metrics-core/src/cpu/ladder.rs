//! Many searches in a sorted list of keys.

use super::word::Word;
#[cfg(target_arch = "x86_64")]
use crate::arith::simd;

/// Keys of a node.
const NODE: usize = 16;

/// Distinct keys from low to high, the rungs, to search in. Every search takes the same few steps: no
/// distribution of the keys makes it slow.
#[derive(Debug, Clone)]
pub(crate) struct Ladder<K> {
    /// Levels of nodes, from one node down to the rungs; a level holds the last key of each node of the
    /// next one. The top bit of keys is flipped, since they are compared as signed integers. At least one
    /// highest key fills up each level.
    keys: Vec<K>,
    /// The start of each level.
    levels: Vec<usize>,
    n_rungs: usize,
    /// Number of rungs among which each search ends.
    n_near: usize,
}

impl<K: Word> Ladder<K> {
    /// A ladder for searches that each end among at most `n_near` rungs.
    pub(crate) fn new(rungs: impl IntoIterator<Item = K>, n_near: usize) -> Self {
        let fill_up = |level: &mut Vec<K>| {
            level.resize((level.len() / NODE + 1) * NODE, flip(K::max_value()));
        };
        let mut level: Vec<K> = rungs.into_iter().map(flip).collect();
        let n_rungs = level.len();
        fill_up(&mut level);
        let mut levels = vec![level];
        while levels[0].len() > NODE {
            let mut level = levels[0].iter().copied().skip(NODE - 1).step_by(NODE).collect();
            fill_up(&mut level);
            levels.insert(0, level);
        }
        let starts = levels.iter().scan(0, |end, level| {
            *end += level.len();
            Some(*end - level.len())
        });
        let starts = starts.collect();
        // `find_near` reads a whole node from any rung.
        levels.push(vec![flip(K::max_value()); NODE]);
        Self { keys: levels.concat(), levels: starts, n_rungs, n_near }
    }

    /// Number of slots: one for each rung, one below it, and two above all.
    pub(crate) fn n_slots(&self) -> usize {
        2 * (self.n_rungs + 1)
    }

    /// Finds the slot of each key, [flipped](flip): `2 r` between rung `r` and the one below it, `2 r + 1`
    /// on rung `r`.
    pub(crate) fn find(&self, keys: &[K], slots: &mut [u32]) {
        #[cfg(target_arch = "x86_64")]
        if K::BITS <= u64::BITS && simd::has_avx2() {
            // SAFETY: the processor has what vector code is compiled for.
            #[allow(unsafe_code)]
            return unsafe { avx2::find(self, keys, slots) };
        }
        slots.fill(0);
        self.find_from(keys, slots, self.n_rungs);
    }

    /// [`find`](Self::find) where `slots` first holds a number of rungs that are below each key, and each
    /// search ends among the `n_near` rungs from there.
    pub(crate) fn find_near(&self, keys: &[K], slots: &mut [u32]) {
        #[cfg(target_arch = "x86_64")]
        if K::BITS <= u64::BITS && simd::has_avx2() {
            if self.n_near >= NODE {
                return self.find(keys, slots);
            }
            // SAFETY: as above.
            #[allow(unsafe_code)]
            return unsafe { avx2::find_near(self, keys, slots) };
        }
        self.find_from(keys, slots, self.n_near);
    }

    /// Whether [`find`](Self::find) is about as fast as [`find_near`](Self::find_near).
    pub(crate) fn is_short(&self) -> bool {
        self.n_near >= NODE || self.levels.len() <= 2
    }

    /// The rungs, and the keys that fill up their level.
    fn rungs(&self) -> &[K] {
        &self.keys[self.levels[self.levels.len() - 1]..]
    }

    fn find_from(&self, keys: &[K], slots: &mut [u32], n_near: usize) {
        let rungs = self.rungs();
        let n_steps = usize::BITS - n_near.leading_zeros();
        for (&flipped, slot) in keys.iter().zip(slots) {
            let key = flip(flipped);
            let mut below = *slot as usize;
            for step in (0..n_steps).rev().map(|step| 1 << step) {
                let is_below = rungs.get(below + step - 1).is_some_and(|&rung| flip(rung) < key);
                // No branch: it would be mispredicted.
                below += if is_below { step } else { 0 };
            }
            *slot = 2 * below as u32 + u32::from(rungs[below] == flipped);
        }
    }
}

/// Flips the top bit: the signed order of the result is the unsigned order of the key. It is its own
/// inverse.
#[inline(always)]
pub(crate) fn flip<K: Word>(key: K) -> K {
    key ^ K::one() << (K::BITS as usize - 1)
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{Ladder, NODE, Word};

    /// Independent searches at a time, so that one does not wait for another.
    const SEARCHES: usize = 4;

    #[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
    pub(super) fn find<K: Word>(ladder: &Ladder<K>, keys: &[K], slots: &mut [u32]) {
        find_all::<K, false>(ladder, keys, slots);
    }

    /// [`Ladder::find_near`] where at most a node of rungs is near.
    #[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
    pub(super) fn find_near<K: Word>(ladder: &Ladder<K>, keys: &[K], slots: &mut [u32]) {
        find_all::<K, true>(ladder, keys, slots);
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
    fn find_all<K: Word, const NEAR: bool>(ladder: &Ladder<K>, keys: &[K], slots: &mut [u32]) {
        if let (Some(nodes), Some(keys)) = (K::narrow(&ladder.keys), K::narrow(keys)) {
            let nodes = Nodes { keys: nodes, levels: &ladder.levels };
            nodes.find::<NEAR>(keys, slots, |node, key| twice_below(node, key));
        }
        if let (Some(nodes), Some(keys)) = (K::wide(&ladder.keys), K::wide(keys)) {
            let nodes = Nodes { keys: nodes, levels: &ladder.levels };
            nodes.find::<NEAR>(keys, slots, |node, key| twice_wide_below(node, key));
        }
    }

    /// The nodes of a ladder, with keys of a known width.
    struct Nodes<'l, T> {
        keys: &'l [T],
        levels: &'l [usize],
    }

    impl<T: Word> Nodes<'_, T> {
        #[inline(always)]
        fn node(&self, start: usize) -> &[T; NODE] {
            assert!(start <= self.keys.len() - NODE, "a node in the ladder");
            // SAFETY: a whole node of keys follows, as asserted.
            unsafe { &*self.keys.as_ptr().add(start).cast() }
        }

        /// `below` returns twice the number of keys of a node that are below a key.
        #[inline]
        #[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
        fn find<const NEAR: bool>(
            &self,
            keys: &[T],
            slots: &mut [u32],
            below: impl Fn(&[T; NODE], T) -> usize,
        ) {
            let (many_keys, few_keys) = keys.as_chunks::<SEARCHES>();
            let (many, few) = slots.as_chunks_mut::<SEARCHES>();
            for (keys, slots) in many_keys.iter().zip(many) {
                self.climb::<NEAR, SEARCHES>(keys, slots, &below);
            }
            for (&key, slot) in few_keys.iter().zip(few) {
                self.climb::<NEAR, 1>(&[key], std::array::from_mut(slot), &below);
            }
        }

        #[inline]
        #[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
        fn climb<const NEAR: bool, const N: usize>(
            &self,
            keys: &[T; N],
            slots: &mut [u32; N],
            below: &impl Fn(&[T; NODE], T) -> usize,
        ) {
            let rungs = self.levels[self.levels.len() - 1];
            let mut twice = [0; N];
            if NEAR {
                for i in 0..N {
                    let first = slots[i] as usize;
                    twice[i] = 2 * first + below(self.node(rungs + first), keys[i]);
                }
            } else {
                for &level in self.levels {
                    for i in 0..N {
                        let at = twice[i] * (NODE / 2);
                        twice[i] = 2 * at + below(self.node(level + at), keys[i]);
                    }
                }
            }
            for i in 0..N {
                let is_on_rung = self.node(rungs + twice[i] / 2)[0] == keys[i];
                slots[i] = twice[i] as u32 + u32::from(is_on_rung);
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
    fn twice_below(node: &[u32; NODE], key: u32) -> usize {
        let key = _mm256_set1_epi32(key as i32);
        // SAFETY: eight 32-bit keys are 32 bytes.
        let keys =
            |first: usize| unsafe { _mm256_loadu_si256(node[first..first + 8].as_ptr().cast()) };
        let is_below = |first| _mm256_cmpgt_epi32(key, keys(first));
        let are_below = _mm256_packs_epi32(is_below(0), is_below(8));
        // Two bits each.
        _mm256_movemask_epi8(are_below).count_ones() as usize
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,fma,lzcnt,popcnt")]
    fn twice_wide_below(node: &[u64; NODE], key: u64) -> usize {
        let key = _mm256_set1_epi64x(key as i64);
        // SAFETY: four 64-bit keys are 32 bytes.
        let keys =
            |first: usize| unsafe { _mm256_loadu_si256(node[first..first + 4].as_ptr().cast()) };
        let is_below = |first| _mm256_cmpgt_epi64(key, keys(first));
        let are_below = _mm256_packs_epi16(
            _mm256_packs_epi32(is_below(0), is_below(4)),
            _mm256_packs_epi32(is_below(8), is_below(12)),
        );
        // Two bits each.
        _mm256_movemask_epi8(are_below).count_ones() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{Ladder, flip};
    use crate::arith::simd::without_avx2;

    #[test]
    fn every_key_has_its_slot() {
        for n_rungs in (0..20).chain([63, 64, 65, 1000]) {
            let rungs = (0..n_rungs).map(|i| 10 * i + 5);
            let keys: Vec<u32> = (0..10 * n_rungs + 20).chain([u32::MAX - 1]).collect();
            let flipped: Vec<_> = keys.iter().map(|&key| flip(key)).collect();
            let expected: Vec<u32> = keys
                .iter()
                .map(|&key| {
                    let below = rungs.clone().filter(|&rung| rung < key).count() as u32;
                    2 * below + u32::from(rungs.clone().any(|rung| rung == key))
                })
                .collect();
            let ladder = Ladder::new(rungs.clone(), n_rungs as usize);
            let find = || {
                let mut slots = vec![0; keys.len()];
                ladder.find(&flipped, &mut slots);
                assert_eq!(slots, expected, "{n_rungs}");
            };
            find();
            without_avx2(find);
            assert!(expected.iter().all(|&slot| (slot as usize) < ladder.n_slots()));
            // Close to where one has to look.
            let ladder = Ladder::new(rungs.map(u64::from), 3);
            let wide: Vec<u64> = keys.iter().map(|&key| flip(u64::from(key))).collect();
            let near: Vec<u32> = expected.iter().map(|slot| (slot / 2).saturating_sub(3)).collect();
            let find = || {
                let mut slots = near.clone();
                ladder.find_near(&wide, &mut slots);
                assert_eq!(slots, expected, "{n_rungs}, near");
            };
            find();
            without_avx2(find);
        }
    }

    #[test]
    fn the_highest_key_is_above_all_rungs_or_on_the_last() {
        let mut slots = [0; 2];
        let ladder = Ladder::new([1, 2], 2);
        ladder.find(&[u32::MAX, 0].map(flip), &mut slots);
        assert!(
            slots[0] >= 4 && (slots[0] as usize) < ladder.n_slots() && slots[1] == 0,
            "{slots:?}"
        );
        let mut slots = [0; 2];
        Ladder::new([1, u64::MAX], 2).find(&[u64::MAX, u64::MAX - 1].map(flip), &mut slots);
        assert_eq!(slots, [3, 2]);
    }
}
