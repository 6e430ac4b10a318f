//! The names every backend module offers.

/// The functions and types of one backend under their plain names: functions infer the backend from the
/// tensors, types name it.
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

        /// Average precision, batch by batch; see [`Evaluation`](type@$crate::Evaluation).
        pub type BinaryAuprc = $crate::BinaryAuprc<$backend>;
        /// Area under the ROC curve, batch by batch; see [`Evaluation`](type@$crate::Evaluation).
        pub type BinaryAuroc = $crate::BinaryAuroc<$backend>;
        /// Any readings, batch by batch; see [`Evaluation`](type@$crate::Evaluation).
        pub type Evaluation<R> = $crate::Evaluation<$backend, R>;
        /// Area in buckets, batch by batch, in constant memory; see [`Auc`](struct@$crate::Auc).
        pub type Auc = $crate::Auc<$backend>;
        /// Choices for an [`Auc`].
        pub type AucBuilder = $crate::AucBuilder<$backend>;
    };
}
