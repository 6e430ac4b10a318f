//! Where the samples come from on which laws are tried: seeded kinds of scores, and random ones
//! that shrink to the least samples that break a law.

use crate::random::{Kind, Samples, seed};
use proptest::collection::vec;
use proptest::num::f64 as floats;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Asserts that a law holds for some samples.
pub type Law = fn(&Samples);

/// Tries a law on each kind of scores.
pub fn each_kind(law: Law) {
    on_kinds(law, &Kind::ALL);
}

/// Tries a law on each kind of probabilities.
pub fn each_kind_of_probabilities(law: Law) {
    on_kinds(law, &Kind::PROBABILITIES);
}

fn on_kinds(law: Law, kinds: &[Kind]) {
    for &kind in kinds {
        for n_samples in [1, 2, 3, 40, 250] {
            law(&kind.samples(n_samples, seed()));
        }
    }
}

/// Tries a law on scores of any value but NaN.
pub fn any_scores(law: Law) {
    on_any(law, || {
        prop_oneof![
            4 => (-3i8..=3).prop_map(f64::from),
            2 => floats::ZERO,
            2 => floats::SUBNORMAL,
            2 => floats::POSITIVE | floats::NEGATIVE | floats::NORMAL,
            1 => floats::POSITIVE | floats::NEGATIVE | floats::INFINITE,
        ]
    });
}

/// Tries a law on any probabilities.
pub fn any_probabilities(law: Law) {
    on_any(law, || {
        prop_oneof![
            4 => (0u8..=8).prop_map(|i| f64::from(i) / 8.0),
            2 => (0u8..=7).prop_map(|i| (f64::from(i) / 7.0).next_down().max(0.0)),
            2 => 0.0..=1.0,
            1 => Just(-0.0),
        ]
    });
}

fn on_any<S: Strategy<Value = f64>>(law: Law, score: impl Fn() -> S) {
    let samples = vec((score(), any::<bool>()), 1..40).prop_map(|pairs| Samples {
        name: "random".to_owned(),
        scores: pairs.iter().map(|pair| pair.0).collect(),
        targets: pairs.iter().map(|pair| pair.1.into()).collect(),
    });
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let mut seeds = [0; 32];
    seeds[..8].copy_from_slice(&seed().to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seeds);
    let tried = TestRunner::new_with_rng(config, rng).run(&samples, |samples| {
        law(&samples);
        Ok(())
    });
    if let Err(error) = tried {
        panic!("CONFORMANCE_SEED={}: {error}", seed());
    }
}
