//! The primitives, in libtorch's own operations: they run on any device that it knows.

use metrics_core::{Result, Rule};
use tch::{Kind, TchError, Tensor};

use crate::error::refused;
use crate::tensor::Shared;

type Made<T> = std::result::Result<T, TchError>;

pub(crate) fn find_invalid(x: &Shared, rule: Rule) -> Result<Option<(usize, f64)>> {
    find(&x.plain(x.device())?, rule).map_err(refused("find_invalid"))
}

fn find(x: &Tensor, rule: Rule) -> Made<Option<(usize, f64)>> {
    let x = x.f_reshape([-1])?;
    let bad = match rule {
        Rule::NotNan => x.f_isnan()?,
        Rule::Binary => x.f_ne(0)?.f_logical_and(&x.f_ne(1)?)?,
        Rule::Probability => x.f_ge(0)?.f_logical_and(&x.f_le(1)?)?.f_logical_not()?,
        _ => x.f_ge(0)?.f_logical_and(&x.f_isfinite()?)?.f_logical_not()?,
    };
    let positions = bad.f_nonzero()?;
    if positions.numel() == 0 {
        return Ok(None);
    }
    let first = positions.f_int64_value(&[0, 0])?;
    Ok(Some((first as usize, x.f_double_value(&[first])?)))
}

pub(crate) fn argsort_descending(x: &Shared) -> Result<Tensor> {
    x.0.f_argsort(-1, true).map_err(refused("argsort"))
}

pub(crate) fn gather(x: &Shared, index: &Shared) -> Result<Tensor> {
    x.0.f_gather(1, &index.0, false).map_err(refused("gather"))
}

pub(crate) fn cumsum(x: &Shared) -> Result<Tensor> {
    x.0.f_cumsum(1, Kind::Int64).map_err(refused("cumsum"))
}

pub(crate) fn group_ends(x: &Shared) -> Result<Tensor> {
    let n = x.shape().last().copied().unwrap_or(0) as i64;
    ends(&x.0, n).map_err(refused("group_ends"))
}

fn ends(row: &Tensor, n: i64) -> Made<Tensor> {
    if n == 0 {
        return Tensor::f_zeros([1, 0], (Kind::Int64, row.device()));
    }
    let row = row.f_reshape([n])?;
    let changes = row.f_narrow(0, 0, n - 1)?.f_ne_tensor(&row.f_narrow(0, 1, n - 1)?)?;
    let last = Tensor::f_ones([1], (Kind::Bool, row.device()))?;
    Tensor::f_cat(&[changes, last], 0)?.f_nonzero()?.f_reshape([1, -1])
}

pub(crate) fn bucket(x: &Shared, num_thresholds: usize) -> Result<Tensor> {
    let bucket = |x: &Tensor| {
        x.f_to_kind(Kind::Double)?.f_multiply_scalar(num_thresholds as f64)?.f_to_kind(Kind::Int64)
    };
    bucket(&x.0).map_err(refused("bucket"))
}

pub(crate) fn bincount(index: &Shared, targets: &Shared, n_bins: usize) -> Result<[Vec<u64>; 2]> {
    let count = || -> Made<Vec<i64>> {
        let targets = targets.0.f_to_kind(Kind::Int64)?;
        let numbers = index.0.f_multiply_scalar(2)?.f_add(&targets)?.f_reshape([-1])?;
        integers(&numbers.f_bincount(None::<Tensor>, 2 * n_bins as i64)?)
    };
    let counts = count().map_err(refused("bincount"))?;
    let of = |label| counts.iter().skip(label).step_by(2).map(|&n| n as u64).collect();
    Ok([of(0), of(1)])
}

pub(crate) fn download_index(index: &Shared) -> Result<Vec<u64>> {
    let index = integers(&index.0).map_err(refused("download index"))?;
    Ok(index.into_iter().map(|x| x as u64).collect())
}

/// The elements of a tensor of `Int64`, row by row.
fn integers(x: &Tensor) -> Made<Vec<i64>> {
    let x = x.f_to_device(tch::Device::Cpu)?.f_contiguous()?;
    let mut elements = vec![0; x.numel()];
    x.f_copy_data(&mut elements, x.numel())?;
    Ok(elements)
}
