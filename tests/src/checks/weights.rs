//! What sample weights mean: whole ones are repetitions, to the bit where areas are not tiny; any are
//! shares, to 1e-12.

use crate::check::{close, same_bits};
use crate::inputs::{feed_weighted, weighted_areas};
use crate::naive;
use crate::random::{Kind, Random, Samples, seed};
use crate::rational::exactly;
use metrics_core::{Auc, Backend, Curve};

use super::laws::{AUPRC_UNDEFINED, AUROC_UNDEFINED};

/// Whole weights of any size: those that are counted, those that are weighed, and both.
#[track_caller]
pub fn large_whole_weights_are_close<B: Backend>(backend: &B, samples: &Samples) {
    let (scores, targets) = (&samples.scores, &samples.targets);
    for end in [1 << 20, 1 << 21, 1 << 44] {
        let weights = whole(samples.n_samples(), end);
        let [auprc, auroc] = weighted_areas(backend, samples, &floats(&weights));
        let exact = naive::auroc(scores, targets, &weights);
        close(auroc, exact.as_ref(), AUROC_UNDEFINED, samples);
        let exact = naive::average_precision(scores, targets, &weights);
        close(auprc, exact.as_ref(), AUPRC_UNDEFINED, samples);
    }
}

/// AUPRC is so small that sums of multiples of 2^-63 are not precise enough: of one large weight, of many
/// that are counted, and of ones beside a single weight of 2.
#[track_caller]
pub fn small_auprc_of_whole_weights_is_close<B: Backend>(backend: &B) {
    let n = 1 << 6;
    let cases = [
        vec![2f64.powi(40) + 1.0, 1.0],
        vec![2f64.powi(50), 1.0],
        [vec![2f64.powi(20); n], vec![1.0]].concat(),
        [vec![2f64.powi(20) - 1.0; n], vec![3.0, 1.0]].concat(),
    ];
    for weights in cases {
        let n_samples = weights.len();
        let samples = Samples {
            name: format!("{n_samples} weights from {} on", weights[0]),
            scores: (0..n_samples).rev().map(|i| i as f64).collect(),
            targets: (0..n_samples).map(|i| u8::from(i + 1 == n_samples)).collect(),
        };
        let exact = {
            let weights: Vec<u64> = weights.iter().map(|&weight| weight as u64).collect();
            naive::average_precision(&samples.scores, &samples.targets, &weights)
        };
        let [auprc, auroc] = weighted_areas(backend, &samples, &weights);
        close(auprc, exact.as_ref(), AUPRC_UNDEFINED, &samples);
        same_bits(&[auroc], &[0.0], &samples);
        let mut auc = Auc::<B>::new(Curve::Pr, n_samples).unwrap();
        let in_buckets = samples.map(|score| score / n_samples as f64);
        feed_weighted(backend, &mut auc, &in_buckets, &weights);
        close(auc.compute().unwrap(), exact.as_ref(), AUPRC_UNDEFINED, &samples);
    }
}

#[track_caller]
pub fn weighted_areas_ignore_powers_of_two<B: Backend>(backend: &B, samples: &Samples) {
    let weights = fractions(samples.n_samples());
    let expected = weighted_areas(backend, samples, &weights);
    for power in [-600, -3, 4, 600] {
        let scaled: Vec<f64> = weights.iter().map(|weight| weight * 2f64.powi(power)).collect();
        same_bits(&weighted_areas(backend, samples, &scaled), &expected, samples);
    }
}

#[track_caller]
pub fn weighted_areas_hardly_feel_a_scale<B: Backend>(backend: &B, samples: &Samples) {
    let weights = fractions(samples.n_samples());
    let scaled: Vec<f64> = weights.iter().map(|weight| weight * 1e3).collect();
    let expected = weighted_areas(backend, samples, &weights);
    for (value, expected) in weighted_areas(backend, samples, &scaled).into_iter().zip(expected) {
        close(value, Some(&exactly(expected)), 0.0, samples);
    }
}

/// More samples than a kernel converts at once.
#[track_caller]
pub fn many_whole_weights_are_repetitions<B: Backend + 'static>(backend: &B) {
    super::metrics::whole_weights_are_repetitions(backend, &Kind::Logits.samples(5000, seed()));
    super::buckets::whole_weights_are_repetitions(backend, &Kind::Uniform.samples(5000, seed()));
}

/// Weights in `(0, 1)`, multiples of 2^-53 with all their bits in use.
pub fn fractions(n_samples: usize) -> Vec<f64> {
    let mut random = Random::new(seed());
    (0..n_samples).map(|_| random.unit() + 2f64.powi(-53)).collect()
}

/// The same weights times 2^53.
pub fn as_whole(weights: &[f64]) -> Vec<u64> {
    weights.iter().map(|weight| (weight * 2f64.powi(53)) as u64).collect()
}

/// Whole weights below `end`; the first is not 0.
pub fn whole(n_samples: usize, end: usize) -> Vec<u64> {
    let mut random = Random::new(seed());
    (0..n_samples).map(|i| random.below(end).max(usize::from(i == 0)) as u64).collect()
}

pub fn floats(weights: &[u64]) -> Vec<f64> {
    weights.iter().map(|&weight| weight as f64).collect()
}
