//! Streams that make a state change how it keeps its samples.

use crate::check::same_bits;
use crate::inputs::vector;
use crate::random::{Kind, Samples, seed};
use half::f16;
use metrics_core::{Backend, BinaryAuroc, Element, binary_auroc};

/// 16-bit scores are counted once there are more of them than distinct ones.
#[track_caller]
pub fn a_stream_of_f16_equals_one_call<B: Backend>(backend: &B) {
    let (scores, targets) = halves(150_000);
    assert_same(backend, &scores, &targets, 20_000);
}

/// Scores that repeat are counted from 2^20 samples on.
#[track_caller]
pub fn a_long_stream_of_few_scores_equals_one_call<B: Backend>(backend: &B) {
    let Samples { scores, targets, .. } = Kind::FewDistinct.samples(1_100_000, seed());
    let scores: Vec<f32> = scores.into_iter().map(|score| score as f32).collect();
    assert_same(backend, &scores, &targets, 150_000);
}

#[track_caller]
pub fn scores_are_widened_to_the_widest<B: Backend>(backend: &B) {
    let (halves, targets) = halves(70_000);
    let Samples { scores: wide, targets: wide_targets, .. } = Kind::Logits.samples(500, seed());
    let narrow: Vec<f32> = wide.iter().map(|&score| score as f32).collect();
    let mut mixed = BinaryAuroc::<B>::new();
    mixed.update(&vector(backend, &halves), &vector(backend, &targets)).unwrap();
    mixed.update(&vector(backend, &narrow), &vector(backend, &wide_targets)).unwrap();
    mixed.update(&vector(backend, &wide), &vector(backend, &wide_targets)).unwrap();
    mixed.update(&vector(backend, &narrow), &vector(backend, &wide_targets)).unwrap();
    let as_f64 = |narrow: &[f32]| narrow.iter().copied().map(f64::from).collect::<Vec<_>>();
    let halves: Vec<f64> = halves.into_iter().map(f64::from).collect();
    let scores = [halves, as_f64(&narrow), wide, as_f64(&narrow)].concat();
    let targets = [targets, wide_targets.repeat(3)].concat();
    let expected = binary_auroc::<B>(&vector(backend, &scores), &vector(backend, &targets));
    same_bits(&[mixed.compute().unwrap()], &[expected.unwrap()], &"f16, f32, f64, f32");
}

#[track_caller]
pub fn integers_are_widened_to_the_widest<B: Backend>(backend: &B) {
    let (narrow, wide, targets) = ([-3i8, 7, 0], [7i64, 1 << 53, (1 << 53) + 1], [1u8, 0, 1]);
    let mut mixed = BinaryAuroc::<B>::new();
    mixed.update(&vector(backend, &narrow), &vector(backend, &targets)).unwrap();
    mixed.update(&vector(backend, &wide), &vector(backend, &targets)).unwrap();
    let scores = [-3, 7, 0, 7, 1i64 << 53, (1 << 53) + 1];
    let expected =
        binary_auroc::<B>(&vector(backend, &scores), &vector(backend, &targets.repeat(2)));
    same_bits(&[mixed.compute().unwrap()], &[expected.unwrap()], &"i8, then i64");
}

fn halves(n_samples: usize) -> (Vec<f16>, Vec<u8>) {
    let Samples { scores, targets, .. } = Kind::Logits.samples(n_samples, seed());
    (scores.into_iter().map(f16::from_f64).collect(), targets)
}

/// The stream, and two halves of it that are merged, against one call.
#[track_caller]
fn assert_same<B: Backend, T: Element>(
    backend: &B,
    scores: &[T],
    targets: &[u8],
    batch_size: usize,
) {
    let streamed = |scores: &[T], targets: &[u8]| {
        let mut metric = BinaryAuroc::<B>::new();
        for (scores, targets) in scores.chunks(batch_size).zip(targets.chunks(batch_size)) {
            metric.update(&vector(backend, scores), &vector(backend, targets)).unwrap();
        }
        metric
    };
    let half = scores.len() / 2;
    let mut merged = streamed(&scores[..half], &targets[..half]);
    merged.merge(&streamed(&scores[half..], &targets[half..])).unwrap();
    let values = [streamed(scores, targets).compute().unwrap(), merged.compute().unwrap()];
    let one = binary_auroc::<B>(&vector(backend, scores), &vector(backend, targets)).unwrap();
    same_bits(&values, &[one; 2], &T::DTYPE);
}
