//! The areas at sizes around the limits of kernels, against one sorted pass in exact arithmetic.

use std::fmt::Debug;

use crate::check::{nearest, within_ulps};
use crate::inputs::vector;
use crate::naive::areas_of_many;
use crate::random::{Kind, Random, Samples, seed};
use metrics_core::{Backend, Element, binary_auprc, binary_auroc};

use super::laws::{AUPRC_UNDEFINED, AUROC_UNDEFINED};

#[track_caller]
pub fn areas_of_each_kind<B: Backend>(backend: &B, n_samples: usize) {
    for kind in Kind::ALL {
        let samples = kind.samples(n_samples, seed());
        areas_are_exact(backend, &samples.scores, &samples.targets, &samples);
    }
}

#[track_caller]
pub fn areas_of_f32_scores<B: Backend>(backend: &B, n_samples: usize) {
    for kind in [Kind::Uniform, Kind::Logits, Kind::FewDistinct] {
        let samples = kind.samples(n_samples, seed());
        let scores: Vec<f32> = samples.scores.iter().map(|&score| score as f32).collect();
        areas_are_exact(backend, &scores, &samples.targets, &samples);
    }
}

/// No positive, only positives, and one among many, at the top, in the middle and at the bottom.
#[track_caller]
pub fn areas_of_lonely_positives<B: Backend>(backend: &B, n_samples: usize) {
    let samples = Kind::Sorted.samples(n_samples, seed());
    for n_positives in [0, n_samples] {
        let targets = vec![u8::from(n_positives > 0); n_samples];
        areas_are_exact(backend, &samples.scores, &targets, &samples);
    }
    for place in [0, n_samples / 2, n_samples - 1] {
        let mut targets = vec![0; n_samples];
        targets[place] = 1;
        areas_are_exact(backend, &samples.scores, &targets, &samples);
    }
}

/// A million samples, once.
#[track_caller]
pub fn areas_of_a_million<B: Backend>(backend: &B) {
    let samples = Kind::Sigmoid.samples(1_000_000, seed());
    areas_are_exact(backend, &samples.scores, &samples.targets, &samples);
}

/// Keys that use every bit of their width, so that none of them can be skipped.
#[track_caller]
pub fn areas_of_scores_over_the_whole_line<B: Backend>(backend: &B, n_samples: usize) {
    let mut random = Random::new(seed());
    let wide: Vec<f64> = (0..n_samples)
        .map(|_| f64::from_bits(random.bits()))
        .map(|score| if score.is_nan() { 0.0 } else { score })
        .collect();
    let narrow: Vec<f32> = (0..n_samples)
        .map(|_| f32::from_bits(random.bits() as u32))
        .map(|score| if score.is_nan() { 0.0 } else { score })
        .collect();
    let Samples { targets, .. } = Kind::Uniform.samples(n_samples, seed());
    areas_are_exact(backend, &wide, &targets, &"all f64");
    areas_are_exact(backend, &narrow, &targets, &"all f32");
}

#[track_caller]
pub fn areas_are_exact<B: Backend, T: Element>(
    backend: &B,
    scores: &[T],
    targets: &[u8],
    what: &dyn Debug,
) {
    let as_f64: Vec<f64> = scores.iter().map(|score| score.to_f64()).collect();
    let [precision, exact] = areas_of_many(&as_f64, targets);
    let (scores, targets) = (vector(backend, scores), vector(backend, targets));
    let auprc = binary_auprc::<B>(&scores, &targets).expect("valid samples");
    within_ulps(auprc, precision.as_ref(), AUPRC_UNDEFINED, what);
    let auroc = binary_auroc::<B>(&scores, &targets).expect("valid samples");
    nearest(auroc, exact.as_ref(), AUROC_UNDEFINED, what);
}
