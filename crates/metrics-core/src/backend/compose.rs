//! Compositions of primitives with the results of the engines, to the bit. They define these results, the
//! tests compare the engines with them, and a library on a device without kernels of ours runs them.

use super::batch::Batch;
use super::pending::StateMut;
use super::primitives::Primitives;
use crate::arith::float_mode::in_default_mode;
use crate::counts::buckets::BucketCounts;
use crate::counts::ranked::RankedCounts;
use crate::counts::sums::RankSums;
use crate::element::check::ElementCheck;
use crate::error::Result;

/// [`Backend::rank_sums`](super::Backend::rank_sums) of the ranked counts.
///
/// ```
/// use metrics_core::ToTensor;
/// use metrics_core::backend::{Batch, Host, compose};
///
/// let (scores, targets) = ([0.1, 0.5, 0.7, 0.8], [1, 0, 1, 1]);
/// let batch = Batch::new("mine", scores.to_tensor(), targets.to_tensor(), None)?;
/// assert_eq!(compose::rank_sums(&Host, &batch)?[0].auprc(), Some(11.0 / 12.0));
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// As [`Backend::rank_sums`](super::Backend::rank_sums).
pub fn rank_sums<B: Primitives>(backend: &B, batch: &Batch<'_, B>) -> Result<Vec<RankSums>> {
    in_default_mode(|| {
        let counts = backend.ranked_counts(batch)?;
        Ok(counts.iter().map(RankedCounts::sums).collect())
    })
}

/// [`Backend::ranked_counts`](super::Backend::ranked_counts): sort, gather the targets, sum them up, and
/// gather the sums where tie groups end.
///
/// ```
/// use metrics_core::backend::{Batch, Host, compose};
/// use metrics_core::{Cumulative, ToTensor};
///
/// let (scores, targets) = ([0.5, 0.9, 0.5], [0, 1, 1]);
/// let batch = Batch::new("mine", scores.to_tensor(), targets.to_tensor(), None)?;
/// let counts = &compose::ranked_counts(&Host, &batch)?[0];
/// assert_eq!(counts.thresholds(), [0.9, 0.5]);
/// assert_eq!(counts.tps(), Cumulative::Whole(&[1, 2]));
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// As [`Backend::ranked_counts`](super::Backend::ranked_counts).
pub fn ranked_counts<B: Primitives>(
    backend: &B,
    batch: &Batch<'_, B>,
) -> Result<Vec<RankedCounts>> {
    in_default_mode(|| {
        check(backend, batch, ElementCheck::NotNan)?;
        let shape = [batch.n_tasks, batch.n_samples];
        let scores = backend.reshape(batch.scores.clone(), shape)?;
        let targets = backend.reshape(batch.targets.clone(), shape)?;
        let order = backend.argsort_descending(&scores)?;
        let sorted = backend.gather(&scores, &order)?;
        let tps = backend.cumsum(&backend.gather(&targets, &order)?)?;
        (0..batch.n_tasks)
            .map(|task| counts_at_group_ends(backend, &sorted, &tps, batch.op, task))
            .collect()
    })
}

fn counts_at_group_ends<B: Primitives>(
    backend: &B,
    sorted: &B::Tensor<'_>,
    tps: &B::Tensor<'_>,
    op: &'static str,
    task: usize,
) -> Result<RankedCounts> {
    let sorted = backend.row(sorted, task)?;
    let ends = backend.group_ends(&sorted)?;
    let thresholds = backend.gather(&sorted, &ends)?;
    let tps = backend.gather(&backend.row(tps, task)?, &ends)?;
    let tps = B::with_host(&tps, |tps| tps.to_f64_vec())?;
    let tps: Vec<u64> = tps.into_iter().map(|tp| tp as u64).collect();
    let ends = backend.download_index(&ends)?;
    // `-0.0` and `0.0` tie; the threshold of their group must not depend on the sort.
    let thresholds = B::with_host(&thresholds, |thresholds| thresholds.to_f64_vec())?;
    let thresholds = thresholds.into_iter().map(|threshold| threshold + 0.0).collect();
    let fps = ends.iter().zip(&tps).map(|(end, tp)| (end + 1).saturating_sub(*tp)).collect();
    RankedCounts::new(op, task, thresholds, tps, fps)
}

/// [`Backend::update`](super::Backend::update): the bucket of each probability, counted beside its target.
/// Samples of an exact metric, and samples with weights, go to the state in host memory.
///
/// ```
/// use metrics_core::backend::{Batch, Host, StateMut, compose};
/// use metrics_core::{BucketCounts, ToTensor};
///
/// let (probabilities, targets) = ([0.1, 0.9], [0, 1]);
/// let batch = Batch::new("mine", probabilities.to_tensor(), targets.to_tensor(), None)?;
/// let mut counts = BucketCounts::new(10)?;
/// compose::update(&Host, &batch, StateMut::Buckets(&mut counts))?;
/// assert!(!counts.is_empty());
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// As [`Backend::update`](super::Backend::update).
pub fn update<B: Primitives>(backend: &B, batch: &Batch<'_, B>, state: StateMut<'_>) -> Result<()> {
    state.expect_tasks_of(batch)?;
    match state {
        StateMut::Buckets(counts) if batch.weights.is_none() => count(backend, batch, counts),
        state => batch.with_host(|batch| state.update(batch)),
    }
}

fn count<B: Primitives>(
    backend: &B,
    batch: &Batch<'_, B>,
    counts: &mut BucketCounts,
) -> Result<()> {
    in_default_mode(|| {
        check(backend, batch, ElementCheck::Probability)?;
        let (shape, num_thresholds) = ([1, batch.n_samples], counts.num_thresholds());
        let probabilities = backend.reshape(batch.scores.clone(), shape)?;
        let buckets = backend.bucket(&probabilities, num_thresholds)?;
        let targets = backend.reshape(batch.targets.clone(), shape)?;
        let [negatives, positives] = backend.bincount(&buckets, &targets, num_thresholds + 1)?;
        counts.add(batch.op, &negatives, &positives)
    })
}

/// The first invalid sample of a batch without weights; at one position the score comes before the target.
fn check<B: Primitives>(backend: &B, batch: &Batch<'_, B>, scores: ElementCheck) -> Result<()> {
    let score = backend.find_invalid(&batch.scores, scores)?;
    let target = backend.find_invalid(&batch.targets, ElementCheck::Binary)?;
    match (score, target) {
        (Some((at, _)), Some((position, value))) if position < at => {
            Err(batch.invalid_target(position, value))
        }
        (Some((position, value)), _) if scores == ElementCheck::Probability => {
            Err(batch.invalid_probability(position, value))
        }
        (Some((position, _)), _) => Err(batch.nan_score(position)),
        (None, Some((position, value))) => Err(batch.invalid_target(position, value)),
        (None, None) => Ok(()),
    }
}
