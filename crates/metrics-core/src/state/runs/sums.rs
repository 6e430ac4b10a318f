//! The sums over a ranking that comes as runs.

use crate::arith::precisions::Steps;
use crate::arith::sums::IntegerSums;

/// Most runs with positives before they are summed.
const MAX_STEPS: usize = 512;
/// Most samples of a run, and about most of all, before they are summed: 32 bits count them.
const MAX_SAMPLES: u64 = 1 << 29;

/// Sums over runs, from high to low, several at once.
pub(super) struct RunSums {
    sums: IntegerSums,
    /// Positives down to each run that has positives, since the last were summed; before the first there are
    /// none.
    tps: [u32; MAX_STEPS + 1],
    /// Samples above each such run.
    starts: [u32; MAX_STEPS],
    /// Samples down to each such run.
    ends: [u32; MAX_STEPS],
    n_steps: usize,
    /// Samples since the last were summed.
    n_samples: u32,
    has_ties: bool,
}

impl Default for RunSums {
    fn default() -> Self {
        Self {
            sums: IntegerSums::default(),
            tps: [0; MAX_STEPS + 1],
            starts: [0; MAX_STEPS],
            ends: [0; MAX_STEPS],
            n_steps: 0,
            n_samples: 0,
            has_ties: false,
        }
    }
}

impl RunSums {
    /// Adds the run of the next lower score.
    #[inline]
    pub(super) fn push(&mut self, n_positives: u64, n_negatives: u64) {
        let n = n_positives + n_negatives;
        if n > MAX_SAMPLES {
            self.sum();
            return self.sums.push(n_positives, n_negatives);
        }
        let at = self.n_steps;
        // No branch: labels come in random order. What is written of a run without positives is overwritten.
        self.starts[at] = self.n_samples;
        self.n_samples += n as u32;
        self.ends[at] = self.n_samples;
        self.tps[at + 1] = self.tps[at] + n_positives as u32;
        self.n_steps += usize::from(n_positives > 0);
        self.has_ties |= n > 1;
        if self.n_steps == MAX_STEPS || u64::from(self.n_samples) > MAX_SAMPLES {
            self.sum();
        }
    }

    /// Adds the runs since the last were summed.
    #[inline(never)]
    fn sum(&mut self) {
        let n = self.n_steps;
        let n_positives = self.tps[n];
        let steps = Steps {
            tps: &self.tps[..=n],
            starts: &self.starts[..n],
            ends: &self.ends[..n],
            has_ties: self.has_ties,
        };
        self.sums.push_steps(steps, n_positives.into(), (self.n_samples - n_positives).into());
        (self.n_steps, self.n_samples, self.has_ties) = (0, 0, false);
    }

    pub(super) fn finish(mut self) -> IntegerSums {
        self.sum();
        self.sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of one sample, of few and of more than 32 bits count, and many without positives.
    #[test]
    fn runs_are_summed_as_one_by_one() {
        let mut bits = 3u64;
        let mut random = |n: u64| {
            bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (bits >> 33) % n
        };
        for most in [1, 2, 1000, 1 << 29, 1 << 40] {
            for one_is_positive_of in [1, 2, 1000] {
                let (mut sums, mut expected) = (RunSums::default(), IntegerSums::default());
                for _ in 0..3000 {
                    let n = 1 + random(most);
                    let is_positive = random(one_is_positive_of) == 0;
                    let n_positives = if is_positive { 1 + random(n) } else { 0 };
                    sums.push(n_positives, n - n_positives);
                    expected.push(n_positives, n - n_positives);
                }
                assert_eq!(sums.finish(), expected, "{most}, {one_is_positive_of}");
            }
        }
    }
}
