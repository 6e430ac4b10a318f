//! The exact ranking metrics.

use arbitrary::{Result, Unstructured};
use metrics_core::{
    Auprc, Auroc, Error, Evaluation, Host, PrecisionRecall, RankState, RankSums, Readings, Roc,
    Sums, Undefined,
};

use super::functions::functions;
use super::{
    MAX_CALLS, Outcome, SURELY_ACCEPTED, bits, check_areas, check_curves, check_undefined,
    in_another_order, undefined,
};
use crate::batch::{Batch, Family};
use crate::model::{Exact, Sample};

/// A reading that is an area.
pub(super) trait Area: Readings<Value = f64> + Default {
    /// What stands for an area that is undefined.
    const DEFAULT: f64;

    fn of(sums: &RankSums) -> Option<f64>;
}

impl Area for Auprc {
    const DEFAULT: f64 = 0.0;

    fn of(sums: &RankSums) -> Option<f64> {
        sums.auprc()
    }
}

impl Area for Auroc {
    const DEFAULT: f64 = 0.5;

    fn of(sums: &RankSums) -> Option<f64> {
        sums.auroc()
    }
}

/// An exact ranking metric, and the samples it should hold.
pub(super) struct RankedCalls<F> {
    metric: Evaluation<Host, F>,
    tasks: Vec<Task>,
    undefined: Undefined,
}

#[derive(Debug, Clone, Default)]
struct Task {
    samples: Vec<Sample>,
    family: Option<Family>,
}

impl<F: Area> RankedCalls<F> {
    pub(super) fn new(u: &mut Unstructured<'_>) -> Result<Self> {
        Ok(Self::of(u.int_in_range(1..=3)?, undefined(u)?))
    }

    fn of(n_tasks: usize, undefined: Undefined) -> Self {
        let metric = Evaluation::new().tasks(n_tasks).expect("at least one task");
        let tasks = vec![Task::default(); n_tasks];
        Self { metric: metric.undefined(undefined), tasks, undefined }
    }

    pub(super) fn make(mut self, u: &mut Unstructured<'_>) -> Result<()> {
        for _ in 0..MAX_CALLS {
            if u.is_empty() {
                break;
            }
            match u.arbitrary::<u8>()? % 16 {
                0..5 => self.update(u, false)?,
                5..8 => self.update(u, true)?,
                8 => self.merge(u)?,
                9 => self.round_trip(),
                10 => self.go_on_with_a_clone(u)?,
                11 => self.reset(),
                12 => check_ranked(&mut self.metric, &self.tasks, self.undefined),
                13 => self.curves(),
                _ => functions(u)?,
            }
            check_ranked(&mut self.metric.clone(), &self.tasks, self.undefined);
        }
        check_ranked(&mut self.metric, &self.tasks, self.undefined);
        self.curves();
        Ok(())
    }

    /// The state as bytes, read off a copy: to read it changes what the metric holds.
    fn bytes(&self) -> Vec<u8> {
        self.metric.clone().state().expect("a host has no errors to report").to_bytes()
    }

    fn update(&mut self, u: &mut Unstructured<'_>, is_weighted: bool) -> Result<()> {
        let batch = Batch::new(u, self.tasks.len(), is_weighted)?;
        let before = self.bytes();
        let result = match &batch.weights {
            None => self.metric.update(&batch.scores, &batch.targets),
            Some(weights) => self.metric.update_weighted(&batch.scores, &batch.targets, weights),
        };
        let n_tasks = self.tasks.len();
        let new = batch.has_shape(n_tasks).then(|| batch.samples(n_tasks)).flatten();
        let Some(new) = new else {
            Outcome::Refused.check(result);
            assert_eq!(self.bytes(), before, "a failed update changes nothing");
            return Ok(());
        };
        let family = batch.family();
        let new: Vec<Task> =
            new.into_iter().map(|samples| Task { samples, family: Some(family) }).collect();
        let outcome = if batch.is_empty_of(n_tasks) { Outcome::Done } else { self.joined(&new) };
        self.take(new, outcome.check(result), &before);
        Ok(())
    }

    /// Whether these samples can join those held.
    fn joined(&self, new: &[Task]) -> Outcome {
        let mut outcome = Outcome::Done;
        for (held, new) in self.tasks.iter().zip(new) {
            let differ =
                !held.samples.is_empty() && new.family.is_some_and(|f| Some(f) != held.family);
            if differ && !new.samples.is_empty() {
                return Outcome::Refused;
            }
            let all = held.samples.iter().chain(&new.samples);
            if differ || all.map(|sample| sample.weight).sum::<f64>() > SURELY_ACCEPTED {
                outcome = Outcome::Either;
            }
        }
        outcome
    }

    fn take(&mut self, new: Vec<Task>, is_done: bool, before: &[u8]) {
        if !is_done {
            assert_eq!(self.bytes(), before, "a failed call changes nothing");
            return;
        }
        for (held, mut new) in self.tasks.iter_mut().zip(new) {
            if !new.samples.is_empty() {
                held.family = new.family;
                held.samples.append(&mut new.samples);
            }
        }
    }

    fn merge(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let n_tasks = if u.ratio(1, 8)? { u.int_in_range(1..=3)? } else { self.tasks.len() };
        let mut other = Self::of(n_tasks, Undefined::Nan);
        for _ in 0..u.int_in_range(0..=2)? {
            let is_weighted = u.arbitrary()?;
            other.update(u, is_weighted)?;
        }
        if u.arbitrary()? {
            let _ = other.metric.state();
        }
        let (before, theirs) = (self.bytes(), other.bytes());
        let result = self.metric.merge(&other.metric);
        assert_eq!(other.bytes(), theirs, "what is merged stays as it is");
        if n_tasks != self.tasks.len() {
            assert!(matches!(result, Err(Error::MergeTasks { .. })), "{result:?}");
            assert_eq!(self.bytes(), before);
            return Ok(());
        }
        let outcome = self.joined(&other.tasks);
        self.take(other.tasks, outcome.check(result), &before);
        Ok(())
    }

    fn round_trip(&mut self) {
        let state = self.metric.state().expect("no errors to report");
        let bytes = state.to_bytes();
        let read = RankState::from_bytes(&bytes).expect("what was written can be read");
        assert_eq!((&read, read.to_bytes()), (&state, bytes));
        let mut loaded = Self::of(self.tasks.len(), self.undefined);
        loaded.metric.load_state(&read).expect("as many tasks");
        self.metric = loaded.metric;
    }

    /// The clone keeps what it had, whatever becomes of the original.
    fn go_on_with_a_clone(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let (clone, tasks) = (self.metric.clone(), self.tasks.clone());
        self.update(u, false)?;
        self.metric = clone;
        self.tasks = tasks;
        Ok(())
    }

    fn reset(&mut self) {
        self.metric.reset();
        self.tasks = vec![Task::default(); self.tasks.len()];
    }

    fn curves(&mut self) {
        for task in 0..self.tasks.len() {
            let pr = self.metric.read_task(&PrecisionRecall, task);
            let roc = self.metric.read_task(&Roc, task);
            if self.tasks.iter().all(|task| task.samples.is_empty()) {
                assert!(matches!(pr, Err(Error::NoSamples { .. })), "{pr:?}");
                assert!(matches!(roc, Err(Error::NoSamples { .. })), "{roc:?}");
            } else {
                check_curves(pr, roc, &Exact::of(&self.tasks[task].samples), self.undefined);
            }
        }
        let unknown = self.metric.read_task(&Roc, self.tasks.len());
        assert!(unknown.is_err());
    }
}

/// A metric's values are those of its samples, and those of a function on its samples in another order.
fn check_ranked<F: Area>(metric: &mut Evaluation<Host, F>, tasks: &[Task], undefined: Undefined) {
    let (values, areas) = (metric.compute_tasks(), metric.read_tasks(&Sums));
    if tasks.iter().all(|task| task.samples.is_empty()) {
        assert!(matches!(values, Err(Error::NoSamples { .. })), "{values:?}");
        assert!(matches!(areas, Err(Error::NoSamples { .. })), "{areas:?}");
        return;
    }
    let areas = areas.expect("there are samples");
    let read: Vec<_> = areas.iter().map(F::of).collect();
    check_undefined(values.as_deref(), &read, undefined, F::DEFAULT);
    let one = metric.compute();
    match tasks {
        [_] => {
            check_undefined(one.as_ref().map(std::slice::from_ref), &read, undefined, F::DEFAULT)
        }
        _ => assert!(matches!(one, Err(Error::SeveralTasks { .. })), "{one:?}"),
    }
    for (task, areas) in tasks.iter().zip(areas) {
        let exact = Exact::of(&task.samples);
        check_areas(&exact, areas.auprc(), areas.auroc(), &task.samples);
        if let Some(family) = task.family.filter(|_| !task.samples.is_empty()) {
            let again = in_another_order(&task.samples, family);
            let values = [areas.auprc(), areas.auroc()];
            assert_eq!(
                values.map(bits),
                again.map(bits),
                "{values:?} {again:?} {:?}",
                task.samples
            );
        }
    }
}
