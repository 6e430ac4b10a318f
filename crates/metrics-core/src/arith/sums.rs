//! The integer sums that unweighted areas are read from.

use super::exact::{PRECISION_BITS, ratio};
use super::precisions::{self, Steps, fixed};

/// The integer sums behind unweighted areas, added up over the distinct scores, high to low.
///
/// Sums over parts of the scores can be computed in any order and then added. That is why threads, batches
/// and devices cannot change a bit of the result.
///
/// ```
/// use metrics_core::{RankSums, backend::IntegerSums};
///
/// // A positive and a negative of one score: precision 1/2, and half a pair is ranked right.
/// let sums = RankSums::from(IntegerSums::from_sums(0, 1, 1, 1 << 62, 1)?);
/// assert_eq!((sums.auprc(), sums.auroc()), (Some(0.5), Some(0.5)));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IntegerSums {
    pub(crate) tp: u64,
    pub(crate) fp: u64,
    /// Σ step in tp · ⌊precision · 2^63⌋
    pub(crate) precision_sum: u128,
    /// Σ step in fp · (tp before + tp after): twice the pairs ranked right, ties counting half
    pub(crate) pairs: u128,
}

impl IntegerSums {
    /// Sums of a part of the scores, above which `tp` positives and `fp` negatives lie.
    pub(crate) fn starting_at(tp: u64, fp: u64) -> Self {
        Self { tp, fp, ..Self::default() }
    }

    /// The next distinct score, with the positives and the negatives that have it.
    #[inline]
    pub(crate) fn push(&mut self, n_positives: u64, n_negatives: u64) {
        let tp_before = self.tp;
        self.tp += n_positives;
        self.fp += n_negatives;
        // No branch on whether there are positives: without them the product is 0, and with labels in
        // random order half of the branches would be mispredicted.
        // Counts are at most 2^53: as signed integers they convert in one instruction.
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

    /// Average precision; there must be positives.
    pub(crate) fn auprc(&self) -> f64 {
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
