//! The streaming, bucketed area: constant memory, and it says how wrong it can be.

use std::marker::PhantomData;

use crate::areas::Areas;
use crate::backend::{Backend, Kept, ToTensor};
use crate::bounds::{Bounds, bounds};
use crate::buckets::BucketCounts;
use crate::error::{Error, Result};
use crate::float_mode::in_default_mode;
use crate::input::Batch;
use crate::metric::Metric;
use crate::options::{Curve, Undefined, UndefinedCase};
use crate::state::AucState;

const OP: &str = "auc";

/// Buckets by default, less one, as in Paddle.
pub const DEFAULT_NUM_THRESHOLDS: usize = 4095;
/// Most buckets, less one.
pub const MAX_NUM_THRESHOLDS: usize = 1 << 24;

/// Area under the ROC or the precision–recall curve of probabilities in buckets.
///
/// ```text
/// bucket of p = ⌊p · num_thresholds⌋
/// ```
/// Two integers a bucket, positives and negatives: memory does not grow with the samples. The value
/// is [`binary_auroc`](crate::binary_auroc), or [`binary_auprc`](crate::binary_auprc) for
/// [`Curve::Pr`], of the buckets: samples in one bucket tie. [`bounds`](Self::bounds) says where the
/// value without buckets lies.
///
/// As Paddle's `Auc`, except that `Curve::Pr` is real, that a bad prediction or label is an error,
/// and that weights are taken.
///
/// # Shapes
/// - predictions: `(n_samples,)` or `(n_samples, 1)` is the probability of class 1, in `[0, 1]`;
///   `(n_samples, 2)` is that of class 0 and of class 1, and only the latter is read
/// - targets: `(n_samples,)` or `(n_samples, 1)`, each 0 or 1
///
/// # Undefined cases
/// Without positives, and for [`Curve::Roc`] without negatives: 0.0, as Paddle returns, or what
/// [`Undefined`] says.
///
/// # Complexity
/// `update` O(n); `compute` O(`num_thresholds`). Memory: 16 bytes a bucket; 48 once a weight is not
/// a whole number of up to 2^20.
///
/// # Examples
/// ```
/// use metrics_core::slice::Auc;
/// use metrics_core::{Curve, Metric};
///
/// let mut auc = Auc::builder().curve(Curve::Roc).num_thresholds(10).build()?;
/// auc.update(&[0.11, 0.52, 0.71, 0.83], &[1, 0, 1, 1])?;
/// assert_eq!(auc.compute()?, 2.0 / 3.0);
/// auc.update(&[0.58], &[0])?;
/// let bounds = auc.bounds()?;
/// assert!(bounds.lower <= auc.compute()? && auc.compute()? <= bounds.upper);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Auc<B: Backend> {
    curve: Curve,
    undefined: Undefined,
    counts: BucketCounts,
    /// Counts that are not among the others yet.
    kept: B::KeptCounts,
}

/// Choices for an [`Auc`].
#[derive(Debug)]
pub struct AucBuilder<B> {
    curve: Curve,
    num_thresholds: usize,
    undefined: Undefined,
    backend: PhantomData<fn(&B)>,
}

impl<B: Backend> AucBuilder<B> {
    /// Which curve the area is taken under; [`Curve::Roc`] by default.
    #[must_use]
    pub fn curve(mut self, curve: Curve) -> Self {
        self.curve = curve;
        self
    }

    /// One less than the number of buckets, 1 to [`MAX_NUM_THRESHOLDS`]; 4095 by default.
    #[must_use]
    pub fn num_thresholds(mut self, num_thresholds: usize) -> Self {
        self.num_thresholds = num_thresholds;
        self
    }

    /// What to return where the area is undefined.
    #[must_use]
    pub fn undefined(mut self, undefined: Undefined) -> Self {
        self.undefined = undefined;
        self
    }

    /// The metric.
    ///
    /// # Errors
    /// [`Error::InvalidNumThresholds`], before any memory is taken; [`Error::OutOfMemory`].
    pub fn build(self) -> Result<Auc<B>> {
        let Self { curve, num_thresholds, undefined, .. } = self;
        Ok(Auc::with_counts(curve, undefined, BucketCounts::new(num_thresholds)?))
    }
}

impl<B: Backend> Clone for Auc<B> {
    /// A deep copy.
    fn clone(&self) -> Self {
        Self {
            curve: self.curve,
            undefined: self.undefined,
            counts: self.counts.clone(),
            kept: self.kept.clone(),
        }
    }
}

impl<B: Backend> Default for Auc<B> {
    /// The area under the ROC curve with 4095 thresholds.
    fn default() -> Self {
        Self::with_counts(Curve::Roc, Undefined::Default, BucketCounts::default())
    }
}

impl<B: Backend> Auc<B> {
    /// Area under this curve with this many thresholds, 1 to [`MAX_NUM_THRESHOLDS`].
    ///
    /// # Errors
    /// [`Error::InvalidNumThresholds`], before any memory is taken.
    pub fn new(curve: Curve, num_thresholds: usize) -> Result<Self> {
        Self::builder().curve(curve).num_thresholds(num_thresholds).build()
    }

    fn with_counts(curve: Curve, undefined: Undefined, counts: BucketCounts) -> Self {
        Self { curve, undefined, counts, kept: B::KeptCounts::default() }
    }

    /// Choices for a metric, with their defaults.
    pub fn builder() -> AucBuilder<B> {
        AucBuilder {
            curve: Curve::Roc,
            num_thresholds: DEFAULT_NUM_THRESHOLDS,
            undefined: Undefined::Default,
            backend: PhantomData,
        }
    }

    /// Which curve the area is taken under.
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// One less than the number of buckets.
    pub fn num_thresholds(&self) -> usize {
        self.counts.num_thresholds()
    }

    /// Where the area without buckets certainly lies.
    ///
    /// They hold whatever the weights are: `0 <= lower <= value <= upper <= 1`, for the value by buckets
    /// and for every arrangement of the samples in their buckets. The bounds of [`Curve::Roc`] are exact
    /// ratios rounded once. Those of [`Curve::Pr`] and of weights that are not counted leave 2^-47 of
    /// themselves as room for rounding, and the lower bound of counts leaves 2^-62 more.
    ///
    /// # Errors
    /// As [`compute`](Metric::compute).
    pub fn bounds(&mut self) -> Result<Bounds> {
        in_default_mode(|| {
            let areas = self.areas()?;
            if let Some(bounds) = bounds(&self.counts, self.curve) {
                return Ok(bounds);
            }
            let value = self.value(&areas)?;
            Ok(Bounds { lower: value, upper: value })
        })
    }

    fn areas(&mut self) -> Result<Areas> {
        self.settle()?;
        if self.counts.is_empty() {
            return Err(Error::NoSamples { op: OP });
        }
        Ok(self.counts.areas())
    }

    fn value(&self, areas: &Areas) -> Result<f64> {
        let (value, reason) = match self.curve {
            Curve::Roc => (areas.auroc(), "there are no positives or no negatives"),
            Curve::Pr => (areas.auprc(), "there are no positives"),
        };
        self.undefined.resolve(value, 0.0, UndefinedCase { op: OP, task: 0, reason })
    }

    fn count<'a>(
        &mut self,
        predictions: B::Tensor<'a>,
        targets: B::Tensor<'a>,
        weights: Option<B::Tensor<'a>>,
    ) -> Result<()> {
        let shape = B::shape(&predictions);
        let single = |what, tensor| {
            single_column::<B>(what, tensor, &shape).map_err(|error| error.needed_by(OP))
        };
        let probabilities =
            probability_of_class_1::<B>(predictions).map_err(|error| error.needed_by(OP))?;
        let targets = single("targets", targets)?;
        let weights = weights.map(|weights| single("weights", weights)).transpose()?;
        let batch = Batch::<B>::new(OP, probabilities, targets, weights)?;
        if batch.is_empty() {
            return Ok(());
        }
        in_default_mode(|| batch.backend().keep_counts(&batch, &mut self.counts, &mut self.kept))
    }

    fn settle(&mut self) -> Result<()> {
        self.kept.settle(&mut self.counts)
    }
}

/// `(1, n_samples)` out of `(n_samples,)`, `(n_samples, 1)` or `(n_samples, 2)`.
fn probability_of_class_1<B: Backend>(predictions: B::Tensor<'_>) -> Result<B::Tensor<'_>> {
    let shape = B::shape(&predictions);
    let backend = B::of(&predictions);
    match shape[..] {
        [n_samples] | [n_samples, 1] => backend.reshape(predictions, [1, n_samples]),
        [n_samples, 2] => backend.reshape(backend.column(&predictions, 1)?, [1, n_samples]),
        _ => Err(Error::UnsupportedShape {
            op: OP,
            what: "predictions",
            shape,
            expected: "(n_samples,), (n_samples, 1) or (n_samples, 2)",
        }),
    }
}

/// `(1, n_samples)` out of `(n_samples,)` or `(n_samples, 1)`, as many as there are predictions.
fn single_column<'a, B: Backend>(
    what: &'static str,
    tensor: B::Tensor<'a>,
    predictions: &[usize],
) -> Result<B::Tensor<'a>> {
    let shape = B::shape(&tensor);
    match shape[..] {
        [n_samples] | [n_samples, 1] if n_samples != predictions[0] => {
            Err(Error::ShapeMismatch { op: OP, scores: predictions.to_vec(), what, shape })
        }
        [n_samples] | [n_samples, 1] => B::of(&tensor).reshape(tensor, [1, n_samples]),
        _ => Err(Error::UnsupportedShape {
            op: OP,
            what,
            shape,
            expected: "(n_samples,) or (n_samples, 1)",
        }),
    }
}

impl<B: Backend> Metric for Auc<B> {
    type Backend = B;
    type State = AucState;

    fn update(
        &mut self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
    ) -> Result<()> {
        self.count(scores.to_tensor(), targets.to_tensor(), None)
    }

    fn update_weighted(
        &mut self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
        weights: &(impl ToTensor<B> + ?Sized),
    ) -> Result<()> {
        self.count(scores.to_tensor(), targets.to_tensor(), Some(weights.to_tensor()))
    }

    fn compute(&mut self) -> Result<f64> {
        in_default_mode(|| {
            let areas = self.areas()?;
            self.value(&areas)
        })
    }

    fn compute_tasks(&mut self) -> Result<Vec<f64>> {
        Ok(vec![self.compute()?])
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.expect(other.curve, other.num_thresholds())?;
        // What is wrong with an update of the other metric is for its own next reader.
        let mut theirs = other.clone();
        in_default_mode(|| {
            match theirs.settle() {
                Err(Error::LeftOut { .. }) => theirs.settle()?,
                settled => settled?,
            }
            self.settle()?;
            self.counts.merge(OP, &theirs.counts)
        })
    }

    fn reset(&mut self) {
        self.counts.clear();
        self.kept = B::KeptCounts::default();
    }

    fn state(&mut self) -> Result<AucState> {
        in_default_mode(|| {
            self.settle()?;
            Ok(AucState::new(self.curve, &self.counts))
        })
    }

    fn load_state(&mut self, state: &AucState) -> Result<()> {
        self.expect(state.curve(), state.num_thresholds())?;
        self.counts = in_default_mode(|| state.counts())?;
        self.kept = B::KeptCounts::default();
        Ok(())
    }
}

impl<B: Backend> Auc<B> {
    fn expect(&self, given_curve: Curve, given_thresholds: usize) -> Result<()> {
        let (curve, num_thresholds) = (self.curve, self.num_thresholds());
        if (given_curve, given_thresholds) == (curve, num_thresholds) {
            return Ok(());
        }
        Err(Error::MergeAuc { given_curve, given_thresholds, curve, num_thresholds })
    }
}
