//! Ranked counts, from which every exact metric is read.

use std::fmt;
use std::sync::Arc;

pub use super::cumulative::Cumulative;
use super::sums::{RankSums, WeightedSums};
use crate::arith::exact::MAX_SAMPLES;
use crate::arith::float_mode::in_default_mode;
use crate::arith::sums::IntegerSums;
use crate::cpu::CountLists;
use crate::cpu::weighted::WeightLists;
use crate::element::kind::ScoreKind;
use crate::error::{Error, Result};
use crate::reserve::room;

/// Positives and negatives at each distinct score of one task, from the highest score to the lowest.
///
/// Samples without weights, and whole weights of at most 2^20, are counted in integers. If a task has other
/// weights, all its numbers are sums of weights: exact ones as `f64`, or, where weights lie more than 2^60 apart,
/// `f64` with compensation from the highest score down.
///
/// ```
/// use metrics_core::{Counts, Cumulative, Readings};
///
/// let counts = Counts.read(&[0.1, 0.4, 0.4, 0.8], &[0, 0, 1, 1])?;
/// assert_eq!(counts.thresholds(), [0.8, 0.4, 0.1]);
/// assert_eq!(counts.tps(), Cumulative::Whole(&[1, 2, 2]));
/// assert_eq!(counts.fps(), Cumulative::Whole(&[0, 1, 2]));
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// A clone shares the counts, which never change.
#[derive(Clone, PartialEq)]
pub struct RankedCounts(Arc<Held>);

#[derive(PartialEq)]
struct Held {
    thresholds: Vec<f64>,
    form: Form,
}

enum Form {
    Whole {
        tps: Vec<u64>,
        fps: Vec<u64>,
        /// Whether a weight other than 0 and 1 was counted: then counts stand for weights.
        has_repeats: bool,
    },
    Weighted {
        /// Sums at each score alone: differences of the cumulative sums would lose bits.
        positives: Vec<f64>,
        negatives: Vec<f64>,
        tps: Vec<f64>,
        fps: Vec<f64>,
        sums: RankSums,
    },
}

impl fmt::Debug for RankedCounts {
    /// The totals, not each score: there may be millions of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RankedCounts")
            .field("n_scores", &self.len())
            .field("n_positives", &self.n_positives())
            .field("n_negatives", &self.n_negatives())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Form {
    /// Whether the numbers are equal, whether or not they stand for weights.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole { tps, fps, .. }, Self::Whole { tps: t, fps: f, .. }) => {
                tps == t && fps == f
            }
            (
                Self::Weighted { positives, negatives, .. },
                Self::Weighted { positives: p, negatives: n, .. },
            ) => positives == p && negatives == n,
            _ => false,
        }
    }
}

/// The samples of one distinct score.
///
/// ```
/// use metrics_core::{Counts, Readings};
/// let counts = Counts.read(&[0.9, 0.4, 0.4, 0.4], &[1, 0, 0, 1])?;
/// let tie = counts.groups().last().unwrap();
/// assert_eq!((tie.positives, tie.negatives), (1.0, 2.0));
/// assert_eq!((tie.tp, tie.fp), (2.0, 2.0));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct TieGroup {
    /// The score; 64-bit integers beyond 2^53 are rounded.
    pub threshold: f64,
    /// Positives with this score: their number, or the sum of their weights.
    pub positives: f64,
    /// Negatives with this score.
    pub negatives: f64,
    /// Positives with a score of at least this.
    pub tp: f64,
    /// Negatives with a score of at least this.
    pub fp: f64,
}

impl RankedCounts {
    /// The counts of no samples.
    pub(crate) fn none() -> Self {
        Self::whole(Vec::new(), Vec::new(), Vec::new(), false)
    }

    /// Cumulative counts that are known to be valid.
    pub(crate) fn whole(
        thresholds: Vec<f64>,
        tps: Vec<u64>,
        fps: Vec<u64>,
        has_repeats: bool,
    ) -> Self {
        Self(Arc::new(Held { thresholds, form: Form::Whole { tps, fps, has_repeats } }))
    }

    /// The counts of a task, some of which may stand for weights.
    pub(crate) fn of_lists(lists: CountLists, has_repeats: bool) -> Self {
        let CountLists { thresholds, tps, fps } = lists;
        Self::whole(thresholds, tps, fps, has_repeats)
    }

    /// The sums of weights of a task; `sums` are the sums over them, which may be more precise.
    pub(crate) fn of_weights(lists: WeightLists, sums: RankSums) -> Self {
        let WeightLists { thresholds, positives, negatives, tps, fps } = lists;
        let form = Form::Weighted { positives, negatives, tps, fps, sums };
        Self(Arc::new(Held { thresholds, form }))
    }

    /// Sums of weights: `groups` calls its argument with each of the `n_groups` groups, from the highest score
    /// down. `sums` are the sums over them, which may be more precise than the groups are.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub(crate) fn weighted(
        op: &'static str,
        n_groups: usize,
        sums: RankSums,
        groups: impl FnOnce(&mut dyn FnMut(TieGroup)),
    ) -> Result<Self> {
        let mut thresholds = room(op, n_groups)?;
        let (mut positives, mut negatives) = (room(op, n_groups)?, room(op, n_groups)?);
        let (mut tps, mut fps) = (room(op, n_groups)?, room(op, n_groups)?);
        groups(&mut |group| {
            thresholds.push(group.threshold);
            positives.push(group.positives);
            negatives.push(group.negatives);
            tps.push(group.tp);
            fps.push(group.fp);
        });
        let form = Form::Weighted { positives, negatives, tps, fps, sums };
        Ok(Self(Arc::new(Held { thresholds, form })))
    }

    /// Cumulative counts of the caller: thresholds from high to low, and the positives and the negatives with
    /// a score at least as high.
    ///
    /// ```
    /// use metrics_core::RankedCounts;
    /// let counts = RankedCounts::new("mine", 0, vec![0.9, 0.4], vec![1, 1], vec![0, 2])?;
    /// assert_eq!(counts.sums().auroc(), Some(1.0));
    /// assert!(RankedCounts::new("mine", 0, vec![0.4, 0.9], vec![1, 1], vec![0, 2]).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidCounts`] where no samples have these counts: thresholds that do not decrease,
    /// counts that do not grow; [`Error::TooManySamples`].
    pub fn new(
        op: &'static str,
        task: usize,
        thresholds: Vec<f64>,
        tps: Vec<u64>,
        fps: Vec<u64>,
    ) -> Result<Self> {
        check(op, task, &thresholds, &tps, &fps)?;
        Ok(Self::whole(thresholds, tps, fps, false))
    }

    /// Cumulative counts of the caller, for instance from a device: the keys of the distinct scores,
    /// decreasing, and the positives and negatives with a score at least as high.
    ///
    /// ```
    /// use metrics_core::{Element, RankedCounts, backend::ScoreKind::F32};
    ///
    /// let keys = [0.5f32, 0.25].map(Element::order_key);
    /// let counts = RankedCounts::from_keys("mine", 0, F32, &keys, vec![1, 1], vec![0, 2])?;
    /// assert_eq!(counts.thresholds(), [0.5, 0.25]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidCounts`] where no samples have these counts: scores that do not decrease, counts
    /// that do not grow; [`Error::TooManySamples`].
    pub fn from_keys(
        op: &'static str,
        task: usize,
        kind: ScoreKind,
        keys: &[u64],
        tps: Vec<u64>,
        fps: Vec<u64>,
    ) -> Result<Self> {
        let thresholds = in_default_mode(|| keys.iter().map(|&key| kind.threshold(key)).collect());
        Self::new(op, task, thresholds, tps, fps)
    }

    /// The distinct scores, decreasing. 64-bit integer scores beyond 2^53 are rounded here, though they
    /// are compared exactly.
    ///
    /// ```
    /// use metrics_core::{Counts, Readings};
    /// assert_eq!(Counts.read(&[0.5, 0.9, 0.5], &[0, 1, 1])?.thresholds(), [0.9, 0.5]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn thresholds(&self) -> &[f64] {
        &self.0.thresholds
    }

    /// Positives with a score of at least each threshold.
    ///
    /// ```
    /// use metrics_core::{Counts, Readings};
    /// assert!(Counts.read(&[0.5, 0.9, 0.5], &[0, 1, 1])?.tps().iter().eq([1.0, 2.0]));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn tps(&self) -> Cumulative<'_> {
        match &self.0.form {
            Form::Whole { tps, .. } => Cumulative::Whole(tps),
            Form::Weighted { tps, .. } => Cumulative::Weighted(tps),
        }
    }

    /// Negatives with a score of at least each threshold.
    ///
    /// ```
    /// use metrics_core::{Counts, Readings};
    /// assert!(Counts.read(&[0.5, 0.9, 0.5], &[0, 1, 1])?.fps().iter().eq([0.0, 1.0]));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn fps(&self) -> Cumulative<'_> {
        match &self.0.form {
            Form::Whole { fps, .. } => Cumulative::Whole(fps),
            Form::Weighted { fps, .. } => Cumulative::Weighted(fps),
        }
    }

    /// Number of distinct scores.
    ///
    /// ```
    /// use metrics_core::{Counts, Readings};
    /// assert_eq!(Counts.read(&[0.5, 0.9, 0.5], &[0, 1, 1])?.len(), 2);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.0.thresholds.len()
    }

    /// Whether there are no samples.
    ///
    /// ```
    /// use metrics_core::RankedCounts;
    /// assert!(RankedCounts::new("mine", 0, vec![], vec![], vec![])?.is_empty());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.thresholds.is_empty()
    }

    /// Positives: their number, or the sum of their weights.
    ///
    /// ```
    /// use metrics_core::{Counts, Readings};
    /// assert_eq!(Counts.read(&[0.5, 0.9, 0.5], &[0, 1, 1])?.n_positives(), 2.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn n_positives(&self) -> f64 {
        self.tps().total()
    }

    /// Negatives: their number, or the sum of their weights.
    ///
    /// ```
    /// use metrics_core::{Counts, Readings};
    /// assert_eq!(Counts.read(&[0.5, 0.9, 0.5], &[0, 1, 1])?.n_negatives(), 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn n_negatives(&self) -> f64 {
        self.fps().total()
    }

    /// The samples of each distinct score, from the highest to the lowest.
    ///
    /// ```
    /// use metrics_core::{Counts, Readings};
    /// let counts = Counts.read(&[0.5, 0.9, 0.5], &[0, 1, 1])?;
    /// assert!(counts.groups().map(|group| group.threshold).eq([0.9, 0.5]));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn groups(&self) -> impl Iterator<Item = TieGroup> + '_ {
        (0..self.len()).map(|at| {
            let [positives, negatives] = self.at_score(at);
            let (tp, fp) = (self.tps().at(at), self.fps().at(at));
            TieGroup { threshold: self.0.thresholds[at], positives, negatives, tp, fp }
        })
    }

    /// Positives and negatives with one of the scores.
    fn at_score(&self, at: usize) -> [f64; 2] {
        match &self.0.form {
            Form::Whole { tps, fps, .. } => {
                let at_score = |counts: &[u64]| {
                    (counts[at] - at.checked_sub(1).map_or(0, |above| counts[above])) as f64
                };
                [at_score(tps), at_score(fps)]
            }
            Form::Weighted { positives, negatives, .. } => [positives[at], negatives[at]],
        }
    }

    /// The sums over the ranking.
    ///
    /// ```
    /// use metrics_core::{Counts, Readings};
    /// assert_eq!(Counts.read(&[0.5, 0.9, 0.5], &[0, 1, 1])?.sums().auroc(), Some(0.75));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn sums(&self) -> RankSums {
        in_default_mode(|| match &self.0.form {
            Form::Whole { tps, fps, has_repeats } => {
                let (mut sums, mut tp, mut fp) = (IntegerSums::default(), 0, 0);
                for (&next_tp, &next_fp) in tps.iter().zip(fps) {
                    sums.push(next_tp - tp, next_fp - fp);
                    (tp, fp) = (next_tp, next_fp);
                }
                if *has_repeats {
                    return RankSums::of_repeats(sums, || self.weighted_sums());
                }
                sums.into()
            }
            Form::Weighted { sums, .. } => *sums,
        })
    }

    fn weighted_sums(&self) -> WeightedSums {
        let mut sums = WeightedSums::new(self.n_positives(), self.n_negatives());
        for at in 0..self.len() {
            let [positives, negatives] = self.at_score(at);
            sums.push(positives, negatives);
        }
        sums
    }
}

/// Checks that samples can have these counts.
fn check(
    op: &'static str,
    task: usize,
    thresholds: &[f64],
    tps: &[u64],
    fps: &[u64],
) -> Result<()> {
    let (n, [n_tps, n_fps]) = (thresholds.len(), [tps.len(), fps.len()]);
    let invalid = |index, reason| Err(Error::InvalidCounts { op, task, index, reason });
    if n_tps != n || n_fps != n {
        return invalid(n.min(n_tps).min(n_fps), "there is no count for each threshold");
    }
    let (mut tp, mut fp) = (0, 0);
    for (index, (&next_tp, &next_fp)) in tps.iter().zip(fps).enumerate() {
        if next_tp < tp || next_fp < fp || (next_tp == tp && next_fp == fp) {
            return invalid(index, "the counts do not grow");
        }
        (tp, fp) = (next_tp, next_fp);
    }
    // Thresholds of 64-bit integers are rounded, so two of them may be equal.
    let is_decreasing = |pair: &[f64]| pair[0] >= pair[1];
    if let Some(index) = thresholds.windows(2).position(|pair| !is_decreasing(pair)) {
        return invalid(index + 1, "the thresholds do not decrease");
    }
    let (n_samples, max) = (tp.saturating_add(fp), MAX_SAMPLES);
    if n_samples > max {
        return Err(Error::TooManySamples { op, task, n_samples, max });
    }
    Ok(())
}
