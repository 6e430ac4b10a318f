//! Area under the precision–recall curve, as average precision.

use crate::backend::{Backend, ToTensor};
use crate::counts::sums::RankSums;
use crate::error::Result;
use crate::metric::evaluation::Evaluation;
use crate::metric::reading::{Policy, Reading, Readings};

/// Area under the precision–recall curve of one binary task, as average precision.
///
/// ```text
/// AP = Σₖ (Rₖ − Rₖ₋₁) · Pₖ        k over the distinct scores, high to low
/// Pₖ = tpsₖ / (tpsₖ + fpsₖ)       precision of the samples with score ≥ threshold k
/// Rₖ = tpsₖ / n_positives         their recall
/// ```
/// A step-wise sum, not the trapezoid, in `[0, 1]`. The same definition as scikit-learn's
/// [`average_precision_score`] and torcheval's [`binary_auprc`][torcheval]; equal scores form one step.
///
/// [`average_precision_score`]: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html
/// [torcheval]: https://docs.pytorch.org/torcheval/stable/generated/torcheval.metrics.functional.binary_auprc.html
///
/// # Shapes
/// - `scores`: `(n_samples,)`, `(1, n_samples)` or `(n_samples, 1)`, no NaN; probabilities, logits, ranks: higher means
///   positive. They are compared at their own precision and may be infinite.
/// - `targets`: the same shape, each 0 or 1: bool, integer or float.
///
/// # Undefined cases
/// Without positives recall is 0/0. The value is then 0.0, as in torcheval, or as the chosen
/// [`Undefined`](crate::Undefined) says. Without negatives the value is 1.
///
/// # Exactness
/// Counts are integers. Each precision is one division rounded to `f64`, the steps are added as
/// integer multiples of 2^-63, and the sum is divided and rounded once. The value is at most 2 units in
/// the last place plus 2^-63 from the exact one, with the same bits for any order of the samples, any
/// number of threads and every backend. For the precision with weights see
/// [`Request::weights`](crate::Request::weights).
///
/// # Complexity
/// O(n) time for 16-bit scores and integers of small range, else a radix sort over the bits in use.
/// At most 8 bytes of extra memory a sample for scores of up to 32 bits, 16 for 64.
///
/// # Errors
/// As [`Request::read`](crate::Request::read).
///
/// # Weights, several tasks, undefined values
/// Use a request of [`Auprc`]: [`weights`](crate::Readings::weights),
/// [`tasks`](crate::Readings::tasks), [`undefined`](crate::Readings::undefined).
///
/// # Examples
/// ```
/// use metrics_core::slice::binary_auprc;
///
/// assert_eq!(binary_auprc(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?, 11.0 / 12.0);
/// // Tied scores are one step, in whatever order they come.
/// assert_eq!(binary_auprc(&[0.5, 0.5], &[1, 0])?, 0.5);
/// assert_eq!(binary_auprc(&[0.5, 0.5], &[0, 1])?, 0.5);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[doc(alias("average_precision", "average_precision_score", "AP", "AUPRC", "pr_auc"))]
pub fn binary_auprc<B: Backend>(
    scores: &(impl ToTensor<B> + ?Sized),
    targets: &(impl ToTensor<B> + ?Sized),
) -> Result<f64> {
    Auprc.read(scores, targets)
}

/// Exact average precision over all samples, added batch by batch; for one task or many.
///
/// The value is that of [`binary_auprc`] on all samples at once, to the bit.
///
/// ```
/// use metrics_core::Metric;
/// use metrics_core::slice::BinaryAuprc;
///
/// let mut auprc = BinaryAuprc::new();
/// auprc.update(&[0.1, 0.5], &[1, 0])?;
/// auprc.update(&[0.7, 0.8], &[1, 1])?;
/// assert_eq!(auprc.compute()?, 11.0 / 12.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub type BinaryAuprc<B> = Evaluation<B, Auprc>;

/// The reading of [`binary_auprc`].
///
/// ```
/// use metrics_core::{Auprc, Readings, Undefined};
///
/// assert_eq!(Auprc.read(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?, 11.0 / 12.0);
/// let weights = [1.0, 3.0];
/// assert_eq!(Auprc.weights(&weights).read(&[0.5, 0.5], &[1, 0])?, 0.25);
/// assert!(Auprc.undefined(Undefined::Nan).read(&[0.5], &[0])?.is_nan());
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Auprc;

impl Reading for Auprc {
    type Source = RankSums;
    type Value = f64;

    fn name(&self) -> &'static str {
        "binary_auprc"
    }

    fn value(&self, sums: &RankSums, policy: Policy) -> Result<f64> {
        policy.resolve(sums.auprc(), 0.0, "there are no positives")
    }
}
