//! The primitives, linear in the number of elements. They do not use candle's cumsum, which multiplies by an
//! n × n matrix, nor its argsort, which compares through indices; both have limits that metrics must not have.
//!
//! They run in host memory; a tensor on another device is copied there and back. Metrics do not use them:
//! they serve code that is generic over `Primitives`, and the tests as a reference.

use candle_core::Tensor;
use metrics_core::Result;
use metrics_core::backend::index::{self, check_len};
use metrics_core::backend::{Backend, ElementCheck, Host, HostIndex, HostTensor, Primitives};

use crate::error::refused;
use crate::index::CandleIndex;
use crate::tensor::{HostAccess, upload};

/// Calls `f` with the elements of a tensor in host memory.
fn with_host<R>(
    op: &'static str,
    x: &Tensor,
    f: impl FnOnce(HostTensor<'_>) -> Result<R>,
) -> Result<R> {
    HostAccess::new(x)?.with(op, "elements", f)
}

/// The index that `f` makes from a matrix.
fn indexed(
    op: &'static str,
    x: &Tensor,
    f: impl FnOnce(&HostTensor<'_>) -> Result<HostIndex>,
) -> Result<CandleIndex> {
    with_host(op, x, |x| f(&x)).map(|numbers| CandleIndex::on_host(x.device(), numbers))
}

/// The tensor with each broadcast dimension cut to length 1.
pub(crate) fn unrepeated(op: &'static str, x: &Tensor) -> Result<Tensor> {
    check_len(op, x.dims())?;
    let mut part = x.detach();
    for (dim, (&stride, &n)) in x.stride().iter().zip(x.dims()).enumerate() {
        if stride == 0 && n > 1 {
            part = part.narrow(dim, 0, 1).map_err(refused(op))?;
        }
    }
    Ok(part)
}

/// Searches a tensor; `find` returns the position in its [`unrepeated`] form.
pub(crate) fn first(
    x: &Tensor,
    find: impl FnOnce(&Tensor) -> Result<Option<(usize, f64)>>,
) -> Result<Option<(usize, f64)>> {
    let part = unrepeated("find_invalid", x)?;
    let found = find(&part)?;
    Ok(found.map(|(at, value)| (index::first_position(x.dims(), part.dims(), at), value)))
}

pub(crate) fn find_invalid(x: &Tensor, check: ElementCheck) -> Result<Option<(usize, f64)>> {
    with_host("find_invalid", x, |x| Host.find_invalid(&x, check))
}

/// Copies a tensor that is not contiguous to a matrix of this shape with as many elements.
pub(crate) fn reshape(x: &Tensor, shape: [usize; 2]) -> Result<Tensor> {
    with_host("reshape", x, |host| upload(Host.reshape(host, shape)?, x.device()))
}

pub(crate) fn argsort_descending(x: &Tensor) -> Result<CandleIndex> {
    indexed("argsort", x, |x| Host.argsort_descending(x))
}

pub(crate) fn group_ends(x: &Tensor) -> Result<CandleIndex> {
    indexed("group_ends", x, |x| Host.group_ends(x))
}

pub(crate) fn bucket(x: &Tensor, num_thresholds: usize) -> Result<CandleIndex> {
    indexed("bucket", x, |x| Host.bucket(x, num_thresholds))
}

pub(crate) fn cumsum(x: &Tensor) -> Result<Tensor> {
    with_host("cumsum", x, |host| upload(Host.cumsum(&host)?, x.device()))
}

pub(crate) fn gather(x: &Tensor, index: &HostIndex) -> Result<Tensor> {
    with_host("gather", x, |host| upload(Host.gather(&host, index)?, x.device()))
}

pub(crate) fn bincount(
    index: &HostIndex,
    targets: &Tensor,
    n_bins: usize,
) -> Result<[Vec<u64>; 2]> {
    with_host("bincount", targets, |targets| Host.bincount(index, &targets, n_bins))
}
