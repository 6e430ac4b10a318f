//! A backend around another that counts the copies between host and device.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics_core::backend::{Backend, Batch, ElementCheck, Primitives, StateMut, compose};
use metrics_core::{HostTensor, RankSums, RankedCounts, Result};

/// The primitives of another backend, with every copy counted. All else is the
/// compositions.
#[derive(Debug, Clone)]
pub struct Counting<B> {
    inner: B,
    counters: Arc<Counters>,
}

/// A tensor that knows who counts its copies.
#[derive(Debug, Clone)]
pub struct Counted<T> {
    tensor: T,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    device: Option<&'static str>,
    uploads: AtomicU64,
    downloads: AtomicU64,
    downloaded_elements: AtomicU64,
}

/// How often something was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copies {
    /// Tensors copied to the device.
    pub uploads: u64,
    /// Tensors and indices copied to the host.
    pub downloads: u64,
    /// Elements of these.
    pub downloaded_elements: u64,
}

impl<B: Primitives> Counting<B> {
    /// Counts the copies of a backend.
    pub fn new(inner: B) -> Self {
        Self { inner, counters: Arc::default() }
    }

    /// Counts the copies of a backend as if its tensors lay on a device of this name.
    pub fn on(inner: B, device: &'static str) -> Self {
        let counters = Counters { device: Some(device), ..Counters::default() };
        Self { inner, counters: Arc::new(counters) }
    }

    /// The copies since the last call.
    pub fn take(&self) -> Copies {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        Copies {
            uploads: take(&self.counters.uploads),
            downloads: take(&self.counters.downloads),
            downloaded_elements: take(&self.counters.downloaded_elements),
        }
    }

    fn counted<T>(&self, tensor: T) -> Counted<T> {
        Counted { tensor, counters: Arc::clone(&self.counters) }
    }

    fn count_download(&self, n_elements: usize) {
        self.counters.downloads.fetch_add(1, Ordering::Relaxed);
        self.counters.downloaded_elements.fetch_add(n_elements as u64, Ordering::Relaxed);
    }
}

impl<B: Primitives> Backend for Counting<B> {
    const NAME: &'static str = B::NAME;
    type Tensor<'a> = Counted<B::Tensor<'a>>;
    type Pending = ();

    fn of(tensor: &Self::Tensor<'_>) -> Self {
        Self { inner: B::of(&tensor.tensor), counters: Arc::clone(&tensor.counters) }
    }

    fn device(&self) -> Cow<'static, str> {
        self.counters.device.map_or_else(|| self.inner.device(), Cow::Borrowed)
    }

    fn shape(x: &Self::Tensor<'_>) -> Vec<usize> {
        B::shape(&x.tensor)
    }

    fn view<'t>(x: &'t Self::Tensor<'_>) -> Self::Tensor<'t> {
        Counted { tensor: B::view(&x.tensor), counters: Arc::clone(&x.counters) }
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<Self::Tensor<'static>> {
        self.counters.uploads.fetch_add(1, Ordering::Relaxed);
        Ok(self.counted(self.inner.upload(x)?))
    }

    fn with_host<R>(x: &Self::Tensor<'_>, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R> {
        let backend = Self::of(x);
        B::with_host(&x.tensor, |host| {
            backend.count_download(host.buffer().len());
            f(host)
        })
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        Ok(self.counted(self.inner.reshape(x.tensor, shape)?))
    }

    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>> {
        Ok(self.counted(self.inner.transpose(&x.tensor)?))
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        Ok(self.counted(self.inner.column(&x.tensor, column)?))
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

impl<B: Primitives> Primitives for Counting<B> {
    type Index = B::Index;

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        Ok(self.counted(self.inner.row(&x.tensor, row)?))
    }

    fn find_invalid(
        &self,
        x: &Self::Tensor<'_>,
        check: ElementCheck,
    ) -> Result<Option<(usize, f64)>> {
        self.inner.find_invalid(&x.tensor, check)
    }

    fn argsort_descending(&self, x: &Self::Tensor<'_>) -> Result<Self::Index> {
        self.inner.argsort_descending(&x.tensor)
    }

    fn gather(&self, x: &Self::Tensor<'_>, index: &Self::Index) -> Result<Self::Tensor<'static>> {
        Ok(self.counted(self.inner.gather(&x.tensor, index)?))
    }

    fn cumsum(&self, x: &Self::Tensor<'_>) -> Result<Self::Tensor<'static>> {
        Ok(self.counted(self.inner.cumsum(&x.tensor)?))
    }

    fn group_ends(&self, x: &Self::Tensor<'_>) -> Result<Self::Index> {
        self.inner.group_ends(&x.tensor)
    }

    fn bucket(&self, x: &Self::Tensor<'_>, num_thresholds: usize) -> Result<Self::Index> {
        self.inner.bucket(&x.tensor, num_thresholds)
    }

    fn bincount(
        &self,
        index: &Self::Index,
        targets: &Self::Tensor<'_>,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        self.inner.bincount(index, &targets.tensor, n_bins)
    }

    fn download_index(&self, index: &Self::Index) -> Result<Vec<u64>> {
        let index = self.inner.download_index(index)?;
        self.count_download(index.len());
        Ok(index)
    }
}
