//! Streams that make a state change how it keeps its samples.

use crate::check::same_bits;
use crate::inputs::vector;
use crate::random::{Kind, Random, Samples, seed};
use half::f16;
use metrics_core::{
    Auprc, Auroc, Backend, BinaryAuroc, Element, Evaluation, RankState, Readings, Roc, binary_auroc,
};
use std::ops::Range;

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

/// Weights of all kinds: read from the samples as they came, from the saved state, and from both merged.
#[track_caller]
pub fn a_weighted_stream_equals_one_call<B: Backend>(backend: &B) {
    let Samples { scores, targets, .. } = Kind::Logits.samples(30_000, seed());
    let scores: Vec<f32> = scores.into_iter().map(|score| score as f32).collect();
    let mut random = Random::new(seed());
    let weights: Vec<f64> = (0..scores.len())
        .map(|_| {
            let fraction = random.unit();
            random.pick(&[0.0, 1.0, 3.0, fraction, fraction * 1e-3, 1e6 + fraction])
        })
        .collect();
    let (x, y, w) =
        (vector(backend, &scores), vector(backend, &targets), vector(backend, &weights));
    let (auprc, auroc, curve) = (Auprc, Auroc, Roc).weights::<B>(&w).read(&x, &y).unwrap();
    // In two widths, so that keys are widened on the way.
    let feed = |evaluation: &mut Evaluation<B, (Auprc, Auroc, Roc)>, range: Range<usize>| {
        let wide: Vec<f64> = scores[range.clone()].iter().map(|&score| score.into()).collect();
        let x = if range.start == 0 {
            vector(backend, &wide)
        } else {
            vector(backend, &scores[range.clone()])
        };
        let (y, w) = (&targets[range.clone()], &weights[range]);
        evaluation.update_weighted(&x, &vector(backend, y), &vector(backend, w)).unwrap();
    };
    let check = |evaluation: &mut Evaluation<B, (Auprc, Auroc, Roc)>, what: &str| {
        let (of_stream, auroc_of_stream, curve_of_stream) = evaluation.compute().unwrap();
        same_bits(&[of_stream, auroc_of_stream], &[auprc, auroc], &what);
        same_bits(&curve_of_stream.tpr, &curve.tpr, &what);
        same_bits(&curve_of_stream.fpr, &curve.fpr, &what);
        assert_eq!(
            curve_of_stream.counts.groups().collect::<Vec<_>>(),
            curve.counts.groups().collect::<Vec<_>>(),
            "{what}"
        );
    };
    let (mut all, mut half) = (Evaluation::new(), Evaluation::new());
    let mut other = half.clone();
    for start in (0..scores.len()).step_by(2500) {
        feed(&mut all, start..start + 2500);
        feed(if start < 15_000 { &mut half } else { &mut other }, start..start + 2500);
    }
    check(&mut all, "as they came");
    let bytes = all.state().unwrap().to_bytes();
    check(&mut all, "after the state was taken");
    let mut loaded = Evaluation::new();
    loaded.load_state(&RankState::from_bytes(&bytes).unwrap()).unwrap();
    check(&mut loaded, "loaded");
    half.state().unwrap();
    half.merge(&other).unwrap();
    check(&mut half, "merged");
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
