//! Every fused step equals the composition of primitives that defines it, to the bit.

use crate::inputs::{feed, feed_weighted, tensor, vector};
use crate::primitives::PrimitivesOnly;
use crate::random::{Kind, Random, Samples, seed};
use metrics_core::backend::Batch;
use metrics_core::{
    Auc, AucState, Backend, BinaryAuprc, Curve, Error, Metric, Owned, RankSums, RankedCounts,
};

use super::weights::fractions;

#[track_caller]
pub fn ranked_counts_equal_the_composition<B: Backend>(backend: &B, samples: &Samples) {
    let expected = ranked_counts(&PrimitivesOnly, samples);
    assert!(same_counts(&ranked_counts(backend, samples), &expected), "{samples:?}");
}

#[track_caller]
pub fn areas_equal_the_composition<B: Backend>(backend: &B, samples: &Samples) {
    assert_eq!(rank_sums(backend, samples), rank_sums(&PrimitivesOnly, samples), "{samples:?}");
}

#[track_caller]
pub fn bucket_counts_equal_the_composition<B: Backend>(backend: &B, samples: &Samples) {
    fn state<B: Backend>(backend: &B, samples: &Samples) -> AucState {
        let mut auc = Auc::<B>::new(Curve::Pr, 63).unwrap();
        feed(backend, &mut auc, samples);
        feed_weighted(backend, &mut auc, samples, &fractions(samples.n_samples()));
        auc.state().unwrap()
    }
    assert_eq!(state(backend, samples), state(&PrimitivesOnly, samples), "{samples:?}");
}

#[track_caller]
pub fn rank_states_equal_the_composition<B: Backend>(backend: &B, samples: &Samples) {
    fn state<B: Backend>(backend: &B, samples: &Samples) -> Vec<u8> {
        let mut metric = BinaryAuprc::<B>::new();
        feed(backend, &mut metric, samples);
        feed_weighted(backend, &mut metric, samples, &fractions(samples.n_samples()));
        metric.state().unwrap().to_bytes()
    }
    assert_eq!(state(backend, samples), state(&PrimitivesOnly, samples), "{samples:?}");
}

/// Bad scores and bad targets at random places: both sides name the same one.
#[track_caller]
pub fn errors_equal_those_of_the_composition<B: Backend>(backend: &B, samples: &Samples) {
    let n_samples = samples.n_samples();
    for i in 0..4 {
        let mut random = Random::new(seed() + i);
        let (mut scores, mut targets) = (samples.scores.clone(), samples.targets.clone());
        scores[random.below(n_samples)] = f64::NAN;
        targets[random.below(n_samples)] = 2;
        let bad = Samples { name: String::new(), scores, targets };
        assert_eq!(errors(backend, &bad), errors(&PrimitivesOnly, &bad), "{bad:?}");
    }
}

fn errors<B: Backend>(backend: &B, samples: &Samples) -> [String; 4] {
    let (scores, targets) = (vector(backend, &samples.scores), vector(backend, &samples.targets));
    let rank = error(BinaryAuprc::<B>::new(), &scores, &targets);
    let buckets = error(Auc::<B>::new(Curve::Roc, 10).unwrap(), &scores, &targets);
    with_batch(backend, samples, |batch| {
        let sums = backend.rank_sums(batch).expect_err("a bad sample");
        let counts = backend.ranked_counts(batch).expect_err("a bad sample");
        [format!("{sums:?}"), format!("{counts:?}"), format!("{rank:?}"), format!("{buckets:?}")]
    })
}

/// The error of an update, now or when the metric is read.
fn error<M: Metric>(
    mut metric: M,
    scores: &Owned<M::Backend>,
    targets: &Owned<M::Backend>,
) -> Error {
    let read = metric.update(scores, targets).and_then(|()| metric.compute().map(|_| ()));
    read.expect_err("a bad sample").into_source()
}

/// The same for every kind of scores at sizes where the engines of backends change their ways.
#[track_caller]
pub fn ranked_counts_of_size_equal_the_composition<B: Backend>(backend: &B, n_samples: usize) {
    Kind::ALL.iter().for_each(|kind| {
        ranked_counts_equal_the_composition(backend, &kind.samples(n_samples, seed()))
    });
}

fn ranked_counts<B: Backend>(backend: &B, samples: &Samples) -> Vec<RankedCounts> {
    with_batch(backend, samples, |batch| backend.ranked_counts(batch).expect("valid samples"))
}

fn rank_sums<B: Backend>(backend: &B, samples: &Samples) -> Vec<RankSums> {
    with_batch(backend, samples, |batch| backend.rank_sums(batch).expect("valid samples"))
}

fn with_batch<B: Backend, R>(backend: &B, samples: &Samples, f: impl Fn(&Batch<'_, B>) -> R) -> R {
    let shape = [samples.n_samples()];
    let scores = tensor(backend, &samples.scores, &shape);
    let targets = tensor(backend, &samples.targets, &shape);
    f(&Batch::new("conformance", scores, targets, None).expect("equal shapes"))
}

/// Equal, and zero without a sign in both.
fn same_counts(counts: &[RankedCounts], expected: &[RankedCounts]) -> bool {
    let signless = |counts: &RankedCounts| {
        counts.thresholds().iter().all(|t| t.to_bits() != (-0f64).to_bits())
    };
    counts == expected && counts.iter().chain(expected).all(signless)
}
