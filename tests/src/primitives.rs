//! A backend of primitives only, each written as its contract reads: the fused steps are all the
//! compositions of the core. It shows that those are enough, and what every override must equal.

use std::borrow::Cow;

use metrics_core::{Backend, Buffer, DType, Element, HostTensor, Result, Rule, with_slice};

/// The backend; its tensors are [`Rows`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Primitives;

/// A tensor: its elements row by row.
#[derive(Debug, Clone)]
pub struct Rows {
    shape: Vec<usize>,
    numbers: Vec<Number>,
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

impl Backend for Primitives {
    const NAME: &'static str = "primitives";
    type Tensor<'a> = Rows;
    type Index = Vec<Vec<u64>>;
    type KeptSamples = ();
    type KeptCounts = ();

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

    fn download<'t>(&self, x: &'t Rows) -> Result<HostTensor<'t>> {
        match x.numbers.first() {
            Some(Number::Signed(_)) => download(x, |number| match number {
                Number::Signed(x) => x,
                other => unreachable!("{other:?} among signed integers"),
            }),
            Some(Number::Unsigned(_)) => download(x, |number| match number {
                Number::Unsigned(x) => x,
                other => unreachable!("{other:?} among unsigned integers"),
            }),
            _ => download(x, Number::to_f64),
        }
    }

    fn download_index(&self, index: &Self::Index) -> Result<Vec<u64>> {
        Ok(index.concat())
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        Ok(Rows { shape: shape.to_vec(), ..x })
    }

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        Ok(Rows { shape: vec![1, x.n_columns()], numbers: x.row(row).to_vec() })
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        let numbers: Vec<_> = x.rows().map(|row| row[column]).collect();
        Ok(Rows { shape: vec![numbers.len()], numbers })
    }

    fn find_invalid(&self, x: &Rows, rule: Rule) -> Result<Option<(usize, f64)>> {
        let values = x.numbers.iter().map(|number| number.to_f64());
        Ok(values.enumerate().find(|&(_, x)| !rule.allows(x)))
    }

    fn argsort_descending(&self, x: &Rows) -> Result<Self::Index> {
        let sort = |row: &[Number]| {
            let mut order: Vec<u64> = (0..row.len() as u64).collect();
            order.sort_by(|&i, &j| {
                row[j as usize].partial_cmp(&row[i as usize]).expect("no NaN among the scores")
            });
            order
        };
        Ok(x.rows().map(sort).collect())
    }

    fn gather(&self, x: &Rows, index: &Self::Index) -> Result<Rows> {
        let gather = |(row, index): (&[Number], &Vec<u64>)| -> Vec<Number> {
            index.iter().map(|&i| row[i as usize]).collect()
        };
        let shape = vec![index.len(), index.first().map_or(0, Vec::len)];
        Ok(Rows { shape, numbers: x.rows().zip(index).flat_map(gather).collect() })
    }

    fn cumsum(&self, x: &Rows) -> Result<Rows> {
        let sums = x.rows().flat_map(|row| {
            row.iter().scan(0, |sum, number| {
                *sum += number.to_f64() as u64;
                Some(Number::Unsigned(*sum))
            })
        });
        Ok(Rows { shape: x.shape.clone(), numbers: sums.collect() })
    }

    fn group_ends(&self, x: &Rows) -> Result<Self::Index> {
        let ends = |row: &[Number]| {
            (0..row.len())
                .filter(|&i| row.get(i + 1) != Some(&row[i]))
                .map(|i| i as u64)
                .collect::<Vec<_>>()
        };
        Ok(x.rows().map(ends).collect())
    }

    fn bucket(&self, x: &Rows, num_thresholds: usize) -> Result<Self::Index> {
        let bucket = |p: &Number| (p.to_f64() * num_thresholds as f64).floor() as u64;
        Ok(x.rows().map(|row| row.iter().map(bucket).collect()).collect())
    }

    fn bincount(
        &self,
        index: &Self::Index,
        targets: &Rows,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        let mut counts = [vec![0; n_bins], vec![0; n_bins]];
        for (&bin, target) in index.iter().flatten().zip(&targets.numbers) {
            counts[target.to_f64() as usize][bin as usize] += 1;
        }
        Ok(counts)
    }
}

/// An element of at most 32 bits, or a float.
fn narrow<T: Element>(x: T) -> Number {
    match T::DTYPE {
        DType::F16 | DType::Bf16 | DType::F32 | DType::F64 => Number::Float(x.to_f64()),
        _ => Number::Signed(x.to_f64() as i64),
    }
}

fn download<T: Element>(x: &Rows, value: impl Fn(Number) -> T) -> Result<HostTensor<'static>> {
    HostTensor::from_vec(x.numbers.iter().copied().map(value).collect(), &x.shape)
}
