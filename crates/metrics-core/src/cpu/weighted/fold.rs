//! What is folded over the groups of weighted samples.

use std::ops::Add;

use crate::arith::simd;
use crate::arith::sums::IntegerSums;
use crate::arith::weight_sums::{self, Terms, WeightSums, WeightTotals};
use crate::arith::weights::WeightUnit;
use crate::cpu::word::Word;

/// A fold over weighted groups.
pub(super) trait WeightFold: Send + Sized {
    /// A sum of weights.
    type Amount: Copy + Default + Add<Output = Self::Amount> + PartialEq + Send + Sync;
    /// How weights become amounts.
    type Unit: Copy + Sync + Send;
    /// What a part starts with, besides what lies above it.
    type Totals: Copy + Sync + Send;

    fn amount(unit: Self::Unit, weight: f64) -> Self::Amount;
    /// An amount of negatives or of positives.
    fn of_label(amount: Self::Amount, is_positive: bool) -> [Self::Amount; 2];
    fn totals(unit: Self::Unit, of_labels: [Self::Amount; 2]) -> Self::Totals;
    /// A part with these negatives and positives above it.
    fn starting_at(totals: Self::Totals, of_labels: [Self::Amount; 2]) -> Self;
    /// Adds all groups of sorted samples, none of which has weight 0.
    fn push_sorted<W: WeightedWord>(&mut self, words: &[W], unit: Self::Unit);
}

impl WeightFold for IntegerSums {
    type Amount = u64;
    type Unit = ();
    type Totals = ();

    #[inline(always)]
    fn amount((): (), weight: f64) -> u64 {
        weight as i64 as u64
    }

    #[inline(always)]
    fn of_label(n: u64, is_positive: bool) -> [u64; 2] {
        let n_positives = n & u64::from(is_positive).wrapping_neg();
        [n - n_positives, n_positives]
    }

    fn totals((): (), _of_labels: [u64; 2]) {}

    fn starting_at((): (), [fp, tp]: [u64; 2]) -> Self {
        Self::starting_at(tp, fp)
    }

    fn push_sorted<W: WeightedWord>(&mut self, words: &[W], (): ()) {
        simd::run(
            #[inline(always)]
            || {
                for_each_group(
                    words,
                    #[inline(always)]
                    |group| {
                        let [n_negatives, n_positives] = total::<W, Self>(group, ());
                        self.push(n_positives, n_negatives);
                    },
                );
            },
        );
    }
}

impl WeightFold for WeightSums {
    type Amount = u128;
    type Unit = WeightUnit;
    type Totals = WeightTotals;

    #[inline(always)]
    fn amount(unit: WeightUnit, weight: f64) -> u128 {
        unit.units(weight)
    }

    fn totals(unit: WeightUnit, [negatives, positives]: [u128; 2]) -> WeightTotals {
        WeightTotals::new(unit, positives, negatives)
    }

    fn starting_at(totals: WeightTotals, above: [u128; 2]) -> Self {
        Self::starting_at(totals, above)
    }

    fn push_sorted<W: WeightedWord>(&mut self, words: &[W], unit: WeightUnit) {
        let mut terms = Terms::of(self);
        simd::run(
            #[inline(always)]
            || {
                // Apart from the sums, so that they stay in registers.
                let mut down_to = self.down_to;
                for_each_group(
                    words,
                    #[inline(always)]
                    |group| {
                        let is_full = match group {
                            [word] => {
                                let (weight, is_positive) = (word.weight(), word.is_positive());
                                terms.push_one(&mut down_to, unit, weight, is_positive)
                            }
                            group => terms.push(&mut down_to, total::<W, Self>(group, unit)),
                        };
                        if is_full {
                            self.add(&mut terms);
                        }
                    },
                );
                self.down_to = down_to;
            },
        );
        self.add(&mut terms);
    }

    #[inline(always)]
    fn of_label(units: u128, is_positive: bool) -> [u128; 2] {
        weight_sums::of_label(units, is_positive)
    }
}

/// A packed sample, and its weight below it.
pub(crate) trait WeightedWord: Word {
    /// Bits of the weight.
    const WEIGHT_BITS: u32;

    fn new(packed: u64, weight: f64) -> Self;

    fn weight(self) -> f64;

    /// The packed sample: a distance, and the label in bit 0.
    #[inline(always)]
    fn packed(self) -> u64 {
        (self >> Self::WEIGHT_BITS as usize).to_u64()
    }

    #[inline(always)]
    fn is_positive(self) -> bool {
        self.packed() & 1 == 1
    }
}

impl WeightedWord for u64 {
    const WEIGHT_BITS: u32 = 32;

    #[inline(always)]
    fn new(packed: u64, weight: f64) -> Self {
        packed << 32 | Self::from((weight as f32).to_bits())
    }

    #[inline(always)]
    fn weight(self) -> f64 {
        f32::from_bits(self as u32).into()
    }
}

impl WeightedWord for u128 {
    const WEIGHT_BITS: u32 = 64;

    #[inline(always)]
    fn new(packed: u64, weight: f64) -> Self {
        Self::from(packed) << 64 | Self::from(weight.to_bits())
    }

    #[inline(always)]
    fn weight(self) -> f64 {
        f64::from_bits(self as u64)
    }
}

pub(super) fn add<A: Copy + Add<Output = A>>(a: [A; 2], b: [A; 2]) -> [A; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

/// The weight of all negatives, and of all positives.
#[inline(always)]
pub(super) fn total<W: WeightedWord, F: WeightFold>(words: &[W], unit: F::Unit) -> [F::Amount; 2] {
    let none = [F::Amount::default(); 2];
    words.iter().fold(none, |sums, &word| {
        let amount = F::amount(unit, word.weight());
        add(sums, F::of_label(amount, word.is_positive()))
    })
}

/// Calls `visit` with the samples of each score.
#[inline(always)]
pub(super) fn for_each_group<W: WeightedWord>(words: &[W], mut visit: impl FnMut(&[W])) {
    let is_tied = |a: &W, b: &W| a.packed() | 1 == b.packed() | 1;
    let mut start = 0;
    while start < words.len() {
        let mut end = start + 1;
        while words.get(end).is_some_and(|next| is_tied(&words[start], next)) {
            end += 1;
        }
        visit(&words[start..end]);
        start = end;
    }
}
