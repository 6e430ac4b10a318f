//! The ranked counts of weighted samples, or the sums of their weights down to each score.

use super::fold::{WeightFold, WeightedWord, add, for_each_group, total};
use super::{Carrier, WeightScan, WeightedSamples, accumulate};
use crate::arith::sums::IntegerSums;
use crate::arith::weight_sums::{WeightSums, WeightedAreas};
use crate::arith::weights::WeightUnit;
use crate::arith::{simd, threads};
use crate::cpu::CountLists;
use crate::cpu::buckets::NotCounted;
use crate::cpu::read::scan;
use crate::cpu::sorted::{BINS_PER_ITEM, Bin, Sorted, split_off};
use crate::element::kind::ScoreKind;
use crate::reserve::{NoMemory, Zeros, zeros_to_fill};

/// What lies at each distinct score, from high to low.
pub(crate) enum WeighedLists {
    /// All weights are counted.
    Counts(CountLists),
    Weights(WeightLists, WeightedAreas),
}

/// Sums of weights at each distinct score, and down to it.
#[derive(Debug)]
pub(crate) struct WeightLists {
    pub(crate) thresholds: Vec<f64>,
    pub(crate) positives: Vec<f64>,
    pub(crate) negatives: Vec<f64>,
    pub(crate) tps: Vec<f64>,
    pub(crate) fps: Vec<f64>,
}

/// The ranked counts of weighted samples; `None` where weights must be summed in order, as they lie far apart or
/// an area is small.
/// There must be samples.
///
/// # Errors
/// The first invalid sample, or memory that there is not.
pub(crate) fn lists<K: Carrier>(
    of_task: &WeightedSamples<'_, K>,
    scanned: &WeightScan,
) -> Result<Option<WeighedLists>, NotCounted> {
    if scanned.are_narrow {
        lists_of::<K, K::Narrow>(of_task, scanned)
    } else {
        lists_of::<K, u128>(of_task, scanned)
    }
}

fn lists_of<K: Carrier, W: WeightedWord>(
    of_task: &WeightedSamples<'_, K>,
    scanned: &WeightScan,
) -> Result<Option<WeighedLists>, NotCounted> {
    let (kind, are_counted) = (of_task.kind, scanned.range.n_summed == 0);
    let unit = WeightUnit::new(&scanned.range);
    if !are_counted && unit.is_none() {
        return scan(of_task.samples, kind).map(|_| None).map_err(NotCounted::Invalid);
    }
    let sorted = of_task.sorted::<W>().map_err(NotCounted::Invalid)?;
    let lists = match unit {
        None => counts(&sorted, kind).map(Some),
        Some(unit) => weights(&sorted, kind, unit),
    };
    lists.map_err(NotCounted::NoMemory)
}

fn counts<W: WeightedWord>(sorted: &Sorted<W>, kind: ScoreKind) -> Result<WeighedLists, NoMemory> {
    let above = above::<W, IntegerSums>(sorted, ());
    let values = |_, [fp, tp]: [u64; 2]| [tp, fp];
    let (thresholds, [tps, fps]) = write::<W, IntegerSums, _, 2>(sorted, kind, (), &above, values)?;
    Ok(WeighedLists::Counts(CountLists { thresholds, tps, fps }))
}

fn weights<W: WeightedWord>(
    sorted: &Sorted<W>,
    kind: ScoreKind,
    unit: WeightUnit,
) -> Result<Option<WeighedLists>, NoMemory> {
    let above = above::<W, WeightSums>(sorted, unit);
    let values = |[negatives, positives]: [u128; 2], [fp, tp]: [u128; 2]| {
        [positives, negatives, tp, fp].map(|units| unit.value(units))
    };
    let (thresholds, [positives, negatives, tps, fps]) =
        write::<W, WeightSums, _, 4>(sorted, kind, unit, &above, values)?;
    let totals = WeightSums::totals(unit, above[above.len() - 1]);
    let sums = threads::map(items(sorted), |(start, bins)| {
        let mut sums = WeightSums::starting_at(totals, above[start]);
        bins.iter().for_each(|bin| sums.push_sorted(sorted.samples(bin), unit));
        sums
    });
    let sums = sums.into_iter().reduce(WeightSums::join);
    let sums = sums.unwrap_or_else(|| WeightSums::starting_at(totals, above[0]));
    let lists = WeightLists { thresholds, positives, negatives, tps, fps };
    Ok(sums.areas().map(|areas| WeighedLists::Weights(lists, areas)))
}

/// Bins for one thread at once, and how many there are before them.
fn items<W>(sorted: &Sorted<W>) -> Vec<(usize, &[Bin])> {
    sorted
        .bins
        .chunks(BINS_PER_ITEM)
        .enumerate()
        .map(|(i, bins)| (BINS_PER_ITEM * i, bins))
        .collect()
}

/// The weight of the negatives and positives above each bin, and of all.
fn above<W: WeightedWord, F: WeightFold>(sorted: &Sorted<W>, unit: F::Unit) -> Vec<[F::Amount; 2]> {
    let of_bins = threads::map(items(sorted), |(_, bins)| {
        let of_bin = |bin| {
            simd::run(
                #[inline(always)]
                || total::<W, F>(sorted.samples(bin), unit),
            )
        };
        bins.iter().map(of_bin).collect::<Vec<_>>()
    });
    accumulate(of_bins.into_iter().flatten())
}

/// The scores, and lists of what `values` makes of the weights at each of them and down to it.
fn write<W: WeightedWord, F: WeightFold, T: Zeros + Send, const N: usize>(
    sorted: &Sorted<W>,
    kind: ScoreKind,
    unit: F::Unit,
    above: &[[F::Amount; 2]],
    values: impl Fn([F::Amount; 2], [F::Amount; 2]) -> [T; N] + Sync,
) -> Result<(Vec<f64>, [Vec<T>; N]), NoMemory> {
    let n = sorted.n_groups();
    let mut thresholds = zeros_to_fill(n)?;
    let mut lists = [const { Vec::new() }; N];
    for list in &mut lists {
        *list = zeros_to_fill(n)?;
    }
    let (mut scores, mut rests) = (&mut thresholds[..], lists.each_mut().map(|list| &mut list[..]));
    let mut parts = Vec::with_capacity(sorted.bins.len().div_ceil(BINS_PER_ITEM));
    for (start, bins) in items(sorted) {
        let n = bins.iter().map(|bin| bin.n_groups).sum();
        let lists = rests.each_mut().map(|list| split_off(list, n));
        parts.push((above[start], bins, split_off(&mut scores, n), lists));
    }
    threads::map(parts, |(mut down_to, bins, scores, mut lists)| {
        let mut at = 0;
        for bin in bins {
            for_each_group(sorted.samples(bin), |group| {
                let of_group = total::<W, F>(group, unit);
                down_to = add(down_to, of_group);
                scores[at] = kind.threshold(bin.top - (group[0].packed() >> 1));
                for (list, value) in lists.iter_mut().zip(values(of_group, down_to)) {
                    list[at] = value;
                }
                at += 1;
            });
        }
    });
    Ok((thresholds, lists))
}
