//! Sorted runs of equal scores, in memory and in bytes.

mod decode;
mod merge;
mod sums;

use decode::Decoder;
use merge::{Merge, merge};

use super::codec::{Reader, write_varint};
use crate::arith::sums::IntegerSums;
use crate::counts::ranked::RankedCounts;
pub(crate) use crate::cpu::KeyGroup as Run;
use crate::cpu::{Key, OfTask};
use crate::element::kind::ScoreKind;
use crate::error::Result;
use crate::reserve::room;
use sums::RunSums;

/// The ranked counts of `n_runs` runs, high to low: 24 bytes per distinct score.
///
/// # Errors
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
pub(crate) fn accumulate(
    op: &'static str,
    kind: ScoreKind,
    has_repeats: bool,
    n_runs: usize,
    runs: impl Iterator<Item = Run>,
) -> Result<RankedCounts> {
    let (mut thresholds, mut tp, mut fp) = (room(op, n_runs)?, 0, 0);
    let (mut tps, mut fps) = (room(op, n_runs)?, room(op, n_runs)?);
    for run in runs {
        tp += run.n_positives;
        fp += run.n_negatives;
        thresholds.push(kind.threshold(run.key));
        tps.push(tp);
        fps.push(fp);
    }
    Ok(RankedCounts::whole(thresholds, tps, fps, has_repeats))
}

/// Lists of runs. The time to add a list is linear in the runs of that list, however many there are
/// already.
///
/// All lists become one when the others together are [`GROWTH`] times as large as the first. So a run is
/// written again only after the contents have grown by a factor, and all writing is linear. Where scores
/// repeat, the lists take at most a few times the memory of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs {
    lists: Vec<RunList>,
    /// Memory of all lists but the first, stored because there may be many lists.
    n_bytes_of_others: usize,
}

/// The other lists together are at most this many times as large as the first.
const GROWTH: usize = 3;

impl Runs {
    /// Adds a list, whose keys are of this kind as those of all others.
    pub(crate) fn push(&mut self, kind: ScoreKind, list: RunList) {
        if list.is_empty() {
            return;
        }
        let Some(first) = self.lists.first() else { return self.lists.push(list) };
        // 16-bit scores take constant memory, which should not be several times that of one list.
        let growth = if kind.is_16_bit() { 1 } else { GROWTH };
        let most = growth * first.n_bytes();
        self.n_bytes_of_others += list.n_bytes();
        self.lists.push(list);
        if self.n_bytes_of_others >= most {
            self.join(kind);
        }
    }

    /// Adds the lists of others, whose keys become those of a wider kind.
    pub(crate) fn extend(&mut self, others: &Self, kind: ScoreKind, to: ScoreKind) {
        others.lists.iter().for_each(|list| self.push(to, list.widened(kind, to)));
    }

    /// Gives all keys the form they have in a wider kind.
    pub(crate) fn widen(&mut self, kind: ScoreKind, to: ScoreKind) {
        self.lists.iter_mut().for_each(|list| *list = list.widened(kind, to));
        self.n_bytes_of_others = self.lists.iter().skip(1).map(RunList::n_bytes).sum();
    }

    /// Makes one list of all.
    pub(crate) fn join(&mut self, kind: ScoreKind) {
        let n_bytes = self.lists.iter().map(|list| list.bytes.len()).sum();
        let joined = match &self.lists[..] {
            [] | [_] => return,
            [a, b] => RunList::encode(kind, n_bytes, merge(a.iter(kind), b.iter(kind))),
            lists => {
                let lists = lists.iter().map(|list| list.iter(kind)).collect();
                RunList::encode(kind, n_bytes, Merge::new(lists))
            }
        };
        *self = Self { lists: vec![joined], n_bytes_of_others: 0 };
    }

    /// The runs, from high to low; they must be [one list](Self::join).
    pub(crate) fn iter(&self, kind: ScoreKind) -> impl Iterator<Item = Run> + '_ {
        debug_assert!(self.is_joined(), "{} lists", self.lists.len());
        self.lists.iter().flat_map(move |list| list.iter(kind))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Runs in all lists: at least as many as there are distinct scores.
    pub(crate) fn n_runs(&self) -> u64 {
        self.lists.iter().map(|list| list.n_runs).sum()
    }

    /// Appends the number of runs and their bytes; they must be [one list](Self::join).
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        debug_assert!(self.is_joined(), "{} lists", self.lists.len());
        match self.lists.first() {
            Some(list) => list.write(out),
            None => write_varint(out, 0),
        }
    }

    /// Whether there is at most one list.
    pub(crate) fn is_joined(&self) -> bool {
        self.lists.len() < 2
    }
}

impl From<RunBytes<'_>> for Runs {
    fn from(runs: RunBytes<'_>) -> Self {
        let RunBytes { bytes, n_runs } = runs;
        let list = (n_runs > 0).then(|| RunList { bytes: bytes.to_vec(), n_runs });
        Self { lists: list.into_iter().collect(), n_bytes_of_others: 0 }
    }
}

/// Runs from high to low in the byte form of a state: 1 to 3 bytes a run where scores are dense.
///
/// A run is the distance below the key before it (the first: below the highest key of the kind),
/// less one; then what it holds. The first byte is, from bit 0: two bits of tag, five bits of
/// distance, one bit that says whether the rest of the distance follows as a varint. Tag 0 is one
/// negative, tag 1 one positive, tag 2 two varints: positives and negatives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RunList {
    bytes: Vec<u8>,
    n_runs: u64,
}

/// Fewest runs whose sums are computed when they are read.
const MANY_RUNS: u64 = 64;

const TAG_NEGATIVE: u8 = 0;
const TAG_POSITIVE: u8 = 1;
const TAG_COUNTS: u8 = 2;
const TAG_BITS: u32 = 2;
const FIRST_BITS: u32 = 5;
const MORE: u8 = 0x80;

impl RunList {
    /// Encodes runs from high to low, in about `n_bytes` bytes.
    pub(crate) fn encode(kind: ScoreKind, n_bytes: usize, runs: impl Iterator<Item = Run>) -> Self {
        let mut list = Self { bytes: Vec::with_capacity(n_bytes), n_runs: 0 };
        let mut next = kind.key_range().1;
        runs.for_each(|run| list.push(&mut next, run));
        list.bytes.shrink_to_fit();
        list
    }

    /// Encodes the samples of a task, on several threads if they are many.
    pub(crate) fn of_task<K: Key>(kind: ScoreKind, samples: OfTask<K>) -> Self {
        let sorted = match samples {
            OfTask::Groups(groups) => return Self::encode(kind, 0, groups.into_iter()),
            OfTask::Sorted(sorted) => sorted,
        };
        let parts = sorted.map(|bin| {
            let (highest, mut part) = (kind.key_range().1, Self::default());
            let mut next = bin.above.map_or(highest, |key| key.saturating_sub(1));
            bin.for_each_group(|run| part.push(&mut next, run));
            part.bytes
        });
        Self { bytes: parts.concat(), n_runs: sorted.n_groups() as u64 }
    }

    /// Appends a run; no run after it has a key above `next`.
    fn push(&mut self, next: &mut u64, run: Run) {
        let distance = *next - run.key;
        *next = run.key.saturating_sub(1);
        let tag = match (run.n_positives, run.n_negatives) {
            (0, 1) => TAG_NEGATIVE,
            (1, 0) => TAG_POSITIVE,
            _ => TAG_COUNTS,
        };
        let first = tag | ((distance & ((1 << FIRST_BITS) - 1)) as u8) << TAG_BITS;
        match distance >> FIRST_BITS {
            0 => self.bytes.push(first),
            rest => {
                self.bytes.push(first | MORE);
                write_varint(&mut self.bytes, rest);
            }
        }
        if tag == TAG_COUNTS {
            write_varint(&mut self.bytes, run.n_positives);
            write_varint(&mut self.bytes, run.n_negatives);
        }
        self.n_runs += 1;
    }

    fn is_empty(&self) -> bool {
        self.n_runs == 0
    }

    /// Approximate memory.
    fn n_bytes(&self) -> usize {
        size_of::<Self>() + self.bytes.len()
    }

    /// The same runs with the keys that they have in a wider kind.
    fn widened(&self, kind: ScoreKind, to: ScoreKind) -> Self {
        if kind == to {
            return self.clone();
        }
        let runs = self.iter(kind).map(|run| Run { key: kind.widen(run.key, to), ..run });
        Self::encode(to, 2 * self.bytes.len(), runs)
    }

    /// The runs, from high to low.
    fn iter(&self, kind: ScoreKind) -> impl Iterator<Item = Run> + '_ {
        // `encode` wrote the bytes or `read` checked them, so reading fails at the end only.
        let mut decoder = Decoder::new(Reader::new(&self.bytes), kind);
        std::iter::from_fn(move || decoder.run().ok())
    }

    /// Appends the number of runs and their bytes.
    fn write(&self, out: &mut Vec<u8>) {
        write_varint(out, self.n_runs);
        out.extend_from_slice(&self.bytes);
    }
}

/// The bytes of a list of runs within those of a state.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RunBytes<'a> {
    bytes: &'a [u8],
    n_runs: u64,
}

impl<'a> RunBytes<'a> {
    /// Reads and checks a list of runs; also returns its number of samples.
    pub(crate) fn read(reader: &mut Reader<'a>, kind: ScoreKind) -> Result<(Self, u64)> {
        let mut n_samples = 0;
        let runs = Self::read_each(reader, kind, |n_positives, n_negatives| {
            n_samples += n_positives + n_negatives;
        })?;
        Ok((runs, n_samples))
    }

    /// Reads and checks a list of runs; also returns its number of samples, and the sums over the ranking if the
    /// runs are many: those of few are computed as fast when they are needed.
    pub(crate) fn read_with_sums(
        reader: &mut Reader<'a>,
        kind: ScoreKind,
    ) -> Result<(Self, u64, Option<IntegerSums>)> {
        if reader.clone().varint()? < MANY_RUNS {
            return Self::read(reader, kind).map(|(runs, n_samples)| (runs, n_samples, None));
        }
        let mut sums = RunSums::default();
        let runs = Self::read_each(reader, kind, |n_positives, n_negatives| {
            sums.push(n_positives, n_negatives);
        })?;
        let sums = sums.finish();
        Ok((runs, sums.tp + sums.fp, Some(sums)))
    }

    /// Reads and checks a list of runs; calls `visit` with the positives and the negatives of each.
    fn read_each(
        reader: &mut Reader<'a>,
        kind: ScoreKind,
        mut visit: impl FnMut(u64, u64),
    ) -> Result<Self> {
        let n_runs = reader.length("number of runs")?;
        let start = reader.offset();
        let mut decoder = Decoder::new(reader.clone(), kind);
        for _ in 0..n_runs {
            let run = decoder.run()?;
            visit(run.n_positives, run.n_negatives);
        }
        *reader = decoder.end();
        Ok(Self { bytes: reader.since(start), n_runs: n_runs as u64 })
    }

    pub(crate) fn n_runs(&self) -> u64 {
        self.n_runs
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn random(bits: &mut u64) -> u64 {
        *bits =
            bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *bits >> 33
    }

    /// Lists of random keys, the ends of their range among them.
    fn lists(n: usize, n_keys: u64, kind: ScoreKind, bits: &mut u64) -> Vec<Vec<Run>> {
        let list = |_| {
            let keys: BTreeMap<u64, [u64; 2]> = (0..random(bits) % 30)
                .map(|_| {
                    let key = kind.key_range().1 - random(bits) % n_keys;
                    (key, [random(bits) % 3, 1 + random(bits) % 2])
                })
                .collect();
            let runs = keys.into_iter().rev();
            runs.map(|(key, [n_positives, n_negatives])| Run { key, n_positives, n_negatives })
                .collect()
        };
        (0..n).map(list).collect()
    }

    fn sums<'a>(runs: impl Iterator<Item = &'a Run>) -> BTreeMap<u64, [u64; 2]> {
        let mut sums = BTreeMap::new();
        for run in runs {
            let [n_positives, n_negatives] = sums.entry(run.key).or_insert([0; 2]);
            (*n_positives, *n_negatives) =
                (*n_positives + run.n_positives, *n_negatives + run.n_negatives);
        }
        sums
    }

    #[test]
    fn lists_of_any_number_are_merged() {
        let mut bits = 7;
        for kind in [ScoreKind::F16, ScoreKind::F32, ScoreKind::U64] {
            for n in (0..20).chain([63, 64, 65, 200]) {
                for n_keys in [3, 100, 20_000] {
                    let lists = lists(n, n_keys, kind, &mut bits);
                    let expected = sums(lists.iter().flatten());
                    let merged: Vec<Run> =
                        Merge::new(lists.iter().map(|list| list.iter().copied()).collect())
                            .collect();
                    assert!(merged.is_sorted_by(|a, b| a.key > b.key), "{n} lists");
                    assert_eq!(sums(merged.iter()), expected, "{n} lists");
                    let mut runs = Runs::default();
                    for list in &lists {
                        runs.push(kind, RunList::encode(kind, 0, list.iter().copied()));
                    }
                    runs.join(kind);
                    assert!(runs.iter(kind).eq(merged), "{n} lists");
                }
            }
        }
    }

    /// Many lists that are small beside the first one are merged from time to time.
    #[test]
    fn lists_are_few_beside_what_they_hold() {
        let kind = ScoreKind::F32;
        let mut runs = Runs::default();
        let mut n_written = 0;
        for i in 0..10_000u64 {
            let key = kind.key_range().1 - i * 7919 % 10_007;
            let run = Run { key, n_positives: 1, n_negatives: 0 };
            let n_before = runs.lists.len();
            runs.push(kind, RunList::encode(kind, 0, std::iter::once(run)));
            if runs.lists.len() <= n_before {
                n_written += runs.n_runs();
            }
        }
        assert!(n_written <= 200_000, "{n_written} runs written again");
        let others = runs.lists.iter().skip(1).map(RunList::n_bytes).sum::<usize>();
        assert_eq!(runs.n_bytes_of_others, others);
        runs.join(kind);
        assert_eq!(runs.n_runs(), 10_000);
    }
}
