//! The curves: their points are counts, their order scikit-learn's, their area the metric.

use crate::check::{close, same_bits};
use crate::inputs::{areas, feed, feed_weighted, vector};
use crate::random::Samples;
use crate::rational::{Rational, exactly};
use metrics_core::{
    Backend, BinaryAuprc, PrecisionRecall, PrecisionRecallCurve, Readings, Roc, RocCurve, TieGroup,
    binary_precision_recall_curve, binary_roc_curve,
};

use super::weights::{floats, whole};

#[track_caller]
pub fn pr_thresholds_are_the_distinct_scores<B: Backend>(backend: &B, samples: &Samples) {
    same_bits(&pr_curve(backend, samples).thresholds, &distinct(samples), samples);
}

#[track_caller]
pub fn pr_curve_ends_without_a_threshold<B: Backend>(backend: &B, samples: &Samples) {
    let PrecisionRecallCurve { precision, recall, thresholds, .. } = pr_curve(backend, samples);
    assert_eq!((precision.len(), recall.len()), (thresholds.len() + 1, thresholds.len() + 1));
    assert_eq!((precision.last(), recall.last()), (Some(&1.0), Some(&0.0)), "{samples:?}");
}

#[track_caller]
pub fn precision_and_recall_are_counts<B: Backend>(backend: &B, samples: &Samples) {
    let curve = pr_curve(backend, samples);
    let n_positives = reaching(samples, 1, f64::NEG_INFINITY);
    for (i, &threshold) in curve.thresholds.iter().enumerate() {
        let tp = reaching(samples, 1, threshold);
        let recall = if n_positives == 0.0 { 1.0 } else { tp / n_positives };
        let expected = [tp / (tp + reaching(samples, 0, threshold)), recall];
        same_bits(&[curve.precision[i], curve.recall[i]], &expected, samples);
    }
}

#[track_caller]
pub fn area_of_the_pr_curve_is_auprc<B: Backend>(backend: &B, samples: &Samples) {
    if !samples.targets.contains(&1) {
        return;
    }
    let PrecisionRecallCurve { precision, recall, .. } = pr_curve(backend, samples);
    let steps = recall.windows(2).map(|recall| exactly(recall[0]) - exactly(recall[1]));
    let area = steps.zip(&precision).map(|(step, &precision)| step * exactly(precision)).sum();
    close(areas(backend, samples)[0], Some(&area), 0.0, samples);
}

#[track_caller]
pub fn roc_curve_starts_at_the_origin<B: Backend>(backend: &B, samples: &Samples) {
    let RocCurve { fpr, tpr, thresholds, .. } = roc_curve(backend, samples);
    assert_eq!((fpr.len(), tpr.len()), (thresholds.len(), thresholds.len()), "{samples:?}");
    same_bits(&[fpr[0], tpr[0], thresholds[0]], &[0.0, 0.0, f64::INFINITY], samples);
}

#[track_caller]
pub fn roc_thresholds_are_the_distinct_scores<B: Backend>(backend: &B, samples: &Samples) {
    let mut thresholds = roc_curve(backend, samples).thresholds.split_off(1);
    thresholds.reverse();
    same_bits(&thresholds, &distinct(samples), samples);
}

/// The first point lies at `+inf`, where no sample is counted yet; a sample there has one more.
#[track_caller]
pub fn roc_repeats_infinity_where_a_score_is<B: Backend>(backend: &B) {
    let (high, targets) = (f64::INFINITY, vec![1, 0, 1, 0]);
    let with_infinity = Samples {
        name: "with +inf".to_owned(),
        scores: vec![high, 0.5, f64::NEG_INFINITY, high],
        targets: targets.clone(),
    };
    let mut metric = BinaryAuprc::new();
    feed(backend, &mut metric, &with_infinity);
    for RocCurve { fpr, tpr, thresholds, .. } in
        [roc_curve(backend, &with_infinity), metric.read_task(&Roc, 0).unwrap()]
    {
        assert_eq!(thresholds, [high, high, 0.5, f64::NEG_INFINITY]);
        assert_eq!((fpr, tpr), (vec![0.0, 0.5, 1.0, 1.0], vec![0.0, 0.5, 0.5, 1.0]));
    }
    let finite = Samples {
        name: "without +inf".to_owned(),
        scores: vec![f64::MAX, 0.5, f64::NEG_INFINITY, f64::MAX],
        targets,
    };
    let thresholds = roc_curve(backend, &finite).thresholds;
    assert_eq!(thresholds, [high, f64::MAX, 0.5, f64::NEG_INFINITY]);
}

#[track_caller]
pub fn rates_are_counts<B: Backend>(backend: &B, samples: &Samples) {
    let curve = roc_curve(backend, samples);
    let rate = |target: u8, threshold: f64| {
        let total = reaching(samples, target, f64::NEG_INFINITY);
        if total == 0.0 { 0.0 } else { reaching(samples, target, threshold) / total }
    };
    for (i, &threshold) in curve.thresholds.iter().enumerate().skip(1) {
        let expected = [rate(0, threshold), rate(1, threshold)];
        same_bits(&[curve.fpr[i], curve.tpr[i]], &expected, samples);
    }
}

#[track_caller]
pub fn area_of_the_roc_curve_is_auroc<B: Backend>(backend: &B, samples: &Samples) {
    if !(samples.targets.contains(&0) && samples.targets.contains(&1)) {
        return;
    }
    let RocCurve { fpr, tpr, .. } = roc_curve(backend, samples);
    let widths = fpr.windows(2).map(|fpr| exactly(fpr[1]) - exactly(fpr[0]));
    let heights = tpr.windows(2).map(|tpr| (exactly(tpr[0]) + exactly(tpr[1])) * exactly(0.5));
    let area = widths.zip(heights).map(|(width, height)| width * height).sum::<Rational>();
    close(areas(backend, samples)[1], Some(&area), 0.0, samples);
}

#[track_caller]
pub fn streamed_curves_are_those_of_the_functions<B: Backend>(backend: &B, samples: &Samples) {
    let mut metric = BinaryAuprc::new();
    samples.batches(9).iter().for_each(|batch| feed(backend, &mut metric, batch));
    assert_eq!(metric.read_task(&PrecisionRecall, 0).unwrap(), pr_curve(backend, samples));
    assert_eq!(metric.read_task(&Roc, 0).unwrap(), roc_curve(backend, samples));
}

#[track_caller]
pub fn curves_of_whole_weights_are_those_of_repetitions<B: Backend>(
    backend: &B,
    samples: &Samples,
) {
    let weights = whole(samples.n_samples(), 4);
    let repeated = samples.repeated(&weights);
    let weights = vector(backend, &floats(&weights));
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    let pr = PrecisionRecall.weights(&weights).read(&scores, &targets).unwrap();
    assert_eq!(pr, pr_curve(backend, &repeated), "{samples:?}");
    let roc = Roc.weights(&weights).read(&scores, &targets).unwrap();
    assert_eq!(roc, roc_curve(backend, &repeated), "{samples:?}");
}

#[track_caller]
pub fn counts_are_those_the_curves_are_made_of<B: Backend>(backend: &B, samples: &Samples) {
    let (mut plain, mut weighted) = (BinaryAuprc::new(), BinaryAuprc::new());
    samples.batches(9).iter().for_each(|batch| feed(backend, &mut plain, batch));
    let weights: Vec<f64> = (0..samples.n_samples()).map(|i| [1.0, 0.3, 2.0][i % 3]).collect();
    feed_weighted(backend, &mut weighted, samples, &weights);
    for mut metric in [plain, weighted] {
        let (mut thresholds, mut tps, mut fps) = (vec![f64::INFINITY], vec![0.0], vec![0.0]);
        let visit = |group: TieGroup| {
            thresholds.push(group.threshold);
            tps.push(group.tp);
            fps.push(group.fp);
        };
        metric.for_each_group(0, visit).unwrap();
        let curve = metric.read_task(&Roc, 0).unwrap();
        let groups: Vec<_> = curve.counts.groups().collect();
        let mut visited = Vec::new();
        metric.for_each_group(0, |group| visited.push(group)).unwrap();
        assert_eq!(visited, groups, "{samples:?}");
        same_bits(&thresholds, &curve.thresholds, samples);
        for (counts, rates) in [(tps, curve.tpr), (fps, curve.fpr)] {
            let total = counts[counts.len() - 1];
            let share = |&n: &f64| if total == 0.0 { 0.0 } else { n / total };
            same_bits(&counts.iter().map(share).collect::<Vec<_>>(), &rates, samples);
        }
    }
}

#[track_caller]
fn pr_curve<B: Backend>(backend: &B, samples: &Samples) -> PrecisionRecallCurve {
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    binary_precision_recall_curve::<B>(&scores, &targets).expect("valid samples")
}

#[track_caller]
fn roc_curve<B: Backend>(backend: &B, samples: &Samples) -> RocCurve {
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    binary_roc_curve::<B>(&scores, &targets).expect("valid samples")
}

/// The distinct scores, increasing; zero without a sign.
fn distinct(samples: &Samples) -> Vec<f64> {
    let mut distinct: Vec<f64> = samples.scores.iter().map(|score| score + 0.0).collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    distinct
}

/// How many samples with this target reach a threshold.
fn reaching(samples: &Samples, target: u8, threshold: f64) -> f64 {
    let pairs = samples.scores.iter().zip(&samples.targets);
    pairs.filter(|&(&score, &other)| other == target && score >= threshold).count() as f64
}
