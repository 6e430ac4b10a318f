//! Metrics may be sent to another thread, whatever they keep. That this compiles is the test.

use metrics_core::{Auc, Backend, BinaryAuprc, BinaryAuroc};

fn metrics_are_send<B: Backend>()
where
    BinaryAuprc<B>: Send,
    BinaryAuroc<B>: Send,
    Auc<B>: Send,
{
}

#[test]
fn metrics_of_every_backend_are_send() {
    metrics_are_send::<metrics_core::Host>();
    #[cfg(feature = "ndarray")]
    metrics_are_send::<metrics_ndarray::NdArray>();
    #[cfg(feature = "candle")]
    metrics_are_send::<metrics_candle::Candle>();
    #[cfg(feature = "tch")]
    metrics_are_send::<metrics_tch::Tch>();
}
