//! What a caller can choose.

use crate::backend::{Backend, ToTensor};
use crate::error::{Error, Result};

/// What to return where a metric has no value, for instance the AUPRC of data without positives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Undefined {
    /// The metric's documented default: what the reference library returns.
    #[default]
    Default,
    /// NaN.
    Nan,
    /// [`Error::Undefined`], naming the task.
    Error,
}

impl Undefined {
    /// `value` if there is one; else what this policy says.
    pub(crate) fn resolve(
        self,
        value: Option<f64>,
        default: f64,
        what: UndefinedCase,
    ) -> Result<f64> {
        match (value, self) {
            (Some(value), _) => Ok(value),
            (None, Self::Default) => Ok(default),
            (None, Self::Nan) => Ok(f64::NAN),
            (None, Self::Error) => {
                Err(Error::Undefined { op: what.op, task: what.task, reason: what.reason })
            }
        }
    }
}

/// Where a value is missing, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UndefinedCase {
    pub(crate) op: &'static str,
    pub(crate) task: usize,
    pub(crate) reason: &'static str,
}

/// Which curve an area is taken under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Curve {
    /// Receiver operating characteristic: true positive rate over false positive rate.
    #[default]
    Roc,
    /// Precision over recall, as average precision: a step sum, not the trapezoid.
    Pr,
}

/// Options of a metric function: sample weights and what to do with undefined values.
///
/// ```
/// use metrics_core::slice::{Options, binary_auprc_with};
///
/// let weights = [1.0, 0.5, 2.0];
/// let options = Options::new().weights(&weights);
/// let ap = binary_auprc_with(&[0.9, 0.8, 0.1], &[1, 0, 1], options)?;
/// assert_eq!(ap, 1.0 / 3.0 + 2.0 / 3.0 * (3.0 / 3.5));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Options<'a, B: Backend> {
    pub(crate) weights: Option<B::Tensor<'a>>,
    pub(crate) undefined: Undefined,
}

impl<'a, B: Backend> Options<'a, B> {
    /// No weights, default values where a metric is undefined.
    pub fn new() -> Self {
        Self { weights: None, undefined: Undefined::Default }
    }

    /// One weight per sample, in the shape of the scores; finite and at least 0. A weight of 0 removes the
    /// sample, and weights of 1 give the bits of no weights.
    ///
    /// Areas are within 1e-12 of the exact ones, relatively, whatever the weights are, and do not depend
    /// on the order of the samples. Only an area below 2.2e-308 is rounded to a multiple of 5e-324.
    ///
    /// If all weights of a task are whole and at most 2^20, each sample counts as that many equal
    /// samples: the curves and AUROC have the bits of the repeated samples, and so has an AUPRC of at
    /// least 2^-20. A smaller AUPRC is taken as for other weights, which is more precise.
    ///
    /// The weights of a task must add up to less than 1.7e308. Those that are counted must add up to
    /// 2^53 at most, which takes 2^33 samples of weight 2^20.
    #[must_use]
    pub fn weights(mut self, weights: &'a (impl ToTensor<B> + ?Sized)) -> Self {
        self.weights = Some(weights.to_tensor());
        self
    }

    /// What to return where the metric is undefined.
    #[must_use]
    pub fn undefined(mut self, undefined: Undefined) -> Self {
        self.undefined = undefined;
        self
    }
}

impl<B: Backend> Default for Options<'_, B> {
    fn default() -> Self {
        Self::new()
    }
}
