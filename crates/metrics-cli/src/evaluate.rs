//! Computes the metrics of each model, on all rows and in each group.

use std::rc::Rc;

use serde::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::input::{Columns, SkippedReason, Source};
use crate::progress::Step;

mod curves;
mod groups;
mod meters;
mod order;
mod thin;

pub use curves::ModelCurves;
use groups::GroupMeters;
use meters::RowMeters;
pub use thin::Point;

/// What to compute beside the areas.
#[derive(Debug, Clone, Copy)]
pub struct EvaluateOptions {
    /// Buckets of the bucketed AUC, at least 2; `None` computes no bucketed AUC.
    pub buckets: Option<usize>,
    /// Whether to keep the curves of all rows for plots.
    pub curves: bool,
}

/// Everything the reports and plots show.
#[derive(Debug)]
pub struct Evaluation {
    /// Rows read, used and skipped.
    pub rows: RowCounts,
    /// Results on all rows first, then those of each group in the order of the labels. Models are in
    /// the order of [`Columns::scores`].
    pub results: Vec<Measured>,
    /// Models without the bucketed AUC that was asked for, because their scores are no probabilities.
    pub not_probabilities: Vec<NotProbabilities>,
    /// The curves of each model, if they were asked for.
    pub curves: Vec<ModelCurves>,
}

/// Numbers of rows read, used and skipped.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowCounts {
    /// Rows of data in the file.
    pub read: u64,
    /// Rows evaluated.
    pub used: u64,
    /// Skipped rows.
    pub skipped: u64,
    /// Skipped rows for each reason.
    pub skipped_by_reason: Vec<SkippedReason>,
}

/// The metrics of one model on one set of rows. `None` where a value is undefined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// The group, `None` for all rows.
    #[serde(serialize_with = "serialize_label")]
    pub group: Option<Rc<str>>,
    /// The score column of the model.
    pub score: String,
    /// Number of rows.
    pub samples: u64,
    /// Rows with target 1.
    pub positives: u64,
    /// Rows with target 0.
    pub negatives: u64,
    /// Share of the positives, by weight if there are weights.
    pub prevalence: Option<f64>,
    /// Average precision, exact.
    pub auprc: Option<f64>,
    /// Area under the ROC curve, exact.
    pub auroc: Option<f64>,
    /// Area under the ROC curve of the buckets, if asked for.
    pub bucketed_auc: Option<BucketedAuc>,
}

/// Serializes the text of a shared label, which serde does not do by default.
fn serialize_label<S: Serializer>(label: &Option<Rc<str>>, to: S) -> Result<S::Ok, S::Error> {
    label.as_deref().serialize(to)
}

/// The area under the ROC curve from bucket counts alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BucketedAuc {
    /// The area if all scores in a bucket tie.
    pub value: f64,
    /// The exact area is at least this.
    pub lower: f64,
    /// The exact area is at most this.
    pub upper: f64,
}

/// A model with scores outside `[0, 1]`, and so without a bucketed AUC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotProbabilities {
    /// The score column.
    pub score: String,
    /// The first score outside `[0, 1]`, as text because it may be infinite.
    pub example: String,
}

/// Reads `source` to its end and measures every model in `columns`, in all rows and in each group.
///
/// Reports its progress to `on_step`.
///
/// # Errors
/// Errors of the file at `path`; [`Error::NoRows`] when it has no usable row.
pub fn evaluate(
    source: &mut dyn Source,
    path: &str,
    columns: &Columns,
    options: EvaluateOptions,
    on_step: &mut dyn FnMut(Step),
) -> Result<Evaluation> {
    let mut meters = Meters {
        rows: RowMeters::new(columns, options.buckets)?,
        groups: GroupMeters::new(columns, options.buckets),
        outside: vec![None; columns.scores.len()],
    };
    meters.read(source, options.buckets.is_some(), on_step)?;
    if meters.rows.n_samples() == 0 {
        let skipped = source.skipped().iter().map(|reason| reason.count).sum();
        return Err(Error::NoRows { path: path.to_owned(), skipped });
    }
    meters.measure(source, columns, options.curves, on_step)
}

/// The metrics of all rows and of each group.
struct Meters {
    rows: RowMeters,
    groups: GroupMeters,
    /// The first score of each model outside `[0, 1]`, where buckets need probabilities.
    outside: Vec<Option<f64>>,
}

impl Meters {
    /// Reads all rows.
    fn read(
        &mut self,
        source: &mut dyn Source,
        needs_probabilities: bool,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<()> {
        let mut batch = source.new_batch();
        while source.next_batch(&mut batch)? {
            if needs_probabilities {
                for (first, scores) in self.outside.iter_mut().zip(&batch.scores) {
                    *first = first.or_else(|| scores.first_outside_unit());
                }
            }
            self.rows.update(&batch, &self.outside)?;
            self.groups.update(&batch, &self.outside)?;
            on_step(Step::Reading { n_rows: source.n_rows(), share: source.share_read() });
        }
        Ok(())
    }

    /// Ranks the models on all rows, then in each group, and frees metrics once their results are read.
    fn measure(
        mut self,
        source: &dyn Source,
        columns: &Columns,
        with_curves: bool,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Evaluation> {
        let labels = source.groups().labels();
        let n_rankings = columns.scores.len() * (1 + usize::from(with_curves) + labels.len());
        let mut ranking = Ranking::new(n_rankings, on_step);
        let mut curves = Vec::new();
        if with_curves {
            curves = self.rows.curves(columns.weight.is_some(), &mut ranking)?;
        }
        let mut results = self.rows.measure(None, &self.outside, &mut ranking)?;
        curves.iter_mut().zip(&results).for_each(|(curves, result)| curves.label(result));
        let rows = RowCounts {
            read: source.n_rows(),
            used: self.rows.n_samples(),
            skipped: source.n_rows() - self.rows.n_samples(),
            skipped_by_reason: source.skipped().to_vec(),
        };
        drop(self.rows);
        results.extend(self.groups.measure(labels, &self.outside, &mut ranking)?);
        let not_probabilities = not_probabilities(columns, &self.outside);
        Ok(Evaluation { rows, results, not_probabilities, curves })
    }
}

/// Counts the finished rankings of a run and reports them to `on_step`.
struct Ranking<'s> {
    done: u64,
    of: u64,
    on_step: &'s mut dyn FnMut(Step),
}

impl<'s> Ranking<'s> {
    fn new(n_rankings: usize, on_step: &'s mut dyn FnMut(Step)) -> Self {
        let mut ranking = Self { done: 0, of: n_rankings as u64, on_step };
        ranking.report();
        ranking
    }

    fn report(&mut self) {
        (self.on_step)(Step::Ranking { done: self.done, of: self.of });
    }

    /// Counts one more finished ranking.
    fn step(&mut self) {
        self.done += 1;
        self.report();
    }
}

fn not_probabilities(columns: &Columns, outside: &[Option<f64>]) -> Vec<NotProbabilities> {
    let pairs = columns.scores.iter().zip(outside);
    let models = pairs.filter_map(|(score, first)| {
        Some(NotProbabilities { score: score.clone(), example: (*first)?.to_string() })
    });
    models.collect()
}
