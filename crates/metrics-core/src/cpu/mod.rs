//! The CPU engine: plain functions over slices. It serves every backend whose tensors lie in host
//! memory, and callers with nothing but slices.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod bins;
mod blocks;
mod bucket;
mod host;
mod ladder;
mod memory;
mod ops;
mod pack;
mod partition;
mod radix;
mod rank;
mod rare;
mod samples;
pub(crate) mod simd;
mod sort;
#[cfg(target_arch = "x86_64")]
mod sse2;
mod tally;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use blocks::HUGE_PAGE;
pub use blocks::free_spare_memory;
pub use bucket::bucket_of;
pub use host::{Host, HostIndex};
pub(crate) use memory::{Filled, extend};
pub use ops::{argsort_descending, group_ends};
pub(crate) use pack::{pack_apart, packed, unpacked};
pub(crate) use rank::{Bad, Seen, for_blocks, for_each_group, rank, scan};
pub(crate) use samples::{BLOCK, Key, Samples};
pub(crate) use walk::{Sink, TieGroup};

use crate::areas::CountedAreas;

/// The areas of a task out of those of its parts.
pub(crate) fn total(parts: Vec<CountedAreas>) -> CountedAreas {
    parts.into_iter().fold(CountedAreas::default(), CountedAreas::join)
}
