//! What is read off weighted samples, where the engine can rank them.

use super::ranked::RankedCounts;
use super::sums::RankSums;
use crate::arith::exact::MAX_SAMPLES;
use crate::cpu::InvalidSample;
use crate::cpu::buckets::NotCounted;
use crate::cpu::weighted::{
    Carrier, Weighed, WeighedLists, WeightedSamples, lists, scan_weights, weigh,
};

/// The sums over the ranking of weighted samples; `None` where weights lie so far apart, or an area is so small,
/// that they must be summed in order. There must be samples.
///
/// # Errors
/// The first invalid sample.
pub(crate) fn weighted_sums_of<K: Carrier>(
    of_task: &WeightedSamples<'_, K>,
) -> Result<Option<RankSums>, InvalidSample> {
    let scanned = scan_weights(of_task.weights, of_task.samples.len());
    if scanned.range.n_counted > MAX_SAMPLES {
        return Ok(None);
    }
    Ok(match weigh(of_task, &scanned)? {
        Some(Weighed::Counts(sums)) if scanned.has_repeats && !RankSums::are_precise(&sums) => None,
        Some(Weighed::Counts(sums)) => Some(sums.into()),
        Some(Weighed::Weights(sums)) => sums.areas().map(RankSums::from),
        None => None,
    })
}

/// The ranked counts of weighted samples; `None` as in [`weighted_sums_of`].
///
/// # Errors
/// The first invalid sample, or memory that there is not.
pub(crate) fn weighted_counts_of<K: Carrier>(
    of_task: &WeightedSamples<'_, K>,
) -> Result<Option<RankedCounts>, NotCounted> {
    let scanned = scan_weights(of_task.weights, of_task.samples.len());
    if scanned.range.n_counted > MAX_SAMPLES {
        return Ok(None);
    }
    Ok(match lists(of_task, &scanned)? {
        Some(WeighedLists::Counts(lists)) => {
            Some(RankedCounts::of_lists(lists, scanned.has_repeats))
        }
        Some(WeighedLists::Weights(lists, areas)) => {
            Some(RankedCounts::of_weights(lists, areas.into()))
        }
        None => None,
    })
}
