//! The exact metrics on one batch: by size, spread of the scores, prevalence, dtype and backend.

use divan::Bencher;
use divan::counter::ItemsCount;
use half::{bf16, f16};
use metrics_benches::{Scores, batch, samples};
use metrics_core::{
    Auprc, Backend, Buffer, Host, HostTensor, Owned, Readings, binary_auprc, binary_auroc,
};
use metrics_ndarray::NdArray;

fn main() {
    divan::main();
}

/// Most seconds for one line of the grid, unless a single call takes longer.
const SECONDS: f64 = 2.0;

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

/// Scores of all spreads in all types, at all sizes and prevalences: 840 lines.
#[derive(Debug, Clone, Copy)]
struct Cell {
    n_samples: usize,
    scores: Scores,
    dtype: &'static str,
    prevalence: f64,
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { n_samples, scores, dtype, prevalence } = self;
        write!(f, "{n_samples} {dtype} {scores:?}, {} % positive", 100.0 * prevalence)
    }
}

fn cells() -> impl Iterator<Item = Cell> {
    [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000].into_iter().flat_map(|n| {
        Scores::ALL.into_iter().flat_map(move |scores| {
            ["u8", "f16", "bf16", "f32", "f64"].into_iter().flat_map(move |dtype| {
                let cell = move |prevalence| Cell { n_samples: n, scores, dtype, prevalence };
                [0.5, 0.01, 0.0001].into_iter().map(cell)
            })
        })
    })
}

#[divan::bench(args = cells(), max_time = SECONDS)]
fn grid(bencher: Bencher<'_, '_>, cell: Cell) {
    let Cell { n_samples, scores, dtype, prevalence } = cell;
    let (scores, targets) = samples(scores, prevalence, 1, n_samples);
    let tensor = |scores| HostTensor::from_buffer(scores, vec![n_samples]);
    let scores = scores.into_iter();
    let scores = tensor(match dtype {
        "u8" => Buffer::U8(scores.map(|x| (255.0 * x) as u8).collect()),
        "f16" => Buffer::F16(scores.map(f16::from_f64).collect()),
        "bf16" => Buffer::Bf16(scores.map(bf16::from_f64).collect()),
        "f32" => Buffer::F32(scores.map(|x| x as f32).collect()),
        _ => Buffer::F64(scores.collect()),
    });
    let (Ok(scores), Ok(targets)) = (scores, tensor(Buffer::U8(targets.into()))) else { return };
    let (scores, targets) = (Owned::<Host>(scores), Owned::<Host>(targets));
    bencher.counter(ItemsCount::new(n_samples)).bench_local(|| binary_auprc(&scores, &targets));
}

#[divan::bench(args = [(1, 1_000_000), (10, 100_000), (1_000, 1_000), (100_000, 10)])]
fn tasks(bencher: Bencher<'_, '_>, (n_tasks, n_samples): (usize, usize)) {
    let (scores, targets) = batch(&Host, Scores::Uniform, 0.5, n_tasks, n_samples);
    bencher
        .counter(ItemsCount::new(n_tasks * n_samples))
        .bench_local(|| Auprc.tasks(&scores, &targets));
}
