//! Sorted runs of equal scores, in memory and in bytes.

use super::codec::{Reader, write_varint};
use crate::cpu::Sink;
use crate::error::{Result, StateError};
use crate::exact::MAX_SAMPLES;
use crate::kind::ScoreKind;

/// One distinct score, as a key, and the samples that have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) key: u64,
    pub(crate) n_positives: u64,
    pub(crate) n_negatives: u64,
}

/// The runs of a part of a task, high to low.
impl Sink for Vec<Run> {
    const NEEDS_POSITIVES_ONLY: bool = false;

    fn starting_at(_tp: u64, _fp: u64) -> Self {
        Self::new()
    }

    fn push(&mut self, key: u64, n_positives: u64, n_negatives: u64) {
        self.push(Run { key, n_positives, n_negatives });
    }
}

/// Merges two sequences of runs, each from high to low.
pub(crate) fn merge(
    a: impl Iterator<Item = Run>,
    b: impl Iterator<Item = Run>,
) -> impl Iterator<Item = Run> {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some(x), Some(y)) if x.key == y.key => {
            let (x, y) = (a.next()?, b.next()?);
            Some(Run {
                key: x.key,
                n_positives: x.n_positives + y.n_positives,
                n_negatives: x.n_negatives + y.n_negatives,
            })
        }
        (Some(x), Some(y)) if x.key > y.key => a.next(),
        (Some(_), None) => a.next(),
        _ => b.next(),
    })
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

const TAG_NEGATIVE: u8 = 0;
const TAG_POSITIVE: u8 = 1;
const TAG_COUNTS: u8 = 2;
const TAG_BITS: u32 = 2;
const FIRST_BITS: u32 = 5;
const MORE: u8 = 0x80;

impl RunList {
    /// Encodes runs that come from high to low.
    pub(crate) fn encode(kind: ScoreKind, runs: impl Iterator<Item = Run>) -> Self {
        let mut list = Self::default();
        let mut next = kind.key_range().1;
        for run in runs {
            list.push(next - run.key, run);
            next = run.key.saturating_sub(1);
        }
        list.bytes.shrink_to_fit();
        list
    }

    fn push(&mut self, distance: u64, run: Run) {
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

    pub(crate) fn n_runs(&self) -> u64 {
        self.n_runs
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.n_runs == 0
    }

    /// The runs, from high to low.
    pub(crate) fn iter(&self, kind: ScoreKind) -> impl Iterator<Item = Run> + '_ {
        let mut reader = Reader::new(&self.bytes);
        let mut next = Some(kind.key_range().1);
        // The bytes were written by `encode` or checked by `read`, so nothing fails before the end.
        std::iter::from_fn(move || {
            let run = read_run(&mut reader, next?).ok()?;
            next = run.key.checked_sub(1);
            Some(run)
        })
    }

    /// Appends the number of runs and their bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        write_varint(out, self.n_runs);
        out.extend_from_slice(&self.bytes);
    }

    /// Reads what [`write`](Self::write) wrote, trusting nothing; also returns the samples in it.
    pub(crate) fn read(reader: &mut Reader<'_>, kind: ScoreKind) -> Result<(Self, u64)> {
        let n_runs = reader.length("number of runs")?;
        let start = reader.offset();
        let mut next = Some(kind.key_range().1);
        let mut n_samples = 0u64;
        for _ in 0..n_runs {
            let highest = next.ok_or_else(|| reader.error(StateError::OutOfRange("score")))?;
            let run = read_run(reader, highest)?;
            if !kind.has_key(run.key) {
                return Err(reader.error(StateError::OutOfRange("score")));
            }
            // None of the three is above MAX_SAMPLES, so the sum cannot overflow.
            n_samples += run.n_positives + run.n_negatives;
            if n_samples > MAX_SAMPLES {
                return Err(reader.error(StateError::OutOfRange("number of samples")));
            }
            next = run.key.checked_sub(1);
        }
        let bytes = reader.since(start).to_vec();
        Ok((Self { bytes, n_runs: n_runs as u64 }, n_samples))
    }
}

fn read_run(reader: &mut Reader<'_>, highest: u64) -> Result<Run> {
    let first = reader.byte()?;
    let mut distance = u64::from((first & !MORE) >> TAG_BITS);
    if first & MORE != 0 {
        let rest = reader.varint()?;
        if rest == 0 {
            return Err(reader.error(StateError::NotCanonical("distance")));
        }
        if rest >> (u64::BITS - FIRST_BITS) != 0 {
            return Err(reader.error(StateError::OutOfRange("distance")));
        }
        distance |= rest << FIRST_BITS;
    }
    let key = highest
        .checked_sub(distance)
        .ok_or_else(|| reader.error(StateError::OutOfRange("score")))?;
    let (n_positives, n_negatives) = match first & ((1 << TAG_BITS) - 1) {
        TAG_NEGATIVE => (0, 1),
        TAG_POSITIVE => (1, 0),
        TAG_COUNTS => read_counts(reader)?,
        _ => return Err(reader.error(StateError::OutOfRange("tag"))),
    };
    Ok(Run { key, n_positives, n_negatives })
}

fn read_counts(reader: &mut Reader<'_>) -> Result<(u64, u64)> {
    let (n_positives, n_negatives) = (reader.varint()?, reader.varint()?);
    if n_positives > MAX_SAMPLES || n_negatives > MAX_SAMPLES {
        return Err(reader.error(StateError::OutOfRange("number of samples")));
    }
    if n_positives + n_negatives < 2 {
        return Err(reader.error(StateError::NotCanonical("counts")));
    }
    Ok((n_positives, n_negatives))
}
