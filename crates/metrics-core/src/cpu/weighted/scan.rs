//! One read of all weights, before they are summed.

use super::Weights;
use crate::arith::simd;
use crate::arith::weights::{WeightRange, is_whole};
use crate::cpu::read::share;
use crate::cpu::samples::BLOCK;

/// What is known of weights before they are summed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightScan {
    pub(crate) range: WeightRange,
    /// The bits that are set in any of the weights that are not counted.
    pub(crate) used_bits: u64,
    /// Whether each is finite and at least 0. The rest is only known of such weights.
    pub(crate) are_valid: bool,
    /// Whether single precision holds each of them.
    pub(super) are_narrow: bool,
    /// Whether there is a whole weight other than 0 and 1.
    pub(crate) has_repeats: bool,
}

/// Reads all weights.
pub(crate) fn scan_weights(weights: &dyn Weights, n: usize) -> WeightScan {
    let shares = share(n, |share| {
        let mut found = WeightScan::NONE;
        let mut block = [0.0; BLOCK];
        for range in share {
            for start in range.clone().step_by(BLOCK) {
                let block = &mut block[..BLOCK.min(range.end - start)];
                weights.read(start, block);
                simd::run(|| found.add(block));
            }
        }
        found
    });
    shares.into_iter().fold(WeightScan::NONE, WeightScan::join)
}

/// Weights looked at together. A sum of each lane needs no order that a vector would break.
const LANES: usize = 8;

/// What was seen of the weights of each lane.
struct Lanes {
    /// Sums of those that are counted: whole numbers below 2^53, so they are exact.
    counted: [f64; LANES],
    n_summed: [u64; LANES],
    least: [f64; LANES],
    most: [f64; LANES],
    used_bits: [u64; LANES],
    /// Not 0 where one is invalid.
    invalid: [u64; LANES],
    /// Bits that single precision changes.
    wide_bits: [u64; LANES],
    most_counted: [f64; LANES],
}

impl Lanes {
    const NONE: Self = Self {
        counted: [0.0; LANES],
        n_summed: [0; LANES],
        least: [f64::INFINITY; LANES],
        most: [0.0; LANES],
        used_bits: [0; LANES],
        invalid: [0; LANES],
        wide_bits: [0; LANES],
        most_counted: [0.0; LANES],
    };

    #[inline(always)]
    fn add(&mut self, weights: &[f64; LANES]) {
        for (lane, &weight) in weights.iter().enumerate() {
            let is_counted = is_whole(weight);
            let counted = if is_counted { weight } else { 0.0 };
            self.counted[lane] += counted;
            self.n_summed[lane] += u64::from(!is_counted);
            let (low, high) = if is_counted { (f64::INFINITY, 0.0) } else { (weight, weight) };
            self.least[lane] = if low < self.least[lane] { low } else { self.least[lane] };
            self.most[lane] = if high > self.most[lane] { high } else { self.most[lane] };
            self.used_bits[lane] |= high.to_bits();
            self.invalid[lane] |= u64::from(!(0.0..f64::INFINITY).contains(&weight));
            self.wide_bits[lane] |= f64::from(weight as f32).to_bits() ^ weight.to_bits();
            let most = self.most_counted[lane];
            self.most_counted[lane] = if counted > most { counted } else { most };
        }
    }
}

impl WeightScan {
    /// What is known of these weights.
    pub(crate) fn of(weights: &[f64]) -> Self {
        let mut found = Self::NONE;
        simd::run(|| found.add(weights));
        found
    }

    /// What is known of no weights.
    const NONE: Self = Self {
        range: WeightRange::NONE,
        used_bits: 0,
        are_valid: true,
        are_narrow: true,
        has_repeats: false,
    };

    fn join(self, other: Self) -> Self {
        Self {
            range: self.range.join(other.range),
            used_bits: self.used_bits | other.used_bits,
            are_valid: self.are_valid && other.are_valid,
            are_narrow: self.are_narrow && other.are_narrow,
            has_repeats: self.has_repeats || other.has_repeats,
        }
    }

    /// Adds the weights of a block.
    #[inline(always)]
    fn add(&mut self, weights: &[f64]) {
        let mut lanes = Lanes::NONE;
        let (eights, rest) = weights.as_chunks();
        for eight in eights {
            lanes.add(eight);
        }
        // Weights of 0 change nothing.
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        lanes.add(&last);
        let range = WeightRange {
            n_counted: lanes.counted.iter().map(|&counted| counted as u64).sum(),
            n_summed: lanes.n_summed.iter().sum(),
            least: lanes.least.into_iter().fold(f64::INFINITY, f64::min),
            most: lanes.most.into_iter().fold(0.0, f64::max),
        };
        *self = self.join(Self {
            range,
            used_bits: lanes.used_bits.into_iter().fold(0, |all, bits| all | bits),
            are_valid: lanes.invalid == [0; LANES],
            are_narrow: lanes.wide_bits == [0; LANES],
            has_repeats: lanes.most_counted.iter().any(|&most| most > 1.0),
        });
    }
}
