//! The primitives, in libtorch's own operations, on every device of libtorch.

use metrics_core::backend::ElementCheck;
use metrics_core::backend::index::{IndexShape, check_matrix, check_one_row, first_position};
use metrics_core::{Error, Result, reserve};
use tch::{Kind, TchError, Tensor};

use crate::error::refused;
use crate::index::TchIndex;
use crate::tensor::Shared;

type Made<T> = std::result::Result<T, TchError>;

pub(crate) fn find_invalid(x: &Shared, check: ElementCheck) -> Result<Option<(usize, f64)>> {
    let part = unrepeated(x)?;
    let found = find(&part.plain("find_invalid", x.device())?, check);
    let found = found.map_err(refused("find_invalid"))?;
    Ok(found.map(|(at, value)| (first_position(&x.shape(), &part.shape(), at), value)))
}

/// The tensor with each expanded dimension cut to length 1.
fn unrepeated(x: &Shared) -> Result<Shared> {
    let mut part = x.dense("find_invalid")?;
    for (dim, (stride, n)) in (0..).zip(part.stride().into_iter().zip(part.size())) {
        if stride == 0 && n > 1 {
            part = part.f_narrow(dim, 0, 1).map_err(refused("find_invalid"))?;
        }
    }
    Ok(Shared(part))
}

fn find(x: &Tensor, check: ElementCheck) -> Made<Option<(usize, f64)>> {
    let x = x.f_reshape([-1])?;
    let [lowest, highest] = [check.lowest(), check.highest()];
    let allowed = if check.is_ends_only() {
        x.f_eq(lowest)?.f_logical_or(&x.f_eq(highest)?)?
    } else {
        x.f_ge(lowest)?.f_logical_and(&x.f_le(highest)?)?
    };
    let invalid = allowed.f_logical_not()?;
    let positions = invalid.f_nonzero()?;
    if positions.numel() == 0 {
        return Ok(None);
    }
    let first = positions.f_int64_value(&[0, 0])?;
    Ok(Some((first as usize, x.f_double_value(&[first])?)))
}

pub(crate) fn argsort_descending(x: &Shared) -> Result<TchIndex> {
    let shape = IndexShape::of_argsort(&x.shape())?;
    let order = x.0.f_argsort(-1, true).map_err(refused("argsort"))?;
    Ok(TchIndex::new(order, shape))
}

pub(crate) fn gather(x: &Shared, index: &TchIndex) -> Result<Tensor> {
    index.check_device("gather", x)?;
    index.shape().check_gather(&x.shape())?;
    x.0.f_gather(1, index.numbers(), false).map_err(refused("gather"))
}

pub(crate) fn cumsum(x: &Shared) -> Result<Tensor> {
    check_matrix("cumsum", &x.shape())?;
    x.0.f_cumsum(1, Kind::Int64).map_err(refused("cumsum"))
}

pub(crate) fn group_ends(x: &Shared) -> Result<TchIndex> {
    let n = check_one_row("group_ends", &x.shape())?;
    let ends = ends(&x.0, to_i64("group_ends", n)?).map_err(refused("group_ends"))?;
    let shape = IndexShape::of_group_ends(n, ends.numel());
    Ok(TchIndex::new(ends, shape))
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

pub(crate) fn bucket(x: &Shared, num_thresholds: usize) -> Result<TchIndex> {
    let shape = IndexShape::of_bucket(&x.shape(), num_thresholds)?;
    // At most 2^24.
    let n = num_thresholds as i64;
    let bucket = |x: &Tensor| {
        let products = x.f_to_kind(Kind::Double)?.f_multiply_scalar(n as f64)?;
        // Processors convert NaN to different integers.
        products.f_clamp(0.0, n as f64)?.f_to_kind(Kind::Int64)?.f_clamp(0, n)
    };
    Ok(TchIndex::new(bucket(&x.0).map_err(refused("bucket"))?, shape))
}

pub(crate) fn bincount(index: &TchIndex, targets: &Shared, n_bins: usize) -> Result<[Vec<u64>; 2]> {
    index.check_device("bincount", targets)?;
    index.shape().check_bincount(&targets.shape(), n_bins)?;
    let room = || reserve::room("bincount", n_bins);
    let mut counts = [room()?, room()?];
    let n_counters = to_i64("bincount", n_bins.saturating_mul(2))?;
    let count = || {
        let targets = targets.0.f_eq(1)?.f_to_kind(Kind::Int64)?;
        let numbers = index.numbers().f_multiply_scalar(2)?.f_add(&targets)?.f_reshape([-1])?;
        numbers.f_bincount(None::<Tensor>, n_counters)
    };
    let counters = integers("bincount", &count().map_err(refused("bincount"))?)?;
    for (label, counts) in counts.iter_mut().enumerate() {
        counts.extend(counters.iter().skip(label).step_by(2));
    }
    Ok(counts)
}

pub(crate) fn download_index(index: &TchIndex) -> Result<Vec<u64>> {
    integers("download index", index.numbers())
}

/// A length as an `i64`, the type of libtorch.
pub(crate) fn to_i64(op: &'static str, n: usize) -> Result<i64> {
    i64::try_from(n).map_err(|_| Error::OutOfMemory { op, n_bytes: n })
}

/// The elements of a tensor of `Int64`, none of them negative, row by row.
fn integers(op: &'static str, x: &Tensor) -> Result<Vec<u64>> {
    let x = x.f_to_device(tch::Device::Cpu).and_then(|x| x.f_contiguous());
    let x = x.map_err(refused(op))?;
    let mut elements = reserve::filled(op, x.numel(), 0i64)?;
    x.f_copy_data(&mut elements, x.numel()).map_err(refused(op))?;
    reserve::collected(op, elements.into_iter().map(|x| x as u64))
}
