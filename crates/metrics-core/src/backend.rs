//! The contract between the metrics and a tensor library.

use std::borrow::Cow;
use std::fmt::Debug;

use crate::areas::Areas;
use crate::buckets::BucketCounts;
use crate::compose;
use crate::curve::RankedCounts;
use crate::error::Result;
use crate::host::HostTensor;
use crate::input::Batch;
use crate::state::RankState;

/// A tensor library on one device.
///
/// The first part of the trait is the primitives: with them alone every metric works. The second
/// part is the fused steps, each defined as a composition of primitives. A backend overrides a
/// fused step to make it fast; the result must not change by a single bit.
///
/// Unless a method says otherwise, tensors may be non-contiguous, an empty tensor is no error,
/// and "matrix" means shape `(n_rows, n_columns)`.
///
/// A primitive refuses whatever shape, row, column, index or number it cannot work on: the checks of
/// [`index`](mod@crate::index) are the same on every backend. Beside the errors that a method names,
/// every one may return [`Error::OutOfMemory`](crate::Error::OutOfMemory) or, where the library
/// refuses, [`Error::Backend`](crate::Error::Backend).
///
/// Metrics call all methods with the thread in the default floating-point mode: to the nearest,
/// subnormals as they are. Threads that the tensor library has made are for the backend to see to.
pub trait Backend: Clone + Debug + Sized {
    /// Name of the tensor library, for error messages.
    const NAME: &'static str;

    /// A tensor of any dtype; `'a` is how long memory it borrows must live.
    type Tensor<'a>: Clone + Debug;

    /// A matrix of non-negative integers: positions in rows, bucket numbers.
    ///
    /// Only the backend makes one. It keeps an [`IndexShape`](crate::IndexShape) beside the numbers,
    /// and so knows without reading them what they are below.
    type Index: Clone + Debug;

    /// Samples that an exact metric keeps on a device until it is read; `()` where
    /// [`append`](Self::append) need not wait for anything.
    type KeptSamples: KeptSamples;

    /// Bucket counts that an [`Auc`](crate::Auc) keeps on a device until it is read; `()` where
    /// [`count_buckets`](Self::count_buckets) need not wait for anything.
    type KeptCounts: Kept<BucketCounts>;

    /// The backend for the device a tensor lives on.
    fn of(tensor: &Self::Tensor<'_>) -> Self;

    /// Name of the device: equal for two tensors exactly when they can be combined.
    fn device(&self) -> Cow<'static, str>;

    /// Length of each dimension.
    fn shape(x: &Self::Tensor<'_>) -> Vec<usize>;

    /// The same tensor, borrowed.
    fn view<'t>(x: &'t Self::Tensor<'_>) -> Self::Tensor<'t>;

    /// A tensor with these elements on this device. The dtype stays, or becomes one that holds
    /// every value exactly.
    ///
    /// # Errors
    /// [`Error::Backend`](crate::Error::Backend) when the library has no such dtype or no memory.
    fn upload(&self, x: &HostTensor<'_>) -> Result<Self::Tensor<'static>>;

    /// The elements in host memory, row by row; borrowed where they already lie there like that.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype) for a dtype outside
    /// [`DType`](crate::DType).
    fn download<'t>(&self, x: &'t Self::Tensor<'_>) -> Result<HostTensor<'t>>;

    /// The elements of an index in host memory, row by row.
    ///
    /// # Errors
    /// [`Error::Backend`](crate::Error::Backend) when the library refuses.
    fn download_index(&self, index: &Self::Index) -> Result<Vec<u64>>;

    /// The same elements, row by row, as a matrix of this shape.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) unless it has as many elements.
    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>>;

    /// Row `row` of a matrix, as a matrix of one row.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) where there is no such row,
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix.
    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>>;

    /// Column `column` of a matrix, as a tensor of one dimension.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) where there is no such column,
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix.
    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>>;

    /// The first element, row by row, that breaks a rule: its position and its value.
    ///
    /// # Errors
    /// [`Error::Backend`](crate::Error::Backend) when the library refuses.
    fn find_invalid(&self, x: &Self::Tensor<'_>, rule: Rule) -> Result<Option<(usize, f64)>>;

    /// Positions that order each row of a matrix from largest to smallest.
    ///
    /// The order among equal values is unspecified; callers must not depend on it. The matrix holds
    /// no NaN: metrics check first. `-0.0` and `0.0` are equal.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix,
    /// [`Error::Backend`](crate::Error::Backend) when the library refuses, for instance a row too
    /// wide for its kernel.
    fn argsort_descending(&self, x: &Self::Tensor<'_>) -> Result<Self::Index>;

    /// `out[i][j] = x[i][index[i][j]]` for two matrices with equally many rows; the dtype stays.
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
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix.
    fn cumsum(&self, x: &Self::Tensor<'_>) -> Result<Self::Tensor<'static>>;

    /// Last position of each run of equal neighbours in a matrix of one row, as one row.
    ///
    /// Equal means equal as numbers: infinities of one sign are, and so are `-0.0` and `0.0`.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix of one row.
    fn group_ends(&self, x: &Self::Tensor<'_>) -> Result<Self::Index>;

    /// `⌊f64(x) · num_thresholds⌋` for each element of a matrix of probabilities in `[0, 1]`.
    ///
    /// The product is rounded to `f64`. Metrics check first that all are probabilities; here an element
    /// below 0 goes to bucket 0, one above 1 to bucket `num_thresholds`, and NaN to bucket 0, so that no
    /// number is ever beyond the last bucket.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix,
    /// [`Error::InvalidNumThresholds`](crate::Error::InvalidNumThresholds).
    fn bucket(&self, x: &Self::Tensor<'_>, num_thresholds: usize) -> Result<Self::Index>;

    /// How often each of `0..n_bins` stands in an index beside a target of 0, and how often beside a
    /// target of 1.
    ///
    /// Metrics check first that all targets are 0 or 1; here any other number counts as 0.
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

    /// The areas of each task of a batch without weights. A fused step.
    ///
    /// # Errors
    /// [`Error::NanScore`](crate::Error::NanScore),
    /// [`Error::InvalidTarget`](crate::Error::InvalidTarget).
    fn areas(&self, batch: &Batch<'_, Self>) -> Result<Vec<Areas>> {
        compose::areas(self, batch)
    }

    /// The ranked counts of each task of a batch without weights. A fused step.
    ///
    /// # Errors
    /// [`Error::NanScore`](crate::Error::NanScore),
    /// [`Error::InvalidTarget`](crate::Error::InvalidTarget).
    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        compose::ranked_counts(self, batch)
    }

    /// Adds a batch of one task to bucket counts. A fused step.
    ///
    /// # Errors
    /// [`Error::InvalidProbability`](crate::Error::InvalidProbability),
    /// [`Error::InvalidTarget`](crate::Error::InvalidTarget),
    /// [`Error::InvalidWeight`](crate::Error::InvalidWeight),
    /// [`Error::TooManySamples`](crate::Error::TooManySamples); the counts are then unchanged.
    fn count_buckets(&self, batch: &Batch<'_, Self>, counts: &mut BucketCounts) -> Result<()> {
        compose::count_buckets(self, batch, counts)
    }

    /// Adds a batch, weighted or not, to a rank state. A fused step.
    ///
    /// # Errors
    /// [`Error::NanScore`](crate::Error::NanScore),
    /// [`Error::InvalidTarget`](crate::Error::InvalidTarget),
    /// [`Error::InvalidWeight`](crate::Error::InvalidWeight),
    /// [`Error::TooManySamples`](crate::Error::TooManySamples); the state is then unchanged.
    fn append(&self, batch: &Batch<'_, Self>, state: &mut RankState) -> Result<()> {
        compose::append(self, batch, state)
    }

    /// Adds a batch to what a metric holds: the state, and what is kept on the device.
    ///
    /// A backend whose elements lie on a device need not wait for them: it may keep the batch there
    /// and find what is wrong with it when the metric [is read](Kept::settle). A fused step.
    ///
    /// # Errors
    /// As [`append`](Self::append), but for what only the device knows; nothing has changed then.
    fn keep(
        &self,
        batch: &Batch<'_, Self>,
        state: &mut RankState,
        _kept: &mut Self::KeptSamples,
    ) -> Result<()> {
        self.append(batch, state)
    }

    /// Adds a batch of one task to bucket counts, or to what is kept of them on the device. A fused
    /// step.
    ///
    /// # Errors
    /// As [`count_buckets`](Self::count_buckets), but for what only the device knows; nothing has
    /// changed then.
    fn keep_counts(
        &self,
        batch: &Batch<'_, Self>,
        counts: &mut BucketCounts,
        _kept: &mut Self::KeptCounts,
    ) -> Result<()> {
        self.count_buckets(batch, counts)
    }
}

/// What a metric keeps on a device until it is read: batches that its backend did not wait for.
///
/// A clone and its original share nothing that either could notice.
pub trait Kept<State>: Clone + Debug + Default {
    /// Moves what is kept to the state.
    ///
    /// # Errors
    /// [`Error::LeftOut`](crate::Error::LeftOut), once, for batches that turned out bad; they are
    /// forgotten then, and nothing else is.
    fn settle(&mut self, state: &mut State) -> Result<()>;
}

/// The samples that an exact metric keeps on a device.
pub trait KeptSamples: Kept<RankState> {
    /// The areas of each task of the state and what is kept, read where the samples lie; or `None`
    /// after all was [settled](Kept::settle) to the state, which has them then.
    ///
    /// # Errors
    /// As [`settle`](Kept::settle).
    fn areas(&mut self, state: &mut RankState) -> Result<Option<Vec<Areas>>> {
        self.settle(state)?;
        Ok(None)
    }
}

/// Nothing is kept: every batch went to the state at once.
impl<State> Kept<State> for () {
    fn settle(&mut self, _state: &mut State) -> Result<()> {
        Ok(())
    }
}

impl KeptSamples for () {}

/// A backend whose tensors can be read in host memory while it holds them there for a closure.
pub trait Lend: Backend {
    /// Calls `f` with the elements, in place where they lie in host memory row by row, else copied.
    /// `op` and `what` say what they are for.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype), and those of `f`.
    fn lend<R>(
        x: &Self::Tensor<'_>,
        op: &'static str,
        what: &'static str,
        f: impl FnOnce(HostTensor<'_>) -> Result<R>,
    ) -> Result<R>;
}

/// What metrics accept as a tensor of backend `B`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tensor of the backend `{B}`",
    note = "plain slices go to `slice`, ndarray arrays to `ndarray`, candle tensors to `candle`"
)]
pub trait ToTensor<B: Backend> {
    /// This value as the backend's tensor, without copying its elements where they are contiguous.
    fn to_tensor(&self) -> B::Tensor<'_>;
}

/// A tensor that owns its memory, as input to code that is generic over backends.
///
/// ```
/// use metrics_core::{Backend, Host, HostTensor, Owned, Result, binary_auroc};
///
/// fn auroc<B: Backend>(backend: &B) -> Result<f64> {
///     let scores = Owned(backend.upload(&HostTensor::new(&[0.1, 0.7], &[2])?)?);
///     let targets = Owned(backend.upload(&HostTensor::new(&[0u8, 1], &[2])?)?);
///     binary_auroc::<B>(&scores, &targets)
/// }
/// assert_eq!(auroc(&Host)?, 1.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Owned<B: Backend>(pub B::Tensor<'static>);

impl<B: Backend> ToTensor<B> for Owned<B> {
    fn to_tensor(&self) -> B::Tensor<'_> {
        B::view(&self.0)
    }
}

/// What the elements of an input must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// A number: anything but NaN.
    NotNan,
    /// Exactly 0 or 1.
    Binary,
    /// In `[0, 1]`.
    Probability,
    /// Finite and at least 0.
    Weight,
}

impl Rule {
    /// Whether a value obeys the rule.
    #[inline]
    pub fn allows(self, value: f64) -> bool {
        // On bits: where a thread takes subnormals for zero, it would let them through. As integers,
        // the bits of positive floats have the order of the floats; those of NaN are above.
        const ONE: u64 = 1f64.to_bits();
        const INFINITY: u64 = f64::INFINITY.to_bits();
        let bits = if value.to_bits() == (-0f64).to_bits() { 0 } else { value.to_bits() };
        match self {
            Self::NotNan => !value.is_nan(),
            Self::Binary => bits == 0 || bits == ONE,
            Self::Probability => bits <= ONE,
            Self::Weight => bits < INFINITY,
        }
    }
}
