//! Maps from scores to bins that hold about equally many samples.

use std::marker::PhantomData;

use super::samples::{Key, nearest};
use crate::kind::ScoreKind;

/// Numbers bins from high scores to low. A lower score never has a lower number.
///
/// Bins are equally wide, measured either by value, as probabilities and logits lie, or by key, which
/// is by the logarithm of the value: as scores lie that span many powers of ten.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bins<K> {
    ruler: Ruler,
    max: u64,
    /// Low bits of a distance between keys that no bin depends on.
    shift: u32,
    scale: f32,
    n_bins: usize,
    middle: Option<usize>,
    key: PhantomData<K>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruler {
    Keys,
    Values,
}

/// Samples that choose the ruler, and the bins they are thrown into.
const PROBED: usize = 128;
/// Rounding may reach one bin more, and so may the halves being kept apart.
const SPARE: usize = 2;

impl<K: Key> Bins<K> {
    /// About so many bins for keys from `min` to `max`, of which these are some.
    pub(crate) fn new(kind: ScoreKind, min: K, max: K, n_bins: usize, some: &[K]) -> Self {
        let by_key = |n_bins| Self::by_key(min, max, n_bins);
        let by_value = |n_bins| Self::by_value(kind, min, max, n_bins);
        let is_by_value = by_value(PROBED)
            .is_some_and(|by_value| by_value.crowding(some) <= by_key(PROBED).crowding(some));
        by_value(n_bins).filter(|_| is_by_value).unwrap_or_else(|| by_key(n_bins))
    }

    fn by_key(min: K, max: K, n_bins: usize) -> Self {
        let range = (max - min).to_u64();
        let shift = (u64::BITS - range.leading_zeros()).saturating_sub(31);
        let scale = n_bins as f32 / ((range >> shift) + 1) as f32;
        Self::with(Ruler::Keys, max, range, shift, scale, n_bins)
    }

    fn by_value(kind: ScoreKind, min: K, max: K, n_bins: usize) -> Option<Self> {
        if !matches!(kind, ScoreKind::F32 | ScoreKind::F64) {
            return None;
        }
        let width = kind.threshold(max.to_u64()) - kind.threshold(min.to_u64());
        let scale = (n_bins as f64 / width) as f32;
        let range = (max - min).to_u64();
        let is_normal = width.is_finite() && scale.is_normal();
        is_normal.then(|| Self::with(Ruler::Values, max, range, 0, scale, n_bins))
    }

    fn with(ruler: Ruler, max: K, range: u64, shift: u32, scale: f32, n_bins: usize) -> Self {
        let n_bins = n_bins + SPARE;
        let max = max.to_u64();
        let mut bins = Self { ruler, max, shift, scale, n_bins, middle: None, key: PhantomData };
        if range >= K::TOP_BIT {
            let mut middle = [0];
            bins.of(&[K::from_u64(max - K::TOP_BIT)], &mut middle);
            bins.middle = Some(middle[0] as usize);
        }
        bins
    }

    pub(crate) fn len(&self) -> usize {
        self.n_bins
    }

    /// The first bin of distances that have the top bit of their type, if there are such. Bins with
    /// higher numbers hold no others.
    pub(crate) fn middle(&self) -> Option<usize> {
        self.middle
    }

    /// The bin of each key.
    #[inline(always)]
    pub(crate) fn of(&self, keys: &[K], out: &mut [u32]) {
        let (max, last) = (K::from_u64(self.max), self.n_bins as u32 - 1);
        match self.ruler {
            Ruler::Keys => {
                for (out, &key) in out.iter_mut().zip(keys) {
                    let distance = max - key;
                    let part = (distance >> self.shift as usize).to_u64() as i32 as f32;
                    *out = nearest(part * self.scale).wrapping_add(distance.top_bit()).min(last);
                }
            }
            Ruler::Values => {
                for (out, &key) in out.iter_mut().zip(keys) {
                    let steps = key.steps_below(max, self.scale);
                    *out = steps.wrapping_add((max - key).top_bit()).min(last);
                }
            }
        }
    }

    /// Pairs of keys that share a bin, among a few from all over.
    fn crowding(&self, keys: &[K]) -> u32 {
        let (mut probe, mut bins) = ([K::zero(); PROBED], [0; PROBED]);
        let step = keys.len().div_ceil(PROBED).max(1);
        let n = keys.len().div_ceil(step);
        probe.iter_mut().zip(keys.iter().step_by(step)).for_each(|(probe, &key)| *probe = key);
        self.of(&probe[..n], &mut bins);
        let mut counts = [0; PROBED + SPARE];
        bins[..n].iter().for_each(|&bin| counts[bin as usize] += 1);
        counts.iter().map(|count| count * count).sum()
    }
}
