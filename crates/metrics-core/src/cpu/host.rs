//! The backend of plain slices, and the fused steps of every backend in host memory.

use std::borrow::Cow;

use super::bucket::{self, bucket_of, element};
use super::ops::{argsort_descending, group_ends};
use super::rank::{Bad, rank, scan};
use super::samples::{AnySamples, with_samples};
use super::total;
use super::walk::Sink;
use crate::areas::Areas;
use crate::backend::{Backend, Rule};
use crate::buckets::BucketCounts;
use crate::curve::RankedCounts;
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::host::HostTensor;
use crate::input::Batch;
use crate::kind::ScoreKind;
use crate::reserve::{filled, room};
use crate::state::{RankState, Run, weigh};
use crate::{threads, with_slice};

/// Plain slices in host memory as a backend; behind [`slice`](mod@crate::slice).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Host;

/// Positions in the rows of a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostIndex {
    rows: Vec<Vec<u64>>,
}

impl Backend for Host {
    const NAME: &'static str = "slice";
    type Tensor<'a> = HostTensor<'a>;
    type Index = HostIndex;
    type KeptSamples = ();
    type KeptCounts = ();

    fn of(_tensor: &Self::Tensor<'_>) -> Self {
        Self
    }

    fn device(&self) -> Cow<'static, str> {
        "cpu".into()
    }

    fn shape(x: &Self::Tensor<'_>) -> Vec<usize> {
        x.shape().to_vec()
    }

    fn view<'t>(x: &'t Self::Tensor<'_>) -> Self::Tensor<'t> {
        x.borrow()
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<HostTensor<'static>> {
        Ok(x.clone().into_owned())
    }

    fn download<'t>(&self, x: &'t HostTensor<'_>) -> Result<HostTensor<'t>> {
        Ok(x.borrow())
    }

    fn download_index(&self, index: &HostIndex) -> Result<Vec<u64>> {
        Ok(index.rows.concat())
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        HostTensor::from_buffer(x.into_buffer(), shape.to_vec())
    }

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        let (n, n_rows) = (width(x), height(x));
        inside("row", "row", row, n_rows)?;
        with_slice!(x.buffer(), data => {
            HostTensor::from_vec(data[row * n..(row + 1) * n].to_vec(), &[1, n])
        })
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        let n = width(x);
        inside("column", "column", column, n)?;
        with_slice!(x.buffer(), data => {
            let column: Vec<_> = data.iter().skip(column).step_by(n.max(1)).copied().collect();
            let shape = [column.len()];
            HostTensor::from_vec(column, &shape)
        })
    }

    fn find_invalid(&self, x: &HostTensor<'_>, rule: Rule) -> Result<Option<(usize, f64)>> {
        Ok(with_slice!(x.buffer(), data => {
            data.iter().map(|x| x.to_f64()).enumerate().find(|&(_, x)| !rule.allows(x))
        }))
    }

    fn argsort_descending(&self, x: &HostTensor<'_>) -> Result<HostIndex> {
        let rows = with_slice!(x.buffer(), data => rows(data, x).map(argsort_descending).collect());
        Ok(HostIndex { rows })
    }

    fn gather(&self, x: &HostTensor<'_>, index: &HostIndex) -> Result<HostTensor<'static>> {
        let shape = [index.rows.len(), index.rows.first().map_or(0, Vec::len)];
        if let Some(last) = index.rows.len().checked_sub(1) {
            inside("gather", "row", last, height(x))?;
        }
        index.rows.iter().try_for_each(|row| all_inside("gather", "column", row, width(x)))?;
        with_slice!(x.buffer(), data => {
            let gathered = rows(data, x)
                .zip(&index.rows)
                .flat_map(|(row, index)| index.iter().map(|&i| row[i as usize]))
                .collect();
            HostTensor::from_vec(gathered, &shape)
        })
    }

    fn cumsum(&self, x: &HostTensor<'_>) -> Result<HostTensor<'static>> {
        let sums = with_slice!(x.buffer(), data => {
            rows(data, x).flat_map(|row| row.iter().scan(0u64, |sum, x| {
                *sum = sum.saturating_add(x.to_f64() as u64);
                Some(*sum)
            })).collect()
        });
        HostTensor::from_vec(sums, x.shape())
    }

    fn group_ends(&self, x: &HostTensor<'_>) -> Result<HostIndex> {
        let rows = with_slice!(x.buffer(), data => rows(data, x).map(group_ends).collect());
        Ok(HostIndex { rows })
    }

    fn bucket(&self, x: &HostTensor<'_>, num_thresholds: usize) -> Result<HostIndex> {
        let bucket = |p: f64| bucket_of(p, num_thresholds) as u64;
        let rows = with_slice!(x.buffer(), data => {
            rows(data, x).map(|row| row.iter().map(|p| bucket(p.to_f64())).collect()).collect()
        });
        Ok(HostIndex { rows })
    }

    fn bincount(
        &self,
        index: &HostIndex,
        targets: &HostTensor<'_>,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        index.rows.iter().try_for_each(|row| all_inside("bincount", "bin", row, n_bins))?;
        let mut counts = [filled("bincount", n_bins, 0)?, filled("bincount", n_bins, 0)?];
        with_slice!(targets.buffer(), data => {
            for (&bin, target) in index.rows.iter().flatten().zip(data) {
                counts[usize::from(target.to_f64() == 1.0)][bin as usize] += 1;
            }
        });
        Ok(counts)
    }

    fn areas(&self, batch: &Batch<'_, Self>) -> Result<Vec<Areas>> {
        rank_tasks(batch, |_, parts| total(parts).into())
    }

    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        let counts = rank_tasks(batch, |kind, parts| accumulate(batch.op, kind, &parts))?;
        counts.into_iter().collect()
    }

    fn count_buckets(&self, batch: &Batch<'_, Self>, counts: &mut BucketCounts) -> Result<()> {
        bucket::count(batch, weights(batch)?.as_deref(), counts)
    }

    fn append(&self, batch: &Batch<'_, Self>, state: &mut RankState) -> Result<()> {
        let weights = weights(batch)?;
        let row_weights = |task: usize| {
            weights.as_deref().map(|all| &all[task * batch.n_samples..(task + 1) * batch.n_samples])
        };
        // The samples of one task are checked as they are kept; of more, none is kept before.
        let is_checked_later = batch.n_tasks == 1 && weights.is_none();
        for task in 0..batch.n_tasks {
            let (n_counted, weight) =
                row_weights(task).map_or((batch.n_samples as u64, 0.0), weigh);
            with_samples!(task_samples(batch, task), kind, samples => {
                let room = state.check(batch.op, task, kind, n_counted, weight);
                if room.is_err() || !is_checked_later {
                    scan(samples, kind).map_err(|bad| error(batch, task, bad))?;
                }
                room?;
            });
        }
        state.make_places(batch.op)?;
        for task in 0..batch.n_tasks {
            with_samples!(task_samples(batch, task), kind, samples => {
                state.append(task, samples, kind, row_weights(task))
            })
            .map_err(|bad| error(batch, task, bad))?;
        }
        Ok(())
    }
}

/// Ranks each task of a batch and makes one value of its parts.
fn rank_tasks<S: Sink, R: Send>(
    batch: &Batch<'_, Host>,
    finish: impl Fn(ScoreKind, Vec<S>) -> R + Sync + Send,
) -> Result<Vec<R>> {
    let ranked = threads::map((0..batch.n_tasks).collect(), |task| {
        with_samples!(task_samples(batch, task), kind, samples => {
            let parts = rank(samples, kind).map_err(|bad| error(batch, task, bad))?;
            Ok(finish(kind, parts))
        })
    });
    ranked.into_iter().collect()
}

fn task_samples<'a>(batch: &'a Batch<'_, Host>, task: usize) -> AnySamples<'a> {
    let row = task * batch.n_samples..(task + 1) * batch.n_samples;
    AnySamples::new(batch.scores.buffer(), batch.targets.buffer(), row)
}

fn error(batch: &Batch<'_, Host>, task: usize, bad: Bad) -> crate::Error {
    let start = task * batch.n_samples;
    match bad {
        Bad::Score(index) => batch.nan_score(start + index),
        Bad::Target(index) => {
            batch.invalid_target(start + index, element(batch.targets.buffer(), start + index))
        }
    }
}

/// The weights of a batch, if it has any, checked.
fn weights(batch: &Batch<'_, Host>) -> Result<Option<Vec<f64>>> {
    let Some(weights) = &batch.weights else { return Ok(None) };
    if let Some((position, value)) = Host.find_invalid(weights, Rule::Weight)? {
        return Err(batch.invalid_weight(position, value));
    }
    Ok(Some(weights.to_f64_vec()))
}

/// Counts of the runs of a task: 24 bytes a distinct score.
fn accumulate(op: &'static str, kind: ScoreKind, parts: &[Vec<Run>]) -> Result<RankedCounts> {
    let (mut tp, mut fp) = (0, 0);
    let n_runs = parts.iter().map(Vec::len).sum();
    let thresholds = room(op, n_runs)?;
    let mut counts = RankedCounts { thresholds, tps: room(op, n_runs)?, fps: room(op, n_runs)? };
    for run in parts.iter().flatten() {
        tp += run.n_positives;
        fp += run.n_negatives;
        counts.thresholds.push(kind.threshold(run.key));
        counts.tps.push(tp);
        counts.fps.push(fp);
    }
    Ok(counts)
}

/// Whether there is such a row, column or bin.
fn inside(op: &'static str, what: &'static str, given: usize, limit: usize) -> Result<()> {
    if given < limit { Ok(()) } else { Err(Error::OutOfRange { op, what, given, limit }) }
}

fn all_inside(op: &'static str, what: &'static str, row: &[u64], limit: usize) -> Result<()> {
    row.iter().try_for_each(|&given| {
        inside(op, what, usize::try_from(given).unwrap_or(usize::MAX), limit)
    })
}

/// Number of rows of a matrix.
fn height(x: &HostTensor<'_>) -> usize {
    x.shape().first().copied().unwrap_or(0)
}

/// Length of a row of a matrix.
fn width(x: &HostTensor<'_>) -> usize {
    x.shape().last().copied().unwrap_or(0)
}

/// The rows of a matrix, also where they are empty.
fn rows<'d, T>(data: &'d [T], x: &HostTensor<'_>) -> impl Iterator<Item = &'d [T]> {
    let (n_rows, width) = (height(x), width(x));
    (0..n_rows).map(move |row| &data[row * width..(row + 1) * width])
}
