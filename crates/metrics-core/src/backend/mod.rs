//! What connects metrics and tensor libraries: for authors of backends, and of code that is generic over
//! them.
//!
//! - A library whose tensors lie in host memory implements [`Backend`]: nine short methods, and [`ToTensor`]
//!   for what its users hold. The engine for the CPU does the rest.
//! - A library on a device implements [`Primitives`] too, and calls the [compositions](mod@compose) over them
//!   from [`Backend::rank_sums`], [`Backend::ranked_counts`] and [`Backend::update`].
//! - Kernels of one's own replace the compositions in the same three methods. The results must not change by
//!   a single bit. What they need not wait for is [`Pending`].

use std::borrow::Cow;
use std::fmt::Debug;

pub(crate) mod batch;
pub mod compose;
pub(crate) mod host;
pub(crate) mod host_steps;
pub(crate) mod host_tensor;
pub mod index;
pub(crate) mod pending;
pub(crate) mod primitives;
mod rows;

pub use batch::Batch;
pub use host::{Host, HostIndex};
pub use host_tensor::{HostTensor, to_host};
pub use index::IndexShape;
pub use pending::{Pending, StateMut};
pub use primitives::Primitives;

pub use crate::arith::sums::IntegerSums;
pub use crate::element::check::ElementCheck;
pub use crate::element::kind::ScoreKind;
pub use crate::reserve;

use crate::counts::ranked::RankedCounts;
use crate::counts::sums::RankSums;
use crate::error::Result;

/// A tensor library on one device.
///
/// Unless a method says otherwise, tensors may be non-contiguous, an empty tensor is no error, and "matrix"
/// means shape `(n_rows, n_columns)`. Beside the errors that a method names, every one may return
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory) or, where the library refuses,
/// [`Error::Backend`](crate::Error::Backend).
///
/// Metrics call all methods with the thread in the default floating-point mode: to the nearest,
/// subnormals as they are. Threads that the tensor library has made are for the backend to see to.
pub trait Backend: Clone + Debug + Send + Sized {
    /// Name of the tensor library, for error messages.
    const NAME: &'static str;

    /// A tensor of any dtype; `'a` is how long memory it borrows must live.
    type Tensor<'a>: Clone + Debug;

    /// Work that a metric has queued on a device and not looked at yet; `()` where
    /// [`update`](Self::update) waits for nothing, as in host memory.
    type Pending: Pending;

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

    /// Calls `f` with the elements in host memory, row by row: in place where they lie there like that,
    /// else copied.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype) for a dtype outside
    /// [`DType`](crate::DType).
    fn with_host<R>(x: &Self::Tensor<'_>, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R>;

    /// The same elements, row by row, as a matrix of this shape.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) unless it has as many elements.
    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>>;

    /// The matrix with rows and columns exchanged; a view where the library has such views.
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix.
    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>>;

    /// Column `column` of a matrix, as a tensor of one dimension.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) where there is no such column,
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) for what is no matrix.
    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>>;

    /// The sums over the ranking of each task of a batch without weights.
    ///
    /// By default, those of the engine for the CPU.
    ///
    /// # Errors
    /// [`Error::NanScore`](crate::Error::NanScore),
    /// [`Error::InvalidTarget`](crate::Error::InvalidTarget).
    fn rank_sums(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankSums>> {
        batch.with_host(host_steps::rank_sums)
    }

    /// The ranked counts of each task of a batch without weights.
    ///
    /// By default, those of the engine for the CPU.
    ///
    /// # Errors
    /// [`Error::NanScore`](crate::Error::NanScore),
    /// [`Error::InvalidTarget`](crate::Error::InvalidTarget).
    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        batch.with_host(host_steps::ranked_counts)
    }

    /// Adds a batch, weighted or not, to what a metric holds: its state and what is pending on the device.
    ///
    /// By default, adds it to the state in host memory. A backend whose elements lie on a device need not
    /// wait for them: it may queue the batch there and find out whether its samples are valid when the
    /// metric is read, by [`Pending::flush`]. A state that it does not know it leaves to
    /// [`StateMut::update`].
    ///
    /// # Errors
    /// Those of invalid samples, [`Error::TooManySamples`](crate::Error::TooManySamples),
    /// [`Error::ScoreTypeMismatch`](crate::Error::ScoreTypeMismatch); nothing has changed then.
    fn update(
        &self,
        batch: &Batch<'_, Self>,
        state: StateMut<'_>,
        _pending: &mut Self::Pending,
    ) -> Result<()> {
        batch.with_host(|batch| state.update(batch))
    }
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
