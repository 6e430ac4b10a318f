//! States: plain data that says all a metric knows, saves, loads, merges and travels anywhere.

pub(crate) mod buckets;
mod codec;
pub(crate) mod rank;
mod runs;
mod samples;
mod slot;
mod task;

pub(crate) use runs::{Run, accumulate};
