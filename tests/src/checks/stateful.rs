//! What every stateful metric promises, however the samples reach it.

use std::fmt::Debug;

use crate::check::same_bits;
use crate::inputs::{feed, feed_weighted};
use crate::random::{Random, Samples, seed};
use metrics_core::{Error, Metric};

use super::weights::fractions;

/// A metric whose states can be compared.
pub trait Stateful: Metric<State: PartialEq + Debug, Value = f64> + Clone {}

impl<M: Metric<State: PartialEq + Debug, Value = f64> + Clone> Stateful for M {}

#[track_caller]
pub fn batches_equal_one_update<M: Stateful>(
    backend: &M::Backend,
    new: impl Fn() -> M,
    samples: &Samples,
) {
    let mut one = fed(backend, new(), samples);
    for size in [1, 2, 7, 64] {
        let mut several = new();
        samples.batches(size).iter().for_each(|batch| feed(backend, &mut several, batch));
        assert_same(&mut several, &mut one, samples);
    }
}

#[track_caller]
pub fn merged_parts_equal_the_whole<M: Stateful>(
    backend: &M::Backend,
    new: impl Fn() -> M,
    samples: &Samples,
) {
    let mut random = Random::new(seed());
    let mut positions = [const { Vec::new() }; 3];
    (0..samples.n_samples()).for_each(|i| positions[random.below(3)].push(i));
    let parts = positions.map(|positions| fed(backend, new(), &samples.at(&positions)));
    let mut whole = fed(backend, new(), samples);
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut merged = parts[order[0]].clone();
        merged.merge(&parts[order[1]]).expect("the same configuration");
        merged.merge(&parts[order[2]]).expect("the same configuration");
        assert_same(&mut merged, &mut whole, samples);
    }
}

#[track_caller]
pub fn merging_keeps_the_other<M: Stateful>(
    backend: &M::Backend,
    new: impl Fn() -> M,
    samples: &Samples,
) {
    let mut other = fed(backend, new(), samples);
    new().merge(&other).expect("the same configuration");
    assert_same(&mut other, &mut fed(backend, new(), samples), samples);
}

#[track_caller]
pub fn reset_equals_new<M: Stateful>(backend: &M::Backend, new: impl Fn() -> M, samples: &Samples) {
    let mut metric = fed(backend, new(), samples);
    metric.compute().expect("valid samples");
    metric.reset();
    assert_eq!(metric.state().unwrap(), new().state().unwrap(), "{samples:?}");
    let none = metric.compute();
    assert!(matches!(none, Err(Error::NoSamples { .. })), "{none:?} after a reset");
}

#[track_caller]
pub fn computing_twice_is_equal<M: Stateful>(
    backend: &M::Backend,
    new: impl Fn() -> M,
    samples: &Samples,
) {
    let mut metric = fed(backend, new(), samples);
    let once = metric.compute().expect("valid samples");
    same_bits(&[metric.compute().expect("valid samples")], &[once], samples);
}

#[track_caller]
pub fn reading_between_updates_changes_nothing<M: Stateful>(
    backend: &M::Backend,
    new: impl Fn() -> M,
    samples: &Samples,
) {
    let mut read = new();
    for batch in samples.batches(10) {
        feed(backend, &mut read, &batch);
        read.compute().expect("valid samples");
        read.state().expect("valid samples");
    }
    assert_same(&mut read, &mut fed(backend, new(), samples), samples);
}

#[track_caller]
pub fn clones_share_nothing<M: Stateful>(
    backend: &M::Backend,
    new: impl Fn() -> M,
    samples: &Samples,
) {
    let mut original = fed(backend, new(), samples);
    let mut clone = original.clone();
    feed(backend, &mut clone, samples);
    assert_same(&mut original, &mut fed(backend, new(), samples), samples);
    original.reset();
    let twice = samples.repeated(&vec![2; samples.n_samples()]);
    assert_same(&mut clone, &mut fed(backend, new(), &twice), samples);
}

#[track_caller]
pub fn empty_batches_change_nothing<M: Stateful>(
    backend: &M::Backend,
    new: impl Fn() -> M,
    samples: &Samples,
) {
    let mut metric = new();
    feed(backend, &mut metric, &samples.at(&[]));
    assert_eq!(metric.state().unwrap(), new().state().unwrap(), "no batch and an empty one");
    feed(backend, &mut metric, samples);
    feed(backend, &mut metric, &samples.at(&[]));
    assert_same(&mut metric, &mut fed(backend, new(), samples), samples);
}

#[track_caller]
pub fn a_loaded_state_goes_on<M: Stateful>(
    backend: &M::Backend,
    new: impl Fn() -> M,
    samples: &Samples,
) {
    let (first, rest) = (samples.at(&[0]), (1..samples.n_samples()).collect::<Vec<_>>());
    let state = fed(backend, new(), &first).state().expect("valid samples");
    let mut loaded = fed(backend, new(), samples);
    loaded.load_state(&state).expect("the same configuration");
    feed(backend, &mut loaded, &samples.at(&rest));
    assert_same(&mut loaded, &mut fed(backend, new(), samples), samples);
}

#[track_caller]
pub fn weighted_batches_equal_one_update<M: Stateful>(
    backend: &M::Backend,
    new: impl Fn() -> M,
    samples: &Samples,
) {
    let weights = fractions(samples.n_samples());
    let (mut one, mut several) = (new(), new());
    feed_weighted(backend, &mut one, samples, &weights);
    for (batch, weights) in samples.batches(7).iter().zip(weights.chunks(7)).rev() {
        feed_weighted(backend, &mut several, batch, weights);
    }
    assert_same(&mut several, &mut one, samples);
}

fn fed<M: Metric>(backend: &M::Backend, mut metric: M, samples: &Samples) -> M {
    feed(backend, &mut metric, samples);
    metric
}

/// Equal states and equal bits of the value.
#[track_caller]
fn assert_same<M: Stateful>(metric: &mut M, expected: &mut M, what: &dyn Debug) {
    let values = [metric, expected].map(|metric| {
        let value = metric.compute().expect("valid samples");
        (value, metric.state().expect("valid samples"))
    });
    same_bits(&[values[0].0], &[values[1].0], what);
    assert_eq!(values[0].1, values[1].1, "{what:?}");
}
