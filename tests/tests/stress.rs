//! Many threads at once, panics of the caller's code, and memory given back in between: every value
//! stays what it is, and no metric is left half changed. Sanitizers run this too.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use metrics_conformance::inputs::{matrix, vector};
use metrics_conformance::panicking::{Panicking, panicking_after};
use metrics_conformance::primitives::PrimitivesOnly;
use metrics_conformance::random::{Kind, Samples, seed};
use metrics_core::{
    Auc, BinaryAuprc, BinaryAuroc, Curve, Metric, Sums, ToTensor, free_spare_memory,
};
use metrics_core::{Host, HostTensor, slice};

/// The user's backend.
type Theirs = Panicking<PrimitivesOnly>;

/// Calls `update` again and again on copies of a metric: first its backend's first call panics, then the
/// second, until none does. The state is what it was each time.
fn panics_change_nothing<M: Metric<Backend = Theirs> + Clone>(
    metric: &mut M,
    bytes: impl Fn(&mut M) -> Vec<u8>,
    update: impl Fn(&mut M) -> metrics_core::Result<()>,
) {
    let before = bytes(metric);
    for n_calls in 0.. {
        let updated =
            catch_unwind(AssertUnwindSafe(|| panicking_after(n_calls, || update(metric))));
        if let Ok(result) = updated {
            result.unwrap();
            assert!(n_calls > 3, "the metric does call its backend");
            break;
        }
        assert_eq!(bytes(metric), before, "after {n_calls} calls");
    }
    assert_ne!(bytes(metric), before);
    metric.compute_tasks().unwrap();
}

#[test]
fn a_panic_of_a_backend_leaves_exact_metrics_as_they_were() {
    let backend = Panicking(PrimitivesOnly);
    let x = matrix(&backend, &[0.1, 0.5, 0.7, 0.8, 0.5, 0.5], 2);
    let y = matrix(&backend, &[1u8, 0, 1, 0, 1, 1], 2);
    let w = matrix(&backend, &[1.0, 0.5, 2.0, 0.0, 0.25, 3.0], 2);
    let mut auprc = BinaryAuprc::<Theirs>::new().tasks(2).unwrap();
    let bytes = |m: &mut BinaryAuprc<Theirs>| m.state().unwrap().to_bytes();
    panics_change_nothing(&mut auprc, bytes, |m| m.update(&x, &y));
    panics_change_nothing(&mut auprc, bytes, |m| m.update_weighted(&x, &y, &w));
    let mut auroc = BinaryAuroc::<Theirs>::new().tasks(2).unwrap();
    let bytes = |m: &mut BinaryAuroc<Theirs>| m.state().unwrap().to_bytes();
    panics_change_nothing(&mut auroc, bytes, |m| m.update_weighted(&x, &y, &w));
    panics_change_nothing(&mut auroc, bytes, |m| m.update(&x, &y));
}

#[test]
fn a_panic_of_a_backend_leaves_the_bucketed_area_as_it_was() {
    let backend = Panicking(PrimitivesOnly);
    let x = vector(&backend, &[0.1, 0.5, 0.7]);
    let y = vector(&backend, &[1u8, 0, 1]);
    let w = vector(&backend, &[1.0, 0.5, 2.0]);
    let mut auc = Auc::<Theirs>::new(Curve::Pr, 10).unwrap();
    let bytes = |m: &mut Auc<Theirs>| m.state().unwrap().to_bytes();
    panics_change_nothing(&mut auc, bytes, |m| m.update(&x, &y));
    panics_change_nothing(&mut auc, bytes, |m| m.update_weighted(&x, &y, &w));
}

/// A tensor of a user whose conversion panics.
struct Unreadable;

impl ToTensor<Host> for Unreadable {
    fn to_tensor(&self) -> HostTensor<'_> {
        panic!("a tensor panics");
    }
}

/// Samples, and what every thread must make of them.
struct Work {
    scores: Vec<f32>,
    samples: Samples,
    areas: [f64; 2],
    bytes: Vec<u8>,
}

impl Work {
    fn new(kind: Kind, n_samples: usize) -> Self {
        let samples = kind.samples(n_samples, seed());
        let scores: Vec<f32> = samples.scores.iter().map(|&score| score as f32).collect();
        let mut work = Self { scores, samples, areas: [0.0; 2], bytes: Vec::new() };
        (work.areas, work.bytes) = (work.functions(), work.fed(n_samples));
        work
    }

    fn functions(&self) -> [f64; 2] {
        let (scores, targets) = (&self.scores, &self.samples.targets);
        [slice::binary_auprc(scores, targets), slice::binary_auroc(scores, targets)]
            .map(Result::unwrap)
    }

    /// The state of metrics that saw a batch each, merged.
    fn fed(&self, batch: usize) -> Vec<u8> {
        let mut all = slice::BinaryAuprc::new();
        let targets = self.samples.targets.chunks(batch);
        for (scores, targets) in self.scores.chunks(batch).zip(targets) {
            let mut part = slice::BinaryAuprc::new();
            part.update(scores, targets).unwrap();
            all.merge(&part).unwrap();
        }
        assert_eq!(all.clone().compute().unwrap(), slice_auprc(&mut all));
        all.state().unwrap().to_bytes()
    }

    fn check(&self, round: usize) {
        match round % 3 {
            0 => assert_eq!(self.functions(), self.areas),
            1 => assert_eq!(self.fed(self.scores.len() / 2 + 1), self.bytes),
            _ => {
                let mut metric = slice::BinaryAuroc::new();
                metric.update(&self.scores, &self.samples.targets).unwrap();
                let panics = || metric.update(&Unreadable, &[1u8]);
                catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
                assert_eq!(metric.compute().unwrap(), self.areas[1]);
            }
        }
    }
}

fn slice_auprc(metric: &mut slice::BinaryAuprc) -> f64 {
    metric.read_tasks(&Sums).unwrap()[0].auprc().unwrap()
}

/// Threads of their own, in the pool of all and in small ones, while another one frees what they leave.
#[test]
fn threads_that_panic_and_memory_that_is_freed_disturb_nobody() {
    const ROUNDS: usize = 6;
    let work: Vec<Work> = [Kind::Uniform, Kind::FewDistinct, Kind::Logits, Kind::MixedSigns]
        .into_iter()
        .zip([150_000, 40_000, 70_000, 9_000])
        .map(|(kind, n_samples)| Work::new(kind, n_samples))
        .collect();
    let small = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let (is_done, freed) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let freeing = scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                free_spare_memory();
                freed.fetch_add(1, Ordering::Relaxed);
                thread::yield_now();
            }
        });
        let (work, small) = (&work, &small);
        let working: Vec<_> = (0..6)
            .map(|id| {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let work = &work[(id + round) % work.len()];
                        match id % 2 {
                            0 => work.check(id + round),
                            _ => small.install(|| work.check(id + round)),
                        }
                    }
                })
            })
            .collect();
        let panicked = working.into_iter().filter_map(|thread| thread.join().err()).count();
        is_done.store(true, Ordering::Relaxed);
        freeing.join().unwrap();
        assert_eq!(panicked, 0);
    });
    assert!(freed.into_inner() > 0);
}
