//! What must not change an area, and what it must equal. Scikit-learn's invariances, to the bit.

use crate::check::{nearest, same_bits};
use crate::inputs::areas;
use crate::naive;
use crate::random::Samples;
use crate::rational::{Rational, ratio};
use metrics_core::Backend;

pub const AUPRC_UNDEFINED: f64 = 0.0;
pub const AUROC_UNDEFINED: f64 = 0.5;

#[track_caller]
pub fn areas_ignore_order_within_ties<B: Backend>(backend: &B, samples: &Samples) {
    let sorted = |positives_first: bool| {
        let mut order: Vec<usize> = (0..samples.n_samples()).collect();
        order.sort_by(|&i, &j| {
            let by_score = samples.scores[j].partial_cmp(&samples.scores[i]).expect("no NaN");
            let by_target = samples.targets[j].cmp(&samples.targets[i]);
            by_score.then(if positives_first { by_target } else { by_target.reverse() })
        });
        samples.at(&order)
    };
    same_bits(&areas(backend, &sorted(true)), &areas(backend, &sorted(false)), samples);
}

#[track_caller]
pub fn areas_ignore_increasing_maps<B: Backend>(backend: &B, samples: &Samples) {
    let mut distinct = samples.scores.clone();
    distinct.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
    distinct.dedup();
    let rank = |score: f64| distinct.partition_point(|&other| other < score) as f64;
    let expected = areas(backend, samples);
    same_bits(&areas(backend, &samples.map(rank)), &expected, samples);
    let curved = samples.map(|score| (0.01 * rank(score)).exp() - 7.0);
    same_bits(&areas(backend, &curved), &expected, samples);
}

#[track_caller]
pub fn swapped_targets_mirror_auroc<B: Backend>(backend: &B, samples: &Samples) {
    let [_, auroc] = areas(backend, &swapped(samples));
    let mirrored = exact_auroc(samples).map(|exact| ratio(1, 1) - exact);
    nearest(auroc, mirrored.as_ref(), AUROC_UNDEFINED, samples);
}

#[track_caller]
pub fn negated_scores_mirror_auroc<B: Backend>(backend: &B, samples: &Samples) {
    let [_, auroc] = areas(backend, &samples.map(|score| -score));
    let mirrored = exact_auroc(samples).map(|exact| ratio(1, 1) - exact);
    nearest(auroc, mirrored.as_ref(), AUROC_UNDEFINED, samples);
}

#[track_caller]
pub fn mirroring_twice_keeps_auroc<B: Backend>(backend: &B, samples: &Samples) {
    let [_, auroc] = areas(backend, &swapped(samples).map(|score| -score));
    same_bits(&[auroc], &areas(backend, samples)[1..], samples);
}

#[track_caller]
pub fn repeating_all_samples_keeps_areas<B: Backend>(backend: &B, samples: &Samples) {
    let repeated = samples.repeated(&vec![3; samples.n_samples()]);
    same_bits(&areas(backend, &repeated), &areas(backend, samples), samples);
}

fn exact_auroc(samples: &Samples) -> Option<Rational> {
    naive::auroc(&samples.scores, &samples.targets, &naive::ones(samples.n_samples()))
}

fn swapped(samples: &Samples) -> Samples {
    Samples {
        targets: samples.targets.iter().map(|target| 1 - target).collect(),
        ..samples.clone()
    }
}
