//! The sums of a task as the kernels leave them.

use metrics_core::CountedAreas;

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
    pub(crate) fn areas(&self) -> CountedAreas {
        let whole = |pieces: [u64; 4]| {
            // Wraps only where a batch was bad, whose areas nobody sees.
            let pieces = pieces.iter().rev();
            pieces.fold(0u128, |sum, &piece| (sum << 32).wrapping_add(piece.into()))
        };
        CountedAreas::from_sums(self.tp, self.fp, whole(self.precision), whole(self.pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_with_their_carries() {
        let pieces = [u64::from(u32::MAX) + 5, 1 << 33, 0, 1];
        let sums = Sums { precision: pieces, pairs: [3, 0, 0, 0], tp: 2, fp: 3 };
        let precision = (1u128 << 96) + (1u128 << 65) + u128::from(u32::MAX) + 5;
        assert_eq!(sums.areas(), CountedAreas::from_sums(2, 3, precision, 3));
    }
}
