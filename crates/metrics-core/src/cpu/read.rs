//! The input scan: reading samples and checking for NaN and invalid targets, on several threads.

use std::ops::Range;

use super::samples::{BLOCK, NO_LABEL, Samples};
use super::word::Key;
use crate::arith::simd;
use crate::arith::threads::{self, Share};
use crate::element::kind::ScoreKind;

/// An invalid sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidSample {
    /// Position of a score that is NaN.
    Score(usize),
    /// Position of a target that is neither 0 nor 1.
    Target(usize),
}

impl InvalidSample {
    pub(crate) fn position(self) -> usize {
        let (Self::Score(position) | Self::Target(position)) = self;
        position
    }
}

/// Most samples of a share on average: 31 bits count those of a larger share too.
const MAX_SHARE: usize = 1 << 30;
/// Fewest ranges of a share, unless they would be shorter than a block.
const MIN_RANGES: usize = 16;
/// Most samples of a range: reading them takes far longer than taking the range.
pub(super) const MAX_RANGE: usize = 32 * BLOCK;
/// Fewest samples for which starting a thread pays.
const SAMPLES_PER_THREAD: usize = 1 << 16;

/// The result of the input scan so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InputScan<K> {
    /// Smallest and largest key of a score that is not NaN.
    pub(super) valid: [K; 2],
    min: K,
    max: K,
    /// The first invalid sample.
    pub(super) invalid: Option<InvalidSample>,
}

impl<K: Key> InputScan<K> {
    pub(crate) fn none(kind: ScoreKind) -> Self {
        let (low, high) = kind.key_range();
        let valid = [K::from_u64(low), K::from_u64(high)];
        Self { valid, min: K::max_value(), max: K::zero(), invalid: None }
    }

    /// Adds a block of samples; `start` is the position of its first.
    #[inline(always)]
    pub(crate) fn add(&mut self, start: usize, keys: &[K], labels: &[u8]) {
        let (mut min, mut max) = (K::max_value(), K::zero());
        for &key in keys {
            min = min.min(key);
            max = max.max(key);
        }
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        let worst = labels.iter().fold(0, |worst, &label| worst.max(label));
        let [low, high] = self.valid;
        if self.invalid.is_none() && (min < low || max > high || worst == NO_LABEL) {
            self.invalid = keys.iter().zip(labels).enumerate().find_map(|(i, (&key, &label))| {
                if key < low || key > high {
                    Some(InvalidSample::Score(start + i))
                } else {
                    (label == NO_LABEL).then_some(InvalidSample::Target(start + i))
                }
            });
        }
    }

    /// The scan of these samples and of others; all must be valid.
    pub(crate) fn join(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max), ..self }
    }

    /// Smallest and largest key.
    pub(crate) fn extremes(&self) -> (K, K) {
        (self.min, self.max)
    }

    /// # Errors
    /// The first invalid sample.
    pub(crate) fn check(&self) -> Result<(), InvalidSample> {
        self.invalid.map_or(Ok(()), Err)
    }
}

/// Reads all samples once.
///
/// # Errors
/// The first invalid sample.
pub(crate) fn scan<K: Key>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
) -> Result<InputScan<K>, InvalidSample> {
    let found = share(samples.len(), |share| {
        let mut found = InputScan::none(kind);
        for_blocks(samples, share, |start, keys, labels| {
            simd::run(|| found.add(start, keys, labels));
        });
        found.check().map(|()| found)
    });
    Ok(all_or_first_invalid(found)?.into_iter().fold(InputScan::none(kind), InputScan::join))
}

/// Reads all samples into `keys` and `labels`.
pub(super) fn read<K: Key>(
    samples: &dyn Samples<K>,
    kind: ScoreKind,
    keys: &mut [K],
    labels: &mut [u8],
) -> Result<InputScan<K>, InvalidSample> {
    samples.both(0, keys, labels);
    let mut found = InputScan::none(kind);
    simd::run(|| found.add(0, keys, labels));
    found.check().map(|()| found)
}

/// Calls `f` with the start, the keys and the labels of each block of the ranges.
pub(crate) fn for_blocks<K: Key>(
    samples: &dyn Samples<K>,
    ranges: impl IntoIterator<Item = Range<usize>>,
    mut f: impl FnMut(usize, &mut [K], &[u8]),
) {
    let (mut keys, mut labels) = ([K::zero(); BLOCK], [0; BLOCK]);
    for range in ranges {
        for start in range.clone().step_by(BLOCK) {
            let n = BLOCK.min(range.end - start);
            samples.both(start, &mut keys[..n], &mut labels[..n]);
            f(start, &mut keys[..n], &labels[..n]);
        }
    }
}

/// Divides the samples into one share for each thread that pays. A thread takes whole blocks, and at most
/// a quarter more than the mean.
pub(super) fn share<R: Send>(n_samples: usize, f: impl Fn(Share<'_>) -> R + Sync + Send) -> Vec<R> {
    let n_threads = threads::available().min(n_samples.div_ceil(SAMPLES_PER_THREAD));
    let n_shares = n_threads.max(n_samples.div_ceil(MAX_SHARE)).max(1);
    let mean = n_samples.div_ceil(n_shares);
    let step = (mean / MIN_RANGES).next_multiple_of(BLOCK).clamp(BLOCK, MAX_RANGE);
    let most = n_samples.min(mean + mean / 4);
    threads::share(n_samples, n_shares, step, |share| f(share.at_most(most)))
}

/// The results of all shares, or the first invalid sample.
pub(super) fn all_or_first_invalid<T>(
    shares: Vec<Result<T, InvalidSample>>,
) -> Result<Vec<T>, InvalidSample> {
    threads::all_or_first(shares, |invalid| invalid.position())
}
