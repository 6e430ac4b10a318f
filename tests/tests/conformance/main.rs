//! One suite for every backend: a backend joins with one line at the end of this file.

#[macro_use]
mod suite;

mod bounds;
mod buckets;
mod copies;
mod curves;
mod dtypes;
mod exhaustive;
mod fused;
mod laws;
#[cfg(feature = "ndarray")]
mod layouts;
mod ops;
mod sizes;
mod slices;
mod sources;
mod stateful;
mod streams;
mod tasks;
mod threads;
mod undefined;
mod weights;

conformance_suite!(slice, metrics_core::Host);
#[cfg(feature = "ndarray")]
conformance_suite!(ndarray, metrics_ndarray::NdArray);
conformance_suite!(primitives, metrics_conformance::primitives::Primitives);
