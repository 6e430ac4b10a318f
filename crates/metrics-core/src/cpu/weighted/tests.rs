//! The engine on weighted samples compared with a plain sort, on few samples and many.

use std::collections::BTreeMap;

use super::{Weighed, WeighedLists, WeightedSamples, Weights, lists, scan_weights, weigh};
use crate::arith::simd::without_avx2;
use crate::arith::sums::IntegerSums;
use crate::arith::weight_sums::{Terms, WeightSums, WeightTotals};
use crate::arith::weights::WeightUnit;
use crate::cpu::samples::{AnySamples, with_samples};
use crate::cpu::tests::units;
use crate::cpu::word::Word;
use crate::element::dtype::{Buffer, Element};

impl Weights for Vec<f64> {
    fn read(&self, start: usize, out: &mut [f64]) {
        out.copy_from_slice(&self[start..start + out.len()]);
    }
}

/// The negatives and positives at each key.
fn groups<A: Copy + Default>(
    keys: &[u64],
    labels: &[u8],
    amounts: impl Iterator<Item = A>,
    add: fn(A, A) -> A,
) -> BTreeMap<u64, [A; 2]> {
    let mut groups = BTreeMap::new();
    for ((&key, &label), amount) in keys.iter().zip(labels).zip(amounts) {
        let group: &mut [A; 2] = groups.entry(key).or_default();
        group[usize::from(label)] = add(group[usize::from(label)], amount);
    }
    groups
}

/// Returns whether there was something to compare: two samples the wrong way round have an AUROC of 0, which
/// the engine leaves to sums in order.
fn check(buffer: &Buffer<'_>, labels: &[u8], weights: &Vec<f64>, what: &str) -> bool {
    let targets = Buffer::U8(labels.into());
    let scanned = scan_weights(weights, labels.len());
    with_samples!(AnySamples::new(buffer, &targets, 0..labels.len()), kind, samples => {
        let mut keys = vec![Default::default(); labels.len()];
        samples.keys(0, &mut keys);
        let (mut left, mut kept_labels, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for ((&key, &label), &weight) in keys.iter().zip(labels).zip(weights) {
            if weight != 0.0 {
                left.push(key.to_u64());
                kept_labels.push(label);
                kept.push(weight);
            }
        }
        let of_task = WeightedSamples { samples, weights, kind };
        let sums = weigh(&of_task, &scanned).unwrap().unwrap();
        let lists = lists(&of_task, &scanned).unwrap_or_else(|error| panic!("{error:?}"));
        let Some(lists) = lists else {
            let is_small = matches!(sums, Weighed::Weights(sums) if sums.areas().is_none());
            assert!(is_small, "no lists of {what}");
            return false;
        };
        match (sums, lists) {
            (Weighed::Counts(sums), WeighedLists::Counts(lists)) => {
                let counts = kept.iter().map(|&weight| weight as u64);
                let groups = groups(&left, &kept_labels, counts, |a, b| a + b);
                let mut expected = IntegerSums::default();
                let mut down_to = Vec::new();
                for [n_negatives, n_positives] in groups.values().rev() {
                    expected.push(*n_positives, *n_negatives);
                    down_to.push((expected.tp, expected.fp));
                }
                assert_eq!(sums, expected, "{what}");
                let scores = groups.keys().rev().map(|&key| kind.threshold(key));
                assert!(lists.thresholds.iter().copied().eq(scores), "{what}");
                assert!(lists.tps.into_iter().zip(lists.fps).eq(down_to), "{what}");
            }
            (Weighed::Weights(sums), WeighedLists::Weights(lists, areas)) => {
                let unit = WeightUnit::new(&scanned.range).unwrap();
                let amounts = kept.iter().map(|&weight| unit.units(weight));
                let groups = groups(&left, &kept_labels, amounts, |a, b| a + b);
                let total = |label: usize| groups.values().map(|group| group[label]).sum();
                let mut expected =
                    WeightSums::starting_at(WeightTotals::new(unit, total(1), total(0)), [0; 2]);
                let mut terms = Terms::of(&expected);
                let mut down_to = Vec::new();
                for &group in groups.values().rev() {
                    if terms.push(&mut expected.down_to, group) {
                        expected.add(&mut terms);
                    }
                    down_to.push(expected.down_to.map(|units| unit.value(units)));
                }
                expected.add(&mut terms);
                assert_eq!(sums.areas(), expected.areas(), "{what}");
                assert_eq!(Some(areas), expected.areas(), "lists of {what}");
                let scores = groups.keys().rev().map(|&key| kind.threshold(key));
                assert!(lists.thresholds.iter().copied().eq(scores), "{what}");
                let listed = lists.fps.into_iter().zip(lists.tps).map(|(fp, tp)| [fp, tp]);
                assert!(listed.eq(down_to), "{what}");
                let at_each = lists.negatives.into_iter().zip(lists.positives);
                let at_each = at_each.map(|(negatives, positives)| [negatives, positives]);
                let expected = groups.values().rev().map(|group| group.map(|units| unit.value(units)));
                assert!(at_each.eq(expected), "weights of {what}");
            }
            _ => panic!("counted here, summed there: {what}"),
        }
        true
    })
}

/// A name, and what a number in `[0, 1)` becomes.
type Shape = (&'static str, fn(f64) -> f64);

/// Kinds of weights.
const WEIGHTS: [Shape; 5] = [
    ("whole", |x| (6.0 * x).floor()),
    ("narrow", |x| f64::from((x + 1e-3) as f32)),
    ("wide", |x| x + 1e-3),
    ("zero, whole and wide", |x| {
        if x < 0.3 {
            0.0
        } else if x < 0.6 {
            2.0
        } else {
            x
        }
    }),
    ("far apart", |x| 10f64.powf(12.0 * x - 6.0)),
];

/// Kinds of scores.
const SCORES: [Shape; 5] = [
    ("uniform", |x| x),
    ("of both signs", |x| 1e3 * (x - 0.4)),
    ("a hundred values", |x| (100.0 * x).floor()),
    ("crowded and few", |x| if x < 0.5 { (1e4 * x).floor() * 1e-12 } else { x }),
    ("all the same", |_| 0.25),
];

fn check_all<T: Element>(to: fn(f64) -> T, buffer: fn(Vec<T>) -> Buffer<'static>) {
    for n in [1, 2, 70, 1025, 8192, 8193, 70_000] {
        let labels: Vec<u8> = units(n).map(|x| u8::from((31.0 * x).fract() < 0.4)).collect();
        for (weighed, weight) in WEIGHTS {
            let weights: Vec<f64> = units(n).map(|x| weight((1e3 * x).fract())).collect();
            if weights.iter().all(|&weight| weight == 0.0) {
                continue;
            }
            for (scored, score) in SCORES {
                let scores: Vec<T> = units(n).map(|x| to(score(x))).collect();
                let what = format!("{n} scores, {scored}, weights {weighed}");
                let is_compared = check(&buffer(scores), &labels, &weights, &what);
                assert!(is_compared || n == 2, "{what}");
            }
        }
    }
}

#[test]
fn weighted_f32_are_ranked_as_by_a_plain_sort() {
    check_all(|x| x as f32, |scores| Buffer::F32(scores.into()));
}

#[test]
fn weighted_f64_are_ranked_as_by_a_plain_sort() {
    check_all(|x| x, |scores| Buffer::F64(scores.into()));
}

#[test]
fn weighted_scores_are_ranked_without_vectors() {
    without_avx2(|| check_all(|x| (1e3 * x) as i32, |scores| Buffer::I32(scores.into())));
}
