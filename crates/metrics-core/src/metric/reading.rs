//! Readings: metrics as values, read off the ranked counts of a task.

use std::fmt::Debug;

use super::request::Request;
use crate::backend::{Backend, ToTensor};
use crate::counts::ranked::RankedCounts;
use crate::counts::ranking::Ranking;
use crate::counts::sums::RankSums;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::undefined::Undefined;

/// A metric as a value with parameters, read off the ranking of a task.
///
/// Code that computes metrics takes [`Readings`]: one of these, or a tuple of them.
///
/// Implement this trait for a metric of your own: it then has functions, weights, several tasks and a
/// stateful metric on every backend:
///
/// ```
/// use metrics_core::{Auprc, Policy, RankSums, Reading, Readings, Result};
///
/// /// Share of the samples that are positive.
/// #[derive(Debug, Clone, Default)]
/// struct Prevalence;
///
/// impl Reading for Prevalence {
///     type Source = RankSums;
///     type Value = f64;
///
///     fn name(&self) -> &'static str {
///         "prevalence"
///     }
///
///     fn value(&self, sums: &RankSums, _policy: Policy) -> Result<f64> {
///         Ok(sums.n_positives() / (sums.n_positives() + sums.n_negatives()))
///     }
/// }
/// let (auprc, prevalence) = (Auprc, Prevalence).read(&[0.1, 0.5, 0.7, 0.8], &[1, 0, 1, 1])?;
/// assert_eq!((auprc, prevalence), (11.0 / 12.0, 0.75));
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub trait Reading: Clone + Debug + Send + Sync {
    /// What it is read from: [`RankSums`](crate::RankSums) where the sums over the ranking are enough, which
    /// the engines compute without a list of counts; else [`RankedCounts`].
    type Source: Source;
    /// The value of one task.
    type Value;

    /// Name of the metric, for error messages.
    ///
    /// ```
    /// use metrics_core::{Auprc, Reading};
    ///
    /// assert_eq!(Reading::name(&Auprc), "binary_auprc");
    /// ```
    fn name(&self) -> &'static str;

    /// Whether the parameters are in range.
    ///
    /// ```
    /// use metrics_core::{Error, Policy, RankedCounts, Reading, Readings, Result};
    ///
    /// /// Recall of the samples with a score of at least this.
    /// #[derive(Debug, Clone)]
    /// struct RecallFrom(f64);
    ///
    /// impl Reading for RecallFrom {
    ///     type Source = RankedCounts;
    ///     type Value = f64;
    ///
    ///     fn name(&self) -> &'static str {
    ///         "recall_from"
    ///     }
    ///
    ///     fn check(&self) -> Result<()> {
    ///         if !self.0.is_nan() {
    ///             return Ok(());
    ///         }
    ///         let (op, parameter, expected) = ("recall_from", "threshold", "a number");
    ///         Err(Error::InvalidParameter { op, parameter, given: self.0, expected })
    ///     }
    ///
    ///     fn value(&self, counts: &RankedCounts, _policy: Policy) -> Result<f64> {
    ///         let lowest = counts.groups().take_while(|group| group.threshold >= self.0).last();
    ///         Ok(lowest.map_or(0.0, |group| group.tp / counts.n_positives()))
    ///     }
    /// }
    /// assert_eq!(RecallFrom(0.5).read(&[0.2, 0.5, 0.7], &[1, 1, 0])?, 0.5);
    /// let error = RecallFrom(f64::NAN).read(&[0.2, 0.5, 0.7], &[1, 1, 0]).unwrap_err();
    /// assert_eq!(error.to_string(), "recall_from: threshold is NaN, expected a number");
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], or another error that names the given and the allowed values.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The value of a task.
    ///
    /// # Errors
    /// [`Error::Undefined`] where the value is undefined and the policy asks for this error.
    fn value(&self, source: &Self::Source, policy: Policy) -> Result<Self::Value>;
}

/// What a [`Reading`] may be read from.
///
/// ```
/// use metrics_core::{Auprc, Counts, Reading, Source};
///
/// fn source_of<R: Reading<Source = S>, S: Source>(_reading: R) -> &'static str {
///     std::any::type_name::<S>()
/// }
/// assert!(source_of(Auprc).ends_with("RankSums"));
/// assert!(source_of(Counts).ends_with("RankedCounts"));
/// ```
pub trait Source: sealed::Sealed {}

impl Source for RankSums {}
impl Source for RankedCounts {}

mod sealed {
    use super::{RankSums, RankedCounts, Ranking};

    pub trait Sealed: Sized {
        const IS_COUNTS: bool;

        /// Calls `f` with the sums or the counts of a ranking. A ranking has counts where they were asked for.
        fn with<R>(ranking: &Ranking, f: impl FnOnce(&Self) -> R) -> R;
    }

    impl Sealed for RankSums {
        const IS_COUNTS: bool = false;

        fn with<R>(ranking: &Ranking, f: impl FnOnce(&Self) -> R) -> R {
            match ranking {
                Ranking::Sums(sums) => f(sums),
                Ranking::Counts(counts) => f(&counts.sums()),
            }
        }
    }

    impl Sealed for RankedCounts {
        const IS_COUNTS: bool = true;

        fn with<R>(ranking: &Ranking, f: impl FnOnce(&Self) -> R) -> R {
            match ranking {
                Ranking::Counts(counts) => f(counts),
                Ranking::Sums(_) => unreachable!("counts were not asked for"),
            }
        }
    }
}

/// What a reading returns where its value is undefined, with the metric and the task for the error.
///
/// ```
/// use metrics_core::{Policy, RankSums, Reading, Readings, Result, Undefined};
///
/// /// Positives for each negative.
/// #[derive(Debug, Clone)]
/// struct Odds;
///
/// impl Reading for Odds {
///     type Source = RankSums;
///     type Value = f64;
///
///     fn name(&self) -> &'static str {
///         "odds"
///     }
///
///     fn value(&self, sums: &RankSums, policy: Policy) -> Result<f64> {
///         let odds = sums.n_positives() / sums.n_negatives();
///         let odds = odds.is_finite().then_some(odds);
///         policy.resolve(odds, f64::INFINITY, "there are no negatives")
///     }
/// }
/// assert_eq!(Odds.read(&[0.2, 0.7, 0.5], &[0, 1, 1])?, 2.0);
/// assert_eq!(Odds.read(&[0.2, 0.7], &[1, 1])?, f64::INFINITY);
/// assert!(Odds.undefined(Undefined::Error).read(&[0.2, 0.7], &[1, 1]).is_err());
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    op: &'static str,
    task: usize,
    undefined: Undefined,
}

impl Policy {
    pub(crate) fn new(op: &'static str, task: usize, undefined: Undefined) -> Self {
        Self { op, task, undefined }
    }

    fn of(self, op: &'static str) -> Self {
        Self { op, ..self }
    }

    /// The value if there is one; else the metric's default, NaN or an error, as the caller has chosen.
    ///
    /// ```
    /// use metrics_core::{Auroc, Readings, Undefined};
    ///
    /// // Auroc's reading resolves with the default 0.5.
    /// assert_eq!(Auroc.read(&[0.7], &[1])?, 0.5);
    /// let error = Auroc.undefined(Undefined::Error).read(&[0.7], &[1]).unwrap_err();
    /// assert!(error.to_string().ends_with("there are no positives or no negatives"));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Undefined`] with the reason.
    pub fn resolve(self, value: Option<f64>, default: f64, reason: &'static str) -> Result<f64> {
        match (value, self.undefined) {
            (Some(value), _) => Ok(value),
            (None, Undefined::Default) => Ok(default),
            (None, Undefined::Nan) => Ok(f64::NAN),
            (None, Undefined::Error) => {
                Err(Error::Undefined { op: self.op, task: self.task, reason })
            }
        }
    }
}

/// A [`Reading`], or a tuple of up to eight, all read off one ranking.
///
/// ```
/// use metrics_core::{Auprc, Auroc, PrecisionRecall, Readings};
///
/// let (scores, targets) = ([0.1, 0.5, 0.7, 0.8], [1, 0, 1, 1]);
/// let (auprc, auroc, curve) = (Auprc, Auroc, PrecisionRecall).read(&scores, &targets)?;
/// assert_eq!((auprc, auroc), (11.0 / 12.0, 2.0 / 3.0));
/// assert_eq!(curve.thresholds, [0.1, 0.5, 0.7, 0.8]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub trait Readings: Clone + Debug + Send + Sync {
    /// The value of one task: a tuple of values for a tuple of readings.
    type Value;

    /// Whether these readings need counts: the sums over a ranking are not enough.
    ///
    /// ```
    /// use metrics_core::{Auprc, Readings, Roc};
    ///
    /// fn needs_counts<R: Readings>(_readings: R) -> bool {
    ///     R::NEED_COUNTS
    /// }
    /// assert!(!needs_counts(Auprc) && needs_counts((Auprc, Roc)));
    /// ```
    const NEED_COUNTS: bool;

    /// Name for error messages.
    ///
    /// ```
    /// use metrics_core::{Auprc, Auroc, Readings};
    ///
    /// assert_eq!(Readings::name(&Auprc), "binary_auprc");
    /// assert_eq!(Readings::name(&(Auprc, Auroc)), "evaluation");
    /// ```
    fn name(&self) -> &'static str;

    /// Whether all parameters are in range.
    ///
    /// ```
    /// use metrics_core::{Auprc, Auroc, Readings};
    ///
    /// assert!(Readings::check(&(Auprc, Auroc)).is_ok());
    /// ```
    ///
    /// # Errors
    /// As [`Reading::check`].
    fn check(&self) -> Result<()>;

    /// The values of a task.
    ///
    /// ```
    /// use metrics_core::{Auprc, Auroc, Policy, RankSums, Ranking, Reading, Readings, Result};
    ///
    /// /// A reading that reads two others.
    /// #[derive(Debug, Clone)]
    /// struct Mean;
    ///
    /// impl Reading for Mean {
    ///     type Source = RankSums;
    ///     type Value = f64;
    ///
    ///     fn name(&self) -> &'static str {
    ///         "mean"
    ///     }
    ///
    ///     fn value(&self, sums: &RankSums, policy: Policy) -> Result<f64> {
    ///         let (auprc, auroc) = (Auprc, Auroc).values(&Ranking::Sums(*sums), policy)?;
    ///         Ok((auprc + auroc) / 2.0)
    ///     }
    /// }
    /// assert_eq!(Mean.read(&[0.5, 0.5], &[0, 1])?, 0.5);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Reading::value`].
    fn values(&self, ranking: &Ranking, policy: Policy) -> Result<Self::Value>;

    /// Reads one task: scores and targets of shape `(n_samples,)`, `(1, n_samples)` or `(n_samples, 1)`.
    ///
    /// ```
    /// use metrics_core::{Auprc, Auroc, Readings};
    ///
    /// let (scores, targets) = ([0.1, 0.5, 0.7, 0.8], [1, 0, 1, 1]);
    /// assert_eq!((Auprc, Auroc).read(&scores, &targets)?, (11.0 / 12.0, 2.0 / 3.0));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Request::read`].
    fn read<B: Backend>(
        self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
    ) -> Result<Self::Value> {
        Request::new(self).read(scores, targets)
    }

    /// Reads each task of scores and targets of shape `(n_tasks, n_samples)`.
    ///
    /// ```
    /// use metrics_core::{Auroc, Readings, slice::Tensor};
    ///
    /// let scores = Tensor::new(&[0.2, 0.7, 0.9, 0.4], &[2, 2])?;
    /// let targets = Tensor::new(&[0, 1, 0, 1], &[2, 2])?;
    /// assert_eq!(Auroc.tasks(&scores, &targets)?, [1.0, 0.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Request::tasks`].
    fn tasks<B: Backend>(
        self,
        scores: &(impl ToTensor<B> + ?Sized),
        targets: &(impl ToTensor<B> + ?Sized),
    ) -> Result<Vec<Self::Value>> {
        Request::new(self).tasks(scores, targets)
    }

    /// A request with one weight per sample; see [`Request::weights`].
    ///
    /// ```
    /// use metrics_core::{Auroc, Readings};
    ///
    /// // A weight of 0 removes its sample.
    /// let weights = [1.0, 0.0, 1.0];
    /// assert_eq!(Auroc.weights(&weights).read(&[0.2, 0.7, 0.5], &[0, 0, 1])?, 1.0);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    fn weights<'a, B: Backend>(
        self,
        weights: &'a (impl ToTensor<B> + ?Sized),
    ) -> Request<'a, B, Self> {
        Request::new(self).weights(weights)
    }

    /// A request with another policy for undefined values; see [`Request::undefined`].
    ///
    /// ```
    /// use metrics_core::{Auroc, Readings, Undefined};
    ///
    /// assert!(Auroc.undefined(Undefined::Nan).read(&[0.7], &[1])?.is_nan());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    fn undefined<'a, B: Backend>(self, undefined: Undefined) -> Request<'a, B, Self> {
        Request::new(self).undefined(undefined)
    }

    /// A request with another layout of several tasks; see [`Request::layout`].
    ///
    /// ```
    /// use metrics_core::{Auroc, Layout, Readings, slice::Tensor};
    ///
    /// let scores = Tensor::new(&[0.2, 0.9, 0.7, 0.4], &[2, 2])?;
    /// let targets = Tensor::new(&[0, 0, 1, 1], &[2, 2])?;
    /// assert_eq!(Auroc.layout(Layout::TasksLast).tasks(&scores, &targets)?, [1.0, 0.0]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    fn layout<'a, B: Backend>(self, layout: Layout) -> Request<'a, B, Self> {
        Request::new(self).layout(layout)
    }
}

impl<R: Reading> Readings for R {
    type Value = R::Value;

    const NEED_COUNTS: bool = <R::Source as sealed::Sealed>::IS_COUNTS;

    fn name(&self) -> &'static str {
        Reading::name(self)
    }

    fn check(&self) -> Result<()> {
        Reading::check(self)
    }

    fn values(&self, ranking: &Ranking, policy: Policy) -> Result<R::Value> {
        let policy = policy.of(Reading::name(self));
        sealed::Sealed::with(ranking, |source| self.value(source, policy))
    }
}

macro_rules! tuples {
    ($(($($reading:ident $at:tt),+))+) => {$(
        impl<$($reading: Reading),+> Readings for ($($reading,)+) {
            type Value = ($($reading::Value,)+);

            const NEED_COUNTS: bool = $(<$reading as Readings>::NEED_COUNTS)||+;

            fn name(&self) -> &'static str {
                "evaluation"
            }

            fn check(&self) -> Result<()> {
                $(Reading::check(&self.$at)?;)+
                Ok(())
            }

            fn values(&self, ranking: &Ranking, policy: Policy) -> Result<Self::Value> {
                Ok(($(self.$at.values(ranking, policy)?,)+))
            }
        }
    )+};
}

tuples! {
    (R0 0)
    (R0 0, R1 1)
    (R0 0, R1 1, R2 2)
    (R0 0, R1 1, R2 2, R3 3)
    (R0 0, R1 1, R2 2, R3 3, R4 4)
    (R0 0, R1 1, R2 2, R3 3, R4 4, R5 5)
    (R0 0, R1 1, R2 2, R3 3, R4 4, R5 5, R6 6)
    (R0 0, R1 1, R2 2, R3 3, R4 4, R5 5, R6 6, R7 7)
}
