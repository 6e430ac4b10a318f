//! What the tests of all backends share: oracles that are too simple to be wrong, inputs, and
//! backends made for testing.

pub mod check;
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
#[cfg(feature = "tch")]
pub mod torcheval;
pub mod weighed;
