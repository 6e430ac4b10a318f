//! Inputs of the benches: the same on every machine and for every backend.

use metrics_core::{Backend, HostTensor, Owned, Result};

/// How scores are spread.
#[derive(Debug, Clone, Copy)]
pub enum Scores {
    /// Uniform in `[0, 1)`.
    Uniform,
    /// Normal-like, of both signs.
    Logits,
    /// A thousand distinct values in `[0, 1)`.
    Thousand,
    /// All the same.
    Tied,
    /// Uniform, from low to high.
    Sorted,
    /// Uniform, from high to low.
    Reversed,
}

/// Scores and targets of `n_tasks × n_samples` where the backend wants them.
///
/// # Panics
/// When the backend refuses them: a bench has no use for an error.
pub fn batch<B: Backend>(
    backend: &B,
    scores: Scores,
    prevalence: f64,
    n_tasks: usize,
    n_samples: usize,
) -> (Owned<B>, Owned<B>) {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let n = n_tasks * n_samples;
    let mut values: Vec<f32> = (0..n).map(|_| random.score(scores)).collect();
    match scores {
        Scores::Sorted => values.chunks_mut(n_samples).for_each(|row| row.sort_by(f32::total_cmp)),
        Scores::Reversed => {
            values.chunks_mut(n_samples).for_each(|row| row.sort_by(|a, b| b.total_cmp(a)));
        }
        _ => {}
    }
    let targets: Vec<u8> = (0..n).map(|_| u8::from(random.uniform() < prevalence)).collect();
    let shape = [n_tasks, n_samples];
    let upload = |tensor: Result<HostTensor<'_>>| {
        let tensor = tensor.and_then(|tensor| backend.upload(&tensor));
        Owned(tensor.unwrap_or_else(|error| panic!("{error}")))
    };
    (upload(HostTensor::from_vec(values, &shape)), upload(HostTensor::from_vec(targets, &shape)))
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn score(&mut self, scores: Scores) -> f32 {
        let uniform = self.uniform();
        match scores {
            Scores::Uniform | Scores::Sorted | Scores::Reversed => uniform as f32,
            Scores::Logits => {
                let sum: f64 = (0..3).map(|_| self.uniform()).sum();
                ((uniform + sum - 2.0) * 4.0) as f32
            }
            Scores::Thousand => (uniform * 1000.0).floor() as f32 / 1000.0,
            Scores::Tied => 0.5,
        }
    }
}
