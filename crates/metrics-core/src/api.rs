//! The names every backend module offers.

/// The functions and types of one backend under their plain names: functions infer the backend from the
/// tensors, types name it. The examples in their docs name `metrics_core`, so a crate that calls this
/// depends on it.
///
/// ```
/// mod mine {
///     metrics_core::backend_api!(metrics_core::Host);
/// }
/// assert_eq!(mine::binary_auprc(&[0.5, 0.7], &[0, 1])?, 1.0);
/// let mut auroc = mine::BinaryAuroc::new();
/// auroc.update(&[0.5, 0.7], &[0, 1])?;
/// assert_eq!(auroc.compute()?, 1.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[macro_export]
macro_rules! backend_api {
    ($backend:ty) => {
        pub use $crate::{
            Auprc, Auroc, Counts, Layout, PrecisionRecall, Readings, Roc, Sums, Undefined,
            binary_auprc, binary_auroc, binary_precision_recall_curve, binary_roc_curve,
        };

        // No alias of an alias: its page would show no methods.
        /// Average precision, batch by batch; see [`Evaluation`](type@$crate::Evaluation).
        ///
        /// Shown on slices; tensors of any backend go in the same way:
        ///
        /// ```
        /// use metrics_core::slice::BinaryAuprc;
        ///
        /// let mut auprc = BinaryAuprc::new();
        /// auprc.update(&[0.1, 0.5], &[1, 0])?;
        /// auprc.update(&[0.7, 0.8], &[1, 1])?;
        /// assert_eq!(auprc.compute()?, 11.0 / 12.0);
        /// # Ok::<(), metrics_core::Error>(())
        /// ```
        pub type BinaryAuprc = $crate::Evaluation<$backend, $crate::Auprc>;
        /// Area under the ROC curve, batch by batch; see [`Evaluation`](type@$crate::Evaluation).
        ///
        /// Shown on slices; tensors of any backend go in the same way:
        ///
        /// ```
        /// use metrics_core::slice::BinaryAuroc;
        ///
        /// let mut auroc = BinaryAuroc::new();
        /// auroc.update(&[0.1, 0.5], &[1, 0])?;
        /// auroc.update(&[0.7, 0.8], &[1, 1])?;
        /// assert_eq!(auroc.compute()?, 2.0 / 3.0);
        /// # Ok::<(), metrics_core::Error>(())
        /// ```
        pub type BinaryAuroc = $crate::Evaluation<$backend, $crate::Auroc>;
        /// Any readings, batch by batch; see [`Evaluation`](type@$crate::Evaluation).
        ///
        /// Shown on slices; tensors of any backend go in the same way:
        ///
        /// ```
        /// use metrics_core::slice::{Auprc, Auroc, Evaluation};
        ///
        /// let mut evaluation = Evaluation::of((Auprc, Auroc));
        /// evaluation.update(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?;
        /// assert_eq!(evaluation.compute()?, (11.0 / 12.0, 2.0 / 3.0));
        /// # Ok::<(), metrics_core::Error>(())
        /// ```
        pub type Evaluation<R> = $crate::Evaluation<$backend, R>;
        /// Area in buckets, batch by batch, in constant memory; see [`Auc`](struct@$crate::Auc).
        ///
        /// Shown on slices; tensors of any backend go in the same way:
        ///
        /// ```
        /// use metrics_core::slice::Auc;
        ///
        /// let mut auc = Auc::default();
        /// auc.update(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?;
        /// assert_eq!(auc.compute()?, 2.0 / 3.0);
        /// # Ok::<(), metrics_core::Error>(())
        /// ```
        pub type Auc = $crate::Auc<$backend>;
        /// Choices for an [`Auc`].
        ///
        /// Shown on slices; tensors of any backend go in the same way:
        ///
        /// ```
        /// use metrics_core::{Curve, slice::Auc};
        ///
        /// let mut auc = Auc::builder().curve(Curve::Pr).num_thresholds(100).build()?;
        /// auc.update(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?;
        /// assert_eq!(auc.compute()?, 11.0 / 12.0);
        /// # Ok::<(), metrics_core::Error>(())
        /// ```
        pub type AucBuilder = $crate::AucBuilder<$backend>;
    };
}
