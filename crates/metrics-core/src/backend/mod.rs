//! The traits between metrics and tensor libraries: for authors of backends, and of code that is generic
//! over them.
//!
//! - A library whose tensors lie in host memory implements [`Backend`]: nine short methods, and [`ToTensor`]
//!   for what its users hold. The engine for the CPU does the rest.
//! - A library on a device implements [`Primitives`] too, and calls the [compositions](mod@compose) over them
//!   from [`Backend::rank_sums`], [`Backend::ranked_counts`] and [`Backend::update`].
//! - A library with kernels of its own calls these in the same three methods. The results must not change
//!   by a single bit. Batches that these kernels need not wait for are [`Pending`].

use std::borrow::Cow;
use std::fmt::Debug;

pub(crate) mod batch;
pub mod compose;
pub(crate) mod host;
pub(crate) mod host_steps;
pub(crate) mod host_tensor;
pub(crate) mod host_weights;
pub mod index;
pub(crate) mod pending;
pub(crate) mod primitives;
mod rows;
pub(crate) mod strided;

pub use batch::Batch;
pub use host::{Host, HostIndex};
pub use host_tensor::{HostTensor, to_host};
pub use index::IndexShape;
pub use pending::{Pending, StateMut};
pub use primitives::Primitives;
pub use strided::Strided;

pub use crate::arith::sums::IntegerSums;
pub use crate::element::check::ElementCheck;
pub use crate::element::kind::ScoreKind;
pub use crate::reserve;

use crate::counts::ranked::RankedCounts;
use crate::counts::sums::RankSums;
use crate::error::Result;

/// A tensor library on one device.
///
/// Unless a method says otherwise, tensors may be non-contiguous, an empty tensor is no error, and
/// "matrix" means shape `(n_rows, n_columns)`. Beside the errors that a method names, every method may
/// return [`Error::OutOfMemory`](crate::Error::OutOfMemory),
/// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype) or, where the library refuses,
/// [`Error::Backend`](crate::Error::Backend).
///
/// Metrics call all methods with the thread in the default floating-point mode: rounding to the nearest,
/// subnormals unchanged. The backend is responsible for the mode of the tensor library's own threads.
///
/// ```
/// use metrics_core::{Backend, Host, HostTensor, Result};
///
/// /// The second column, whatever the library.
/// fn second<B: Backend>(backend: &B) -> Result<Vec<f64>> {
///     let scores = backend.upload(&HostTensor::new(&[1, 2, 3, 4], &[2, 2])?)?;
///     B::with_host(&backend.column(&scores, 1)?, |column| column.to_f64_vec())
/// }
/// assert_eq!(second(&Host)?, [2.0, 4.0]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub trait Backend: Clone + Debug + Send + Sized {
    /// Name of the tensor library, for error messages.
    ///
    /// ```
    /// use metrics_core::{Backend, Host};
    ///
    /// assert_eq!(Host::NAME, "slice");
    /// ```
    const NAME: &'static str;

    /// A tensor of any dtype; `'a` is the lifetime of memory that it borrows.
    type Tensor<'a>: Clone + Debug;

    /// Batches that a metric has queued on a device; `()` where [`update`](Self::update) queues nothing, as in
    /// host memory.
    type Pending: Pending;

    /// The backend for the device a tensor lives on.
    ///
    /// ```
    /// use metrics_core::{Backend, Host, HostTensor};
    ///
    /// assert_eq!(Host::of(&HostTensor::new(&[0.5], &[1])?), Host);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    fn of(tensor: &Self::Tensor<'_>) -> Self;

    /// Name of the device. Two tensors can be combined exactly when these names are equal.
    ///
    /// ```
    /// use metrics_core::{Backend, Host};
    ///
    /// assert_eq!(Host.device(), "cpu");
    /// ```
    fn device(&self) -> Cow<'static, str>;

    /// Length of each dimension.
    ///
    /// ```
    /// use metrics_core::{Backend, Host, HostTensor};
    ///
    /// assert_eq!(Host::shape(&HostTensor::new(&[0.5; 6], &[2, 3])?), [2, 3]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    fn shape(x: &Self::Tensor<'_>) -> Vec<usize>;

    /// The same tensor, borrowed.
    ///
    /// ```
    /// use metrics_core::{Backend, Host, HostTensor};
    ///
    /// let owned = HostTensor::from_vec(vec![0.1, 0.5], &[2])?;
    /// assert_eq!(Host::view(&owned).to_f64_vec(), [0.1, 0.5]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    fn view<'t>(x: &'t Self::Tensor<'_>) -> Self::Tensor<'t>;

    /// A tensor with these elements on this device. The dtype stays, or becomes one that holds
    /// every value exactly.
    ///
    /// ```
    /// use metrics_core::{Backend, DType, Host, HostTensor};
    ///
    /// let tensor = Host.upload(&HostTensor::new(&[0.5f32], &[1])?)?;
    /// assert_eq!(tensor.dtype(), DType::F32);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype) where the library has no dtype that
    /// holds every value, [`Error::Backend`](crate::Error::Backend) where it refuses, for instance
    /// without memory.
    fn upload(&self, x: &HostTensor<'_>) -> Result<Self::Tensor<'static>>;

    /// Calls `f` with the elements in host memory, row by row: in place where they lie there in this order,
    /// else copied.
    ///
    /// ```
    /// use metrics_core::{Backend, Host, HostTensor};
    ///
    /// let tensor = HostTensor::new(&[1u8, 0, 1], &[3])?;
    /// let sum = Host::with_host(&tensor, |x| x.to_f64_vec().iter().sum::<f64>())?;
    /// assert_eq!(sum, 2.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype) for a dtype outside
    /// [`DType`](crate::DType).
    fn with_host<R>(x: &Self::Tensor<'_>, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R>;

    /// The same elements, row by row, as a matrix of this shape.
    ///
    /// ```
    /// use metrics_core::{Backend, Host, HostTensor};
    ///
    /// let vector = HostTensor::new(&[1, 2, 3, 4, 5, 6], &[6])?;
    /// assert_eq!(Host.reshape(vector.clone(), [2, 3])?.shape(), [2, 3]);
    /// assert!(Host.reshape(vector, [2, 2]).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) unless the shape has as many elements.
    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>>;

    /// The matrix with rows and columns exchanged; a view where the library has such views.
    ///
    /// ```
    /// use metrics_core::{Backend, Host, HostTensor};
    ///
    /// let matrix = HostTensor::new(&[1, 2, 3, 4, 5, 6], &[2, 3])?;
    /// assert_eq!(Host.transpose(&matrix)?.to_f64_vec(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) if `x` is not a matrix.
    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>>;

    /// Column `column` of a matrix, as a tensor of one dimension.
    ///
    /// ```
    /// use metrics_core::{Backend, Host, HostTensor};
    ///
    /// let matrix = HostTensor::new(&[1, 2, 3, 4, 5, 6], &[2, 3])?;
    /// assert_eq!(Host.column(&matrix, 1)?.to_f64_vec(), [2.0, 5.0]);
    /// assert!(Host.column(&matrix, 3).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) where there is no such column,
    /// [`Error::UnsupportedShape`](crate::Error::UnsupportedShape) if `x` is not a matrix.
    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>>;

    /// The sums over the ranking of each task of a batch without weights.
    ///
    /// By default, the CPU engine computes them.
    ///
    /// ```
    /// use metrics_core::{Backend, Host, ToTensor, backend::Batch};
    ///
    /// let (scores, targets) = ([0.1, 0.5, 0.7, 0.8], [1, 0, 1, 1]);
    /// let batch = Batch::new("mine", scores.to_tensor(), targets.to_tensor(), None)?;
    /// assert_eq!(Host.rank_sums(&batch)?[0].auprc(), Some(11.0 / 12.0));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NanScore`](crate::Error::NanScore),
    /// [`Error::InvalidTarget`](crate::Error::InvalidTarget),
    /// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype).
    fn rank_sums(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankSums>> {
        batch.with_host(host_steps::rank_sums)
    }

    /// The ranked counts of each task of a batch without weights.
    ///
    /// By default, the CPU engine computes them.
    ///
    /// ```
    /// use metrics_core::{Backend, Host, ToTensor, backend::Batch};
    ///
    /// let (scores, targets) = ([0.5, 0.9, 0.5], [0, 1, 1]);
    /// let batch = Batch::new("mine", scores.to_tensor(), targets.to_tensor(), None)?;
    /// assert_eq!(Host.ranked_counts(&batch)?[0].thresholds(), [0.9, 0.5]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NanScore`](crate::Error::NanScore),
    /// [`Error::InvalidTarget`](crate::Error::InvalidTarget),
    /// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype).
    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        batch.with_host(host_steps::ranked_counts)
    }

    /// Adds a batch, with or without weights, to a metric: to its state, or to its pending batches.
    ///
    /// By default, adds it to the state in host memory. A backend on a device need not wait for the elements:
    /// it may queue the batch there. [`Pending::flush`] then checks its samples when the metric is read. A
    /// backend calls [`StateMut::update`] for a state that it does not know.
    ///
    /// ```
    /// use metrics_core::backend::{Backend, Batch, Host, StateMut};
    /// use metrics_core::{ToTensor, slice::BinaryAuroc};
    ///
    /// let (scores, targets) = ([0.2, 0.7], [0, 1]);
    /// let batch = Batch::new("mine", scores.to_tensor(), targets.to_tensor(), None)?;
    /// let mut state = BinaryAuroc::new().state()?;
    /// Host.update(&batch, StateMut::Rank(&mut state), &mut ())?;
    /// assert_eq!(state.rank_sums()?[0].auroc(), Some(1.0));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of invalid samples, [`Error::TooManySamples`](crate::Error::TooManySamples),
    /// [`Error::ScoreTypeMismatch`](crate::Error::ScoreTypeMismatch),
    /// [`Error::WeightOverflow`](crate::Error::WeightOverflow),
    /// [`Error::UnsupportedDtype`](crate::Error::UnsupportedDtype),
    /// [`Error::MergeTasks`](crate::Error::MergeTasks) for another number of tasks than the state has;
    /// nothing has changed then.
    fn update(
        &self,
        batch: &Batch<'_, Self>,
        state: StateMut<'_>,
        _pending: &mut Self::Pending,
    ) -> Result<()> {
        batch.with_host(|batch| state.update(batch))
    }
}

/// Types that metrics accept as tensors of the backend `B`.
///
/// Implement it to make your own type an input of every metric:
///
/// ```
/// use metrics_core::{Host, HostTensor, ToTensor, binary_auroc};
///
/// struct Column {
///     values: Vec<f32>,
/// }
///
/// impl ToTensor<Host> for Column {
///     fn to_tensor(&self) -> HostTensor<'_> {
///         self.values.to_tensor()
///     }
/// }
/// assert_eq!(binary_auroc(&Column { values: vec![0.2, 0.7] }, &[0, 1])?, 1.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tensor of the backend `{B}`",
    note = "plain slices go to `slice`, ndarray arrays to `ndarray`, candle tensors to `candle`"
)]
pub trait ToTensor<B: Backend> {
    /// This value as the backend's tensor, without copying its elements where they are contiguous.
    ///
    /// ```
    /// use metrics_core::{Host, ToTensor};
    ///
    /// let tensor = ToTensor::<Host>::to_tensor(&[0.2, 0.7]);
    /// assert_eq!(tensor.shape(), [2]);
    /// ```
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
