//! A backend that looks at a batch only when its metric is read, as one whose tensors lie on a device
//! does: it shows that the metrics can wait.

use std::borrow::Cow;

use metrics_core::{
    Areas, Backend, Batch, BucketCounts, Error, Host, HostTensor, Kept, KeptSamples, Lend,
    RankState, RankedCounts, Result, Rule,
};

/// The backend; its tensors are those of plain slices.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deferring;

/// Batches that nobody has looked at.
#[derive(Debug, Clone, Default)]
pub struct Unseen(Vec<Batch<'static, Host>>);

/// A copy: the caller may write to its tensors later.
fn owned(batch: &Batch<'_, Deferring>) -> Result<Batch<'static, Host>> {
    let owned = |tensor: &HostTensor<'_>| tensor.clone().into_owned();
    let (scores, targets) = (owned(batch.scores()), owned(batch.targets()));
    Batch::new(batch.op(), scores, targets, batch.weights().map(owned))
}

impl Unseen {
    /// Adds all batches; those that cannot be are left out.
    fn add_all(&mut self, mut add: impl FnMut(&Batch<'_, Host>) -> Result<()>) -> Result<()> {
        let n_updates = self.0.len();
        let results = self.0.drain(..).map(|batch| add(&batch)).enumerate();
        let mut bad: Vec<_> = results.filter_map(|(i, result)| Some((i, result.err()?))).collect();
        let n_left_out = bad.len();
        if n_left_out == 0 {
            return Ok(());
        }
        let (i, source) = bad.swap_remove(0);
        Err(Error::LeftOut { update: i + 1, n_updates, n_left_out, source: Box::new(source) })
    }
}

impl Kept<RankState> for Unseen {
    fn settle(&mut self, state: &mut RankState) -> Result<()> {
        self.add_all(|batch| Host.append(batch, state))
    }
}

impl KeptSamples for Unseen {
    /// As a device may, which ranks what it keeps and keeps it.
    fn areas(&mut self, state: &mut RankState) -> Result<Option<Vec<Areas>>> {
        let mut all = state.clone();
        if self.clone().settle(&mut all).is_ok() {
            return Ok(Some(all.areas()));
        }
        self.settle(state)?;
        Ok(None)
    }
}

impl Kept<BucketCounts> for Unseen {
    fn settle(&mut self, counts: &mut BucketCounts) -> Result<()> {
        self.add_all(|batch| Host.count_buckets(batch, counts))
    }
}

impl Backend for Deferring {
    const NAME: &'static str = "deferring";
    type Tensor<'a> = HostTensor<'a>;
    type Index = <Host as Backend>::Index;
    type KeptSamples = Unseen;
    type KeptCounts = Unseen;

    fn of(_tensor: &HostTensor<'_>) -> Self {
        Self
    }

    fn device(&self) -> Cow<'static, str> {
        Host.device()
    }

    fn shape(x: &HostTensor<'_>) -> Vec<usize> {
        Host::shape(x)
    }

    fn view<'t>(x: &'t HostTensor<'_>) -> HostTensor<'t> {
        Host::view(x)
    }

    fn upload(&self, x: &HostTensor<'_>) -> Result<HostTensor<'static>> {
        Host.upload(x)
    }

    fn download<'t>(&self, x: &'t HostTensor<'_>) -> Result<HostTensor<'t>> {
        Host.download(x)
    }

    fn download_index(&self, index: &Self::Index) -> Result<Vec<u64>> {
        Host.download_index(index)
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        Host.reshape(x, shape)
    }

    fn row<'a>(&self, x: &Self::Tensor<'a>, row: usize) -> Result<Self::Tensor<'a>> {
        Host.row(x, row)
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        Host.column(x, column)
    }

    fn find_invalid(&self, x: &HostTensor<'_>, rule: Rule) -> Result<Option<(usize, f64)>> {
        Host.find_invalid(x, rule)
    }

    fn argsort_descending(&self, x: &HostTensor<'_>) -> Result<Self::Index> {
        Host.argsort_descending(x)
    }

    fn gather(&self, x: &HostTensor<'_>, index: &Self::Index) -> Result<HostTensor<'static>> {
        Host.gather(x, index)
    }

    fn cumsum(&self, x: &HostTensor<'_>) -> Result<HostTensor<'static>> {
        Host.cumsum(x)
    }

    fn group_ends(&self, x: &HostTensor<'_>) -> Result<Self::Index> {
        Host.group_ends(x)
    }

    fn bucket(&self, x: &HostTensor<'_>, num_thresholds: usize) -> Result<Self::Index> {
        Host.bucket(x, num_thresholds)
    }

    fn bincount(
        &self,
        index: &Self::Index,
        targets: &HostTensor<'_>,
        n_bins: usize,
    ) -> Result<[Vec<u64>; 2]> {
        Host.bincount(index, targets, n_bins)
    }

    fn areas(&self, batch: &Batch<'_, Self>) -> Result<Vec<Areas>> {
        batch.in_host(|batch| Host.areas(batch))
    }

    fn ranked_counts(&self, batch: &Batch<'_, Self>) -> Result<Vec<RankedCounts>> {
        batch.in_host(|batch| Host.ranked_counts(batch))
    }

    fn append(&self, batch: &Batch<'_, Self>, state: &mut RankState) -> Result<()> {
        batch.in_host(|batch| Host.append(batch, state))
    }

    fn keep(&self, batch: &Batch<'_, Self>, _: &mut RankState, kept: &mut Unseen) -> Result<()> {
        kept.0.push(owned(batch)?);
        Ok(())
    }

    fn keep_counts(
        &self,
        batch: &Batch<'_, Self>,
        _: &mut BucketCounts,
        kept: &mut Unseen,
    ) -> Result<()> {
        kept.0.push(owned(batch)?);
        Ok(())
    }
}

impl Lend for Deferring {
    fn lend<R>(
        x: &HostTensor<'_>,
        _op: &'static str,
        _what: &'static str,
        f: impl FnOnce(HostTensor<'_>) -> Result<R>,
    ) -> Result<R> {
        f(x.borrow())
    }
}
