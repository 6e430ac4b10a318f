//! Conversions between arrays and host tensors.

use std::borrow::Cow;

use half::{bf16, f16};
use metrics_core::backend::Strided;
use metrics_core::{Backend, DType, Element, HostTensor, Result, ToTensor};
use ndarray::{ArrayBase, ArrayD, ArrayRef, ArrayViewD, CowArray, Data, Dimension, IxDyn};

use crate::NdArray;
use crate::error::refused;

/// A type of element that a variant of [`NdTensor`] has.
pub(crate) trait Stored: Element {
    /// An array of this type as a tensor.
    fn tensor(array: CowArray<'_, Self, IxDyn>) -> NdTensor<'_>;
}

macro_rules! tensor {
    ($($dtype:ident $ty:ty,)*) => {
        /// An array, borrowed or owned, whose element type is known at run time.
        ///
        /// [`ToTensor`] makes one from an array; metrics take it like an array.
        ///
        /// ```
        /// use metrics_core::ToTensor;
        /// use metrics_ndarray::{NdTensor, binary_auroc};
        /// use ndarray::array;
        ///
        /// let (scores, targets) = (array![0.2f32, 0.7], array![0, 1]);
        /// let tensor = scores.to_tensor();
        /// assert!(matches!(tensor, NdTensor::F32(_)));
        /// assert_eq!(binary_auroc(&tensor, &targets)?, 1.0);
        /// # Ok::<(), metrics_core::Error>(())
        /// ```
        #[derive(Debug, Clone)]
        #[allow(missing_docs)] // One variant a dtype.
        pub enum NdTensor<'a> {
            $($dtype(CowArray<'a, $ty, IxDyn>),)*
        }

        impl<'a> NdTensor<'a> {
            /// A view of any element type and any layout.
            fn of<T: Element>(array: ArrayViewD<'a, T>) -> Self {
                match T::DTYPE {
                    $(DType::$dtype => Self::$dtype(same_elements(array).into()),)*
                }
            }
        }

        $(
            impl Stored for $ty {
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

/// A view of elements of one type as a view of another type of the same [`DType`]: the same type, or
/// `usize` and `isize` as the integers of the same width.
fn same_elements<T: Element, U: Element>(array: ArrayViewD<'_, T>) -> ArrayViewD<'_, U> {
    assert_eq!((T::DTYPE, align_of::<T>()), (U::DTYPE, align_of::<U>()));
    let same = array.raw_view().cast::<U>();
    // SAFETY: `Element` is sealed. Its types of one dtype are one type, or two integers of one size, sign
    // and alignment, so an element of one is an element of the other; `cast` checks the size. Both views borrow
    // the memory for the same lifetime.
    #[allow(unsafe_code)]
    unsafe {
        same.deref_into_view()
    }
}

/// The elements row by row, copied.
fn elements<T: Element>(op: &'static str, array: &ArrayViewD<'_, T>) -> Result<Vec<T>> {
    // SAFETY: ndarray's views are borrows of the elements that pointer, shape and strides make.
    #[allow(unsafe_code)]
    let strided = unsafe { Strided::new(array.as_ptr(), array.shape(), array.strides()) };
    strided.to_vec(op)
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
    ///
    /// ```
    /// use metrics_core::ToTensor;
    /// use ndarray::array;
    ///
    /// assert_eq!(array![[0.2, 0.7], [0.9, 0.4], [0.1, 0.5]].t().to_tensor().shape(), [2, 3]);
    /// ```
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
                None => Cow::Owned(elements(op, &array)?),
            };
            HostTensor::from_buffer(T::buffer(elements), shape)
        }
        with_array!(self, array => to_host(op, array.view()))
    }

    /// The same elements as an array, without copying them where the tensor owns them.
    pub(crate) fn from_host<'o>(tensor: HostTensor<'_>) -> Result<NdTensor<'o>> {
        fn from_host<'o, T: Stored>(
            elements: Cow<'_, [T]>,
            shape: Vec<usize>,
        ) -> Result<NdTensor<'o>> {
            let array = ArrayD::from_shape_vec(shape, elements.into_owned());
            Ok(T::tensor(array.map_err(refused("upload"))?.into()))
        }
        let shape = tensor.shape().to_vec();
        with_buffer!(tensor.into_buffer(), elements => from_host(elements, shape))
    }

    /// A copy of a part of the array, which may outlive the owner of the array.
    pub(crate) fn copied<'o, T: Stored>(
        op: &'static str,
        part: ArrayViewD<'_, T>,
    ) -> Result<NdTensor<'o>> {
        let elements = elements(op, &part)?;
        let array = ArrayD::from_shape_vec(part.shape(), elements);
        Ok(T::tensor(array.map_err(refused(op))?.into()))
    }
}

impl<T: Element, S: Data<Elem = T>, D: Dimension> ToTensor<NdArray> for ArrayBase<S, D> {
    fn to_tensor(&self) -> NdTensor<'_> {
        NdTensor::of(self.view().into_dyn())
    }
}

impl<T: Element, D: Dimension> ToTensor<NdArray> for ArrayRef<T, D> {
    fn to_tensor(&self) -> NdTensor<'_> {
        NdTensor::of(self.view().into_dyn())
    }
}

impl ToTensor<NdArray> for NdTensor<'_> {
    fn to_tensor(&self) -> NdTensor<'_> {
        NdArray::view(self)
    }
}
