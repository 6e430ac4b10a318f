//! The whole curves as functions.

use crate::backend::{Backend, ToTensor};
use crate::curve::{PrecisionRecallCurve, RocCurve};
use crate::error::Result;
use crate::float_mode::in_default_mode;
use crate::input::Batch;
use crate::options::{Options, UndefinedCase};
use crate::ranked::single_points;

/// Precision and recall of one binary task at every distinct score.
///
/// ```text
/// precision = tps / (tps + fps)    recall = tps / n_positives
/// ```
/// Lengths, order and end point are those of scikit-learn's `precision_recall_curve`: thresholds
/// increase, and a last point with precision 1 and recall 0 has no threshold.
///
/// # Undefined cases
/// Without positives recall is 1 at every threshold, as in scikit-learn, or what
/// [`Undefined`](crate::Undefined) says.
///
/// # Errors
/// As [`binary_auprc`](crate::binary_auprc).
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
    binary_precision_recall_curve_with(scores, targets, Options::new())
}

/// [`binary_precision_recall_curve`] with sample weights or another policy for undefined values.
///
/// # Errors
/// As [`binary_auprc_with`](crate::binary_auprc_with).
pub fn binary_precision_recall_curve_with<'a, B: Backend>(
    scores: &'a (impl ToTensor<B> + ?Sized),
    targets: &'a (impl ToTensor<B> + ?Sized),
    options: Options<'a, B>,
) -> Result<PrecisionRecallCurve> {
    let op = "binary_precision_recall_curve";
    let batch = Batch::<B>::new(op, scores.to_tensor(), targets.to_tensor(), options.weights)?;
    let case = UndefinedCase { op, task: 0, reason: "there are no positives" };
    in_default_mode(|| PrecisionRecallCurve::new(&single_points(batch)?, options.undefined, case))
}

/// False and true positive rate of one binary task at every distinct score.
///
/// ```text
/// fpr = fps / n_negatives    tpr = tps / n_positives
/// ```
/// Lengths, order and first point are those of scikit-learn's `roc_curve` with
/// `drop_intermediate=False`: thresholds decrease, and a first point `(0, 0)` has threshold `+inf`.
/// Where a score is `+inf`, a second threshold is too, and only there are two thresholds equal.
///
/// # Undefined cases
/// Without positives the true positive rate is 0, without negatives the false positive rate; or
/// what [`Undefined`](crate::Undefined) says.
///
/// # Errors
/// As [`binary_auroc`](crate::binary_auroc).
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
    binary_roc_curve_with(scores, targets, Options::new())
}

/// [`binary_roc_curve`] with sample weights or another policy for undefined values.
///
/// # Errors
/// As [`binary_auroc_with`](crate::binary_auroc_with).
pub fn binary_roc_curve_with<'a, B: Backend>(
    scores: &'a (impl ToTensor<B> + ?Sized),
    targets: &'a (impl ToTensor<B> + ?Sized),
    options: Options<'a, B>,
) -> Result<RocCurve> {
    let op = "binary_roc_curve";
    let batch = Batch::<B>::new(op, scores.to_tensor(), targets.to_tensor(), options.weights)?;
    let case = UndefinedCase { op, task: 0, reason: "there are no positives or no negatives" };
    in_default_mode(|| RocCurve::new(&single_points(batch)?, options.undefined, case))
}
