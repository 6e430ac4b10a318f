//! A backend of primitives only, each written as its contract reads: all else is the
//! compositions of the core. It shows that those are enough, and what every override must equal.

use std::borrow::Cow;

use metrics_core::backend::index::{
    IndexShape, check_column, check_matrix, check_one_row, check_reshape, check_row,
};
use metrics_core::backend::{Backend, Batch, ElementCheck, Primitives, StateMut, compose};
use metrics_core::{
    Buffer, DType, Element, HostTensor, RankSums, RankedCounts, Result, reserve, with_slice,
};

/// The backend; its tensors are [`Rows`].
#[derive(Debug, Clone, Copy, Default)]
pub struct PrimitivesOnly;

/// A tensor: its elements row by row.
#[derive(Debug, Clone)]
pub struct Rows {
    shape: Vec<usize>,
    numbers: Vec<Number>,
}

/// An index: its numbers row by row.
#[derive(Debug, Clone)]
pub struct Numbers {
    shape: IndexShape,
    rows: Vec<Vec<u64>>,
}

/// An element, exactly. Those of one tensor are all of one variant.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Number {
    Float(f64),
    Signed(i64),
    Unsigned(u64),
}

impl Number {
    fn to_f64(self) -> f64 {
        match self {
            Self::Float(x) => x,
            Self::Signed(x) => x as f64,
            Self::Unsigned(x) => x as f64,
        }
    }
}

impl Rows {
    fn n_columns(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    fn rows(&self) -> impl Iterator<Item = &[Number]> {
        (0..self.shape[0]).map(|row| self.row(row))
    }

    fn row(&self, row: usize) -> &[Number] {
        let n = self.n_columns();
        &self.numbers[row * n..(row + 1) * n]
    }
}

impl Backend for PrimitivesOnly {
    const NAME: &'static str = "primitives";
    type Tensor<'a> = Rows;
    type Pending = ();

    fn of(_tensor: &Rows) -> Self {
        Self
    }

    fn device(&self) -> Cow<'static, str> {
        "cpu".into()
    }

    fn shape(x: &Rows) -> Vec<usize> {
        x.shape.clone()
    }

    fn view(x: &Rows) -> Rows {
        x.clone()
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<Rows> {
        let numbers = match x.buffer() {
            Buffer::I64(data) => data.iter().map(|&x| Number::Signed(x)).collect(),
            Buffer::U64(data) => data.iter().map(|&x| Number::Unsigned(x)).collect(),
            other => with_slice!(other, data => {
                data.iter().map(|&x| narrow(x)).collect()
            }),
        };
        Ok(Rows { shape: x.shape().to_vec(), numbers })
    }

    fn with_host<R>(x: &Rows, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R> {
        let host = match x.numbers.first() {
            Some(Number::Signed(_)) => host(x, |number| match number {
                Number::Signed(x) => x,
                other => unreachable!("{other:?} among signed integers"),
            }),
            Some(Number::Unsigned(_)) => host(x, |number| match number {
                Number::Unsigned(x) => x,
                other => unreachable!("{other:?} among unsigned integers"),
            }),
            _ => host(x, Number::to_f64),
        };
        host.map(f)
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        check_reshape(&x.shape, shape)?;
        Ok(Rows { shape: shape.to_vec(), ..x })
    }

    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>> {
        let [n_rows, n_columns] = check_matrix("transpose", &x.shape)?;
        let numbers =
            (0..n_columns).flat_map(|column| x.rows().map(move |row| row[column])).collect();
        Ok(Rows { shape: vec![n_columns, n_rows], numbers })
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        let n_rows = check_column(&x.shape, column)?;
        Ok(Rows { shape: vec![n_rows], numbers: x.rows().map(|row| row[column]).collect() })
    }

    fn rank_sums(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankSums>> {
        compose::rank_sums(self, batch)
    }

    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        compose::ranked_counts(self, batch)
    }

    fn update(
        &self,
        batch: &Batch<'_, Self>,
        state: StateMut<'_>,
        _pending: &mut (),
    ) -> Result<()> {
        compose::update(self, batch, state)
    }
}

impl Primitives for PrimitivesOnly {
    type Index = Numbers;

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        let n_columns = check_row(&x.shape, row)?;
        Ok(Rows { shape: vec![1, n_columns], numbers: x.row(row).to_vec() })
    }

    fn find_invalid(&self, x: &Rows, check: ElementCheck) -> Result<Option<(usize, f64)>> {
        let values = x.numbers.iter().map(|number| number.to_f64());
        Ok(values.enumerate().find(|&(_, x)| !check.allows(x)))
    }

    fn argsort_descending(&self, x: &Rows) -> Result<Self::Index> {
        let sort = |row: &[Number]| {
            let mut order: Vec<u64> = (0..row.len() as u64).collect();
            order.sort_by(|&i, &j| {
                row[j as usize].partial_cmp(&row[i as usize]).expect("no NaN among the scores")
            });
            order
        };
        let shape = IndexShape::of_argsort(&x.shape)?;
        Ok(Numbers { shape, rows: x.rows().map(sort).collect() })
    }

    fn gather(&self, x: &Rows, index: &Self::Index) -> Result<Rows> {
        let gather = |(row, index): (&[Number], &Vec<u64>)| -> Vec<Number> {
            index.iter().map(|&i| row[i as usize]).collect()
        };
        index.shape.check_gather(&x.shape)?;
        let numbers = x.rows().zip(&index.rows).flat_map(gather).collect();
        Ok(Rows { shape: index.shape.dims().to_vec(), numbers })
    }

    fn cumsum(&self, x: &Rows) -> Result<Rows> {
        check_matrix("cumsum", &x.shape)?;
        let sums = x.rows().flat_map(|row| {
            row.iter().scan(0, |sum, number| {
                *sum += number.to_f64() as u64;
                Some(Number::Unsigned(*sum))
            })
        });
        Ok(Rows { shape: x.shape.clone(), numbers: sums.collect() })
    }

    fn group_ends(&self, x: &Rows) -> Result<Self::Index> {
        let n = check_one_row("group_ends", &x.shape)?;
        let row = x.row(0);
        let ends = (0..n).filter(|&i| row.get(i + 1) != Some(&row[i])).map(|i| i as u64);
        let ends: Vec<u64> = ends.collect();
        Ok(Numbers { shape: IndexShape::of_group_ends(n, ends.len()), rows: vec![ends] })
    }

    fn bucket(&self, x: &Rows, num_thresholds: usize) -> Result<Self::Index> {
        let shape = IndexShape::of_bucket(&x.shape, num_thresholds)?;
        // `max` and `min` take the number where the other is NaN.
        let n = num_thresholds as f64;
        let bucket = |p: &Number| (p.to_f64() * n).floor().max(0.0).min(n) as u64;
        let rows = x.rows().map(|row| row.iter().map(bucket).collect()).collect();
        Ok(Numbers { shape, rows })
    }

    fn bincount(
        &self,
        index: &Self::Index,
        targets: &Rows,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        index.shape.check_bincount(&targets.shape, n_bins)?;
        let zeros = || reserve::filled("bincount", n_bins, 0);
        let mut counts = [zeros()?, zeros()?];
        for (&bin, target) in index.rows.iter().flatten().zip(&targets.numbers) {
            counts[usize::from(target.to_f64() == 1.0)][bin as usize] += 1;
        }
        Ok(counts)
    }

    fn download_index(&self, index: &Self::Index) -> Result<Vec<u64>> {
        Ok(index.rows.concat())
    }
}

/// An element of at most 32 bits, or a float.
fn narrow<T: Element>(x: T) -> Number {
    match T::DTYPE {
        DType::F16 | DType::Bf16 | DType::F32 | DType::F64 => Number::Float(x.to_f64()),
        _ => Number::Signed(x.to_f64() as i64),
    }
}

fn host<T: Element>(x: &Rows, value: impl Fn(Number) -> T) -> Result<HostTensor<'static>> {
    HostTensor::from_vec(x.numbers.iter().copied().map(value).collect(), &x.shape)
}
