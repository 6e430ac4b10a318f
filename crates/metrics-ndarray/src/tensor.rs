//! Arrays in, host tensors out.

use std::borrow::Cow;

use half::{bf16, f16};
use metrics_core::{Element, HostTensor, Result, ToTensor, reserve};
use ndarray::{ArrayBase, ArrayD, ArrayRef, ArrayViewD, CowArray, Data, Dimension, IxDyn};

use crate::NdArray;
use crate::error::refused;

/// An [`Element`] of which there may be an [`NdTensor`]: all of them.
pub trait NdElement: Element {
    /// An array of this type as a tensor.
    fn tensor(array: CowArray<'_, Self, IxDyn>) -> NdTensor<'_>;
}

macro_rules! tensor {
    ($($dtype:ident $ty:ty,)*) => {
        /// An array, borrowed or owned, whose element type is known at run time.
        #[derive(Debug, Clone)]
        #[allow(missing_docs)] // One variant a dtype.
        pub enum NdTensor<'a> {
            $($dtype(CowArray<'a, $ty, IxDyn>),)*
        }

        $(
            impl NdElement for $ty {
                fn tensor(array: CowArray<'_, Self, IxDyn>) -> NdTensor<'_> {
                    NdTensor::$dtype(array)
                }
            }
        )*
    };
}

tensor! {
    Bool bool,
    U8 u8,
    I8 i8,
    U16 u16,
    I16 i16,
    U32 u32,
    I32 i32,
    U64 u64,
    I64 i64,
    F16 f16,
    Bf16 bf16,
    F32 f32,
    F64 f64,
}

/// Arrays of `usize` and `isize` as those of the integers of the same width: views as views, of
/// any layout, without a copy.
macro_rules! as_wide_as_pointers {
    ($($ty:ident as $same:ident;)*) => {$(
        impl NdElement for $ty {
            fn tensor(array: CowArray<'_, Self, IxDyn>) -> NdTensor<'_> {
                if !array.is_view() {
                    return $same::tensor(array.mapv(|x| x as $same).into());
                }
                const { assert!(align_of::<$ty>() == align_of::<$same>()) };
                let lent = array.raw_view().cast::<$same>();
                // SAFETY: both types are integers of one size, which `cast` checks, and of one
                // alignment, so any element of one is an element of the other; the array is a view,
                // so its memory is lent for the lifetime that both signatures name.
                #[allow(unsafe_code)]
                let same: ArrayViewD<'_, $same> = unsafe { lent.deref_into_view() };
                $same::tensor(same.into())
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

/// Runs an expression with the typed array of an [`NdTensor`].
macro_rules! with_array {
    ($tensor:expr, $array:ident => $body:expr) => {
        $crate::tensor::with_array!(
            @arms $tensor, $array, $body,
            Bool U8 I8 U16 I16 U32 I32 U64 I64 F16 Bf16 F32 F64
        )
    };
    (@arms $tensor:expr, $array:ident, $body:expr, $($dtype:ident)*) => {
        match $tensor {
            $($crate::NdTensor::$dtype($array) => $body,)*
        }
    };
}
pub(crate) use with_array;

/// Runs an expression with the elements of a [`Buffer`](metrics_core::Buffer), owned or borrowed.
macro_rules! with_buffer {
    ($buffer:expr, $elements:ident => $body:expr) => {
        $crate::tensor::with_buffer!(
            @arms $buffer, $elements, $body,
            Bool U8 I8 U16 I16 U32 I32 U64 I64 F16 Bf16 F32 F64
        )
    };
    (@arms $buffer:expr, $elements:ident, $body:expr, $($dtype:ident)*) => {
        match $buffer {
            $(metrics_core::Buffer::$dtype($elements) => $body,)*
        }
    };
}
pub(crate) use with_buffer;

impl NdTensor<'_> {
    /// Length of each dimension.
    pub fn shape(&self) -> &[usize] {
        with_array!(self, array => array.shape())
    }

    /// The elements, row by row: borrowed from an array of standard layout, else copied.
    pub(crate) fn to_host(&self, op: &'static str) -> Result<HostTensor<'_>> {
        fn to_host<'a, T: Element>(
            op: &'static str,
            array: ArrayViewD<'a, T>,
        ) -> Result<HostTensor<'a>> {
            let shape = array.shape().to_vec();
            let elements = match array.to_slice() {
                Some(elements) => Cow::Borrowed(elements),
                // A broadcast view may have more elements than memory.
                None => Cow::Owned(reserve::collected(op, array.iter().copied())?),
            };
            HostTensor::from_buffer(T::buffer(elements), shape)
        }
        with_array!(self, array => to_host(op, array.view()))
    }

    /// The same elements as an array, without copying them where the tensor owns them.
    pub(crate) fn from_host<'o>(tensor: HostTensor<'_>) -> Result<NdTensor<'o>> {
        fn from_host<'o, T: NdElement>(
            elements: Cow<'_, [T]>,
            shape: Vec<usize>,
        ) -> Result<NdTensor<'o>> {
            let array = ArrayD::from_shape_vec(shape, elements.into_owned());
            Ok(T::tensor(array.map_err(refused("upload"))?.into()))
        }
        let shape = tensor.shape().to_vec();
        with_buffer!(tensor.into_buffer(), elements => from_host(elements, shape))
    }

    /// A part of the array, copied: it may live longer than the array's owner.
    pub(crate) fn copied<'o, T: NdElement>(
        op: &'static str,
        part: ArrayViewD<'_, T>,
    ) -> Result<NdTensor<'o>> {
        let elements = reserve::collected(op, part.iter().copied())?;
        let array = ArrayD::from_shape_vec(part.shape(), elements);
        Ok(T::tensor(array.map_err(refused(op))?.into()))
    }
}

impl<S: Data<Elem: NdElement>, D: Dimension> ToTensor<NdArray> for ArrayBase<S, D> {
    fn to_tensor(&self) -> NdTensor<'_> {
        NdElement::tensor(self.view().into_dyn().into())
    }
}

impl<T: NdElement, D: Dimension> ToTensor<NdArray> for ArrayRef<T, D> {
    fn to_tensor(&self) -> NdTensor<'_> {
        NdElement::tensor(self.view().into_dyn().into())
    }
}
