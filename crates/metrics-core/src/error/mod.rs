//! The one error type of every metric and backend.

mod kind;
mod state;

pub use kind::ErrorKind;
pub use state::StateError;

use crate::curve::Curve;
use crate::layout::Layout;

/// The result of a metric or a backend.
///
/// ```
/// let auprc: metrics_core::Result<f64> = metrics_core::slice::binary_auprc(&[0.5], &[1]);
/// assert!(auprc.is_ok());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a metric could not be computed, updated, merged or loaded.
///
/// Every variant says what was given, what is allowed and where. A call that returns an error has
/// changed nothing, except for [`RejectedUpdates`](Self::RejectedUpdates): there the other updates count.
///
/// ```
/// let error = metrics_core::binary_auprc(&[0.5], &[2]).unwrap_err();
/// assert_eq!(error.to_string(), "binary_auprc: target is 2 at task 0, index 0, expected 0 or 1");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor has a shape the metric does not take.
    #[error("{op}: {what} have shape {shape:?}, expected {expected}")]
    UnsupportedShape {
        /// The metric that was asked for.
        op: &'static str,
        /// Which input: scores, targets, weights.
        what: &'static str,
        /// The shape that was given.
        shape: Vec<usize>,
        /// The shapes that are allowed, in words.
        expected: &'static str,
    },
    /// Scores and targets have a rank (number of dimensions) the metric does not take.
    #[error(
        "{op}: scores have shape {scores:?} and targets {targets:?}, \
         expected (n_samples,) or (n_tasks, n_samples)"
    )]
    UnsupportedRank {
        /// The metric that was asked for.
        op: &'static str,
        /// Shape of the scores.
        scores: Vec<usize>,
        /// Shape of the targets.
        targets: Vec<usize>,
    },
    /// Two inputs differ in shape.
    #[error("{op}: scores have shape {scores:?} but {what} have shape {shape:?}")]
    ShapeMismatch {
        /// The metric that was asked for.
        op: &'static str,
        /// Shape of the scores.
        scores: Vec<usize>,
        /// Which other input: targets or weights.
        what: &'static str,
        /// Shape of that input.
        shape: Vec<usize>,
    },
    /// The shape does not fit the number of tasks.
    #[error(
        "{op}: scores have shape {scores:?} and targets {targets:?}, expected {}",
        layout.describe(*n_tasks, scores)
    )]
    TaskMismatch {
        /// The metric that was asked for.
        op: &'static str,
        /// Shape of the scores.
        scores: Vec<usize>,
        /// Shape of the targets.
        targets: Vec<usize>,
        /// The number of tasks that there must be.
        n_tasks: usize,
        /// How they must lie in a matrix.
        layout: Layout,
    },
    /// A metric for more tasks than a state may have.
    #[error("{op}: n_tasks is {given}, expected at most {max}")]
    TooManyTasks {
        /// The metric that was asked for.
        op: &'static str,
        /// The number that was given.
        given: usize,
        /// The largest allowed number.
        max: usize,
    },
    /// A metric for no task at all.
    #[error("{op}: n_tasks is 0, expected at least 1")]
    NoTasks {
        /// The metric that was asked for.
        op: &'static str,
    },
    /// The caller asked a metric of several tasks for one value.
    #[error("{op}: one value asked of {n_tasks} tasks, use compute_tasks")]
    SeveralTasks {
        /// The metric that was asked.
        op: &'static str,
        /// The number of tasks it holds.
        n_tasks: usize,
    },
    /// A task that does not exist.
    #[error("{op}: no task {task} among {}, counted from 0", count(*n_tasks, "task"))]
    UnknownTask {
        /// The metric that was asked.
        op: &'static str,
        /// The task that was asked for.
        task: usize,
        /// The number of tasks it holds.
        n_tasks: usize,
    },
    /// A function was called with no sample.
    #[error("{op}: no samples: scores have shape {shape:?}")]
    Empty {
        /// The metric that was asked for.
        op: &'static str,
        /// Shape of the scores.
        shape: Vec<usize>,
    },
    /// A stateful metric was read before its first sample.
    #[error("{op}: no samples yet: call update with at least one sample of non-zero weight first")]
    NoSamples {
        /// The metric that was asked.
        op: &'static str,
    },
    /// All weights given to a function are 0, which leaves no sample.
    #[error("{op}: no samples: all weights are 0")]
    NoWeight {
        /// The metric that was asked for.
        op: &'static str,
    },
    /// A score is NaN, which has no rank.
    #[error("{op}: score is NaN at task {task}, index {index}")]
    NanScore {
        /// The metric that was asked for.
        op: &'static str,
        /// Row of the score.
        task: usize,
        /// Position in the row.
        index: usize,
    },
    /// A target is neither 0 nor 1.
    #[error("{op}: target is {} at task {task}, index {index}, expected 0 or 1", short(*value))]
    InvalidTarget {
        /// The metric that was asked for.
        op: &'static str,
        /// Row of the target.
        task: usize,
        /// Position in the row.
        index: usize,
        /// The target that was given.
        value: f64,
    },
    /// A weight is negative, infinite or NaN.
    #[error(
        "{op}: weight is {value} at task {task}, index {index}, expected finite and at least 0"
    )]
    InvalidWeight {
        /// The metric that was asked for.
        op: &'static str,
        /// Row of the weight.
        task: usize,
        /// Position in the row.
        index: usize,
        /// The weight that was given.
        value: f64,
    },
    /// The weights of a task add up to so much that sums of them may overflow.
    #[error("{op}: the weights of task {task} add up to 1.7e308 or more")]
    WeightOverflow {
        /// The metric that was asked for.
        op: &'static str,
        /// The task.
        task: usize,
    },
    /// A prediction of the bucketed [`Auc`](crate::Auc) is not a probability.
    #[error(
        "{op}: prediction is {} at row {row}, expected a probability in [0, 1]",
        short(*value)
    )]
    InvalidProbability {
        /// The metric that was asked for.
        op: &'static str,
        /// Row of the prediction.
        row: usize,
        /// The prediction that was given.
        value: f64,
    },
    /// A parameter of a reading that is out of range.
    #[error("{op}: {parameter} is {}, expected {expected}", short(*given))]
    InvalidParameter {
        /// The metric that was asked for.
        op: &'static str,
        /// Name of the parameter.
        parameter: &'static str,
        /// The value that was given.
        given: f64,
        /// The values that are allowed, in words.
        expected: &'static str,
    },
    /// `num_thresholds` is out of range.
    #[error("auc: num_thresholds is {given}, expected 1 to {max}")]
    InvalidNumThresholds {
        /// The number that was given.
        given: usize,
        /// The largest allowed number.
        max: usize,
    },
    /// Inputs live on different devices.
    #[error("{op}: scores are on {scores} but {what} are on {device}")]
    DeviceMismatch {
        /// The metric that was asked for.
        op: &'static str,
        /// Device of the scores.
        scores: String,
        /// Which other input: targets or weights.
        what: &'static str,
        /// Device of that input.
        device: String,
    },
    /// The tensor library has this dtype, but metrics do not take it.
    #[error("{op}: {what} have dtype {dtype}, expected {expected}")]
    UnsupportedDtype {
        /// The metric that was asked for.
        op: &'static str,
        /// Which input: scores, targets, weights.
        what: &'static str,
        /// The dtype that was given.
        dtype: String,
        /// The dtypes that are allowed, in words.
        expected: &'static str,
    },
    /// No type holds the scores of both batches exactly.
    #[error(
        "{op}: {given} scores cannot join the {held} scores held: no type holds both exactly, \
         cast them to one dtype first"
    )]
    ScoreTypeMismatch {
        /// The metric that was asked.
        op: &'static str,
        /// The kind of the new scores.
        given: &'static str,
        /// The kind of the scores so far.
        held: &'static str,
    },
    /// A task holds more samples than can be counted exactly.
    #[error("{op}: task {task} would hold {n_samples} samples, at most {max} are counted exactly")]
    TooManySamples {
        /// The metric that was asked.
        op: &'static str,
        /// The task.
        task: usize,
        /// The number of samples it would hold; saturates.
        n_samples: u64,
        /// The largest number allowed.
        max: u64,
    },
    /// The value is undefined, and the caller chose an error for that case.
    #[error("{op}: undefined for task {task}: {reason}")]
    Undefined {
        /// The metric that was asked for.
        op: &'static str,
        /// The task.
        task: usize,
        /// Why it is undefined.
        reason: &'static str,
    },
    /// A metric of another number of tasks was merged or loaded.
    #[error(
        "{op}: {} cannot join a metric of {}",
        count(*given, "task"),
        count(*n_tasks, "task")
    )]
    MergeTasks {
        /// The metric that was asked.
        op: &'static str,
        /// Tasks of the other metric or state.
        given: usize,
        /// Tasks of this metric.
        n_tasks: usize,
    },
    /// An [`Auc`](crate::Auc) of another configuration was merged or loaded.
    #[error(
        "auc: curve {given_curve:?} with {} cannot join curve {curve:?} with {}",
        count(*given_thresholds, "threshold"),
        count(*num_thresholds, "threshold")
    )]
    MergeAuc {
        /// Curve of the other metric or state.
        given_curve: Curve,
        /// Thresholds of the other metric or state.
        given_thresholds: usize,
        /// Curve of this metric.
        curve: Curve,
        /// Thresholds of this metric.
        num_thresholds: usize,
    },
    /// The bytes are not a state, or are a damaged one.
    #[error("state: {reason} at byte {offset}")]
    InvalidState {
        /// What is wrong.
        reason: StateError,
        /// Where reading stopped.
        offset: usize,
    },
    /// Updates that a device rejected because of an invalid sample. `update` does not wait for the device, so
    /// the next read reports them. The other updates count.
    #[error("{source}; this was update {update} of {n_updates} since the metric was last read{more}", more = others(*.n_rejected))]
    RejectedUpdates {
        /// The first update that was rejected, counted from 1 since the metric was last read.
        update: usize,
        /// Updates since the metric was last read.
        n_updates: usize,
        /// How many of them were rejected.
        n_rejected: usize,
        /// The error of the first one.
        source: Box<Error>,
    },
    /// The system has too little memory for the input, for instance for a broadcast view of very many elements.
    #[error("{op}: no memory for {n_bytes} bytes")]
    OutOfMemory {
        /// The metric or the primitive that was asked for.
        op: &'static str,
        /// The bytes it would take; saturates.
        n_bytes: usize,
    },
    /// A row, a column or a number of an index lies beyond the end.
    #[error("{op}: no {what} {given}: there are {limit}, counted from 0")]
    OutOfRange {
        /// The primitive that was asked for.
        op: &'static str,
        /// What lies beyond the end: a row, a column, a bin.
        what: &'static str,
        /// The number that was given.
        given: usize,
        /// How many there are.
        limit: usize,
    },
    /// No samples have these counts, which a backend took elsewhere, say on a device.
    #[error("{op}: the counts of task {task} are those of no samples: at {index}, {reason}")]
    InvalidCounts {
        /// The operation that they were given to.
        op: &'static str,
        /// The task.
        task: usize,
        /// Position of the first wrong one.
        index: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// The tensor library refused an operation.
    #[error("{backend}: {op} failed: {source}")]
    Backend {
        /// Name of the backend.
        backend: &'static str,
        /// The operation.
        op: &'static str,
        /// The library's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The error of the first rejected update; any other error unchanged.
    ///
    /// ```
    /// use metrics_core::Error;
    /// let source = Box::new(Error::NanScore { op: "binary_auroc", task: 0, index: 3 });
    /// let error = Error::RejectedUpdates { update: 2, n_updates: 5, n_rejected: 1, source };
    /// assert!(matches!(error.into_source(), Error::NanScore { index: 3, .. }));
    /// ```
    #[must_use]
    pub fn into_source(self) -> Self {
        match self {
            Self::RejectedUpdates { source, .. } => *source,
            error => error,
        }
    }
}

/// `n` things, with an s unless there is one: `1 task`, `2 tasks`.
fn count(n: usize, thing: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {thing}{plural}")
}

impl Error {
    /// The same error, naming the metric that needed the memory instead of the primitive.
    pub(crate) fn needed_by(self, op: &'static str) -> Self {
        match self {
            Self::OutOfMemory { n_bytes, .. } => Self::OutOfMemory { op, n_bytes },
            error => error,
        }
    }

    /// The same error, naming the metric and the input that could not be read in host memory.
    pub(crate) fn of_input(self, op: &'static str, what: &'static str) -> Self {
        match self {
            Self::UnsupportedDtype { dtype, expected, .. } => {
                Self::UnsupportedDtype { op, what, dtype, expected }
            }
            error => error.needed_by(op),
        }
    }
}

/// The end of the message, with the number of other rejected updates.
fn others(n_rejected: usize) -> String {
    match n_rejected {
        0 | 1 => ", and was rejected".into(),
        n => format!(", and was rejected with {} more", n - 1),
    }
}

/// A value in its shortest exact digits, with an exponent where it is very large or small.
fn short(value: f64) -> String {
    let is_plain = value == 0.0 || (1e-5..1e16).contains(&value.abs()) || !value.is_finite();
    if is_plain { format!("{value}") } else { format!("{value:e}") }
}
