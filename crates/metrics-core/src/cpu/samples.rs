//! Samples, from which the engine reads keys and labels: typed slices, converted block by block.
//!
//! A label is a target as a byte: 0, 1, or [`NO_LABEL`]. The engine is compiled once per key width, not
//! once per pair of score and target types: a block of scores becomes keys, and a block of targets becomes
//! labels, in the first-level cache.

use std::marker::PhantomData;
use std::ops::Range;

use half::{bf16, f16};

use super::word::Key;
use crate::arith::simd;
use crate::element::dtype::{Buffer, Element};
use crate::element::kind::{ScoreKind, f32_key, f64_key, i32_key, i64_key, key16};
use crate::with_slice;

/// Samples converted at once.
pub(crate) const BLOCK: usize = 1024;

/// Samples of one task: scores as keys and targets as labels, read in any parts.
pub(crate) trait Samples<K>: Sync {
    fn len(&self) -> usize;

    /// Keys of the samples from `start` on, as many as `out` has room for.
    fn keys(&self, start: usize, out: &mut [K]);

    /// Labels of the samples from `start` on: 0, 1, or [`NO_LABEL`] where the target is neither.
    fn labels(&self, start: usize, out: &mut [u8]);

    /// Keys and labels of the samples from `start` on.
    fn both(&self, start: usize, keys: &mut [K], labels: &mut [u8]) {
        self.keys(start, keys);
        self.labels(start, labels);
    }

    /// The first samples of this range that lie packed in memory and were checked before, and the top bit
    /// of their keys; `None` for samples that are not packed.
    fn packed(&self, _range: Range<usize>) -> Option<(&[K], K)> {
        None
    }
}

/// The label of a target that is neither 0 nor 1.
pub(crate) const NO_LABEL: u8 = 2;

/// A score type, with its kind and its key.
trait Score<K>: Element {
    const KIND: ScoreKind;

    fn key(self) -> K;
}

macro_rules! scores {
    ($($ty:ty, $key:ty, $kind:ident => $to_key:expr;)*) => {$(
        impl Score<$key> for $ty {
            const KIND: ScoreKind = ScoreKind::$kind;

            #[inline]
            fn key(self) -> $key {
                let to_key: fn($ty) -> $key = $to_key;
                to_key(self)
            }
        }
    )*};
}

scores! {
    bool, u32, I32 => |x| i32_key(x.into());
    u8, u32, I32 => |x| i32_key(x.into());
    i8, u32, I32 => |x| i32_key(x.into());
    u16, u32, I32 => |x| i32_key(x.into());
    i16, u32, I32 => |x| i32_key(x.into());
    i32, u32, I32 => i32_key;
    u32, u64, I64 => |x| i64_key(x.into());
    i64, u64, I64 => i64_key;
    u64, u64, U64 => |x| x;
    f16, u32, F16 => |x| key16(x.to_bits()).into();
    bf16, u32, Bf16 => |x| key16(x.to_bits()).into();
    f32, u32, F32 => f32_key;
    f64, u64, F64 => f64_key;
}

/// The scores and targets of one task.
#[derive(Debug)]
struct Row<'a, K, T> {
    scores: &'a [T],
    targets: Targets<'a>,
    key: PhantomData<fn() -> K>,
}

/// The targets of one task, a range of the buffer of all.
#[derive(Debug)]
struct Targets<'a> {
    buffer: &'a Buffer<'a>,
    start: usize,
}

impl<K: Key, T: Score<K>> Samples<K> for Row<'_, K, T> {
    fn len(&self) -> usize {
        self.scores.len()
    }

    fn keys(&self, start: usize, out: &mut [K]) {
        simd::run(|| {
            for (key, &score) in out.iter_mut().zip(&self.scores[start..]) {
                *key = score.key();
            }
        });
    }

    fn labels(&self, start: usize, out: &mut [u8]) {
        simd::run(|| read_labels(self.targets.buffer, self.targets.start + start, out));
    }
}

/// Labels of the targets from `start` on: 0, 1, or [`NO_LABEL`].
#[inline(always)]
pub(crate) fn read_labels(targets: &Buffer<'_>, start: usize, out: &mut [u8]) {
    match targets {
        Buffer::Bool(data) => convert(&data[start..], out, u8::from),
        Buffer::U8(data) => convert(&data[start..], out, |x| x.min(NO_LABEL)),
        Buffer::I32(data) => convert(&data[start..], out, |x| (x as u32).min(2) as u8),
        Buffer::I64(data) => convert(&data[start..], out, |x| (x as u64).min(2) as u8),
        Buffer::F32(data) => convert(&data[start..], out, |x| {
            float_label(x.to_bits(), (-0f32).to_bits(), 1f32.to_bits())
        }),
        other => with_slice!(other, data => {
            convert(&data[start..], out, |x| {
                float_label(x.to_f64().to_bits(), (-0f64).to_bits(), 1f64.to_bits())
            });
        }),
    }
}

#[inline(always)]
fn convert<T: Copy>(targets: &[T], out: &mut [u8], label: impl Fn(T) -> u8) {
    for (out, &target) in out.iter_mut().zip(targets) {
        *out = label(target);
    }
}

/// The label of a float from its bits, compared with those of `-0.0` and 1. A comparison of floats would
/// take a subnormal for zero in a mode with denormals-are-zero.
#[inline(always)]
fn float_label<T: PartialEq + num_traits::Zero>(bits: T, minus_zero: T, one: T) -> u8 {
    if bits == one {
        1
    } else if bits == T::zero() || bits == minus_zero {
        0
    } else {
        NO_LABEL
    }
}

/// Samples of one task, with the width of key that their scores need.
pub(crate) enum AnySamples<'a> {
    Narrow(ScoreKind, Box<dyn Samples<u32> + 'a>),
    Wide(ScoreKind, Box<dyn Samples<u64> + 'a>),
}

impl<'a> AnySamples<'a> {
    /// The samples of one task: `row` is its range in both buffers.
    pub(crate) fn new(scores: &'a Buffer<'_>, targets: &'a Buffer<'_>, row: Range<usize>) -> Self {
        fn narrow<'a, T: Score<u32>>(scores: &'a [T], targets: Targets<'a>) -> AnySamples<'a> {
            AnySamples::Narrow(T::KIND, Box::new(Row { scores, targets, key: PhantomData }))
        }
        fn wide<'a, T: Score<u64>>(scores: &'a [T], targets: Targets<'a>) -> AnySamples<'a> {
            AnySamples::Wide(T::KIND, Box::new(Row { scores, targets, key: PhantomData }))
        }
        let targets = Targets { buffer: targets, start: row.start };
        match scores {
            Buffer::Bool(data) => narrow(&data[row], targets),
            Buffer::U8(data) => narrow(&data[row], targets),
            Buffer::I8(data) => narrow(&data[row], targets),
            Buffer::U16(data) => narrow(&data[row], targets),
            Buffer::I16(data) => narrow(&data[row], targets),
            Buffer::I32(data) => narrow(&data[row], targets),
            Buffer::F16(data) => narrow(&data[row], targets),
            Buffer::Bf16(data) => narrow(&data[row], targets),
            Buffer::F32(data) => narrow(&data[row], targets),
            Buffer::U32(data) => wide(&data[row], targets),
            Buffer::U64(data) => wide(&data[row], targets),
            Buffer::I64(data) => wide(&data[row], targets),
            Buffer::F64(data) => wide(&data[row], targets),
        }
    }
}

/// Runs an expression with typed samples and their kind.
macro_rules! with_samples {
    ($any:expr, $kind:ident, $samples:ident => $body:expr) => {
        match $any {
            $crate::cpu::AnySamples::Narrow($kind, samples) => {
                let $samples = &*samples;
                $body
            }
            $crate::cpu::AnySamples::Wide($kind, samples) => {
                let $samples = &*samples;
                $body
            }
        }
    };
}
pub(crate) use with_samples;
