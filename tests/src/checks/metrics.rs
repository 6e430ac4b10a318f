//! What holds for every metric of the registry.

use std::fmt::Debug;

use metrics_core::{Backend, Error, Layout, Result, Undefined};

use super::weights::{as_whole, floats, fractions, whole};
use crate::check::same_bits;
use crate::random::{Kind, Random, Samples, seed};
use crate::rational::ratio;
use crate::registry::{Call, Entry, Inputs, Stateful, UndefinedCase, Weights, registry};

/// The function, requests for one task and for all, and streams of batches all return one list of
/// numbers: those of the definition.
#[track_caller]
pub fn numbers_are_those_of_the_definition<B: Backend + 'static>(backend: &B, samples: &Samples) {
    let inputs = Inputs::of(backend, samples);
    for entry in entries(samples) {
        let numbers = each_way(backend, &entry, samples, &inputs, None);
        let expected = (entry.by_definition)(samples, &Weights::ones(samples.n_samples()));
        assert_eq!(numbers.len(), expected.len(), "{}: {samples:?}", entry.name);
        let pairs = numbers.iter().zip(&expected).enumerate();
        pairs.for_each(|(i, (&x, expected))| expected.check(x, &(entry.name, i, samples)));
    }
}

#[track_caller]
pub fn weighted_numbers_are_those_of_the_definition<B: Backend + 'static>(
    backend: &B,
    samples: &Samples,
) {
    let weights = fractions(samples.n_samples());
    let units = Weights { whole: as_whole(&weights), unit: ratio(1, 1 << 53) };
    let inputs = Inputs::weighted(backend, samples, &weights);
    for entry in entries(samples) {
        let numbers = each_way(backend, &entry, samples, &inputs, Some(&weights));
        let expected = (entry.by_definition)(samples, &units);
        assert_eq!(numbers.len(), expected.len(), "{}: {samples:?}", entry.name);
        let pairs = numbers.iter().zip(&expected).enumerate();
        pairs.for_each(|(i, (&x, expected))| expected.check_weighted(x, &(entry.name, i, samples)));
    }
}

#[track_caller]
pub fn unit_weights_are_no_weights<B: Backend + 'static>(backend: &B, samples: &Samples) {
    let ones = vec![1.0; samples.n_samples()];
    let (weighted, plain) =
        (Inputs::weighted(backend, samples, &ones), Inputs::of(backend, samples));
    for entry in entries(samples) {
        assert_same(&entry, numbers(&entry, &weighted), numbers(&entry, &plain), samples);
    }
}

#[track_caller]
pub fn whole_weights_are_repetitions<B: Backend + 'static>(backend: &B, samples: &Samples) {
    let weights = whole(samples.n_samples(), 4);
    let weighted = Inputs::weighted(backend, samples, &floats(&weights));
    let repeated = Inputs::of(backend, &samples.repeated(&weights));
    for entry in entries(samples) {
        assert_same(&entry, numbers(&entry, &weighted), numbers(&entry, &repeated), samples);
    }
}

#[track_caller]
pub fn weight_zero_removes_a_sample<B: Backend + 'static>(backend: &B, samples: &Samples) {
    let mut random = Random::new(seed());
    let weights: Vec<f64> =
        fractions(samples.n_samples()).iter().map(|w| w * random.pick(&[0.0, 1.0])).collect();
    let kept: Vec<usize> = (0..samples.n_samples()).filter(|&i| weights[i] > 0.0).collect();
    if kept.is_empty() {
        return;
    }
    let kept_weights: Vec<f64> = kept.iter().map(|&i| weights[i]).collect();
    let all = Inputs::weighted(backend, samples, &weights);
    let kept = Inputs::weighted(backend, &samples.at(&kept), &kept_weights);
    for entry in entries(samples) {
        assert_same(&entry, numbers(&entry, &all), numbers(&entry, &kept), samples);
    }
}

#[track_caller]
pub fn numbers_ignore_sample_order<B: Backend + 'static>(backend: &B, samples: &Samples) {
    // Some whole weights among the fractions: both ways to keep a sample at once.
    let mut weights = fractions(samples.n_samples());
    weights.iter_mut().step_by(3).for_each(|weight| *weight = (4.0 * *weight).ceil());
    let order = Random::new(seed()).permutation(samples.n_samples());
    let (other, other_weights) =
        (samples.at(&order), order.iter().map(|&i| weights[i]).collect::<Vec<_>>());
    let pairs = [
        [Inputs::of(backend, samples), Inputs::of(backend, &other)],
        [
            Inputs::weighted(backend, samples, &weights),
            Inputs::weighted(backend, &other, &other_weights),
        ],
    ];
    for entry in entries(samples) {
        for [inputs, reordered] in &pairs {
            assert_same(&entry, numbers(&entry, reordered), numbers(&entry, inputs), samples);
        }
    }
}

/// In either layout, weighted and not, at once and streamed.
#[track_caller]
pub fn tasks_equal_each_alone<B: Backend + 'static>(backend: &B, n_samples: usize) {
    let tasks: Vec<Samples> =
        Kind::ALL.iter().zip(0..).map(|(kind, i)| kind.samples(n_samples, seed() + i)).collect();
    let weights: Vec<Vec<f64>> =
        fractions(tasks.len() * n_samples).chunks(n_samples).map(<[f64]>::to_vec).collect();
    // The metrics of probabilities have one task.
    for entry in registry::<B>().into_iter().filter(|entry| !entry.takes_probabilities) {
        for weights in [None, Some(&weights[..])] {
            let alone = tasks.iter().enumerate().map(|(i, task)| match weights {
                None => Inputs::of(backend, task),
                Some(weights) => Inputs::weighted(backend, task, &weights[i]),
            });
            let alone: Vec<_> = alone.map(|inputs| numbers(&entry, &inputs)).collect();
            for layout in [Layout::TasksFirst, Layout::TasksLast] {
                let inputs = Inputs::tasks(backend, &tasks, weights, layout);
                let call = Call { layout, ..Call::default() };
                let at_once = entry.calls.read_tasks(&inputs, call).expect("several tasks");
                let mut streamed = entry.calls.stateful_tasks(tasks.len(), call).unwrap().unwrap();
                let (first, rest): (Vec<_>, Vec<_>) =
                    (0..n_samples).partition(|i| 3 * i < n_samples);
                for part in [rest, first].iter().filter(|part| !part.is_empty()) {
                    let tasks: Vec<_> = tasks.iter().map(|task| task.at(part)).collect();
                    let weights = weights.map(|weights| {
                        let of_part = |task: &Vec<f64>| part.iter().map(|&i| task[i]).collect();
                        weights.iter().map(of_part).collect::<Vec<Vec<f64>>>()
                    });
                    let part = Inputs::tasks(backend, &tasks, weights.as_deref(), layout);
                    streamed.update(&part).unwrap();
                }
                for values in [at_once.unwrap(), streamed.values().unwrap()] {
                    assert_eq!(values.len(), alone.len(), "{}", entry.name);
                    for (value, alone) in values.iter().zip(&alone) {
                        same_bits(value, alone, &(entry.name, layout, n_samples));
                    }
                }
            }
        }
    }
}

/// Default, NaN and error, from requests and stateful metrics; what is defined stays.
#[track_caller]
pub fn undefined_values_follow_the_policy<B: Backend + 'static>(backend: &B) {
    for entry in registry::<B>() {
        for target in [0, 1] {
            let samples = Samples {
                name: format!("targets all {target}"),
                scores: UndefinedCase::SCORES.to_vec(),
                targets: vec![target; 3],
            };
            let inputs = Inputs::of(backend, &samples);
            let case = entry.undefined.iter().find(|case| case.target == target);
            for undefined in [Undefined::Default, Undefined::Nan, Undefined::Error] {
                let call = Call { undefined, ..Call::default() };
                let mut metric = entry.calls.stateful(call);
                metric.update(&inputs).unwrap();
                let values = [entry.calls.read(&inputs, call), Some(task_0(metric.values()))];
                for value in values.into_iter().flatten() {
                    follows(&entry, case, undefined, value, &samples);
                }
            }
        }
    }
}

#[track_caller]
fn follows<B: Backend>(
    entry: &Entry<B>,
    case: Option<&UndefinedCase>,
    undefined: Undefined,
    value: Result<Vec<f64>>,
    samples: &Samples,
) {
    let name = entry.name;
    match (undefined, case) {
        (Undefined::Error, Some(case)) => match value {
            Err(Error::Undefined { op, task: 0, reason, .. }) => {
                assert_eq!((op, reason), (name, case.reason));
            }
            other => panic!("{name} of {samples:?}: {other:?}"),
        },
        (Undefined::Default, Some(case)) => {
            same_bits(&value.unwrap(), case.default, &(name, samples))
        }
        (Undefined::Nan, Some(case)) => same_bits(&value.unwrap(), case.nan, &(name, samples)),
        _ => {
            let exact = (entry.by_definition)(samples, &Weights::ones(samples.n_samples()));
            let value = value.unwrap();
            assert_eq!(value.len(), exact.len(), "{name} of {samples:?}");
            value.iter().zip(&exact).for_each(|(&x, exact)| exact.check(x, &(name, samples)));
        }
    }
}

/// One bad sample at any place: the error names the metric and the place, and the metric is what it was,
/// empty or not; also where it looks at a batch only when it is read.
#[track_caller]
pub fn rejected_batches_change_nothing<B: Backend + 'static>(backend: &B) {
    let good = Kind::Uniform.samples(9, seed());
    for entry in registry::<B>() {
        for index in [0, 4, 8] {
            for (inputs, is_right) in bad_batches(backend, &good, index) {
                let is_expected = |error: &Error| {
                    is_right(error) && error.to_string().starts_with(&format!("{}: ", entry.name))
                };
                let read = entry.calls.read(&inputs, Call::default());
                // The plain function sees no weights.
                let function = entry.calls.function(&inputs.scores, &inputs.targets);
                let function = function.filter(|_| inputs.weights.is_none());
                for value in [read, function].into_iter().flatten() {
                    let error = value.expect_err("a bad sample");
                    assert!(is_expected(&error), "{}: {error:?}", entry.name);
                }
                let mut metric = entry.calls.stateful(Call::default());
                for _ in ["empty", "with samples"] {
                    let before = seen(&*metric);
                    let read = metric.update(&inputs).and_then(|()| metric.values().map(drop));
                    let error = read.expect_err("a bad sample").into_source();
                    assert!(is_expected(&error), "{}: {error:?}", entry.name);
                    assert_eq!(seen(&*metric), before, "{}: changed by {error}", entry.name);
                    metric.update(&Inputs::of(backend, &good)).unwrap();
                }
            }
        }
    }
}

/// Whether an error is the expected one.
type IsRight = Box<dyn Fn(&Error) -> bool>;

/// Batches with one bad sample, and with tensors of different shapes.
fn bad_batches<B: Backend>(backend: &B, good: &Samples, bad: usize) -> Vec<(Inputs<B>, IsRight)> {
    let n_samples = good.n_samples();
    let with_score = |score: f64| {
        let mut samples = good.clone();
        samples.scores[bad] = score;
        Inputs::of(backend, &samples)
    };
    let with_target = |target: u8| {
        let mut samples = good.clone();
        samples.targets[bad] = target;
        Inputs::of(backend, &samples)
    };
    let with_weight = |weight: f64| {
        let mut weights = fractions(n_samples);
        weights[bad] = weight;
        Inputs::weighted(backend, good, &weights)
    };
    let fewer = good.at(&(1..n_samples).collect::<Vec<_>>());
    let shorter =
        Inputs { targets: Inputs::of(backend, &fewer).targets, ..Inputs::of(backend, good) };
    let nan: fn(usize) -> IsRight = |bad| {
        Box::new(move |error| match *error {
            Error::NanScore { index, .. } => index == bad,
            Error::InvalidProbability { row, .. } => row == bad,
            _ => false,
        })
    };
    let target: fn(usize) -> IsRight = |bad| {
        Box::new(move |error| matches!(*error, Error::InvalidTarget { index, .. } if index == bad))
    };
    let weight: fn(usize) -> IsRight = |bad| {
        Box::new(move |error| matches!(*error, Error::InvalidWeight { index, .. } if index == bad))
    };
    vec![
        (with_score(f64::NAN), nan(bad)),
        (with_score(-f64::NAN), nan(bad)),
        (with_target(2), target(bad)),
        (with_target(u8::MAX), target(bad)),
        (with_weight(-1.0), weight(bad)),
        (with_weight(f64::INFINITY), weight(bad)),
        (with_weight(f64::NAN), weight(bad)),
        (shorter, Box::new(|error| matches!(error, Error::ShapeMismatch { .. }))),
    ]
}

/// All that can be seen of a metric, of a copy: reading may sort what it holds.
fn seen<B: Backend>(metric: &dyn Stateful<B>) -> (Vec<u8>, Result<Vec<u64>, String>) {
    let mut copy = metric.boxed();
    let values =
        copy.values().map(|values| values.concat().into_iter().map(f64::to_bits).collect());
    (copy.state().unwrap(), values.map_err(|error| error.to_string()))
}

/// The entries that take these samples.
fn entries<B: Backend + 'static>(samples: &Samples) -> impl Iterator<Item = Entry<B>> {
    registry().into_iter().filter(|entry| entry.takes(samples))
}

/// The numbers of one task, streamed in one batch where there is no function.
#[track_caller]
fn numbers<B: Backend>(entry: &Entry<B>, inputs: &Inputs<B>) -> Vec<f64> {
    let call = Call::default();
    let read = entry.calls.read(inputs, call).unwrap_or_else(|| {
        let mut metric = entry.calls.stateful(call);
        metric.update(inputs)?;
        task_0(metric.values())
    });
    read.expect("valid samples")
}

/// The numbers of one task, which every way to call the metric must return.
#[track_caller]
fn each_way<B: Backend>(
    backend: &B,
    entry: &Entry<B>,
    samples: &Samples,
    inputs: &Inputs<B>,
    weights: Option<&[f64]>,
) -> Vec<f64> {
    let (expected, call) = (numbers(entry, inputs), Call::default());
    let mut batches = entry.calls.stateful(call);
    for (i, batch) in samples.batches(7).iter().enumerate().rev() {
        let batch = match weights {
            None => Inputs::of(backend, batch),
            Some(weights) => {
                Inputs::weighted(backend, batch, &weights[7 * i..][..batch.n_samples()])
            }
        };
        batches.update(&batch).expect("valid samples");
    }
    let function = entry.calls.function(&inputs.scores, &inputs.targets);
    let ways = [
        function.filter(|_| weights.is_none()),
        entry.calls.read_tasks(inputs, call).map(task_0),
        Some(task_0(batches.values())),
    ];
    for value in ways.into_iter().flatten() {
        same_bits(&value.expect("valid samples"), &expected, &(entry.name, samples));
    }
    expected
}

/// The numbers of the first task, which is the only one.
fn task_0(values: Result<Vec<Vec<f64>>>) -> Result<Vec<f64>> {
    values.map(|mut values| values.remove(0))
}

#[track_caller]
fn assert_same<B: Backend>(entry: &Entry<B>, a: Vec<f64>, b: Vec<f64>, what: &dyn Debug) {
    same_bits(&a, &b, &(entry.name, what));
}
