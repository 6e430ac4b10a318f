//! Cumulative counts.

/// Cumulative counts, or cumulative sums of weights.
///
/// ```
/// use metrics_core::{Counts, Cumulative, Readings};
///
/// let counts = Counts.weights(&[0.5, 2.0]).read(&[0.9, 0.1], &[1, 1])?;
/// assert_eq!(counts.tps(), Cumulative::Weighted(&[0.5, 2.5]));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Cumulative<'a> {
    /// Numbers of samples.
    Whole(&'a [u64]),
    /// Sums of weights.
    Weighted(&'a [f64]),
}

impl<'a> Cumulative<'a> {
    /// The numbers as `f64`, which holds each of them exactly.
    ///
    /// ```
    /// assert!(metrics_core::Cumulative::Whole(&[1, 2]).iter().eq([1.0, 2.0]));
    /// ```
    pub fn iter(self) -> impl DoubleEndedIterator<Item = f64> + ExactSizeIterator + 'a {
        (0..self.len()).map(move |at| self.at(at))
    }

    /// How many there are.
    ///
    /// ```
    /// assert_eq!(metrics_core::Cumulative::Whole(&[1, 2]).len(), 2);
    /// ```
    pub fn len(self) -> usize {
        match self {
            Self::Whole(counts) => counts.len(),
            Self::Weighted(sums) => sums.len(),
        }
    }

    /// Whether there are none.
    ///
    /// ```
    /// assert!(metrics_core::Cumulative::Whole(&[]).is_empty());
    /// ```
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The last and largest; 0 where there are none.
    ///
    /// ```
    /// assert_eq!(metrics_core::Cumulative::Weighted(&[0.5, 2.5]).total(), 2.5);
    /// ```
    pub fn total(self) -> f64 {
        self.iter().next_back().unwrap_or(0.0)
    }

    pub(super) fn at(self, at: usize) -> f64 {
        match self {
            Self::Whole(counts) => counts[at] as f64,
            Self::Weighted(sums) => sums[at],
        }
    }
}
