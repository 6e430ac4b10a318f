//! The one curve every ranking metric reads, and the two forms in which people draw it.

use crate::areas::{Areas, CountedAreas};
use crate::error::{Error, Result};
use crate::exact::MAX_SAMPLES;
use crate::float_mode::in_default_mode;
use crate::kind::ScoreKind;
use crate::options::{Undefined, UndefinedCase};
use crate::reserve::room;

/// Cumulative counts over the distinct scores of one task, from high to low.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RankedCounts {
    /// The distinct scores, decreasing. 64-bit integer scores beyond 2^53 are rounded here, though
    /// they are compared exactly.
    pub thresholds: Vec<f64>,
    /// Positives with a score of at least the threshold.
    pub tps: Vec<u64>,
    /// Negatives with a score of at least the threshold.
    pub fps: Vec<u64>,
}

impl RankedCounts {
    /// Counts that were taken elsewhere, say on a device: the keys of the distinct scores,
    /// decreasing, and the positives and negatives with a score at least as high.
    pub fn from_keys(kind: ScoreKind, keys: &[u64], tps: Vec<u64>, fps: Vec<u64>) -> Self {
        let thresholds = in_default_mode(|| keys.iter().map(|&key| kind.threshold(key)).collect());
        Self { thresholds, tps, fps }
    }

    /// The areas under the curves through these counts, which are those of a task.
    ///
    /// # Errors
    /// [`Error::InvalidCounts`] where they are those of no samples: thresholds that do not decrease,
    /// counts that do not grow; [`Error::TooManySamples`].
    pub fn areas(&self, op: &'static str, task: usize) -> Result<Areas> {
        in_default_mode(|| {
            self.check(op, task)?;
            let (mut sums, mut tp, mut fp) = (CountedAreas::default(), 0, 0);
            for (&next_tp, &next_fp) in self.tps.iter().zip(&self.fps) {
                sums.push(next_tp - tp, next_fp - fp);
                (tp, fp) = (next_tp, next_fp);
            }
            Ok(sums.into())
        })
    }

    /// Whether these can be the counts of samples.
    fn check(&self, op: &'static str, task: usize) -> Result<()> {
        let (n, [n_tps, n_fps]) = (self.thresholds.len(), [self.tps.len(), self.fps.len()]);
        let invalid = |index, reason| Err(Error::InvalidCounts { op, task, index, reason });
        if n_tps != n || n_fps != n {
            return invalid(n.min(n_tps).min(n_fps), "there is no count for each threshold");
        }
        let (mut tp, mut fp) = (0, 0);
        for (index, (&next_tp, &next_fp)) in self.tps.iter().zip(&self.fps).enumerate() {
            if next_tp < tp || next_fp < fp || (next_tp == tp && next_fp == fp) {
                return invalid(index, "the counts do not grow");
            }
            (tp, fp) = (next_tp, next_fp);
        }
        // Equal where 64-bit integers are rounded.
        let is_decreasing = |pair: &[f64]| pair[0] >= pair[1];
        if let Some(index) = self.thresholds.windows(2).position(|pair| !is_decreasing(pair)) {
            return invalid(index + 1, "the thresholds do not decrease");
        }
        let (n_samples, max) = (tp.saturating_add(fp), MAX_SAMPLES);
        if n_samples > max {
            return Err(Error::TooManySamples { op, task, n_samples, max });
        }
        Ok(())
    }

    pub(crate) fn points(&self, op: &'static str) -> Result<Vec<Point>> {
        self.check(op, 0)?;
        let mut points = room(op, self.thresholds.len())?;
        let counted = self
            .thresholds
            .iter()
            .zip(&self.tps)
            .zip(&self.fps)
            .map(|((&threshold, &tp), &fp)| Point { threshold, tp: tp as f64, fp: fp as f64 });
        points.extend(counted);
        Ok(points)
    }
}

/// One distinct score with the positives and negatives, counted or weighed, that reach it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) threshold: f64,
    pub(crate) tp: f64,
    pub(crate) fp: f64,
}

/// Precision and recall at every distinct score, in scikit-learn's order.
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecallCurve {
    /// `tp / (tp + fp)` at each threshold, in `[0, 1]`, then a final 1: K + 1 values.
    pub precision: Vec<f64>,
    /// `tp / n_positives` at each threshold, in `[0, 1]`, decreasing, then a final 0: K + 1 values.
    pub recall: Vec<f64>,
    /// The K distinct scores, increasing.
    pub thresholds: Vec<f64>,
}

impl PrecisionRecallCurve {
    /// Without positives recall is undefined; by default it is 1, as in scikit-learn.
    pub(crate) fn new(points: &[Point], undefined: Undefined, case: UndefinedCase) -> Result<Self> {
        let n_positives = points.last().map_or(0.0, |point| point.tp);
        let no_recall = if n_positives == 0.0 { undefined.resolve(None, 1.0, case)? } else { 0.0 };
        let recall_at = |tp: f64| if n_positives == 0.0 { no_recall } else { tp / n_positives };
        let upwards = || points.iter().rev();
        Ok(Self {
            precision: upwards().map(|p| p.tp / (p.tp + p.fp)).chain([1.0]).collect(),
            recall: upwards().map(|p| recall_at(p.tp)).chain([0.0]).collect(),
            thresholds: upwards().map(|p| p.threshold).collect(),
        })
    }
}

/// False and true positive rate at every distinct score, in scikit-learn's order.
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    /// `fp / n_negatives`: first 0, then at each threshold, in `[0, 1]`, increasing: K + 1 values.
    pub fpr: Vec<f64>,
    /// `tp / n_positives`: first 0, then at each threshold, in `[0, 1]`, increasing: K + 1 values.
    pub tpr: Vec<f64>,
    /// First `+inf`, then the K distinct scores, decreasing: K + 1 values. Where a score is `+inf`,
    /// the first two are, and only there are two of them equal. None is dropped, as with
    /// scikit-learn's `drop_intermediate=False`.
    pub thresholds: Vec<f64>,
}

impl RocCurve {
    /// Without positives (negatives) the true (false) positive rate is undefined; by default 0.
    pub(crate) fn new(points: &[Point], undefined: Undefined, case: UndefinedCase) -> Result<Self> {
        let (n_positives, n_negatives) = points.last().map_or((0.0, 0.0), |p| (p.tp, p.fp));
        let no_rate = if n_positives == 0.0 || n_negatives == 0.0 {
            undefined.resolve(None, 0.0, case)?
        } else {
            0.0
        };
        let rate = |n: f64, of: f64| if of == 0.0 { no_rate } else { n / of };
        let from = |first: f64, value: &dyn Fn(&Point) -> f64| {
            std::iter::once(first).chain(points.iter().map(value)).collect()
        };
        Ok(Self {
            fpr: from(rate(0.0, n_negatives), &|p| rate(p.fp, n_negatives)),
            tpr: from(rate(0.0, n_positives), &|p| rate(p.tp, n_positives)),
            thresholds: from(f64::INFINITY, &|p| p.threshold),
        })
    }
}
