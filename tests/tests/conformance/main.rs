//! One suite for every backend: a backend joins with one line at the end of this file.

#[macro_use]
mod suite;

mod bounds;
mod buckets;
#[cfg(feature = "candle")]
mod candle;
mod copies;
mod curves;
mod deferred;
mod dtypes;
mod exhaustive;
mod fused;
mod laws;
#[cfg(feature = "ndarray")]
mod layouts;
#[cfg(feature = "tch")]
mod libtorch;
mod modes;
mod ops;
mod sent;
mod sizes;
mod slices;
mod sources;
mod stateful;
mod streams;
mod tasks;
mod tensors;
mod threads;
mod undefined;
mod weights;

conformance_suite!(slice, metrics_core::Host);
u64_suite!(slice_u64, metrics_core::Host);
composition_suite!(slice_composition, metrics_core::Host);
primitives_suite!(slice_primitives, metrics_core::Host);

#[cfg(feature = "ndarray")]
conformance_suite!(ndarray, metrics_ndarray::NdArray);
#[cfg(feature = "ndarray")]
u64_suite!(ndarray_u64, metrics_ndarray::NdArray);
#[cfg(feature = "ndarray")]
composition_suite!(ndarray_composition, metrics_ndarray::NdArray);
#[cfg(feature = "ndarray")]
primitives_suite!(ndarray_primitives, metrics_ndarray::NdArray);

#[cfg(feature = "candle")]
conformance_suite!(candle_cpu, metrics_candle::Candle::cpu());
#[cfg(feature = "candle")]
composition_suite!(candle_cpu_composition, metrics_candle::Candle::cpu());
#[cfg(feature = "candle")]
primitives_suite!(candle_cpu_primitives, metrics_candle::Candle::cpu());

#[cfg(feature = "cuda")]
conformance_suite!(candle_cuda, metrics_conformance::cuda::candle());
#[cfg(feature = "cuda")]
composition_suite!(candle_cuda_composition, metrics_conformance::cuda::candle());
#[cfg(feature = "cuda")]
primitives_suite!(candle_cuda_primitives, metrics_conformance::cuda::candle());

#[cfg(all(feature = "cuda", feature = "tch"))]
conformance_suite!(tch_cuda, metrics_conformance::cuda::tch());
#[cfg(all(feature = "cuda", feature = "tch"))]
composition_suite!(tch_cuda_composition, metrics_conformance::cuda::tch());
#[cfg(all(feature = "cuda", feature = "tch"))]
primitives_suite!(tch_cuda_primitives, metrics_conformance::cuda::tch());

#[cfg(feature = "tch")]
conformance_suite!(tch_cpu, metrics_tch::Tch::cpu());
#[cfg(feature = "tch")]
composition_suite!(tch_cpu_composition, metrics_tch::Tch::cpu());
#[cfg(feature = "tch")]
primitives_suite!(tch_cpu_primitives, metrics_tch::Tch::cpu());

conformance_suite!(deferring, metrics_conformance::deferring::Deferring);
u64_suite!(deferring_u64, metrics_conformance::deferring::Deferring);
composition_suite!(deferring_composition, metrics_conformance::deferring::Deferring);

conformance_suite!(primitives, metrics_conformance::primitives::PrimitivesOnly);
u64_suite!(primitives_u64, metrics_conformance::primitives::PrimitivesOnly);
primitives_suite!(primitives_primitives, metrics_conformance::primitives::PrimitivesOnly);
