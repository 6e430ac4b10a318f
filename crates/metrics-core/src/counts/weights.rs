//! Which weights are counted, and which are summed.

use crate::arith::exact::MAX_REPEATS;

/// Whether a weight counts as a number of samples.
pub(crate) fn is_whole(weight: f64) -> bool {
    weight <= MAX_REPEATS as f64 && weight.fract() == 0.0
}

/// How many samples valid weights count as, saturating, and the sum of those that are not counted.
pub(crate) fn weigh(weights: &[f64]) -> (u64, f64) {
    weights.iter().fold((0u64, 0.0), |(counted, fractional), &weight| {
        if is_whole(weight) {
            (counted.saturating_add(weight as u64), fractional)
        } else {
            (counted, fractional + weight)
        }
    })
}
