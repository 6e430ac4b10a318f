//! What a metric returns where its value is undefined.

/// What a metric returns where its value is undefined, for instance the AUPRC of data without positives.
///
/// ```
/// use metrics_core::{Auprc, Error, Readings, Undefined};
///
/// // Nothing is positive.
/// let (scores, targets) = ([0.2, 0.7], [0, 0]);
/// assert_eq!(Auprc.read(&scores, &targets)?, 0.0);
/// assert!(Auprc.undefined(Undefined::Nan).read(&scores, &targets)?.is_nan());
/// let error = Auprc.undefined(Undefined::Error).read(&scores, &targets).unwrap_err();
/// assert!(matches!(error, Error::Undefined { task: 0, .. }));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Undefined {
    /// The metric's documented default: what the reference library returns.
    #[default]
    Default,
    /// NaN.
    Nan,
    /// [`Error::Undefined`](crate::Error::Undefined), naming the task.
    Error,
}
