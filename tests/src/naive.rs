//! The metrics by their definition: plain loops over slices, in integers and exact rationals.
//!
//! Weights are integers; as every metric is a ratio of weights, they may stand for fractions of any
//! common denominator. `None` is an undefined value.

use metrics_core::Curve;
use num_traits::Zero;

use crate::rational::{Rational, ratio};

/// Weights that count every sample once.
pub fn ones(n_samples: usize) -> Vec<u64> {
    vec![1; n_samples]
}

/// Average precision: over the distinct scores, the share of the positives that have it times the
/// precision of the samples that reach it.
pub fn average_precision<S: PartialOrd>(
    scores: &[S],
    targets: &[u8],
    weights: &[u64],
) -> Option<Rational> {
    let weigh = |target: u8, with: &dyn Fn(&S) -> bool| -> u128 {
        (0..scores.len())
            .filter(|&i| targets[i] == target && with(&scores[i]))
            .map(|i| u128::from(weights[i]))
            .sum()
    };
    let n_positives = weigh(1, &|_| true);
    let mut sum = Rational::zero();
    for (i, threshold) in scores.iter().enumerate() {
        let is_first = !scores[..i].contains(threshold);
        let step = weigh(1, &|score| score == threshold);
        if is_first && step > 0 {
            let tp = weigh(1, &|score| score >= threshold);
            let fp = weigh(0, &|score| score >= threshold);
            sum += ratio(step, n_positives) * ratio(tp, tp + fp);
        }
    }
    (n_positives > 0).then_some(sum)
}

/// Area under the ROC curve: the share of the pairs of a positive and a negative that the scores
/// rank right, ties counting half.
pub fn auroc<S: PartialOrd>(scores: &[S], targets: &[u8], weights: &[u64]) -> Option<Rational> {
    let (mut twice_right, mut pairs) = (0, 0);
    for i in (0..scores.len()).filter(|&i| targets[i] == 1) {
        for j in (0..scores.len()).filter(|&j| targets[j] == 0) {
            let weight = u128::from(weights[i]) * u128::from(weights[j]);
            pairs += weight;
            if scores[i] > scores[j] {
                twice_right += 2 * weight;
            } else if scores[i] == scores[j] {
                twice_right += weight;
            }
        }
    }
    (pairs > 0).then(|| ratio(twice_right, 2 * pairs))
}

/// The bucket of a probability.
pub fn bucket(probability: f64, num_thresholds: usize) -> usize {
    (probability * num_thresholds as f64).floor() as usize
}

/// The area of probabilities in buckets: two counters a bucket, from the highest bucket down.
pub fn bucketed(
    curve: Curve,
    num_thresholds: usize,
    probabilities: &[f64],
    targets: &[u8],
    weights: &[u64],
) -> Option<Rational> {
    let mut stat = [vec![0u128; num_thresholds + 1], vec![0u128; num_thresholds + 1]];
    for ((&p, &target), &weight) in probabilities.iter().zip(targets).zip(weights) {
        stat[usize::from(target)][bucket(p, num_thresholds)] += u128::from(weight);
    }
    let [stat_neg, stat_pos] = stat;
    let (n_negatives, n_positives) = (stat_neg.iter().sum::<u128>(), stat_pos.iter().sum::<u128>());
    let (mut tp, mut fp, mut twice_right, mut precisions) = (0, 0, 0, Rational::zero());
    for bucket in (0..=num_thresholds).rev() {
        let tp_above = tp;
        tp += stat_pos[bucket];
        fp += stat_neg[bucket];
        twice_right += stat_neg[bucket] * (tp_above + tp);
        if stat_pos[bucket] > 0 {
            precisions += ratio(stat_pos[bucket], n_positives) * ratio(tp, tp + fp);
        }
    }
    match curve {
        Curve::Roc => (n_positives > 0 && n_negatives > 0)
            .then(|| ratio(twice_right, 2 * n_positives * n_negatives)),
        Curve::Pr => (n_positives > 0).then_some(precisions),
        other => unreachable!("{other:?}"),
    }
}

/// [`average_precision`] and [`auroc`] of up to 2^20 samples without weights: sorted, in one pass.
/// The former is exact to 2^-100.
pub fn areas_of_many(scores: &[f64], targets: &[u8]) -> [Option<Rational>; 2] {
    assert!(scores.len() <= 1 << 20, "{} samples would overflow the sums", scores.len());
    let mut samples: Vec<(f64, u8)> = scores.iter().copied().zip(targets.iter().copied()).collect();
    samples.sort_by(|a, b| b.0.partial_cmp(&a.0).expect("no NaN"));
    let (mut tp, mut fp, mut precisions, mut twice_right) = (0u128, 0u128, 0u128, 0u128);
    for group in samples.chunk_by(|a, b| a.0 == b.0) {
        let step = group.iter().filter(|sample| sample.1 == 1).count() as u128;
        let n_negatives = group.len() as u128 - step;
        twice_right += n_negatives * (2 * tp + step);
        tp += step;
        fp += n_negatives;
        precisions += step * ((tp << 100) / (tp + fp));
    }
    [
        (tp > 0).then(|| ratio(precisions, tp) / ratio(1 << 100, 1)),
        (tp > 0 && fp > 0).then(|| ratio(twice_right, 2 * tp * fp)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f64; 4] = [0.1, 0.5, 0.7, 0.8];
    const TARGETS: [u8; 4] = [1, 0, 1, 1];

    #[test]
    fn values_known_by_hand() {
        let weights = ones(4);
        assert_eq!(average_precision(&SCORES, &TARGETS, &weights), Some(ratio(11, 12)));
        assert_eq!(auroc(&SCORES, &TARGETS, &weights), Some(ratio(2, 3)));
        assert_eq!(bucketed(Curve::Roc, 1, &SCORES, &TARGETS, &weights), Some(ratio(1, 2)));
        assert_eq!(bucketed(Curve::Pr, 1, &SCORES, &TARGETS, &weights), Some(ratio(3, 4)));
        assert_eq!(bucketed(Curve::Roc, 10, &SCORES, &TARGETS, &weights), Some(ratio(2, 3)));
        assert_eq!(auroc(&SCORES, &TARGETS, &[3, 1, 1, 0]), Some(ratio(1, 4)));
        assert_eq!(average_precision(&[1, 1], &[0, 0], &ones(2)), None);
        assert_eq!(auroc(&[1, 1], &[1, 1], &ones(2)), None);
    }

    #[test]
    fn one_pass_agrees_with_the_definition() {
        let scores: Vec<f64> = (0..200u32).map(|i| f64::from(i * 7919 % 97)).collect();
        let targets: Vec<u8> = (0..200u32).map(|i| u8::from(i * 31 % 7 < 2)).collect();
        let [precision, auroc_of_many] = areas_of_many(&scores, &targets);
        assert_eq!(auroc_of_many, auroc(&scores, &targets, &ones(200)));
        let error = average_precision(&scores, &targets, &ones(200)).unwrap() - precision.unwrap();
        assert!(error >= Rational::zero() && error <= ratio(1, 1 << 100));
    }
}
