//! What a metric returns where it has no value.

/// What to return where a metric has no value, for instance the AUPRC of data without positives.
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
