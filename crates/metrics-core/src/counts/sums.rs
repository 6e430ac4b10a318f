//! The sums over a ranking, from which areas are read.

use crate::arith::exact::{MAX_SAMPLES, PRECISION_BITS, Sum2, ratio};
use crate::arith::float_mode::in_default_mode;
use crate::arith::shares::{ShareSum, Wide};
use crate::arith::sums::IntegerSums;
use crate::arith::weight_sums::WeightedAreas;
use crate::error::{Error, Result};

/// The sums over the ranking of a task: enough for its AUPRC and its AUROC, both from one sort. The reading
/// [`Sums`](struct@crate::Sums) returns them.
///
/// ```
/// use metrics_core::{Readings, Sums};
///
/// let sums = Sums.read(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?;
/// assert_eq!((sums.auprc(), sums.auroc()), (Some(11.0 / 12.0), Some(2.0 / 3.0)));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankSums(SumsForm);

#[derive(Debug, Clone, Copy, PartialEq)]
enum SumsForm {
    Counted(IntegerSums),
    /// Counts that stand for weights, where fixed point would lose too much of a small AUPRC.
    Repeated {
        sums: IntegerSums,
        auprc: f64,
    },
    Weighted {
        n_positives: f64,
        n_negatives: f64,
        auprc: f64,
        auroc: f64,
    },
}

impl RankSums {
    /// The sums of no samples.
    pub(crate) fn none() -> Self {
        IntegerSums::default().into()
    }

    /// Positives: their number, or the sum of their weights.
    ///
    /// ```
    /// use metrics_core::{Readings, Sums};
    ///
    /// let weights = [0.5, 2.0, 1.0];
    /// let sums = Sums.weights(&weights).read(&[0.2, 0.7, 0.5], &[1, 1, 0])?;
    /// assert_eq!(sums.n_positives(), 2.5);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn n_positives(&self) -> f64 {
        match self.0 {
            SumsForm::Counted(sums) | SumsForm::Repeated { sums, .. } => sums.tp as f64,
            SumsForm::Weighted { n_positives, .. } => n_positives,
        }
    }

    /// Whether there is no sample of non-zero weight.
    pub(crate) fn is_empty(&self) -> bool {
        self.n_positives() == 0.0 && self.n_negatives() == 0.0
    }

    /// Negatives: their number, or the sum of their weights.
    ///
    /// ```
    /// use metrics_core::{Readings, Sums};
    ///
    /// assert_eq!(Sums.read(&[0.2, 0.7, 0.5], &[1, 0, 0])?.n_negatives(), 2.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn n_negatives(&self) -> f64 {
        match self.0 {
            SumsForm::Counted(sums) | SumsForm::Repeated { sums, .. } => sums.fp as f64,
            SumsForm::Weighted { n_negatives, .. } => n_negatives,
        }
    }

    /// Average precision in `[0, 1]`; `None` without positives.
    ///
    /// ```
    /// use metrics_core::{Readings, Sums};
    ///
    /// assert_eq!(Sums.read(&[0.5, 0.5], &[1, 0])?.auprc(), Some(0.5));
    /// assert_eq!(Sums.read(&[0.5, 0.5], &[0, 0])?.auprc(), None);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn auprc(&self) -> Option<f64> {
        in_default_mode(|| {
            if self.n_positives() == 0.0 {
                return None;
            }
            Some(match self.0 {
                SumsForm::Counted(sums) => sums.auprc(),
                SumsForm::Repeated { auprc, .. } | SumsForm::Weighted { auprc, .. } => auprc,
            })
        })
    }

    /// Area under the ROC curve in `[0, 1]`; `None` without positives or without negatives.
    ///
    /// ```
    /// use metrics_core::{Readings, Sums};
    ///
    /// assert_eq!(Sums.read(&[0.2, 0.7], &[0, 1])?.auroc(), Some(1.0));
    /// assert_eq!(Sums.read(&[0.2, 0.7], &[1, 1])?.auroc(), None);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn auroc(&self) -> Option<f64> {
        in_default_mode(|| {
            if self.n_positives() == 0.0 || self.n_negatives() == 0.0 {
                return None;
            }
            Some(match self.0 {
                SumsForm::Counted(sums) | SumsForm::Repeated { sums, .. } => {
                    ratio(sums.pairs, 2 * u128::from(sums.tp) * u128::from(sums.fp))
                }
                SumsForm::Weighted { auroc, .. } => auroc,
            })
        })
    }
}

/// Smallest AUPRC of whole weights for which fixed point is precise enough: 2^-63 is 2^-43 of it.
const LEAST_FIXED: f64 = 1.0 / (1u64 << 20) as f64;

impl RankSums {
    /// Sums over samples that count as often as their whole weights say. They have the bits of repeated
    /// samples, except where fixed point is less precise than 1e-12: there the AUPRC is that of `weighed`.
    pub(crate) fn of_repeats(sums: IntegerSums, weighed: impl FnOnce() -> WeightedSums) -> Self {
        if Self::are_precise(&sums) {
            return sums.into();
        }
        Self(SumsForm::Repeated { sums, auprc: weighed().auprc() })
    }

    /// Whether sums over samples that count as often as their weights say are precise enough for weights.
    pub(crate) fn are_precise(sums: &IntegerSums) -> bool {
        sums.tp == 0 || sums.auprc() >= LEAST_FIXED
    }
}

impl From<IntegerSums> for RankSums {
    fn from(sums: IntegerSums) -> Self {
        Self(SumsForm::Counted(sums))
    }
}

impl IntegerSums {
    /// Sums over all scores of a task, from a device for instance: `precision_sum` is
    /// Σ step in tp · ⌊precision · 2^63⌋, `pairs` is Σ step in fp · (tp before + tp after).
    ///
    /// ```
    /// use metrics_core::{RankSums, backend::IntegerSums};
    ///
    /// // A positive above a negative: precision 1, and one pair of one that is ranked right.
    /// let sums = RankSums::from(IntegerSums::from_sums(0, 1, 1, 1 << 63, 2)?);
    /// assert_eq!((sums.auprc(), sums.auroc()), (Some(1.0), Some(1.0)));
    /// assert!(IntegerSums::from_sums(0, 1, 1, 1 << 63, 3).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidCounts`] for sums that no samples have, for instance of a precision above 1;
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
}

/// The sums behind weighted areas where they cannot be taken as integers: `f64` with compensation, one distinct
/// score at a time, high to low.
///
/// All terms are positive, and each is a product of two shares, rounded at most seven times. So the areas
/// have a relative error of at most 2^-50, whatever the weights are. A subnormal area is also rounded to a
/// multiple of 5e-324.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightedSums {
    n_positives: f64,
    n_negatives: f64,
    tp: Sum2,
    fp: Sum2,
    auprc: ShareSum,
    auroc: ShareSum,
}

impl WeightedSums {
    /// Sums for a task with this total weight of positives and of negatives.
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

impl WeightedSums {
    /// At most 1: rounding may exceed it by one unit in the last place.
    fn auprc(&self) -> f64 {
        self.auprc.value().min(1.0)
    }

    fn auroc(&self) -> f64 {
        self.auroc.value().min(1.0)
    }
}

impl From<WeightedAreas> for RankSums {
    fn from(areas: WeightedAreas) -> Self {
        let WeightedAreas { n_positives, n_negatives, auprc, auroc } = areas;
        Self(SumsForm::Weighted { n_positives, n_negatives, auprc, auroc })
    }
}

impl From<WeightedSums> for RankSums {
    fn from(sums: WeightedSums) -> Self {
        Self(SumsForm::Weighted {
            n_positives: sums.n_positives,
            n_negatives: sums.n_negatives,
            auprc: sums.auprc(),
            auroc: sums.auroc(),
        })
    }
}
