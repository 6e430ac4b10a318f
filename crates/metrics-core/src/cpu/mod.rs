//! The CPU engine: plain functions over slices. It serves every backend whose tensors lie in host
//! memory, and callers with nothing but slices.

mod bucket;
mod host;
mod ops;
mod radix;
mod rank;
mod samples;
mod scatter;

pub use bucket::bucket_of;
pub use host::Host;
pub use ops::{argsort_descending, group_ends};
pub(crate) use rank::{Sink, for_blocks, rank, scan};
pub(crate) use samples::{Key, Samples};

use crate::areas::CountedAreas;

impl Sink for CountedAreas {
    fn starting_at(tp: u64, fp: u64) -> Self {
        Self::starting_at(tp, fp)
    }

    #[inline]
    fn push(&mut self, _key: u64, n_positives: u64, n_negatives: u64) {
        self.push(n_positives, n_negatives);
    }
}

/// The areas of a task out of those of its parts.
pub(crate) fn total(parts: Vec<CountedAreas>) -> CountedAreas {
    parts.into_iter().fold(CountedAreas::default(), CountedAreas::join)
}
