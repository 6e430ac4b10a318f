//! Adding up the weights of each bucket.
//!
//! Whole weights are counted. Other weights become integers, in a unit of which all are multiples: sums of these
//! are exact, so that they depend neither on order nor on threads. The unit is guessed from a few weights. If
//! others turn out not to fit, one read of all of them finds their unit.

use std::ops::{AddAssign, Range};

use super::{NotCounted, Predictions, for_labels, number, number_f32};
use crate::arith::simd;
use crate::arith::threads;
use crate::arith::weight_limbs::{LimbUnit, Limbs, MAX_ADDED, SeenWeights, counted};
use crate::arith::weights::is_whole;
use crate::cpu::InvalidSample;
use crate::cpu::read::share;
use crate::cpu::samples::BLOCK;
use crate::cpu::tally::tally_amounts;
use crate::cpu::weighted::{WeightScan, Weights, scan_weights};
use crate::element::dtype::Buffer;
use crate::reserve::{NoMemory, Zeros, zeros};
use crate::with_slice;

/// Predictions with their weights.
pub(crate) struct WeightedPredictions<'a> {
    pub(crate) predictions: Predictions<'a>,
    pub(crate) weights: &'a dyn Weights,
}

/// What the weights of a batch add up to: for each bucket, negatives and positives.
#[derive(Debug)]
pub(crate) struct BucketWeights {
    /// Sums of the weights that are counted.
    pub(crate) counted: Vec<u64>,
    /// Whether one of these is not 0 or 1.
    pub(crate) has_repeats: bool,
    /// Sums of the others, if there are any.
    pub(crate) summed: Option<(LimbUnit, Vec<u128>)>,
}

/// Why weights were not added up.
enum NotSummed {
    /// Some do not fit the unit, or are invalid.
    Misfit,
    Other(NotCounted),
}

impl WeightedPredictions<'_> {
    /// Checks and adds up all in one pass; `None` unless all samples are valid, and all weights about as large as a
    /// few of them.
    ///
    /// # Errors
    /// No memory for the sums.
    pub(crate) fn sum_guessed(&self) -> Result<Option<BucketWeights>, NotCounted> {
        /// Places of the weights that are looked at first, and weights at each.
        const PROBED: [usize; 2] = [64, 8];
        let [n_places, n_weights] = PROBED;
        let n = self.len();
        let Some(last) = n.checked_sub(n_weights) else { return Ok(None) };
        let mut probe = [0.0; PROBED[0] * PROBED[1]];
        for (place, probe) in probe.chunks_mut(n_weights).enumerate() {
            self.weights.read((place as u64 * last as u64 / (n_places as u64 - 1)) as usize, probe);
        }
        let probed = WeightScan::of(&probe);
        let unit = LimbUnit::guess(n, &probed.range, probed.used_bits);
        if !probed.are_valid || (probed.range.n_summed > 0 && unit.is_none()) {
            return Ok(None);
        }
        match self.sum_in(unit.filter(|_| probed.range.n_summed > 0)) {
            // A weight that was not read yet may be invalid, which would be the error.
            Err(NotCounted::Invalid(_)) => Ok(None),
            made => made,
        }
    }

    /// Checks and adds up samples of which all weights were scanned, and are valid; `None` where weights lie so far
    /// apart that they must be summed one by one.
    ///
    /// # Errors
    /// The first invalid sample, or no memory for the sums.
    pub(crate) fn sum_scanned(
        &self,
        scanned: &WeightScan,
    ) -> Result<Option<BucketWeights>, NotCounted> {
        if scanned.range.n_summed == 0 {
            return self.sum_in(None);
        }
        let unit = LimbUnit::new(&scanned.range, scanned.used_bits);
        unit.map_or(Ok(None), |unit| self.sum_in(Some(unit)))
    }

    /// Adds up weights that are counted or multiples of a unit; `None` where some are not.
    fn sum_in(&self, unit: Option<LimbUnit>) -> Result<Option<BucketWeights>, NotCounted> {
        let n = 2 * (self.predictions.num_thresholds + 1);
        let no_memory = |refused| NotSummed::Other(NotCounted::NoMemory(refused));
        let shares = share(self.len(), |share| {
            let mut sums = Sums::new(n, unit).map_err(no_memory)?;
            let mut n_added = 0;
            for range in share {
                if n_added + range.len() > MAX_ADDED {
                    sums.carry();
                    n_added = 0;
                }
                n_added += range.len();
                let mut added = Ok(());
                self.for_numbers(range, |numbers, weights| {
                    if added.is_ok() {
                        added = sums.add(numbers, weights);
                    }
                })
                .map_err(|invalid| NotSummed::Other(NotCounted::Invalid(invalid)))?;
                added?;
            }
            Ok(sums.finish())
        });
        // Invalid weights come before invalid samples.
        if shares.iter().any(|share| matches!(share, Err(NotSummed::Misfit))) {
            return Ok(None);
        }
        let shares = shares.into_iter().map(|share| {
            share.map_err(|reason| match reason {
                NotSummed::Other(reason) => reason,
                NotSummed::Misfit => unreachable!("there is none"),
            })
        });
        let shares = threads::all_or_first(shares.collect(), |error| match error {
            NotCounted::Invalid(bad) => bad.position(),
            NotCounted::NoMemory(_) => usize::MAX,
        })?;
        join(shares, unit, n).map(Some).map_err(NotCounted::NoMemory)
    }

    /// What is known of the weights.
    pub(crate) fn scan(&self) -> WeightScan {
        scan_weights(self.weights, self.len())
    }

    /// The sum of the weights that are not counted, rounded.
    pub(crate) fn summed_weight(&self) -> f64 {
        let (mut total, mut block) = (0.0, [0.0; BLOCK]);
        for start in (0..self.len()).step_by(BLOCK) {
            let block = &mut block[..BLOCK.min(self.len() - start)];
            self.weights.read(start, block);
            total += block.iter().filter(|&&weight| !is_whole(weight)).sum::<f64>();
        }
        total
    }

    /// Calls `f` with the number of each sample and its weight. The number is twice the bucket, and one more for
    /// positives.
    ///
    /// # Errors
    /// The first invalid sample; `f` may have been called with samples before it.
    pub(crate) fn for_each(&self, mut f: impl FnMut(usize, f64)) -> Result<(), InvalidSample> {
        self.for_numbers(0..self.len(), |numbers, weights| {
            numbers.iter().zip(weights).for_each(|(&number, &weight)| f(number as usize, weight));
        })
    }

    fn len(&self) -> usize {
        self.predictions.probabilities.len()
    }

    fn for_numbers(
        &self,
        range: Range<usize>,
        mut f: impl FnMut(&[u32], &[f64]),
    ) -> Result<(), InvalidSample> {
        let num_thresholds = self.predictions.num_thresholds;
        let (mut numbers, mut weights) = ([0; BLOCK], [0.0; BLOCK]);
        for_labels(self.predictions, range, |start, scores, labels| {
            let n = labels.len();
            let (numbers, weights) = (&mut numbers[..n], &mut weights[..n]);
            let are_valid = match scores {
                Buffer::F32(scores) => number_f32(scores, labels, num_thresholds, numbers),
                scores => with_slice!(scores, scores => {
                    simd::run(|| number(scores, labels, num_thresholds, numbers))
                }),
            };
            if are_valid {
                self.weights.read(start, weights);
                f(numbers, weights);
            }
            are_valid
        })
    }
}

/// The sums of one thread.
struct Sums {
    counted: Vec<u64>,
    /// The latest of them, in counters that more of the nearest cache is left beside.
    few: Vec<u32>,
    /// No counter of these has more.
    most_few: u64,
    most_counted: f64,
    summed: Summed,
}

/// Sums of the weights that are not counted.
enum Summed {
    None,
    Words(LimbUnit, Vec<u64>),
    Limbs(LimbUnit, Vec<Limbs>),
}

/// Samples whose amounts lie in the nearest cache, beside some of the sums.
const PIECE: usize = 256;

impl Sums {
    fn new(n: usize, unit: Option<LimbUnit>) -> Result<Self, NoMemory> {
        let summed = match unit {
            None => Summed::None,
            Some(unit) if unit.fits_one_word() => Summed::Words(unit, zeros(n)?),
            Some(unit) => Summed::Limbs(unit, zeros(n)?),
        };
        let (counted, few) = (zeros(n)?, zeros(n)?);
        Ok(Self { counted, few, most_few: 0, most_counted: 0.0, summed })
    }

    fn add(&mut self, numbers: &[u32], weights: &[f64]) -> Result<(), NotSummed> {
        for (numbers, weights) in numbers.chunks(PIECE).zip(weights.chunks(PIECE)) {
            let seen = match &mut self.summed {
                Summed::None => self.count(numbers, weights),
                Summed::Words(unit, sums) => {
                    let unit = *unit;
                    add_amounts(numbers, weights, sums, |weights, out| unit.words(weights, out))
                }
                Summed::Limbs(unit, sums) => {
                    let unit = *unit;
                    add_amounts(numbers, weights, sums, |weights, out| unit.limbs(weights, out))
                }
            };
            if !seen.fit {
                return Err(NotSummed::Misfit);
            }
            if seen.most_counted > 0.0 && !matches!(self.summed, Summed::None) {
                self.count(numbers, weights);
            }
        }
        Ok(())
    }

    /// Adds the weights that are counted.
    fn count(&mut self, numbers: &[u32], weights: &[f64]) -> SeenWeights {
        const MOST: u64 = PIECE as u64 * crate::arith::exact::MAX_REPEATS;
        if self.most_few > u64::from(u32::MAX) - MOST {
            self.add_few();
        }
        let seen = add_amounts(numbers, weights, &mut self.few, counted);
        self.most_few += PIECE as u64 * seen.most_counted as u64;
        self.most_counted = self.most_counted.max(seen.most_counted);
        seen
    }

    fn add_few(&mut self) {
        for (sum, few) in self.counted.iter_mut().zip(&mut self.few) {
            *sum += u64::from(std::mem::take(few));
        }
        self.most_few = 0;
    }

    fn carry(&mut self) {
        if let Summed::Limbs(_, sums) = &mut self.summed {
            sums.iter_mut().for_each(Limbs::carry);
        }
    }

    fn finish(mut self) -> Self {
        if self.most_few > 0 {
            self.add_few();
        }
        self
    }
}

/// Adds to the sums what `amounts_of` makes of at most a piece of weights.
fn add_amounts<A: Copy + Default + AddAssign>(
    numbers: &[u32],
    weights: &[f64],
    sums: &mut [A],
    amounts_of: impl Fn(&[f64], &mut [A]) -> SeenWeights,
) -> SeenWeights {
    let mut amounts = [A::default(); PIECE];
    let amounts = &mut amounts[..weights.len()];
    let seen = simd::run(
        #[inline(always)]
        || amounts_of(weights, amounts),
    );
    tally_amounts(numbers, amounts, sums);
    seen
}

/// The sums of all threads.
fn join(shares: Vec<Sums>, unit: Option<LimbUnit>, n: usize) -> Result<BucketWeights, NoMemory> {
    let (mut counted, mut has_repeats) = (zeros::<u64>(n)?, false);
    let mut summed = unit.map(|unit| Ok((unit, zeros::<u128>(n)?))).transpose()?;
    let sums = summed.as_mut().map_or(&mut [][..], |(_, sums)| &mut sums[..]);
    for share in shares {
        if share.most_counted > 0.0 {
            counted.iter_mut().zip(share.counted).for_each(|(all, counted)| *all += counted);
        }
        has_repeats |= share.most_counted > 1.0;
        match share.summed {
            Summed::None => {}
            Summed::Words(_, words) => add_all(sums, words, u128::from),
            Summed::Limbs(_, limbs) => add_all(sums, limbs, Limbs::units),
        }
    }
    Ok(BucketWeights { counted, has_repeats, summed })
}

fn add_all<A: Zeros>(sums: &mut [u128], amounts: Vec<A>, units: impl Fn(A) -> u128) {
    sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += units(amount));
}
