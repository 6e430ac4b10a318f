//! What a rank state holds of one task.

use super::codec::{Reader, write_varint};
use super::runs::{Run, RunBytes, RunList, Runs, merge};
use super::samples::{KeptKey, Raw, with_kept};
use crate::areas::{Areas, CountedAreas, WeightedAreas};
use crate::cpu::{self, Bad, Key, Samples, Seen, for_blocks, simd};
use crate::curve::Point;
use crate::error::{Result, StateError};
use crate::exact::{MAX_REPEATS, MAX_SAMPLES, STATE_WEIGHT_LIMIT, Sum2};
use crate::kind::ScoreKind;
use crate::reserve::room;

/// The samples of one task: raw ones, those counted into runs, and those that are weighed.
///
/// A sample goes where its weight says: 1 to the raw samples, another whole number of up to
/// [`MAX_REPEATS`] to the repeated ones, both of which end up counted in `runs`; any other weight to
/// the fractional ones. So what the state is does not depend on how the samples came.
#[derive(Debug, Clone)]
pub(crate) struct TaskState {
    kind: Option<ScoreKind>,
    raw: Raw,
    repeated: Vec<Run>,
    /// Whether there ever were repeated samples: then the counts stand for weights.
    has_repeats: bool,
    /// Whether a weight is weighed that version 1 of the byte form counts.
    has_large: bool,
    runs: Runs,
    fractional: Vec<Fraction>,
    n_counted: u64,
    fractional_weight: f64,
    /// Number of raw samples at which to look again whether counting them saves memory.
    look_at: usize,
    /// The areas of what is held, once somebody asked. A box, since there may be many tasks.
    areas: Option<Box<Areas>>,
}

/// What the samples of a task add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    /// The kind of their scores, if there are samples.
    pub(crate) kind: Option<ScoreKind>,
    /// Samples counted: whole weights count as often as they say.
    pub(crate) n_counted: u64,
    /// Sum of the weights that are not counted.
    pub(crate) fractional_weight: f64,
    /// Whether version 1 of the byte form cannot say what there is.
    pub(crate) needs_version_2: bool,
}

/// A sample that is weighed: its weight is not a whole number, or a large one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fraction {
    key: u64,
    is_positive: bool,
    weight: f64,
}

/// Samples of one distinct score, counted or weighed.
struct Group {
    key: u64,
    positives: f64,
    negatives: f64,
}

/// Fewest raw samples worth compacting.
const MIN_COMPACTED: usize = 1 << 20;
/// Distinct scores of a 16-bit type.
const TINY: usize = 1 << 16;
/// The bit of the score type of a task that [needs version 2](TaskState::needs_version_2).
const VERSION_2: u8 = 0x80;
/// Samples looked at to guess whether counting them saves memory.
const PROBE: u32 = 1 << 14;

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
            look_at: MIN_COMPACTED,
            areas: None,
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

    /// Appends samples. `kind` must have a join with the kind held.
    ///
    /// # Errors
    /// The first bad sample; the state then holds what it held.
    pub(crate) fn append<K: KeptKey>(
        &mut self,
        samples: &dyn Samples<K>,
        kind: ScoreKind,
    ) -> Result<(), Bad> {
        if self.kind.is_some_and(|held| held != kind) {
            // What is held may have to be widened, which cannot be taken back.
            cpu::scan(samples, kind)?;
        }
        let kind_before = self.kind;
        let held = self.hold(kind);
        let n_before = self.raw.lens();
        let mut seen = Seen::none(kind);
        for_blocks(samples, Some(0..samples.len()), |start, keys, labels| {
            simd::run(|| seen.see(start, keys, labels));
            if seen.check().is_ok() {
                self.push_raw(keys, labels, kind, held);
            }
        });
        if let Err(bad) = seen.check() {
            self.raw.truncate(n_before);
            self.kind = kind_before;
            return Err(bad);
        }
        self.n_counted += samples.len() as u64;
        self.compact_if_smaller();
        Ok(())
    }

    /// Appends the samples of a block.
    fn push_raw<K: KeptKey>(
        &mut self,
        keys: &[K],
        labels: &[u8],
        kind: ScoreKind,
        held: ScoreKind,
    ) {
        match K::kept(&mut self.raw) {
            Some(kept) if kind == held => kept.extend(keys, labels),
            _ => {
                let wide: Vec<_> =
                    keys.iter().map(|&key| kind.widen(Key::to_u64(key), held)).collect();
                self.raw.extend(&wide, labels);
            }
        }
    }

    /// Appends valid samples with valid weights, one each.
    pub(crate) fn append_weighted<K: KeptKey>(
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
                let wide = kind.widen(Key::to_u64(key), held);
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

    /// Takes in runs from high to low. The kinds must have a join.
    pub(crate) fn append_runs(&mut self, kind: ScoreKind, runs: impl Iterator<Item = Run>) {
        let held = self.hold(kind);
        let mut n_counted = 0;
        let runs = runs.map(|run| Run { key: kind.widen(run.key, held), ..run });
        let runs = runs.inspect(|run| n_counted += run.n_positives + run.n_negatives);
        self.runs.push(held, RunList::encode(held, 0, runs));
        self.n_counted += n_counted;
    }

    /// Takes in all samples of another task. The kinds must have a join.
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
        with_kept!(raw, kept => for_blocks(kept, Some(0..kept.len()), |_, keys, labels| {
            self.push_raw(keys, labels, kind, held);
        }));
    }

    /// Makes the state hold scores of this kind too; returns the kind it now holds. All that adds
    /// samples comes through here first.
    fn hold(&mut self, kind: ScoreKind) -> ScoreKind {
        self.areas = None;
        let Some(held) = self.kind else {
            self.kind = Some(kind);
            self.raw = Raw::new(kind);
            return kind;
        };
        // Callers checked that a join exists.
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

    /// Counts the raw samples into runs where that looks smaller than keeping them.
    fn compact_if_smaller(&mut self) {
        let Some(kind) = self.kind else { return };
        let n_raw = self.raw.len();
        if (kind.is_tiny() && n_raw >= TINY) || self.repeated.len() >= self.look_at {
            return self.count(kind);
        }
        if n_raw < self.look_at {
            return;
        }
        if n_distinct(&self.raw.last(PROBE as usize)) <= PROBE / 4 {
            self.count(kind);
            self.look_at = MIN_COMPACTED.max(self.runs.n_runs() as usize);
        } else {
            self.look_at = 2 * n_raw;
        }
    }

    /// Counts all samples into runs and sorts the fractional ones: the one form of this multiset.
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
        let raw: Vec<Vec<Run>> = self.rank();
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
        let new = merge(raw.into_iter().flatten(), repeated.into_iter());
        self.runs.push(kind, RunList::encode(kind, 0, new));
        self.raw = Raw::new(kind);
    }

    /// Ranks the raw samples.
    fn rank<S: cpu::Sink>(&self) -> Vec<S> {
        let Some(kind) = self.kind.filter(|_| self.raw.len() > 0) else { return Vec::new() };
        // Samples were checked as they were kept.
        with_kept!(&self.raw, kept => cpu::rank(kept, kind))
            .unwrap_or_else(|bad| unreachable!("kept {bad:?}"))
    }

    /// The areas under this task's curves; asked for again, they cost nothing.
    pub(crate) fn areas(&mut self) -> Areas {
        if let Some(areas) = &self.areas {
            return **areas;
        }
        let areas = self.compute_areas();
        self.areas = Some(Box::new(areas));
        areas
    }

    fn compute_areas(&mut self) -> Areas {
        let Some(kind) = self.kind else { return CountedAreas::default().into() };
        if self.is_raw() {
            return cpu::total(self.rank()).into();
        }
        self.compact();
        if self.fractional.is_empty() {
            let mut sums = CountedAreas::default();
            self.runs.iter(kind).for_each(|run| sums.push(run.n_positives, run.n_negatives));
            if self.has_repeats {
                return Areas::of_repeats(sums, || self.weigh(kind));
            }
            return sums.into();
        }
        self.weigh(kind).into()
    }

    /// Whether all samples are raw ones.
    fn is_raw(&self) -> bool {
        self.fractional.is_empty() && self.runs.is_empty() && self.repeated.is_empty()
    }

    /// The sums over the groups of a compacted state.
    fn weigh(&self, kind: ScoreKind) -> WeightedAreas {
        let (mut n_positives, mut n_negatives) = (Sum2::default(), Sum2::default());
        for group in self.groups(kind) {
            n_positives.add(group.positives);
            n_negatives.add(group.negatives);
        }
        let mut sums = WeightedAreas::new(n_positives.value(), n_negatives.value());
        self.groups(kind).for_each(|group| sums.push(group.positives, group.negatives));
        sums
    }

    /// The points of this task's curve, from the highest score down.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory): a run of a byte is a point of 24.
    pub(crate) fn points(&mut self) -> Result<Vec<Point>> {
        let Some(kind) = self.kind else { return Ok(Vec::new()) };
        self.compact();
        let mut points = room("curve", self.groups(kind).count())?;
        self.for_each_group_sum(kind, |point| points.push(point));
        Ok(points)
    }

    /// Calls `visit` with each of the [`points`](Self::points). Where all samples are raw they stay so, no list
    /// of points is made, and the areas are known afterwards.
    pub(crate) fn for_each_point(&mut self, mut visit: impl FnMut(Point)) {
        let Some(kind) = self.kind else { return };
        if !self.is_raw() {
            self.compact();
            return self.for_each_group_sum(kind, visit);
        }
        let (mut tp, mut fp) = (0u64, 0u64);
        let visit_group = |group: cpu::TieGroup| {
            tp += group.n_positives;
            fp += group.n_negatives;
            let threshold = kind.threshold(group.key);
            // Counts end at 2^53: as signed integers they convert in one instruction.
            visit(Point { threshold, tp: tp as i64 as f64, fp: fp as i64 as f64 });
        };
        if self.raw.len() > 0 {
            // Samples were checked as they were kept.
            let sums = with_kept!(&self.raw, kept => cpu::for_each_group(kept, kind, visit_group))
                .unwrap_or_else(|bad| unreachable!("kept {bad:?}"));
            self.areas = Some(Box::new(sums.into()));
        }
    }

    /// Calls `visit` with what is above and in each group of a compacted state.
    fn for_each_group_sum(&self, kind: ScoreKind, mut visit: impl FnMut(Point)) {
        let (mut tp, mut fp) = (Sum2::default(), Sum2::default());
        self.groups(kind).for_each(|group| {
            tp.add(group.positives);
            fp.add(group.negatives);
            visit(Point { threshold: kind.threshold(group.key), tp: tp.value(), fp: fp.value() });
        });
    }

    /// Runs and fractional samples of a compacted state as groups of equal scores, high to low.
    ///
    /// Within a group the counts come first, then fractional weights from small to large: the order
    /// in which weighted sums are taken.
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

    /// Whether version 1 cannot say what the state holds: that counts stand for weights, or a whole
    /// weight that it would count. Where other weights are held too, all are weighed, and whether counts
    /// stand for weights makes no difference.
    fn needs_version_2(&self) -> bool {
        self.has_large || (self.has_repeats && self.fractional.is_empty())
    }

    /// The same of valid bytes.
    pub(crate) fn is_marked(bytes: &[u8]) -> bool {
        bytes.first().is_some_and(|code| code & VERSION_2 != 0)
    }

    /// Appends the bytes of the state, whether it is compacted or not.
    pub(crate) fn write_compacted(&self, out: &mut Vec<u8>) {
        if self.is_compacted() {
            return self.write(out);
        }
        let mut compacted = self.clone();
        compacted.compact();
        compacted.write(out);
    }

    fn is_compacted(&self) -> bool {
        let is_counted = self.raw.len() == 0 && self.repeated.is_empty() && self.runs.is_joined();
        is_counted && self.fractional.is_sorted_by(in_order)
    }

    /// Appends the bytes of a compacted state.
    fn write(&self, out: &mut Vec<u8>) {
        let Some(kind) = self.kind.filter(|_| !self.is_empty()) else { return out.push(0) };
        out.push(kind.code() | if self.needs_version_2() { VERSION_2 } else { 0 });
        self.runs.write(out);
        write_varint(out, self.fractional.len() as u64);
        let mut next = kind.key_range().1;
        for f in &self.fractional {
            write_varint(out, next - f.key);
            out.push(f.is_positive.into());
            out.extend(f.weight.to_le_bytes());
            next = f.key;
        }
    }

    /// Reads what [`write`](Self::write) wrote, trusting nothing.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mut task = Self::new();
        let mut fractional = Vec::new();
        let (totals, runs) = Self::scan(reader, |fraction| fractional.push(fraction))?;
        if let Some(kind) = totals.kind {
            task.hold(kind);
        }
        task.look_at = MIN_COMPACTED.max(runs.n_runs() as usize);
        (task.runs, task.fractional) = (runs.into(), fractional);
        (task.n_counted, task.fractional_weight) = (totals.n_counted, totals.fractional_weight);
        task.has_repeats = totals.needs_version_2 && task.fractional.is_empty();
        task.has_large = totals.needs_version_2 && !task.fractional.is_empty();
        Ok(task)
    }

    /// What [`write`](Self::write) wrote adds up to, trusting nothing and keeping nothing.
    pub(crate) fn check(reader: &mut Reader<'_>) -> Result<Totals> {
        Ok(Self::scan(reader, |_| ())?.0)
    }

    /// Reads what [`write`](Self::write) wrote, trusting nothing: the samples of fractional weight go
    /// to `keep`, one by one.
    fn scan<'a>(
        reader: &mut Reader<'a>,
        mut keep: impl FnMut(Fraction),
    ) -> Result<(Totals, RunBytes<'a>)> {
        let code = reader.byte()?;
        if code == 0 {
            return Ok(Default::default());
        }
        let is_version_2 = code & VERSION_2 != 0;
        let kind = ScoreKind::from_code(code & !VERSION_2)
            .filter(|_| !is_version_2 || reader.version() >= 2)
            .ok_or_else(|| reader.error(StateError::OutOfRange("score type")))?;
        let (runs, n_counted) = RunBytes::read(reader, kind)?;
        let n_fractional = reader.length("number of weighted samples")?;
        let mut fractional_weight = 0.0;
        let (mut last, mut has_large): (Option<Fraction>, _) = (None, false);
        for _ in 0..n_fractional {
            let next = last.map_or(kind.key_range().1, |last| last.key);
            let key = next.checked_sub(reader.varint()?).filter(|&key| kind.has_key(key));
            let key = key.ok_or_else(|| reader.error(StateError::OutOfRange("score")))?;
            let fraction = read_fraction(reader, key)?;
            let is_large = is_whole_in_version_1(fraction.weight);
            if is_large && !is_version_2 {
                return Err(reader.error(StateError::NotCanonical("weight")));
            }
            has_large |= is_large;
            if last.is_some_and(|last| !in_order(&last, &fraction)) {
                return Err(reader.error(StateError::NotCanonical("order of weighted samples")));
            }
            last = Some(fraction);
            fractional_weight += fraction.weight;
            keep(fraction);
        }
        if fractional_weight + n_counted as f64 >= STATE_WEIGHT_LIMIT {
            return Err(reader.error(StateError::OutOfRange("sum of the weights")));
        }
        if n_counted == 0 && n_fractional == 0 {
            return Err(reader.error(StateError::NotCanonical("empty task")));
        }
        if is_version_2 && n_fractional > 0 && !has_large {
            return Err(reader.error(StateError::NotCanonical("score type")));
        }
        let (kind, needs_version_2) = (Some(kind), is_version_2);
        Ok((Totals { kind, n_counted, fractional_weight, needs_version_2 }, runs))
    }
}

fn read_fraction(reader: &mut Reader<'_>, key: u64) -> Result<Fraction> {
    let is_positive = match reader.byte()? {
        0 => false,
        1 => true,
        _ => return Err(reader.error(StateError::OutOfRange("target"))),
    };
    let weight = reader.f64()?;
    if !(weight.is_finite() && weight > 0.0) {
        return Err(reader.error(StateError::OutOfRange("weight")));
    }
    if is_whole(weight) {
        return Err(reader.error(StateError::NotCanonical("weight")));
    }
    Ok(Fraction { key, is_positive, weight })
}

fn in_order(a: &Fraction, b: &Fraction) -> bool {
    a.key > b.key || (a.is_positive, a.weight.to_bits()) <= (b.is_positive, b.weight.to_bits())
}

/// About how many of these keys differ: those that share a bit with another are missed, three in a
/// hundred where all differ.
fn n_distinct(keys: &[u64]) -> u32 {
    let mut seen = vec![0u64; 1 << 12];
    for key in keys {
        let bit = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - 18);
        seen[(bit / 64) as usize] |= 1 << (bit % 64);
    }
    seen.iter().map(|bits| bits.count_ones()).sum()
}

/// Whether a weight counts as a number of samples.
fn is_whole(weight: f64) -> bool {
    weight <= MAX_REPEATS as f64 && weight.fract() == 0.0
}

/// Whether a weight did so in states of version 1.
fn is_whole_in_version_1(weight: f64) -> bool {
    weight <= MAX_SAMPLES as f64 && weight.fract() == 0.0
}

/// How many samples valid weights count as, saturating, and the sum of those that are not counted.
pub(crate) fn weigh(weights: &[f64]) -> (u64, f64) {
    weights.iter().fold((0u64, 0.0), |(counted, fractional), &weight| {
        if is_whole(weight) {
            (counted.saturating_add(weight as u64), fractional)
        } else {
            (counted, fractional + weight)
        }
    })
}
