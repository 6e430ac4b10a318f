//! The byte form of a task.

use super::{Fraction, MIN_COMPACTED, TaskState, Totals};
use crate::arith::exact::{MAX_SAMPLES, STATE_WEIGHT_LIMIT};
use crate::counts::sums::RankSums;
use crate::counts::weights::is_whole;
use crate::element::kind::ScoreKind;
use crate::error::{Result, StateError};
use crate::state::codec::{Reader, write_varint};
use crate::state::runs::RunBytes;

/// The bit of the score type of a task that [needs version 2](TaskState::needs_version_2).
const VERSION_2: u8 = 0x80;

impl TaskState {
    /// Whether version 1 cannot express the task: its counts stand for weights, or it has a whole weight that
    /// version 1 would count. With other weights all weights are summed, and then it makes no difference
    /// whether counts stand for weights.
    pub(super) fn needs_version_2(&self) -> bool {
        self.has_large || (self.has_repeats && self.fractional.is_empty())
    }

    /// [`needs_version_2`](Self::needs_version_2) of a task in valid bytes.
    pub(crate) fn is_marked(bytes: &[u8]) -> bool {
        bytes.first().is_some_and(|code| code & VERSION_2 != 0)
    }

    /// Appends the bytes of the task, which need not be compacted.
    pub(crate) fn write_compacted(&self, out: &mut Vec<u8>) {
        if self.is_compacted() {
            return self.write(out);
        }
        let mut compacted = self.clone();
        compacted.compact();
        compacted.write(out);
    }

    pub(super) fn is_compacted(&self) -> bool {
        let is_counted = self.raw.len() == 0 && self.repeated.is_empty() && self.runs.is_joined();
        is_counted && self.fractional.is_sorted_by(in_order)
    }

    /// Appends the bytes of a compacted task.
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

    /// Reads and checks the bytes of a task.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mut task = Self::new();
        let mut fractional = Vec::new();
        let (totals, runs) =
            Self::parse(reader, RunBytes::read, |fraction| fractional.push(fraction))?;
        if let Some(kind) = totals.kind {
            task.hold(kind);
        }
        task.next_compaction = MIN_COMPACTED.max(runs.n_runs() as usize);
        (task.runs, task.fractional) = (runs.into(), fractional);
        (task.n_counted, task.fractional_weight) = (totals.n_counted, totals.fractional_weight);
        task.has_repeats = totals.needs_version_2 && task.fractional.is_empty();
        task.has_large = totals.needs_version_2 && !task.fractional.is_empty();
        Ok(task)
    }

    /// Checks the bytes of a task; returns their totals.
    pub(crate) fn check(reader: &mut Reader<'_>) -> Result<Totals> {
        Ok(Self::parse(reader, RunBytes::read, |_| ())?.0)
    }

    /// Checks the bytes of a task; returns their totals, and the sums over the ranking of a task of many runs
    /// and no weights.
    pub(crate) fn check_with_sums(reader: &mut Reader<'_>) -> Result<(Totals, Option<RankSums>)> {
        let mut sums = None;
        let read_runs = |reader: &mut _, kind| {
            let (runs, n_samples);
            (runs, n_samples, sums) = RunBytes::read_with_sums(reader, kind)?;
            Ok((runs, n_samples))
        };
        let (totals, _) = Self::parse(reader, read_runs, |_| ())?;
        let has_weights = totals.fractional_weight > 0.0 || totals.needs_version_2;
        Ok((totals, sums.filter(|_| !has_weights).map(RankSums::from)))
    }

    /// Reads and checks the bytes of a task, its runs by `read_runs`, and calls `visit` with each sample of
    /// fractional weight.
    fn parse<'a>(
        reader: &mut Reader<'a>,
        read_runs: impl FnOnce(&mut Reader<'a>, ScoreKind) -> Result<(RunBytes<'a>, u64)>,
        mut visit: impl FnMut(Fraction),
    ) -> Result<(Totals, RunBytes<'a>)> {
        let code = reader.byte()?;
        if code == 0 {
            return Ok(Default::default());
        }
        let is_version_2 = code & VERSION_2 != 0;
        let kind = ScoreKind::from_code(code & !VERSION_2)
            .filter(|_| !is_version_2 || reader.version() >= 2)
            .ok_or_else(|| reader.error(StateError::OutOfRange("score type")))?;
        let (runs, n_counted) = read_runs(reader, kind)?;
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
            visit(fraction);
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

/// Whether states of version 1 counted this weight.
pub(super) fn is_whole_in_version_1(weight: f64) -> bool {
    weight <= MAX_SAMPLES as f64 && weight.fract() == 0.0
}
