//! Counts of positives and negatives, by distinct score or by bucket, and the sums over them. Every metric
//! is read from these.

pub(crate) mod bounds;
pub(crate) mod buckets;
pub(crate) mod cumulative;
pub(crate) mod points;
pub(crate) mod ranked;
pub(crate) mod ranking;
pub(crate) mod sums;
pub(crate) mod weighted;
pub(crate) mod weights;
