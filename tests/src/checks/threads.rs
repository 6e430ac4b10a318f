//! The number of threads changes no bit.

use crate::check::same_bits;
use crate::inputs::{areas, feed, matrix, vector};
use crate::random::{Kind, Samples, seed};
use metrics_core::{Auprc, Backend, BinaryAuprc, Error, Readings, binary_auprc, binary_roc_curve};
use rayon::ThreadPoolBuilder;

/// Enough for the engine to split one task among four threads.
const N_SAMPLES: usize = 300_000;

#[track_caller]
pub fn areas_ignore_threads<B: Backend + Sync>(backend: &B, kind: Kind) {
    let samples = kind.samples(N_SAMPLES, seed());
    let [one, two, four] = on_1_2_4_threads(|| areas(backend, &samples));
    same_bits(&two, &one, &samples);
    same_bits(&four, &one, &samples);
}

#[track_caller]
pub fn areas_of_f32_ignore_threads<B: Backend + Sync>(backend: &B, kind: Kind) {
    let Samples { name, scores, targets } = kind.samples(N_SAMPLES, seed());
    let scores: Vec<f32> = scores.into_iter().map(|score| score as f32).collect();
    let [one, two, four] = on_1_2_4_threads(|| {
        binary_auprc::<B>(&vector(backend, &scores), &vector(backend, &targets)).unwrap()
    });
    same_bits(&[two, four], &[one, one], &name);
}

#[track_caller]
pub fn curves_ignore_threads<B: Backend + Sync>(backend: &B, kind: Kind) {
    let samples = kind.samples(N_SAMPLES, seed());
    let [one, two, four] = on_1_2_4_threads(|| {
        let (scores, targets) =
            (vector(backend, &samples.scores), vector(backend, &samples.targets));
        binary_roc_curve::<B>(&scores, &targets).unwrap()
    });
    assert!(one == two && one == four, "the curves differ; {samples:?}");
}

#[track_caller]
pub fn states_ignore_threads<B: Backend + Sync>(backend: &B, kind: Kind) {
    let samples = kind.samples(N_SAMPLES, seed());
    let [one, two, four] = on_1_2_4_threads(|| {
        let mut metric = BinaryAuprc::<B>::new();
        feed(backend, &mut metric, &samples);
        metric.state().unwrap().to_bytes()
    });
    assert!(one == two && one == four, "the states differ; {samples:?}");
}

/// Rows short enough for one thread each, and more of them than threads.
#[track_caller]
pub fn tasks_ignore_threads<B: Backend + Sync>(backend: &B, kind: Kind) {
    let samples = kind.samples(N_SAMPLES / 6, seed());
    let (scores, targets) = (samples.scores.repeat(6), samples.targets.repeat(6));
    let [one, two, four] = on_1_2_4_threads(|| {
        Auprc.tasks::<B>(&matrix(backend, &scores, 6), &matrix(backend, &targets, 6)).unwrap()
    });
    same_bits(&two, &one, &samples);
    same_bits(&four, &one, &samples);
}

/// Of two bad samples far apart the first is named.
#[track_caller]
pub fn the_first_error_ignores_threads<B: Backend + Sync>(backend: &B, kind: Kind) {
    let Samples { mut scores, targets, .. } = kind.samples(N_SAMPLES, seed());
    (scores[10], scores[N_SAMPLES - 10]) = (f64::NAN, f64::NAN);
    let errors = on_1_2_4_threads(|| {
        binary_auprc::<B>(&vector(backend, &scores), &vector(backend, &targets)).unwrap_err()
    });
    for error in errors {
        assert!(matches!(error, Error::NanScore { task: 0, index: 10, .. }), "{error}");
    }
}

fn on_1_2_4_threads<R: Send>(f: impl Fn() -> R + Sync) -> [R; 3] {
    [1, 2, 4].map(|n_threads| {
        let pool = ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a few threads");
        pool.install(&f)
    })
}
