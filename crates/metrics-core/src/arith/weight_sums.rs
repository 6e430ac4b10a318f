//! The sums behind weighted areas, which have no order.

use super::simd;
use super::weights::{WeightUnit, approximate};

/// A sum of numbers of at least 0 that is at most about 1, each rounded to a multiple of 2^-90. All additions
/// are exact, so they have no order.
#[derive(Debug, Clone, Copy, Default)]
struct TermSum {
    /// Multiples of 2^-50.
    high: f64,
    /// What they leave of the terms, in units of 2^-90.
    lows: i128,
}

impl TermSum {
    /// The root of 2^90.
    const LOWS: f64 = (1u64 << 45) as f64;

    /// Adds sums of at most 2^13 terms.
    fn add_lanes(&mut self, lanes: TermLanes) {
        // Exact, since these are multiples of 2^-50 and of 2^-90 that are not much above 1 and 2^-38.
        self.high += lanes.high.iter().sum::<f64>();
        let low = lanes.low.iter().sum::<f64>();
        self.lows += i128::from((low * Self::LOWS * Self::LOWS) as i64);
    }

    fn join(self, other: Self) -> Self {
        Self { high: self.high + other.high, lows: self.lows + other.lows }
    }

    fn value(self) -> f64 {
        let high = (self.high * (1u64 << 50) as f64) as i64;
        let units = (i128::from(high) << 40) + self.lows;
        approximate(units as u128) / Self::LOWS / Self::LOWS
    }
}

/// Sums of terms, a vector at a time.
#[derive(Debug, Clone, Copy, Default)]
struct TermLanes {
    /// Multiples of 2^-50.
    high: [f64; LANES],
    /// What they leave: multiples of 2^-90, each of them at most 2^-51.
    low: [f64; LANES],
}

const LANES: usize = 4;

#[inline(always)]
fn lanes(f: impl FnMut(usize) -> f64) -> [f64; LANES] {
    std::array::from_fn(f)
}

impl TermLanes {
    /// Adding these and taking them away again rounds to multiples of 2^-50 and of 2^-90.
    const TO_HIGH: f64 = 6.0;
    const TO_LOW: f64 = 1.5 / (1u64 << 38) as f64;

    #[inline(always)]
    fn add(&mut self, terms: [f64; LANES]) {
        let high = lanes(|lane| (terms[lane] + Self::TO_HIGH) - Self::TO_HIGH);
        let low = lanes(|lane| ((terms[lane] - high[lane]) + Self::TO_LOW) - Self::TO_LOW);
        self.high = lanes(|lane| self.high[lane] + high[lane]);
        self.low = lanes(|lane| self.low[lane] + low[lane]);
    }
}

/// Terms of the sums of a part, noted to be added several at once.
#[derive(Debug)]
pub(crate) struct Terms {
    positives: [f64; Self::MAX],
    negatives: [f64; Self::MAX],
    /// The positives down to each score, after those above the first.
    tps: [f64; 1 + Self::MAX],
    /// The positives and negatives down to each score.
    ns: [f64; Self::MAX],
    n: usize,
}

impl Terms {
    const MAX: usize = 256;

    /// No terms yet of a part.
    pub(crate) fn of(part: &WeightSums) -> Self {
        let none = [0.0; Self::MAX];
        let mut tps = [0.0; 1 + Self::MAX];
        tps[0] = approximate(part.down_to[1]);
        Self { positives: none, negatives: none, tps, ns: none, n: 0 }
    }

    /// Notes the next distinct score, with the weight of its negatives and of its positives; not both are 0.
    /// `down_to` are the weights down to the score before. Returns whether the terms must be added now.
    #[inline(always)]
    pub(crate) fn push(&mut self, down_to: &mut [u128; 2], of_labels: [u128; 2]) -> bool {
        self.note(down_to, of_labels, of_labels.map(approximate))
    }

    /// Notes the next distinct score, which one sample has.
    #[inline(always)]
    pub(crate) fn push_one(
        &mut self,
        down_to: &mut [u128; 2],
        unit: WeightUnit,
        weight: f64,
        is_positive: bool,
    ) -> bool {
        let number = (weight * unit.per_one).to_bits();
        // Masks and no branch: labels come in random order.
        let numbers = [!is_positive, is_positive]
            .map(|is_of_label| f64::from_bits(number & mask(is_of_label) as u64));
        self.note(down_to, of_label(unit.units(weight), is_positive), numbers)
    }

    #[inline(always)]
    fn note(
        &mut self,
        down_to: &mut [u128; 2],
        [of_negatives, of_positives]: [u128; 2],
        [negatives, positives]: [f64; 2],
    ) -> bool {
        let [fp, tp] = down_to;
        *fp += of_negatives;
        *tp += of_positives;
        let at = self.n % Self::MAX;
        self.positives[at] = positives;
        self.negatives[at] = negatives;
        self.tps[at + 1] = approximate(*tp);
        self.ns[at] = approximate(*tp + *fp);
        self.n = at + 1;
        self.n == Self::MAX
    }
}

/// All bits, or none.
#[inline(always)]
fn mask(all: bool) -> u128 {
    u128::from(all).wrapping_neg()
}

/// So many units of negatives or of positives.
#[inline(always)]
pub(crate) fn of_label(units: u128, is_positive: bool) -> [u128; 2] {
    // Masks and no branch: labels come in random order.
    [units & mask(!is_positive), units & mask(is_positive)]
}

/// How the sums of a task are scaled: by its positives and negatives, in units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightTotals {
    unit: WeightUnit,
    n_positives: u128,
    n_negatives: u128,
    precision_scale: f64,
    pairs_scale: f64,
}

impl WeightTotals {
    pub(crate) fn new(unit: WeightUnit, n_positives: u128, n_negatives: u128) -> Self {
        let bits = |x: u128| (u128::BITS - x.leading_zeros()) as i32;
        let (of_positives, of_negatives) = (bits(n_positives), bits(n_negatives));
        Self {
            unit,
            n_positives,
            n_negatives,
            precision_scale: 2f64.powi(-of_positives),
            pairs_scale: 2f64.powi(-1 - of_positives - of_negatives),
        }
    }
}

/// The sums behind weighted areas, over the distinct scores of a part from high to low.
///
/// Weights are added up exactly. Each term is rounded a few times, the last time to a multiple of 2^-90 of the
/// largest possible sum. So the sum of all has no order: not of samples, batches, threads or parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightSums {
    totals: WeightTotals,
    /// The weights of the negatives and of the positives down to the last score.
    pub(crate) down_to: [u128; 2],
    precision: TermSum,
    pairs: TermSum,
}

/// Weighted areas, and the weights of all positives and negatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WeightedAreas {
    pub(crate) n_positives: f64,
    pub(crate) n_negatives: f64,
    pub(crate) auprc: f64,
    pub(crate) auroc: f64,
}

/// Smallest area that keeps 12 digits whatever is cut off its terms: 2^30 of them lose 2^-61.
const LEAST_AREA: f64 = 1.0 / (1u64 << 20) as f64;

impl WeightSums {
    /// A part with this weight of negatives and of positives above it.
    pub(crate) fn starting_at(totals: WeightTotals, above: [u128; 2]) -> Self {
        let none = TermSum::default();
        Self { totals, down_to: above, precision: none, pairs: none }
    }

    /// Adds the terms that were noted; none are left.
    pub(crate) fn add(&mut self, terms: &mut Terms) {
        let WeightTotals { precision_scale, pairs_scale, .. } = self.totals;
        simd::run(
            #[inline(always)]
            || {
                let n = terms.n.next_multiple_of(LANES);
                terms.positives[terms.n..n].fill(0.0);
                terms.negatives[terms.n..n].fill(0.0);
                terms.ns[terms.n..n].fill(1.0);
                let (mut precision, mut pairs) = (TermLanes::default(), TermLanes::default());
                for at in (0..n).step_by(LANES) {
                    let tps = lanes(|lane| terms.tps[at + lane + 1]);
                    precision.add(lanes(|lane| {
                        let positives = terms.positives[at + lane] * precision_scale;
                        positives * (tps[lane] / terms.ns[at + lane])
                    }));
                    pairs.add(lanes(|lane| {
                        let twice_tp = terms.tps[at + lane] + tps[lane];
                        terms.negatives[at + lane] * twice_tp * pairs_scale
                    }));
                }
                self.precision.add_lanes(precision);
                self.pairs.add_lanes(pairs);
            },
        );
        (terms.tps[0], terms.n) = (terms.tps[terms.n], 0);
    }

    /// Adds the sums of the part that comes next below this one.
    pub(crate) fn join(self, below: Self) -> Self {
        let (precision, pairs) =
            (self.precision.join(below.precision), self.pairs.join(below.pairs));
        Self { totals: self.totals, down_to: below.down_to, precision, pairs }
    }

    /// The areas of a task; `None` if one is so small that it may have lost bits.
    pub(crate) fn areas(self) -> Option<WeightedAreas> {
        let WeightTotals { unit, n_positives, n_negatives, precision_scale, pairs_scale } =
            self.totals;
        let (positives, negatives) = (approximate(n_positives), approximate(n_negatives));
        // At most 1: rounding may exceed it by a few units in the last place.
        let ratio = |sum: TermSum, most: f64| {
            if most == 0.0 { 1.0 } else { (sum.value() / most).min(1.0) }
        };
        let auprc = ratio(self.precision, positives * precision_scale);
        let auroc = ratio(self.pairs, 2.0 * positives * negatives * pairs_scale);
        (auprc >= LEAST_AREA && auroc >= LEAST_AREA).then(|| WeightedAreas {
            n_positives: unit.value(n_positives),
            n_negatives: unit.value(n_negatives),
            auprc,
            auroc,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::weights::WeightRange;

    #[test]
    fn terms_add_up_in_any_order() {
        let terms: Vec<f64> = (0..20_000u32)
            .map(|i| f64::from(i.wrapping_mul(2_654_435_769)) * 2f64.powi(-47 - (i % 40) as i32))
            .collect();
        let sum = |terms: &mut dyn Iterator<Item = &f64>| {
            let mut sum = TermSum::default();
            let terms: Vec<f64> = terms.copied().collect();
            for terms in terms.chunks(1 << 13) {
                let mut of_block = TermLanes::default();
                for terms in terms.chunks(LANES) {
                    of_block.add(lanes(|lane| terms.get(lane).copied().unwrap_or(0.0)));
                }
                sum.add_lanes(of_block);
            }
            sum
        };
        let (all, reversed) = (sum(&mut terms.iter()), sum(&mut terms.iter().rev()));
        let (first, last) = terms.split_at(7000);
        let joined = sum(&mut first.iter()).join(sum(&mut last.iter()));
        let expected: f64 = terms.iter().sum();
        assert!((all.value() - expected).abs() < 1e-13 * expected, "{all:?} {expected}");
        assert_eq!([reversed.value(), joined.value()], [all.value(); 2]);
    }

    #[test]
    fn one_sample_is_a_group_of_one() {
        let weights = [0.3, 1e-3, 7.5, 0.3];
        let mut range = WeightRange::default();
        weights.iter().for_each(|&weight| range.add(weight));
        let unit = WeightUnit::new(&range).unwrap();
        let totals = WeightTotals::new(unit, unit.units(7.8), unit.units(0.301));
        let [mut groups, mut ones] = [WeightSums::starting_at(totals, [0; 2]); 2];
        let [mut of_groups, mut of_ones] = [Terms::of(&groups), Terms::of(&ones)];
        for (i, &weight) in weights.iter().enumerate() {
            let is_positive = i % 2 == 0;
            of_groups.push(&mut groups.down_to, of_label(unit.units(weight), is_positive));
            of_ones.push_one(&mut ones.down_to, unit, weight, is_positive);
        }
        groups.add(&mut of_groups);
        ones.add(&mut of_ones);
        assert_eq!(ones.areas(), groups.areas());
        assert!(ones.areas().is_some());
    }
}
