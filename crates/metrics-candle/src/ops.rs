//! The primitives, linear in the number of elements: candle's own cumsum multiplies by an n × n
//! matrix, its argsort compares through indices, and both have limits the metrics must not have.
//!
//! They run in host memory; a tensor on another device is copied there and back. The metrics do not
//! use them: they are for generic code over `Backend`, and the reference in the tests.

use candle_core::{Device, Tensor};
use metrics_core::{Element, HostTensor, Result, Rule, cpu, with_slice};

use crate::error::refused;
use crate::tensor::InHost;

/// Calls `f` with the elements of a tensor in host memory.
fn with_host<R>(
    op: &'static str,
    x: &Tensor,
    f: impl FnOnce(HostTensor<'_>) -> Result<R>,
) -> Result<R> {
    InHost::new(x)?.with(op, "elements", f)
}

fn n_columns(x: &Tensor) -> usize {
    x.dims().last().copied().unwrap_or(0)
}

/// A matrix of 64-bit integers on a device.
fn integers(
    op: &'static str,
    data: Vec<u64>,
    shape: (usize, usize),
    device: &Device,
) -> Result<Tensor> {
    // Counts and positions are far below i64::MAX.
    let data = data.into_iter().map(|x| x as i64).collect();
    Tensor::from_vec::<_, i64>(data, shape, device).map_err(refused(op))
}

/// Replaces each row of a matrix; all rows must come out equally long.
fn by_rows(
    op: &'static str,
    x: &Tensor,
    f: impl Fn(&HostTensor<'_>, usize) -> Vec<u64>,
) -> Result<Tensor> {
    with_host(op, x, |host| {
        let n_rows = x.dims().first().copied().unwrap_or(0);
        let rows: Vec<_> = (0..n_rows).map(|row| f(&host, row)).collect();
        let width = rows.first().map_or(0, Vec::len);
        integers(op, rows.concat(), (n_rows, width), x.device())
    })
}

/// Runs an expression with one row of a matrix, typed.
macro_rules! with_row {
    ($host:expr, $n:expr, $row:expr, $data:ident => $body:expr) => {
        with_slice!($host.buffer(), data => {
            let $data = &data[$row * $n..($row + 1) * $n];
            $body
        })
    };
}

pub(crate) fn find_invalid(x: &Tensor, rule: Rule) -> Result<Option<(usize, f64)>> {
    with_host("find_invalid", x, |host| {
        Ok(with_slice!(host.buffer(), data => {
            data.iter().map(|x| x.to_f64()).enumerate().find(|&(_, x)| !rule.allows(x))
        }))
    })
}

pub(crate) fn argsort_descending(x: &Tensor) -> Result<Tensor> {
    let n = n_columns(x);
    by_rows(
        "argsort",
        x,
        |host, row| with_row!(host, n, row, data => cpu::argsort_descending(data)),
    )
}

pub(crate) fn group_ends(x: &Tensor) -> Result<Tensor> {
    let n = n_columns(x);
    by_rows("group_ends", x, |host, row| with_row!(host, n, row, data => cpu::group_ends(data)))
}

pub(crate) fn cumsum(x: &Tensor) -> Result<Tensor> {
    let n = n_columns(x);
    by_rows("cumsum", x, |host, row| {
        with_row!(host, n, row, data => {
            data.iter().scan(0, |sum, x| {
                *sum += x.to_f64() as u64;
                Some(*sum)
            }).collect()
        })
    })
}

pub(crate) fn bucket(x: &Tensor, num_thresholds: usize) -> Result<Tensor> {
    let n = n_columns(x);
    by_rows("bucket", x, |host, row| {
        with_row!(host, n, row, data => {
            data.iter().map(|p| cpu::bucket_of(p.to_f64(), num_thresholds) as u64).collect()
        })
    })
}

/// candle's own gather takes an index of the largest value for "write zero", and fails on rows
/// without columns.
pub(crate) fn gather(x: &Tensor, index: &Tensor) -> Result<Tensor> {
    if index.elem_count() == 0 {
        return Tensor::zeros(index.shape(), x.dtype(), x.device()).map_err(refused("gather"));
    }
    let x = x.contiguous().map_err(refused("gather"))?;
    x.gather(index, 1).map_err(refused("gather"))
}

pub(crate) fn bincount(index: &Tensor, targets: &Tensor, n_bins: usize) -> Result<[Vec<u64>; 2]> {
    let bins = download_index(index)?;
    with_host("bincount", targets, |targets| {
        let mut counts = [vec![0; n_bins], vec![0; n_bins]];
        with_slice!(targets.buffer(), data => {
            for (bin, target) in bins.into_iter().zip(data) {
                counts[usize::from(target.to_f64() == 1.0)][bin as usize] += 1;
            }
        });
        Ok(counts)
    })
}

pub(crate) fn download_index(index: &Tensor) -> Result<Vec<u64>> {
    let flat = index.flatten_all().and_then(|index| index.to_vec1::<i64>());
    Ok(flat.map_err(refused("download index"))?.into_iter().map(|x| x as u64).collect())
}
