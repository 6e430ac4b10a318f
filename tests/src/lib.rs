//! The checks that every backend of tensor-metrics passes, for those written elsewhere too.
//!
//! One line in a test of your own crate runs all of them, each as a test of its own name:
//!
//! ```
//! metrics_conformance::conformance_suite!(mine, metrics_core::Host, engine);
//! # fn main() {}
//! ```
//!
//! Values are compared with exact rationals, and with the bits of the other backends; laws are tried on
//! seeded samples of ten kinds and on random ones that shrink. `CONFORMANCE_SEED` sets the seed. A
//! check asserts `==` wherever the library promises bits.
//!
//! [`conformance_suite!`] says what stands behind the names of parts, such as `engine`. Shown in use:
//! `tests/tests/conformance/main.rs` for the backends of this workspace, `tests/tests/foreign` for one over
//! a library that it does not know.
//!
//! What the checks know of each metric stands in the [`registry`], one entry a metric: its ways to be
//! called, its numbers by definition, its undefined cases, its names. The laws of all metrics run over it.
//!
//! The rest is what the checks are made of, and what other tests use of it: oracles too simple to be wrong
//! ([`naive`], [`weighed`], in [`rational`] numbers), inputs ([`random`], [`inputs`]), and backends that
//! exist for tests ([`primitives`], [`deferring`], [`counting`], [`panicking`]).

pub mod check;
#[doc(hidden)]
#[allow(missing_docs, reason = "the name of a check is what it asserts")]
pub mod checks;
pub mod counting;
#[cfg(feature = "cuda")]
pub mod cuda;
pub mod deferring;
pub mod inputs;
pub mod modes;
pub mod naive;
pub mod panicking;
pub mod primitives;
pub mod random;
pub mod rational;
pub mod registry;
mod suite;
#[cfg(feature = "tch")]
pub mod torcheval;
pub mod weighed;

// What the tests of the suite name.
#[doc(hidden)]
pub use {half, metrics_core, rstest};
