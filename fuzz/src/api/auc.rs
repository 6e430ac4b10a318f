//! The bucketed area.

use arbitrary::{Result, Unstructured};
use metrics_core::slice::Auc;
use metrics_core::{AucState, Bounds, Curve, Error, Undefined};

use super::{MAX_CALLS, Outcome, SURELY_ACCEPTED, in_another_order, undefined};
use crate::batch::{Batch, Family};
use crate::model::{Exact, Sample};

/// A bucketed area, and the samples it should hold.
pub(super) struct AucCalls {
    auc: Auc,
    undefined: Undefined,
    samples: Vec<Sample>,
}

impl AucCalls {
    pub(super) fn new(u: &mut Unstructured<'_>) -> Result<Self> {
        let curve = *u.choose(&[Curve::Roc, Curve::Pr])?;
        let num_thresholds = *u.choose(&[1, 2, 4, 10, 255, 1000])?;
        Ok(Self::of(curve, num_thresholds, undefined(u)?))
    }

    fn of(curve: Curve, num_thresholds: usize, undefined: Undefined) -> Self {
        let auc = Auc::builder().curve(curve).num_thresholds(num_thresholds).undefined(undefined);
        Self { auc: auc.build().expect("thresholds in range"), undefined, samples: Vec::new() }
    }

    pub(super) fn make(mut self, u: &mut Unstructured<'_>) -> Result<()> {
        for _ in 0..MAX_CALLS {
            if u.is_empty() {
                break;
            }
            match u.arbitrary::<u8>()? % 16 {
                0..6 => self.update(u, false)?,
                6..10 => self.update(u, true)?,
                10 => self.merge(u)?,
                11 => self.round_trip(),
                12 => {
                    let (auc, samples) = (self.auc.clone(), self.samples.clone());
                    self.update(u, true)?;
                    (self.auc, self.samples) = (auc, samples);
                }
                13 => {
                    self.auc.reset();
                    self.samples.clear();
                }
                _ => {}
            }
            self.check();
        }
        Ok(())
    }

    fn bytes(&self) -> Vec<u8> {
        self.auc.clone().state().expect("no errors to report").to_bytes()
    }

    fn update(&mut self, u: &mut Unstructured<'_>, is_weighted: bool) -> Result<()> {
        let batch = Batch::of_probabilities(u, is_weighted)?;
        let before = self.bytes();
        let result = match &batch.weights {
            None => self.auc.update(&batch.scores, &batch.targets),
            Some(weights) => self.auc.update_weighted(&batch.scores, &batch.targets, weights),
        };
        let new = batch.probabilities();
        let outcome = new.as_deref().map_or(Outcome::Refused, |new| self.joined(new));
        self.take(new.unwrap_or_default(), outcome.check(result), &before);
        Ok(())
    }

    fn joined(&self, new: &[Sample]) -> Outcome {
        let all = self.samples.iter().chain(new);
        let is_sure = all.map(|sample| sample.weight).sum::<f64>() <= SURELY_ACCEPTED;
        if is_sure { Outcome::Done } else { Outcome::Either }
    }

    fn take(&mut self, new: Vec<Sample>, is_done: bool, before: &[u8]) {
        if is_done {
            self.samples.extend(new);
        } else {
            assert_eq!(self.bytes(), before, "a failed call changes nothing");
        }
    }

    fn merge(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let (curve, num_thresholds) = (self.auc.curve(), self.auc.num_thresholds());
        let mut other = match u.ratio(1, 8)? {
            true => Self::new(u)?,
            false => Self::of(curve, num_thresholds, Undefined::Error),
        };
        let is_weighted = u.arbitrary()?;
        other.update(u, is_weighted)?;
        let (before, theirs) = (self.bytes(), other.bytes());
        let result = self.auc.merge(&other.auc);
        assert_eq!(other.bytes(), theirs, "what is merged stays as it is");
        let outcome =
            match (other.auc.curve(), other.auc.num_thresholds()) == (curve, num_thresholds) {
                true => self.joined(&other.samples),
                false => Outcome::Refused,
            };
        self.take(other.samples, outcome.check(result), &before);
        Ok(())
    }

    fn round_trip(&mut self) {
        let state = self.auc.state().expect("no errors to report");
        let bytes = state.to_bytes();
        let read = AucState::from_bytes(&bytes).expect("what was written can be read");
        assert_eq!((&read, read.to_bytes()), (&state, bytes));
        let mut loaded = Self::of(self.auc.curve(), self.auc.num_thresholds(), self.undefined);
        loaded.auc.load_state(&read).expect("the same configuration");
        self.auc = loaded.auc;
    }

    fn check(&mut self) {
        let (value, bounds) = (self.auc.compute(), self.auc.bounds());
        if self.samples.is_empty() {
            assert!(matches!(value, Err(Error::NoSamples { .. })), "{value:?}");
            assert!(matches!(bounds, Err(Error::NoSamples { .. })), "{bounds:?}");
            return;
        }
        let (curve, num_thresholds) = (self.auc.curve(), self.auc.num_thresholds() as f64);
        let in_buckets: Vec<Sample> = self
            .samples
            .iter()
            .map(|sample| Sample {
                key: (sample.score * num_thresholds).floor() as i128,
                ..*sample
            })
            .collect();
        let [bucketed, exact] = [&in_buckets, &self.samples].map(|samples| {
            let exact = Exact::of(samples);
            if curve == Curve::Roc { exact.auroc } else { exact.auprc }
        });
        let (Some(bucketed), Some(exact)) = (bucketed, exact) else {
            let default = |value: f64| match self.undefined {
                Undefined::Nan => assert!(value.is_nan()),
                _ => assert_eq!(value.to_bits(), 0.0f64.to_bits()),
            };
            match (value, bounds) {
                (Ok(value), Ok(Bounds { lower, upper })) if self.undefined != Undefined::Error => {
                    [value, lower, upper].into_iter().for_each(default);
                }
                (Err(Error::Undefined { .. }), Err(Error::Undefined { .. })) => {
                    assert_eq!(self.undefined, Undefined::Error);
                }
                other => panic!("{other:?}"),
            }
            return;
        };
        let (value, bounds) = (value.expect("defined"), bounds.expect("defined"));
        assert!(bucketed.allows(value, curve == Curve::Roc), "{value} {bucketed:?}");
        assert!(0.0 <= bounds.lower && bounds.lower <= value, "{value} {bounds:?}");
        assert!(value <= bounds.upper && bounds.upper <= 1.0, "{value} {bounds:?}");
        assert!(
            exact.is_within(bounds.lower, bounds.upper),
            "{bounds:?} {exact:?} {:?}",
            self.samples
        );
        if self.samples.iter().all(|sample| sample.weight == 1.0) {
            let [auprc, auroc] = in_another_order(&in_buckets, Family::Signed);
            let same = if curve == Curve::Roc { auroc } else { auprc };
            assert_eq!(Some(value), same, "the area of the buckets");
        }
    }
}
