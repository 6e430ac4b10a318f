//! Maps from keys to bins, which should hold about equally many samples.

use super::word::{Key, Word, nearest};
use crate::element::kind::ScoreKind;

/// Numbers bins from high scores to low. A lower score never has a lower number.
///
/// Bins are equally wide, either by value, which suits probabilities and logits, or by key, which is close
/// to the logarithm of the value and suits scores that span many powers of ten.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bins<K> {
    scale: BinScale,
    /// Higher keys share the bin of this one.
    max: K,
    n_bins: usize,
    middle: usize,
}

#[derive(Debug, Clone, Copy)]
enum BinScale {
    Keys(Parts),
    /// Number of bins per unit of value.
    Values(f32),
}

/// Equal parts of a range of distances between keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// Low bits that no part depends on.
    shift: u32,
    scale: f32,
}

impl Parts {
    /// About `n_parts` parts of `0..=range`: rounding may add one.
    #[inline(always)]
    pub(crate) fn new<K: Word>(range: K, n_parts: usize) -> Self {
        let shift = (K::BITS - range.leading_zeros()).saturating_sub(31);
        let width = (range >> shift as usize).to_u64() + 1;
        Self { shift, scale: n_parts as f32 / width as f32 }
    }

    /// The farthest distance that has a part.
    #[inline(always)]
    fn farthest(self) -> u64 {
        u64::MAX >> (u64::BITS - 31 - self.shift)
    }

    /// The part of a distance. A larger one never has a lower part.
    #[inline(always)]
    pub(crate) fn of<K: Word>(self, distance: K) -> u32 {
        // Vector code converts signed 31-bit integers.
        nearest((distance >> self.shift as usize).to_u64() as i32 as f32 * self.scale)
    }
}

/// A few keys from all parts of the samples.
#[derive(Debug, Clone)]
pub(crate) struct Probe<K> {
    pub(crate) keys: Vec<K>,
    pub(crate) min: K,
    pub(crate) max: K,
}

/// Number of bins with which each scale is tried.
const BINS_TRIED: usize = 128;
/// Least width of a range that is divided by value: narrower ones come near subnormals, which are slow.
const MIN_WIDTH: f64 = 1e-18;

impl<K: Key> Bins<K> {
    /// At most `n_bins + 1` bins, for keys distributed about like those of the probe.
    pub(crate) fn new(kind: ScoreKind, probe: &Probe<K>, n_bins: usize) -> Self {
        let by_key = |n_bins| Self::by_key(probe.min, probe.max, n_bins);
        let by_value = |n_bins| Self::by_value(kind, probe.min, probe.max, n_bins);
        let is_by_value = by_value(BINS_TRIED).is_some_and(|by_value| {
            by_value.crowding(&probe.keys) <= by_key(BINS_TRIED).crowding(&probe.keys)
        });
        by_value(n_bins).filter(|_| is_by_value).unwrap_or_else(|| by_key(n_bins))
    }

    fn by_key(min: K, max: K, n_bins: usize) -> Self {
        let parts = Parts::new(max - min, n_bins);
        Self::with(BinScale::Keys(parts), max, n_bins)
    }

    fn by_value(kind: ScoreKind, min: K, max: K, n_bins: usize) -> Option<Self> {
        if !matches!(kind, ScoreKind::F32 | ScoreKind::F64) {
            return None;
        }
        let width = kind.threshold(max.to_u64()) - kind.threshold(min.to_u64());
        let scale = (n_bins as f64 / width) as f32;
        let fits = width >= MIN_WIDTH && width.is_finite() && scale.is_normal();
        fits.then(|| Self::with(BinScale::Values(scale), max, n_bins))
    }

    fn with(scale: BinScale, max: K, n_bins: usize) -> Self {
        let mut bins = Self { scale, max, n_bins: n_bins + 1, middle: 0 };
        let mut middle = [0];
        bins.of(&[K::from_u64(K::TOP_BIT - 1)], &mut middle);
        bins.middle = middle[0] as usize;
        bins
    }

    pub(crate) fn len(&self) -> usize {
        self.n_bins
    }

    /// The first bin of keys without the top bit. Keys with it are in bins before.
    pub(crate) fn middle(&self) -> usize {
        self.middle
    }

    /// The bin of each key.
    #[inline(always)]
    pub(crate) fn of(&self, keys: &[K], out: &mut [u32]) {
        // Keys without the top bit are one bin further, so that no bin has keys of both halves.
        let last = self.n_bins as u32 - 2;
        let bin = |steps: u32, key: K| steps.min(last) + (!key).top_bit();
        match self.scale {
            BinScale::Keys(parts) => {
                let farthest = K::from_u64(parts.farthest());
                for (out, &key) in out.iter_mut().zip(keys) {
                    let distance = (self.max - key.min(self.max)).min(farthest);
                    *out = bin(parts.of(distance), key);
                }
            }
            BinScale::Values(scale) => {
                for (out, &key) in out.iter_mut().zip(keys) {
                    *out = bin(key.steps_below(self.max, scale), key);
                }
            }
        }
    }

    /// Ordered pairs of keys that share a bin.
    fn crowding(&self, keys: &[K]) -> u32 {
        let (mut bins, mut counts) = ([0; BINS_TRIED], [0; BINS_TRIED + 1]);
        for keys in keys.chunks(BINS_TRIED) {
            let bins = &mut bins[..keys.len()];
            self.of(keys, bins);
            bins.iter().for_each(|&bin| counts[bin as usize] += 1);
        }
        counts.iter().map(|count| count * count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::kind::{f32_key, f64_key};

    fn check<K: Key>(kind: ScoreKind, keys: &[K]) {
        let last = keys.len() - 1;
        // Of all keys, and of some: there are others beyond.
        for (min, max) in [(keys[0], keys[last]), (keys[last / 3], keys[last / 2])] {
            let by_value = Bins::by_value(kind, min, max, 1 << 13);
            for bins in by_value.into_iter().chain([Bins::by_key(min, max, 1 << 13)]) {
                let mut numbers = vec![0; keys.len()];
                bins.of(keys, &mut numbers);
                assert!(numbers.is_sorted_by(|lower, higher| lower >= higher));
                for (&key, &bin) in keys.iter().zip(&numbers) {
                    assert!((bin as usize) < bins.len());
                    assert_eq!(bin as usize >= bins.middle(), (!key).top_bit() == 1);
                }
            }
        }
    }

    #[test]
    fn a_lower_score_never_has_a_lower_bin() {
        for high in [0.0, 1e-310, 1e-45, 1e-38, 3e-35, 1e-30, 3e-18, 1e-10, 1.0, 1e30] {
            for low in [-1e30, -1.0, -3e-18, -1e-38, -1e-44, 0.0, 1e-45, 1e-320] {
                let steps = 0..=4000i32;
                let between = steps.flat_map(|i| {
                    [low, high, 1e-38, -1e-38, 1e-307, 1e-17].map(|x| x * 1.01f64.powi(-i))
                });
                let mut scores: Vec<f64> = between.filter(|x| (low..=high).contains(x)).collect();
                scores.extend([low, high]);
                if low < high {
                    scores.sort_by(f64::total_cmp);
                    check(ScoreKind::F64, &scores.iter().map(|&x| f64_key(x)).collect::<Vec<_>>());
                    let narrow: Vec<_> = scores.iter().map(|&x| f32_key(x as f32)).collect();
                    check(ScoreKind::F32, &narrow);
                }
            }
        }
    }
}
