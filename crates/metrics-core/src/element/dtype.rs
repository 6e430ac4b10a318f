//! The element types a tensor may hold, and buffers of them in host memory.

use std::borrow::Cow;
use std::fmt::{self, Debug};

use half::{bf16, f16};

use crate::element::kind::{f32_key, f64_key, i64_key, key16};

mod sealed {
    pub trait Sealed {}
}

/// The type of the elements of a tensor, known at run time.
///
/// ```
/// use metrics_core::{DType, HostTensor};
///
/// let (scores, targets) = (HostTensor::new(&[0.5f32], &[1])?, HostTensor::new(&[true], &[1])?);
/// assert_eq!((scores.dtype(), targets.dtype()), (DType::F32, DType::Bool));
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names say it all.
pub enum DType {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    Bf16,
    F32,
    F64,
}

/// A type a tensor may hold. Scores, targets and weights may each have any of them.
///
/// `usize` and `isize` are read in place as the integers of the same width, so they are `u64` and
/// `i64` on a machine of 64 bits, `u32` and `i32` on one of 32.
///
/// ```
/// use metrics_core::{Element, slice::binary_auroc};
///
/// fn auroc<T: Element>(scores: &[T], targets: &[bool]) -> metrics_core::Result<f64> {
///     binary_auroc(scores, targets)
/// }
/// assert_eq!(auroc(&[1usize, 3], &[false, true])?, 1.0);
/// assert_eq!(auroc(&[0.5f32, 0.5], &[false, true])?, 0.5);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub trait Element: sealed::Sealed + Copy + Debug + PartialEq + Send + Sync + 'static {
    /// This type, as a value.
    ///
    /// ```
    /// use metrics_core::{DType, Element};
    ///
    /// assert_eq!(f32::DTYPE, DType::F32);
    /// ```
    const DTYPE: DType;

    /// The value as an `f64`; 64-bit integers beyond 2^53 are rounded. Like every conversion in Rust it
    /// assumes the default floating-point mode, in which metrics call it.
    ///
    /// ```
    /// use metrics_core::Element;
    ///
    /// assert_eq!(true.to_f64(), 1.0);
    /// assert_eq!(((1u64 << 53) + 1).to_f64(), 9_007_199_254_740_992.0);
    /// ```
    fn to_f64(self) -> f64;

    /// An integer with the same order, for values that are not NaN; `-0.0` and `0.0` have the same.
    ///
    /// ```
    /// use metrics_core::Element;
    ///
    /// assert!((-1.5f32).order_key() < 0.5f32.order_key());
    /// assert_eq!((-0.0f64).order_key(), 0.0f64.order_key());
    /// ```
    fn order_key(self) -> u64;

    /// The elements as a buffer, without copying them.
    ///
    /// ```
    /// use metrics_core::{Buffer, Element};
    ///
    /// let lent = [0.5f32, 0.7];
    /// assert!(matches!(f32::buffer((&lent[..]).into()), Buffer::F32(_)));
    /// ```
    fn buffer(data: Cow<'_, [Self]>) -> Buffer<'_>;
}

/// Most elements of a buffer that are printed.
const PRINTED: usize = 6;

fn fmt_few(f: &mut fmt::Formatter<'_>, name: &str, data: &[impl Debug]) -> fmt::Result {
    match data.split_at_checked(PRINTED) {
        Some((few, rest)) if !rest.is_empty() => {
            write!(f, "{name}({few:?} and {} more)", rest.len())
        }
        _ => write!(f, "{name}({data:?})"),
    }
}

macro_rules! elements {
    ($($dtype:ident $ty:ty => $to_f64:expr, $order_key:expr;)*) => {
        /// Elements in host memory, borrowed or owned, of a type known at run time.
        ///
        /// ```
        /// use metrics_core::{Buffer, DType};
        ///
        /// let buffer = Buffer::U8(vec![0, 1, 1].into());
        /// assert_eq!((buffer.dtype(), buffer.len()), (DType::U8, 3));
        /// ```
        #[derive(Clone, PartialEq)]
        #[allow(missing_docs)] // One variant a dtype.
        pub enum Buffer<'a> {
            $($dtype(Cow<'a, [$ty]>),)*
        }

        impl Buffer<'_> {
            /// Type of the elements.
            ///
            /// ```
            /// use metrics_core::{Buffer, DType};
            ///
            /// assert_eq!(Buffer::F64(vec![0.5].into()).dtype(), DType::F64);
            /// ```
            pub fn dtype(&self) -> DType {
                match self { $(Self::$dtype(_) => DType::$dtype,)* }
            }

            /// Number of elements.
            ///
            /// ```
            /// assert_eq!(metrics_core::Buffer::Bool(vec![true, false].into()).len(), 2);
            /// ```
            pub fn len(&self) -> usize {
                match self { $(Self::$dtype(data) => data.len(),)* }
            }

            /// Whether there are no elements.
            ///
            /// ```
            /// assert!(metrics_core::Buffer::I64(vec![].into()).is_empty());
            /// ```
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The same elements, borrowed from this buffer.
            ///
            /// ```
            /// let owned = metrics_core::Buffer::I64(vec![1, 2].into());
            /// assert_eq!(owned.borrow(), owned);
            /// ```
            pub fn borrow(&self) -> Buffer<'_> {
                match self { $(Self::$dtype(data) => Buffer::$dtype(Cow::Borrowed(data)),)* }
            }

            /// The same elements, owned: copied if they were borrowed.
            ///
            /// ```
            /// use metrics_core::Buffer;
            ///
            /// fn owned(data: &[f32]) -> Buffer<'static> {
            ///     Buffer::F32(data.into()).into_owned()
            /// }
            /// assert_eq!(owned(&[0.5]).len(), 1);
            /// ```
            pub fn into_owned(self) -> Buffer<'static> {
                match self { $(Self::$dtype(data) => Buffer::$dtype(Cow::Owned(data.into_owned())),)* }
            }
        }

        impl Debug for Buffer<'_> {
            /// The first few elements, and the number of the others.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$dtype(data) => fmt_few(f, stringify!($dtype), data),)*
                }
            }
        }

        $(
            impl sealed::Sealed for $ty {}

            impl Element for $ty {
                const DTYPE: DType = DType::$dtype;

                #[inline]
                fn to_f64(self) -> f64 {
                    let to_f64: fn($ty) -> f64 = $to_f64;
                    to_f64(self)
                }

                #[inline]
                fn order_key(self) -> u64 {
                    let order_key: fn($ty) -> u64 = $order_key;
                    order_key(self)
                }

                fn buffer(data: Cow<'_, [Self]>) -> Buffer<'_> {
                    Buffer::$dtype(data)
                }
            }
        )*
    };
}

elements! {
    Bool bool => |x| f64::from(u8::from(x)), u64::from;
    U8 u8 => f64::from, u64::from;
    I8 i8 => f64::from, |x| i64_key(x.into());
    U16 u16 => f64::from, u64::from;
    I16 i16 => f64::from, |x| i64_key(x.into());
    U32 u32 => f64::from, u64::from;
    I32 i32 => f64::from, |x| i64_key(x.into());
    U64 u64 => |x| x as f64, |x| x;
    I64 i64 => |x| x as f64, i64_key;
    F16 f16 => f16::to_f64, |x| key16(x.to_bits()).into();
    Bf16 bf16 => bf16::to_f64, |x| key16(x.to_bits()).into();
    F32 f32 => f64::from, |x| f32_key(x).into();
    F64 f64 => |x| x, f64_key;
}

macro_rules! as_wide_as_pointers {
    ($($ty:ident as $same:ident;)*) => {$(
        impl sealed::Sealed for $ty {}

        impl Element for $ty {
            const DTYPE: DType = $same::DTYPE;

            #[inline]
            fn to_f64(self) -> f64 {
                (self as $same).to_f64()
            }

            #[inline]
            fn order_key(self) -> u64 {
                (self as $same).order_key()
            }

            fn buffer(data: Cow<'_, [Self]>) -> Buffer<'_> {
                const { assert!(size_of::<$ty>() == size_of::<$same>()) };
                const { assert!(align_of::<$ty>() == align_of::<$same>()) };
                $same::buffer(match data {
                    Cow::Borrowed(data) => {
                        // SAFETY: both types are integers of one size and alignment, checked above,
                        // so any element of one is an element of the other; the pointer, the length
                        // and the lifetime are those of the borrowed slice.
                        #[allow(unsafe_code)]
                        let same = unsafe {
                            std::slice::from_raw_parts(data.as_ptr().cast(), data.len())
                        };
                        Cow::Borrowed(same)
                    }
                    // In place: the standard library reuses the allocation.
                    Cow::Owned(data) => data.into_iter().map(|x| x as $same).collect(),
                })
            }
        }
    )*};
}

#[cfg(target_pointer_width = "64")]
as_wide_as_pointers! {
    usize as u64;
    isize as i64;
}
#[cfg(target_pointer_width = "32")]
as_wide_as_pointers! {
    usize as u32;
    isize as i32;
}

/// Runs an expression with the typed slice of a [`Buffer`](crate::Buffer).
///
/// ```
/// use metrics_core::{HostTensor, with_slice};
///
/// let tensor = HostTensor::new(&[1u8, 2, 3], &[3])?;
/// let n_bytes = with_slice!(tensor.buffer(), data => size_of_val(data));
/// assert_eq!(n_bytes, 3);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[macro_export]
macro_rules! with_slice {
    ($buffer:expr, $data:ident => $body:expr) => {
        $crate::with_slice!(
            @arms $buffer, $data, $body,
            Bool U8 I8 U16 I16 U32 I32 U64 I64 F16 Bf16 F32 F64
        )
    };
    (@arms $buffer:expr, $data:ident, $body:expr, $($dtype:ident)*) => {
        match $buffer {
            $($crate::Buffer::$dtype(data) => {
                let $data = &data[..];
                $body
            })*
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_wide_as_pointers_are_read_in_place() {
        let lent = [0usize, 1, usize::MAX];
        let address = lent.as_ptr().addr();
        let buffer = usize::buffer(Cow::Borrowed(&lent));
        assert_eq!((buffer.dtype(), address_of(&buffer)), (usize::DTYPE, address));
        let owned = vec![isize::MIN, -1, 0, isize::MAX];
        let address = owned.as_ptr().addr();
        let buffer = isize::buffer(Cow::Owned(owned));
        assert_eq!((buffer.dtype(), address_of(&buffer)), (isize::DTYPE, address));
        crate::with_slice!(&buffer, data => {
            assert!(data.iter().map(|x| x.order_key()).is_sorted_by(|a, b| a < b));
            assert_eq!(data[1].to_f64(), -1.0);
        });
    }

    fn address_of(buffer: &Buffer<'_>) -> usize {
        crate::with_slice!(buffer, data => data.as_ptr().addr())
    }
}
