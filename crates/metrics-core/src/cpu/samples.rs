//! Samples, from which the engine reads keys and labels: typed slices, converted block by block.
//!
//! A label is a target as a byte: 0, 1, or [`NO_LABEL`]. The engine is compiled once per key width, not
//! once per pair of score and target types: a block of scores becomes keys, and a block of targets becomes
//! labels, in the first-level cache.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::Range;

use half::{bf16, f16};

use super::radix::Digits;
use crate::arith::simd;
use crate::element::dtype::{Buffer, Element};
use crate::element::kind::{ScoreKind, bits32, bits64, f32_key, f64_key, i32_key, i64_key, key16};
use crate::with_slice;

/// Samples converted at once.
pub(crate) const BLOCK: usize = 1024;

/// An order-preserving key, as wide as the scores need.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] // What only vectors need.
pub(crate) trait Key:
    Digits + Debug + Send + Sync + num_traits::PrimInt + num_traits::WrappingSub
{
    const BITS: u32;
    /// The highest bit.
    const TOP_BIT: u64 = 1 << (Self::BITS - 1);

    /// The highest bit, as bit 0.
    fn top_bit(self) -> u32;

    /// The low 32 bits.
    fn low(self) -> u32;

    /// The distance of this key's float below that of `top`, times `scale`, rounded to the nearest
    /// integer; 0 if it lies above.
    fn steps_below(self, top: Self, scale: f32) -> u32;

    /// The keys themselves, if they have 32 bits.
    fn narrow(keys: &[Self]) -> Option<&[u32]>;

    /// The keys themselves, if they have 64 bits.
    fn wide(keys: &[Self]) -> Option<&[u64]>;

    /// The keys themselves, if they have 32 bits.
    fn narrow_mut(keys: &mut [Self]) -> Option<&mut [u32]>;

    /// The keys themselves, if they have 64 bits.
    fn wide_mut(keys: &mut [Self]) -> Option<&mut [u64]>;

    /// The low bits.
    fn to_usize(self) -> usize;
    fn from_u64(key: u64) -> Self;
    fn to_u64(self) -> u64;
}

/// The nearest whole number to a float from 0 to 2^22. Any other float has some result, but a larger float
/// never has a smaller result.
///
/// Not a cast: no vector instruction saturates as Rust's casts must.
#[inline(always)]
pub(crate) fn nearest(x: f32) -> u32 {
    // From here on neighbouring floats differ by 1.
    const ONES: f32 = (1u32 << 23) as f32;
    (x + ONES).to_bits().wrapping_sub(ONES.to_bits())
}

macro_rules! keys {
    ($($ty:ty, $float:ty, $bits:ident, $narrow:expr, $wide:expr, $narrow_mut:expr, $wide_mut:expr;)*) => {$(
        impl Key for $ty {
            const BITS: u32 = <$ty>::BITS;

            #[inline(always)]
            fn top_bit(self) -> u32 {
                (self >> (Self::BITS - 1)) as u32
            }

            #[inline(always)]
            fn low(self) -> u32 {
                self as u32
            }

            #[inline(always)]
            fn steps_below(self, top: Self, scale: f32) -> u32 {
                let float = |key| <$float>::from_bits($bits(key));
                let steps = ((float(top) - float(self)) * scale as $float) as f32;
                nearest(if steps > 0.0 { steps } else { 0.0 })
            }

            fn narrow(keys: &[Self]) -> Option<&[u32]> {
                let narrow: fn(&[Self]) -> Option<&[u32]> = $narrow;
                narrow(keys)
            }

            fn wide(keys: &[Self]) -> Option<&[u64]> {
                let wide: fn(&[Self]) -> Option<&[u64]> = $wide;
                wide(keys)
            }

            fn narrow_mut(keys: &mut [Self]) -> Option<&mut [u32]> {
                let narrow: fn(&mut [Self]) -> Option<&mut [u32]> = $narrow_mut;
                narrow(keys)
            }

            fn wide_mut(keys: &mut [Self]) -> Option<&mut [u64]> {
                let wide: fn(&mut [Self]) -> Option<&mut [u64]> = $wide_mut;
                wide(keys)
            }

            #[inline]
            fn to_usize(self) -> usize {
                self as usize
            }

            #[inline]
            fn from_u64(key: u64) -> Self {
                key as Self
            }

            #[inline]
            fn to_u64(self) -> u64 {
                self.into()
            }
        }
    )*};
}

keys! {
    u32, f32, bits32, |keys| Some(keys), |_| None, |keys| Some(keys), |_| None;
    u64, f64, bits64, |_| None, |keys| Some(keys), |_| None, |keys| Some(keys);
}

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
