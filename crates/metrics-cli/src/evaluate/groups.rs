//! One set of metrics for each group.

use std::rc::Rc;

use super::meters::RowMeters;
use super::{Measured, Ranking, order};
use crate::error::Result;
use crate::input::{Batch, Columns, Score, with_scores};

/// Fewest rows that a group gathers before its metrics take them: metrics are fast on long batches.
const MIN_FLUSH_ROWS: usize = 4096;

/// The metrics of all groups.
///
/// A group first gathers rows. It creates its metrics once it has as many rows as a bucketed AUC has
/// buckets. So ten thousand small groups take the memory of their rows, not that of ten thousand
/// histograms.
#[derive(Debug)]
pub(super) struct GroupMeters {
    columns: Columns,
    buckets: Option<usize>,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    waiting: Batch,
    meters: Option<RowMeters>,
}

impl GroupMeters {
    pub(super) fn new(columns: &Columns, buckets: Option<usize>) -> Self {
        Self { columns: columns.clone(), buckets, groups: Vec::new() }
    }

    /// Adds each row of `batch` to its group; does nothing without a group column.
    pub(super) fn update(&mut self, batch: &Batch, outside: &[Option<f64>]) -> Result<()> {
        let Some(ids) = &batch.groups else {
            return Ok(());
        };
        let n_groups = ids.iter().max().map_or(0, |&id| id as usize + 1);
        while self.groups.len() < n_groups {
            self.groups.push(Group { waiting: empty_like(batch), meters: None });
        }
        self.scatter(batch, ids);
        let flush_rows = self.buckets.unwrap_or(0).max(MIN_FLUSH_ROWS);
        for group in &mut self.groups {
            if group.waiting.len() >= flush_rows {
                group.flush(&self.columns, self.buckets, outside)?;
            }
        }
        Ok(())
    }

    /// Appends each row to the waiting rows of its group, one column after the other.
    fn scatter(&mut self, batch: &Batch, ids: &[u32]) {
        let groups = &mut self.groups;
        for (model_idx, scores) in batch.scores.iter().enumerate() {
            with_scores!(scores, scores => for (&score, &id) in scores.iter().zip(ids) {
                let waiting = &mut groups[id as usize].waiting.scores[model_idx];
                if let Some(values) = Score::values_mut(waiting) {
                    values.push(score);
                }
            });
        }
        for (&target, &id) in batch.targets.iter().zip(ids) {
            groups[id as usize].waiting.targets.push(target);
        }
        for (&weight, &id) in batch.weights.iter().flatten().zip(ids) {
            groups[id as usize].waiting.weights.get_or_insert_default().push(weight);
        }
    }

    /// The results of all groups, sorted by label. Each group is freed once its results are read.
    pub(super) fn measure(
        self,
        labels: &[Rc<str>],
        outside: &[Option<f64>],
        ranking: &mut Ranking<'_>,
    ) -> Result<Vec<Measured>> {
        let mut groups: Vec<_> = labels.iter().zip(self.groups).collect();
        groups.sort_by(|(a, _), (b, _)| order::compare(a, b));
        let mut results = Vec::new();
        for (label, mut group) in groups {
            let meters = group.flush(&self.columns, self.buckets, outside)?;
            results.extend(meters.measure(Some(label), outside, ranking)?);
        }
        Ok(results)
    }
}

impl Group {
    /// Hands the waiting rows to the metrics.
    fn flush(
        &mut self,
        columns: &Columns,
        buckets: Option<usize>,
        outside: &[Option<f64>],
    ) -> Result<&mut RowMeters> {
        let meters = match &mut self.meters {
            Some(meters) => meters,
            none => none.insert(RowMeters::new(columns, buckets)?),
        };
        meters.update(&self.waiting, outside)?;
        self.waiting.clear();
        Ok(meters)
    }
}

fn empty_like(batch: &Batch) -> Batch {
    Batch {
        scores: batch.scores.iter().map(|scores| scores.new_like()).collect(),
        targets: Vec::new(),
        weights: batch.weights.as_ref().map(|_| Vec::new()),
        groups: None,
    }
}
