//! Weights of any size: values, and bounds of bucketed values, beside exact arithmetic.

mod areas;
#[path = "../common/backends.rs"]
mod backends;
mod bounds;
mod samples;
