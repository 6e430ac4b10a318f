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
use crate::error::Result;
use crate::float_mode::in_default_mode;
use crate::host::HostTensor;
use crate::index::{
    IndexShape, check_column, check_matrix, check_one_row, check_reshape, check_row,
};
use crate::input::Batch;
use crate::kind::ScoreKind;
use crate::reserve::room;
use crate::state::{RankState, Run, weigh};
use crate::{reserve, threads, with_slice};

/// Plain slices in host memory as a backend; behind [`slice`](mod@crate::slice).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Host;

/// Numbers in host memory, row by row: positions in the rows of a matrix, or buckets. Only the
/// primitives of [`Host`] make one, so that its numbers are what its shape says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostIndex {
    shape: IndexShape,
    numbers: Vec<u64>,
}

impl HostIndex {
    /// What is known of the numbers without a look at them.
    pub fn shape(&self) -> IndexShape {
        self.shape
    }

    /// The numbers, row by row.
    pub fn numbers(&self) -> &[u64] {
        &self.numbers
    }
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
        reserve::collected("download index", index.numbers.iter().copied())
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        check_reshape(x.shape(), shape)?;
        HostTensor::from_buffer(x.into_buffer(), shape.to_vec())
    }

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        let n = check_row(x.shape(), row)?;
        with_slice!(x.buffer(), data => {
            let row = data[row * n..(row + 1) * n].iter().copied();
            HostTensor::from_vec(reserve::collected("row", row)?, &[1, n])
        })
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        let n_rows = check_column(x.shape(), column)?;
        with_slice!(x.buffer(), data => {
            let column = data.iter().skip(column).step_by(width(x)).copied();
            HostTensor::from_vec(reserve::collected("column", column)?, &[n_rows])
        })
    }

    fn find_invalid(&self, x: &HostTensor<'_>, rule: Rule) -> Result<Option<(usize, f64)>> {
        Ok(in_default_mode(|| {
            with_slice!(x.buffer(), data => {
                data.iter().map(|x| x.to_f64()).enumerate().find(|&(_, x)| !rule.allows(x))
            })
        }))
    }

    fn argsort_descending(&self, x: &HostTensor<'_>) -> Result<HostIndex> {
        let shape = IndexShape::of_argsort(x.shape())?;
        let mut numbers = reserve::room("argsort", x.buffer().len())?;
        with_slice!(x.buffer(), data => {
            for row in rows(data, x) {
                numbers.append(&mut argsort_descending(row)?);
            }
        });
        Ok(HostIndex { shape, numbers })
    }

    fn gather(&self, x: &HostTensor<'_>, index: &HostIndex) -> Result<HostTensor<'static>> {
        index.shape.check_gather(x.shape())?;
        let [_, n_columns] = index.shape.dims();
        with_slice!(x.buffer(), data => {
            let mut gathered = reserve::room("gather", index.numbers.len())?;
            // Without columns there is nothing to gather from any row.
            for (row, numbers) in rows(data, x).zip(index.numbers.chunks(n_columns.max(1))) {
                gathered.extend(numbers.iter().map(|&i| row[i as usize]));
            }
            HostTensor::from_vec(gathered, &index.shape.dims())
        })
    }

    fn cumsum(&self, x: &HostTensor<'_>) -> Result<HostTensor<'static>> {
        check_matrix("cumsum", x.shape())?;
        let mut sums = reserve::room("cumsum", x.buffer().len())?;
        with_slice!(x.buffer(), data => {
            for row in rows(data, x) {
                sums.extend(row.iter().scan(0u64, |sum, x| {
                    *sum += u64::from(x.to_f64() == 1.0);
                    Some(*sum)
                }));
            }
        });
        HostTensor::from_vec(sums, x.shape())
    }

    fn group_ends(&self, x: &HostTensor<'_>) -> Result<HostIndex> {
        let n_columns = check_one_row("group_ends", x.shape())?;
        let numbers = with_slice!(x.buffer(), row => group_ends(row))?;
        Ok(HostIndex { shape: IndexShape::of_group_ends(n_columns, numbers.len()), numbers })
    }

    fn bucket(&self, x: &HostTensor<'_>, num_thresholds: usize) -> Result<HostIndex> {
        let shape = IndexShape::of_bucket(x.shape(), num_thresholds)?;
        let bucket = |p: f64| bucket_of(p, num_thresholds).min(num_thresholds) as u64;
        let numbers = with_slice!(x.buffer(), data => {
            reserve::collected("bucket", data.iter().map(|p| bucket(p.to_f64())))
        })?;
        Ok(HostIndex { shape, numbers })
    }

    fn bincount(
        &self,
        index: &HostIndex,
        targets: &HostTensor<'_>,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        index.shape.check_bincount(targets.shape(), n_bins)?;
        let zeros = || reserve::filled("bincount", n_bins, 0);
        let mut counts = [zeros()?, zeros()?];
        with_slice!(targets.buffer(), data => {
            for (&bin, target) in index.numbers.iter().zip(data) {
                counts[usize::from(target.to_f64() == 1.0)][bin as usize] += 1;
            }
        });
        Ok(counts)
    }

    fn areas(&self, batch: &Batch<'_, Self>) -> Result<Vec<Areas>> {
        in_default_mode(|| rank_tasks(batch, |_, parts| total(parts).into()))
    }

    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        in_default_mode(|| {
            let counts = rank_tasks(batch, |kind, parts| accumulate(batch.op, kind, &parts))?;
            counts.into_iter().collect()
        })
    }

    fn count_buckets(&self, batch: &Batch<'_, Self>, counts: &mut BucketCounts) -> Result<()> {
        in_default_mode(|| bucket::count(batch, weights(batch)?.as_deref(), counts))
    }

    fn append(&self, batch: &Batch<'_, Self>, state: &mut RankState) -> Result<()> {
        in_default_mode(|| {
            let weights = weights(batch)?;
            let row_weights = |task: usize| {
                let of_task = task * batch.n_samples..(task + 1) * batch.n_samples;
                weights.as_deref().map(|all| &all[of_task])
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
        })
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

/// Length of a row of a matrix.
fn width(x: &HostTensor<'_>) -> usize {
    x.shape().last().copied().unwrap_or(0)
}

/// The rows of a matrix, also where they are empty.
fn rows<'d, T>(data: &'d [T], x: &HostTensor<'_>) -> impl Iterator<Item = &'d [T]> {
    let (n_rows, width) = (x.shape().first().copied().unwrap_or(0), width(x));
    (0..n_rows).map(move |row| &data[row * width..(row + 1) * width])
}
