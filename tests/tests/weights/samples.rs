//! Samples whose weights have any exponent, in a few buckets.

use metrics_conformance::weighed::{Group, groups};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use tensor_metrics::slice::Auc;
use tensor_metrics::{Curve, Error};

/// Buckets that hold samples: all but the one of probability 1.
pub(crate) const N_BUCKETS: usize = 4;

#[derive(Debug, Clone)]
pub(crate) struct Samples {
    pub(crate) scores: Vec<f64>,
    pub(crate) targets: Vec<u8>,
    pub(crate) weights: Vec<f64>,
}

impl Samples {
    /// Samples of these buckets, places in the bucket, targets and weights.
    pub(crate) fn new(samples: impl IntoIterator<Item = (usize, f64, u8, f64)>) -> Self {
        let mut all = Self { scores: Vec::new(), targets: Vec::new(), weights: Vec::new() };
        for (bucket, place, target, weight) in samples {
            all.scores.push((bucket as f64 + place) / N_BUCKETS as f64);
            all.targets.push(target);
            all.weights.push(weight);
        }
        all
    }

    /// The samples so many times.
    pub(crate) fn repeated(&self, times: usize) -> Self {
        Self {
            scores: self.scores.repeat(times),
            targets: self.targets.repeat(times),
            weights: self.weights.repeat(times),
        }
    }

    pub(crate) fn bucket(score: f64) -> usize {
        (score * N_BUCKETS as f64) as usize
    }

    /// The exact weights by distinct score, from high to low.
    pub(crate) fn groups(&self) -> Vec<Group> {
        groups(&self.scores, &self.targets, &self.weights)
    }

    /// The exact weights by bucket, from high to low.
    pub(crate) fn bucketed(&self) -> Vec<Group> {
        let buckets: Vec<f64> =
            self.scores.iter().map(|&score| Self::bucket(score) as f64).collect();
        groups(&buckets, &self.targets, &self.weights)
    }

    /// The bucketed metric of these samples; `None` where there is no room for them.
    pub(crate) fn auc(&self, curve: Curve) -> Option<Auc> {
        let mut auc = Auc::new(curve, N_BUCKETS).unwrap();
        match auc.update_weighted(&self.scores, &self.targets, &self.weights) {
            Ok(()) => Some(auc),
            Err(Error::WeightOverflow { .. } | Error::TooManySamples { .. }) => None,
            Err(other) => panic!("{other}"),
        }
    }
}

/// Tries a law on random samples that shrink to the least ones that break it.
pub(crate) fn on_any_weights(cases: u32, law: impl Fn(&Samples)) {
    let sample = (0..N_BUCKETS, select(vec![0.125, 0.5, 0.75]), 0..=1u8, weight());
    let samples = vec(sample, 1..9).prop_map(Samples::new);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let tried = TestRunner::new(config).run(&samples, |samples| {
        law(&samples);
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}

/// Any bits that are a weight; and weights at which something may change.
fn weight() -> impl Strategy<Value = f64> {
    const ODD: [f64; 16] = [
        0.0,
        5e-324,
        2.5e-310,
        f64::MIN_POSITIVE,
        1e-200,
        1.0 - f64::EPSILON,
        1.0,
        2.0,
        2.5,
        1_048_575.0,
        1_048_576.0,
        1_048_577.0,
        9e15,
        1e16,
        1e200,
        8e307,
    ];
    prop_oneof![
        4 => any::<u64>().prop_map(|bits| f64::from_bits(bits & (u64::MAX >> 1))),
        4 => select(ODD.to_vec()),
        1 => (0..20u8).prop_map(f64::from),
        1 => 0.0..1.0,
        1 => Just(1.0),
    ]
    .prop_filter("a weight is finite", |weight| weight.is_finite())
}
