//! Raw samples as a state keeps them: packed as the engine packs them, 4 bytes each for f32 scores.

use crate::cpu::{BLOCK, Filled, HUGE_PAGE, Key, Samples, pack, pack_apart, simd, unpack};
use crate::kind::ScoreKind;

/// Elements in pieces: growing never copies, and never holds twice the memory.
#[derive(Debug, Clone)]
pub(crate) struct Pieces<T: Copy> {
    pieces: Vec<Piece<T>>,
    len: usize,
}

#[derive(Debug, Clone)]
enum Piece<T: Copy> {
    /// Of the first elements: there may be few, or many such states.
    Small(Vec<T>),
    Large(Filled<T>),
}

/// Elements of a small piece.
const SMALL: usize = 1 << 16;
/// Elements in all small pieces.
const ALL_SMALL: usize = 1 << 20;

impl<T: Copy> Piece<T> {
    /// Elements of a large piece, which fills a huge page.
    const LARGE: usize = HUGE_PAGE / size_of::<T>();

    /// The piece of an element, and its position there.
    fn of(position: usize) -> (usize, usize) {
        match position.checked_sub(ALL_SMALL) {
            None => (position / SMALL, position % SMALL),
            Some(position) => (ALL_SMALL / SMALL + position / Self::LARGE, position % Self::LARGE),
        }
    }

    /// An empty one, by its position.
    fn new(piece: usize) -> Self {
        match piece {
            // This one grows with its content; the others will be filled.
            0 => Self::Small(Vec::new()),
            piece if piece < ALL_SMALL / SMALL => Self::Small(Vec::with_capacity(SMALL)),
            _ => Self::Large(Filled::with_capacity(Self::LARGE)),
        }
    }

    fn capacity(&self) -> usize {
        if let Self::Small(_) = self { SMALL } else { Self::LARGE }
    }

    fn extend(&mut self, elements: &[T]) {
        match self {
            Self::Small(piece) => piece.extend_from_slice(elements),
            Self::Large(piece) => piece.extend(elements),
        }
    }

    fn truncate(&mut self, len: usize) {
        match self {
            Self::Small(piece) => piece.truncate(len),
            Self::Large(piece) => piece.truncate(len),
        }
    }

    fn as_slice(&self) -> &[T] {
        match self {
            Self::Small(piece) => piece,
            Self::Large(piece) => piece.as_slice(),
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

    pub(crate) fn extend(&mut self, mut elements: &[T]) {
        while !elements.is_empty() {
            let (number, start) = Piece::<T>::of(self.len);
            if number == self.pieces.len() {
                self.pieces.push(Piece::new(number));
            }
            let piece = &mut self.pieces[number];
            let (now, later) = elements.split_at(elements.len().min(piece.capacity() - start));
            piece.extend(now);
            self.len += now.len();
            elements = later;
        }
    }

    /// Forgets all elements but the first `len`.
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
        while !out.is_empty() {
            let (number, first) = Piece::<T>::of(start);
            let piece = &self.pieces[number].as_slice()[first..];
            let n = piece.len().min(out.len());
            out[..n].copy_from_slice(&piece[..n]);
            out = &mut out[n..];
            start += n;
        }
    }

    /// The last elements, at most `n` of them.
    fn last(&self, n: usize) -> impl Iterator<Item = T> + '_ {
        self.pieces.iter().rev().flat_map(|piece| piece.as_slice().iter().rev()).copied().take(n)
    }
}

/// Packed samples: those whose keys have the top bit, which packing loses, apart from the others.
#[derive(Debug, Clone)]
pub(crate) struct Kept<K: Copy> {
    high: Pieces<K>,
    low: Pieces<K>,
}

impl<K: Key> Kept<K> {
    fn new() -> Self {
        Self { high: Pieces::new(), low: Pieces::new() }
    }

    /// Appends the samples of a block; packs them in place.
    pub(crate) fn extend(&mut self, keys: &mut [K], labels: &[u8]) {
        let n_high = simd::run(|| keys.iter().fold(0, |n, key| n + key.top_bit())) as usize;
        if n_high > 0 && n_high < keys.len() {
            return self.extend_both(keys, labels);
        }
        simd::run(|| pack(keys, labels));
        if n_high > 0 { self.high.extend(keys) } else { self.low.extend(keys) }
    }

    fn extend_both(&mut self, keys: &[K], labels: &[u8]) {
        let (mut high, mut low) = ([K::zero(); BLOCK], [K::zero(); BLOCK]);
        let n_high = pack_apart(keys, labels, &mut high, &mut low);
        self.high.extend(&high[..n_high]);
        self.low.extend(&low[..keys.len() - n_high]);
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
        let (half, lost) = if self.high.len() >= self.low.len() {
            (&self.high, K::zero())
        } else {
            (&self.low, K::from_u64(K::TOP_BIT))
        };
        half.last(n).map(|packed| (unpack(packed) ^ lost).to_u64()).collect()
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

impl<K: Key> Samples<K> for Kept<K> {
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

    fn both(&self, start: usize, keys: &mut [K], labels: &mut [u8]) {
        let n_high = self.read(start, keys);
        simd::run(|| {
            read_labels(keys, labels);
            unpack_apart(keys, n_high);
        });
    }
}

/// The keys of packed samples, of which the first ones have the top bit.
#[inline(always)]
fn unpack_apart<K: Key>(packed: &mut [K], n_high: usize) {
    let (high, low) = packed.split_at_mut(n_high);
    high.iter_mut().for_each(|key| *key = unpack(*key));
    low.iter_mut().for_each(|key| *key = unpack(*key) ^ K::from_u64(K::TOP_BIT));
}

#[inline(always)]
fn read_labels<K: Key>(packed: &[K], out: &mut [u8]) {
    for (label, &packed) in out.iter_mut().zip(packed) {
        *label = packed.low() as u8 & 1;
    }
}

/// Samples in the width of key that their kind of score needs.
#[derive(Debug, Clone)]
pub(crate) enum Raw {
    Narrow(Kept<u32>),
    Wide(Kept<u64>),
}

/// Runs an expression with the samples in their width.
macro_rules! with_kept {
    ($raw:expr, $kept:ident => $body:expr) => {
        match $raw {
            $crate::state::samples::Raw::Narrow($kept) => $body,
            $crate::state::samples::Raw::Wide($kept) => $body,
        }
    };
}
pub(super) use with_kept;

impl Raw {
    pub(crate) fn new(kind: ScoreKind) -> Self {
        if kind.is_narrow() { Self::Narrow(Kept::new()) } else { Self::Wide(Kept::new()) }
    }

    pub(crate) fn len(&self) -> usize {
        with_kept!(self, kept => kept.len())
    }

    /// How many there are whose keys have the top bit, and without.
    pub(crate) fn lens(&self) -> [usize; 2] {
        with_kept!(self, kept => kept.lens())
    }

    /// Forgets what was appended since [`lens`](Self::lens) said so.
    pub(crate) fn truncate(&mut self, lens: [usize; 2]) {
        with_kept!(self, kept => kept.truncate(lens));
    }

    /// Appends the samples of a block, their keys given in the wider width.
    pub(crate) fn extend(&mut self, keys: &mut [u64], labels: &[u8]) {
        match self {
            Self::Narrow(kept) => {
                let mut narrow: Vec<_> = keys.iter().map(|&key| key as u32).collect();
                kept.extend(&mut narrow, labels);
            }
            Self::Wide(kept) => kept.extend(keys, labels),
        }
    }

    /// Some of the last keys, at most `n` of them.
    pub(crate) fn last(&self, n: usize) -> Vec<u64> {
        with_kept!(self, kept => kept.last(n))
    }
}

/// A width of key, and where a state keeps samples of that width.
pub(crate) trait KeptKey: Key {
    fn kept(raw: &mut Raw) -> Option<&mut Kept<Self>>;
}

impl KeptKey for u32 {
    fn kept(raw: &mut Raw) -> Option<&mut Kept<Self>> {
        if let Raw::Narrow(kept) = raw { Some(kept) } else { None }
    }
}

impl KeptKey for u64 {
    fn kept(raw: &mut Raw) -> Option<&mut Kept<Self>> {
        if let Raw::Wide(kept) = raw { Some(kept) } else { None }
    }
}
