//! States: plain data with one byte form, which counts exactly and travels anywhere; their reader
//! trusts nothing.

#[path = "../common/backends.rs"]
mod backends;
mod canonical;
mod compaction;
mod counts;
mod examples;
#[path = "../common/given.rs"]
mod given;
mod golden;
mod handmade_auc;
mod handmade_rank;
mod kinds;
mod malformed;
mod merging;
mod multiset;
mod portable;
mod round_trip;
mod writing;
