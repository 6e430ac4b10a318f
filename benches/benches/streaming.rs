//! The stateful metrics: many updates, one value.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use metrics_benches::{Scores, batch};
use metrics_core::slice::{Auc, BinaryAuprc};
use metrics_core::{Host, Result};

fn main() {
    divan::main();
}

const N_BATCHES: usize = 1_000;
const N_SAMPLES: usize = 1_000;

/// A thousand batches of a thousand samples, then the value.
#[divan::bench]
fn auprc_of_batches(bencher: Bencher<'_, '_>) {
    let (scores, targets) = batch(&Host, Scores::Uniform, 0.5, 1, N_SAMPLES);
    bencher.counter(ItemsCount::new(N_BATCHES * N_SAMPLES)).bench_local(|| -> Result<f64> {
        let mut auprc = BinaryAuprc::new();
        for _ in 0..N_BATCHES {
            auprc.update(&scores, &targets)?;
        }
        auprc.compute()
    });
}

#[divan::bench(args = [255, 4095, 1 << 20])]
fn auc_update(bencher: Bencher<'_, '_>, num_thresholds: usize) {
    let (scores, targets) = batch(&Host, Scores::Uniform, 0.5, 1, 1_000_000);
    let (scores, targets) = (scores.0.into_buffer(), targets.0.into_buffer());
    let n_samples = scores.len();
    let flat = |buffer| metrics_core::HostTensor::from_buffer(buffer, vec![n_samples]);
    let (Ok(scores), Ok(targets)) = (flat(scores), flat(targets)) else { return };
    let Ok(mut auc) = Auc::builder().num_thresholds(num_thresholds).build() else { return };
    bencher.counter(ItemsCount::new(n_samples)).bench_local(|| auc.update(&scores, &targets));
}

/// What the machine's memory can do: a copy of 256 MB, reads and writes counted.
#[divan::bench]
fn copy(bencher: Bencher<'_, '_>) {
    let from = vec![1u8; 1 << 28];
    let mut to = from.clone();
    bencher.counter(BytesCount::new(2 * from.len())).bench_local(|| to.copy_from_slice(&from));
}
