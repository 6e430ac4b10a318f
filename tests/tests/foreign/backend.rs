//! nalgebra as a backend: nine methods, and what users hold.

use std::borrow::Cow;

use metrics_core::backend::{Backend, Host, HostTensor, ToTensor};
use metrics_core::{Element, Result};
use nalgebra::{DMatrix, DVector, Scalar};

/// nalgebra's matrices and vectors, in host memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nalgebra;

/// A tensor of any dtype. A matrix lies column by column, and is held as its transpose, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Columns<'a>(HostTensor<'a>);

impl<'a> Columns<'a> {
    /// Out of a tensor that lies row by row, and into one: only a matrix differs.
    fn from_rows(rows: HostTensor<'a>) -> Result<Self> {
        if rows.shape().len() == 2 { Host.transpose(&rows).map(Self) } else { Ok(Self(rows)) }
    }

    fn to_rows(&self) -> Result<HostTensor<'a>> {
        if self.0.shape().len() == 2 { Host.transpose(&self.0) } else { Ok(self.0.clone()) }
    }
}

impl Backend for Nalgebra {
    const NAME: &'static str = "nalgebra";
    type Tensor<'a> = Columns<'a>;
    type Pending = ();

    fn of(_tensor: &Columns<'_>) -> Self {
        Self
    }

    fn device(&self) -> Cow<'static, str> {
        "cpu".into()
    }

    fn shape(x: &Columns<'_>) -> Vec<usize> {
        x.0.shape().iter().rev().copied().collect()
    }

    fn view<'t>(x: &'t Columns<'_>) -> Columns<'t> {
        Columns(x.0.borrow())
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<Columns<'static>> {
        Columns::from_rows(x.clone().into_owned())
    }

    fn with_host<R>(x: &Columns<'_>, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R> {
        x.to_rows().map(f)
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        Columns::from_rows(Host.reshape(x.to_rows()?, shape)?)
    }

    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>> {
        Host.transpose(&x.0).map(Columns)
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        Host.column(&x.to_rows()?, column).map(Columns)
    }
}

impl<T: Element + Scalar> ToTensor<Nalgebra> for DVector<T> {
    fn to_tensor(&self) -> Columns<'_> {
        Columns(HostTensor::new(self.as_slice(), &[self.len()]).expect("as long as its slice"))
    }
}

impl<T: Element + Scalar> ToTensor<Nalgebra> for DMatrix<T> {
    fn to_tensor(&self) -> Columns<'_> {
        let transposed = [self.ncols(), self.nrows()];
        Columns(HostTensor::new(self.as_slice(), &transposed).expect("as long as its slice"))
    }
}
