//! The ranking of a task.

use super::ranked::RankedCounts;
use super::sums::RankSums;

/// The ranking of a task, as sums or as counts: whichever its readings need.
///
/// A reading can use the values of another one, read off the same ranking:
///
/// ```
/// use metrics_core::{Auroc, Policy, RankSums, Ranking, Reading, Readings, Result};
///
/// /// Gini coefficient: 2 · AUROC − 1.
/// #[derive(Debug, Clone)]
/// struct Gini;
///
/// impl Reading for Gini {
///     type Source = RankSums;
///     type Value = f64;
///
///     fn name(&self) -> &'static str {
///         "gini"
///     }
///
///     fn value(&self, sums: &RankSums, policy: Policy) -> Result<f64> {
///         Ok(2.0 * Auroc.values(&Ranking::Sums(*sums), policy)? - 1.0)
///     }
/// }
/// assert_eq!(Gini.read(&[0.1, 0.5, 0.7], &[0, 1, 0])?, 0.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug)]
pub enum Ranking {
    /// The sums alone.
    Sums(RankSums),
    /// The counts; the sums can be computed from them.
    Counts(RankedCounts),
}

impl Ranking {
    /// Whether there is no sample of non-zero weight.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Sums(sums) => sums.is_empty(),
            Self::Counts(counts) => counts.is_empty(),
        }
    }

    /// The ranking of no samples.
    pub(crate) fn none(needs_counts: bool) -> Self {
        if needs_counts { Self::Counts(RankedCounts::none()) } else { Self::Sums(RankSums::none()) }
    }
}
