//! The backend of plain slices.

use std::borrow::Cow;

use super::Backend;
use super::batch::Batch;
use super::host_steps;
use super::host_tensor::HostTensor;
use super::index::{
    IndexShape, check_column, check_matrix, check_one_row, check_reshape, check_row,
};
use super::pending::StateMut;
use super::primitives::Primitives;
use super::rows::{argsort_descending, group_ends, part, rows, width};
use crate::arith::float_mode::in_default_mode;
use crate::counts::ranked::RankedCounts;
use crate::counts::sums::RankSums;
use crate::cpu::buckets::bucket_of;
use crate::element::check::ElementCheck;
use crate::element::dtype::Element;
use crate::error::Result;
use crate::{reserve, with_slice};

/// The backend of plain slices in host memory, used by [`slice`](mod@crate::slice).
///
/// ```
/// use metrics_core::{Backend, Host, HostTensor};
///
/// let matrix = HostTensor::new(&[1, 2, 3, 4, 5, 6], &[2, 3])?;
/// assert_eq!(Host.column(&matrix, 2)?.to_f64_vec(), [3.0, 6.0]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Host;

/// Numbers in host memory, row by row: positions in the rows of a matrix, or buckets. Only the
/// primitives of [`Host`] make one, so its numbers always agree with its shape.
///
/// ```
/// use metrics_core::backend::{Host, HostTensor, Primitives};
///
/// let scores = HostTensor::new(&[0.2, 0.9, 0.4], &[1, 3])?;
/// let order = Host.argsort_descending(&scores)?;
/// assert_eq!(order.numbers(), [1, 2, 0]);
/// assert_eq!(Host.gather(&scores, &order)?.to_f64_vec(), [0.9, 0.4, 0.2]);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostIndex {
    shape: IndexShape,
    numbers: Vec<u64>,
}

impl HostIndex {
    /// Shape and upper limit of the numbers.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let order = Host.argsort_descending(&HostTensor::new(&[0.2, 0.9, 0.4], &[1, 3])?)?;
    /// assert_eq!(order.shape().dims(), [1, 3]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn shape(&self) -> IndexShape {
        self.shape
    }

    /// The numbers, row by row.
    ///
    /// ```
    /// use metrics_core::backend::{Host, HostTensor, Primitives};
    ///
    /// let buckets = Host.bucket(&HostTensor::new(&[0.0, 0.55, 1.0], &[1, 3])?, 10)?;
    /// assert_eq!(buckets.numbers(), [0, 5, 10]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn numbers(&self) -> &[u64] {
        &self.numbers
    }
}

impl Backend for Host {
    const NAME: &'static str = "slice";
    type Tensor<'a> = HostTensor<'a>;
    type Pending = ();

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

    fn with_host<R>(x: &Self::Tensor<'_>, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R> {
        Ok(f(x.borrow()))
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        check_reshape(x.shape(), shape)?;
        HostTensor::from_buffer(x.into_buffer(), shape.to_vec())
    }

    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>> {
        let [n_rows, n_columns] = check_matrix("transpose", x.shape())?;
        let (shape, strides) = ([n_columns, n_rows], [1, n_columns as isize]);
        with_slice!(x.buffer(), data => {
            HostTensor::from_vec(part("transpose", data, 0, &shape, &strides)?, &shape)
        })
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        let n_rows = check_column(x.shape(), column)?;
        with_slice!(x.buffer(), data => {
            let column = part("column", data, column, &[n_rows], &[width(x) as isize])?;
            HostTensor::from_vec(column, &[n_rows])
        })
    }

    // Not through `with_host`: a batch of slices is in host memory, and a call of ten samples would take
    // noticeably longer.

    fn rank_sums(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankSums>> {
        host_steps::rank_sums(batch)
    }

    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        host_steps::ranked_counts(batch)
    }

    fn update(
        &self,
        batch: &Batch<'_, Self>,
        state: StateMut<'_>,
        _pending: &mut (),
    ) -> Result<()> {
        state.update(batch)
    }
}

impl Primitives for Host {
    type Index = HostIndex;

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        let n = check_row(x.shape(), row)?;
        with_slice!(x.buffer(), data => {
            let row = data[row * n..(row + 1) * n].iter().copied();
            HostTensor::from_vec(reserve::collected("row", row)?, &[1, n])
        })
    }

    fn find_invalid(
        &self,
        x: &HostTensor<'_>,
        check: ElementCheck,
    ) -> Result<Option<(usize, f64)>> {
        Ok(in_default_mode(|| {
            with_slice!(x.buffer(), data => {
                data.iter().map(|x| x.to_f64()).enumerate().find(|&(_, x)| !check.allows(x))
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
            // At least 1: `chunks` takes no 0, and without columns there is nothing to gather.
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

    fn download_index(&self, index: &HostIndex) -> Result<Vec<u64>> {
        reserve::collected("download index", index.numbers.iter().copied())
    }
}
