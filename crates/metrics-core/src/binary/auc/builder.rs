//! Options of the bucketed area.

use std::marker::PhantomData;

use super::Auc;
use crate::backend::Backend;
use crate::counts::buckets::{BucketCounts, DEFAULT_NUM_THRESHOLDS};
use crate::curve::Curve;
use crate::error::Result;
use crate::undefined::Undefined;

/// Options of an [`Auc`].
///
/// ```
/// use metrics_core::{Curve, slice::Auc};
///
/// let auc = Auc::builder().curve(Curve::Pr).num_thresholds(100).build()?;
/// assert_eq!((auc.curve(), auc.num_thresholds()), (Curve::Pr, 100));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug)]
pub struct AucBuilder<B> {
    curve: Curve,
    num_thresholds: usize,
    undefined: Undefined,
    backend: PhantomData<fn(&B)>,
}

impl<B: Backend> AucBuilder<B> {
    pub(super) fn new() -> Self {
        Self {
            curve: Curve::Roc,
            num_thresholds: DEFAULT_NUM_THRESHOLDS,
            undefined: Undefined::Default,
            backend: PhantomData,
        }
    }

    /// Which curve the area is taken under; [`Curve::Roc`] by default.
    ///
    /// ```
    /// use metrics_core::{Curve, slice::Auc};
    ///
    /// let mut auc = Auc::builder().curve(Curve::Pr).build()?;
    /// auc.update(&[0.9, 0.6, 0.3], &[1, 0, 0])?;
    /// assert_eq!(auc.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    #[must_use]
    pub fn curve(mut self, curve: Curve) -> Self {
        self.curve = curve;
        self
    }

    /// One less than the number of buckets, 1 to [`MAX_NUM_THRESHOLDS`](crate::MAX_NUM_THRESHOLDS); 4095 by default.
    ///
    /// ```
    /// assert!(metrics_core::slice::Auc::builder().num_thresholds(0).build().is_err());
    /// ```
    #[must_use]
    pub fn num_thresholds(mut self, num_thresholds: usize) -> Self {
        self.num_thresholds = num_thresholds;
        self
    }

    /// What the metric returns where the area is undefined.
    ///
    /// ```
    /// use metrics_core::{Undefined, slice::Auc};
    /// let mut auc = Auc::builder().undefined(Undefined::Nan).build()?;
    /// auc.update(&[0.5], &[1])?;
    /// assert!(auc.compute()?.is_nan());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    #[must_use]
    pub fn undefined(mut self, undefined: Undefined) -> Self {
        self.undefined = undefined;
        self
    }

    /// The metric.
    ///
    /// ```
    /// use metrics_core::{Error, slice::Auc};
    ///
    /// assert_eq!(Auc::builder().build()?.num_thresholds(), 4095);
    /// let error = Auc::builder().num_thresholds(1 << 40).build().unwrap_err();
    /// assert!(matches!(error, Error::InvalidNumThresholds { .. }));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidNumThresholds`](crate::Error::InvalidNumThresholds), before any memory is taken;
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn build(self) -> Result<Auc<B>> {
        let Self { curve, num_thresholds, undefined, .. } = self;
        Ok(Auc::with_counts(curve, undefined, BucketCounts::new(num_thresholds)?))
    }
}
