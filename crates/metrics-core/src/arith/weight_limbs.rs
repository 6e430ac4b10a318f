//! Weights as integers of one word or two, which add up to exact sums without carries between the words.

use super::exact::Sum2;
use super::weights::{BIAS, FRACTION_BITS, WeightRange, exponent_of, is_whole, power_of_two};

/// Bits of the low word of a weight in two words: so many that no addition carries for a long time.
const LOW_BITS: u32 = 40;
/// The most weights in two words that may be added before [`Limbs::carry`].
pub(crate) const MAX_ADDED: usize = 1 << (u64::BITS - LOW_BITS - 1);
/// Bits of a sum in two words. Two `f64` hold so many, so [`Sum2`] adds such sums without rounding.
const SUM_BITS: u64 = 104;
/// Bits of a sum in one word.
const WORD_BITS: u64 = 63;
/// The least biased exponent whose unit has an inverse.
const LEAST_UNIT: u64 = 52;
/// Bits of an exact `f64`, less one.
const HALF_BITS: u32 = FRACTION_BITS;

/// A weight, or a sum of weights, in units: a low word, and a high one of 2^40 times its value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Limbs([u64; 2]);

impl std::ops::AddAssign for Limbs {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        self.0[0] = self.0[0].wrapping_add(other.0[0]);
        self.0[1] = self.0[1].wrapping_add(other.0[1]);
    }
}

impl Limbs {
    /// Moves the bits of the low word that overlap the high one there.
    pub(crate) fn carry(&mut self) {
        let [low, high] = self.0;
        self.0 = [low & ((1 << LOW_BITS) - 1), high + (low >> LOW_BITS)];
    }

    pub(crate) fn units(self) -> u128 {
        let [low, high] = self.0;
        (u128::from(high) << LOW_BITS) + u128::from(low)
    }
}

// SAFETY: integers may have any bits.
#[allow(unsafe_code)]
unsafe impl crate::reserve::Zeros for Limbs {}

/// A power of two of which every weight that is not counted is a multiple, and how many words the sum of all
/// weights takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LimbUnit {
    /// The biased exponent of the least weight that two words hold.
    exponent: u64,
    /// The last bits of the fractions, which are 0 in all weights.
    n_zeros: u32,
    /// The unit itself, and how many of it are 1.
    size: f64,
    per_one: f64,
    fits_one_word: bool,
    /// Weights are in this range.
    least: f64,
    most: f64,
}

/// What was seen of some weights while they became integers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeenWeights {
    /// Whether each is valid and, if it is not counted, a multiple of the unit in the range of the unit.
    pub(crate) fit: bool,
    /// The largest weight that is counted.
    pub(crate) most_counted: f64,
}

/// What was seen of each weight, for a loop that is compiled to vectors.
#[derive(Clone, Copy)]
struct Seen {
    misfits: u64,
    /// The bits of the largest weight that is counted: those of floats of at least 0 have their order.
    most_counted: i64,
}

impl Seen {
    const NONE: Self = Self { misfits: 0, most_counted: 0 };

    #[inline(always)]
    fn add(&mut self, weight: f64, is_counted: bool, fits: bool) {
        self.misfits |= u64::from(!(fits & (weight >= 0.0)));
        let counted = if is_counted { weight.to_bits() as i64 } else { 0 };
        self.most_counted = self.most_counted.max(counted);
    }

    #[inline(always)]
    fn all(self) -> SeenWeights {
        let most_counted = f64::from_bits(self.most_counted as u64);
        SeenWeights { fit: self.misfits == 0, most_counted }
    }
}

impl LimbUnit {
    /// The unit of weights of this range that have these bits; `None` if two words may not hold their sum. It
    /// depends on the weights alone, not on their order.
    pub(crate) fn new(range: &WeightRange, used_bits: u64) -> Option<Self> {
        let exponent = exponent_of(range.least);
        let n_zeros = n_zeros(used_bits);
        let total = range.n_summed as f64 * range.most;
        let bits_above = |x: f64| bits_of(x).saturating_sub(exponent + u64::from(n_zeros));
        let per_one = per_one(exponent + u64::from(n_zeros));
        // The unit must not be rounded either.
        let is_exact = range.least >= f64::MIN_POSITIVE && per_one.is_finite() && total.is_finite();
        (is_exact && bits_above(total) <= SUM_BITS).then(|| Self {
            exponent,
            n_zeros,
            size: 1.0 / per_one,
            per_one,
            fits_one_word: bits_above(total) <= WORD_BITS
                && bits_above(range.most) <= u64::from(FRACTION_BITS),
            least: range.least,
            most: range.most,
        })
    }

    /// A unit for so many weights, of which some have this range and these bits: the finest one that leaves room
    /// for weights a few times as large. Others may not fit.
    pub(crate) fn guess(n_samples: usize, range: &WeightRange, used_bits: u64) -> Option<Self> {
        let most = 4.0 * range.most;
        let total = n_samples as f64 * most;
        let unit = exponent_of(range.least) + u64::from(n_zeros(used_bits));
        let one_word = bits_of(total).saturating_sub(WORD_BITS);
        let one_word = one_word.max(bits_of(most).saturating_sub(u64::from(FRACTION_BITS)));
        let fits_one_word = one_word <= unit;
        let exponent = match fits_one_word {
            true => one_word,
            false => bits_of(total).saturating_sub(SUM_BITS),
        };
        let exponent = exponent.max(LEAST_UNIT);
        let (per_one, least) = (per_one(exponent), power_of_two(exponent as i32 - BIAS as i32));
        let fits = total.is_finite()
            && exponent <= if fits_one_word { unit } else { exponent_of(range.least) };
        // One word holds weights below the least one too, if they are multiples of the unit.
        let least = if fits_one_word { 0.0 } else { least };
        let size = 1.0 / per_one;
        fits.then_some(Self { exponent, n_zeros: 0, size, per_one, fits_one_word, least, most })
    }

    /// Whether one word holds the sum of all weights.
    pub(crate) fn fits_one_word(self) -> bool {
        self.fits_one_word
    }

    /// How many units each weight is, in one word; 0 for those that are counted.
    #[inline(always)]
    pub(crate) fn words(self, weights: &[f64], out: &mut [u64]) -> SeenWeights {
        let mut seen = Seen::NONE;
        for (to, &weight) in out.iter_mut().zip(weights) {
            let is_counted = is_whole(weight);
            let summed = if is_counted { 0.0 } else { weight };
            let units = summed * self.per_one;
            *to = integer(units);
            let is_multiple = (units + INTEGER_SHIFT) - INTEGER_SHIFT == units;
            seen.add(weight, is_counted, is_multiple & (summed <= self.most));
        }
        seen.all()
    }

    /// How many units each weight is, in two words; 0 for those that are counted.
    #[inline(always)]
    pub(crate) fn limbs(self, weights: &[f64], out: &mut [Limbs]) -> SeenWeights {
        const IMPLIED: u64 = 1 << FRACTION_BITS;
        let shifted = |x: u64, by: u64| if by < 64 { x << by } else { 0 };
        let shifted_down = |x: u64, by: u64| if by < 64 { x >> by } else { 0 };
        let mut seen = Seen::NONE;
        for (to, &weight) in out.iter_mut().zip(weights) {
            let (bits, is_counted) = (weight.to_bits(), is_whole(weight));
            let fraction = if is_counted { 0 } else { bits & (IMPLIED - 1) | IMPLIED };
            let fraction = fraction >> self.n_zeros;
            let up = (bits >> FRACTION_BITS).wrapping_sub(self.exponent);
            // Of the two shifts of the high word at most one is not of 64 bits and more, but where both are
            // by none.
            let high = shifted_down(fraction, u64::from(LOW_BITS).wrapping_sub(up))
                | shifted(fraction, up.wrapping_sub(u64::from(LOW_BITS)));
            *to = Limbs([shifted(fraction, up) & ((1 << LOW_BITS) - 1), high]);
            let is_in_range = (weight >= self.least) & (weight <= self.most);
            seen.add(weight, is_counted, is_counted | is_in_range);
        }
        seen.all()
    }

    /// So many units, rounded.
    pub(crate) fn value(self, units: u128) -> f64 {
        self.parts(units).iter().sum()
    }

    /// Adds so many units to a sum.
    pub(crate) fn add_to(self, sum: &mut Sum2, units: u128) {
        self.parts(units).into_iter().filter(|&part| part != 0.0).for_each(|part| sum.add(part));
    }

    /// So many units as numbers that add up to them exactly, the larger one first.
    fn parts(self, units: u128) -> [f64; 2] {
        let low = (units & ((1 << HALF_BITS) - 1)) as u64;
        let high = (units >> HALF_BITS) as u64;
        let half = 2f64.powi(HALF_BITS as i32);
        [high as f64 * half * self.size, low as f64 * self.size]
    }
}

/// The weights that are counted as integers, and 0 for others, which do not fit.
#[inline(always)]
pub(crate) fn counted(weights: &[f64], out: &mut [u32]) -> SeenWeights {
    let mut seen = Seen::NONE;
    for (to, &weight) in out.iter_mut().zip(weights) {
        let is_counted = is_whole(weight);
        *to = integer(if is_counted { weight } else { 0.0 }) as u32;
        seen.add(weight, is_counted, is_counted);
    }
    seen.all()
}

/// The biased exponent above all numbers below twice this one, so that a multiple of the unit of a biased exponent
/// `e`, which stands for 2^(e - BIAS - 52), has this many bits less `e`.
fn bits_of(x: f64) -> u64 {
    exponent_of(x) + 2 + u64::from(FRACTION_BITS)
}

/// Bits that are 0 at the end of each fraction.
fn n_zeros(used_bits: u64) -> u32 {
    (used_bits | 1 << FRACTION_BITS).trailing_zeros()
}

/// How many of the unit of a biased exponent are 1.
fn per_one(exponent: u64) -> f64 {
    power_of_two(BIAS as i32 + FRACTION_BITS as i32 - exponent as i32)
}

/// No vector instruction converts to 64 bits. A sum of this number and a whole one below it has its exponent, and
/// its last bit is 1.
const INTEGER_SHIFT: f64 = (1u64 << FRACTION_BITS) as f64;

/// A whole number below 2^52 as an integer.
#[inline(always)]
fn integer(x: f64) -> u64 {
    (x + INTEGER_SHIFT).to_bits() & ((1 << FRACTION_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(weights: &[f64]) -> Option<LimbUnit> {
        let (mut range, mut used_bits) = (WeightRange::default(), 0);
        for &weight in weights.iter().filter(|&&weight| !is_whole(weight)) {
            range.add(weight);
            used_bits |= weight.to_bits();
        }
        LimbUnit::new(&range, used_bits)
    }

    /// The sum of the parts of each weight is the weight, in one word and in two.
    #[test]
    fn weights_are_the_sums_of_their_units() {
        let powers = [1.0, 2f64.powi(-30), 2f64.powi(-900), 2f64.powi(900)];
        for (power, fraction) in powers.into_iter().flat_map(|p| [(p, 0.1), (p, 0.375)]) {
            let weights = [1.5, 0.0, -0.0, 1.0, 7.0, fraction, 3.0 + fraction, 1e6 + fraction]
                .map(|weight| if is_whole(weight) { weight } else { weight * power });
            let unit = scanned(&weights).unwrap();
            assert_eq!(unit.fits_one_word(), fraction == 0.375, "{power}");
            let mut limbs = [Limbs::default(); 8];
            assert!(unit.limbs(&weights, &mut limbs).fit);
            let mut words = [0; 8];
            if unit.fits_one_word() {
                let seen = unit.words(&weights, &mut words);
                assert!(seen.fit && seen.most_counted == 7.0);
            }
            for ((&weight, limbs), word) in weights.iter().zip(limbs).zip(words) {
                let [high, low] = unit.parts(limbs.units());
                let expected = if is_whole(weight) { 0.0 } else { weight };
                assert_eq!(high + low, expected, "{weight} in {unit:?}");
                assert!(!unit.fits_one_word() || u128::from(word) == limbs.units());
            }
        }
    }

    #[test]
    fn sums_are_exact() {
        let weights: Vec<f64> = (1..=1000u32).map(|i| f64::from(i).sqrt() * 1e-3).collect();
        let unit = scanned(&weights).unwrap();
        let mut limbs = vec![Limbs::default(); weights.len()];
        unit.limbs(&weights, &mut limbs);
        let (mut all, mut one_by_one, mut expected) =
            (Limbs::default(), Sum2::default(), Sum2::default());
        for (&limbs, &weight) in limbs.iter().zip(&weights) {
            all += limbs;
            all.carry();
            if !is_whole(weight) {
                one_by_one.add(weight);
            }
        }
        unit.add_to(&mut expected, all.units());
        assert_eq!(one_by_one, expected);
    }

    #[test]
    fn weights_too_far_apart_have_no_unit() {
        assert!(scanned(&[0.1, 1e13 + 0.5]).is_some());
        assert!(scanned(&[0.1, 1e15]).is_none());
        // With few bits each, they may lie farther apart.
        assert!(scanned(&[0.5, 2f64.powi(95)]).is_some());
        for out_of_range in [5e-324, 1e-310, f64::MAX] {
            assert!(scanned(&[out_of_range, out_of_range]).is_none(), "{out_of_range}");
        }
    }

    #[test]
    fn guesses_say_which_weights_fit() {
        let fit = |some: &[f64], all: &[f64]| {
            let (mut range, mut used_bits) = (WeightRange::default(), 0);
            for &weight in some {
                range.add(weight);
                used_bits |= weight.to_bits();
            }
            let unit = LimbUnit::guess(all.len(), &range, used_bits).unwrap();
            let (mut words, mut limbs) = (vec![0; all.len()], vec![Limbs::default(); all.len()]);
            let seen = match unit.fits_one_word() {
                true => unit.words(all, &mut words),
                false => unit.limbs(all, &mut limbs),
            };
            let sum = match unit.fits_one_word() {
                true => u128::from(words.iter().sum::<u64>()),
                false => limbs.iter().map(|limbs| limbs.units()).sum(),
            };
            let expected: f64 = all.iter().filter(|&&weight| !is_whole(weight)).sum();
            let error = (unit.value(sum) - expected).abs();
            assert!(!seen.fit || error <= 1e-15 * expected, "{all:?} {unit:?}");
            seen.fit
        };
        assert!(fit(&[0.5], &[0.5, 0.25, 2f64.powi(-30), 1.5, 1.0, 0.0, -0.0]));
        assert!(!fit(&[0.5], &[0.5, 0.1]) && !fit(&[0.5], &[0.5, 2.5]));
        assert!(fit(&[0.1], &[0.1, 0.2, 1e-9, 7.0]) && !fit(&[0.1], &[0.1, 1e-20]));
        assert!(!fit(&[0.1], &[0.1, 0.5]));
        for invalid in [-1.0, -0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -5e-324] {
            assert!(!fit(&[0.5], &[0.5, invalid]) && !fit(&[0.1], &[0.1, invalid]), "{invalid}");
            assert!(!counted(&[1.0, invalid], &mut [0; 2]).fit, "{invalid}");
        }
        for power in [-1020, -960, 0, 900, 1021] {
            let scale = 2f64.powi(power);
            let mut range = WeightRange::default();
            range.add(0.7 * scale);
            let guess = LimbUnit::guess(1000, &range, (0.7 * scale).to_bits());
            assert_eq!(guess.is_some(), (-960..=900).contains(&power), "{power}: {guess:?}");
        }
        assert_eq!(counted(&[1.0, 0.0, 5.0], &mut [0; 3]).most_counted, 5.0);
        assert!(!counted(&[1.0, 0.5], &mut [0; 2]).fit);
    }

    #[test]
    fn whole_numbers_become_integers() {
        for x in [0.0, -0.0, 1.0, 12345.0, f64::from(1 << 20), 4_503_599_627_370_495.0] {
            assert_eq!(integer(x), x as u64, "{x}");
        }
    }
}
