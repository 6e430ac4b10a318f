//! Area under the receiver operating characteristic.

use crate::backend::{Backend, ToTensor};
use crate::counts::sums::RankSums;
use crate::error::Result;
use crate::metric::evaluation::Evaluation;
use crate::metric::reading::{Policy, Reading, Readings};

/// Area under the receiver operating characteristic of one binary task.
///
/// ```text
/// AUROC = Σₖ (fpsₖ − fpsₖ₋₁) · (tpsₖ + tpsₖ₋₁) / (2 · n_positives · n_negatives)
/// ```
/// k over the distinct scores, high to low. In `[0, 1]`: the share of pairs of a positive and a
/// negative that the scores rank right, ties counting half. The same definition as scikit-learn's
/// [`roc_auc_score`] and torcheval's [`binary_auroc`][torcheval].
///
/// [`roc_auc_score`]: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_auc_score.html
/// [torcheval]: https://docs.pytorch.org/torcheval/stable/generated/torcheval.metrics.functional.binary_auroc.html
///
/// # Shapes
/// - `scores`: `(n_samples,)`, `(1, n_samples)` or `(n_samples, 1)`, no NaN; probabilities, logits, ranks: higher means
///   positive. They are compared at their own precision and may be infinite.
/// - `targets`: the same shape, each 0 or 1: bool, integer or float.
///
/// # Undefined cases
/// Without positives or without negatives there are no pairs. The value is then 0.5, as in torcheval, or
/// as the chosen [`Undefined`](crate::Undefined) says.
///
/// # Exactness
/// One ratio of two exact integers, rounded once: the nearest `f64` to the true value, for any order
/// of the samples, any number of threads and every backend.
///
/// # Complexity
/// O(n) time for 16-bit scores and integers of small range, else a radix sort over the bits in use.
/// At most 8 bytes of extra memory a sample for scores of up to 32 bits, 16 for 64.
///
/// # Errors
/// As [`Request::read`](crate::Request::read).
///
/// # Weights, several tasks, undefined values
/// Use a request of [`Auroc`]: [`weights`](crate::Readings::weights),
/// [`tasks`](crate::Readings::tasks), [`undefined`](crate::Readings::undefined).
///
/// # Examples
/// ```
/// use metrics_core::slice::binary_auroc;
///
/// assert_eq!(binary_auroc(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?, 2.0 / 3.0);
/// assert_eq!(binary_auroc(&[0.5, 0.5], &[1, 0])?, 0.5);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[doc(alias("roc_auc", "roc_auc_score", "AUC", "AUROC"))]
pub fn binary_auroc<B: Backend>(
    scores: &(impl ToTensor<B> + ?Sized),
    targets: &(impl ToTensor<B> + ?Sized),
) -> Result<f64> {
    Auroc.read(scores, targets)
}

/// Exact area under the ROC curve over all samples, added batch by batch; for one task or many.
///
/// The value is that of [`binary_auroc`] on all samples at once, to the bit.
///
/// ```
/// use metrics_core::Metric;
/// use metrics_core::slice::BinaryAuroc;
///
/// let mut auroc = BinaryAuroc::new();
/// auroc.update(&[0.1, 0.5], &[1, 0])?;
/// auroc.update(&[0.7, 0.8], &[1, 1])?;
/// assert_eq!(auroc.compute()?, 2.0 / 3.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub type BinaryAuroc<B> = Evaluation<B, Auroc>;

/// The reading of [`binary_auroc`].
///
/// ```
/// use metrics_core::{Auroc, Readings, Undefined};
///
/// assert_eq!(Auroc.read(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?, 2.0 / 3.0);
/// let weights = [1.0, 3.0, 1.0];
/// assert_eq!(Auroc.weights(&weights).read(&[0.2, 0.7, 0.5], &[0, 0, 1])?, 0.25);
/// assert!(Auroc.undefined(Undefined::Nan).read(&[0.5], &[1])?.is_nan());
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Auroc;

impl Reading for Auroc {
    type Source = RankSums;
    type Value = f64;

    fn name(&self) -> &'static str {
        "binary_auroc"
    }

    fn value(&self, sums: &RankSums, policy: Policy) -> Result<f64> {
        policy.resolve(sums.auroc(), 0.5, "there are no positives or no negatives")
    }
}
