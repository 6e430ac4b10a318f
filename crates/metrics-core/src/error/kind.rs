//! Kinds of errors.

use super::Error;

/// The kind of an [`Error`], for callers who handle kinds differently.
///
/// ```
/// use metrics_core::{ErrorKind, slice::binary_auroc};
///
/// let error = binary_auroc(&[0.5, 0.7], &[0, 1, 1]).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Shape);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A shape, a rank or a number of tasks that does not fit.
    Shape,
    /// Elements of a type that does not fit.
    Dtype,
    /// Inputs on different devices.
    Device,
    /// A score, target or weight that is not allowed, or too many of them.
    Value,
    /// No samples, or none with weight.
    Empty,
    /// A value that is undefined.
    Undefined,
    /// A parameter out of range, or another configuration than that of the metric.
    Configuration,
    /// Bytes that are no state.
    State,
    /// Memory that the system refused.
    Memory,
    /// A tensor library refused an operation, or a backend returned wrong counts.
    Backend,
}

impl Error {
    /// The kind of this error. For rejected updates it is the kind of the first one.
    ///
    /// ```
    /// use metrics_core::{ErrorKind, binary_auprc};
    ///
    /// let error = binary_auprc(&[0.5, f64::NAN], &[0, 1]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Value);
    /// let error = binary_auprc(&[0.5, 0.7], &[0, 1, 1]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Shape);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnsupportedShape { .. }
            | Self::UnsupportedRank { .. }
            | Self::ShapeMismatch { .. }
            | Self::TaskMismatch { .. } => ErrorKind::Shape,
            Self::UnsupportedDtype { .. } | Self::ScoreTypeMismatch { .. } => ErrorKind::Dtype,
            Self::DeviceMismatch { .. } => ErrorKind::Device,
            Self::NanScore { .. }
            | Self::InvalidTarget { .. }
            | Self::InvalidWeight { .. }
            | Self::InvalidProbability { .. }
            | Self::WeightOverflow { .. }
            | Self::TooManySamples { .. } => ErrorKind::Value,
            Self::Empty { .. } | Self::NoSamples { .. } | Self::NoWeight { .. } => ErrorKind::Empty,
            Self::Undefined { .. } => ErrorKind::Undefined,
            Self::TooManyTasks { .. }
            | Self::NoTasks { .. }
            | Self::SeveralTasks { .. }
            | Self::UnknownTask { .. }
            | Self::InvalidParameter { .. }
            | Self::InvalidNumThresholds { .. }
            | Self::MergeTasks { .. }
            | Self::MergeAuc { .. } => ErrorKind::Configuration,
            Self::InvalidState { .. } => ErrorKind::State,
            Self::OutOfMemory { .. } => ErrorKind::Memory,
            Self::OutOfRange { .. } | Self::InvalidCounts { .. } | Self::Backend { .. } => {
                ErrorKind::Backend
            }
            Self::RejectedUpdates { source, .. } => source.kind(),
        }
    }
}
