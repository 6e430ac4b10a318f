//! The tie groups of a task, and what is read off them.

use super::unsorted::Unsorted;
use super::{TaskState, checked};
use crate::arith::exact::Sum2;
use crate::arith::sums::IntegerSums;
use crate::arith::weight_sums::{Terms, WeightSums, WeightTotals};
use crate::arith::weights::{WeightRange, WeightUnit};
use crate::counts::ranked::{RankedCounts, TieGroup};
use crate::counts::sums::{RankSums, WeightedSums};
use crate::counts::weighted::{weighted_counts_of, weighted_sums_of};
use crate::cpu;
use crate::cpu::buckets::NotCounted;
use crate::cpu::weighted::{Carrier, WeightedSamples};
use crate::element::kind::ScoreKind;
use crate::error::{Error, Result};
use crate::state::runs::accumulate;
use crate::state::samples::{PackedSamples, with_packed};

/// A tie group: the samples of one distinct score, counted or weighed.
struct Group {
    key: u64,
    positives: f64,
    negatives: f64,
}

impl TaskState {
    pub(super) fn compute_sums(&mut self) -> RankSums {
        let Some(kind) = self.kind else { return IntegerSums::default().into() };
        if self.is_raw() {
            return cpu::total(self.rank()).into();
        }
        if self.runs.is_empty()
            && let Some(sums) = with_packed!(&self.raw, raw => {
                checked(self.with_unsorted(kind, raw, weighted_sums_of))
            })
        {
            return sums;
        }
        self.compact();
        if self.fractional.is_empty() {
            let mut sums = IntegerSums::default();
            self.runs.iter(kind).for_each(|run| sums.push(run.n_positives, run.n_negatives));
            if self.has_repeats {
                return RankSums::of_repeats(sums, || self.weigh(kind));
            }
            return sums.into();
        }
        self.weigh_fractions(kind)
    }

    /// Calls `f` with the samples of a task that has no runs.
    fn with_unsorted<K: Carrier, R>(
        &self,
        kind: ScoreKind,
        raw: &PackedSamples<K>,
        f: impl FnOnce(&WeightedSamples<'_, K>) -> R,
    ) -> R {
        let Self { repeated, fractional, .. } = self;
        let unsorted = Unsorted { raw, repeated, fractional };
        f(&WeightedSamples { samples: &unsorted, weights: &unsorted, kind })
    }

    /// The sums over the groups of a compacted task with fractional samples.
    fn weigh_fractions(&self, kind: ScoreKind) -> RankSums {
        let exact = self.unit().and_then(|unit| {
            let (mut n_positives, mut n_negatives) = (0, 0);
            self.exact_groups(kind, unit).for_each(|(_, [negatives, positives])| {
                n_positives += positives;
                n_negatives += negatives;
            });
            let totals = WeightTotals::new(unit, n_positives, n_negatives);
            let mut sums = WeightSums::starting_at(totals, [0; 2]);
            let mut terms = Terms::of(&sums);
            for (_, of_labels) in self.exact_groups(kind, unit) {
                if terms.push(&mut sums.down_to, of_labels) {
                    sums.add(&mut terms);
                }
            }
            sums.add(&mut terms);
            sums.areas()
        });
        exact.map_or_else(|| self.weigh(kind).into(), RankSums::from)
    }

    /// The unit of the weights, if there are fractional ones and their sum is not too many of it.
    fn unit(&self) -> Option<WeightUnit> {
        let mut range = WeightRange { n_counted: self.n_counted, ..WeightRange::default() };
        self.fractional.iter().for_each(|fraction| range.add(fraction.weight));
        WeightUnit::new(&range)
    }

    /// Whether all samples are raw.
    fn is_raw(&self) -> bool {
        self.fractional.is_empty() && self.runs.is_empty() && self.repeated.is_empty()
    }

    /// The sums over the groups of a compacted task.
    fn weigh(&self, kind: ScoreKind) -> WeightedSums {
        let (mut n_positives, mut n_negatives) = (Sum2::default(), Sum2::default());
        for group in self.groups(kind) {
            n_positives.add(group.positives);
            n_negatives.add(group.negatives);
        }
        let mut sums = WeightedSums::new(n_positives.value(), n_negatives.value());
        self.groups(kind).for_each(|group| sums.push(group.positives, group.negatives));
        sums
    }

    /// The ranked counts of this task.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory): a run of 1 byte has counts of 24 bytes.
    pub(crate) fn counts(&mut self, op: &'static str) -> Result<RankedCounts> {
        let Some(kind) = self.kind else { return Ok(RankedCounts::none()) };
        if self.is_raw() && self.raw.len() > 0 {
            let lists = with_packed!(&self.raw, packed => cpu::counts(packed, kind));
            let lists = lists.map_err(|error| not_counted(op, error));
            return lists.map(|lists| RankedCounts::of_lists(lists, false));
        }
        if self.runs.is_empty() {
            let counts = with_packed!(&self.raw, raw => {
                self.with_unsorted(kind, raw, weighted_counts_of)
            });
            if let Some(counts) = counts.map_err(|error| not_counted(op, error))? {
                return Ok(counts);
            }
        }
        self.compact();
        if !self.fractional.is_empty() {
            let (n_groups, sums) = (self.groups(kind).count(), self.weigh_fractions(kind));
            return RankedCounts::weighted(op, n_groups, sums, |visit| {
                self.for_each_compacted(kind, visit);
            });
        }
        accumulate(op, kind, self.has_repeats, self.runs.n_runs() as usize, self.runs.iter(kind))
    }

    /// Calls `visit` with the samples of each distinct score, from the highest to the lowest. If all samples
    /// are raw, they stay raw, this makes no list of groups, and it stores the sums.
    pub(crate) fn for_each_group(&mut self, mut visit: impl FnMut(TieGroup)) {
        let Some(kind) = self.kind else { return };
        if !self.is_raw() {
            self.compact();
            return self.for_each_compacted(kind, visit);
        }
        let (mut tp, mut fp) = (0u64, 0u64);
        let visit_group = |group: cpu::KeyGroup| {
            tp += group.n_positives;
            fp += group.n_negatives;
            // Counts end at 2^53: as signed integers they convert in one instruction.
            let number = |n: u64| n as i64 as f64;
            visit(TieGroup {
                threshold: kind.threshold(group.key),
                positives: number(group.n_positives),
                negatives: number(group.n_negatives),
                tp: number(tp),
                fp: number(fp),
            });
        };
        if self.raw.len() > 0 {
            let sums = with_packed!(&self.raw, packed => {
                checked(cpu::for_each_group(packed, kind, visit_group))
            });
            self.sums = Some(Box::new(sums.into()));
        }
    }

    fn for_each_compacted(&self, kind: ScoreKind, mut visit: impl FnMut(TieGroup)) {
        if let Some(unit) = self.unit() {
            let (mut tp, mut fp) = (0, 0);
            for (key, [negatives, positives]) in self.exact_groups(kind, unit) {
                tp += positives;
                fp += negatives;
                let threshold = kind.threshold(key);
                let [positives, negatives, tp, fp] =
                    [positives, negatives, tp, fp].map(|units| unit.value(units));
                visit(TieGroup { threshold, positives, negatives, tp, fp });
            }
            return;
        }
        let (mut tp, mut fp) = (Sum2::default(), Sum2::default());
        for Group { key, positives, negatives } in self.groups(kind) {
            tp.add(positives);
            fp.add(negatives);
            let (threshold, tp, fp) = (kind.threshold(key), tp.value(), fp.value());
            visit(TieGroup { threshold, positives, negatives, tp, fp });
        }
    }

    /// The tie groups of a compacted task, high to low: negatives and positives, in units.
    fn exact_groups(
        &self,
        kind: ScoreKind,
        unit: WeightUnit,
    ) -> impl Iterator<Item = (u64, [u128; 2])> + '_ {
        let mut runs = self.runs.iter(kind).peekable();
        let mut fractional = self.fractional.iter().peekable();
        std::iter::from_fn(move || {
            let keys = [runs.peek().map(|run| run.key), fractional.peek().map(|f| f.key)];
            let key = keys.into_iter().flatten().max()?;
            let mut of_labels = [0; 2];
            if let Some(run) = runs.next_if(|run| run.key == key) {
                of_labels = [run.n_negatives, run.n_positives].map(|n| unit.units_of_count(n));
            }
            while let Some(f) = fractional.next_if(|f| f.key == key) {
                of_labels[usize::from(f.is_positive)] += unit.units(f.weight);
            }
            Some((key, of_labels))
        })
    }

    /// Runs and fractional samples of a compacted task as tie groups, high to low.
    ///
    /// In a group the counts come first, then fractional weights from small to large: weighted sums are
    /// added up in this order.
    fn groups(&self, kind: ScoreKind) -> impl Iterator<Item = Group> + '_ {
        let mut runs = self.runs.iter(kind).peekable();
        let mut fractional = self.fractional.iter().peekable();
        std::iter::from_fn(move || {
            let key = match (runs.peek(), fractional.peek()) {
                (Some(run), Some(f)) => run.key.max(f.key),
                (Some(run), None) => run.key,
                (None, Some(f)) => f.key,
                (None, None) => return None,
            };
            let (mut positives, mut negatives) = (Sum2::default(), Sum2::default());
            if let Some(run) = runs.next_if(|run| run.key == key) {
                positives = Sum2::new(run.n_positives as f64);
                negatives = Sum2::new(run.n_negatives as f64);
            }
            while let Some(f) = fractional.next_if(|f| f.key == key) {
                if f.is_positive { positives.add(f.weight) } else { negatives.add(f.weight) }
            }
            Some(Group { key, positives: positives.value(), negatives: negatives.value() })
        })
    }
}

/// The error of samples that were checked when they were appended.
fn not_counted(op: &'static str, error: NotCounted) -> Error {
    match error {
        NotCounted::NoMemory(refused) => refused.needed_by(op),
        NotCounted::Invalid(invalid) => checked(Err(invalid)),
    }
}
