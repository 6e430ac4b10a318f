//! The checks of shape that every metric makes before it touches an element.

use crate::backend::{Backend, Lend};
use crate::cpu::Host;
use crate::error::{Error, Result};
use crate::index::check_len;

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
        let shape = B::shape(&scores);
        let (n_tasks, n_samples) = match shape[..] {
            [n_samples] => (1, n_samples),
            [n_tasks, n_samples] => (n_tasks, n_samples),
            _ => {
                return Err(Error::UnsupportedRank {
                    op,
                    scores: shape,
                    targets: B::shape(&targets),
                });
            }
        };
        check_len(op, &shape)?;
        let others = std::iter::once(("targets", &targets))
            .chain(weights.as_ref().map(|weights| ("weights", weights)));
        for (what, other) in others {
            same_shape::<B>(op, &shape, what, other)?;
            same_device::<B>(op, &scores, what, other)?;
        }
        Ok(Self { op, scores, targets, weights, n_tasks, n_samples })
    }

    /// The same batch, if it has as many tasks as the metric.
    ///
    /// # Errors
    /// [`Error::TaskMismatch`].
    pub(crate) fn expect_tasks(self, n_tasks: usize, hint: &'static str) -> Result<Self> {
        if self.n_tasks == n_tasks {
            return Ok(self);
        }
        Err(Error::TaskMismatch {
            op: self.op,
            scores: B::shape(&self.scores),
            targets: B::shape(&self.targets),
            given: self.n_tasks,
            n_tasks,
            hint,
        })
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

    /// One weight a sample, like the scores.
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

    /// The same batch in host memory; borrowed where it already lies there, row by row.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`] for a dtype outside [`DType`](crate::DType),
    /// [`Error::OutOfMemory`] for a view that takes more memory than there is.
    pub fn download(&self) -> Result<Batch<'_, Host>> {
        let backend = self.backend();
        let download =
            |tensor| backend.download(tensor).map_err(|error: Error| error.needed_by(self.op));
        Ok(Batch {
            op: self.op,
            scores: download(&self.scores)?,
            targets: download(&self.targets)?,
            weights: self.weights.as_ref().map(download).transpose()?,
            n_tasks: self.n_tasks,
            n_samples: self.n_samples,
        })
    }

    /// Calls `f` with the same batch in host memory, of a backend that only lends its tensors there.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`], and those of `f`.
    pub fn in_host<R>(&self, f: impl FnOnce(&Batch<'_, Host>) -> Result<R>) -> Result<R>
    where
        B: Lend,
    {
        let Self { op, n_tasks, n_samples, .. } = *self;
        B::lend(&self.scores, op, "scores", |scores| {
            B::lend(&self.targets, op, "targets", |targets| match &self.weights {
                None => f(&Batch { op, scores, targets, weights: None, n_tasks, n_samples }),
                Some(weights) => B::lend(weights, op, "weights", |weights| {
                    let weights = Some(weights);
                    f(&Batch { op, scores, targets, weights, n_tasks, n_samples })
                }),
            })
        })
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

fn same_shape<B: Backend>(
    op: &'static str,
    scores: &[usize],
    what: &'static str,
    other: &B::Tensor<'_>,
) -> Result<()> {
    let shape = B::shape(other);
    if shape == scores {
        return Ok(());
    }
    Err(Error::ShapeMismatch { op, scores: scores.to_vec(), what, shape })
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
