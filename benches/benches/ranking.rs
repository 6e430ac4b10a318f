//! The exact metrics on one batch: by size, spread of the scores, prevalence, dtype and backend.

use divan::Bencher;
use divan::counter::ItemsCount;
use half::bf16;
use metrics_benches::{Scores, batch};
use metrics_core::{
    Backend, Host, HostTensor, Owned, binary_auprc, binary_auprc_tasks, binary_auroc,
};
use metrics_ndarray::NdArray;

fn main() {
    divan::main();
}

#[divan::bench(types = [Host, NdArray], args = [1_000, 100_000, 1_000_000, 10_000_000])]
fn auprc<B: Backend + Default>(bencher: Bencher<'_, '_>, n_samples: usize) {
    let (scores, targets) = batch(&B::default(), Scores::Uniform, 0.5, 1, n_samples);
    bencher.counter(ItemsCount::new(n_samples)).bench_local(|| binary_auprc(&scores, &targets));
}

#[divan::bench(args = [1_000, 1_000_000])]
fn auroc(bencher: Bencher<'_, '_>, n_samples: usize) {
    let (scores, targets) = batch(&Host, Scores::Uniform, 0.5, 1, n_samples);
    bencher.counter(ItemsCount::new(n_samples)).bench_local(|| binary_auroc(&scores, &targets));
}

#[divan::bench(args = [Scores::Uniform, Scores::Logits, Scores::Thousand, Scores::Tied, Scores::Sorted])]
fn spread(bencher: Bencher<'_, '_>, scores: Scores) {
    let (scores, targets) = batch(&Host, scores, 0.5, 1, 1_000_000);
    bencher
        .counter(ItemsCount::new(1_000_000usize))
        .bench_local(|| binary_auprc(&scores, &targets));
}

#[divan::bench(args = [0.5, 0.01, 0.0001])]
fn prevalence(bencher: Bencher<'_, '_>, prevalence: f64) {
    let (scores, targets) = batch(&Host, Scores::Uniform, prevalence, 1, 1_000_000);
    bencher
        .counter(ItemsCount::new(1_000_000usize))
        .bench_local(|| binary_auprc(&scores, &targets));
}

#[divan::bench(args = ["f64", "bf16"])]
fn dtype(bencher: Bencher<'_, '_>, dtype: &str) {
    let (scores, targets) = batch(&Host, Scores::Uniform, 0.5, 1, 1_000_000);
    let values = scores.0.to_f64_vec();
    let scores = match dtype {
        "f64" => HostTensor::from_vec(values, &[1, 1_000_000]),
        _ => HostTensor::from_vec(
            values.into_iter().map(bf16::from_f64).collect::<Vec<_>>(),
            &[1, 1_000_000],
        ),
    };
    let scores = Owned::<Host>(scores.expect("one row of all scores"));
    bencher
        .counter(ItemsCount::new(1_000_000usize))
        .bench_local(|| binary_auprc(&scores, &targets));
}

#[divan::bench(args = [(1_000, 1_000), (10, 100_000)])]
fn tasks(bencher: Bencher<'_, '_>, (n_tasks, n_samples): (usize, usize)) {
    let (scores, targets) = batch(&Host, Scores::Uniform, 0.5, n_tasks, n_samples);
    bencher
        .counter(ItemsCount::new(n_tasks * n_samples))
        .bench_local(|| binary_auprc_tasks(&scores, &targets));
}
