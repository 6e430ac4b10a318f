//! Kinds of scores, and their order-preserving keys.

use crate::element::dtype::DType;

/// A kind of scores: score types with one order and one width of key.
///
/// A score becomes an unsigned key of the same order, and the engine works on these integers. The key of a
/// float is its bits with the sign bit flipped, or with all bits flipped if it is negative; `-0.0` becomes
/// `0.0` first. The key of a signed integer is its value with the sign bit flipped, that of an unsigned
/// one its value.
///
/// ```
/// use metrics_core::{DType, ScoreKind};
///
/// // Scores of i8 and i32 compare in one state; those of f32 and i32 do not.
/// let [i8s, i32s, f32s] = [DType::I8, DType::I32, DType::F32].map(ScoreKind::of);
/// assert_eq!(i8s, i32s);
/// assert_eq!(f32s.join(i32s), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScoreKind {
    /// Half precision; 16-bit keys.
    F16,
    /// Brain float; 16-bit keys.
    Bf16,
    /// Single precision; 32-bit keys.
    F32,
    /// Double precision; 64-bit keys.
    F64,
    /// bool and integers of at most 32 bits, except u32; 32-bit keys.
    I32,
    /// u32 and i64; 64-bit keys.
    I64,
    /// u64; 64-bit keys.
    U64,
}

/// A score as a number that holds it exactly.
#[derive(Debug, Clone, Copy)]
enum Value {
    Float(f64),
    Int(i128),
}

impl ScoreKind {
    /// The kind of scores of this type.
    ///
    /// ```
    /// use metrics_core::{DType, ScoreKind};
    ///
    /// assert_eq!(ScoreKind::of(DType::Bool), ScoreKind::I32);
    /// assert_eq!(ScoreKind::of(DType::U32), ScoreKind::I64);
    /// ```
    pub fn of(dtype: DType) -> Self {
        match dtype {
            DType::F16 => Self::F16,
            DType::Bf16 => Self::Bf16,
            DType::F32 => Self::F32,
            DType::F64 => Self::F64,
            DType::Bool | DType::U8 | DType::I8 | DType::U16 | DType::I16 | DType::I32 => Self::I32,
            DType::U32 | DType::I64 => Self::I64,
            DType::U64 => Self::U64,
        }
    }

    const ALL: [Self; 7] =
        [Self::F16, Self::Bf16, Self::F32, Self::F64, Self::I32, Self::I64, Self::U64];

    /// The code of this kind in the bytes of states, which never changes; 0 stands for no scores yet.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::F16 => 1,
            Self::Bf16 => 2,
            Self::F32 => 3,
            Self::F64 => 4,
            Self::I32 => 5,
            Self::I64 => 6,
            Self::U64 => 7,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Name for error messages.
    ///
    /// ```
    /// assert_eq!(metrics_core::ScoreKind::I64.name(), "64-bit integer");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::I32 => "integer",
            Self::I64 => "64-bit integer",
            Self::U64 => "u64",
        }
    }

    /// Whether keys fit 32 bits.
    pub(crate) fn is_narrow(self) -> bool {
        matches!(self, Self::F16 | Self::Bf16 | Self::F32 | Self::I32)
    }

    /// Whether there are at most 65,536 distinct scores.
    ///
    /// ```
    /// use metrics_core::ScoreKind;
    ///
    /// assert!(ScoreKind::Bf16.is_16_bit() && !ScoreKind::F32.is_16_bit());
    /// ```
    pub fn is_16_bit(self) -> bool {
        matches!(self, Self::F16 | Self::Bf16)
    }

    /// The narrowest kind that holds every score of both exactly.
    ///
    /// ```
    /// use metrics_core::ScoreKind;
    ///
    /// assert_eq!(ScoreKind::F16.join(ScoreKind::Bf16), Some(ScoreKind::F32));
    /// assert_eq!(ScoreKind::I64.join(ScoreKind::U64), None);
    /// ```
    pub fn join(self, other: Self) -> Option<Self> {
        use ScoreKind::{Bf16, F16, F32, F64, I32, I64};
        match (self, other) {
            _ if self == other => Some(self),
            (F16 | Bf16 | F32, F16 | Bf16 | F32) => Some(F32),
            (F16 | Bf16 | F32 | F64, F16 | Bf16 | F32 | F64) => Some(F64),
            (I32 | I64, I32 | I64) => Some(I64),
            _ => None,
        }
    }

    /// Smallest and largest key of a score that is not NaN.
    ///
    /// ```
    /// use metrics_core::{Element, ScoreKind};
    ///
    /// let (lowest, highest) = ScoreKind::F32.key_range();
    /// assert_eq!(lowest, f32::NEG_INFINITY.order_key());
    /// assert_eq!(highest, f32::INFINITY.order_key());
    /// ```
    pub fn key_range(self) -> (u64, u64) {
        let floats = |infinity: u64, sign: u64| (sign - 1 - infinity, sign | infinity);
        match self {
            Self::F16 => floats(0x7c00, 1 << 15),
            Self::Bf16 => floats(0x7f80, 1 << 15),
            Self::F32 => floats(0x7f80_0000, 1 << 31),
            Self::F64 => floats(0x7ff0_0000_0000_0000, 1 << 63),
            Self::I32 => (0, u32::MAX.into()),
            Self::I64 | Self::U64 => (0, u64::MAX),
        }
    }

    /// Whether a score has this key: it is in range, and not the key that `-0.0` would have.
    pub(crate) fn has_key(self, key: u64) -> bool {
        let (lowest, highest) = self.key_range();
        (lowest..=highest).contains(&key) && Some(key) != self.minus_zero()
    }

    /// The key that `-0.0` would have, if it did not share that of `0.0`.
    #[inline]
    pub(crate) fn minus_zero(self) -> Option<u64> {
        match self {
            Self::F16 | Self::Bf16 => Some((1 << 15) - 1),
            Self::F32 => Some((1 << 31) - 1),
            Self::F64 => Some((1 << 63) - 1),
            Self::I32 | Self::I64 | Self::U64 => None,
        }
    }

    /// The score of a key, rounded for 64-bit integers beyond 2^53.
    // Always inlined, so that it costs nothing where the threshold is not used.
    #[inline(always)]
    pub(crate) fn threshold(self, key: u64) -> f64 {
        // Not through `Value`: the compiler would convert its 128 bits to a float for keys of floats too.
        match self {
            Self::F16 => half::f16::from_bits(bits16(key as u16)).to_f64(),
            Self::Bf16 => half::bf16::from_bits(bits16(key as u16)).to_f64(),
            Self::F32 => f32::from_bits(bits32(key as u32)).into(),
            Self::F64 => f64::from_bits(bits64(key)),
            Self::I32 => i32_of(key).into(),
            Self::I64 => i64_of(key) as f64,
            Self::U64 => key as f64,
        }
    }

    /// The scores of keys, as [`threshold`](Self::threshold).
    #[inline(always)]
    pub(crate) fn thresholds(self, keys: &[u64], out: &mut [f64]) {
        // A loop for each kind, which the compiler can vectorise.
        macro_rules! of_kinds {
            ($($kind:ident)*) => {
                match self {
                    $(Self::$kind => {
                        let keys = keys.iter();
                        out.iter_mut().zip(keys).for_each(|(x, &key)| *x = Self::$kind.threshold(key));
                    })*
                }
            };
        }
        of_kinds!(F16 Bf16 F32 F64 I32 I64 U64);
    }

    /// The key of the same score in a wider kind, which [`join`](Self::join) returned.
    pub(crate) fn widen(self, key: u64, to: Self) -> u64 {
        if self == to {
            return key;
        }
        match (to, self.value(key)) {
            (Self::F32, Value::Float(x)) => f32_key(x as f32).into(),
            (Self::F64, Value::Float(x)) => f64_key(x),
            (Self::I64, Value::Int(x)) => i64_key(x as i64),
            _ => unreachable!("join never widens {self:?} to {to:?}"),
        }
    }

    fn value(self, key: u64) -> Value {
        match self {
            Self::F16 => Value::Float(half::f16::from_bits(bits16(key as u16)).to_f64()),
            Self::Bf16 => Value::Float(half::bf16::from_bits(bits16(key as u16)).to_f64()),
            Self::F32 => Value::Float(f32::from_bits(bits32(key as u32)).into()),
            Self::F64 => Value::Float(f64::from_bits(bits64(key))),
            Self::I32 => Value::Int(i32_of(key).into()),
            Self::I64 => Value::Int(i64_of(key).into()),
            Self::U64 => Value::Int(i128::from(key)),
        }
    }
}

macro_rules! float_keys {
    ($key:ident, $inverse:ident, $bits:ty) => {
        /// Key of a float from its bits: `-0.0` becomes `0.0`; then negative floats have all bits
        /// flipped, others the sign. Integer operations only: a float addition might flush
        /// subnormals, depending on the mode of the thread.
        #[inline]
        pub(crate) fn $key(bits: $bits) -> $bits {
            const SIGN: $bits = 1 << (<$bits>::BITS - 1);
            let bits = if bits == SIGN { 0 } else { bits };
            if bits & SIGN != 0 { !bits } else { bits | SIGN }
        }

        #[inline]
        pub(crate) fn $inverse(key: $bits) -> $bits {
            const SIGN: $bits = 1 << (<$bits>::BITS - 1);
            if key & SIGN != 0 { key ^ SIGN } else { !key }
        }
    };
}

float_keys!(key16, bits16, u16);
float_keys!(key32, bits32, u32);
float_keys!(key64, bits64, u64);

#[inline]
pub(crate) fn f32_key(x: f32) -> u32 {
    key32(x.to_bits())
}

#[inline]
pub(crate) fn f64_key(x: f64) -> u64 {
    key64(x.to_bits())
}

#[inline]
pub(crate) fn i32_key(x: i32) -> u32 {
    x as u32 ^ (1 << 31)
}

#[inline]
fn i32_of(key: u64) -> i32 {
    (key as u32 ^ (1 << 31)) as i32
}

#[inline]
fn i64_of(key: u64) -> i64 {
    (key ^ (1 << 63)) as i64
}

#[inline]
pub(crate) fn i64_key(x: i64) -> u64 {
    x as u64 ^ (1 << 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_the_order_of_floats_and_fold_zeros() {
        let ordered = [
            f32::NEG_INFINITY,
            f32::MIN,
            -1.0,
            -f32::MIN_POSITIVE,
            -1e-45,
            0.0,
            1e-45,
            f32::MIN_POSITIVE,
            1.0,
            f32::MAX,
            f32::INFINITY,
        ];
        assert!(ordered.is_sorted_by(|a, b| f32_key(*a) < f32_key(*b)));
        assert_eq!(f32_key(-0.0), f32_key(0.0));
        let (low, high) = ScoreKind::F32.key_range();
        assert_eq!(u64::from(f32_key(f32::NEG_INFINITY)), low);
        assert_eq!(u64::from(f32_key(f32::INFINITY)), high);
        assert!(u64::from(f32_key(f32::NAN)) > high);
        assert!(u64::from(f32_key(-f32::NAN)) < low);
    }

    #[test]
    fn thresholds_invert_keys() {
        for x in [-2.5f64, -0.0, 0.0, 1e-310, 7.25, f64::INFINITY] {
            assert_eq!(ScoreKind::F64.threshold(f64_key(x)), x);
        }
        for x in [i32::MIN, -1, 0, 1, i32::MAX] {
            assert_eq!(ScoreKind::I32.threshold(i32_key(x).into()), f64::from(x));
        }
    }

    #[test]
    fn widening_keeps_the_score() {
        for bits in [0u16, 1, 0x3c00, 0x7c00, 0x8001, 0xbc00, 0xfc00] {
            let key = u64::from(key16(bits));
            let wide = ScoreKind::F16.widen(key, ScoreKind::F32);
            assert_eq!(ScoreKind::F32.threshold(wide), ScoreKind::F16.threshold(key));
            let wider = ScoreKind::F32.widen(wide, ScoreKind::F64);
            assert_eq!(ScoreKind::F64.threshold(wider), ScoreKind::F16.threshold(key));
        }
        let wide = ScoreKind::I32.widen(i32_key(-5).into(), ScoreKind::I64);
        assert_eq!(ScoreKind::I64.threshold(wide), -5.0);
    }

    #[test]
    fn join_is_commutative_and_associative() {
        let join = |a: Option<ScoreKind>, b: Option<ScoreKind>| a?.join(b?);
        for a in ScoreKind::ALL.map(Some) {
            for b in ScoreKind::ALL.map(Some) {
                assert_eq!(join(a, b), join(b, a));
                for c in ScoreKind::ALL.map(Some) {
                    assert_eq!(join(join(a, b), c), join(a, join(b, c)));
                }
            }
        }
    }
}
