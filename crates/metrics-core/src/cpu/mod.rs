//! The CPU engine: plain functions over slices that return counts, sums or the first invalid sample. It
//! serves every backend whose tensors lie in host memory, and callers with nothing but slices.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod bins;
mod blocks;
pub(crate) mod buckets;
mod ladder;
mod memory;
mod pack;
mod partition;
pub(crate) mod radix;
mod rank;
mod rare;
mod read;
mod samples;
mod sort;
mod sorted;
#[cfg(target_arch = "x86_64")]
mod sse2;
mod tally;
mod tie_scan;
pub(crate) mod weighted;
mod word;

#[cfg(test)]
mod tests;

pub(crate) use blocks::HUGE_PAGE;
pub use blocks::free_spare_memory;
pub(crate) use memory::{Filled, extend};
pub(crate) use pack::{pack_apart, packed, unpacked};
pub(crate) use rank::{OfTask, counts, for_each_group, rank, sorted};
pub(crate) use read::{InputScan, InvalidSample, for_blocks, scan};
pub(crate) use samples::{AnySamples, BLOCK, Samples, with_samples};
pub(crate) use sorted::CountLists;
pub(crate) use tie_scan::{GroupFold, KeyGroup};
pub(crate) use word::Key;

use crate::arith::sums::IntegerSums;

/// The sums of a task out of those of its parts.
pub(crate) fn total(parts: Vec<IntegerSums>) -> IntegerSums {
    parts.into_iter().fold(IntegerSums::default(), IntegerSums::join)
}
