//! Conversions between candle's errors and ours.

use metrics_core::{Backend, Error};

use crate::Candle;

/// The error of an operation that candle refused.
pub(crate) fn refused(op: &'static str) -> impl Fn(candle_core::Error) -> Error {
    move |source| Error::Backend { backend: Candle::NAME, op, source: Box::new(source) }
}

/// Converts our error to one of candle with the same text, for `?` in functions that return
/// [`candle_core::Result`].
///
/// ```
/// use candle_core::{Device, Result, Tensor};
/// use metrics_candle::{binary_auprc, to_candle};
///
/// fn auprc(scores: &Tensor, targets: &Tensor) -> Result<f64> {
///     binary_auprc(scores, targets).map_err(to_candle)
/// }
/// let scores = Tensor::new(&[0.1f32, f32::NAN], &Device::Cpu)?;
/// let error = auprc(&scores, &Tensor::new(&[0u8, 1], &Device::Cpu)?).unwrap_err();
/// assert!(error.to_string().contains("score is NaN at task 0, index 1"));
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn to_candle(error: Error) -> candle_core::Error {
    match error {
        // An error that came from candle is returned unchanged.
        Error::Backend { backend, op, source } => match source.downcast() {
            Ok(source) => *source,
            Err(source) => candle_core::Error::wrap(Error::Backend { backend, op, source }),
        },
        error => candle_core::Error::wrap(error),
    }
}

/// Makes `?` work on our results in functions that return [`candle_core::Result`].
///
/// ```
/// use candle_core::{Device, Result, Tensor};
/// use metrics_candle::{BinaryAuprc, CandleResult};
///
/// fn evaluate(batches: &[(Tensor, Tensor)]) -> Result<f64> {
///     let mut auprc = BinaryAuprc::new();
///     for (logits, targets) in batches {
///         auprc.update(logits, targets).candle()?;
///     }
///     auprc.compute().candle()
/// }
/// let scores = Tensor::new(&[0.1f32, f32::NAN], &Device::Cpu)?;
/// let error = evaluate(&[(scores, Tensor::new(&[0u8, 1], &Device::Cpu)?)]).unwrap_err();
/// assert!(error.to_string().contains("score is NaN at task 0, index 1"));
/// # Ok::<(), candle_core::Error>(())
/// ```
pub trait CandleResult<T> {
    /// The same result with its error converted by [`to_candle`].
    ///
    /// ```
    /// use metrics_candle::{CandleResult, Error};
    ///
    /// let error = Err::<f64, _>(Error::NoTasks { op: "mine" }).candle().unwrap_err();
    /// assert!(error.to_string().contains("mine: n_tasks is 0, expected at least 1"));
    /// ```
    ///
    /// # Errors
    /// The converted error.
    fn candle(self) -> candle_core::Result<T>;
}

impl<T> CandleResult<T> for metrics_core::Result<T> {
    fn candle(self) -> candle_core::Result<T> {
        self.map_err(to_candle)
    }
}

/// Converts an error of candle to one of ours, for `?` in functions that return [`crate::Result`].
///
/// ```
/// use candle_core::{Device, Tensor};
/// use metrics_candle::{Result, binary_auprc, from_candle};
///
/// fn auprc_of_head(logits: &Tensor, targets: &Tensor, head: usize) -> Result<f64> {
///     binary_auprc(&logits.get_on_dim(1, head).map_err(from_candle)?, targets)
/// }
/// let logits = Tensor::new(&[[0.1f32, 0.9], [0.5, 0.2]], &Device::Cpu)?;
/// let targets = Tensor::new(&[0u8, 1], &Device::Cpu)?;
/// assert_eq!(auprc_of_head(&logits, &targets, 0)?, 1.0);
/// assert!(auprc_of_head(&logits, &targets, 2).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_candle(error: candle_core::Error) -> Error {
    refused("tensor operation")(error)
}
