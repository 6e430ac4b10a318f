//! The checks of shape that every metric makes before it touches an element.

use super::Backend;
use super::host::Host;
use super::host_tensor::HostTensor;
use super::index::check_len;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// Scores and targets of one or many tasks whose shapes and devices fit together.
///
/// The elements are not checked yet: that happens in the pass that reads them anyway. The fields are
/// read through methods, so that nobody can make them disagree: kernels on a device read as many
/// samples as a batch says it has.
#[derive(Debug, Clone)]
pub struct Batch<'a, B: Backend> {
    pub(crate) op: &'static str,
    pub(crate) scores: B::Tensor<'a>,
    pub(crate) targets: B::Tensor<'a>,
    pub(crate) weights: Option<B::Tensor<'a>>,
    /// Whether the weights are those of one task, which all tasks have.
    pub(crate) shares_weights: bool,
    pub(crate) n_tasks: usize,
    pub(crate) n_samples: usize,
}

impl<'a, B: Backend> Batch<'a, B> {
    /// Checks ranks, shapes and devices: `(n_samples,)` is one task, `(n_tasks, n_samples)` several.
    ///
    /// # Errors
    /// [`Error::UnsupportedRank`], [`Error::ShapeMismatch`], [`Error::DeviceMismatch`];
    /// [`Error::OutOfMemory`] for views of more elements than can be numbered.
    pub fn new(
        op: &'static str,
        scores: B::Tensor<'a>,
        targets: B::Tensor<'a>,
        weights: Option<B::Tensor<'a>>,
    ) -> Result<Self> {
        Self::of_tasks(op, scores, targets, weights, None, Layout::TasksFirst)
    }

    /// Checks ranks, shapes and devices, and the number of tasks where there must be so many.
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

    /// The batch with a row a task, made of one with a column a task.
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
    pub fn op(&self) -> &'static str {
        self.op
    }

    /// One score a sample: `n_tasks × n_samples` elements, row by row.
    pub fn scores(&self) -> &B::Tensor<'a> {
        &self.scores
    }

    /// One target a sample, like the scores.
    pub fn targets(&self) -> &B::Tensor<'a> {
        &self.targets
    }

    /// One weight a sample, like the scores; or one for each sample of a row, for all rows.
    pub fn weights(&self) -> Option<&B::Tensor<'a>> {
        self.weights.as_ref()
    }

    /// Number of rows.
    pub fn n_tasks(&self) -> usize {
        self.n_tasks
    }

    /// Number of samples in each row.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Whether there is no sample in it.
    pub fn is_empty(&self) -> bool {
        self.n_tasks == 0 || self.n_samples == 0
    }

    /// The backend of the device this batch lives on.
    pub fn backend(&self) -> B {
        B::of(&self.scores)
    }

    /// Calls `f` with the same batch in host memory, in place where it lies there row by row.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`] for a dtype outside [`DType`](crate::DType), [`Error::OutOfMemory`] for a
    /// view that takes more memory than there is, and those of `f`.
    pub fn with_host<R>(&self, f: impl FnOnce(&Batch<'_, Host>) -> Result<R>) -> Result<R> {
        let Self { op, n_tasks, n_samples, shares_weights, .. } = *self;
        let of = |what| move |error: Error| error.of_input(op, what);
        let shape = (op, shares_weights, n_tasks, n_samples);
        B::with_host(&self.scores, |scores| {
            B::with_host(&self.targets, |targets| match &self.weights {
                None => f(&Batch::in_host(shape, scores, targets, None)),
                Some(weights) => B::with_host(weights, |weights| {
                    f(&Batch::in_host(shape, scores, targets, Some(weights)))
                })
                .map_err(of("weights"))?,
            })
            .map_err(of("targets"))?
        })
        .map_err(of("scores"))?
    }

    /// The error for a score that is NaN, at this position of the row-major elements.
    pub fn nan_score(&self, position: usize) -> Error {
        let (task, index) = self.place(position);
        Error::NanScore { op: self.op, task, index }
    }

    /// The error for a target that is neither 0 nor 1.
    pub fn invalid_target(&self, position: usize, value: f64) -> Error {
        let (task, index) = self.place(position);
        Error::InvalidTarget { op: self.op, task, index, value }
    }

    /// The error for a weight that is negative, infinite or NaN.
    pub fn invalid_weight(&self, position: usize, value: f64) -> Error {
        let (task, index) = self.place(position);
        Error::InvalidWeight { op: self.op, task, index, value }
    }

    /// The error for a prediction outside `[0, 1]`.
    pub fn invalid_probability(&self, position: usize, value: f64) -> Error {
        Error::InvalidProbability { op: self.op, row: position, value }
    }

    fn place(&self, position: usize) -> (usize, usize) {
        // Without samples there is no position; none that a caller makes up may divide by 0.
        let n_samples = self.n_samples.max(1);
        (position / n_samples, position % n_samples)
    }
}

impl<'a> Batch<'a, Host> {
    /// The same batch with elements of its own: copied where they were borrowed.
    pub fn into_owned(self) -> Batch<'static, Host> {
        let Self { op, scores, targets, weights, shares_weights, n_tasks, n_samples } = self;
        let (scores, targets) = (scores.into_owned(), targets.into_owned());
        let weights = weights.map(HostTensor::into_owned);
        Batch { op, scores, targets, weights, shares_weights, n_tasks, n_samples }
    }

    fn in_host(
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
