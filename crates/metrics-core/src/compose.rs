//! The fused steps as compositions of primitives: their definition, the reference in the tests, and
//! all that a new backend needs to begin with.
//!
//! They are the default methods of [`Backend`]. A backend that overrides a step for one device calls
//! them for the others.

use crate::areas::Areas;
use crate::backend::{Backend, Rule};
use crate::buckets::BucketCounts;
use crate::cpu::Host;
use crate::curve::RankedCounts;
use crate::error::Result;
use crate::float_mode::in_default_mode;
use crate::input::Batch;
use crate::state::RankState;

/// [`Backend::areas`] of the ranked counts.
///
/// # Errors
/// As [`Backend::areas`].
pub fn areas<B: Backend>(backend: &B, batch: &Batch<'_, B>) -> Result<Vec<Areas>> {
    in_default_mode(|| {
        let counts = backend.ranked_counts(batch)?;
        counts.iter().enumerate().map(|(task, counts)| counts.areas(batch.op, task)).collect()
    })
}

/// [`Backend::ranked_counts`]: sort, gather the targets, sum them up, and gather the sums where tie
/// groups end.
///
/// # Errors
/// As [`Backend::ranked_counts`].
pub fn ranked_counts<B: Backend>(backend: &B, batch: &Batch<'_, B>) -> Result<Vec<RankedCounts>> {
    in_default_mode(|| {
        check(backend, batch, Rule::NotNan)?;
        let shape = [batch.n_tasks, batch.n_samples];
        let scores = backend.reshape(batch.scores.clone(), shape)?;
        let targets = backend.reshape(batch.targets.clone(), shape)?;
        let order = backend.argsort_descending(&scores)?;
        let sorted = backend.gather(&scores, &order)?;
        let tps = backend.cumsum(&backend.gather(&targets, &order)?)?;
        (0..batch.n_tasks).map(|task| counts_at_group_ends(backend, &sorted, &tps, task)).collect()
    })
}

fn counts_at_group_ends<B: Backend>(
    backend: &B,
    sorted: &B::Tensor<'_>,
    tps: &B::Tensor<'_>,
    task: usize,
) -> Result<RankedCounts> {
    let sorted = backend.row(sorted, task)?;
    let ends = backend.group_ends(&sorted)?;
    let thresholds = backend.gather(&sorted, &ends)?;
    let tps = backend.gather(&backend.row(tps, task)?, &ends)?;
    let tps: Vec<u64> =
        backend.download(&tps)?.to_f64_vec().into_iter().map(|tp| tp as u64).collect();
    let ends = backend.download_index(&ends)?;
    Ok(RankedCounts {
        // `-0.0` and `0.0` tie; which of them stands for both must not depend on the sort.
        thresholds: backend
            .download(&thresholds)?
            .to_f64_vec()
            .into_iter()
            .map(|t| t + 0.0)
            .collect(),
        fps: ends.iter().zip(&tps).map(|(end, tp)| end + 1 - tp).collect(),
        tps,
    })
}

/// [`Backend::count_buckets`]: the bucket of each probability, counted beside its target.
///
/// # Errors
/// As [`Backend::count_buckets`].
pub fn count_buckets<B: Backend>(
    backend: &B,
    batch: &Batch<'_, B>,
    counts: &mut BucketCounts,
) -> Result<()> {
    if batch.weights.is_some() {
        return Host.count_buckets(&batch.download()?, counts);
    }
    in_default_mode(|| {
        check(backend, batch, Rule::Probability)?;
        let (shape, num_thresholds) = ([1, batch.n_samples], counts.num_thresholds());
        let probabilities = backend.reshape(batch.scores.clone(), shape)?;
        let buckets = backend.bucket(&probabilities, num_thresholds)?;
        let targets = backend.reshape(batch.targets.clone(), shape)?;
        let [negatives, positives] = backend.bincount(&buckets, &targets, num_thresholds + 1)?;
        counts.add(batch.op, &negatives, &positives)
    })
}

/// [`Backend::append`] on the host.
///
/// # Errors
/// As [`Backend::append`].
pub fn append<B: Backend>(_backend: &B, batch: &Batch<'_, B>, state: &mut RankState) -> Result<()> {
    Host.append(&batch.download()?, state)
}

/// The first bad sample of a batch without weights, scores before targets at the same position.
fn check<B: Backend>(backend: &B, batch: &Batch<'_, B>, rule: Rule) -> Result<()> {
    let score = backend.find_invalid(&batch.scores, rule)?;
    let target = backend.find_invalid(&batch.targets, Rule::Binary)?;
    match (score, target) {
        (Some((at, _)), Some((position, value))) if position < at => {
            Err(batch.invalid_target(position, value))
        }
        (Some((position, value)), _) if rule == Rule::Probability => {
            Err(batch.invalid_probability(position, value))
        }
        (Some((position, _)), _) => Err(batch.nan_score(position)),
        (None, Some((position, value))) => Err(batch.invalid_target(position, value)),
        (None, None) => Ok(()),
    }
}
