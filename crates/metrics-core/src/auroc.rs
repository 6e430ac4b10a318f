//! Area under the receiver operating characteristic.

use crate::areas::Areas;
use crate::backend::{Backend, ToTensor};
use crate::error::Result;
use crate::input::Batch;
use crate::options::Options;
use crate::ranked::{Formula, Ranked, single, tasks};

/// Area under the receiver operating characteristic of one binary task.
///
/// ```text
/// AUROC = Σₖ (fpsₖ − fpsₖ₋₁) · (tpsₖ + tpsₖ₋₁) / (2 · n_positives · n_negatives)
/// ```
/// k over the distinct scores, high to low. In `[0, 1]`: the share of pairs of a positive and a
/// negative that the scores rank right, ties counting half. The same definition as scikit-learn's
/// `roc_auc_score` and torcheval's `binary_auroc`.
///
/// # Shapes
/// - `scores`: `(n_samples,)` or `(1, n_samples)`, no NaN; probabilities, logits, ranks: higher means
///   positive. Compared at their own precision; infinities are fine.
/// - `targets`: the same shape, each 0 or 1: bool, integer or float.
///
/// # Undefined cases
/// Without positives or without negatives there are no pairs: 0.5, as torcheval returns, or what
/// [`Undefined`](crate::Undefined) says.
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
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch),
/// [`Error::UnsupportedRank`](crate::Error::UnsupportedRank),
/// [`Error::TaskMismatch`](crate::Error::TaskMismatch), [`Error::Empty`](crate::Error::Empty),
/// [`Error::NanScore`](crate::Error::NanScore), [`Error::InvalidTarget`](crate::Error::InvalidTarget).
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
    binary_auroc_with(scores, targets, Options::new())
}

/// [`binary_auroc`] with sample weights or another policy for undefined values.
///
/// # Errors
/// As [`binary_auroc`], and [`Error::InvalidWeight`](crate::Error::InvalidWeight),
/// [`Error::WeightOverflow`](crate::Error::WeightOverflow), [`Error::NoWeight`](crate::Error::NoWeight)
/// when all weights are 0, [`Error::Undefined`](crate::Error::Undefined) if asked for.
pub fn binary_auroc_with<'a, B: Backend>(
    scores: &'a (impl ToTensor<B> + ?Sized),
    targets: &'a (impl ToTensor<B> + ?Sized),
    options: Options<'a, B>,
) -> Result<f64> {
    let batch = Batch::new(Auroc::OP, scores.to_tensor(), targets.to_tensor(), options.weights)?;
    single::<B, Auroc>(batch, options.undefined, "; for several tasks use binary_auroc_tasks")
}

/// [`binary_auroc`] of each row of `(n_tasks, n_samples)`: one value a task.
///
/// # Errors
/// As [`binary_auroc`]; the task is named.
pub fn binary_auroc_tasks<B: Backend>(
    scores: &(impl ToTensor<B> + ?Sized),
    targets: &(impl ToTensor<B> + ?Sized),
) -> Result<Vec<f64>> {
    binary_auroc_tasks_with(scores, targets, Options::new())
}

/// [`binary_auroc_tasks`] with sample weights or another policy for undefined values.
///
/// # Errors
/// As [`binary_auroc_with`]; the task is named.
pub fn binary_auroc_tasks_with<'a, B: Backend>(
    scores: &'a (impl ToTensor<B> + ?Sized),
    targets: &'a (impl ToTensor<B> + ?Sized),
    options: Options<'a, B>,
) -> Result<Vec<f64>> {
    let batch = Batch::new(Auroc::OP, scores.to_tensor(), targets.to_tensor(), options.weights)?;
    tasks::<B, Auroc>(batch, options.undefined)
}

/// Area under the ROC curve over all samples it was fed, exact; for one task or many.
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
pub type BinaryAuroc<B> = Ranked<B, Auroc>;

/// The formula of [`binary_auroc`].
#[derive(Debug, Clone, Copy)]
pub enum Auroc {}

impl Formula for Auroc {
    const OP: &'static str = "binary_auroc";
    const DEFAULT: f64 = 0.5;
    const UNDEFINED: &'static str = "there are no positives or no negatives";

    fn value(areas: &Areas) -> Option<f64> {
        areas.auroc()
    }
}
