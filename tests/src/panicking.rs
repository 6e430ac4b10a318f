//! A backend around another that panics at a call of choice, as a tensor library of a user may.

use std::borrow::Cow;
use std::cell::Cell;

use metrics_core::backend::{Backend, Batch, ElementCheck, Primitives, StateMut, compose};
use metrics_core::{HostTensor, RankSums, RankedCounts, Result};

/// The primitives of another backend, one of which panics. All else is the compositions.
#[derive(Debug, Clone)]
pub struct Panicking<B>(pub B);

thread_local! {
    static CALLS_LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Runs `f`; after this many calls of a backend, each counted in this thread, the next one panics.
pub fn panicking_after<R>(n_calls: u32, f: impl FnOnce() -> R) -> R {
    /// No call panics any more, whether `f` did or not.
    struct Disarmed;
    impl Drop for Disarmed {
        fn drop(&mut self) {
            CALLS_LEFT.set(None);
        }
    }
    let _disarmed = Disarmed;
    CALLS_LEFT.set(Some(n_calls));
    f()
}

fn call() {
    let left = CALLS_LEFT.get();
    CALLS_LEFT.set(left.map(|left| left.saturating_sub(1)));
    assert!(left != Some(0), "a backend panics");
}

impl<B: Primitives> Backend for Panicking<B> {
    const NAME: &'static str = B::NAME;
    type Tensor<'a> = B::Tensor<'a>;
    type Pending = ();

    fn of(tensor: &Self::Tensor<'_>) -> Self {
        call();
        Self(B::of(tensor))
    }

    fn device(&self) -> Cow<'static, str> {
        call();
        self.0.device()
    }

    fn shape(x: &Self::Tensor<'_>) -> Vec<usize> {
        call();
        B::shape(x)
    }

    fn view<'t>(x: &'t Self::Tensor<'_>) -> Self::Tensor<'t> {
        call();
        B::view(x)
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<Self::Tensor<'static>> {
        call();
        self.0.upload(x)
    }

    fn with_host<R>(x: &Self::Tensor<'_>, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R> {
        call();
        B::with_host(x, f)
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        call();
        self.0.reshape(x, shape)
    }

    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>> {
        call();
        self.0.transpose(x)
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        call();
        self.0.column(x, column)
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

impl<B: Primitives> Primitives for Panicking<B> {
    type Index = B::Index;

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        call();
        self.0.row(x, row)
    }

    fn find_invalid(
        &self,
        x: &Self::Tensor<'_>,
        check: ElementCheck,
    ) -> Result<Option<(usize, f64)>> {
        call();
        self.0.find_invalid(x, check)
    }

    fn argsort_descending(&self, x: &Self::Tensor<'_>) -> Result<Self::Index> {
        call();
        self.0.argsort_descending(x)
    }

    fn gather(&self, x: &Self::Tensor<'_>, index: &Self::Index) -> Result<Self::Tensor<'static>> {
        call();
        self.0.gather(x, index)
    }

    fn cumsum(&self, x: &Self::Tensor<'_>) -> Result<Self::Tensor<'static>> {
        call();
        self.0.cumsum(x)
    }

    fn group_ends(&self, x: &Self::Tensor<'_>) -> Result<Self::Index> {
        call();
        self.0.group_ends(x)
    }

    fn bucket(&self, x: &Self::Tensor<'_>, num_thresholds: usize) -> Result<Self::Index> {
        call();
        self.0.bucket(x, num_thresholds)
    }

    fn bincount(
        &self,
        index: &Self::Index,
        targets: &Self::Tensor<'_>,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        call();
        self.0.bincount(index, targets, n_bins)
    }

    fn download_index(&self, index: &Self::Index) -> Result<Vec<u64>> {
        call();
        self.0.download_index(index)
    }
}
