//! Tensors in host memory: the tensors of plain slices, and the form in which tensors leave a backend.

use std::borrow::Cow;
use std::fmt;

use super::host::Host;
use super::{Backend, ToTensor};
use crate::arith::float_mode::in_default_mode;
use crate::element::dtype::{Buffer, DType, Element};
use crate::error::{Error, Result};

/// A row-major tensor in host memory, borrowed or owned.
///
/// ```
/// use metrics_core::HostTensor;
/// use metrics_core::slice::{Auprc, Readings};
///
/// let scores = HostTensor::new(&[0.1, 0.5, 0.7, 0.8, 1.0, 1.0, 1.0, 0.0], &[2, 4])?;
/// let targets = HostTensor::new(&[1u8, 0, 1, 1, 1, 0, 1, 0], &[2, 4])?;
/// assert_eq!(Auprc.tasks(&scores, &targets)?, [11.0 / 12.0, 2.0 / 3.0]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HostTensor<'a> {
    buffer: Buffer<'a>,
    shape: Dims,
}

/// Length of each dimension. Vectors and matrices, by far the most common, need no allocation for it.
#[derive(Clone, PartialEq)]
enum Dims {
    Vector([usize; 1]),
    Matrix([usize; 2]),
    Other(Vec<usize>),
}

impl Dims {
    fn of(shape: &[usize]) -> Self {
        match *shape {
            [n] => Self::Vector([n]),
            [n_rows, n_columns] => Self::Matrix([n_rows, n_columns]),
            _ => Self::Other(shape.to_vec()),
        }
    }

    fn as_slice(&self) -> &[usize] {
        match self {
            Self::Vector(shape) => shape,
            Self::Matrix(shape) => shape,
            Self::Other(shape) => shape,
        }
    }
}

impl fmt::Debug for Dims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<'a> HostTensor<'a> {
    /// A tensor of this shape over a slice, row by row, without copying it.
    ///
    /// ```
    /// use metrics_core::HostTensor;
    ///
    /// let data = [0.1f32, 0.5, 0.7, 0.8];
    /// assert_eq!(HostTensor::new(&data, &[2, 2])?.shape(), [2, 2]);
    /// assert!(HostTensor::new(&data, &[2, 3]).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] when the shape does not have as many elements as the slice.
    pub fn new<T: Element>(data: &'a [T], shape: &[usize]) -> Result<Self> {
        Self::from_buffer(T::buffer(Cow::Borrowed(data)), shape.to_vec())
    }

    /// A tensor of this shape that owns its elements, given row by row.
    ///
    /// ```
    /// use metrics_core::{HostTensor, Result};
    ///
    /// fn zeros(n: usize) -> Result<HostTensor<'static>> {
    ///     HostTensor::from_vec(vec![0u8; n], &[n])
    /// }
    /// assert_eq!(zeros(3)?.to_f64_vec(), [0.0; 3]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] when the shape does not have as many elements as `data`.
    pub fn from_vec<T: Element>(data: Vec<T>, shape: &[usize]) -> Result<Self> {
        Self::from_buffer(T::buffer(Cow::Owned(data)), shape.to_vec())
    }

    /// A tensor of this shape over a buffer, row by row.
    ///
    /// ```
    /// use metrics_core::{Element, HostTensor};
    ///
    /// let buffer = f32::buffer(vec![0.1, 0.5].into());
    /// assert_eq!(HostTensor::from_buffer(buffer, vec![1, 2])?.shape(), [1, 2]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] when the shape does not have as many elements as the buffer.
    pub fn from_buffer(buffer: Buffer<'a>, shape: Vec<usize>) -> Result<Self> {
        let n_elements = shape.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim));
        if n_elements != Some(buffer.len()) {
            return Err(Error::UnsupportedShape {
                op: "host tensor",
                what: "elements",
                shape,
                expected: "a shape with as many elements as the data",
            });
        }
        Ok(Self { buffer, shape: Dims::of(&shape) })
    }

    /// The elements, row by row.
    ///
    /// ```
    /// use metrics_core::{Buffer, HostTensor};
    ///
    /// let tensor = HostTensor::new(&[1u8, 0, 1], &[3])?;
    /// assert!(matches!(tensor.buffer(), Buffer::U8(data) if data[..] == [1, 0, 1]));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn buffer(&self) -> &Buffer<'a> {
        &self.buffer
    }

    /// The elements, row by row, without the shape.
    ///
    /// ```
    /// use metrics_core::{Buffer, HostTensor};
    ///
    /// let tensor = HostTensor::from_vec(vec![1u8, 0, 1], &[3])?;
    /// let Buffer::U8(data) = tensor.into_buffer() else { unreachable!() };
    /// assert_eq!(data.into_owned(), [1, 0, 1]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn into_buffer(self) -> Buffer<'a> {
        self.buffer
    }

    /// Length of each dimension.
    ///
    /// ```
    /// assert_eq!(metrics_core::HostTensor::new(&[0.5; 6], &[2, 3])?.shape(), [2, 3]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn shape(&self) -> &[usize] {
        self.shape.as_slice()
    }

    /// Type of the elements.
    ///
    /// ```
    /// use metrics_core::{DType, HostTensor};
    ///
    /// assert_eq!(HostTensor::new(&[0.5f32], &[1])?.dtype(), DType::F32);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn dtype(&self) -> DType {
        self.buffer.dtype()
    }

    /// The same tensor, borrowed.
    ///
    /// ```
    /// use metrics_core::HostTensor;
    ///
    /// let owned = HostTensor::from_vec(vec![0.1, 0.5], &[2])?;
    /// let lent = owned.borrow(); // No element is copied.
    /// assert_eq!(lent, owned);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn borrow(&self) -> HostTensor<'_> {
        HostTensor { buffer: self.buffer.borrow(), shape: self.shape.clone() }
    }

    /// The same tensor, owned.
    ///
    /// ```
    /// use metrics_core::{HostTensor, Result};
    ///
    /// fn owned(data: &[f32]) -> Result<HostTensor<'static>> {
    ///     Ok(HostTensor::new(data, &[data.len()])?.into_owned())
    /// }
    /// assert_eq!(owned(&[0.5])?.to_f64_vec(), [0.5]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn into_owned(self) -> HostTensor<'static> {
        HostTensor { buffer: self.buffer.into_owned(), shape: self.shape }
    }

    /// All elements as `f64`.
    ///
    /// ```
    /// use metrics_core::HostTensor;
    ///
    /// assert_eq!(HostTensor::new(&[true, false], &[2])?.to_f64_vec(), [1.0, 0.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn to_f64_vec(&self) -> Vec<f64> {
        in_default_mode(
            || crate::with_slice!(&self.buffer, data => data.iter().map(|&x| x.to_f64()).collect()),
        )
    }
}

/// The elements of a tensor, copied to host memory, row by row.
///
/// ```
/// use metrics_core::ToTensor;
/// use metrics_core::backend::{Host, to_host};
///
/// let scores = vec![0.1, 0.5];
/// let copy = to_host::<Host>(&scores.to_tensor())?;
/// drop(scores);
/// assert_eq!(copy.to_f64_vec(), [0.1, 0.5]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// As [`Backend::with_host`].
pub fn to_host<B: Backend>(x: &B::Tensor<'_>) -> Result<HostTensor<'static>> {
    B::with_host(x, |x| x.into_owned())
}

impl ToTensor<Host> for HostTensor<'_> {
    fn to_tensor(&self) -> HostTensor<'_> {
        self.borrow()
    }
}

impl<T: Element> ToTensor<Host> for [T] {
    fn to_tensor(&self) -> HostTensor<'_> {
        HostTensor { buffer: T::buffer(Cow::Borrowed(self)), shape: Dims::Vector([self.len()]) }
    }
}

impl<T: Element, const N: usize> ToTensor<Host> for [T; N] {
    fn to_tensor(&self) -> HostTensor<'_> {
        self.as_slice().to_tensor()
    }
}

impl<T: Element> ToTensor<Host> for Vec<T> {
    fn to_tensor(&self) -> HostTensor<'_> {
        self.as_slice().to_tensor()
    }
}
