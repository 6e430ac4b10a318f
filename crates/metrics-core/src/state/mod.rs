//! States: the samples or counts of a metric as plain data, to be saved, loaded, merged and sent anywhere.

pub(crate) mod buckets;
mod codec;
pub(crate) mod rank;
mod runs;
mod samples;
mod slot;
mod task;
