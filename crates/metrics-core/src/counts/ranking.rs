//! What a task was ranked to.

use super::ranked::RankedCounts;
use super::sums::RankSums;

/// What a task was ranked to: as much as its readings need.
#[derive(Debug)]
pub enum Ranking {
    /// The sums alone.
    Sums(RankSums),
    /// The counts, which have the sums too.
    Counts(RankedCounts),
}

impl Ranking {
    /// Of no samples.
    pub(crate) fn none(needs_counts: bool) -> Self {
        if needs_counts { Self::Counts(RankedCounts::none()) } else { Self::Sums(RankSums::none()) }
    }
}
