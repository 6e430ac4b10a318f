//! Errors in the bytes of a state.

/// What is wrong with the bytes of a state.
///
/// ```
/// let error = metrics_core::RankState::from_bytes(b"PNG.").unwrap_err();
/// assert_eq!(error.to_string(), "state: these bytes are not a tensor-metrics state at byte 0");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The bytes do not begin as a state does.
    #[error("these bytes are not a tensor-metrics state")]
    Magic,
    /// Written by a newer version of this library.
    #[error("version {0} is newer than this library reads")]
    Version(u8),
    /// The state of another kind of metric.
    #[error("the state is of kind {given}, expected {expected}")]
    Kind {
        /// The kind that was given.
        given: u8,
        /// The kind that was asked for.
        expected: u8,
    },
    /// The bytes end too early.
    #[error("the state ends too early")]
    Truncated,
    /// Bytes follow the end.
    #[error("bytes follow the end of the state")]
    TrailingBytes,
    /// A number is out of its range.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// Entries are not in strict order, or a number is not in its shortest form.
    #[error("not in canonical form: {0}")]
    NotCanonical(&'static str),
}
