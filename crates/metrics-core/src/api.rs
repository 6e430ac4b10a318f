//! The names every backend module offers.

/// Defines the metrics of one backend under their plain names, so that users need no turbofish.
///
/// ```
/// mod mine {
///     metrics_core::backend_api!(metrics_core::Host);
/// }
/// assert_eq!(mine::binary_auprc(&[0.5, 0.7], &[0, 1])?, 1.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[macro_export]
macro_rules! backend_api {
    ($backend:ty) => {
        /// Sample weights and what to do with undefined values.
        pub type Options<'a> = $crate::Options<'a, $backend>;
        /// Average precision, batch by batch; see [`BinaryAuprc`](type@$crate::BinaryAuprc).
        pub type BinaryAuprc = $crate::BinaryAuprc<$backend>;
        /// Area under the ROC curve, batch by batch; see
        /// [`BinaryAuroc`](type@$crate::BinaryAuroc).
        pub type BinaryAuroc = $crate::BinaryAuroc<$backend>;
        /// Area in buckets, batch by batch, in constant memory; see [`Auc`](struct@$crate::Auc).
        pub type Auc = $crate::Auc<$backend>;
        /// Choices for an [`Auc`].
        pub type AucBuilder = $crate::AucBuilder<$backend>;

        $crate::backend_api!(@functions $backend, f64,
            binary_auprc binary_auprc_with
            binary_auroc binary_auroc_with
        );
        $crate::backend_api!(@functions $backend, Vec<f64>,
            binary_auprc_tasks binary_auprc_tasks_with
            binary_auroc_tasks binary_auroc_tasks_with
        );
        $crate::backend_api!(@functions $backend, $crate::PrecisionRecallCurve,
            binary_precision_recall_curve binary_precision_recall_curve_with
        );
        $crate::backend_api!(@functions $backend, $crate::RocCurve,
            binary_roc_curve binary_roc_curve_with
        );
    };
    (@functions $backend:ty, $output:ty, $($plain:ident $with:ident)*) => {$(
        #[doc = concat!("See [`", stringify!($plain), "`](fn@", "metrics_core::", stringify!($plain), ").")]
        ///
        /// # Errors
        /// Those of the function behind the link.
        pub fn $plain(
            scores: &(impl $crate::ToTensor<$backend> + ?Sized),
            targets: &(impl $crate::ToTensor<$backend> + ?Sized),
        ) -> $crate::Result<$output> {
            $crate::$plain::<$backend>(scores, targets)
        }

        #[doc = concat!("See [`", stringify!($with), "`](fn@", "metrics_core::", stringify!($with), ").")]
        ///
        /// # Errors
        /// Those of the function behind the link.
        pub fn $with<'a>(
            scores: &'a (impl $crate::ToTensor<$backend> + ?Sized),
            targets: &'a (impl $crate::ToTensor<$backend> + ?Sized),
            options: Options<'a>,
        ) -> $crate::Result<$output> {
            $crate::$with::<$backend>(scores, targets, options)
        }
    )*};
}
