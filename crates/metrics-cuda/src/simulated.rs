//! The launcher on a device of plain loops (`kernels/simulated.cpp`): what metrics keep and forget,
//! what they say, and when they wait.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::{ptr, thread};

use metrics_core::{
    Areas, Backend, Batch as AnyBatch, BinaryAuprc, BucketCounts, DType, Element, Error, Host,
    HostTensor, Kept, KeptSamples as _, Metric as _, RankState, Result,
};

use crate::host::Random;
use crate::rank::UNSCANNED;
use crate::{Batch, Device, Input, KeptCounts, KeptSamples};

unsafe extern "C" {
    fn tm_simulated_waits(of_stream: *mut u64, of_device: *mut u64);
}

/// Waits of this thread since it asked last: for a stream, and for the device.
fn waits() -> [u64; 2] {
    let mut waits = [0; 2];
    let [of_stream, of_device] = &mut waits;
    // SAFETY: writes two integers.
    unsafe { tm_simulated_waits(of_stream, of_device) };
    waits
}

#[derive(Debug, Clone)]
pub(crate) struct Simulated {
    stream: usize,
    /// Most bytes it gives at once.
    most: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub(crate) struct Memory(Box<[AtomicU64]>);

impl Simulated {
    pub(crate) fn new(stream: usize) -> Self {
        Self { stream, most: Arc::new(AtomicUsize::new(usize::MAX)) }
    }
}

impl Device for Simulated {
    type Memory = Memory;

    fn ordinal(&self) -> usize {
        0
    }

    fn stream(&self) -> *mut c_void {
        ptr::without_provenance_mut(self.stream)
    }

    fn allocate(&self, n_bytes: usize) -> Result<Memory> {
        if n_bytes > self.most.load(Relaxed) {
            return Err(Error::Backend {
                backend: "simulated",
                op: "allocate",
                source: "no".into(),
            });
        }
        let garbage = || AtomicU64::new(0xa5a5_a5a5_a5a5_a5a5);
        Ok(Memory((0..n_bytes.div_ceil(8)).map(|_| garbage()).collect()))
    }

    fn address(memory: &Memory) -> *mut c_void {
        memory.0.as_ptr().cast_mut().cast()
    }
}

/// Samples of tasks as both engines take them.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    scores: HostTensor<'static>,
    targets: Vec<u8>,
    n_tasks: usize,
}

impl Given {
    pub(crate) fn new<T: Element>(scores: &[T], targets: &[u8], n_tasks: usize) -> Self {
        let scores = HostTensor::from_vec(scores.to_vec(), &[n_tasks, targets.len() / n_tasks]);
        Self { scores: scores.unwrap(), targets: targets.to_vec(), n_tasks }
    }

    /// Random samples of few distinct scores; bad ones hold a target that is none.
    fn random(dtype: DType, n_tasks: usize, n: usize, bad: bool, random: &mut Random) -> Self {
        let values: Vec<f64> = (0..n_tasks * n).map(|_| random.below(9) as f64 / 8.0).collect();
        let whole = |value: &f64| (value * 8.0) as i32 - 4;
        let mut targets: Vec<u8> = values.iter().map(|_| random.below(2) as u8).collect();
        if bad {
            targets[random.below((n_tasks * n) as u64) as usize] = 3;
        }
        match dtype {
            DType::F64 => Self::new(&values, &targets, n_tasks),
            DType::F32 => {
                let values: Vec<_> = values.iter().map(|&x| x as f32 - 0.5).collect();
                Self::new(&values, &targets, n_tasks)
            }
            DType::Bf16 => {
                let values: Vec<_> = values.iter().map(|&x| half::bf16::from_f64(x)).collect();
                Self::new(&values, &targets, n_tasks)
            }
            DType::I32 => {
                Self::new(&values.iter().map(whole).collect::<Vec<_>>(), &targets, n_tasks)
            }
            _ => {
                let values: Vec<_> = values.iter().map(|x| i64::from(whole(x))).collect();
                Self::new(&values, &targets, n_tasks)
            }
        }
    }

    pub(crate) fn batch(&self) -> Batch {
        let address = metrics_core::with_slice!(self.scores.buffer(), data => data.as_ptr().cast());
        // SAFETY: the elements live as long as `self`, and work is done when it is queued.
        let [scores, targets] = unsafe {
            [
                Input::new(address, self.scores.dtype()),
                Input::new(self.targets.as_ptr().cast(), DType::U8),
            ]
        };
        let n_samples = self.targets.len() / self.n_tasks;
        Batch { op: "auprc", scores, targets, n_tasks: self.n_tasks, n_samples }
    }

    pub(crate) fn on_host(&self) -> AnyBatch<'_, Host> {
        let n_samples = self.targets.len() / self.n_tasks;
        let targets = HostTensor::from_vec(self.targets.clone(), &[self.n_tasks, n_samples]);
        let (scores, targets) = (self.scores.clone(), targets.unwrap());
        AnyBatch { op: "auprc", scores, targets, weights: None, n_tasks: self.n_tasks, n_samples }
    }
}

/// A metric as the core has it, and what it must come to.
#[derive(Clone)]
struct Metric {
    kept: KeptSamples<Simulated>,
    state: RankState,
    expected: RankState,
    /// Which updates since the last read were bad.
    updates: Vec<bool>,
}

impl Metric {
    fn new(n_tasks: usize) -> Self {
        let (state, expected) = (no_samples(n_tasks), no_samples(n_tasks));
        Self { kept: KeptSamples::default(), state, expected, updates: Vec::new() }
    }

    fn update(&mut self, device: &Simulated, given: &Given) {
        self.kept.update(device, &given.batch(), &mut self.state).unwrap();
        let is_bad = Host.append(&given.on_host(), &mut self.expected).is_err();
        self.updates.push(is_bad);
    }

    /// Reads twice where something was bad: the first read says what.
    fn read<T>(&mut self, read: impl Fn(&mut Self) -> Result<T>) -> T {
        let updates = std::mem::take(&mut self.updates);
        let Some(first) = updates.iter().position(|&bad| bad) else { return read(self).unwrap() };
        match read(self).map(|_| ()).unwrap_err() {
            Error::LeftOut { update, n_updates, n_left_out, .. } => {
                let n_bad = updates.iter().filter(|&&bad| bad).count();
                assert_eq!((update, n_updates, n_left_out), (first + 1, updates.len(), n_bad));
            }
            error => panic!("{error}"),
        }
        read(self).unwrap()
    }

    fn check_areas(&mut self) {
        let areas = self.read(|metric| match metric.kept.areas(&mut metric.state)? {
            Some(areas) => Ok(areas),
            None => Ok(metric.state.areas()),
        });
        assert_eq!(numbers(&areas), numbers(&self.expected.clone().areas()));
    }

    fn check_state(&mut self) {
        self.read(|metric| metric.kept.settle(&mut metric.state));
        assert!(self.state == self.expected);
    }
}

fn no_samples(n_tasks: usize) -> RankState {
    BinaryAuprc::<Host>::with_tasks(n_tasks).unwrap().state().unwrap()
}

fn numbers(areas: &[Areas]) -> Vec<[Option<f64>; 4]> {
    let numbers = |areas: &Areas| {
        let (n_positives, n_negatives) = (areas.n_positives(), areas.n_negatives());
        [areas.auprc(), areas.auroc(), Some(n_positives), Some(n_negatives)]
    };
    areas.iter().map(numbers).collect()
}

#[test]
fn whatever_is_fed_and_read_equals_the_cpu_engine() {
    let streams = [5, 6].map(Simulated::new);
    let families: [&[DType]; 2] =
        [&[DType::F32, DType::F64, DType::Bf16], &[DType::I32, DType::I64]];
    let mut random = Random(3);
    for round in 0..400 {
        let n_tasks = [1, 1, 3][round % 3];
        let family = families[round % 2];
        let n_dtypes = 1 + random.below(family.len() as u64);
        let [p_bad, p_other, p_read] = [0, 0, 0].map(|_| [0, 20, 60][random.below(3) as usize]);
        let mut metric = Metric::new(n_tasks);
        let mut others = Vec::new();
        for _ in 0..15 {
            let dtype = family[random.below(n_dtypes) as usize];
            let n = 1 + random.below(20) as usize;
            let is_bad = random.below(100) < p_bad;
            let stream = &streams[usize::from(random.below(100) < p_other)];
            metric.update(stream, &Given::random(dtype, n_tasks, n, is_bad, &mut random));
            if random.below(100) >= p_read {
                continue;
            }
            match random.below(3) {
                0 => metric.check_areas(),
                1 => metric.check_state(),
                _ => others.push(metric.clone()),
            }
        }
        for mut metric in others.into_iter().chain([metric]) {
            metric.check_areas();
            metric.check_state();
        }
    }
}

#[test]
fn updates_do_not_wait_and_reads_wait_once() {
    let device = Simulated::new(5);
    let mut random = Random(4);
    let mut read = |dtype, n_tasks, n| {
        let given = Given::random(dtype, n_tasks, n, false, &mut random);
        let mut metric = Metric::new(n_tasks);
        waits();
        (0..3).for_each(|_| metric.update(&device, &given));
        assert_eq!(waits(), [0, 0], "an update");
        metric.check_areas();
        let first = waits()[0];
        metric.check_areas();
        let again = waits()[0];
        crate::areas(&device, &given.batch()).unwrap();
        [first, again, waits()[0]]
    };
    assert_eq!(read(DType::F32, 1, 100), [1, 1, 1]);
    assert_eq!(read(DType::F64, 7, 10), [1, 1, 1]);
    assert_eq!(read(DType::Bf16, 1, 100), [1, 1, 1]);
    // The range of the keys is read first, where it is not known.
    assert_eq!(read(DType::F32, 1, UNSCANNED + 1), [2, 1, 2]);
    assert_eq!(read(DType::Bf16, 1, UNSCANNED + 1), [1, 1, 1]);
}

#[test]
fn a_bad_batch_takes_its_kind_of_scores_with_it() {
    let device = Simulated::new(5);
    let floats = Given::new(&[0.5f32, f32::NAN], &[0, 1], 1);
    let integers = Given::new(&[7i64, 5], &[1, 0], 1);
    let mut metric = Metric::new(1);
    metric.update(&device, &floats);
    metric.update(&device, &integers);
    let error =
        metric.kept.update(&device, &Given::new(&[0.5f32], &[1], 1).batch(), &mut metric.state);
    assert!(matches!(error, Err(Error::ScoreTypeMismatch { .. })));
    let added = metric.kept.pass_by("auprc", DType::F32, || unreachable!("floats"));
    assert!(matches!(added, Err(Error::ScoreTypeMismatch { .. })));
    metric.check_areas();
    metric.check_state();
}

#[test]
fn a_batch_that_could_not_be_queued_leaves_nothing() {
    let mut random = Random(5);
    let integers = Given::new(&[4i64, 4, 9], &[0, 1, 1], 1);
    // Floats before any other batch; wide integers beside narrow ones.
    for (dtype, before) in [(DType::F32, None), (DType::I32, Some(&integers))] {
        let device = Simulated::new(5);
        let mut metric = Metric::new(1);
        before.into_iter().for_each(|given| metric.update(&device, given));
        let given = Given::random(dtype, 1, 9_000, false, &mut random);
        device.most.store(30_000, Relaxed);
        assert!(metric.kept.update(&device, &given.batch(), &mut metric.state).is_err());
        device.most.store(usize::MAX, Relaxed);
        metric.update(&device, &integers);
        metric.check_areas();
        metric.check_state();
    }
}

#[test]
fn a_batch_of_too_many_samples_is_refused_at_once() {
    let mut batch = Given::new(&[0.5f64], &[1], 1).batch();
    (batch.n_tasks, batch.n_samples) = (1 << 12, 1 << 20);
    let (device, mut state) = (Simulated::new(5), no_samples(1 << 12));
    let error = KeptSamples::default().update(&device, &batch, &mut state).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cuda: auprc failed: a batch of 4096 × 1048576 samples; at most 4294967295 go at once"
    );
    assert!(crate::areas(&device, &batch).is_err());
    assert!(crate::ranked_counts(&device, &batch).is_err());
    batch.n_samples = usize::MAX;
    let mut counts = BucketCounts::new(10).unwrap();
    assert!(KeptCounts::default().update(&device, &batch, &mut counts).is_err());
}

/// Two handles of one name: each thread's own stream.
#[test]
fn the_first_work_in_another_thread_waits_for_the_device() {
    let given = Given::new(&[0.5f32, 0.7], &[0, 1], 1);
    for (stream, expected) in [(2, 1), (5, 0)] {
        let mut metric = Metric::new(1);
        metric.update(&Simulated::new(stream), &given);
        let (clone, given) = (metric.clone(), given.clone());
        let waited = thread::spawn(move || {
            waits();
            metric.check_areas();
            metric.update(&Simulated::new(stream), &given);
            drop(metric);
            waits()[1]
        });
        assert_eq!(waited.join().unwrap(), expected, "stream {stream}");
        let waited = thread::spawn(move || {
            drop(clone);
            waits()[1]
        });
        assert_eq!(waited.join().unwrap(), expected, "dropped, stream {stream}");
    }
}

#[test]
fn buckets_equal_those_of_the_cpu_engine() {
    let streams = [5, 6].map(Simulated::new);
    let mut random = Random(7);
    for round in 0..200 {
        let mut counts = BucketCounts::new(5).unwrap();
        let mut expected = counts.clone();
        let mut kept = KeptCounts::default();
        let mut updates = Vec::new();
        for _ in 0..12 {
            let is_bad = random.below(100) < [0, 30][round % 2];
            let given = Given::random(DType::F64, 1, 30, is_bad, &mut random);
            let device = &streams[usize::from(random.below(4) == 0)];
            kept.update(device, &given.batch(), &mut counts).unwrap();
            updates.push(Host.count_buckets(&given.on_host(), &mut expected).is_err());
            if random.below(5) == 0 {
                // Not to be noticed by its clone.
                let mut other = kept.clone();
                other.update(device, &given.batch(), &mut counts.clone()).unwrap();
            }
        }
        let settled = kept.settle(&mut counts);
        match updates.iter().position(|&bad| bad) {
            None => settled.unwrap(),
            Some(first) => match settled.unwrap_err() {
                Error::LeftOut { update, n_updates, .. } => {
                    assert_eq!((update, n_updates), (first + 1, updates.len()));
                    kept.settle(&mut counts).unwrap();
                }
                error => panic!("{error}"),
            },
        }
        assert_eq!(counts, expected);
    }
}
