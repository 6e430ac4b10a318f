//! Floating-point modes change no value, no check and no state byte, whoever set them.
//!
//! All that a backend returns is written down in the default mode, and again with the calling thread
//! and the threads of the pool in others; the two must be equal. The test computes nothing else under
//! another mode, so it needs no oracle.

use crate::inputs::{matrix, vector};
use crate::modes::Mode;
use crate::random::{Kind, Random, Samples, seed};
use half::bf16;
use metrics_core::{
    Auc, AucState, Auprc, Auroc, Backend, BinaryAuprc, BinaryAuroc, Curve, Element, Metric, Owned,
    PrecisionRecall, RankState, Readings, Request, Result, Roc, Sums, binary_auprc, binary_auroc,
};
use rayon::ThreadPoolBuilder;

/// Many enough for several threads.
const MANY: usize = 70_000;

/// Calls under one mode, and threads of the pool under another.
#[track_caller]
pub fn modes_change_nothing<B: Backend + Sync>(backend: &B, calls: Mode, pool: Mode) {
    let expected = written(backend, Mode::DEFAULT, Mode::DEFAULT);
    let lines = written(backend, calls, pool);
    for (line, expected) in lines.iter().zip(&expected) {
        assert_eq!(line, expected, "calls {calls:?}, pool {pool:?}");
    }
    assert_eq!(lines.len(), expected.len());
}

/// All that is returned, on a pool of threads that have a mode of their own.
fn written<B: Backend + Sync>(backend: &B, calls: Mode, pool: Mode) -> Vec<String> {
    let threads = ThreadPoolBuilder::new().num_threads(3).start_handler(move |_| pool.set());
    let threads = threads.build().expect("a few threads");
    let lines = threads.install(|| {
        let mut notes = Notes { mode: calls, lines: Vec::new() };
        Mode::DEFAULT.call(|| Inputs::new(backend).write(&mut notes));
        notes.lines
    });
    assert_eq!(
        threads.broadcast(|_| pool.is_set()),
        [true; 3],
        "{pool:?} is not the mode any more"
    );
    lines
}

/// Calls under a mode, and what they returned.
struct Notes {
    mode: Mode,
    lines: Vec<String>,
}

impl Notes {
    fn call<R>(&self, f: impl FnOnce() -> R) -> R {
        self.mode.call(f)
    }

    fn note(&mut self, what: &str, got: impl std::fmt::Debug) {
        self.lines.push(format!("{what}: {got:?}"));
    }

    /// The first of the values and a hash of all, or the text of the error.
    fn bits<I: IntoIterator<Item = f64>>(&mut self, what: &str, f: impl FnOnce() -> Result<I>) {
        let got = self.call(f).map(|all| {
            let bits: Vec<_> = all.into_iter().map(f64::to_bits).collect();
            let first = bits.first().copied();
            (first, hash(&bits.iter().flat_map(|bits| bits.to_le_bytes()).collect::<Vec<_>>()))
        });
        self.note(what, got.map_err(|error| error.to_string()));
    }

    fn value(&mut self, what: &str, f: impl FnOnce() -> Result<f64>) {
        self.bits(what, || f().map(Some));
    }
}

/// A batch, and what it is.
struct Input<B: Backend> {
    name: String,
    scores: Owned<B>,
    targets: Owned<B>,
    weights: Option<Owned<B>>,
}

struct Inputs<B: Backend> {
    /// Of one task.
    ranked: Vec<Input<B>>,
    /// Of five tasks.
    tasks: Vec<Input<B>>,
    /// With scores in `[0, 1]`.
    probabilities: Vec<Input<B>>,
    /// One sample is bad in each.
    bad: Vec<Input<B>>,
}

/// Weights of all sizes, subnormal ones too.
fn weights(n: usize) -> Vec<f64> {
    let mut random = Random::new(seed());
    (0..n)
        .map(|_| random.pick(&[0.1, 1.0 / 3.0, 2.0, 1.0, 0.0, 5e-324, 1e-310, 1e15 + 0.5]))
        .collect()
}

impl<B: Backend> Inputs<B> {
    fn new(backend: &B) -> Self {
        let mut inputs = Self {
            ranked: Vec::new(),
            tasks: Vec::new(),
            probabilities: Vec::new(),
            bad: Vec::new(),
        };
        for kind in Kind::ALL {
            for n in [2, 70] {
                inputs.add(backend, kind.samples(n, seed()));
            }
        }
        for kind in [Kind::Uniform, Kind::Subnormals] {
            inputs.add(backend, kind.samples(1000, seed()));
        }
        let many = Kind::Logits.samples(MANY, seed());
        let rare: Vec<u8> = (0..MANY).map(|i| many.targets[i] & u8::from(i % 100 == 0)).collect();
        let narrow: Vec<f32> = many.scores.iter().map(|&score| score as f32).collect();
        let input =
            |scores, targets| Input { name: "many".to_owned(), scores, targets, weights: None };
        let scores = vector(backend, &many.scores);
        inputs.ranked.push(input(scores, vector(backend, &many.targets)));
        inputs.ranked.push(input(vector(backend, &narrow), vector(backend, &rare)));
        inputs.add_subnormal(backend);
        inputs.add_bad(backend);
        inputs
    }

    fn add(&mut self, backend: &B, samples: Samples) {
        let Samples { name, scores, targets } = samples;
        let narrow: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
        self.add_typed(backend, &name, &scores, &targets);
        self.add_typed(backend, &name, &narrow, &targets);
    }

    fn add_typed<T: Element>(&mut self, backend: &B, name: &str, scores: &[T], targets: &[u8]) {
        let are_probabilities = scores.iter().all(|score| (0.0..=1.0).contains(&score.to_f64()));
        let input = |is_weighted: bool| Input {
            name: format!("{name}, {:?}, {}, weighted {is_weighted}", T::DTYPE, scores.len()),
            scores: vector(backend, scores),
            targets: vector(backend, targets),
            weights: is_weighted.then(|| vector(backend, &weights(scores.len()))),
        };
        for is_weighted in [false, true] {
            self.ranked.push(input(is_weighted));
            if are_probabilities {
                self.probabilities.push(input(is_weighted));
            }
        }
        if scores.len().is_multiple_of(5) {
            self.tasks.push(Input {
                name: format!("tasks of {name}, {:?}, {}", T::DTYPE, scores.len()),
                scores: matrix(backend, scores, 5),
                targets: matrix(backend, targets, 5),
                weights: None,
            });
        }
    }

    /// Scores and weights that a flushing thread takes for zero.
    fn add_subnormal(&mut self, backend: &B) {
        let targets: Vec<u8> = (0..100).map(|i| (i * 37 % 101 > 60).into()).collect();
        let narrow: Vec<f32> = (0..100).map(|i| f32::from_bits(1000 + i * 37 % 101)).collect();
        let wide: Vec<f64> = (0..100).map(|i| f64::from_bits(1000 + i * 37 % 101)).collect();
        let half: Vec<bf16> = (0..100u16).map(|i| bf16::from_bits(1 + i * 37 % 101)).collect();
        self.add_typed(backend, "subnormals", &narrow, &targets);
        self.add_typed(backend, "subnormals", &wide, &targets);
        self.add_typed(backend, "subnormals", &half, &targets);
        for input in [&mut self.ranked, &mut self.probabilities] {
            input.push(Input {
                name: "subnormal weights".to_owned(),
                scores: vector(backend, &[0.25, 0.5, 0.75, 0.75]),
                targets: vector(backend, &[0u8, 1, 0, 1]),
                weights: Some(vector(backend, &[5e-324, 1e-310, 2e-310, 3e-320])),
            });
        }
    }

    fn add_bad(&mut self, backend: &B) {
        let scores = [0.1, 0.5, 0.25];
        let zero_one = |x: f64| [0.0, 1.0, x];
        let mut add = |name: &str, scores: Owned<B>, targets: Owned<B>, weights: &[f64]| {
            let weights = Some(vector(backend, weights));
            self.bad.push(Input { name: name.to_owned(), scores, targets, weights });
        };
        let ones = [1.0; 3];
        for target in [5e-324, -5e-324, 1.0f64.next_down(), 1.0f64.next_up()] {
            add("f64 target", vector(backend, &scores), vector(backend, &zero_one(target)), &ones);
        }
        for target in [1e-45f32, -1e-45, 1e-40, 1.0f32.next_down()] {
            add(
                "f32 target",
                vector(backend, &scores),
                vector(backend, &[0.0, 1.0, target]),
                &ones,
            );
        }
        let half = [bf16::ZERO, bf16::ONE, bf16::from_bits(1)];
        add("bf16 target", vector(backend, &scores), vector(backend, &half), &ones);
        let targets = || vector(backend, &[0u8, 1, 1]);
        for weight in [-5e-324, -1e-310] {
            add("weight", vector(backend, &scores), targets(), &[1.0, 0.5, weight]);
        }
        for p in [-5e-324, -1e-310, 1.0f64.next_up()] {
            add("f64 probability", vector(backend, &zero_one(p)), targets(), &ones);
        }
        for p in [-1e-45f32, -1e-40, 1.0f32.next_up()] {
            add("f32 probability", vector(backend, &[0.0, 1.0, p]), targets(), &ones);
        }
    }

    fn write(&self, notes: &mut Notes) {
        self.ranked.iter().chain(&self.bad).for_each(|input| input.write_functions(notes));
        self.tasks.iter().for_each(|input| input.write_tasks(notes));
        self.bad.iter().for_each(|input| input.write_metrics(notes));
        self.write_stream(notes);
        for (curve, num_thresholds) in [(Curve::Roc, 4095), (Curve::Pr, 7), (Curve::Pr, 3000)] {
            self.write_buckets(notes, curve, num_thresholds);
        }
    }

    /// A metric that is fed all there is, widened and merged on its way, saved and loaded.
    fn write_stream(&self, notes: &mut Notes) {
        let mut metric = BinaryAuprc::<B>::new();
        let mut other = BinaryAuprc::<B>::new();
        for (i, input) in self.ranked.iter().enumerate() {
            let fed = if i % 3 == 0 { &mut other } else { &mut metric };
            notes.note(&input.name, notes.call(|| input.feed(fed)).map_err(|e| e.to_string()));
            if i % 10 == 0 {
                notes.value(&input.name, || metric.compute());
            }
        }
        notes.value("a part", || other.compute());
        let merged = notes.call(|| metric.merge(&other));
        notes.note("merge", merged.map_err(|error| error.to_string()));
        let state = notes.call(|| metric.state().map(|state| state.to_bytes())).unwrap();
        notes.note("rank state", hash(&state));
        let mut loaded = BinaryAuroc::<B>::new();
        let read = notes.call(|| RankState::from_bytes(&state).and_then(|s| loaded.load_state(&s)));
        notes.note("load", read.map_err(|error| error.to_string()));
        notes.value("loaded", || loaded.compute());
        notes.bits("curve", || {
            loaded.read_task(&Roc, 0).map(|c| [c.fpr, c.tpr, c.thresholds].concat())
        });
        let mut curve = || loaded.read_task(&PrecisionRecall, 0);
        notes.bits("curve", || curve().map(|c| [c.precision, c.recall, c.thresholds].concat()));
    }

    fn write_buckets(&self, notes: &mut Notes, curve: Curve, num_thresholds: usize) {
        let new = || Auc::<B>::new(curve, num_thresholds).unwrap();
        let (mut all, mut other) = (new(), new());
        for (i, input) in self.probabilities.iter().enumerate() {
            let fed = if i % 3 == 0 { &mut other } else { &mut all };
            notes.call(|| input.feed(fed)).unwrap();
            let mut alone = new();
            notes.call(|| input.feed(&mut alone)).unwrap();
            notes.value(&input.name, || alone.compute());
            notes.bits("bounds", || alone.bounds().map(|bounds| [bounds.lower, bounds.upper]));
            let state = notes.call(|| alone.state().map(|state| state.to_bytes()));
            notes.note("state", hash(&state.unwrap()));
        }
        for input in &self.bad {
            let fed = notes.call(|| input.feed(&mut all));
            notes.note(&input.name, fed.map_err(|error| error.to_string()));
            // Where a batch is looked at when the metric is read, this read says what is wrong.
            notes.value(&input.name, || all.compute());
        }
        notes.call(|| all.merge(&other)).unwrap();
        let state = notes.call(|| all.state().map(|state| state.to_bytes())).unwrap();
        notes.note("bucket state", hash(&state));
        let mut loaded = new();
        notes.call(|| loaded.load_state(&AucState::from_bytes(&state)?)).unwrap();
        notes.value("loaded", || loaded.compute());
        notes.bits("bounds", || loaded.bounds().map(|bounds| [bounds.lower, bounds.upper]));
    }
}

impl<B: Backend> Input<B> {
    fn request<R: Readings>(&self, readings: R) -> Request<'_, B, R> {
        let request = Request::new(readings);
        self.weights.iter().fold(request, |request, weights| request.weights(weights))
    }

    fn feed<M: Metric<Backend = B>>(&self, metric: &mut M) -> Result<()> {
        match &self.weights {
            None => metric.update(&self.scores, &self.targets),
            Some(weights) => metric.update_weighted(&self.scores, &self.targets, weights),
        }
    }

    fn write_functions(&self, notes: &mut Notes) {
        let (x, y) = (&self.scores, &self.targets);
        notes.value(&self.name, || self.request(Auprc).read(x, y));
        notes.value(&self.name, || self.request(Auroc).read(x, y));
        notes.bits(&self.name, || {
            let curve = self.request(PrecisionRecall).read(x, y)?;
            Ok([curve.precision, curve.recall, curve.thresholds].concat())
        });
        notes.bits(&self.name, || {
            let curve = self.request(Roc).read(x, y)?;
            Ok([curve.fpr, curve.tpr, curve.thresholds].concat())
        });
        // Without weights nothing of a bad batch hides behind them.
        notes.value(&self.name, || binary_auprc::<B>(x, y));
        notes.value(&self.name, || binary_auroc::<B>(x, y));
    }

    fn write_tasks(&self, notes: &mut Notes) {
        notes.bits(&self.name, || Auprc.tasks::<B>(&self.scores, &self.targets));
        let mut metric = BinaryAuroc::<B>::new().tasks(5).unwrap();
        notes.call(|| metric.update(&self.scores, &self.targets)).unwrap();
        notes.bits(&self.name, || metric.compute_tasks());
        let areas = notes.call(|| metric.read_tasks(&Sums)).unwrap();
        for areas in areas {
            notes.bits("areas", || Ok([areas.auprc(), areas.auroc()].into_iter().flatten()));
        }
    }

    fn write_metrics(&self, notes: &mut Notes) {
        let mut metric = BinaryAuprc::<B>::new();
        for weighted in [true, false] {
            let fed = notes.call(|| match weighted {
                true => self.feed(&mut metric),
                false => metric.update(&self.scores, &self.targets),
            });
            notes.note(&self.name, fed.map_err(|error| error.to_string()));
        }
        notes.value(&self.name, || metric.compute());
        notes.value(&self.name, || metric.compute());
    }
}

/// FNV-1a, so that a long state is a short line.
fn hash(bytes: &[u8]) -> (usize, u64) {
    let start = 0xcbf2_9ce4_8422_2325;
    let step = |hash: u64, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    (bytes.len(), bytes.iter().fold(start, step))
}
