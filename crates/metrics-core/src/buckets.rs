//! The counts behind the bucketed [`Auc`](crate::Auc).

use crate::areas::{Areas, CountedAreas, WeightedAreas};
use crate::error::{Error, Result};
use crate::exact::{MAX_SAMPLES, Sum2};
use crate::state::weigh;

/// Samples per bucket: negatives and positives, counted; those of fractional weight, weighed.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketCounts {
    negatives: Vec<u64>,
    positives: Vec<u64>,
    fractional: Option<Fractional>,
    n_counted: u64,
    fractional_weight: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Fractional {
    negatives: Vec<Sum2>,
    positives: Vec<Sum2>,
}

/// What one bucket holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) index: usize,
    pub(crate) negatives: u64,
    pub(crate) positives: u64,
    /// Sums of fractional weights: negatives, positives.
    pub(crate) fractional: [Sum2; 2],
}

impl Bucket {
    /// Weight of the negatives and of the positives.
    pub(crate) fn weights(&self) -> [f64; 2] {
        let weight = |n: u64, mut sum: Sum2| {
            sum.add(n as f64);
            sum.value()
        };
        [weight(self.negatives, self.fractional[0]), weight(self.positives, self.fractional[1])]
    }

    fn is_empty(&self) -> bool {
        self.negatives + self.positives == 0 && self.fractional == [Sum2::default(); 2]
    }
}

impl BucketCounts {
    /// No samples in `num_thresholds + 1` buckets.
    pub(crate) fn new(num_thresholds: usize) -> Self {
        Self {
            negatives: vec![0; num_thresholds + 1],
            positives: vec![0; num_thresholds + 1],
            fractional: None,
            n_counted: 0,
            fractional_weight: 0.0,
        }
    }

    /// One less than the number of buckets.
    pub fn num_thresholds(&self) -> usize {
        self.positives.len() - 1
    }

    /// Number of negatives in each bucket.
    pub fn negatives(&self) -> &[u64] {
        &self.negatives
    }

    /// Number of positives in each bucket.
    pub fn positives(&self) -> &[u64] {
        &self.positives
    }

    /// Whether there is no sample of non-zero weight.
    pub fn is_empty(&self) -> bool {
        self.n_counted == 0 && self.fractional_weight == 0.0
    }

    /// Makes room for a batch of so many samples, weighted or not, which must then be added.
    ///
    /// # Errors
    /// [`Error::TooManySamples`], [`Error::WeightOverflow`]; nothing has changed then.
    pub fn reserve(
        &mut self,
        op: &'static str,
        weights: Option<&[f64]>,
        n_samples: u64,
    ) -> Result<()> {
        let (n_counted, fractional_weight) = weights.map_or((n_samples, 0.0), weigh);
        self.reserve_weighed(op, n_counted, fractional_weight)
    }

    fn reserve_weighed(
        &mut self,
        op: &'static str,
        n_counted: u64,
        fractional_weight: f64,
    ) -> Result<()> {
        let n_samples = self.n_counted.saturating_add(n_counted);
        if n_samples > MAX_SAMPLES {
            return Err(Error::TooManySamples { op, task: 0, n_samples, max: MAX_SAMPLES });
        }
        let weight = self.fractional_weight + fractional_weight;
        if !(weight + n_samples as f64).is_finite() {
            return Err(Error::WeightOverflow { op, task: 0 });
        }
        (self.n_counted, self.fractional_weight) = (n_samples, weight);
        Ok(())
    }

    /// Adds one sample for which room was made.
    #[inline]
    pub(crate) fn count(&mut self, bucket: usize, is_positive: bool) {
        let counts = if is_positive { &mut self.positives } else { &mut self.negatives };
        counts[bucket] += 1;
    }

    /// Adds one sample with its weight, for which room was made.
    pub(crate) fn weigh(&mut self, bucket: usize, is_positive: bool, weight: f64) {
        let (counted, fractional) = weigh(&[weight]);
        let counts = if is_positive { &mut self.positives } else { &mut self.negatives };
        counts[bucket] += counted;
        if fractional > 0.0 {
            let sums = self.fractional_mut();
            let sums = if is_positive { &mut sums.positives } else { &mut sums.negatives };
            sums[bucket].add(fractional);
        }
    }

    /// Adds counts for which room was made.
    pub fn add(&mut self, negatives: &[u64], positives: &[u64]) {
        self.negatives.iter_mut().zip(negatives).for_each(|(total, n)| *total += n);
        self.positives.iter_mut().zip(positives).for_each(|(total, n)| *total += n);
    }

    /// Takes in the counts of another metric with as many thresholds.
    pub(crate) fn merge(&mut self, op: &'static str, other: &Self) -> Result<()> {
        self.reserve_weighed(op, other.n_counted, other.fractional_weight)?;
        self.add(&other.negatives, &other.positives);
        if let Some(theirs) = &other.fractional {
            let ours = self.fractional_mut();
            ours.negatives.iter_mut().zip(&theirs.negatives).for_each(|(a, b)| a.merge(*b));
            ours.positives.iter_mut().zip(&theirs.positives).for_each(|(a, b)| a.merge(*b));
        }
        Ok(())
    }

    /// Puts a bucket's content in place; the bucket must be empty.
    pub(crate) fn set(&mut self, op: &'static str, bucket: Bucket) -> Result<()> {
        let [negatives, positives] = bucket.fractional;
        let n_counted = bucket.negatives.saturating_add(bucket.positives);
        self.reserve_weighed(op, n_counted, negatives.value() + positives.value())?;
        self.negatives[bucket.index] = bucket.negatives;
        self.positives[bucket.index] = bucket.positives;
        if bucket.fractional != [Sum2::default(); 2] {
            let sums = self.fractional_mut();
            sums.negatives[bucket.index] = negatives;
            sums.positives[bucket.index] = positives;
        }
        Ok(())
    }

    fn fractional_mut(&mut self) -> &mut Fractional {
        let n_buckets = self.positives.len();
        self.fractional.get_or_insert_with(|| Fractional {
            negatives: vec![Sum2::default(); n_buckets],
            positives: vec![Sum2::default(); n_buckets],
        })
    }

    /// The buckets that hold something, from low to high.
    pub(crate) fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        (0..self.positives.len())
            .map(|index| Bucket {
                index,
                negatives: self.negatives[index],
                positives: self.positives[index],
                fractional: self.fractional.as_ref().map_or([Sum2::default(); 2], |sums| {
                    [sums.negatives[index], sums.positives[index]]
                }),
            })
            .filter(|bucket| !bucket.is_empty())
    }

    /// Whether all weights were whole numbers.
    pub(crate) fn is_counted(&self) -> bool {
        self.fractional.is_none()
    }

    /// Weight of all negatives and of all positives.
    pub(crate) fn total(&self) -> [f64; 2] {
        let mut total = [Sum2::default(); 2];
        for bucket in self.buckets() {
            total.iter_mut().zip(bucket.weights()).for_each(|(total, weight)| total.add(weight));
        }
        total.map(Sum2::value)
    }

    /// The areas where every bucket is one group of ties.
    pub(crate) fn areas(&self) -> Areas {
        if self.is_counted() {
            let mut sums = CountedAreas::default();
            self.buckets().rev().for_each(|bucket| sums.push(bucket.positives, bucket.negatives));
            return sums.into();
        }
        let [n_negatives, n_positives] = self.total();
        let mut sums = WeightedAreas::new(n_positives, n_negatives);
        for bucket in self.buckets().rev() {
            let [negatives, positives] = bucket.weights();
            sums.push(positives, negatives);
        }
        sums.into()
    }
}
