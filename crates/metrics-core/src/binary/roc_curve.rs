//! False and true positive rate at every distinct score.

use crate::backend::{Backend, ToTensor};
use crate::counts::points::Order;
use crate::counts::ranked::RankedCounts;
use crate::error::Result;
use crate::metric::reading::{Policy, Reading, Readings};

/// False and true positive rate of one binary task at every distinct score.
///
/// ```text
/// fpr = fps / n_negatives    tpr = tps / n_positives
/// ```
/// Lengths, order and first point are those of scikit-learn's [`roc_curve`] with
/// `drop_intermediate=False`: thresholds decrease, and a first point `(0, 0)` has threshold `+inf`.
/// Where the highest score is `+inf`, the first two thresholds are equal; no others are.
///
/// [`roc_curve`]: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_curve.html
///
/// # Undefined cases
/// Without positives the true positive rate is 0, and without negatives the false positive rate, or as
/// the chosen [`Undefined`](crate::Undefined) says.
///
/// # Errors
/// As [`Request::read`](crate::Request::read).
///
/// # Weights, several tasks, undefined values
/// Use a request of [`Roc`]: [`weights`](crate::Readings::weights),
/// [`tasks`](crate::Readings::tasks), [`undefined`](crate::Readings::undefined).
///
/// # Examples
/// ```
/// use metrics_core::slice::binary_roc_curve;
///
/// let curve = binary_roc_curve(&[0.1, 0.4, 0.35, 0.8], &[0, 0, 1, 1])?;
/// assert_eq!(curve.fpr, [0.0, 0.0, 0.5, 0.5, 1.0]);
/// assert_eq!(curve.tpr, [0.0, 0.5, 0.5, 1.0, 1.0]);
/// assert_eq!(curve.thresholds, [f64::INFINITY, 0.8, 0.4, 0.35, 0.1]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[doc(alias = "roc_curve")]
pub fn binary_roc_curve<B: Backend>(
    scores: &(impl ToTensor<B> + ?Sized),
    targets: &(impl ToTensor<B> + ?Sized),
) -> Result<RocCurve> {
    Roc.read(scores, targets)
}

/// False and true positive rate at every distinct score, in scikit-learn's order.
///
/// ```
/// use metrics_core::slice::binary_roc_curve;
///
/// // Two tied scores are one point; the first point has threshold infinity.
/// let curve = binary_roc_curve(&[0.5, 0.5, 0.9], &[0, 1, 1])?;
/// assert_eq!(curve.thresholds, [f64::INFINITY, 0.9, 0.5]);
/// assert_eq!(curve.fpr, [0.0, 0.0, 1.0]);
/// assert_eq!(curve.tpr, [0.0, 0.5, 1.0]);
/// assert!(curve.counts.tps().iter().eq([1.0, 2.0]));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RocCurve {
    /// `fp / n_negatives`: first 0, then at each threshold, in `[0, 1]`, increasing: K + 1 values.
    pub fpr: Vec<f64>,
    /// `tp / n_positives`: first 0, then at each threshold, in `[0, 1]`, increasing: K + 1 values.
    pub tpr: Vec<f64>,
    /// First `+inf`, then the K distinct scores, decreasing: K + 1 values, as with scikit-learn's
    /// `drop_intermediate=False`. Where the highest score is `+inf`, the first two are equal; no others are.
    pub thresholds: Vec<f64>,
    /// The ranked counts of the curve, from the highest score down.
    pub counts: RankedCounts,
}

/// The reading of [`binary_roc_curve`].
///
/// ```
/// use metrics_core::{Readings, Roc};
///
/// let weights = [1.0, 3.0, 1.0];
/// let curve = Roc.weights(&weights).read(&[0.2, 0.7, 0.5], &[0, 0, 1])?;
/// assert_eq!(curve.fpr, [0.0, 0.75, 0.75, 1.0]);
/// assert_eq!(curve.tpr, [0.0, 0.0, 1.0, 1.0]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Roc;

impl Reading for Roc {
    type Source = RankedCounts;
    type Value = RocCurve;

    fn name(&self) -> &'static str {
        "binary_roc_curve"
    }

    fn value(&self, counts: &RankedCounts, policy: Policy) -> Result<RocCurve> {
        let (n_positives, n_negatives) = (counts.n_positives(), counts.n_negatives());
        let no_rate = (n_positives == 0.0 || n_negatives == 0.0)
            .then(|| policy.resolve(None, 0.0, "there are no positives or no negatives"))
            .transpose()?;
        let rate = |n: f64, total: f64| {
            if total == 0.0 { no_rate.unwrap_or(0.0) } else { n / total }
        };
        let (op, order) = (Reading::name(self), Order::Downwards);
        let [fpr, tpr] = [n_negatives, n_positives].map(|total| rate(0.0, total));
        Ok(RocCurve {
            fpr: counts.points(op, order, fpr, |_, fp| rate(fp, n_negatives))?,
            tpr: counts.points(op, order, tpr, |tp, _| rate(tp, n_positives))?,
            thresholds: counts.scores(op, order, Some(f64::INFINITY))?,
            counts: counts.clone(),
        })
    }
}
