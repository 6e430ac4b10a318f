//! Ways to call a metric that are the same for all of them.

use std::fmt;

use metrics_core::{
    Auc, AucState, Backend, Curve, Evaluation, Layout, Metric, Owned, RankState, Readings, Request,
    Result, Undefined,
};

use crate::inputs::{matrix, vector};
use crate::random::Samples;

/// A batch on a backend.
#[derive(Debug, Clone)]
pub struct Inputs<B: Backend> {
    /// The scores.
    pub scores: Owned<B>,
    /// The targets.
    pub targets: Owned<B>,
    /// The weights, if there are any.
    pub weights: Option<Owned<B>>,
}

impl<B: Backend> Inputs<B> {
    /// Samples of one task.
    #[track_caller]
    pub fn of(backend: &B, samples: &Samples) -> Self {
        let (scores, targets) =
            (vector(backend, &samples.scores), vector(backend, &samples.targets));
        Self { scores, targets, weights: None }
    }

    /// Samples of one task with weights.
    #[track_caller]
    pub fn weighted(backend: &B, samples: &Samples, weights: &[f64]) -> Self {
        Self { weights: Some(vector(backend, weights)), ..Self::of(backend, samples) }
    }

    /// Tasks of equally many samples, in either layout; the weights are one list a task.
    #[track_caller]
    pub fn tasks(
        backend: &B,
        tasks: &[Samples],
        weights: Option<&[Vec<f64>]>,
        layout: Layout,
    ) -> Self {
        let scores: Vec<&[f64]> = tasks.iter().map(|task| &task.scores[..]).collect();
        let targets: Vec<&[u8]> = tasks.iter().map(|task| &task.targets[..]).collect();
        let n_rows = if layout == Layout::TasksFirst { tasks.len() } else { scores[0].len() };
        let weights = weights.map(|weights| {
            let weights: Vec<&[f64]> = weights.iter().map(|weights| &weights[..]).collect();
            matrix(backend, &laid_out(&weights, layout), n_rows)
        });
        Self {
            scores: matrix(backend, &laid_out(&scores, layout), n_rows),
            targets: matrix(backend, &laid_out(&targets, layout), n_rows),
            weights,
        }
    }
}

/// Rows one after another, or their columns.
fn laid_out<T: Copy>(rows: &[&[T]], layout: Layout) -> Vec<T> {
    if layout == Layout::TasksFirst {
        return rows.concat();
    }
    (0..rows[0].len()).flat_map(|i| rows.iter().map(move |row| row[i])).collect()
}

/// What a caller may choose beside the inputs.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// What to return where the metric is undefined.
    pub undefined: Undefined,
    /// Which dimension of a matrix the tasks are.
    pub layout: Layout,
}

impl Default for Call {
    fn default() -> Self {
        Self { undefined: Undefined::Default, layout: Layout::TasksFirst }
    }
}

/// The ways to call one metric; those that it does not have are `None`.
pub trait Calls<B: Backend>: fmt::Debug {
    /// The plain function of one task.
    fn function(&self, scores: &Owned<B>, targets: &Owned<B>) -> Option<Result<Vec<f64>>>;

    /// A request for one task.
    fn read(&self, inputs: &Inputs<B>, call: Call) -> Option<Result<Vec<f64>>>;

    /// A request for several tasks.
    fn read_tasks(&self, inputs: &Inputs<B>, call: Call) -> Option<Result<Vec<Vec<f64>>>>;

    /// A stateful metric of one task.
    fn stateful(&self, call: Call) -> Box<dyn Stateful<B>>;

    /// A stateful metric of several tasks.
    fn stateful_tasks(&self, n_tasks: usize, call: Call) -> Option<Result<Box<dyn Stateful<B>>>>;
}

/// A stateful metric of any kind.
pub trait Stateful<B: Backend> {
    /// Takes in a batch.
    ///
    /// # Errors
    /// Those of the metric.
    fn update(&mut self, inputs: &Inputs<B>) -> Result<()>;

    /// The numbers of each task.
    ///
    /// # Errors
    /// Those of the metric.
    fn values(&mut self) -> Result<Vec<Vec<f64>>>;

    /// The state as bytes.
    ///
    /// # Errors
    /// Those of the metric.
    fn state(&mut self) -> Result<Vec<u8>>;

    /// Forgets all samples.
    fn reset(&mut self);

    /// A deep copy.
    fn boxed(&self) -> Box<dyn Stateful<B>>;
}

/// A plain function of one task.
type Function<B, V> = fn(&Owned<B>, &Owned<B>) -> Result<V>;

/// A reading with its plain function, and its value as numbers.
pub(super) struct OfReading<B: Backend, R: Readings> {
    pub(super) reading: R,
    pub(super) function: Option<Function<B, R::Value>>,
    pub(super) numbers: fn(R::Value) -> Vec<f64>,
}

impl<B: Backend, R: Readings> fmt::Debug for OfReading<B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reading.name().fmt(f)
    }
}

impl<B: Backend, R: Readings> OfReading<B, R> {
    fn request<'a>(&self, inputs: &'a Inputs<B>, call: Call) -> Request<'a, B, R> {
        let request = Request::new(self.reading.clone());
        let request = request.undefined(call.undefined).layout(call.layout);
        inputs.weights.iter().fold(request, |request, weights| request.weights(weights))
    }

    fn of_tasks(&self, metric: Evaluation<B, R>, call: Call) -> Box<dyn Stateful<B>>
    where
        B: 'static,
        R: 'static,
    {
        let metric = metric.undefined(call.undefined).layout(call.layout);
        Box::new(Fed { metric, numbers: self.numbers })
    }
}

impl<B: Backend + 'static, R: Readings + 'static> Calls<B> for OfReading<B, R> {
    fn function(&self, scores: &Owned<B>, targets: &Owned<B>) -> Option<Result<Vec<f64>>> {
        self.function.map(|function| function(scores, targets).map(self.numbers))
    }

    fn read(&self, inputs: &Inputs<B>, call: Call) -> Option<Result<Vec<f64>>> {
        let value = self.request(inputs, call).read(&inputs.scores, &inputs.targets);
        Some(value.map(self.numbers))
    }

    fn read_tasks(&self, inputs: &Inputs<B>, call: Call) -> Option<Result<Vec<Vec<f64>>>> {
        let values = self.request(inputs, call).tasks(&inputs.scores, &inputs.targets);
        Some(values.map(|values| values.into_iter().map(self.numbers).collect()))
    }

    fn stateful(&self, call: Call) -> Box<dyn Stateful<B>> {
        self.of_tasks(Evaluation::of(self.reading.clone()), call)
    }

    fn stateful_tasks(&self, n_tasks: usize, call: Call) -> Option<Result<Box<dyn Stateful<B>>>> {
        let metric = Evaluation::of(self.reading.clone()).tasks(n_tasks);
        Some(metric.map(|metric| self.of_tasks(metric, call)))
    }
}

/// The bucketed area.
#[derive(Debug)]
pub(super) struct OfAuc {
    pub(super) curve: Curve,
    pub(super) num_thresholds: usize,
}

impl<B: Backend + 'static> Calls<B> for OfAuc {
    fn function(&self, _: &Owned<B>, _: &Owned<B>) -> Option<Result<Vec<f64>>> {
        None
    }

    fn read(&self, _: &Inputs<B>, _: Call) -> Option<Result<Vec<f64>>> {
        None
    }

    fn read_tasks(&self, _: &Inputs<B>, _: Call) -> Option<Result<Vec<Vec<f64>>>> {
        None
    }

    fn stateful(&self, call: Call) -> Box<dyn Stateful<B>> {
        let auc = Auc::<B>::builder().curve(self.curve).num_thresholds(self.num_thresholds);
        let metric = auc.undefined(call.undefined).build().expect("thresholds in range");
        Box::new(Fed { metric, numbers: |value| vec![value] })
    }

    fn stateful_tasks(&self, _: usize, _: Call) -> Option<Result<Box<dyn Stateful<B>>>> {
        None
    }
}

/// A stateful metric, and its value as numbers.
struct Fed<M: Metric> {
    metric: M,
    numbers: fn(M::Value) -> Vec<f64>,
}

impl<B, M> Stateful<B> for Fed<M>
where
    B: Backend,
    M: Metric<Backend = B, State: Bytes> + Clone + 'static,
    M::Value: 'static,
{
    fn update(&mut self, inputs: &Inputs<B>) -> Result<()> {
        match &inputs.weights {
            None => self.metric.update(&inputs.scores, &inputs.targets),
            Some(weights) => self.metric.update_weighted(&inputs.scores, &inputs.targets, weights),
        }
    }

    fn values(&mut self) -> Result<Vec<Vec<f64>>> {
        Ok(self.metric.compute_tasks()?.into_iter().map(self.numbers).collect())
    }

    fn state(&mut self) -> Result<Vec<u8>> {
        Ok(self.metric.state()?.bytes())
    }

    fn reset(&mut self) {
        self.metric.reset();
    }

    fn boxed(&self) -> Box<dyn Stateful<B>> {
        Box::new(Self { metric: self.metric.clone(), numbers: self.numbers })
    }
}

/// A state that has a byte form.
pub trait Bytes {
    /// The bytes.
    fn bytes(&self) -> Vec<u8>;
}

impl Bytes for RankState {
    fn bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

impl Bytes for AucState {
    fn bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}
