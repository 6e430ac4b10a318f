//! The numbers of each metric by its definition, in plain loops over the samples.

use metrics_core::Curve;
use num_traits::Signed;

use crate::check::{SUM_ERROR, same_bits, within_ulps};
use crate::naive;
use crate::random::Samples;
use crate::rational::{Rational, exactly, nearest_f64, ratio};

/// A number that a metric must return.
#[derive(Debug, Clone)]
pub enum Expected {
    /// These bits, with weights and without.
    Bits(f64),
    /// The nearest `f64`; of weighted samples, one within [`SUM_ERROR`].
    Nearest(Rational),
    /// One within the bound for average precisions; of weighted samples, within [`SUM_ERROR`].
    WithinUlps(Rational),
}
use Expected::{Bits, Nearest, WithinUlps};

/// Weights of samples: whole numbers of a unit.
#[derive(Debug, Clone)]
pub struct Weights {
    /// The weights as numbers of units.
    pub whole: Vec<u64>,
    /// The unit.
    pub unit: Rational,
}

impl Weights {
    /// Every sample once.
    pub fn ones(n_samples: usize) -> Self {
        Self { whole: naive::ones(n_samples), unit: ratio(1, 1) }
    }
}

impl Expected {
    /// The number, or the default where it is undefined.
    fn or(exact: Option<Rational>, default: f64, number: fn(Rational) -> Self) -> Self {
        exact.map_or(Bits(default), number)
    }

    /// Holds a number of samples without weights to this one.
    #[track_caller]
    pub fn check(&self, value: f64, what: &dyn std::fmt::Debug) {
        match self {
            Bits(expected) => same_bits(&[value], &[*expected], what),
            Nearest(exact) => same_bits(&[value], &[nearest_f64(exact)], what),
            WithinUlps(exact) => {
                within_ulps(value, Some(exact), 0.0, what);
            }
        }
    }

    /// Holds a number of weighted samples to this one.
    #[track_caller]
    pub fn check_weighted(&self, value: f64, what: &dyn std::fmt::Debug) {
        match self {
            Bits(expected) => same_bits(&[value], &[*expected], what),
            Nearest(exact) | WithinUlps(exact) => {
                let error = (exactly(value) - exact).abs();
                let allowed = exactly(SUM_ERROR) * exact.abs();
                assert!(error <= allowed, "{value} is not close to {exact}; {what:?}");
            }
        }
    }
}

/// A distinct score, and the weights of the positives and negatives that reach it.
struct Point {
    threshold: f64,
    tp: u128,
    fp: u128,
}

/// The points from the highest score down; samples of weight 0 are none.
fn points(samples: &Samples, weights: &Weights) -> Vec<Point> {
    let kept = || (0..samples.n_samples()).filter(|&i| weights.whole[i] > 0);
    let mut thresholds: Vec<f64> = kept().map(|i| samples.scores[i] + 0.0).collect();
    thresholds.sort_by(|a, b| b.partial_cmp(a).expect("no NaN"));
    thresholds.dedup();
    let reaching = |threshold: f64, target: u8| {
        kept()
            .filter(|&i| samples.targets[i] == target && samples.scores[i] >= threshold)
            .map(|i| u128::from(weights.whole[i]))
            .sum()
    };
    let point = |threshold: f64| Point {
        threshold,
        tp: reaching(threshold, 1),
        fp: reaching(threshold, 0),
    };
    thresholds.into_iter().map(point).collect()
}

/// A share, or the default for 0/0.
fn share(part: u128, whole: u128, default: f64) -> Expected {
    Expected::or((whole > 0).then(|| ratio(part, whole)), default, Nearest)
}

pub(super) fn average_precision(samples: &Samples, weights: &Weights) -> Vec<Expected> {
    let area = naive::average_precision(&samples.scores, &samples.targets, &weights.whole);
    vec![Expected::or(area, 0.0, WithinUlps)]
}

pub(super) fn auroc(samples: &Samples, weights: &Weights) -> Vec<Expected> {
    let area = naive::auroc(&samples.scores, &samples.targets, &weights.whole);
    vec![Expected::or(area, 0.5, Nearest)]
}

/// Precision, recall and thresholds, increasing; the last point has no threshold.
pub(super) fn precision_recall(samples: &Samples, weights: &Weights) -> Vec<Expected> {
    let mut points = points(samples, weights);
    let n_positives = points.last().map_or(0, |point| point.tp);
    points.reverse();
    let precision = points.iter().map(|p| share(p.tp, p.tp + p.fp, 0.0)).chain([Bits(1.0)]);
    let recall = points.iter().map(|p| share(p.tp, n_positives, 1.0)).chain([Bits(0.0)]);
    let thresholds = points.iter().map(|p| Bits(p.threshold));
    precision.chain(recall).chain(thresholds).collect()
}

/// False and true positive rates and thresholds, from the point at infinity down.
pub(super) fn roc(samples: &Samples, weights: &Weights) -> Vec<Expected> {
    let first = Point { threshold: f64::INFINITY, tp: 0, fp: 0 };
    let points: Vec<_> = [first].into_iter().chain(points(samples, weights)).collect();
    let [n_positives, n_negatives] = points.last().map_or([0; 2], |last| [last.tp, last.fp]);
    let fpr = points.iter().map(|p| share(p.fp, n_negatives, 0.0));
    let tpr = points.iter().map(|p| share(p.tp, n_positives, 0.0));
    let thresholds = points.iter().map(|p| Bits(p.threshold));
    fpr.chain(tpr).chain(thresholds).collect()
}

/// Threshold and cumulative counts of each distinct score, from the highest down.
pub(super) fn counts(samples: &Samples, weights: &Weights) -> Vec<Expected> {
    let count = |n: u128| Nearest(ratio(n, 1) * &weights.unit);
    let points = points(samples, weights);
    points.iter().flat_map(|p| [Bits(p.threshold), count(p.tp), count(p.fp)]).collect()
}

/// Positives, negatives, and the areas; NaN for an area that is undefined.
pub(super) fn sums(samples: &Samples, weights: &Weights) -> Vec<Expected> {
    let count = |target: u8| {
        let of_target = (0..samples.n_samples()).filter(|&i| samples.targets[i] == target);
        let n = of_target.map(|i| u128::from(weights.whole[i])).sum();
        Nearest(ratio(n, 1) * &weights.unit)
    };
    let (scores, targets, whole) = (&samples.scores, &samples.targets, &weights.whole);
    vec![
        count(1),
        count(0),
        Expected::or(naive::average_precision(scores, targets, whole), f64::NAN, WithinUlps),
        Expected::or(naive::auroc(scores, targets, whole), f64::NAN, Nearest),
    ]
}

/// How many thresholds the entries of the bucketed area have.
pub(super) const NUM_THRESHOLDS: usize = 64;

pub(super) fn bucketed_roc(samples: &Samples, weights: &Weights) -> Vec<Expected> {
    vec![Expected::or(bucketed(Curve::Roc, samples, weights), 0.0, Nearest)]
}

pub(super) fn bucketed_pr(samples: &Samples, weights: &Weights) -> Vec<Expected> {
    vec![Expected::or(bucketed(Curve::Pr, samples, weights), 0.0, WithinUlps)]
}

fn bucketed(curve: Curve, samples: &Samples, weights: &Weights) -> Option<Rational> {
    let (scores, targets) = (&samples.scores, &samples.targets);
    naive::bucketed(curve, NUM_THRESHOLDS, scores, targets, &weights.whole)
}
