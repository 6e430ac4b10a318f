//! The areas under both curves of one task, kept as sums that have no order.

use crate::error::{Error, Result};
use crate::exact::{MAX_SAMPLES, PRECISION_BITS, Sum2, ratio};
use crate::float_mode::in_default_mode;
use crate::precisions::{self, Steps, fixed};
use crate::shares::{ShareSum, Wide};

/// What ranking a task yields: enough for its AUPRC and its AUROC, both from one sort.
///
/// ```
/// use metrics_core::slice::BinaryAuprc;
/// use metrics_core::Metric;
///
/// let mut metric = BinaryAuprc::new();
/// metric.update(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?;
/// let areas = &metric.areas()?[0];
/// assert_eq!((areas.n_positives(), areas.n_negatives()), (3.0, 1.0));
/// assert_eq!((areas.auprc(), areas.auroc()), (Some(11.0 / 12.0), Some(2.0 / 3.0)));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Areas(Sums);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sums {
    Counted(CountedAreas),
    /// Counts that stand for weights, where fixed point would lose too much of a small AUPRC.
    Repeated {
        sums: CountedAreas,
        auprc: f64,
    },
    Weighted {
        n_positives: f64,
        n_negatives: f64,
        auprc: f64,
        auroc: f64,
    },
}

impl Areas {
    /// Of no samples.
    pub(crate) fn none() -> Self {
        CountedAreas::default().into()
    }

    /// Positives: their number, or the sum of their weights.
    pub fn n_positives(&self) -> f64 {
        match self.0 {
            Sums::Counted(sums) | Sums::Repeated { sums, .. } => sums.tp as f64,
            Sums::Weighted { n_positives, .. } => n_positives,
        }
    }

    /// Whether there is no sample of non-zero weight.
    pub(crate) fn is_empty(&self) -> bool {
        self.n_positives() == 0.0 && self.n_negatives() == 0.0
    }

    /// Negatives: their number, or the sum of their weights.
    pub fn n_negatives(&self) -> f64 {
        match self.0 {
            Sums::Counted(sums) | Sums::Repeated { sums, .. } => sums.fp as f64,
            Sums::Weighted { n_negatives, .. } => n_negatives,
        }
    }

    /// Average precision in `[0, 1]`; `None` without positives.
    pub fn auprc(&self) -> Option<f64> {
        in_default_mode(|| {
            if self.n_positives() == 0.0 {
                return None;
            }
            Some(match self.0 {
                Sums::Counted(sums) => sums.auprc(),
                Sums::Repeated { auprc, .. } | Sums::Weighted { auprc, .. } => auprc,
            })
        })
    }

    /// Area under the ROC curve in `[0, 1]`; `None` without positives or without negatives.
    pub fn auroc(&self) -> Option<f64> {
        in_default_mode(|| {
            if self.n_positives() == 0.0 || self.n_negatives() == 0.0 {
                return None;
            }
            Some(match self.0 {
                Sums::Counted(sums) | Sums::Repeated { sums, .. } => {
                    ratio(sums.pairs, 2 * u128::from(sums.tp) * u128::from(sums.fp))
                }
                Sums::Weighted { auroc, .. } => auroc,
            })
        })
    }
}

/// Least AUPRC of whole weights that fixed point is precise enough for: 2^-63 is 2^-43 of it.
const LEAST_FIXED: f64 = 1.0 / (1u64 << 20) as f64;

impl Areas {
    /// Areas of samples that are counted as often as their weights say: those of so many equal samples,
    /// to the bit, where that is within 1e-12 of the exact values; else AUPRC is that of `weighed`.
    pub(crate) fn of_repeats(sums: CountedAreas, weighed: impl FnOnce() -> WeightedAreas) -> Self {
        if sums.tp == 0 || sums.auprc() >= LEAST_FIXED {
            return sums.into();
        }
        Self(Sums::Repeated { sums, auprc: weighed().auprc() })
    }
}

impl From<CountedAreas> for Areas {
    fn from(sums: CountedAreas) -> Self {
        Self(Sums::Counted(sums))
    }
}

/// The integer sums behind unweighted areas, filled one distinct score at a time, high to low.
///
/// Sums over parts of the scores are taken apart, in any order, and added. That is why threads, batches
/// and devices cannot change a bit of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountedAreas {
    tp: u64,
    fp: u64,
    /// Σ step in tp · ⌊precision · 2^63⌋
    precision_sum: u128,
    /// Σ step in fp · (tp before + tp after): twice the pairs ranked right, ties counting half
    pairs: u128,
}

impl CountedAreas {
    /// Sums of a part of the scores, above which `tp` positives and `fp` negatives lie.
    pub(crate) fn starting_at(tp: u64, fp: u64) -> Self {
        Self { tp, fp, ..Self::default() }
    }

    /// Sums over all scores of a task that were taken elsewhere, say on a device: `precision_sum` is
    /// Σ step in tp · ⌊precision · 2^63⌋, `pairs` is Σ step in fp · (tp before + tp after).
    ///
    /// ```
    /// use metrics_core::{Areas, CountedAreas};
    ///
    /// // A positive above a negative: precision 1, and one pair of one that is ranked right.
    /// let areas = Areas::from(CountedAreas::from_sums(0, 1, 1, 1 << 63, 2)?);
    /// assert_eq!((areas.auprc(), areas.auroc()), (Some(1.0), Some(1.0)));
    /// assert!(CountedAreas::from_sums(0, 1, 1, 1 << 63, 3).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidCounts`] for sums that no samples have, as a precision above 1 would give;
    /// [`Error::TooManySamples`].
    pub fn from_sums(
        task: usize,
        tp: u64,
        fp: u64,
        precision_sum: u128,
        pairs: u128,
    ) -> Result<Self> {
        let (op, n_samples, max) = ("areas", tp.saturating_add(fp), MAX_SAMPLES);
        if n_samples > max {
            return Err(Error::TooManySamples { op, task, n_samples, max });
        }
        let invalid = |index, reason| Err(Error::InvalidCounts { op, task, index, reason });
        if precision_sum > u128::from(tp) << PRECISION_BITS {
            return invalid(0, "the precisions add up to more than 1 for each positive");
        }
        if pairs > 2 * u128::from(tp) * u128::from(fp) {
            return invalid(1, "more pairs are ranked right than there are");
        }
        Ok(Self { tp, fp, precision_sum, pairs })
    }

    /// The next distinct score, with the positives and the negatives that have it.
    #[inline]
    pub(crate) fn push(&mut self, n_positives: u64, n_negatives: u64) {
        let tp_before = self.tp;
        self.tp += n_positives;
        self.fp += n_negatives;
        // No branch on whether there are positives: without them the product is 0, and labels in
        // random order would make a branch guess wrong half the time.
        // Counts end at 2^53: as signed integers they convert in one instruction.
        let precision = self.tp as i64 as f64 / (self.tp + self.fp) as i64 as f64;
        self.precision_sum += u128::from(fixed(precision)) * u128::from(n_positives);
        self.pairs += u128::from(n_negatives) * u128::from(tp_before + self.tp);
    }

    /// The next distinct scores, `n_positives` and `n_negatives` in all.
    pub(crate) fn push_steps(&mut self, scores: Steps<'_>, n_positives: u64, n_negatives: u64) {
        let sums = precisions::sum(scores, self.tp, self.tp + self.fp);
        self.precision_sum += sums.precision;
        // Negatives down to a positive's score are not ranked below it.
        let ranked_right = n_positives * n_negatives - sums.negatives;
        self.pairs += 2 * u128::from(self.tp) * u128::from(n_negatives);
        self.pairs += 2 * u128::from(ranked_right) + u128::from(sums.ties);
        self.tp += n_positives;
        self.fp += n_negatives;
    }

    /// There must be positives.
    fn auprc(&self) -> f64 {
        ratio(self.precision_sum, u128::from(self.tp) << PRECISION_BITS)
    }

    /// Adds the sums of the part that comes next below this one.
    pub(crate) fn join(self, below: Self) -> Self {
        Self {
            tp: below.tp,
            fp: below.fp,
            precision_sum: self.precision_sum + below.precision_sum,
            pairs: self.pairs + below.pairs,
        }
    }
}

/// The sums behind weighted areas: `f64` with compensation, one distinct score at a time, high to
/// low.
///
/// All terms are positive, and each is a product of two shares, rounded seven times at most: the
/// areas are within 2^-50 of the exact ones, relatively, whatever the weights are. A subnormal area is
/// rounded to a multiple of 5e-324 besides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightedAreas {
    n_positives: f64,
    n_negatives: f64,
    tp: Sum2,
    fp: Sum2,
    auprc: ShareSum,
    auroc: ShareSum,
}

impl WeightedAreas {
    /// Sums for a task whose positives and negatives weigh this much in all.
    pub(crate) fn new(n_positives: f64, n_negatives: f64) -> Self {
        let (tp, fp) = (Sum2::default(), Sum2::default());
        let (auprc, auroc) = (ShareSum::default(), ShareSum::default());
        Self { n_positives, n_negatives, tp, fp, auprc, auroc }
    }

    /// The next distinct score, with the weight of its positives and of its negatives.
    pub(crate) fn push(&mut self, positives: f64, negatives: f64) {
        let tp_before = self.tp.value();
        self.tp.add(positives);
        self.fp.add(negatives);
        let tp = self.tp.value();
        let wide = Wide::new;
        if positives > 0.0 {
            let (n_positives, tp_and_fp) = (self.n_positives, tp + self.fp.value());
            self.auprc.add_product(positives / n_positives, tp / tp_and_fp, || {
                wide(positives) / wide(n_positives) * (wide(tp) / wide(tp_and_fp))
            });
        }
        if negatives > 0.0 && tp > 0.0 {
            let (n_positives, n_negatives) = (self.n_positives, self.n_negatives);
            let tpr = 0.5 * (tp_before / n_positives) + 0.5 * (tp / n_positives);
            self.auroc.add_product(negatives / n_negatives, tpr, || {
                let mean_tp = wide(tp) * wide(0.5 + 0.5 * (tp_before / tp));
                wide(negatives) / wide(n_negatives) * (mean_tp / wide(n_positives))
            });
        }
    }
}

impl WeightedAreas {
    /// Rounding may carry a perfect score past 1 by one unit in the last place.
    fn auprc(&self) -> f64 {
        self.auprc.value().min(1.0)
    }

    fn auroc(&self) -> f64 {
        self.auroc.value().min(1.0)
    }
}

impl From<WeightedAreas> for Areas {
    fn from(sums: WeightedAreas) -> Self {
        Self(Sums::Weighted {
            n_positives: sums.n_positives,
            n_negatives: sums.n_negatives,
            auprc: sums.auprc(),
            auroc: sums.auroc(),
        })
    }
}
