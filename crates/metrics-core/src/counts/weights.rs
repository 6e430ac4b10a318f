//! Which weights are counted, and which are summed.

pub(crate) use crate::arith::weights::is_whole;

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
