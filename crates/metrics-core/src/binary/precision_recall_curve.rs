//! Precision and recall at every distinct score.

use crate::backend::{Backend, ToTensor};
use crate::counts::points::Order;
use crate::counts::ranked::RankedCounts;
use crate::error::Result;
use crate::metric::reading::{Policy, Reading, Readings};

/// Precision and recall of one binary task at every distinct score.
///
/// ```text
/// precision = tps / (tps + fps)    recall = tps / n_positives
/// ```
/// Lengths, order and end point are those of scikit-learn's [`precision_recall_curve`]: thresholds
/// increase, and a last point with precision 1 and recall 0 has no threshold.
///
/// [`precision_recall_curve`]: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_curve.html
///
/// # Undefined cases
/// Without positives recall is 1 at every threshold, as in scikit-learn, or as the chosen
/// [`Undefined`](crate::Undefined) says.
///
/// # Errors
/// As [`Request::read`](crate::Request::read).
///
/// # Weights, several tasks, undefined values
/// Use a request of [`PrecisionRecall`]: [`weights`](crate::Readings::weights),
/// [`tasks`](crate::Readings::tasks), [`undefined`](crate::Readings::undefined).
///
/// # Examples
/// ```
/// use metrics_core::slice::binary_precision_recall_curve;
///
/// let curve = binary_precision_recall_curve(&[0.1, 0.4, 0.35, 0.8], &[0, 0, 1, 1])?;
/// assert_eq!(curve.precision, [0.5, 2.0 / 3.0, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.recall, [1.0, 1.0, 0.5, 0.5, 0.0]);
/// assert_eq!(curve.thresholds, [0.1, 0.35, 0.4, 0.8]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[doc(alias("precision_recall_curve", "prc"))]
pub fn binary_precision_recall_curve<B: Backend>(
    scores: &(impl ToTensor<B> + ?Sized),
    targets: &(impl ToTensor<B> + ?Sized),
) -> Result<PrecisionRecallCurve> {
    PrecisionRecall.read(scores, targets)
}

/// Precision and recall at every distinct score, in scikit-learn's order.
///
/// ```
/// use metrics_core::slice::binary_precision_recall_curve;
///
/// // Two tied scores are one point; the last point has no threshold.
/// let curve = binary_precision_recall_curve(&[0.5, 0.5, 0.9], &[0, 1, 1])?;
/// assert_eq!(curve.thresholds, [0.5, 0.9]);
/// assert_eq!(curve.precision, [2.0 / 3.0, 1.0, 1.0]);
/// assert_eq!(curve.recall, [1.0, 0.5, 0.0]);
/// assert!(curve.counts.tps().iter().eq([1.0, 2.0]));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PrecisionRecallCurve {
    /// `tp / (tp + fp)` at each threshold, in `[0, 1]`, then a final 1: K + 1 values.
    pub precision: Vec<f64>,
    /// `tp / n_positives` at each threshold, in `[0, 1]`, decreasing, then a final 0: K + 1 values.
    pub recall: Vec<f64>,
    /// The K distinct scores, increasing.
    pub thresholds: Vec<f64>,
    /// The ranked counts of the curve, from the highest score down.
    pub counts: RankedCounts,
}

/// The reading of [`binary_precision_recall_curve`].
///
/// ```
/// use metrics_core::{PrecisionRecall, Readings};
///
/// let weights = [1.0, 3.0];
/// let curve = PrecisionRecall.weights(&weights).read(&[0.9, 0.5], &[1, 0])?;
/// assert_eq!(curve.precision, [0.25, 1.0, 1.0]);
/// assert_eq!(curve.recall, [1.0, 1.0, 0.0]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PrecisionRecall;

impl Reading for PrecisionRecall {
    type Source = RankedCounts;
    type Value = PrecisionRecallCurve;

    fn name(&self) -> &'static str {
        "binary_precision_recall_curve"
    }

    fn value(&self, counts: &RankedCounts, policy: Policy) -> Result<PrecisionRecallCurve> {
        let n_positives = counts.n_positives();
        let no_recall = (n_positives == 0.0)
            .then(|| policy.resolve(None, 1.0, "there are no positives"))
            .transpose()?;
        let recall = |tp: f64| no_recall.unwrap_or_else(|| tp / n_positives);
        let (op, order) = (Reading::name(self), Order::Upwards);
        Ok(PrecisionRecallCurve {
            precision: counts.points(op, order, 1.0, |tp, fp| tp / (tp + fp))?,
            recall: counts.points(op, order, 0.0, |tp, _| recall(tp))?,
            thresholds: counts.scores(op, order, None)?,
            counts: counts.clone(),
        })
    }
}
