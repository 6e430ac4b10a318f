//! Raw samples as a state keeps them: a key and a label each, 5 bytes for f32 scores.

use crate::cpu::{Filled, HUGE_PAGE, Key, Samples};
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
    /// Elements of a large piece, which fills a huge page where elements are 4 bytes or more.
    const LARGE: usize = HUGE_PAGE / if size_of::<T>() < 4 { 4 } else { size_of::<T>() };

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

    /// Copies the elements from `start` on, as many as `out` has room for.
    pub(crate) fn read(&self, mut start: usize, mut out: &mut [T]) {
        while !out.is_empty() {
            let (number, first) = Piece::<T>::of(start);
            let piece = &self.pieces[number].as_slice()[first..];
            let n = piece.len().min(out.len());
            out[..n].copy_from_slice(&piece[..n]);
            out = &mut out[n..];
            start += n;
        }
    }

    /// Calls `f` with all elements, piece by piece.
    pub(crate) fn for_pieces(&self, f: impl FnMut(&[T])) {
        self.pieces.iter().map(Piece::as_slice).for_each(f);
    }

    /// The last elements, at most `n` of them.
    pub(crate) fn last(&self, n: usize) -> impl Iterator<Item = T> + '_ {
        self.pieces.iter().rev().flat_map(|piece| piece.as_slice().iter().rev()).copied().take(n)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.pieces.iter().flat_map(|piece| piece.as_slice()).copied()
    }
}

/// Keys in the width that their kind of score needs.
#[derive(Debug, Clone)]
pub(crate) enum Keys {
    Narrow(Pieces<u32>),
    Wide(Pieces<u64>),
}

impl Keys {
    pub(crate) fn new(kind: ScoreKind) -> Self {
        if kind.is_narrow() { Self::Narrow(Pieces::new()) } else { Self::Wide(Pieces::new()) }
    }

    /// Appends keys given in the wider width.
    pub(crate) fn extend(&mut self, keys: &[u64]) {
        match self {
            Self::Narrow(pieces) => {
                let mut narrow = [0; 256];
                for keys in keys.chunks(narrow.len()) {
                    narrow.iter_mut().zip(keys).for_each(|(narrow, &key)| *narrow = key as u32);
                    pieces.extend(&narrow[..keys.len()]);
                }
            }
            Self::Wide(pieces) => pieces.extend(keys),
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<u64> {
        match self {
            Self::Narrow(pieces) => pieces.iter().map(u64::from).collect(),
            Self::Wide(pieces) => pieces.iter().collect(),
        }
    }
}

/// A width of key, and where a state keeps keys of that width.
pub(crate) trait KeptKey: Key + Default {
    fn pieces(keys: &mut Keys) -> Option<&mut Pieces<Self>>;
}

impl KeptKey for u32 {
    fn pieces(keys: &mut Keys) -> Option<&mut Pieces<Self>> {
        if let Keys::Narrow(pieces) = keys { Some(pieces) } else { None }
    }
}

impl KeptKey for u64 {
    fn pieces(keys: &mut Keys) -> Option<&mut Pieces<Self>> {
        if let Keys::Wide(pieces) = keys { Some(pieces) } else { None }
    }
}

/// Keys and labels side by side, for the engine.
#[derive(Debug)]
pub(crate) struct KeyedSamples<'a, K: Copy> {
    pub(crate) keys: &'a Pieces<K>,
    pub(crate) labels: &'a Pieces<u8>,
}

impl<K: Key + Default> Samples<K> for KeyedSamples<'_, K> {
    fn len(&self) -> usize {
        self.keys.len()
    }

    fn keys(&self, start: usize, out: &mut [K]) {
        self.keys.read(start, out);
    }

    fn labels(&self, start: usize, out: &mut [u8]) {
        self.labels.read(start, out);
    }
}
