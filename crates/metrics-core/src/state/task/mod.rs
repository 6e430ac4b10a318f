//! One task of a rank state.

mod bytes;
mod groups;
mod unsorted;

use bytes::is_whole_in_version_1;

use super::runs::{Run, RunList, Runs};
use super::samples::{Raw, RawKey, n_distinct, with_packed};
use crate::arith::simd;
use crate::counts::sums::RankSums;
use crate::counts::weights::{is_whole, weigh};
use crate::cpu::{self, InputScan, InvalidSample, Samples, for_blocks};
use crate::element::kind::ScoreKind;

/// The samples of one task: raw ones, those counted in runs, and those of fractional weight.
///
/// The weight of a sample decides where it goes: weight 1 to the raw samples, another whole weight of at
/// most 2^20 to the repeated ones, any other weight to the fractional ones. Raw and repeated
/// samples end up counted in `runs`. So the state does not depend on how the samples came.
#[derive(Debug, Clone)]
pub(crate) struct TaskState {
    kind: Option<ScoreKind>,
    raw: Raw,
    repeated: Vec<Run>,
    /// Whether a repeated sample was ever added: then the counts stand for weights.
    has_repeats: bool,
    /// Whether a fractional sample has a weight that version 1 of the byte form counts.
    has_large: bool,
    runs: Runs,
    fractional: Vec<Fraction>,
    n_counted: u64,
    fractional_weight: f64,
    /// Number of raw samples at which to check again whether counting them saves memory.
    next_compaction: usize,
    /// The sums over the ranking, once they were computed. A box, since there may be many tasks.
    sums: Option<Box<RankSums>>,
}

/// The totals of the samples of a task.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    /// The kind of their scores, if there are samples.
    pub(crate) kind: Option<ScoreKind>,
    /// Samples counted: whole weights count as often as they say.
    pub(crate) n_counted: u64,
    /// Sum of the weights that are not counted.
    pub(crate) fractional_weight: f64,
    /// Whether version 1 of the byte form cannot express the task.
    pub(crate) needs_version_2: bool,
}

/// A sample of fractional weight: the weight is not a whole number, or is above 2^20.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fraction {
    key: u64,
    is_positive: bool,
    weight: f64,
}

/// Fewest raw samples worth compacting.
const MIN_COMPACTED: usize = 1 << 20;
/// Distinct scores of a 16-bit type.
const N_16_BIT_SCORES: usize = 1 << 16;
/// Samples probed to guess whether counting them saves memory.
const N_PROBED: u32 = 1 << 14;

impl TaskState {
    pub(crate) fn new() -> Self {
        Self {
            kind: None,
            raw: Raw::new(ScoreKind::F32),
            repeated: Vec::new(),
            has_repeats: false,
            has_large: false,
            runs: Runs::default(),
            fractional: Vec::new(),
            n_counted: 0,
            fractional_weight: 0.0,
            next_compaction: MIN_COMPACTED,
            sums: None,
        }
    }

    /// Whether there is no sample of non-zero weight.
    pub(crate) fn is_empty(&self) -> bool {
        self.n_counted == 0 && self.fractional.is_empty()
    }

    pub(crate) fn kind(&self) -> Option<ScoreKind> {
        self.kind
    }

    pub(crate) fn totals(&self) -> Totals {
        let Self { kind, n_counted, fractional_weight, .. } = *self;
        let needs_version_2 = self.needs_version_2();
        Totals { kind, n_counted, fractional_weight, needs_version_2 }
    }

    /// Appends samples. `kind` must have a join with the kind of this task.
    ///
    /// # Errors
    /// The first invalid sample; the task is then unchanged.
    pub(crate) fn append<K: RawKey>(
        &mut self,
        samples: &dyn Samples<K>,
        kind: ScoreKind,
    ) -> Result<(), InvalidSample> {
        if self.kind.is_some_and(|held| held != kind) {
            // The samples here may have to be widened, which cannot be undone: so check first.
            cpu::scan(samples, kind)?;
        }
        let kind_before = self.kind;
        let held = self.hold(kind);
        let n_before = self.raw.lens();
        let mut found = InputScan::none(kind);
        for_blocks(samples, Some(0..samples.len()), |start, keys, labels| {
            simd::run(|| found.add(start, keys, labels));
            if found.check().is_ok() {
                self.push_raw(keys, labels, kind, held);
            }
        });
        if let Err(invalid) = found.check() {
            self.raw.truncate(n_before);
            self.kind = kind_before;
            return Err(invalid);
        }
        self.n_counted += samples.len() as u64;
        self.compact_if_smaller();
        Ok(())
    }

    /// Appends the samples of a block.
    fn push_raw<K: RawKey>(&mut self, keys: &[K], labels: &[u8], kind: ScoreKind, held: ScoreKind) {
        match K::of(&mut self.raw) {
            Some(packed) if kind == held => packed.extend(keys, labels),
            _ => {
                let wide: Vec<_> = keys.iter().map(|&key| kind.widen(key.to_u64(), held)).collect();
                self.raw.extend(&wide, labels);
            }
        }
    }

    /// Appends valid samples with valid weights, one each.
    pub(crate) fn append_weighted<K: RawKey>(
        &mut self,
        samples: &dyn Samples<K>,
        kind: ScoreKind,
        weights: &[f64],
    ) {
        if weights.iter().all(|&weight| weight == 0.0) {
            return;
        }
        let held = self.hold(kind);
        for_blocks(samples, Some(0..samples.len()), |start, keys, labels| {
            let mut of_weight_1 = (Vec::new(), Vec::new());
            for ((&key, &label), &weight) in keys.iter().zip(labels).zip(&weights[start..]) {
                let is_positive = label == 1;
                let wide = kind.widen(key.to_u64(), held);
                if weight == 1.0 {
                    of_weight_1.0.push(key);
                    of_weight_1.1.push(label);
                } else if is_whole(weight) {
                    let n = weight as u64;
                    let counts = if is_positive { (n, 0) } else { (0, n) };
                    let (n_positives, n_negatives) = counts;
                    self.has_repeats |= n > 0;
                    self.repeated.extend((n > 0).then_some(Run {
                        key: wide,
                        n_positives,
                        n_negatives,
                    }));
                } else {
                    self.has_large |= is_whole_in_version_1(weight);
                    self.fractional.push(Fraction { key: wide, is_positive, weight });
                }
            }
            self.push_raw(&of_weight_1.0, &of_weight_1.1, kind, held);
        });
        let (counted, fractional) = weigh(weights);
        self.n_counted += counted;
        self.fractional_weight += fractional;
        self.compact_if_smaller();
    }

    /// Adds runs from high to low. The kinds must have a join.
    pub(crate) fn append_runs(&mut self, kind: ScoreKind, runs: impl Iterator<Item = Run>) {
        let held = self.hold(kind);
        let mut n_counted = 0;
        let runs = runs.map(|run| Run { key: kind.widen(run.key, held), ..run });
        let runs = runs.inspect(|run| n_counted += run.n_positives + run.n_negatives);
        self.runs.push(held, RunList::encode(held, 0, runs));
        self.n_counted += n_counted;
    }

    /// Adds all samples of another task. The kinds must have a join.
    pub(crate) fn merge(&mut self, other: &Self) {
        let Some(kind) = other.kind else { return };
        let held = self.hold(kind);
        self.has_repeats |= other.has_repeats;
        self.has_large |= other.has_large;
        let widen = |key: u64| kind.widen(key, held);
        self.extend_raw(&other.raw, kind, held);
        self.repeated.extend(other.repeated.iter().map(|r| Run { key: widen(r.key), ..*r }));
        self.fractional
            .extend(other.fractional.iter().map(|f| Fraction { key: widen(f.key), ..*f }));
        self.runs.extend(&other.runs, kind, held);
        self.n_counted += other.n_counted;
        self.fractional_weight += other.fractional_weight;
        self.compact_if_smaller();
    }

    fn extend_raw(&mut self, raw: &Raw, kind: ScoreKind, held: ScoreKind) {
        with_packed!(raw, packed => for_blocks(packed, Some(0..packed.len()), |_, keys, labels| {
            self.push_raw(keys, labels, kind, held);
        }));
    }

    /// Widens the task so that it can hold scores of this kind too; returns its kind then. Every method that
    /// adds samples calls this first.
    fn hold(&mut self, kind: ScoreKind) -> ScoreKind {
        self.sums = None;
        let Some(held) = self.kind else {
            self.kind = Some(kind);
            self.raw = Raw::new(kind);
            return kind;
        };
        // The caller checked that a join exists.
        let joined = held.join(kind).unwrap_or(held);
        if joined != held {
            let raw = std::mem::replace(&mut self.raw, Raw::new(joined));
            self.extend_raw(&raw, held, joined);
            self.runs.widen(held, joined);
            self.repeated.iter_mut().for_each(|run| run.key = held.widen(run.key, joined));
            self.fractional.iter_mut().for_each(|f| f.key = held.widen(f.key, joined));
            self.kind = Some(joined);
        }
        joined
    }

    /// Counts the raw samples into runs if that is likely to take less memory.
    fn compact_if_smaller(&mut self) {
        let Some(kind) = self.kind else { return };
        let n_raw = self.raw.len();
        if (kind.is_16_bit() && n_raw >= N_16_BIT_SCORES)
            || self.repeated.len() >= self.next_compaction
        {
            return self.count(kind);
        }
        if n_raw < self.next_compaction {
            return;
        }
        if n_distinct(&self.raw.last(N_PROBED as usize)) <= N_PROBED / 4 {
            self.count(kind);
            self.next_compaction = MIN_COMPACTED.max(self.runs.n_runs() as usize);
        } else {
            self.next_compaction = 2 * n_raw;
        }
    }

    /// Counts all samples into runs and sorts the fractional ones: the canonical form of the multiset.
    pub(crate) fn compact(&mut self) {
        let Some(kind) = self.kind else { return };
        self.fractional.sort_unstable_by_key(|f| {
            (std::cmp::Reverse(f.key), f.is_positive, f.weight.to_bits())
        });
        self.count(kind);
        self.runs.join(kind);
    }

    /// Counts the raw and the repeated samples into runs.
    fn count(&mut self, kind: ScoreKind) {
        if self.raw.len() == 0 && self.repeated.is_empty() {
            return;
        }
        if self.raw.len() > 0 {
            let list = with_packed!(&self.raw, packed => {
                RunList::of_task(kind, checked(cpu::sorted(packed, kind)))
            });
            self.raw = Raw::new(kind);
            self.runs.push(kind, list);
        }
        let mut repeated = std::mem::take(&mut self.repeated);
        repeated.sort_unstable_by_key(|run| std::cmp::Reverse(run.key));
        repeated.dedup_by(|next, kept| {
            let same = next.key == kept.key;
            if same {
                kept.n_positives += next.n_positives;
                kept.n_negatives += next.n_negatives;
            }
            same
        });
        self.runs.push(kind, RunList::encode(kind, 0, repeated.into_iter()));
    }

    /// Ranks the raw samples.
    fn rank<S: cpu::GroupFold>(&self) -> Vec<S> {
        let Some(kind) = self.kind.filter(|_| self.raw.len() > 0) else { return Vec::new() };
        with_packed!(&self.raw, packed => checked(cpu::rank(packed, kind)))
    }

    /// The sums over the ranking of this task. They are stored, so a second call costs nothing.
    pub(crate) fn sums(&mut self) -> RankSums {
        if let Some(sums) = &self.sums {
            return **sums;
        }
        let sums = self.compute_sums();
        self.sums = Some(Box::new(sums));
        sums
    }
}

/// What the engine returns for raw samples, which were checked when they were appended.
fn checked<T>(result: Result<T, InvalidSample>) -> T {
    result.unwrap_or_else(|invalid| unreachable!("checked before, but {invalid:?}"))
}
