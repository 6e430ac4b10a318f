//! Reading runs: the frequent ones from a few bytes at once, any run byte by byte.

use super::{FIRST_BITS, MORE, Run, TAG_BITS, TAG_COUNTS, TAG_NEGATIVE, TAG_POSITIVE};
use crate::arith::exact::MAX_SAMPLES;
use crate::element::kind::ScoreKind;
use crate::error::{Result, StateError};
use crate::state::codec::Reader;

/// Reads and checks runs, from high to low.
pub(super) struct Decoder<'a> {
    reader: Reader<'a>,
    kind: ScoreKind,
    /// The lowest key of a score of this kind.
    lowest: u64,
    /// The highest key that the next run can have.
    next: Option<u64>,
    n_samples: u64,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(reader: Reader<'a>, kind: ScoreKind) -> Self {
        let (lowest, highest) = kind.key_range();
        Self { reader, kind, lowest, next: Some(highest), n_samples: 0 }
    }

    /// The reader behind the runs.
    pub(super) fn end(self) -> Reader<'a> {
        self.reader
    }

    /// The next run.
    #[inline]
    pub(super) fn run(&mut self) -> Result<Run> {
        match self.single() {
            Some(run) => Ok(run),
            None => self.any(),
        }
    }

    /// The next run if it is one sample, is valid, and lies in the first of eight bytes that are there.
    #[inline(always)]
    fn single(&mut self) -> Option<Run> {
        let bytes = self.reader.next_bytes()?;
        let first = bytes as u8;
        let tag = first & ((1 << TAG_BITS) - 1);
        let (mut n_bytes, mut distance) = (1, u64::from((first & !MORE) >> TAG_BITS));
        if first & MORE != 0 {
            let rest = (bytes >> 8) as u32;
            // The high bit of each byte says whether another one follows.
            let last = (!rest & 0x8080_8080).trailing_zeros() / 8;
            let digits = rest & (u32::MAX >> (24 - 8 * last.min(3)));
            let rest = digits & 0x7f
                | digits >> 1 & 0x7f << 7
                | digits >> 2 & 0x7f << 14
                | digits >> 3 & 0x7f << 21;
            // Longer than this, or not in the shortest form.
            if last > 3 || rest >> (7 * last) == 0 {
                return None;
            }
            n_bytes += last as usize + 1;
            distance |= u64::from(rest) << FIRST_BITS;
        }
        let next = self.next?;
        let key = next.wrapping_sub(distance);
        // The lowest key is left to the general form, so that one below this one exists.
        let is_in_range = distance <= next && key > self.lowest;
        let is_single = tag <= TAG_POSITIVE && self.n_samples < MAX_SAMPLES;
        if !is_in_range || !is_single || Some(key) == self.kind.minus_zero() {
            return None;
        }
        self.reader.skip(n_bytes);
        self.next = Some(key - 1);
        self.n_samples += 1;
        let n_positives = u64::from(tag);
        Some(Run { key, n_positives, n_negatives: 1 - n_positives })
    }

    /// The next run, whatever it is.
    #[inline(never)]
    fn any(&mut self) -> Result<Run> {
        let reader = &mut self.reader;
        let highest = self.next.ok_or_else(|| reader.error(StateError::OutOfRange("score")))?;
        let run = read_run(reader, highest)?;
        if !self.kind.has_key(run.key) {
            return Err(reader.error(StateError::OutOfRange("score")));
        }
        // None of the three is above MAX_SAMPLES, so the sum cannot overflow.
        self.n_samples += run.n_positives + run.n_negatives;
        if self.n_samples > MAX_SAMPLES {
            return Err(reader.error(StateError::OutOfRange("number of samples")));
        }
        self.next = run.key.checked_sub(1);
        Ok(run)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::runs::RunList;

    fn random(bits: &mut u64) -> u64 {
        *bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        *bits >> 33
    }

    /// Bytes of runs with distances of 0 to 35 bits, some of several samples.
    fn bytes(kind: ScoreKind, bits: &mut u64) -> Vec<u8> {
        let (lowest, mut key) = kind.key_range();
        let mut list = RunList::default();
        let mut next = key;
        for _ in 0..200 {
            let width = random(bits) % 36;
            let distance = random(bits) << 4 & ((1 << width) - 1);
            if key < lowest + distance + 1 {
                break;
            }
            key -= distance;
            let n = if random(bits).is_multiple_of(9) { random(bits) % 200 } else { 0 };
            let run = match random(bits) % 2 {
                0 => Run { key, n_positives: 1, n_negatives: n },
                _ => Run { key, n_positives: n, n_negatives: 1 },
            };
            list.push(&mut next, run);
            key -= 1;
        }
        list.bytes
    }

    /// All runs, or where and why reading stopped.
    fn read(bytes: &[u8], kind: ScoreKind, is_quick: bool) -> (Vec<Run>, String) {
        let mut decoder = Decoder::new(Reader::new(bytes), kind);
        let mut runs = Vec::new();
        loop {
            match if is_quick { decoder.run() } else { decoder.any() } {
                Ok(run) => runs.push(run),
                Err(error) => return (runs, error.to_string()),
            }
        }
    }

    #[test]
    fn the_quick_form_reads_and_refuses_as_the_general_one() {
        let mut bits = 1;
        let kinds =
            [ScoreKind::F16, ScoreKind::F32, ScoreKind::F64, ScoreKind::I32, ScoreKind::U64];
        for round in 0..2000 {
            let kind = kinds[round % kinds.len()];
            let mut bytes = bytes(kind, &mut bits);
            for n_changed in [0, 1, 5] {
                for _ in 0..n_changed.min(bytes.len()) {
                    let at = random(&mut bits) as usize % bytes.len();
                    bytes[at] = random(&mut bits) as u8;
                }
                let (quick, general) = (read(&bytes, kind, true), read(&bytes, kind, false));
                assert_eq!(quick, general, "{kind:?}: {bytes:?}");
            }
        }
    }
}
