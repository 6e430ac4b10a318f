//! A backend that looks at a batch only when its metric is read, as one whose tensors lie on a device
//! does: it shows that the metrics can wait.

use std::borrow::Cow;

use metrics_core::backend::{Backend, Batch, Pending, StateMut};
use metrics_core::{Error, Host, HostTensor, RankState, RankSums, Result};

/// The backend; its tensors are those of plain slices.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deferring;

/// Batches that nobody has looked at.
#[derive(Debug, Clone, Default)]
pub struct Unseen(Vec<Batch<'static, Host>>);

impl Pending for Unseen {
    fn flush(&mut self, mut state: StateMut<'_>) -> Result<()> {
        let n_updates = self.0.len();
        let results = self.0.drain(..).map(|batch| state.reborrow().update(&batch)).enumerate();
        let mut bad: Vec<_> = results.filter_map(|(i, result)| Some((i, result.err()?))).collect();
        let n_rejected = bad.len();
        if n_rejected == 0 {
            return Ok(());
        }
        let (i, source) = bad.swap_remove(0);
        let source = Box::new(source);
        Err(Error::RejectedUpdates { update: i + 1, n_updates, n_rejected, source })
    }

    /// As a device may, which ranks what it holds and keeps it.
    fn rank_sums(&mut self, state: &mut RankState) -> Result<Option<Vec<RankSums>>> {
        let mut all = state.clone();
        if self.clone().flush(StateMut::Rank(&mut all)).is_ok() {
            return all.rank_sums().map(Some);
        }
        self.flush(StateMut::Rank(state))?;
        Ok(None)
    }
}

impl Backend for Deferring {
    const NAME: &'static str = "deferring";
    type Tensor<'a> = HostTensor<'a>;
    type Pending = Unseen;

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

    fn with_host<R>(x: &HostTensor<'_>, f: impl FnOnce(HostTensor<'_>) -> R) -> Result<R> {
        Host::with_host(x, f)
    }

    fn reshape<'a>(&self, x: Self::Tensor<'a>, shape: [usize; 2]) -> Result<Self::Tensor<'a>> {
        Host.reshape(x, shape)
    }

    fn transpose<'a>(&self, x: &Self::Tensor<'a>) -> Result<Self::Tensor<'a>> {
        Host.transpose(x)
    }

    fn column<'a>(&self, x: &Self::Tensor<'a>, column: usize) -> Result<Self::Tensor<'a>> {
        Host.column(x, column)
    }

    fn update(&self, batch: &Batch<'_, Self>, _: StateMut<'_>, pending: &mut Unseen) -> Result<()> {
        // A copy: the caller may write to its tensors later.
        batch.with_host(|batch| {
            pending.0.push(batch.clone().into_owned());
            Ok(())
        })
    }
}
