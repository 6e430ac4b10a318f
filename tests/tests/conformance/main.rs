//! The suite on every backend: one line each, below. What only one of them has stands in its module.

use metrics_conformance::conformance_suite;

#[cfg(feature = "candle")]
mod candle;
mod deferred;
#[cfg(feature = "ndarray")]
mod layouts;
#[cfg(feature = "tch")]
mod libtorch;
mod modes;
mod sent;
mod slices;

conformance_suite!(slice, metrics_core::Host, engine, primitives, u64);
#[cfg(feature = "ndarray")]
conformance_suite!(ndarray, metrics_ndarray::NdArray, engine, primitives, u64);
#[cfg(feature = "candle")]
conformance_suite!(candle_cpu, metrics_candle::Candle::cpu(), engine, primitives);
#[cfg(feature = "cuda")]
conformance_suite!(candle_cuda, metrics_conformance::cuda::candle(), engine, primitives);
#[cfg(feature = "tch")]
conformance_suite!(tch_cpu, metrics_tch::Tch::cpu(), engine, primitives);
#[cfg(all(feature = "cuda", feature = "tch"))]
conformance_suite!(tch_cuda, metrics_conformance::cuda::tch(), engine, primitives);
conformance_suite!(deferring, metrics_conformance::deferring::Deferring, engine, u64);
conformance_suite!(
    primitives_only,
    metrics_conformance::primitives::PrimitivesOnly,
    primitives,
    u64,
);
