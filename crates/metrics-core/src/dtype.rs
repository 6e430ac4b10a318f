//! The element types a tensor may hold, and buffers of them in host memory.

use std::borrow::Cow;
use std::fmt::Debug;

use half::{bf16, f16};

use crate::kind::{f32_key, f64_key, i64_key, key16};

mod sealed {
    pub trait Sealed {}
}

/// Type of the elements of a tensor, known at run time.
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
pub trait Element: sealed::Sealed + Copy + Debug + PartialEq + Send + Sync + 'static {
    /// This type, as a value.
    const DTYPE: DType;

    /// The value as an `f64`; 64-bit integers beyond 2^53 are rounded.
    fn to_f64(self) -> f64;

    /// A number of the same order, for values that are not NaN; `-0.0` and `0.0` share one.
    fn order_key(self) -> u64;

    /// The elements as a buffer, without copying them.
    fn buffer(data: Cow<'_, [Self]>) -> Buffer<'_>;
}

macro_rules! elements {
    ($($dtype:ident $ty:ty => $to_f64:expr, $order_key:expr;)*) => {
        /// Elements in host memory, borrowed or owned, of a type known at run time.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs)] // One variant a dtype.
        pub enum Buffer<'a> {
            $($dtype(Cow<'a, [$ty]>),)*
        }

        impl Buffer<'_> {
            /// Type of the elements.
            pub fn dtype(&self) -> DType {
                match self { $(Self::$dtype(_) => DType::$dtype,)* }
            }

            /// Number of elements.
            pub fn len(&self) -> usize {
                match self { $(Self::$dtype(data) => data.len(),)* }
            }

            /// Whether there are no elements.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The same elements, borrowed from this buffer.
            pub fn borrow(&self) -> Buffer<'_> {
                match self { $(Self::$dtype(data) => Buffer::$dtype(Cow::Borrowed(data)),)* }
            }

            /// The same elements, owned: copied if they were borrowed.
            pub fn into_owned(self) -> Buffer<'static> {
                match self { $(Self::$dtype(data) => Buffer::$dtype(Cow::Owned(data.into_owned())),)* }
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
