//! The integers that the engine sorts.

use std::fmt::Debug;

use super::radix::Digits;
use crate::element::kind::{bits32, bits64};

/// An unsigned integer that the engine sorts: a key, or one with what travels with it.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] // What only vectors need.
pub(crate) trait Word:
    Digits + Debug + Send + Sync + num_traits::PrimInt + num_traits::WrappingSub
{
    const BITS: u32;

    /// The low 32 bits.
    fn low(self) -> u32;

    /// The words themselves, if they have 32 bits.
    fn narrow(words: &[Self]) -> Option<&[u32]>;

    /// The words themselves, if they have 64 bits.
    fn wide(words: &[Self]) -> Option<&[u64]>;

    /// The words themselves, if they have 32 bits.
    fn narrow_mut(words: &mut [Self]) -> Option<&mut [u32]>;

    /// The words themselves, if they have 64 bits.
    fn wide_mut(words: &mut [Self]) -> Option<&mut [u64]>;

    /// The low bits.
    fn to_usize(self) -> usize;
    fn from_u64(word: u64) -> Self;
    /// The low 64 bits.
    fn to_u64(self) -> u64;
}

/// An order-preserving key, as wide as the scores need.
pub(crate) trait Key: Word {
    /// The highest bit.
    const TOP_BIT: u64 = 1 << (Self::BITS - 1);

    /// The highest bit, as bit 0.
    fn top_bit(self) -> u32;

    /// The distance of this key's float below that of `top`, times `scale`, rounded to the nearest
    /// integer; 0 if it lies above.
    fn steps_below(self, top: Self, scale: f32) -> u32;
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

macro_rules! words {
    ($($ty:ty, $narrow:expr, $wide:expr, $narrow_mut:expr, $wide_mut:expr;)*) => {$(
        impl Word for $ty {
            const BITS: u32 = <$ty>::BITS;

            #[inline(always)]
            fn low(self) -> u32 {
                self as u32
            }

            fn narrow(words: &[Self]) -> Option<&[u32]> {
                let narrow: fn(&[Self]) -> Option<&[u32]> = $narrow;
                narrow(words)
            }

            fn wide(words: &[Self]) -> Option<&[u64]> {
                let wide: fn(&[Self]) -> Option<&[u64]> = $wide;
                wide(words)
            }

            fn narrow_mut(words: &mut [Self]) -> Option<&mut [u32]> {
                let narrow: fn(&mut [Self]) -> Option<&mut [u32]> = $narrow_mut;
                narrow(words)
            }

            fn wide_mut(words: &mut [Self]) -> Option<&mut [u64]> {
                let wide: fn(&mut [Self]) -> Option<&mut [u64]> = $wide_mut;
                wide(words)
            }

            #[inline]
            fn to_usize(self) -> usize {
                self as usize
            }

            #[inline]
            fn from_u64(word: u64) -> Self {
                word as Self
            }

            #[inline]
            fn to_u64(self) -> u64 {
                self as u64
            }
        }
    )*};
}

words! {
    u32, |words| Some(words), |_| None, |words| Some(words), |_| None;
    u64, |_| None, |words| Some(words), |_| None, |words| Some(words);
    u128, |_| None, |_| None, |_| None, |_| None;
}

macro_rules! keys {
    ($($ty:ty, $float:ty, $bits:ident;)*) => {$(
        impl Key for $ty {
            #[inline(always)]
            fn top_bit(self) -> u32 {
                (self >> (Self::BITS - 1)) as u32
            }

            #[inline(always)]
            fn steps_below(self, top: Self, scale: f32) -> u32 {
                let float = |key| <$float>::from_bits($bits(key));
                let steps = ((float(top) - float(self)) * scale as $float) as f32;
                nearest(if steps > 0.0 { steps } else { 0.0 })
            }
        }
    )*};
}

keys! {
    u32, f32, bits32;
    u64, f64, bits64;
}
