//! Raw samples as a state keeps them: a key and a label each, 5 bytes for f32 scores.

use crate::cpu::{Key, Samples};
use crate::kind::ScoreKind;

/// Elements in pieces of a fixed size: growing never copies, and never holds twice the memory.
#[derive(Debug, Clone)]
pub(crate) struct Pieces<T> {
    pieces: Vec<Vec<T>>,
    len: usize,
}

const PIECE: usize = 1 << 16;

impl<T: Copy + Default> Pieces<T> {
    pub(crate) fn new() -> Self {
        Self { pieces: Vec::new(), len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn extend(&mut self, mut elements: &[T]) {
        self.len += elements.len();
        while !elements.is_empty() {
            if self.pieces.last().is_none_or(|piece| piece.len() == PIECE) {
                // The first piece grows with its content; later ones will be filled.
                let capacity = if self.pieces.is_empty() { 0 } else { PIECE };
                self.pieces.push(Vec::with_capacity(capacity));
            }
            if let Some(piece) = self.pieces.last_mut() {
                let (now, later) = elements.split_at(elements.len().min(PIECE - piece.len()));
                piece.extend_from_slice(now);
                elements = later;
            }
        }
    }

    /// Copies the elements from `start` on, as many as `out` has room for.
    pub(crate) fn read(&self, mut start: usize, mut out: &mut [T]) {
        while !out.is_empty() {
            let piece = &self.pieces[start / PIECE][start % PIECE..];
            let n = piece.len().min(out.len());
            out[..n].copy_from_slice(&piece[..n]);
            out = &mut out[n..];
            start += n;
        }
    }

    /// Calls `f` with all elements, piece by piece.
    pub(crate) fn for_pieces(&self, f: impl FnMut(&[T])) {
        self.pieces.iter().map(Vec::as_slice).for_each(f);
    }

    /// The last elements, at most `n` of them.
    pub(crate) fn last(&self, n: usize) -> impl Iterator<Item = T> + '_ {
        self.pieces.iter().rev().flat_map(|piece| piece.iter().rev()).copied().take(n)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.pieces.iter().flatten().copied()
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
pub(crate) struct KeyedSamples<'a, K> {
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
