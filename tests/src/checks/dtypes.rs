//! Scores, targets and weights of every dtype, compared at their own precision.

use crate::check::{nearest, same_bits, within_ulps};
use crate::inputs::{areas, vector, weighted_areas};
use crate::naive;
use crate::random::{Kind, Random, Samples, seed};
use half::{bf16, f16};
use metrics_core::{Auprc, Backend, BinaryAuroc, Element, Readings, binary_auprc, binary_auroc};

use super::laws::{AUPRC_UNDEFINED, AUROC_UNDEFINED};
use super::sizes::areas_are_exact;

/// Scores drawn from values that include the ends and neighbours of their type.
#[track_caller]
pub fn areas_of_scores<B: Backend, T: Element + PartialOrd>(backend: &B, values: &[T]) {
    let mut random = Random::new(seed());
    let scores: Vec<T> = (0..300).map(|_| random.pick(values)).collect();
    let targets = Kind::Uniform.samples(300, seed()).targets;
    let exact = naive::auroc(&scores, &targets, &naive::ones(300));
    let precision = naive::average_precision(&scores, &targets, &naive::ones(300));
    let (scores, targets) = (vector(backend, &scores), vector(backend, &targets));
    let auprc = binary_auprc::<B>(&scores, &targets).expect("valid samples");
    within_ulps(auprc, precision.as_ref(), AUPRC_UNDEFINED, &T::DTYPE);
    let auroc = binary_auroc::<B>(&scores, &targets).expect("valid samples");
    nearest(auroc, exact.as_ref(), AUROC_UNDEFINED, &T::DTYPE);
}

/// The higher of two scores wins, through the function and through the state.
#[track_caller]
pub fn scores_rank<B: Backend, T: Element>(backend: &B, low: T, high: T) {
    assert_eq!(aurocs(backend, [low, high]), [1.0, 1.0], "{low:?} < {high:?}");
    assert_eq!(aurocs(backend, [high, low]), [0.0, 0.0], "{high:?} > {low:?}");
}

#[track_caller]
pub fn scores_tie<B: Backend, T: Element>(backend: &B, a: T, b: T) {
    assert_eq!(aurocs(backend, [a, b]), [0.5, 0.5], "{a:?} and {b:?}");
}

/// AUROC of a negative and a positive with these scores.
#[track_caller]
fn aurocs<B: Backend, T: Element>(backend: &B, scores: [T; 2]) -> [f64; 2] {
    let (scores, targets) = (vector(backend, &scores), vector(backend, &[0u8, 1]));
    let mut streamed = BinaryAuroc::<B>::new();
    streamed.update(&scores, &targets).expect("valid samples");
    [binary_auroc::<B>(&scores, &targets).expect("valid samples"), streamed.compute().unwrap()]
}

/// Each of the values of a 16-bit float once: more distinct scores than a small table may hold.
#[track_caller]
pub fn areas_of_every_f16<B: Backend>(backend: &B) {
    every_16_bits(backend, f16::from_bits, |x| x.is_nan());
}

#[track_caller]
pub fn areas_of_every_bf16<B: Backend>(backend: &B) {
    every_16_bits(backend, bf16::from_bits, |x| x.is_nan());
}

#[track_caller]
fn every_16_bits<B: Backend, T: Element>(
    backend: &B,
    from_bits: impl Fn(u16) -> T,
    is_nan: impl Fn(T) -> bool,
) {
    let scores: Vec<T> = (0..=u16::MAX).map(from_bits).filter(|&x| !is_nan(x)).collect();
    let targets = Kind::Uniform.samples(scores.len(), seed()).targets;
    areas_are_exact(backend, &scores, &targets, &T::DTYPE);
}

#[track_caller]
pub fn targets_of_any_dtype_are_labels<B: Backend, T: Element>(backend: &B, zero_one: [T; 2]) {
    let samples = Kind::Uniform.samples(2000, seed());
    let typed: Vec<T> = samples.targets.iter().map(|&t| zero_one[usize::from(t)]).collect();
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &typed));
    let values = [
        binary_auprc::<B>(&scores, &targets).expect("valid samples"),
        binary_auroc::<B>(&scores, &targets).expect("valid samples"),
    ];
    same_bits(&values, &areas(backend, &samples), &T::DTYPE);
}

#[track_caller]
pub fn weights_of_any_dtype_are_numbers<B: Backend, T: Element>(backend: &B, values: &[T]) {
    let samples: Samples = Kind::FewDistinct.samples(50, seed());
    let mut random = Random::new(seed());
    let typed: Vec<T> = (0..50).map(|_| random.pick(values)).collect();
    let wide: Vec<f64> = typed.iter().map(|weight| weight.to_f64()).collect();
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    let weights = vector(backend, &typed);
    let auprc = Auprc.weights(&weights).read(&scores, &targets).expect("valid samples");
    same_bits(&[auprc], &weighted_areas(backend, &samples, &wide)[..1], &T::DTYPE);
}
