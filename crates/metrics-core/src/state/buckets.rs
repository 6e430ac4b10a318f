//! The state of the bucketed area.

use std::fmt;

use super::codec::{Reader, StateKind, header, write_varint};
use crate::arith::exact::Sum2;
use crate::arith::float_mode::in_default_mode;
use crate::counts::buckets::MAX_NUM_THRESHOLDS;
use crate::counts::buckets::{Bucket, BucketCounts};
use crate::curve::Curve;
use crate::error::{Result, StateError};

/// The bucket counts of an [`Auc`](crate::Auc), as plain data.
///
/// ```
/// use metrics_core::slice::Auc;
/// use metrics_core::{AucState, Curve, Metric};
///
/// let mut auc = Auc::new(Curve::Roc, 4)?;
/// auc.update(&[0.1, 0.6, 0.9], &[0, 0, 1])?;
/// let state = auc.state()?;
/// assert_eq!(state.stat_pos(), [0, 0, 0, 1, 0]);
/// assert_eq!(state.stat_neg(), [1, 0, 1, 0, 0]);
///
/// let mut other = Auc::new(Curve::Roc, 4)?;
/// other.load_state(&AucState::from_bytes(&state.to_bytes())?)?;
/// assert_eq!(other.compute()?, auc.compute()?);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AucState {
    curve: Curve,
    num_thresholds: usize,
    /// Whether there are sums of weights.
    is_weighted: bool,
    /// Whether counts stand for weights. False where there are sums, since it would make no difference.
    has_repeats: bool,
    n_buckets: usize,
    /// The buckets that are not empty, from low to high, in their byte form: about three bytes each.
    bytes: Vec<u8>,
}

impl fmt::Debug for AucState {
    /// The number of buckets that are not empty, not each of them: there may be millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AucState")
            .field("curve", &self.curve)
            .field("num_thresholds", &self.num_thresholds)
            .field("n_filled_buckets", &self.n_buckets)
            .finish_non_exhaustive()
    }
}

/// Buckets are counts alone.
const COUNTED: u8 = 0;
/// The sums of other weights follow the counts of each bucket.
const WEIGHTED: u8 = 1;
/// Buckets are counts that stand for weights; from version 2 on.
const REPEATED: u8 = 2;

impl AucState {
    pub(crate) fn new(curve: Curve, counts: &BucketCounts) -> Self {
        let mut state = Self {
            curve,
            num_thresholds: counts.num_thresholds(),
            is_weighted: counts.buckets().any(|bucket| bucket.is_weighted()),
            has_repeats: counts.has_repeats(),
            n_buckets: 0,
            bytes: Vec::new(),
        };
        let mut next = 0;
        for bucket in counts.buckets() {
            state.push(bucket.index - next, bucket);
            next = bucket.index + 1;
        }
        state.bytes.shrink_to_fit();
        state
    }

    /// Appends a bucket, at this distance from the one before.
    fn push(&mut self, distance: usize, bucket: Bucket) {
        write_varint(&mut self.bytes, distance as u64);
        write_varint(&mut self.bytes, bucket.negatives);
        write_varint(&mut self.bytes, bucket.positives);
        if self.is_weighted {
            for part in bucket.fractional.iter().flat_map(|sum| sum.parts()) {
                self.bytes.extend(part.to_le_bytes());
            }
        }
        self.n_buckets += 1;
    }

    /// The buckets that are not empty, from low to high.
    fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        let mut reader = Reader::new(&self.bytes);
        let mut next = 0;
        // The bytes were written by `push` or checked by `from_bytes`.
        (0..self.n_buckets).map_while(move |_| {
            let bucket =
                read_bucket(&mut reader, next, self.num_thresholds, self.is_weighted).ok()?;
            next = bucket.index + 1;
            Some(bucket)
        })
    }

    /// Name of the metric: `auc`.
    ///
    /// ```
    /// assert_eq!(metrics_core::slice::Auc::default().state()?.name(), "auc");
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn name(&self) -> &'static str {
        "auc"
    }

    /// Which curve the area is taken under.
    ///
    /// ```
    /// use metrics_core::{Curve, slice::Auc};
    ///
    /// assert_eq!(Auc::new(Curve::Pr, 10)?.state()?.curve(), Curve::Pr);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// One less than the number of buckets.
    ///
    /// ```
    /// use metrics_core::{Curve, slice::Auc};
    ///
    /// assert_eq!(Auc::new(Curve::Roc, 10)?.state()?.num_thresholds(), 10);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn num_thresholds(&self) -> usize {
        self.num_thresholds
    }

    /// Number of positives in each bucket, without the samples whose weight is not a whole number of at most
    /// 2^20.
    ///
    /// The vector has [`num_thresholds`](Self::num_thresholds)` + 1` elements, 128 MiB at most, even
    /// where the state itself was read from a few bytes.
    ///
    /// ```
    /// use metrics_core::{Curve, slice::Auc};
    ///
    /// let mut auc = Auc::new(Curve::Roc, 2)?;
    /// auc.update(&[0.1, 0.6, 0.9, 1.0], &[1, 1, 1, 0])?;
    /// assert_eq!(auc.state()?.stat_pos(), [1, 2, 0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn stat_pos(&self) -> Vec<u64> {
        self.dense(|bucket| bucket.positives)
    }

    /// Number of negatives in each bucket, without the samples whose weight is not a whole number of at most
    /// 2^20. It takes as much memory as [`stat_pos`](Self::stat_pos).
    ///
    /// ```
    /// use metrics_core::{Curve, slice::Auc};
    ///
    /// let mut auc = Auc::new(Curve::Roc, 2)?;
    /// auc.update(&[0.1, 0.6, 0.9, 1.0], &[1, 1, 1, 0])?;
    /// assert_eq!(auc.state()?.stat_neg(), [0, 0, 1]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn stat_neg(&self) -> Vec<u64> {
        self.dense(|bucket| bucket.negatives)
    }

    fn dense(&self, count: impl Fn(&Bucket) -> u64) -> Vec<u64> {
        let mut counts = vec![0; self.num_thresholds + 1];
        in_default_mode(|| {
            self.buckets().for_each(|bucket| counts[bucket.index] = count(&bucket));
        });
        counts
    }

    pub(crate) fn counts(&self) -> Result<BucketCounts> {
        let mut counts = BucketCounts::new(self.num_thresholds)?;
        for bucket in self.buckets() {
            counts.set(self.name(), bucket)?;
        }
        counts.set_repeats(self.has_repeats);
        Ok(counts)
    }

    /// The state in its one byte form.
    ///
    /// `tmst`, version, kind 2, curve, `num_thresholds`, whether there are sums of weights, the number of
    /// buckets that are not empty; then each of them, from low to high: its distance to the one
    /// before, negatives, positives and, if any, two sums of two `f64` each. Numbers are LEB128.
    ///
    /// The version is 2 where there are counts that stand for weights but no sums of weights (flag 2), else 1
    /// (flag 0 without sums of weights, 1 with them).
    ///
    /// ```
    /// use metrics_core::slice::Auc;
    ///
    /// // 4096 empty buckets take no bytes.
    /// let mut auc = Auc::default();
    /// assert!(auc.state()?.to_bytes().len() < 16);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = header(StateKind::Auc, self.has_repeats);
        out.push(match self.curve {
            Curve::Roc => 0,
            Curve::Pr => 1,
        });
        write_varint(&mut out, self.num_thresholds as u64);
        out.push(match self.is_weighted {
            true => WEIGHTED,
            false if self.has_repeats => REPEATED,
            false => COUNTED,
        });
        write_varint(&mut out, self.n_buckets as u64);
        out.extend_from_slice(&self.bytes);
        out
    }

    /// The state that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// The bytes may come from anywhere: all of them are checked before any is stored. The state takes as much
    /// memory as the bytes.
    ///
    /// ```
    /// use metrics_core::{AucState, Error, StateError, slice::Auc};
    ///
    /// let bytes = Auc::default().state()?.to_bytes();
    /// assert_eq!(AucState::from_bytes(&bytes)?.num_thresholds(), 4095);
    /// let error = AucState::from_bytes(&bytes[..5]).unwrap_err();
    /// assert!(matches!(error, Error::InvalidState { reason: StateError::Truncated, offset: 5 }));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidState`](crate::Error::InvalidState) saying what is wrong and at which byte.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        in_default_mode(|| Self::checked(bytes))
    }

    fn checked(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::state(bytes, StateKind::Auc)?;
        let curve = match reader.byte()? {
            0 => Curve::Roc,
            1 => Curve::Pr,
            _ => return Err(reader.error(StateError::OutOfRange("curve"))),
        };
        let num_thresholds = usize::try_from(reader.varint()?)
            .ok()
            .filter(|n| (1..=MAX_NUM_THRESHOLDS).contains(n))
            .ok_or_else(|| reader.error(StateError::OutOfRange("num_thresholds")))?;
        let (is_weighted, has_repeats) = match reader.byte()? {
            COUNTED => (false, false),
            WEIGHTED => (true, false),
            REPEATED if reader.version() >= 2 => (false, true),
            _ => return Err(reader.error(StateError::OutOfRange("weighted flag"))),
        };
        let n_buckets = reader.length("number of buckets")?;
        let start = reader.offset();
        let mut next = 0;
        // The totals must be within the limits of a metric.
        let mut total = BucketCounts::new(1)?;
        let (mut are_too_many, mut has_weight) = (false, false);
        for _ in 0..n_buckets {
            let bucket = read_bucket(&mut reader, next, num_thresholds, is_weighted)?;
            next = bucket.index + 1;
            has_weight |= bucket.is_weighted();
            are_too_many |= total.set("auc", Bucket { index: 0, ..bucket }).is_err();
        }
        let bytes = reader.since(start);
        reader.end(has_repeats)?;
        if are_too_many {
            return Err(reader.error(StateError::OutOfRange("sum of the buckets")));
        }
        if (is_weighted && !has_weight) || (has_repeats && n_buckets == 0) {
            return Err(reader.error(StateError::NotCanonical("weighted flag")));
        }
        let bytes = bytes.to_vec();
        Ok(Self { curve, num_thresholds, is_weighted, has_repeats, n_buckets, bytes })
    }
}

fn read_bucket(
    reader: &mut Reader<'_>,
    next: usize,
    num_thresholds: usize,
    is_weighted: bool,
) -> Result<Bucket> {
    let index = usize::try_from(reader.varint()?)
        .ok()
        .and_then(|distance| next.checked_add(distance))
        .filter(|&index| index <= num_thresholds)
        .ok_or_else(|| reader.error(StateError::OutOfRange("bucket")))?;
    let (negatives, positives) = (reader.varint()?, reader.varint()?);
    let mut fractional = [Sum2::default(); 2];
    if is_weighted {
        for sum in &mut fractional {
            *sum = read_sum(reader)?;
        }
    }
    if negatives == 0 && positives == 0 && fractional == [Sum2::default(); 2] {
        return Err(reader.error(StateError::NotCanonical("empty bucket")));
    }
    Ok(Bucket { index, negatives, positives, fractional })
}

fn read_sum(reader: &mut Reader<'_>) -> Result<Sum2> {
    let parts = [reader.f64()?, reader.f64()?];
    let [high, low] = parts;
    if !(high.is_finite() && high >= 0.0 && low.is_finite()) {
        return Err(reader.error(StateError::OutOfRange("sum of weights")));
    }
    let has_minus_zero = parts.iter().any(|part| *part == 0.0 && part.is_sign_negative());
    if has_minus_zero || high + low != high || (high == 0.0 && low != 0.0) {
        return Err(reader.error(StateError::NotCanonical("sum of weights")));
    }
    Ok(Sum2::from_parts(parts))
}
