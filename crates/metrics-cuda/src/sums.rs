//! The sums of a task as the kernels leave them.

use metrics_core::backend::IntegerSums;
use metrics_core::{RankSums, Result};

/// `tm_sums` of `kernels/api.h`.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Sums {
    pub(crate) precision: [u64; 4],
    pub(crate) pairs: [u64; 4],
    pub(crate) tp: u64,
    pub(crate) fp: u64,
}

impl Sums {
    /// The sums of a task.
    ///
    /// # Errors
    /// Those of [`IntegerSums::from_sums`], if a batch was invalid.
    pub(crate) fn rank_sums(&self, task: usize) -> Result<RankSums> {
        let whole = |pieces: [u64; 4]| {
            // Wraps only if a batch was invalid.
            let pieces = pieces.iter().rev();
            pieces.fold(0u128, |sum, &piece| (sum << 32).wrapping_add(piece.into()))
        };
        let (precision, pairs) = (whole(self.precision), whole(self.pairs));
        Ok(IntegerSums::from_sums(task, self.tp, self.fp, precision, pairs)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_with_their_carries() {
        let (tp, fp) = (1 << 40, 3);
        let pieces = [u64::from(u32::MAX) + 5, 1 << 33, 0, 1];
        let sums = Sums { precision: pieces, pairs: [3, 0, 0, 0], tp, fp };
        let precision = (1u128 << 96) + (1u128 << 65) + u128::from(u32::MAX) + 5;
        let expected = IntegerSums::from_sums(0, tp, fp, precision, 3).unwrap();
        assert_eq!(sums.rank_sums(0).unwrap(), expected.into());
        // More than 1 for each positive, as an invalid batch may give.
        assert!(Sums { tp: 2, ..sums }.rank_sums(0).is_err());
    }
}
