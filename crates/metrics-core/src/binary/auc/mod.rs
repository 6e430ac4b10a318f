//! The streaming, bucketed area: constant memory, and bounds on its error.

mod builder;

pub use builder::AucBuilder;

use crate::arith::float_mode::in_default_mode;
use crate::backend::{Backend, Batch, ToTensor};
use crate::counts::bounds::{Bounds, bounds};
use crate::counts::buckets::BucketCounts;
use crate::counts::sums::RankSums;
use crate::curve::Curve;
use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::metric::accumulator::Accumulator;
use crate::metric::reading::Policy;
use crate::state::buckets::AucState;
use crate::undefined::Undefined;

const OP: &str = "auc";

/// Area under the ROC or the precision–recall curve, of probabilities counted in buckets.
///
/// ```text
/// bucket of p = ⌊p · num_thresholds⌋
/// ```
/// Each bucket is two integers, positives and negatives, so memory does not grow with the samples. The
/// value is [`binary_auroc`](crate::binary_auroc), or [`binary_auprc`](crate::binary_auprc) for
/// [`Curve::Pr`], where all samples of a bucket tie. [`bounds`](Self::bounds) returns an interval that
/// holds the value without buckets.
///
/// As Paddle's [`Auc`](https://paddlepaddle.org.cn/documentation/docs/en/api/paddle/metric/Auc_en.html),
/// except that `Curve::Pr` is average precision, an invalid prediction or target is an error, and samples
/// may have weights.
///
/// # Shapes
/// - predictions: `(n_samples,)` or `(n_samples, 1)` is the probability of class 1, in `[0, 1]`;
///   `(n_samples, 2)` is that of class 0 and of class 1, and only the latter is read
/// - targets: `(n_samples,)` or `(n_samples, 1)`, each 0 or 1
///
/// # Undefined cases
/// Without positives, and for [`Curve::Roc`] without negatives, the value is 0.0, as in Paddle, or as the
/// chosen [`Undefined`] says.
///
/// # Complexity
/// `update` O(n); `compute` O(`num_thresholds`). Memory: 16 bytes per bucket, or 48 after a weight that is
/// not a whole number of at most 2^20.
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
    samples: Accumulator<B, BucketCounts>,
}

impl<B: Backend> Clone for Auc<B> {
    /// A deep copy.
    fn clone(&self) -> Self {
        Self { curve: self.curve, undefined: self.undefined, samples: self.samples.clone() }
    }
}

impl<B: Backend> Default for Auc<B> {
    /// The area under the ROC curve with 4095 thresholds.
    fn default() -> Self {
        Self::with_counts(Curve::Roc, Undefined::Default, BucketCounts::default())
    }
}

impl<B: Backend> Auc<B> {
    /// Area under this curve with this many thresholds, 1 to [`MAX_NUM_THRESHOLDS`](crate::MAX_NUM_THRESHOLDS).
    ///
    /// ```
    /// use metrics_core::{Curve, slice::Auc};
    /// assert_eq!(Auc::new(Curve::Roc, 200)?.num_thresholds(), 200);
    /// assert!(Auc::new(Curve::Roc, 0).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidNumThresholds`], before any memory is taken; [`Error::OutOfMemory`].
    pub fn new(curve: Curve, num_thresholds: usize) -> Result<Self> {
        Self::builder().curve(curve).num_thresholds(num_thresholds).build()
    }

    fn with_counts(curve: Curve, undefined: Undefined, counts: BucketCounts) -> Self {
        Self { curve, undefined, samples: Accumulator::new(counts) }
    }

    /// A builder with the default options.
    ///
    /// ```
    /// let auc = metrics_core::slice::Auc::builder().num_thresholds(100).build()?;
    /// assert_eq!((auc.curve(), auc.num_thresholds()), (metrics_core::Curve::Roc, 100));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn builder() -> AucBuilder<B> {
        AucBuilder::new()
    }

    /// Which curve the area is taken under.
    ///
    /// ```
    /// assert_eq!(metrics_core::slice::Auc::default().curve(), metrics_core::Curve::Roc);
    /// ```
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// One less than the number of buckets.
    ///
    /// ```
    /// assert_eq!(metrics_core::slice::Auc::default().num_thresholds(), 4095);
    /// ```
    pub fn num_thresholds(&self) -> usize {
        self.samples.state.num_thresholds()
    }

    /// What the metric returns where the area is undefined.
    ///
    /// ```
    /// use metrics_core::{Curve, Undefined, slice::Auc};
    ///
    /// let mut auc = Auc::new(Curve::Roc, 100)?.undefined(Undefined::Error);
    /// auc.update(&[0.5], &[1])?;
    /// let error = auc.compute().unwrap_err();
    /// assert!(error.to_string().ends_with("there are no positives or no negatives"));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    #[must_use]
    pub fn undefined(mut self, undefined: Undefined) -> Self {
        self.undefined = undefined;
        self
    }

    /// Adds a batch of predictions; an empty one changes nothing.
    ///
    /// ```
    /// let mut auc = metrics_core::slice::Auc::default();
    /// auc.update(&[0.2, 0.7], &[0, 1])?;
    /// assert!(auc.update(&[1.5], &[1]).is_err()); // No probability, and nothing has changed.
    /// assert_eq!(auc.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`], [`Error::ShapeMismatch`], [`Error::DeviceMismatch`],
    /// [`Error::UnsupportedDtype`]; [`Error::InvalidProbability`], [`Error::InvalidTarget`],
    /// [`Error::TooManySamples`]; [`Error::OutOfMemory`], [`Error::Backend`]. Nothing has changed then.
    pub fn update(
        &mut self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
    ) -> Result<()> {
        self.count(scores.to_tensor(), targets.to_tensor(), None)
    }

    /// Adds a batch with one weight per sample, finite and at least 0.
    ///
    /// ```
    /// let mut auc = metrics_core::slice::Auc::default();
    /// auc.update_weighted(&[0.2, 0.7, 0.5], &[0, 0, 1], &[1.0, 3.0, 1.0])?;
    /// assert_eq!(auc.compute()?, 0.25);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`update`](Self::update), and [`Error::InvalidWeight`], [`Error::WeightOverflow`]. Nothing has
    /// changed then.
    pub fn update_weighted(
        &mut self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
        weights: &(impl ToTensor<B> + ?Sized),
    ) -> Result<()> {
        self.count(scores.to_tensor(), targets.to_tensor(), Some(weights.to_tensor()))
    }

    /// The area over all samples so far.
    ///
    /// ```
    /// let mut auc = metrics_core::slice::Auc::new(metrics_core::Curve::Roc, 10)?;
    /// auc.update(&[0.51, 0.52], &[0, 1])?; // One bucket: a tie.
    /// assert_eq!(auc.compute()?, 0.5);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSamples`] before the first sample, [`Error::Undefined`] if the caller chose it;
    /// [`Error::RejectedUpdates`] and [`Error::Backend`] where a device reports them late.
    #[doc(alias("eval", "accumulate", "result"))]
    pub fn compute(&mut self) -> Result<f64> {
        in_default_mode(|| {
            let sums = self.counts()?.sums();
            self.value(&sums)
        })
    }

    /// The area, as that of one task.
    ///
    /// ```
    /// let mut auc = metrics_core::slice::Auc::default();
    /// auc.update(&[0.2, 0.7], &[0, 1])?;
    /// assert_eq!(auc.compute_tasks()?, [1.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn compute_tasks(&mut self) -> Result<Vec<f64>> {
        Ok(vec![self.compute()?])
    }

    /// An interval that certainly holds the area without buckets.
    ///
    /// `0 <= lower <= value <= upper <= 1`, for the bucketed value and for every arrangement of the samples in
    /// their buckets, whatever the weights are. The bounds of [`Curve::Roc`] are exact ratios rounded once.
    /// Those of [`Curve::Pr`], and those with weights that are not counted, are wider by 2^-47 of themselves
    /// to cover rounding; the lower bound of counts is wider by 2^-62 more.
    ///
    /// ```
    /// let mut auc = metrics_core::slice::Auc::new(metrics_core::Curve::Roc, 10)?;
    /// auc.update(&[0.51, 0.52], &[0, 1])?;
    /// assert_eq!((auc.bounds()?.lower, auc.bounds()?.upper), (0.0, 1.0));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn bounds(&mut self) -> Result<Bounds> {
        in_default_mode(|| {
            let curve = self.curve;
            let counts = self.counts()?;
            if let Some(bounds) = bounds(counts, curve) {
                return Ok(bounds);
            }
            let sums = counts.sums();
            let value = self.value(&sums)?;
            Ok(Bounds { lower: value, upper: value })
        })
    }

    /// The bucket counts of all samples.
    fn counts(&mut self) -> Result<&BucketCounts> {
        let counts = self.samples.flushed()?;
        if counts.is_empty() {
            return Err(Error::NoSamples { op: OP });
        }
        Ok(counts)
    }

    fn value(&self, sums: &RankSums) -> Result<f64> {
        let (value, reason) = match self.curve {
            Curve::Roc => (sums.auroc(), "there are no positives or no negatives"),
            Curve::Pr => (sums.auprc(), "there are no positives"),
        };
        Policy::new(OP, 0, self.undefined).resolve(value, 0.0, reason)
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
        self.samples.update(&Batch::new(OP, probabilities, targets, weights)?)
    }

    /// Adds all samples of another metric with the same curve and thresholds.
    ///
    /// ```
    /// use metrics_core::slice::Auc;
    /// let (mut auc, mut other) = (Auc::default(), Auc::default());
    /// auc.update(&[0.2], &[0])?;
    /// other.update(&[0.7], &[1])?;
    /// auc.merge(&other)?;
    /// assert_eq!(auc.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MergeAuc`], [`Error::TooManySamples`], [`Error::WeightOverflow`]. Both are unchanged then.
    /// [`Error::OutOfMemory`]; [`Error::RejectedUpdates`] and [`Error::Backend`] where a device reports them late.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.expect(other.curve, other.num_thresholds())?;
        in_default_mode(|| self.samples.merge(OP, &other.samples))
    }

    /// Removes all samples.
    ///
    /// ```
    /// let mut auc = metrics_core::slice::Auc::default();
    /// auc.update(&[0.2, 0.7], &[0, 1])?;
    /// auc.reset();
    /// assert!(auc.compute().is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn reset(&mut self) {
        self.samples.state.clear();
        self.samples.pending = B::Pending::default();
    }

    /// All counts, as plain data: for a file, another process, another backend.
    ///
    /// ```
    /// assert_eq!(metrics_core::slice::Auc::default().state()?.num_thresholds(), 4095);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::RejectedUpdates`] and [`Error::Backend`] where a device reports them late.
    pub fn state(&mut self) -> Result<AucState> {
        let curve = self.curve;
        in_default_mode(|| Ok(AucState::new(curve, self.samples.flushed()?)))
    }

    /// Replaces all samples by those of a state.
    ///
    /// ```
    /// use metrics_core::slice::Auc;
    /// let (mut auc, mut resumed) = (Auc::default(), Auc::default());
    /// auc.update(&[0.2, 0.7], &[0, 1])?;
    /// resumed.load_state(&auc.state()?)?;
    /// assert_eq!(resumed.compute()?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MergeAuc`] for another curve or number of thresholds, [`Error::OutOfMemory`]. Nothing has
    /// changed then.
    pub fn load_state(&mut self, state: &AucState) -> Result<()> {
        self.expect(state.curve(), state.num_thresholds())?;
        self.samples = Accumulator::new(in_default_mode(|| state.counts())?);
        Ok(())
    }

    fn expect(&self, given_curve: Curve, given_thresholds: usize) -> Result<()> {
        let (curve, num_thresholds) = (self.curve, self.num_thresholds());
        if (given_curve, given_thresholds) == (curve, num_thresholds) {
            return Ok(());
        }
        Err(Error::MergeAuc { given_curve, given_thresholds, curve, num_thresholds })
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
    type Value = f64;

    crate::metric::metric_methods!();
}
