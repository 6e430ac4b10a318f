//! The ranked counts and the sums over a ranking, as readings.

use crate::counts::ranked::RankedCounts;
use crate::counts::sums::RankSums;
use crate::error::Result;
use crate::metric::reading::{Policy, Reading};

/// The ranked counts of a task, for readings of your own.
///
/// ```
/// use metrics_core::{Counts, Readings};
///
/// // Prevalence of the samples with a score of at least 0.5.
/// let counts = Counts.read(&[0.1, 0.4, 0.6, 0.8], &[0, 1, 0, 1])?;
/// let group = counts.groups().take_while(|group| group.threshold >= 0.5).last().unwrap();
/// assert_eq!(group.tp / (group.tp + group.fp), 0.5);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Counts;

impl Reading for Counts {
    type Source = RankedCounts;
    type Value = RankedCounts;

    fn name(&self) -> &'static str {
        "ranked_counts"
    }

    fn value(&self, counts: &RankedCounts, _policy: Policy) -> Result<RankedCounts> {
        Ok(counts.clone())
    }
}

/// The sums over the ranking of a task: AUPRC, AUROC, and the number of positives and negatives.
///
/// ```
/// use metrics_core::{Readings, Sums};
///
/// let sums = Sums.read(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?;
/// assert_eq!((sums.n_positives(), sums.n_negatives()), (3.0, 1.0));
/// assert_eq!((sums.auprc(), sums.auroc()), (Some(11.0 / 12.0), Some(2.0 / 3.0)));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Sums;

impl Reading for Sums {
    type Source = RankSums;
    type Value = RankSums;

    fn name(&self) -> &'static str {
        "rank_sums"
    }

    fn value(&self, sums: &RankSums, _policy: Policy) -> Result<RankSums> {
        Ok(*sums)
    }
}
