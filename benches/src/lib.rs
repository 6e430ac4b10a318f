//! Inputs of the benches: the same on every machine and for every backend.

use std::time::Instant;
use std::{fs, io};

use metrics_core::{Backend, HostTensor, Owned, Result};

/// Fewest calls of a measurement.
const CALLS: usize = 7;
/// Fewest seconds that the calls of a measurement take together.
const SECONDS: f64 = 0.2;

/// Measures `call`, and prints its nanoseconds for each of `n` elements and the ratio to `beside`. The fastest
/// of several calls counts. Returns the nanoseconds.
///
/// # Errors
/// Those of `call`.
pub fn time(
    name: &str,
    n: usize,
    beside: Option<f64>,
    mut call: impl FnMut() -> Result<()>,
) -> Result<f64> {
    let (mut least, mut n_calls, first) = (f64::INFINITY, 0, Instant::now());
    while n_calls < CALLS || first.elapsed().as_secs_f64() < SECONDS {
        let start = Instant::now();
        call()?;
        least = least.min(start.elapsed().as_secs_f64());
        n_calls += 1;
    }
    let ns = 1e9 * least / n as f64;
    let ratio = beside.map_or(String::new(), |beside| format!("{:.2}", ns / beside));
    println!("{name:44} {ns:10.2} {ratio:>8}");
    Ok(ns)
}

/// The distribution of scores.
#[derive(Debug, Clone, Copy)]
pub enum Scores {
    /// Uniform in `[0, 1)`.
    Uniform,
    /// Normal-like, of both signs.
    Logits,
    /// Probabilities whose logits are those of [`Self::Logits`].
    Probabilities,
    /// Uniform in an interval of length 1e-9.
    Close,
    /// A thousand distinct values in `[0, 1)`.
    Thousand,
    /// All equal.
    Tied,
    /// Uniform, from low to high.
    Sorted,
    /// Uniform, from high to low.
    Reversed,
}

impl Scores {
    /// All distributions.
    pub const ALL: [Self; 8] = [
        Self::Uniform,
        Self::Logits,
        Self::Probabilities,
        Self::Close,
        Self::Thousand,
        Self::Tied,
        Self::Sorted,
        Self::Reversed,
    ];
}

/// Scores and targets of `n_tasks × n_samples`, row after row.
pub fn samples(
    scores: Scores,
    prevalence: f64,
    n_tasks: usize,
    n_samples: usize,
) -> (Vec<f64>, Vec<u8>) {
    let mut random = Random::default();
    let n = n_tasks * n_samples;
    let mut values: Vec<f64> = (0..n).map(|_| random.score(scores)).collect();
    match scores {
        Scores::Sorted => values.chunks_mut(n_samples).for_each(|row| row.sort_by(f64::total_cmp)),
        Scores::Reversed => {
            values.chunks_mut(n_samples).for_each(|row| row.sort_by(|a, b| b.total_cmp(a)));
        }
        _ => {}
    }
    (values, (0..n).map(|_| u8::from(random.uniform() < prevalence)).collect())
}

/// The same scores and targets as [`samples`], as tensors of `backend`. The scores are `f32`.
///
/// # Panics
/// When the backend cannot upload the tensors: a bench has no use for an error.
pub fn batch<B: Backend>(
    backend: &B,
    scores: Scores,
    prevalence: f64,
    n_tasks: usize,
    n_samples: usize,
) -> (Owned<B>, Owned<B>) {
    let (scores, targets) = samples(scores, prevalence, n_tasks, n_samples);
    let scores: Vec<_> = scores.into_iter().map(|x| x as f32).collect();
    let shape = [n_tasks, n_samples];
    let upload = |tensor: Result<HostTensor<'_>>| {
        let tensor = tensor.and_then(|tensor| backend.upload(&tensor));
        Owned(tensor.unwrap_or_else(|error| panic!("{error}")))
    };
    (upload(HostTensor::from_vec(scores, &shape)), upload(HostTensor::from_vec(targets, &shape)))
}

/// Calls `f`, and returns its result and its peak memory in bytes, beyond the memory in use before.
///
/// # Errors
/// On systems other than Linux, whose `/proc` has these numbers.
pub fn peak<T>(f: impl FnOnce() -> T) -> io::Result<(T, u64)> {
    let before = memory("VmRSS:")?;
    // Resets the peak that the kernel keeps.
    fs::write("/proc/self/clear_refs", "5")?;
    let result = f();
    Ok((result, memory("VmHWM:")?.saturating_sub(before)))
}

fn memory(name: &str) -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other(format!("no number at {name}")))
}

/// Numbers that look random, the same on every machine: xorshift64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(0x2545_f491_4f6c_dd1d)
    }
}

impl Random {
    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number in `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `n`, which has at most 32 bits.
    pub fn below(&mut self, n: u64) -> u64 {
        ((self.bits() >> 32) * n) >> 32
    }

    fn score(&mut self, scores: Scores) -> f64 {
        let uniform = self.uniform();
        match scores {
            Scores::Uniform | Scores::Sorted | Scores::Reversed => uniform,
            Scores::Logits => (uniform + (0..3).map(|_| self.uniform()).sum::<f64>() - 2.0) * 4.0,
            Scores::Probabilities => 1.0 / (1.0 + (-self.score(Scores::Logits)).exp()),
            Scores::Close => 0.5 + 1e-9 * uniform,
            Scores::Thousand => (uniform * 1000.0).floor() / 1000.0,
            Scores::Tied => 0.5,
        }
    }
}
