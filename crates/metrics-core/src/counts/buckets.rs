//! Bucket counts: positives and negatives by bucket, for the bucketed [`Auc`](crate::Auc).

use std::fmt;

use super::weights::weigh;
use crate::arith::exact::{MAX_SAMPLES, STATE_WEIGHT_LIMIT, Sum2, WEIGHT_LIMIT};
use crate::arith::float_mode::in_default_mode;
use crate::arith::sums::IntegerSums;
use crate::counts::sums::{RankSums, WeightedSums};
use crate::cpu::buckets::BucketWeights;
use crate::error::{Error, Result};
use crate::reserve::zeros;

/// Default number of buckets, less one, as in Paddle.
///
/// ```
/// use metrics_core::{DEFAULT_NUM_THRESHOLDS, slice::Auc};
///
/// assert_eq!(Auc::default().num_thresholds(), DEFAULT_NUM_THRESHOLDS);
/// ```
pub const DEFAULT_NUM_THRESHOLDS: usize = 4095;
/// Most buckets, less one.
///
/// ```
/// use metrics_core::{Curve, MAX_NUM_THRESHOLDS, slice::Auc};
///
/// assert!(Auc::new(Curve::Roc, MAX_NUM_THRESHOLDS + 1).is_err());
/// ```
pub const MAX_NUM_THRESHOLDS: usize = 1 << 24;

/// Negatives and positives of each bucket. A sample with a whole weight of at most 2^20 counts as that
/// many; other weights are summed.
///
/// ```
/// use metrics_core::BucketCounts;
///
/// // Three buckets: two negatives in the lowest, a positive in the highest.
/// let mut counts = BucketCounts::new(2)?;
/// counts.add("mine", &[2, 0, 0], &[0, 0, 1])?;
/// assert!(!counts.is_empty());
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct BucketCounts {
    /// For each bucket the number of negatives and of positives.
    counts: Vec<[u64; 2]>,
    /// For each bucket the sums of the weights that are not counted, if there are any.
    fractional: Option<Vec<[Sum2; 2]>>,
    /// Whether a weight other than 0 and 1 was counted: then counts stand for weights.
    has_repeats: bool,
    n_counted: u64,
    fractional_weight: f64,
}

impl fmt::Debug for BucketCounts {
    /// The totals, not each bucket: there may be millions of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketCounts")
            .field("num_thresholds", &self.num_thresholds())
            .field("n_counted", &self.n_counted)
            .field("fractional_weight", &self.fractional_weight)
            .finish_non_exhaustive()
    }
}

/// The contents of one bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) index: usize,
    pub(crate) negatives: u64,
    pub(crate) positives: u64,
    /// Sums of weights that are not counted: negatives, positives.
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

    /// Whether there is weight that is not whole.
    pub(crate) fn is_weighted(&self) -> bool {
        self.fractional != [Sum2::default(); 2]
    }

    fn is_empty(&self) -> bool {
        self.negatives + self.positives == 0 && !self.is_weighted()
    }
}

impl Default for BucketCounts {
    /// No samples, with [`DEFAULT_NUM_THRESHOLDS`].
    fn default() -> Self {
        Self::of(vec![[0; 2]; DEFAULT_NUM_THRESHOLDS + 1])
    }
}

impl BucketCounts {
    /// No samples in `num_thresholds + 1` buckets.
    ///
    /// ```
    /// use metrics_core::BucketCounts;
    ///
    /// assert!(BucketCounts::new(10)?.is_empty());
    /// assert!(BucketCounts::new(0).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidNumThresholds`] unless there are 1 to
    /// [`MAX_NUM_THRESHOLDS`], [`Error::OutOfMemory`].
    pub fn new(num_thresholds: usize) -> Result<Self> {
        if !(1..=MAX_NUM_THRESHOLDS).contains(&num_thresholds) {
            let (given, max) = (num_thresholds, MAX_NUM_THRESHOLDS);
            return Err(Error::InvalidNumThresholds { given, max });
        }
        Ok(Self::of(zeros(num_thresholds + 1).map_err(|refused| refused.needed_by("auc"))?))
    }

    /// Bucket counts of these counters, which are 0.
    fn of(counts: Vec<[u64; 2]>) -> Self {
        let (n_counted, fractional_weight) = (0, 0.0);
        Self { counts, fractional: None, has_repeats: false, n_counted, fractional_weight }
    }

    /// Removes all samples.
    pub(crate) fn clear(&mut self) {
        let mut counts = std::mem::take(&mut self.counts);
        counts.fill([0; 2]);
        *self = Self::of(counts);
    }

    /// One less than the number of buckets.
    ///
    /// ```
    /// assert_eq!(metrics_core::BucketCounts::new(10)?.num_thresholds(), 10);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn num_thresholds(&self) -> usize {
        self.counts.len() - 1
    }

    /// Whether there is no sample of non-zero weight.
    ///
    /// ```
    /// let mut counts = metrics_core::BucketCounts::new(1)?;
    /// assert!(counts.is_empty());
    /// counts.add("mine", &[0, 3], &[0, 0])?;
    /// assert!(!counts.is_empty());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        // On bits: a thread may take subnormals for zero.
        self.n_counted == 0 && self.fractional_weight.to_bits() == 0
    }

    /// Whether `n_samples` more samples without weights may be added.
    ///
    /// ```
    /// use metrics_core::{BucketCounts, MAX_SAMPLES};
    ///
    /// let counts = BucketCounts::new(1)?;
    /// assert!(counts.check_room("mine", MAX_SAMPLES).is_ok());
    /// assert!(counts.check_room("mine", MAX_SAMPLES + 1).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TooManySamples`], [`Error::WeightOverflow`].
    pub fn check_room(&self, op: &'static str, n_samples: u64) -> Result<()> {
        in_default_mode(|| self.room(op, n_samples, 0.0, WEIGHT_LIMIT).map(|_| ()))
    }

    /// Adds the samples of a batch to the totals: those that are counted, and the weight of the others. The caller
    /// must then add them to the buckets.
    ///
    /// # Errors
    /// [`Error::TooManySamples`], [`Error::WeightOverflow`], [`Error::OutOfMemory`]; nothing has changed
    /// then.
    pub(crate) fn reserve(
        &mut self,
        op: &'static str,
        n_counted: u64,
        fractional_weight: f64,
    ) -> Result<()> {
        self.reserve_weighed(op, n_counted, fractional_weight, WEIGHT_LIMIT)
    }

    fn reserve_weighed(
        &mut self,
        op: &'static str,
        n_counted: u64,
        fractional_weight: f64,
        limit: f64,
    ) -> Result<()> {
        let room = self.room(op, n_counted, fractional_weight, limit)?;
        if fractional_weight > 0.0 && self.fractional.is_none() {
            self.fractional =
                Some(zeros(self.counts.len()).map_err(|refused| refused.needed_by(op))?);
        }
        (self.n_counted, self.fractional_weight) = room;
        Ok(())
    }

    /// The totals with these samples and this weight added, if they are within the limits.
    fn room(
        &self,
        op: &'static str,
        n_counted: u64,
        fractional_weight: f64,
        limit: f64,
    ) -> Result<(u64, f64)> {
        let n_samples = self.n_counted.saturating_add(n_counted);
        if n_samples > MAX_SAMPLES {
            return Err(Error::TooManySamples { op, task: 0, n_samples, max: MAX_SAMPLES });
        }
        let weight = self.fractional_weight + fractional_weight;
        if weight + n_samples as f64 >= limit {
            return Err(Error::WeightOverflow { op, task: 0 });
        }
        Ok((n_samples, weight))
    }

    /// The counters of the negatives and of the positives of each bucket, for samples that were
    /// [reserved](Self::reserve).
    pub(crate) fn counters(&mut self) -> &mut [u64] {
        self.counts.as_flattened_mut()
    }

    /// Adds one sample with its weight, which was [reserved](Self::reserve). The number is twice the bucket, and
    /// one more for a positive.
    pub(crate) fn weigh(&mut self, number: usize, weight: f64) {
        let (counted, fractional) = weigh(&[weight]);
        self.counts.as_flattened_mut()[number] += counted;
        self.has_repeats |= counted > 1;
        if fractional > 0.0 {
            self.fractional_mut().as_flattened_mut()[number].add(fractional);
        }
    }

    /// Adds the weights of a batch.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve).
    pub(crate) fn add_weights(&mut self, op: &'static str, weights: BucketWeights) -> Result<()> {
        let BucketWeights { counted, has_repeats, summed } = weights;
        let n_counted = counted.iter().fold(0, |all: u64, &counted| all.saturating_add(counted));
        let total = summed
            .as_ref()
            .map_or(0.0, |(unit, sums)| sums.iter().map(|&units| unit.value(units)).sum());
        self.reserve(op, n_counted, total)?;
        self.has_repeats |= has_repeats;
        self.counters().iter_mut().zip(counted).for_each(|(all, counted)| *all += counted);
        if let Some((unit, sums)) = summed.filter(|_| total > 0.0) {
            let fractional = self.fractional_mut().as_flattened_mut();
            for (sum, units) in fractional.iter_mut().zip(sums) {
                if units != 0 {
                    unit.add_to(sum, units);
                }
            }
        }
        Ok(())
    }

    /// Adds samples that were counted elsewhere, say on a device: the negatives and the positives of
    /// each bucket.
    ///
    /// ```
    /// use metrics_core::{BucketCounts, Error};
    ///
    /// let mut counts = BucketCounts::new(2)?;
    /// counts.add("mine", &[2, 0, 0], &[0, 0, 1])?;
    /// let error = counts.add("mine", &[1, 1], &[0, 0, 1]).unwrap_err();
    /// assert!(matches!(error, Error::InvalidCounts { index: 2, .. }));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidCounts`] unless there is one of each for each bucket,
    /// [`Error::TooManySamples`], [`Error::WeightOverflow`]; nothing has changed then.
    pub fn add(&mut self, op: &'static str, negatives: &[u64], positives: &[u64]) -> Result<()> {
        let n_buckets = self.counts.len();
        if negatives.len() != n_buckets || positives.len() != n_buckets {
            let index = negatives.len().min(positives.len()).min(n_buckets);
            let reason = "there is no count for each bucket";
            return Err(Error::InvalidCounts { op, task: 0, index, reason });
        }
        let n_samples = negatives.iter().chain(positives).fold(0, |n: u64, &m| n.saturating_add(m));
        in_default_mode(|| self.reserve_weighed(op, n_samples, 0.0, WEIGHT_LIMIT))?;
        for (total, (n_negatives, n_positives)) in
            self.counts.iter_mut().zip(negatives.iter().zip(positives))
        {
            *total = [total[0] + n_negatives, total[1] + n_positives];
        }
        Ok(())
    }

    /// Adds the counts of another metric with as many thresholds.
    pub(crate) fn merge(&mut self, op: &'static str, other: &Self) -> Result<()> {
        self.reserve_weighed(op, other.n_counted, other.fractional_weight, WEIGHT_LIMIT)?;
        self.has_repeats |= other.has_repeats;
        for (ours, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *ours = [ours[0] + theirs[0], ours[1] + theirs[1]];
        }
        if let Some(theirs) = &other.fractional {
            for (ours, theirs) in
                self.fractional_mut().iter_mut().flatten().zip(theirs.iter().flatten())
            {
                ours.merge(*theirs);
            }
        }
        Ok(())
    }

    /// Sets the contents of a bucket that is empty.
    pub(crate) fn set(&mut self, op: &'static str, bucket: Bucket) -> Result<()> {
        let n_counted = bucket.negatives.saturating_add(bucket.positives);
        let [negatives, positives] = bucket.fractional;
        let weight = negatives.value() + positives.value();
        self.reserve_weighed(op, n_counted, weight, STATE_WEIGHT_LIMIT)?;
        self.counts[bucket.index] = [bucket.negatives, bucket.positives];
        if bucket.fractional != [Sum2::default(); 2] {
            self.fractional_mut()[bucket.index] = bucket.fractional;
        }
        Ok(())
    }

    fn fractional_mut(&mut self) -> &mut Vec<[Sum2; 2]> {
        let n_buckets = self.counts.len();
        self.fractional.get_or_insert_with(|| vec![[Sum2::default(); 2]; n_buckets])
    }

    /// The buckets that hold something, from low to high.
    pub(crate) fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        let fractional = self.fractional.as_deref();
        self.counts
            .iter()
            .enumerate()
            .map(move |(index, &[negatives, positives])| Bucket {
                index,
                negatives,
                positives,
                fractional: fractional.map_or([Sum2::default(); 2], |sums| sums[index]),
            })
            .filter(|bucket| !bucket.is_empty())
    }

    /// Whether all weights were whole numbers of up to 2^20.
    pub(crate) fn is_counted(&self) -> bool {
        self.fractional.is_none()
    }

    /// Whether counts stand for weights. It is false where other weights are summed, since it would make no
    /// difference.
    pub(crate) fn has_repeats(&self) -> bool {
        self.has_repeats && self.is_counted()
    }

    /// Says whether the counts that were set stand for weights.
    pub(crate) fn set_repeats(&mut self, has_repeats: bool) {
        self.has_repeats = has_repeats;
    }

    /// Weight of all negatives and of all positives.
    pub(crate) fn total(&self) -> [f64; 2] {
        let mut total = [Sum2::default(); 2];
        for bucket in self.buckets() {
            total.iter_mut().zip(bucket.weights()).for_each(|(total, weight)| total.add(weight));
        }
        total.map(Sum2::value)
    }

    /// The sums over the buckets, each of them one tie group.
    pub(crate) fn sums(&self) -> RankSums {
        if self.is_counted() {
            let mut sums = IntegerSums::default();
            self.buckets().rev().for_each(|bucket| sums.push(bucket.positives, bucket.negatives));
            if self.has_repeats {
                return RankSums::of_repeats(sums, || self.weigh_all());
            }
            return sums.into();
        }
        self.weigh_all().into()
    }

    fn weigh_all(&self) -> WeightedSums {
        let [n_negatives, n_positives] = self.total();
        let mut sums = WeightedSums::new(n_positives, n_negatives);
        for bucket in self.buckets().rev() {
            let [negatives, positives] = bucket.weights();
            sums.push(positives, negatives);
        }
        sums
    }
}
