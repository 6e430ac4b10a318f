//! The curves: their area is the metric, their points are the counts.

use crate::check::{close, same_bits};
use crate::inputs::{areas, feed, feed_weighted, vector};
use crate::random::Samples;
use crate::rational::{Rational, exactly};
use metrics_core::{
    Backend, BinaryAuprc, PrecisionRecallCurve, Roc, RocCurve, TieGroup,
    binary_precision_recall_curve, binary_roc_curve,
};

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
