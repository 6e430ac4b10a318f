//! The raw samples of a state: packed as the engine packs them, 4 bytes each for f32 scores.

use std::ops::Range;

use crate::arith::simd;
use crate::cpu::{BLOCK, Filled, HUGE_PAGE, Key, Samples, extend, pack_apart, packed, unpacked};
use crate::element::kind::ScoreKind;

/// A growing list in pieces. Growing copies nothing and never takes twice the memory.
#[derive(Debug, Clone)]
pub(crate) struct Pieces<T: Copy> {
    pieces: Vec<Piece<T>>,
    len: usize,
}

#[derive(Debug, Clone)]
enum Piece<T: Copy> {
    /// The first piece grows with its contents: there may be many states with few elements.
    First(Vec<T>),
    /// Every other piece has its full capacity from the start.
    Other(Filled<T>),
}

/// Elements of a small piece.
const SMALL_PIECE: usize = 1 << 16;
/// Elements in all small pieces.
const ALL_SMALL_PIECES: usize = 1 << 20;

impl<T: Copy> Piece<T> {
    /// Elements of a large piece, which fills a huge page.
    const LARGE_PIECE: usize = HUGE_PAGE / size_of::<T>();

    /// The number of the piece with this element, and the element's position there.
    fn of(position: usize) -> (usize, usize) {
        match position.checked_sub(ALL_SMALL_PIECES) {
            None => (position / SMALL_PIECE, position % SMALL_PIECE),
            Some(position) => (
                ALL_SMALL_PIECES / SMALL_PIECE + position / Self::LARGE_PIECE,
                position % Self::LARGE_PIECE,
            ),
        }
    }

    /// An empty piece of this number.
    fn new(piece: usize) -> Self {
        match piece {
            0 => Self::First(Vec::new()),
            piece => Self::Other(Filled::with_capacity(Self::capacity(piece))),
        }
    }

    fn capacity(piece: usize) -> usize {
        if piece < ALL_SMALL_PIECES / SMALL_PIECE { SMALL_PIECE } else { Self::LARGE_PIECE }
    }

    #[inline(always)]
    fn extend(&mut self, elements: impl ExactSizeIterator<Item = T>) {
        match self {
            Self::First(piece) => extend(piece, elements),
            Self::Other(piece) => piece.extend(elements),
        }
    }

    fn truncate(&mut self, len: usize) {
        match self {
            Self::First(piece) => piece.truncate(len),
            Self::Other(piece) => piece.truncate(len),
        }
    }

    fn as_slice(&self) -> &[T] {
        match self {
            Self::First(piece) => piece,
            Self::Other(piece) => piece.as_slice(),
        }
    }
}

impl<T: Copy> Pieces<T> {
    pub(crate) fn new() -> Self {
        Self { pieces: Vec::new(), len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends `n` elements; `elements` returns any range of them.
    pub(crate) fn extend<I: ExactSizeIterator<Item = T>>(
        &mut self,
        n: usize,
        elements: impl Fn(Range<usize>) -> I,
    ) {
        let mut done = 0;
        while done < n {
            let (number, start) = Piece::<T>::of(self.len);
            if number == self.pieces.len() {
                self.pieces.push(Piece::new(number));
            }
            let piece = &mut self.pieces[number];
            let now = done..n.min(done + Piece::<T>::capacity(number) - start);
            self.len += now.len();
            done = now.end;
            simd::run(|| piece.extend(elements(now)));
        }
    }

    /// Removes all elements but the first `len`.
    fn truncate(&mut self, len: usize) {
        if len < self.len {
            let (number, end) = Piece::<T>::of(len);
            self.pieces.truncate(number + 1);
            self.pieces[number].truncate(end);
            self.len = len;
        }
    }

    /// Copies the elements from `start` on, as many as `out` has room for.
    fn read(&self, mut start: usize, mut out: &mut [T]) {
        while let Some(elements) = self.together(start..start + out.len()) {
            let (now, later) = out.split_at_mut(elements.len());
            now.copy_from_slice(elements);
            start += elements.len();
            out = later;
        }
    }

    /// The start of this range, as far as it lies in one piece; `None` for an empty range.
    fn together(&self, range: Range<usize>) -> Option<&[T]> {
        if range.is_empty() {
            return None;
        }
        let (number, first) = Piece::<T>::of(range.start);
        let piece = &self.pieces[number].as_slice()[first..];
        Some(&piece[..piece.len().min(range.len())])
    }

    /// The last elements, at most `n` of them.
    fn last(&self, n: usize) -> impl Iterator<Item = T> + '_ {
        self.pieces.iter().rev().flat_map(|piece| piece.as_slice().iter().rev()).copied().take(n)
    }
}

/// Packed samples. Packing loses the top bit of a key, so samples with it lie apart from the others.
#[derive(Debug, Clone)]
pub(crate) struct PackedSamples<K: Copy> {
    high: Pieces<K>,
    low: Pieces<K>,
}

impl<K: Key> PackedSamples<K> {
    fn new() -> Self {
        Self { high: Pieces::new(), low: Pieces::new() }
    }

    /// Appends the samples of a block.
    pub(crate) fn extend(&mut self, keys: &[K], labels: &[u8]) {
        let n_high = simd::run(|| keys.iter().fold(0, |n, key| n + key.top_bit())) as usize;
        if n_high > 0 && n_high < keys.len() {
            return self.extend_both(keys, labels);
        }
        let half = if n_high > 0 { &mut self.high } else { &mut self.low };
        half.extend(keys.len(), |range| {
            let samples = keys[range.clone()].iter().zip(&labels[range]);
            samples.map(|(&key, &label)| packed(key, label))
        });
    }

    fn extend_both(&mut self, keys: &[K], labels: &[u8]) {
        let (mut high, mut low) = ([K::zero(); BLOCK], [K::zero(); BLOCK]);
        let n_high = pack_apart(keys, labels, &mut high, &mut low);
        self.high.extend(n_high, |range| high[range].iter().copied());
        self.low.extend(keys.len() - n_high, |range| low[range].iter().copied());
    }

    fn lens(&self) -> [usize; 2] {
        [self.high.len(), self.low.len()]
    }

    fn truncate(&mut self, lens: [usize; 2]) {
        self.high.truncate(lens[0]);
        self.low.truncate(lens[1]);
    }

    /// Some of the last keys, at most `n` of them.
    fn last(&self, n: usize) -> Vec<u64> {
        let (half, top_bit) = if self.high.len() >= self.low.len() {
            (&self.high, K::from_u64(K::TOP_BIT))
        } else {
            (&self.low, K::zero())
        };
        half.last(n).map(|packed| unpacked(packed, top_bit).to_u64()).collect()
    }

    /// Copies packed samples from `start` on; returns how many of them have the top bit.
    fn read(&self, start: usize, out: &mut [K]) -> usize {
        let n_high = self.high.len().saturating_sub(start).min(out.len());
        let (high, low) = out.split_at_mut(n_high);
        self.high.read(start, high);
        self.low.read((start + n_high).saturating_sub(self.high.len()), low);
        n_high
    }
}

impl<K: Key> Samples<K> for PackedSamples<K> {
    fn len(&self) -> usize {
        self.high.len() + self.low.len()
    }

    fn keys(&self, start: usize, out: &mut [K]) {
        let n_high = self.read(start, out);
        simd::run(|| unpack_apart(out, n_high));
    }

    fn labels(&self, start: usize, out: &mut [u8]) {
        let mut packed = [K::zero(); BLOCK];
        for (i, labels) in out.chunks_mut(BLOCK).enumerate() {
            let packed = &mut packed[..labels.len()];
            self.read(start + i * BLOCK, packed);
            simd::run(|| read_labels(packed, labels));
        }
    }

    fn packed(&self, range: Range<usize>) -> Option<(&[K], K)> {
        let n_high = self.high.len();
        if range.start < n_high {
            let packed = self.high.together(range.start..range.end.min(n_high))?;
            return Some((packed, K::from_u64(K::TOP_BIT)));
        }
        Some((self.low.together(range.start - n_high..range.end - n_high)?, K::zero()))
    }

    fn both(&self, start: usize, keys: &mut [K], labels: &mut [u8]) {
        let n_high = self.read(start, keys);
        simd::run(|| {
            read_labels(keys, labels);
            unpack_apart(keys, n_high);
        });
    }
}

/// Turns packed samples into keys; the first `n_high` have the top bit.
#[inline(always)]
fn unpack_apart<K: Key>(packed: &mut [K], n_high: usize) {
    let (high, low) = packed.split_at_mut(n_high);
    high.iter_mut().for_each(|key| *key = unpacked(*key, K::from_u64(K::TOP_BIT)));
    low.iter_mut().for_each(|key| *key = unpacked(*key, K::zero()));
}

#[inline(always)]
fn read_labels<K: Key>(packed: &[K], out: &mut [u8]) {
    for (label, &packed) in out.iter_mut().zip(packed) {
        *label = packed.low() as u8 & 1;
    }
}

/// Packed samples in the width of key that their kind of score needs.
#[derive(Debug, Clone)]
pub(crate) enum Raw {
    Narrow(PackedSamples<u32>),
    Wide(PackedSamples<u64>),
}

/// Runs an expression with the packed samples of either width.
macro_rules! with_packed {
    ($raw:expr, $packed:ident => $body:expr) => {
        match $raw {
            $crate::state::samples::Raw::Narrow($packed) => $body,
            $crate::state::samples::Raw::Wide($packed) => $body,
        }
    };
}
pub(super) use with_packed;

impl Raw {
    pub(crate) fn new(kind: ScoreKind) -> Self {
        if kind.is_narrow() {
            Self::Narrow(PackedSamples::new())
        } else {
            Self::Wide(PackedSamples::new())
        }
    }

    pub(crate) fn len(&self) -> usize {
        with_packed!(self, packed => packed.len())
    }

    /// Number of samples whose keys have the top bit, and of the others.
    pub(crate) fn lens(&self) -> [usize; 2] {
        with_packed!(self, packed => packed.lens())
    }

    /// Removes the samples appended since [`lens`](Self::lens) returned this.
    pub(crate) fn truncate(&mut self, lens: [usize; 2]) {
        with_packed!(self, packed => packed.truncate(lens));
    }

    /// Appends the samples of a block, their keys given in the wider width.
    pub(crate) fn extend(&mut self, keys: &[u64], labels: &[u8]) {
        match self {
            Self::Narrow(packed) => {
                let narrow: Vec<_> = keys.iter().map(|&key| key as u32).collect();
                packed.extend(&narrow, labels);
            }
            Self::Wide(packed) => packed.extend(keys, labels),
        }
    }

    /// Some of the last keys, at most `n` of them.
    pub(crate) fn last(&self, n: usize) -> Vec<u64> {
        with_packed!(self, packed => packed.last(n))
    }
}

/// A width of key, with the packed samples of that width.
pub(crate) trait RawKey: Key {
    fn of(raw: &mut Raw) -> Option<&mut PackedSamples<Self>>;
}

impl RawKey for u32 {
    fn of(raw: &mut Raw) -> Option<&mut PackedSamples<Self>> {
        if let Raw::Narrow(packed) = raw { Some(packed) } else { None }
    }
}

impl RawKey for u64 {
    fn of(raw: &mut Raw) -> Option<&mut PackedSamples<Self>> {
        if let Raw::Wide(packed) = raw { Some(packed) } else { None }
    }
}

/// About how many of these keys differ. Keys whose hash sets the same bit count once, so of 16,384 keys
/// that all differ the result misses about 3 %.
pub(super) fn n_distinct(keys: &[u64]) -> u32 {
    let mut seen = vec![0u64; 1 << 12];
    for key in keys {
        let bit = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - 18);
        seen[(bit / 64) as usize] |= 1 << (bit % 64);
    }
    seen.iter().map(|bits| bits.count_ones()).sum()
}
