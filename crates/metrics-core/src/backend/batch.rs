//! The checks of shape that every metric makes before it touches an element.

use super::Backend;
use super::host::Host;
use super::host_tensor::HostTensor;
use super::index::check_len;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// Scores and targets of one or many tasks whose shapes and devices fit together.
///
/// The elements are not checked yet: the pass that reads them does that. The fields are private so that
/// they always agree: kernels on a device read as many samples as the batch says.
///
/// ```
/// use metrics_core::backend::{Backend, Batch, Host};
/// use metrics_core::slice::Tensor;
///
/// let scores = Tensor::new(&[0.2, 0.7, 0.9, 0.4], &[2, 2])?;
/// let targets = Tensor::new(&[0, 1, 0, 1], &[2, 2])?;
/// let batch = Batch::<Host>::new("mine", scores, targets, None)?;
/// let sums = batch.backend().rank_sums(&batch)?;
/// assert_eq!([sums[0].auroc(), sums[1].auroc()], [Some(1.0), Some(0.0)]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Batch<'a, B: Backend> {
    pub(crate) op: &'static str,
    pub(crate) scores: B::Tensor<'a>,
    pub(crate) targets: B::Tensor<'a>,
    pub(crate) weights: Option<B::Tensor<'a>>,
    /// Whether the weights are one row, shared by all tasks.
    pub(crate) shares_weights: bool,
    pub(crate) n_tasks: usize,
    pub(crate) n_samples: usize,
}

impl<'a, B: Backend> Batch<'a, B> {
    /// Checks ranks, shapes and devices: `(n_samples,)` is one task, `(n_tasks, n_samples)` several.
    ///
    /// ```
    /// use metrics_core::{Error, HostTensor, backend::{Batch, Host}};
    ///
    /// let (scores, targets) = (HostTensor::new(&[0.2, 0.7], &[2])?, HostTensor::new(&[1], &[1])?);
    /// let error = Batch::<Host>::new("mine", scores, targets, None).unwrap_err();
    /// assert!(matches!(error, Error::ShapeMismatch { what: "targets", .. }));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedRank`], [`Error::ShapeMismatch`], [`Error::DeviceMismatch`];
    /// [`Error::OutOfMemory`] for views of more elements than `usize` can count.
    pub fn new(
        op: &'static str,
        scores: B::Tensor<'a>,
        targets: B::Tensor<'a>,
        weights: Option<B::Tensor<'a>>,
    ) -> Result<Self> {
        Self::of_tasks(op, scores, targets, weights, None, Layout::TasksFirst)
    }

    /// Checks ranks, shapes and devices, and the number of tasks where one is expected.
    ///
    /// One task has shape `(n_samples,)`, `(1, n_samples)` or `(n_samples, 1)`, several have the shape of
    /// their layout. Weights have the shape of the scores, or `(n_samples,)`, for all tasks.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::TaskMismatch`].
    pub(crate) fn of_tasks(
        op: &'static str,
        scores: B::Tensor<'a>,
        targets: B::Tensor<'a>,
        weights: Option<B::Tensor<'a>>,
        expected: Option<usize>,
        layout: Layout,
    ) -> Result<Self> {
        let shape = B::shape(&scores);
        let rank_error = |targets| Error::UnsupportedRank { op, scores: shape.clone(), targets };
        let (n_tasks, n_samples, is_transposed) = match (&shape[..], expected, layout) {
            (&[n_samples], ..) => (1, n_samples, false),
            (&[1, n_samples] | &[n_samples, 1], Some(1), _) => (1, n_samples, false),
            (&[n_tasks, n_samples], _, Layout::TasksFirst) => (n_tasks, n_samples, false),
            (&[n_samples, n_tasks], _, Layout::TasksLast) => (n_tasks, n_samples, true),
            _ => return Err(rank_error(B::shape(&targets))),
        };
        check_len(op, &shape)?;
        let target_shape = B::shape(&targets);
        if target_shape != shape {
            let what = "targets";
            return Err(Error::ShapeMismatch { op, scores: shape, what, shape: target_shape });
        }
        same_device::<B>(op, &scores, "targets", &targets)?;
        let mut shares_weights = false;
        if let Some(weights) = &weights {
            let weight_shape = B::shape(weights);
            shares_weights = weight_shape != shape && weight_shape == [n_samples];
            if weight_shape != shape && !shares_weights {
                let what = "weights";
                return Err(Error::ShapeMismatch { op, scores: shape, what, shape: weight_shape });
            }
            same_device::<B>(op, &scores, "weights", weights)?;
        }
        if let Some(expected) = expected
            && expected != n_tasks
        {
            let n_tasks = expected;
            return Err(Error::TaskMismatch {
                op,
                scores: shape,
                targets: target_shape,
                n_tasks,
                layout,
            });
        }
        let batch = Self { op, scores, targets, weights, shares_weights, n_tasks, n_samples };
        if is_transposed { batch.transposed() } else { Ok(batch) }
    }

    /// The batch with one row per task, from one with one column per task.
    fn transposed(self) -> Result<Self> {
        let backend = self.backend();
        let transposed =
            |x: &B::Tensor<'a>| backend.transpose(x).map_err(|error| error.needed_by(self.op));
        let weights = match &self.weights {
            Some(weights) if !self.shares_weights => Some(transposed(weights)?),
            weights => weights.clone(),
        };
        let (scores, targets) = (transposed(&self.scores)?, transposed(&self.targets)?);
        Ok(Self { scores, targets, weights, ..self })
    }

    /// The same batch, if it has at least one sample.
    ///
    /// # Errors
    /// [`Error::Empty`].
    pub(crate) fn expect_samples(self) -> Result<Self> {
        if self.is_empty() {
            return Err(Error::Empty { op: self.op, shape: B::shape(&self.scores) });
        }
        Ok(self)
    }

    /// The metric this batch is for, for error messages.
    ///
    /// ```
    /// use metrics_core::{ToTensor, backend::{Batch, Host}};
    ///
    /// let batch = Batch::<Host>::new("mine", [0.2].to_tensor(), [0].to_tensor(), None)?;
    /// assert_eq!(batch.op(), "mine");
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn op(&self) -> &'static str {
        self.op
    }

    /// One score per sample: `n_tasks × n_samples` elements, row by row.
    ///
    /// ```
    /// use metrics_core::{ToTensor, backend::{Batch, Host}};
    ///
    /// let batch = Batch::<Host>::new("mine", [0.2].to_tensor(), [0].to_tensor(), None)?;
    /// assert_eq!(batch.scores().to_f64_vec(), [0.2]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn scores(&self) -> &B::Tensor<'a> {
        &self.scores
    }

    /// One target per sample, in the shape of the scores.
    ///
    /// ```
    /// use metrics_core::{ToTensor, backend::{Batch, Host}};
    ///
    /// let batch = Batch::<Host>::new("mine", [0.2].to_tensor(), [true].to_tensor(), None)?;
    /// assert_eq!(batch.targets().to_f64_vec(), [1.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn targets(&self) -> &B::Tensor<'a> {
        &self.targets
    }

    /// One weight per sample, in the shape of the scores; or one row of weights, shared by all rows.
    ///
    /// ```
    /// use metrics_core::{HostTensor, backend::{Batch, Host}};
    ///
    /// // Two tasks share the weights of three samples.
    /// let scores = HostTensor::new(&[0.5; 6], &[2, 3])?;
    /// let targets = HostTensor::new(&[0; 6], &[2, 3])?;
    /// let weights = HostTensor::new(&[1.0, 0.5, 2.0], &[3])?;
    /// let batch = Batch::<Host>::new("mine", scores, targets, Some(weights))?;
    /// assert_eq!(batch.weights().unwrap().shape(), [3]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn weights(&self) -> Option<&B::Tensor<'a>> {
        self.weights.as_ref()
    }

    /// Number of rows.
    ///
    /// ```
    /// use metrics_core::{HostTensor, backend::{Batch, Host}};
    ///
    /// let scores = HostTensor::new(&[0.5; 6], &[2, 3])?;
    /// let targets = HostTensor::new(&[0; 6], &[2, 3])?;
    /// assert_eq!(Batch::<Host>::new("mine", scores, targets, None)?.n_tasks(), 2);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn n_tasks(&self) -> usize {
        self.n_tasks
    }

    /// Number of samples in each row.
    ///
    /// ```
    /// use metrics_core::{HostTensor, backend::{Batch, Host}};
    ///
    /// let scores = HostTensor::new(&[0.5; 6], &[2, 3])?;
    /// let targets = HostTensor::new(&[0; 6], &[2, 3])?;
    /// assert_eq!(Batch::<Host>::new("mine", scores, targets, None)?.n_samples(), 3);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Whether it has no samples.
    ///
    /// ```
    /// use metrics_core::{HostTensor, backend::{Batch, Host}};
    ///
    /// let none: HostTensor<'_> = HostTensor::new::<f32>(&[], &[2, 0])?;
    /// assert!(Batch::<Host>::new("mine", none.clone(), none, None)?.is_empty());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.n_tasks == 0 || self.n_samples == 0
    }

    /// The backend of the device that this batch is on.
    ///
    /// ```
    /// use metrics_core::{ToTensor, backend::{Batch, Host}};
    ///
    /// let batch = Batch::<Host>::new("mine", [0.2].to_tensor(), [0].to_tensor(), None)?;
    /// assert_eq!(batch.backend(), Host);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn backend(&self) -> B {
        B::of(&self.scores)
    }

    /// Calls `f` with the same batch in host memory, without a copy where it lies there row by row.
    ///
    /// ```
    /// use metrics_core::{Backend, Result, ToTensor, backend::{Batch, Host}};
    ///
    /// fn auroc<B: Backend>(batch: &Batch<'_, B>) -> Result<Option<f64>> {
    ///     batch.with_host(|batch| Ok(Host.rank_sums(batch)?[0].auroc()))
    /// }
    /// let (scores, targets) = ([0.2, 0.7], [0, 1]);
    /// let batch = Batch::<Host>::new("mine", scores.to_tensor(), targets.to_tensor(), None)?;
    /// assert_eq!(auroc(&batch)?, Some(1.0));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`] for a dtype outside [`DType`](crate::DType), [`Error::OutOfMemory`]
    /// for a view that takes more memory than there is, [`Error::Backend`] where the tensor library
    /// refuses, and those of `f`.
    pub fn with_host<R>(&self, f: impl FnOnce(&Batch<'_, Host>) -> Result<R>) -> Result<R> {
        let Self { op, n_tasks, n_samples, shares_weights, .. } = *self;
        let of = |what| move |error: Error| error.of_input(op, what);
        let shape = (op, shares_weights, n_tasks, n_samples);
        B::with_host(&self.scores, |scores| {
            B::with_host(&self.targets, |targets| match &self.weights {
                None => f(&Batch::of_host_tensors(shape, scores, targets, None)),
                Some(weights) => B::with_host(weights, |weights| {
                    f(&Batch::of_host_tensors(shape, scores, targets, Some(weights)))
                })
                .map_err(of("weights"))?,
            })
            .map_err(of("targets"))?
        })
        .map_err(of("scores"))?
    }

    /// The error for a score that is NaN, at this position of the row-major elements.
    ///
    /// ```
    /// use metrics_core::{HostTensor, backend::{Batch, Host}};
    ///
    /// let scores = HostTensor::new(&[0.5; 6], &[2, 3])?;
    /// let targets = HostTensor::new(&[0; 6], &[2, 3])?;
    /// let batch = Batch::<Host>::new("mine", scores, targets, None)?;
    /// assert_eq!(batch.nan_score(4).to_string(), "mine: score is NaN at task 1, index 1");
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn nan_score(&self, position: usize) -> Error {
        let (task, index) = self.place(position);
        Error::NanScore { op: self.op, task, index }
    }

    /// The error for a target that is neither 0 nor 1.
    ///
    /// ```
    /// use metrics_core::{ToTensor, backend::{Batch, Host}};
    ///
    /// let batch = Batch::<Host>::new("mine", [0.2].to_tensor(), [3].to_tensor(), None)?;
    /// let error = batch.invalid_target(0, 3.0);
    /// assert_eq!(error.to_string(), "mine: target is 3 at task 0, index 0, expected 0 or 1");
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn invalid_target(&self, position: usize, value: f64) -> Error {
        let (task, index) = self.place(position);
        Error::InvalidTarget { op: self.op, task, index, value }
    }

    /// The error for a weight that is negative, infinite or NaN.
    ///
    /// ```
    /// use metrics_core::{Error, ToTensor, backend::{Batch, Host}};
    ///
    /// let (scores, targets, weights) = ([0.2, 0.7], [0, 1], [1.0, -1.0]);
    /// let weights = Some(weights.to_tensor());
    /// let batch = Batch::<Host>::new("mine", scores.to_tensor(), targets.to_tensor(), weights)?;
    /// assert!(matches!(batch.invalid_weight(1, -1.0), Error::InvalidWeight { index: 1, .. }));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn invalid_weight(&self, position: usize, value: f64) -> Error {
        let (task, index) = self.place(position);
        Error::InvalidWeight { op: self.op, task, index, value }
    }

    /// The error for a prediction outside `[0, 1]`.
    ///
    /// ```
    /// use metrics_core::{Error, ToTensor, backend::{Batch, Host}};
    ///
    /// let batch = Batch::<Host>::new("mine", [1.5].to_tensor(), [0].to_tensor(), None)?;
    /// let error = batch.invalid_probability(0, 1.5);
    /// assert!(matches!(error, Error::InvalidProbability { row: 0, .. }));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn invalid_probability(&self, position: usize, value: f64) -> Error {
        Error::InvalidProbability { op: self.op, row: position, value }
    }

    fn place(&self, position: usize) -> (usize, usize) {
        // A batch without samples has no position, but a caller may pass one: do not divide by 0.
        let n_samples = self.n_samples.max(1);
        (position / n_samples, position % n_samples)
    }
}

impl<'a> Batch<'a, Host> {
    /// The same batch with its own elements: copied where they were borrowed.
    ///
    /// ```
    /// use metrics_core::{Result, ToTensor, backend::{Batch, Host}};
    ///
    /// fn queued() -> Result<Batch<'static, Host>> {
    ///     let (scores, targets) = (vec![0.2, 0.7], vec![0, 1]);
    ///     Ok(Batch::new("mine", scores.to_tensor(), targets.to_tensor(), None)?.into_owned())
    /// }
    /// assert_eq!(queued()?.n_samples(), 2);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn into_owned(self) -> Batch<'static, Host> {
        let Self { op, scores, targets, weights, shares_weights, n_tasks, n_samples } = self;
        let (scores, targets) = (scores.into_owned(), targets.into_owned());
        let weights = weights.map(HostTensor::into_owned);
        Batch { op, scores, targets, weights, shares_weights, n_tasks, n_samples }
    }

    fn of_host_tensors(
        (op, shares_weights, n_tasks, n_samples): (&'static str, bool, usize, usize),
        scores: HostTensor<'a>,
        targets: HostTensor<'a>,
        weights: Option<HostTensor<'a>>,
    ) -> Self {
        Self { op, scores, targets, weights, shares_weights, n_tasks, n_samples }
    }
}

fn same_device<B: Backend>(
    op: &'static str,
    scores: &B::Tensor<'_>,
    what: &'static str,
    other: &B::Tensor<'_>,
) -> Result<()> {
    let (scores, device) = (B::of(scores).device(), B::of(other).device());
    if scores == device {
        return Ok(());
    }
    Err(Error::DeviceMismatch {
        op,
        scores: scores.into_owned(),
        what,
        device: device.into_owned(),
    })
}
