//! The samples of a task that has no runs, as the engine reads weighted samples.

use super::Fraction;
use crate::cpu::weighted::Weights;
use crate::cpu::{Key, Samples};
use crate::state::runs::Run;
use crate::state::samples::PackedSamples;

/// Raw samples, then repeated ones, then fractional ones.
pub(super) struct Unsorted<'a, K: Copy> {
    pub(super) raw: &'a PackedSamples<K>,
    pub(super) repeated: &'a [Run],
    pub(super) fractional: &'a [Fraction],
}

impl<K: Key> Unsorted<'_, K> {
    /// Fills the end of `out`, behind raw samples, with what the other samples have; returns how many are raw.
    fn read<T>(
        &self,
        start: usize,
        out: &mut [T],
        repeated: impl Fn(&Run) -> T,
        fractional: impl Fn(&Fraction) -> T,
    ) -> usize {
        let n_raw = self.raw.len().saturating_sub(start).min(out.len());
        let out = &mut out[n_raw..];
        let start = (start + n_raw) - self.raw.len().min(start + n_raw);
        let others = self.repeated.get(start..).unwrap_or_default();
        let n_repeated = others.len().min(out.len());
        let (of_repeated, of_fractional) = out.split_at_mut(n_repeated);
        of_repeated.iter_mut().zip(others).for_each(|(to, run)| *to = repeated(run));
        let start = (start + n_repeated).saturating_sub(self.repeated.len());
        let others = self.fractional.get(start..).unwrap_or_default();
        of_fractional.iter_mut().zip(others).for_each(|(to, f)| *to = fractional(f));
        n_raw
    }
}

impl<K: Key> Samples<K> for Unsorted<'_, K> {
    fn len(&self) -> usize {
        self.raw.len() + self.repeated.len() + self.fractional.len()
    }

    fn keys(&self, start: usize, out: &mut [K]) {
        let n_raw = self.read(start, out, |run| K::from_u64(run.key), |f| K::from_u64(f.key));
        if n_raw > 0 {
            self.raw.keys(start, &mut out[..n_raw]);
        }
    }

    fn labels(&self, start: usize, out: &mut [u8]) {
        // A repeated sample is of one label.
        let label = |run: &Run| u8::from(run.n_positives > 0);
        let n_raw = self.read(start, out, label, |f| f.is_positive.into());
        if n_raw > 0 {
            self.raw.labels(start, &mut out[..n_raw]);
        }
    }
}

impl<K: Key> Weights for Unsorted<'_, K> {
    fn read(&self, start: usize, out: &mut [f64]) {
        let weight = |run: &Run| (run.n_positives + run.n_negatives) as f64;
        let n_raw = Self::read(self, start, out, weight, |f| f.weight);
        out[..n_raw].fill(1.0);
    }
}
