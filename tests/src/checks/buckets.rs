//! The bucketed area: what its buckets hold, and what it makes of them.

use crate::check::{nearest, same_bits, within_ulps};
use crate::inputs::{areas, feed, feed_weighted, matrix, vector};
use crate::naive;
use crate::random::{Random, Samples, seed};
use crate::rational::Rational;
use metrics_core::{Auc, Backend, Curve, Element, Error};
use std::ops::Range;

use super::weights::{floats, fractions, whole};

/// Few buckets, odd ones, powers of two, and the default.
pub const NUM_THRESHOLDS: [usize; 5] = [1, 2, 7, 64, 4095];

const UNDEFINED: f64 = 0.0;

#[track_caller]
pub fn auc_roc_is_the_rounded_ratio<B: Backend>(backend: &B, samples: &Samples) {
    let weights = naive::ones(samples.n_samples());
    for num_thresholds in NUM_THRESHOLDS {
        let exact = bucketed(Curve::Roc, num_thresholds, samples, &weights);
        let value = fed(backend, Curve::Roc, num_thresholds, samples).compute().unwrap();
        nearest(value, exact.as_ref(), UNDEFINED, samples);
    }
}

#[track_caller]
pub fn auc_pr_is_within_ulps<B: Backend>(backend: &B, samples: &Samples) {
    let weights = naive::ones(samples.n_samples());
    for num_thresholds in NUM_THRESHOLDS {
        let exact = bucketed(Curve::Pr, num_thresholds, samples, &weights);
        let value = fed(backend, Curve::Pr, num_thresholds, samples).compute().unwrap();
        within_ulps(value, exact.as_ref(), UNDEFINED, samples);
    }
}

#[track_caller]
pub fn auc_roc_is_the_auroc_of_buckets<B: Backend>(backend: &B, samples: &Samples) {
    if !(samples.targets.contains(&0) && samples.targets.contains(&1)) {
        return;
    }
    for num_thresholds in NUM_THRESHOLDS {
        let buckets = samples.map(|p| naive::bucket(p, num_thresholds) as f64);
        let value = fed(backend, Curve::Roc, num_thresholds, samples).compute().unwrap();
        same_bits(&[value], &areas(backend, &buckets)[1..], samples);
    }
}

#[track_caller]
pub fn auc_pr_is_the_auprc_of_buckets<B: Backend>(backend: &B, samples: &Samples) {
    for num_thresholds in NUM_THRESHOLDS {
        let buckets = samples.map(|p| naive::bucket(p, num_thresholds) as f64);
        let value = fed(backend, Curve::Pr, num_thresholds, samples).compute().unwrap();
        same_bits(&[value], &areas(backend, &buckets)[..1], samples);
    }
}

#[track_caller]
pub fn state_counts_each_bucket<B: Backend>(backend: &B, samples: &Samples) {
    for num_thresholds in NUM_THRESHOLDS {
        let mut expected = [vec![0; num_thresholds + 1], vec![0; num_thresholds + 1]];
        for (&p, &target) in samples.scores.iter().zip(&samples.targets) {
            expected[usize::from(target)][naive::bucket(p, num_thresholds)] += 1;
        }
        let state = fed(backend, Curve::Roc, num_thresholds, samples).state().unwrap();
        assert_eq!([state.stat_neg(), state.stat_pos()], expected, "{samples:?}");
    }
}

#[track_caller]
pub fn whole_weights_are_repetitions<B: Backend>(backend: &B, samples: &Samples) {
    let weights = whole(samples.n_samples(), 4);
    let mut weighted = Auc::<B>::new(Curve::Pr, 64).unwrap();
    feed_weighted(backend, &mut weighted, samples, &floats(&weights));
    let mut repeated = fed(backend, Curve::Pr, 64, &samples.repeated(&weights));
    let counts = |auc: &mut Auc<B>| {
        let state = auc.state().unwrap();
        (state.stat_neg(), state.stat_pos(), auc.compute().unwrap().to_bits())
    };
    assert_eq!(counts(&mut weighted), counts(&mut repeated), "{samples:?}");
}

/// Weights of every way to add them up: counted, in one word, in two words, and one by one; at once, in reverse, in
/// batches, which are added one by one if they are small, and merged.
#[track_caller]
pub fn a_weighted_stream_equals_one_call<B: Backend>(backend: &B, num_thresholds: usize) {
    const N: usize = 40_000;
    let mut random = Random::new(seed());
    let scores: Vec<f32> = (0..N).map(|_| random.unit() as f32).collect();
    let targets: Vec<u8> = (0..N).map(|_| random.pick(&[0, 1, 1])).collect();
    let fraction = |random: &mut Random| random.unit() + 0.01;
    let kinds: [&dyn Fn(&mut Random) -> f64; 6] = [
        &|random| random.pick(&[0.0, 1.0, 3.0, 100.0]),
        &|random| random.pick(&[0.0, 1.0, 0.25, 3.5]),
        &|random| f64::from(fraction(random) as f32),
        &fraction,
        &|random| {
            let fraction = fraction(random);
            random.pick(&[0.0, 1.0, 3.0, fraction, fraction * 1e-3, 100.0 + fraction])
        },
        // They add up to 2^30, so that no bit is lost one by one either.
        &|random| random.pick(&[2f64.powi(-60), 1.5, 2f64.powi(15) + 0.5]),
    ];
    for (kind, weight) in kinds.iter().enumerate() {
        let weights: Vec<f64> = (0..N).map(|_| weight(&mut random)).collect();
        let feed = |auc: &mut Auc<B>, range: Range<usize>| {
            let scores = vector(backend, &scores[range.clone()]);
            let targets = vector(backend, &targets[range.clone()]);
            auc.update_weighted(&scores, &targets, &vector(backend, &weights[range])).unwrap();
        };
        let new = || Auc::<B>::new(Curve::Roc, num_thresholds).unwrap();
        let (mut all, mut batches, mut first, mut second) = (new(), new(), new(), new());
        feed(&mut all, 0..N);
        let state = all.state().unwrap();
        let mut start = 0;
        for size in [7, 100, 900, 9000, N].iter().cycle() {
            let range = start..N.min(start + size);
            feed(&mut batches, range.clone());
            feed(if start < 10_000 { &mut first } else { &mut second }, range.clone());
            start = range.end;
            if start == N {
                break;
            }
        }
        second.merge(&first).unwrap();
        let reversed = |x: &[f32]| x.iter().rev().copied().collect::<Vec<_>>();
        let mut reverse = new();
        let targets: Vec<u8> = targets.iter().rev().copied().collect();
        let weights: Vec<f64> = weights.iter().rev().copied().collect();
        let scores = vector(backend, &reversed(&scores));
        reverse
            .update_weighted(&scores, &vector(backend, &targets), &vector(backend, &weights))
            .unwrap();
        for auc in [&mut batches, &mut second, &mut reverse] {
            assert!(auc.state().unwrap() == state, "weights of kind {kind}");
            same_bits(&[auc.compute().unwrap()], &[all.compute().unwrap()], &kind);
        }
    }
}

/// Whichever thread sees which of them first.
#[track_caller]
pub fn an_invalid_weight_comes_before_an_invalid_sample<B: Backend>(backend: &B) {
    const N: usize = 200_000;
    let (mut scores, targets, mut weights) = (vec![0.5f32; N], vec![1u8; N], vec![0.3; N]);
    scores[1] = 2.0;
    let update = |scores: &[f32], weights: &[f64]| {
        let mut auc = Auc::<B>::new(Curve::Roc, 100).unwrap();
        let (scores, targets) = (vector(backend, scores), vector(backend, &targets));
        let updated = auc.update_weighted(&scores, &targets, &vector(backend, weights));
        assert!(auc.compute().is_err(), "nothing was added");
        updated
    };
    // A backend that queues batches says it when the metric is read.
    let Err(error) = update(&scores, &weights) else { return };
    assert!(matches!(error, Error::InvalidProbability { row: 1, .. }), "{error}");
    weights[N - 2] = -0.3;
    let error = update(&scores, &weights).unwrap_err();
    assert!(matches!(error, Error::InvalidWeight { index: 199_998, .. }), "{error}");
}

#[track_caller]
pub fn column_1_of_two_is_read<B: Backend>(backend: &B, samples: &Samples) {
    let two_columns: Vec<f64> = samples.scores.iter().flat_map(|&p| [1.0 - p, p]).collect();
    let targets = vector(backend, &samples.targets);
    let mut auc = Auc::<B>::new(Curve::Roc, 64).unwrap();
    auc.update(&matrix(backend, &two_columns, samples.n_samples()), &targets).unwrap();
    assert_eq!(
        auc.state().unwrap(),
        fed(backend, Curve::Roc, 64, samples).state().unwrap(),
        "{samples:?}"
    );
}

#[track_caller]
pub fn single_columns_are_vectors<B: Backend>(backend: &B, samples: &Samples) {
    let (n, weights) = (samples.n_samples(), fractions(samples.n_samples()));
    let mut columns = Auc::<B>::new(Curve::Roc, 64).unwrap();
    columns
        .update_weighted(
            &matrix(backend, &samples.scores, n),
            &matrix(backend, &samples.targets, n),
            &matrix(backend, &weights, n),
        )
        .unwrap();
    let mut vectors = Auc::<B>::new(Curve::Roc, 64).unwrap();
    feed_weighted(backend, &mut vectors, samples, &weights);
    assert_eq!(columns.state().unwrap(), vectors.state().unwrap(), "{samples:?}");
}

/// Probabilities at, just below and just above every border between two buckets.
#[track_caller]
pub fn borders_fall_as_the_rounded_product_says<B: Backend>(backend: &B, num_thresholds: usize) {
    let borders = (0..=num_thresholds).map(|i| i as f64 / num_thresholds as f64);
    let scores: Vec<f64> = borders
        .flat_map(|p| [p.next_down(), p, p.next_up()])
        .filter(|p| (0.0..=1.0).contains(p))
        .collect();
    let targets = vec![1; scores.len()];
    let samples = Samples { name: format!("borders of {num_thresholds}"), scores, targets };
    state_counts_exactly(backend, num_thresholds, &samples);
}

#[track_caller]
fn state_counts_exactly<B: Backend>(backend: &B, num_thresholds: usize, samples: &Samples) {
    let mut expected = vec![0; num_thresholds + 1];
    samples.scores.iter().for_each(|&p| expected[naive::bucket(p, num_thresholds)] += 1);
    let state = fed(backend, Curve::Roc, num_thresholds, samples).state().unwrap();
    assert!(state.stat_pos() == expected, "{samples:?}");
}

/// Probabilities of any dtype fall where their value as an `f64` does.
#[track_caller]
pub fn probabilities_of_any_dtype<B: Backend, T: Element>(backend: &B, values: &[T]) {
    let targets = vec![1u8; values.len()];
    let mut typed = Auc::<B>::new(Curve::Roc, 4095).unwrap();
    typed.update(&vector(backend, values), &vector(backend, &targets)).unwrap();
    let mut expected = vec![0; 4096];
    values.iter().for_each(|p| expected[naive::bucket(p.to_f64(), 4095)] += 1);
    assert!(typed.state().unwrap().stat_pos() == expected, "{:?}", T::DTYPE);
}

fn bucketed(
    curve: Curve,
    num_thresholds: usize,
    samples: &Samples,
    weights: &[u64],
) -> Option<Rational> {
    naive::bucketed(curve, num_thresholds, &samples.scores, &samples.targets, weights)
}

#[track_caller]
pub fn fed<B: Backend>(
    backend: &B,
    curve: Curve,
    num_thresholds: usize,
    samples: &Samples,
) -> Auc<B> {
    let mut auc = Auc::new(curve, num_thresholds).expect("a number of thresholds in range");
    feed(backend, &mut auc, samples);
    auc
}
