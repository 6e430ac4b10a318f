//! The checks themselves: functions that panic where a backend breaks its contract.

pub mod bounds;
pub mod buckets;
pub mod copies;
pub mod curves;
pub mod dtypes;
pub mod exhaustive;
pub mod fused;
pub mod laws;
pub mod metrics;
pub mod modes;
pub mod ops;
pub mod sizes;
pub mod sources;
pub mod stateful;
pub mod streams;
pub mod tasks;
pub mod tensors;
pub mod threads;
pub mod weights;
