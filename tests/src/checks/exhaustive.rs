//! Every pattern of labels and ties of a few samples, and ten thousand random ones.

use std::sync::OnceLock;

use crate::check::{nearest, within_ulps};
use crate::inputs::{areas, matrix};
use crate::naive;
use crate::random::{Random, Samples, seed};
use crate::rational::Rational;
use metrics_core::{Auprc, Auroc, Backend, Curve, Readings};

use super::buckets::fed;
use super::laws::{AUPRC_UNDEFINED, AUROC_UNDEFINED};

/// What the oracle says of some samples.
struct Case {
    samples: Samples,
    auprc: Option<Rational>,
    auroc: Option<Rational>,
}

impl Case {
    fn new(samples: Samples) -> Self {
        let weights = naive::ones(samples.n_samples());
        let auprc = naive::average_precision(&samples.scores, &samples.targets, &weights);
        let auroc = naive::auroc(&samples.scores, &samples.targets, &weights);
        Self { samples, auprc, auroc }
    }
}

/// All patterns of labels and of up to three distinct scores over so many samples, as tasks of one
/// call.
#[track_caller]
pub fn areas_of_every_pattern<B: Backend>(backend: &B, n_samples: usize) {
    let cases = patterns(n_samples);
    let scores: Vec<f64> = cases.iter().flat_map(|case| case.samples.scores.clone()).collect();
    let targets: Vec<u8> = cases.iter().flat_map(|case| case.samples.targets.clone()).collect();
    let (scores, targets) =
        (matrix(backend, &scores, cases.len()), matrix(backend, &targets, cases.len()));
    let auprc = Auprc.tasks::<B>(&scores, &targets).expect("valid samples");
    let auroc = Auroc.tasks::<B>(&scores, &targets).expect("valid samples");
    let mut worst = 0f64;
    for (case, (auprc, auroc)) in cases.iter().zip(auprc.into_iter().zip(auroc)) {
        nearest(auroc, case.auroc.as_ref(), AUROC_UNDEFINED, &case.samples);
        let error = within_ulps(auprc, case.auprc.as_ref(), AUPRC_UNDEFINED, &case.samples);
        worst = worst.max(error);
    }
    println!("{}: AUPRC of every pattern of {n_samples} within {worst} ulps", B::NAME);
}

/// The bucketed areas of all patterns; two of the three scores share a bucket.
#[track_caller]
pub fn bucketed_areas_of_every_pattern<B: Backend>(backend: &B, n_samples: usize) {
    let mut worst = 0f64;
    for Case { samples, .. } in patterns(n_samples) {
        let exact = |curve| {
            let weights = naive::ones(n_samples);
            naive::bucketed(curve, 2, &samples.scores, &samples.targets, &weights)
        };
        let value = |curve| fed(backend, curve, 2, samples).compute().expect("valid samples");
        nearest(value(Curve::Roc), exact(Curve::Roc).as_ref(), 0.0, samples);
        let error = within_ulps(value(Curve::Pr), exact(Curve::Pr).as_ref(), 0.0, samples);
        worst = worst.max(error);
    }
    println!("{}: bucketed PR of every pattern of {n_samples} within {worst} ulps", B::NAME);
}

/// Random samples with ties, each alone.
#[track_caller]
pub fn areas_of_ten_thousand_random_cases<B: Backend>(backend: &B) {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    let mut worst = 0f64;
    for case in CASES.get_or_init(random_cases) {
        let [auprc, auroc] = areas(backend, &case.samples);
        nearest(auroc, case.auroc.as_ref(), AUROC_UNDEFINED, &case.samples);
        let error = within_ulps(auprc, case.auprc.as_ref(), AUPRC_UNDEFINED, &case.samples);
        worst = worst.max(error);
    }
    println!("{}: AUPRC of random cases within {worst} ulps", B::NAME);
}

/// Computed once for all backends.
fn patterns(n_samples: usize) -> &'static [Case] {
    static CASES: [OnceLock<Vec<Case>>; 7] = [const { OnceLock::new() }; 7];
    CASES[n_samples].get_or_init(|| {
        let n_patterns = 6usize.pow(n_samples as u32);
        (0..n_patterns).map(|pattern| Case::new(decode(pattern, n_samples))).collect()
    })
}

/// The digits of a number to the base 6: three scores times two targets.
fn decode(mut pattern: usize, n_samples: usize) -> Samples {
    let digits: Vec<usize> = (0..n_samples)
        .map(|_| {
            let digit = pattern % 6;
            pattern /= 6;
            digit
        })
        .collect();
    Samples {
        name: "pattern".to_owned(),
        scores: digits.iter().map(|digit| [0.125, 0.5, 0.75][digit / 2]).collect(),
        targets: digits.iter().map(|digit| (digit % 2) as u8).collect(),
    }
}

fn random_cases() -> Vec<Case> {
    let mut random = Random::new(seed());
    (0..10_000)
        .map(|i| {
            let (n_samples, n_distinct) = (1 + random.below(40), 1 + random.below(50));
            let rate = random.unit();
            Case::new(Samples {
                name: format!("random case {i}, CONFORMANCE_SEED={}", seed()),
                scores: (0..n_samples).map(|_| random.below(n_distinct) as f64 - 20.0).collect(),
                targets: (0..n_samples).map(|_| u8::from(random.unit() < rate)).collect(),
            })
        })
        .collect()
}
