//! The bounds of the bucketed area hold the area without buckets, and are no wider than they must.

use crate::check::close;
use crate::inputs::feed_weighted;
use crate::naive;
use crate::random::Samples;
use crate::rational::{Rational, exactly, nearest_f64};
use metrics_core::{Auc, Backend, Bounds, Curve};

use super::buckets::{NUM_THRESHOLDS, fed};
use super::weights::{as_whole, fractions};

#[track_caller]
pub fn bounds_hold_the_exact_auroc<B: Backend>(backend: &B, samples: &Samples) {
    let exact = exact(Curve::Roc, samples, &naive::ones(samples.n_samples()));
    bounds_hold(backend, Curve::Roc, samples, exact);
}

#[track_caller]
pub fn bounds_hold_the_exact_auprc<B: Backend>(backend: &B, samples: &Samples) {
    let exact = exact(Curve::Pr, samples, &naive::ones(samples.n_samples()));
    bounds_hold(backend, Curve::Pr, samples, exact);
}

#[track_caller]
fn bounds_hold<B: Backend>(backend: &B, curve: Curve, samples: &Samples, exact: Option<Rational>) {
    let Some(exact) = exact else { return };
    for num_thresholds in NUM_THRESHOLDS {
        let bounds = fed(backend, curve, num_thresholds, samples).bounds().unwrap();
        hold(bounds, nearest_f64(&exact), samples);
    }
}

#[track_caller]
pub fn bounds_hold_the_bucketed_area<B: Backend>(backend: &B, samples: &Samples) {
    for curve in [Curve::Roc, Curve::Pr] {
        for num_thresholds in NUM_THRESHOLDS {
            let mut auc = fed(backend, curve, num_thresholds, samples);
            hold(auc.bounds().unwrap(), auc.compute().unwrap(), samples);
        }
    }
}

#[track_caller]
pub fn bounds_hold_the_weighted_areas<B: Backend>(backend: &B, samples: &Samples) {
    let weights = fractions(samples.n_samples());
    for curve in [Curve::Roc, Curve::Pr] {
        let Some(exact) = exact(curve, samples, &as_whole(&weights)) else { continue };
        for num_thresholds in NUM_THRESHOLDS {
            let mut auc = Auc::<B>::new(curve, num_thresholds).unwrap();
            feed_weighted(backend, &mut auc, samples, &weights);
            hold(auc.bounds().unwrap(), nearest_f64(&exact), samples);
            hold(auc.bounds().unwrap(), auc.compute().unwrap(), samples);
        }
    }
}

#[track_caller]
pub fn bounds_close_where_no_bucket_leaves_a_doubt<B: Backend>(backend: &B) {
    let samples = best_arrangement(&[(1, 0), (0, 4), (1, 0), (0, 2)]);
    for curve in [Curve::Roc, Curve::Pr] {
        let mut auc = fed(backend, curve, 4, &samples);
        let (bounds, value) = (auc.bounds().unwrap(), auc.compute().unwrap());
        for bound in [bounds.lower, bounds.upper] {
            close(bound, Some(&exactly(value)), 0.0, &samples);
        }
    }
}

/// All positives of a bucket tied above all its negatives: nothing can be better.
#[track_caller]
pub fn best_arrangement_reaches_the_upper_bound<B: Backend>(backend: &B, samples: &Samples) {
    let best = best_arrangement(&contents(samples));
    for curve in [Curve::Roc, Curve::Pr] {
        let Some(exact) = exact(curve, &best, &naive::ones(best.n_samples())) else { continue };
        let bounds = fed(backend, curve, N_BUCKETS, &best).bounds().unwrap();
        hold(bounds, nearest_f64(&exact), &best);
        close(bounds.upper, Some(&exact), 0.0, &best);
    }
}

/// All positives of a bucket one by one below all its negatives: nothing can be worse.
#[track_caller]
pub fn worst_arrangement_reaches_the_lower_bound<B: Backend>(backend: &B, samples: &Samples) {
    let worst = worst_arrangement(&contents(samples));
    for curve in [Curve::Roc, Curve::Pr] {
        let Some(exact) = exact(curve, &worst, &naive::ones(worst.n_samples())) else { continue };
        let bounds = fed(backend, curve, N_BUCKETS, &worst).bounds().unwrap();
        hold(bounds, nearest_f64(&exact), &worst);
        falls_short(bounds, exact, 1e-12, &worst);
    }
}

/// The sum over many positives of a bucket is bounded by an integral, which is slightly less.
#[track_caller]
pub fn worst_arrangement_of_many_nearly_reaches_the_lower_bound<B: Backend>(backend: &B) {
    let worst = worst_arrangement(&[(300, 9), (1000, 2)]);
    let exact = exact(Curve::Pr, &worst, &naive::ones(worst.n_samples())).unwrap();
    let bounds = fed(backend, Curve::Pr, 2, &worst).bounds().unwrap();
    hold(bounds, nearest_f64(&exact), &worst);
    falls_short(bounds, exact, 1e-4, &worst);
}

#[track_caller]
fn falls_short(bounds: Bounds, exact: Rational, by_at_most: f64, samples: &Samples) {
    let short = &exact - exactly(bounds.lower);
    assert!(short <= exactly(by_at_most) * &exact, "{bounds:?} lie below {exact}; {samples:?}");
}

/// The bounds of weights know nothing of their number: dust as fine as here reaches the lower one.
#[track_caller]
pub fn dust_nearly_reaches_the_weighted_lower_bound<B: Backend>(backend: &B) {
    let samples = worst_arrangement(&[(400, 30), (300, 20)]);
    let weights = vec![0.0625; samples.n_samples()];
    let mut auc = Auc::<B>::new(Curve::Pr, 2).unwrap();
    feed_weighted(backend, &mut auc, &samples, &weights);
    let exact = nearest_f64(&exact(Curve::Pr, &samples, &as_whole(&weights)).unwrap());
    let bounds = auc.bounds().unwrap();
    hold(bounds, exact, &samples);
    assert!(exact - bounds.lower < 0.005, "{bounds:?} lies far below {exact}");
}

const N_BUCKETS: usize = 8;

/// Positives and negatives in each of a few buckets, from low to high.
fn contents(samples: &Samples) -> Vec<(usize, usize)> {
    let mut contents = vec![(0, 0); N_BUCKETS];
    for (&p, &target) in samples.scores.iter().zip(&samples.targets) {
        let (positives, negatives) = &mut contents[naive::bucket(p, N_BUCKETS - 1)];
        *if target == 1 { positives } else { negatives } += 1;
    }
    contents
}

fn best_arrangement(buckets: &[(usize, usize)]) -> Samples {
    arrangement(buckets, |_, _| 0.9, 0.1)
}

fn worst_arrangement(buckets: &[(usize, usize)]) -> Samples {
    arrangement(buckets, |i, n| 0.5 - 0.4 * i as f64 / n as f64, 0.9)
}

/// Where in its bucket the i-th of n positives lies, and where all negatives.
fn arrangement(
    buckets: &[(usize, usize)],
    positive: impl Fn(usize, usize) -> f64,
    negative: f64,
) -> Samples {
    let (mut scores, mut targets) = (Vec::new(), Vec::new());
    for (bucket, &(n_positives, n_negatives)) in buckets.iter().enumerate() {
        let place = |fraction: f64| (bucket as f64 + fraction) / buckets.len() as f64;
        scores.extend((0..n_positives).map(|i| place(positive(i, n_positives))));
        scores.extend((0..n_negatives).map(|_| place(negative)));
        targets.extend(std::iter::repeat_n(1, n_positives));
        targets.extend(std::iter::repeat_n(0, n_negatives));
    }
    Samples { name: format!("buckets {buckets:?}"), scores, targets }
}

#[track_caller]
fn hold(bounds: Bounds, value: f64, samples: &Samples) {
    let Bounds { lower, upper } = bounds;
    assert!(0.0 <= lower && upper <= 1.0, "{bounds:?} leave [0, 1]; {samples:?}");
    assert!(lower <= value && value <= upper, "{value} is not in {bounds:?}; {samples:?}");
}

fn exact(curve: Curve, samples: &Samples, weights: &[u64]) -> Option<Rational> {
    match curve {
        Curve::Roc => naive::auroc(&samples.scores, &samples.targets, weights),
        Curve::Pr => naive::average_precision(&samples.scores, &samples.targets, weights),
        other => unreachable!("{other:?}"),
    }
}
