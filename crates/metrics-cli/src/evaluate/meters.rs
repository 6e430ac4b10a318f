//! Metrics of models on a set of rows.

use std::rc::Rc;

use tensor_metrics::slice::{Auc, BinaryAuprc};
use tensor_metrics::{Curve, RankSums, Sums, Undefined};

use super::{BucketedAuc, Measured, ModelCurves, Ranking};
use crate::error::{Error, Result};
use crate::input::{Batch, Columns, Scores, with_scores};

/// The metrics of all models on one set of rows.
#[derive(Debug)]
pub(super) struct RowMeters {
    models: Vec<Meter>,
    n_samples: u64,
    n_positives: u64,
}

/// The metrics of one model on one set of rows.
#[derive(Debug)]
struct Meter {
    score: String,
    exact: BinaryAuprc,
    auc: Option<Auc>,
}

impl RowMeters {
    /// Metrics without samples. With `buckets` each model also has a bucketed AUC.
    pub(super) fn new(columns: &Columns, buckets: Option<usize>) -> Result<Self> {
        let meter = |score: &String| {
            let auc = buckets.map(new_auc).transpose();
            let auc = auc.map_err(|source| Error::Metric { column: score.clone(), source })?;
            Ok(Meter { score: score.clone(), exact: BinaryAuprc::new(), auc })
        };
        Ok(Self {
            models: columns.scores.iter().map(meter).collect::<Result<_>>()?,
            n_samples: 0,
            n_positives: 0,
        })
    }

    /// Number of rows so far.
    pub(super) fn n_samples(&self) -> u64 {
        self.n_samples
    }

    /// Adds the rows of `batch`. The bucketed AUC of a model with a score `outside` `[0, 1]` is no
    /// longer updated.
    pub(super) fn update(&mut self, batch: &Batch, outside: &[Option<f64>]) -> Result<()> {
        self.n_samples += batch.len() as u64;
        self.n_positives += batch.targets.iter().filter(|&&target| target).count() as u64;
        for ((meter, scores), outside) in self.models.iter_mut().zip(&batch.scores).zip(outside) {
            meter.update(scores, batch, outside.is_none()).map_err(|source| meter.error(source))?;
        }
        Ok(())
    }

    pub(super) fn measure(
        &mut self,
        group: Option<&Rc<str>>,
        outside: &[Option<f64>],
        ranking: &mut Ranking<'_>,
    ) -> Result<Vec<Measured>> {
        let (n_samples, n_positives) = (self.n_samples, self.n_positives);
        let mut results = Vec::with_capacity(self.models.len());
        for (meter, outside) in self.models.iter_mut().zip(outside) {
            let measured =
                meter.measure(outside.is_none()).map_err(|source| meter.error(source))?;
            ranking.step();
            results.push(Measured {
                group: group.cloned(),
                samples: n_samples,
                positives: n_positives,
                negatives: n_samples - n_positives,
                ..measured
            });
        }
        Ok(results)
    }

    /// The curves of each model; [`ModelCurves::label`] adds their areas. If samples have no weights and the
    /// curves are read first, the areas cost no further pass.
    pub(super) fn curves(
        &mut self,
        is_weighted: bool,
        ranking: &mut Ranking<'_>,
    ) -> Result<Vec<ModelCurves>> {
        let n_negatives = self.n_samples - self.n_positives;
        let counted = [self.n_positives as f64, n_negatives as f64];
        let models = self.models.iter_mut().map(|meter| {
            let curves = meter.curves((!is_weighted).then_some(counted));
            ranking.step();
            curves.map_err(|source| meter.error(source))
        });
        models.collect()
    }
}

fn new_auc(buckets: usize) -> tensor_metrics::Result<Auc> {
    let auc = Auc::builder().curve(Curve::Roc).num_thresholds(buckets.saturating_sub(1));
    auc.undefined(Undefined::Nan).build()
}

impl Meter {
    fn update(
        &mut self,
        scores: &Scores,
        batch: &Batch,
        with_auc: bool,
    ) -> tensor_metrics::Result<()> {
        let (exact, targets) = (&mut self.exact, &batch.targets);
        let auc = self.auc.as_mut().filter(|_| with_auc);
        with_scores!(scores, scores => match &batch.weights {
            None => {
                exact.update(scores, targets)?;
                if let Some(auc) = auc {
                    auc.update(scores, targets)?;
                }
            }
            Some(weights) => {
                exact.update_weighted(scores, targets, weights)?;
                if let Some(auc) = auc {
                    auc.update_weighted(scores, targets, weights)?;
                }
            }
        });
        Ok(())
    }

    /// The results of this model. The caller fills in the group and the numbers of rows.
    fn measure(&mut self, with_auc: bool) -> tensor_metrics::Result<Measured> {
        let areas = self.sums()?;
        let (positives, negatives) =
            areas.as_ref().map_or((0.0, 0.0), |areas| (areas.n_positives(), areas.n_negatives()));
        let prevalence = positives / (positives + negatives);
        let auc = if with_auc { self.bucketed_auc()? } else { None };
        Ok(Measured {
            group: None,
            score: self.score.clone(),
            samples: 0,
            positives: 0,
            negatives: 0,
            prevalence: (!prevalence.is_nan()).then_some(prevalence),
            auprc: areas.as_ref().and_then(|areas| areas.auprc()),
            auroc: areas.as_ref().and_then(|areas| areas.auroc()),
            bucketed_auc: auc,
        })
    }

    /// Reads the curves. `counted` has the numbers of positives and negatives; `None` if samples have weights.
    fn curves(&mut self, counted: Option<[f64; 2]>) -> tensor_metrics::Result<ModelCurves> {
        let mut curves = ModelCurves::new(&self.score);
        let totals = match counted {
            Some(counted) => Some(counted),
            None => self.sums()?.map(|areas| [areas.n_positives(), areas.n_negatives()]),
        };
        if let Some(totals) = totals {
            curves.read(&mut self.exact, totals)?;
        }
        Ok(curves)
    }

    /// The areas, or `None` when all weights are 0.
    fn sums(&mut self) -> tensor_metrics::Result<Option<RankSums>> {
        // One task, so one value.
        none_without_samples(self.exact.read(&Sums).map(Some))
    }

    fn bucketed_auc(&mut self) -> tensor_metrics::Result<Option<BucketedAuc>> {
        let Some(auc) = &mut self.auc else { return Ok(None) };
        let value = none_without_samples(auc.compute().map(Some))?;
        let Some(value) = value.filter(|value| !value.is_nan()) else {
            return Ok(None);
        };
        let bounds = auc.bounds()?;
        Ok(Some(BucketedAuc { value, lower: bounds.lower, upper: bounds.upper }))
    }

    fn error(&self, source: tensor_metrics::Error) -> Error {
        Error::Metric { column: self.score.clone(), source }
    }
}

/// `None` where `result` is the error for no samples: if all weights are 0, values are undefined, not an error.
fn none_without_samples<T>(
    result: tensor_metrics::Result<Option<T>>,
) -> tensor_metrics::Result<Option<T>> {
    match result {
        Err(tensor_metrics::Error::NoSamples { .. }) => Ok(None),
        result => result,
    }
}
