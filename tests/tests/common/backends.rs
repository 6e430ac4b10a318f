//! The backends that are on.

/// Calls a check that is generic over the backend with each of them: the backend comes first.
macro_rules! on_every_backend {
    ($($check:ident)::+($($arg:expr),* $(,)?)) => {
        $crate::backends::on_every_backend!(@call tensor_metrics::Host, $($check)::+($($arg),*));
        #[cfg(feature = "ndarray")]
        $crate::backends::on_every_backend!(
            @call tensor_metrics::ndarray::NdArray, $($check)::+($($arg),*)
        );
    };
    (@call $backend:expr, $($check:ident)::+($($arg:expr),*)) => {
        // Shown when the check fails.
        println!("on {:?}", $backend);
        $($check)::+(&$backend, $($arg),*);
    };
}
pub(crate) use on_every_backend;
