//! The primitives: operations of which every metric can be composed.

use std::fmt::Debug;

use super::Backend;
use crate::element::check::ElementCheck;
use crate::error::Result;

/// Sort, gather, cumulative sums and the like on the tensors of a backend: enough for every metric, by the
/// compositions in [`compose`](mod@super::compose).
///
/// A library on a device without kernels of ours implements these and calls the compositions from its
/// [`Backend`] methods. The compositions return the same bits as the engines.
///
/// A primitive returns an error for a shape, row, index or number that it cannot work on: the checks of
/// [`index`](mod@super::index) are the same on every backend. Beside the errors that a method names, every
/// method may return [`Error::OutOfMemory`](crate::Error::OutOfMemory),
/// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype) or, where the library refuses,
/// [`Error::Backend`](crate::Error::Backend).
///
/// ```
/// use metrics_core::backend::{Host, HostTensor, Primitives};
/// use metrics_core::Result;
///
/// /// The largest element of each row.
/// fn largest<B: Primitives>(backend: &B, x: &B::Tensor<'_>) -> Result<Vec<f64>> {
///     let sorted = backend.gather(x, &backend.argsort_descending(x)?)?;
///     B::with_host(&backend.column(&sorted, 0)?, |column| column.to_f64_vec())
/// }
/// assert_eq!(largest(&Host, &HostTensor::new(&[1, 3, 9, 4], &[2, 2])?)?, [3.0, 9.0]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub trait Primitives: Backend {
    /// A matrix of non-negative integers: positions in rows, bucket numbers.
    ///
    /// Only the backend makes one. It stores an [`IndexShape`](super::IndexShape) beside the numbers, and so
    /// knows their upper limit without reading them.
    type Index: Clone + Debug;

    /// Row `row` of a matrix, as a matrix of one row.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let matrix = HostTensor::new(&[1, 2, 3, 4, 5, 6], &[2, 3])?;
    /// assert_eq!(Host.row(&matrix, 1)?, HostTensor::new(&[4, 5, 6], &[1, 3])?);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) where there is no such row,
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) if `x` is not a matrix.
    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>>;

    /// Position and value of the first invalid element, row by row.
    ///
    /// ```
    /// use metrics_core::backend::{ElementCheck, Host, HostTensor, Primitives};
    ///
    /// let targets = HostTensor::new(&[0, 1, 1, 2], &[2, 2])?;
    /// assert_eq!(Host.find_invalid(&targets, ElementCheck::Binary)?, Some((3, 2.0)));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Backend`](crate::Error::Backend) when the library refuses.
    fn find_invalid(
        &self,
        x: &Self::Tensor<'_>,
        check: ElementCheck,
    ) -> Result<Option<(usize, f64)>>;

    /// Positions that order each row of a matrix from largest to smallest.
    ///
    /// The order among equal values is unspecified; callers must not depend on it. The matrix holds
    /// no NaN: metrics check first. `-0.0` and `0.0` are equal.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let order = Host.argsort_descending(&HostTensor::new(&[0.2, 0.9, 0.4], &[1, 3])?)?;
    /// assert_eq!(Host.download_index(&order)?, [1, 2, 0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix,
    /// [`Error::Backend`](crate::Error::Backend) when the library refuses, for instance a row too
    /// wide for its kernel.
    fn argsort_descending(&self, x: &Self::Tensor<'_>) -> Result<Self::Index>;

    /// `out[i][j] = x[i][index[i][j]]` for two matrices with equally many rows; the dtype stays.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let scores = HostTensor::new(&[0.2, 0.9, 0.4], &[1, 3])?;
    /// let order = Host.argsort_descending(&scores)?;
    /// let targets = HostTensor::new(&[0u8, 1, 0], &[1, 3])?;
    /// assert_eq!(Host.gather(&targets, &order)?.to_f64_vec(), [1.0, 0.0, 0.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix of as many
    /// rows, [`Error::OutOfRange`](crate::Error::OutOfRange) for rows shorter than those the index was
    /// made of, [`Error::DeviceMismatch`](crate::Error::DeviceMismatch).
    fn gather(&self, x: &Self::Tensor<'_>, index: &Self::Index) -> Result<Self::Tensor<'static>>;

    /// Inclusive sums along each row of a matrix of zeros and ones, of any dtype.
    ///
    /// The sums are exact up to 2^53, whatever the dtype of `x`.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let targets = HostTensor::new(&[1u8, 0, 1, 0, 1, 1], &[2, 3])?;
    /// assert_eq!(Host.cumsum(&targets)?.to_f64_vec(), [1.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) if `x` is not a matrix.
    fn cumsum(&self, x: &Self::Tensor<'_>) -> Result<Self::Tensor<'static>>;

    /// Last position of each run of equal neighbours in a matrix of one row, as one row.
    ///
    /// Numbers are compared: infinities of one sign are equal, and so are `-0.0` and `0.0`.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let ends = Host.group_ends(&HostTensor::new(&[0.9, 0.4, 0.4, 0.1], &[1, 4])?)?;
    /// assert_eq!(Host.download_index(&ends)?, [0, 2, 3]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) if `x` is not a matrix of one row.
    fn group_ends(&self, x: &Self::Tensor<'_>) -> Result<Self::Index>;

    /// `⌊f64(x) · num_thresholds⌋` for each element of a matrix of probabilities in `[0, 1]`.
    ///
    /// The product is rounded to `f64`. Metrics check first that all elements are probabilities. Here an
    /// element below 0 goes to bucket 0, one above 1 to bucket `num_thresholds`, and NaN to bucket 0, so that
    /// no number is beyond the last bucket.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let buckets = Host.bucket(&HostTensor::new(&[0.0, 0.55, 1.0], &[1, 3])?, 10)?;
    /// assert_eq!(Host.download_index(&buckets)?, [0, 5, 10]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix,
    /// [`Error::InvalidNumThresholds`](crate::Error::InvalidNumThresholds).
    fn bucket(&self, x: &Self::Tensor<'_>, num_thresholds: usize) -> Result<Self::Index>;

    /// How often each number of `0..n_bins` occurs in an index with a target of 0, and how often with a target
    /// of 1.
    ///
    /// Metrics check first that all targets are 0 or 1; here any other number counts as 0.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let buckets = Host.bucket(&HostTensor::new(&[0.1, 0.6, 0.9], &[1, 3])?, 2)?;
    /// let targets = HostTensor::new(&[0, 1, 1], &[1, 3])?;
    /// assert_eq!(Host.bincount(&buckets, &targets, 3)?, [[1, 0, 0], [0, 2, 0]]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for targets of another shape than
    /// the index, [`Error::OutOfRange`](crate::Error::OutOfRange) for fewer bins than the index may
    /// name: row lengths for positions, `num_thresholds + 1` for buckets;
    /// [`Error::DeviceMismatch`](crate::Error::DeviceMismatch).
    fn bincount(
        &self,
        index: &Self::Index,
        targets: &Self::Tensor<'_>,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]>;

    /// The elements of an index in host memory, row by row.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let order = Host.argsort_descending(&HostTensor::new(&[2, 1, 1, 2], &[2, 2])?)?;
    /// assert_eq!(Host.download_index(&order)?, [0, 1, 1, 0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Backend`](crate::Error::Backend) when the library refuses.
    fn download_index(&self, index: &Self::Index) -> Result<Vec<u64>>;
}
