//! The backends that are on and need no device.

/// Calls a check that is generic over the backend with each of them: the backend comes first.
macro_rules! on_every_backend {
    ($($check:ident)::+($($arg:expr),* $(,)?)) => {
        $crate::backends::on_every_backend!(@call tensor_metrics::Host, $($check)::+($($arg),*));
        $crate::backends::on_every_backend!(
            @call metrics_conformance::primitives::PrimitivesOnly, $($check)::+($($arg),*)
        );
        #[cfg(feature = "ndarray")]
        $crate::backends::on_every_backend!(@call metrics_ndarray::NdArray, $($check)::+($($arg),*));
        #[cfg(feature = "candle")]
        $crate::backends::on_every_backend!(
            @call metrics_candle::Candle::cpu(), $($check)::+($($arg),*)
        );
        #[cfg(feature = "tch")]
        $crate::backends::on_every_backend!(@call metrics_tch::Tch::cpu(), $($check)::+($($arg),*));
    };
    (@call $backend:expr, $($check:ident)::+($($arg:expr),*)) => {
        // Shown when the check fails.
        println!("on {:?}", $backend);
        $($check)::+(&$backend, $($arg),*);
    };
}
pub(crate) use on_every_backend;
