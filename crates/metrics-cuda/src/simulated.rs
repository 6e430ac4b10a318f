//! Tests of the launcher on a simulated device of plain loops (`kernels/simulated.cpp`): what metrics hold,
//! what they report, and when they wait. `cargo xtask cuda-emulate` runs them on the kernels themselves.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::{ptr, thread};

use metrics_core::backend::{Batch as AnyBatch, ElementCheck, Primitives, StateMut};
use metrics_core::{
    BinaryAuprc, BucketCounts, DType, Element, Error, Host, HostTensor, RankState, RankSums, Result,
};

use crate::arithmetic::Random;
use crate::ops::{self, Matrix, Output};
use crate::pending_counts::PendingCounts;
use crate::pending_samples::PendingSamples;
use crate::rank::MAX_UNSCANNED;
use crate::{Batch, Device, Input};

unsafe extern "C" {
    fn tm_simulated_waits(of_stream: *mut u64, of_device: *mut u64);
}

/// Waits of this thread since the last call: for a stream, and for the device.
fn waits() -> [u64; 2] {
    let mut waits = [0; 2];
    let [of_stream, of_device] = &mut waits;
    // SAFETY: writes two integers.
    unsafe { tm_simulated_waits(of_stream, of_device) };
    waits
}

#[derive(Debug, Clone)]
pub(crate) struct Simulated {
    pub(crate) ordinal: usize,
    stream: usize,
    /// Most bytes of one allocation.
    most: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub(crate) struct Memory(Box<[AtomicU64]>);

impl Simulated {
    pub(crate) fn new(stream: usize) -> Self {
        Self { ordinal: 0, stream, most: Arc::new(AtomicUsize::new(usize::MAX)) }
    }
}

// SAFETY: memory is a boxed slice, which does not move and is as long as was asked for; the plain loops
// use no stream.
unsafe impl Device for Simulated {
    type Memory = Memory;

    fn ordinal(&self) -> usize {
        self.ordinal
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
        let memory = Memory((0..n_bytes.div_ceil(8)).map(|_| garbage()).collect());
        #[cfg(emulated)]
        crate::emulated::lend_room(memory.0.as_ptr().cast(), n_bytes);
        Ok(memory)
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

    /// Random samples of few distinct scores; `bad` ones have an invalid target.
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
        let (scores, targets) = (tensor_input(&self.scores), input(&self.targets));
        let n_samples = self.targets.len() / self.n_tasks;
        Batch { op: "auprc", scores, targets, n_tasks: self.n_tasks, n_samples }
    }

    pub(crate) fn on_host(&self) -> AnyBatch<'_, Host> {
        let n_samples = self.targets.len() / self.n_tasks;
        let targets = HostTensor::from_vec(self.targets.clone(), &[self.n_tasks, n_samples]);
        AnyBatch::new("auprc", self.scores.clone(), targets.unwrap(), None).unwrap()
    }
}

/// The elements of a slice, which must live as long as the input is used.
fn input<T: Element>(data: &[T]) -> Input {
    #[cfg(emulated)]
    crate::emulated::lend(data);
    // SAFETY: the slice has as many elements. Work is done when it is queued, so they need not live longer
    // than the call.
    unsafe { Input::new(data.as_ptr().cast(), T::DTYPE, data.len()) }
}

fn tensor_input(x: &HostTensor<'_>) -> Input {
    metrics_core::with_slice!(x.buffer(), data => input(data))
}

fn matrix<T: Element>(data: &[T], n_rows: usize) -> Matrix {
    Matrix { elements: input(data), n_rows, n_columns: data.len() / n_rows }
}

/// The `n` integers that a primitive writes.
fn written(n: usize, write: impl FnOnce(&Output) -> Result<()>) -> Result<Vec<i64>> {
    let mut room = vec![i64::MIN; n];
    #[cfg(emulated)]
    crate::emulated::lend(&room);
    // SAFETY: the vector has as many integers; work is done when it is queued.
    write(&unsafe { Output::new(room.as_mut_ptr(), n) }).map(|()| room)
}

/// The reason why a launch was refused.
#[track_caller]
fn reason<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.unwrap_err().to_string()
}

/// A metric of the core, and its expected state.
#[derive(Clone)]
struct Metric {
    pending: PendingSamples<Simulated>,
    state: RankState,
    expected: RankState,
    /// Whether each update since the last read was invalid.
    updates: Vec<bool>,
}

impl Metric {
    fn new(n_tasks: usize) -> Self {
        let (state, expected) = (no_samples(n_tasks), no_samples(n_tasks));
        Self { pending: PendingSamples::default(), state, expected, updates: Vec::new() }
    }

    fn update(&mut self, device: &Simulated, given: &Given) {
        self.pending.update(device, &given.batch(), &mut self.state).unwrap();
        let is_bad = StateMut::Rank(&mut self.expected).update(&given.on_host()).is_err();
        self.updates.push(is_bad);
    }

    /// Reads, and reads again if updates were rejected: the first read reports them.
    fn read<T>(&mut self, read: impl Fn(&mut Self) -> Result<T>) -> T {
        let updates = std::mem::take(&mut self.updates);
        let Some(first) = updates.iter().position(|&bad| bad) else { return read(self).unwrap() };
        match read(self).map(|_| ()).unwrap_err() {
            Error::RejectedUpdates { update, n_updates, n_rejected, .. } => {
                let n_bad = updates.iter().filter(|&&bad| bad).count();
                assert_eq!((update, n_updates, n_rejected), (first + 1, updates.len(), n_bad));
            }
            error => panic!("{error}"),
        }
        read(self).unwrap()
    }

    fn check_sums(&mut self) {
        let areas = self.read(|metric| match metric.pending.rank_sums(&mut metric.state)? {
            Some(areas) => Ok(areas),
            None => metric.state.rank_sums(),
        });
        assert_eq!(numbers(&areas), numbers(&self.expected.clone().rank_sums().unwrap()));
    }

    fn check_state(&mut self) {
        self.read(|metric| metric.pending.flush(&mut metric.state));
        assert!(self.state == self.expected);
    }
}

fn no_samples(n_tasks: usize) -> RankState {
    BinaryAuprc::<Host>::new().tasks(n_tasks).unwrap().state().unwrap()
}

pub(crate) fn numbers(areas: &[RankSums]) -> Vec<[Option<f64>; 4]> {
    let numbers = |areas: &RankSums| {
        let (n_positives, n_negatives) = (areas.n_positives(), areas.n_negatives());
        [areas.auprc(), areas.auroc(), Some(n_positives), Some(n_negatives)]
    };
    areas.iter().map(numbers).collect()
}

/// Random sequences of calls. Those of kernels take a hundred times as long on the emulator.
const N_ROUNDS: usize = if cfg!(emulated) { 60 } else { 400 };

#[test]
fn whatever_is_fed_and_read_equals_the_cpu_engine() {
    let streams = [5, 6].map(Simulated::new);
    let families: [&[DType]; 2] =
        [&[DType::F32, DType::F64, DType::Bf16], &[DType::I32, DType::I64]];
    let mut random = Random(3);
    for round in 0..N_ROUNDS {
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
                0 => metric.check_sums(),
                1 => metric.check_state(),
                _ => others.push(metric.clone()),
            }
        }
        for mut metric in others.into_iter().chain([metric]) {
            metric.check_sums();
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
        metric.check_sums();
        let first = waits()[0];
        metric.check_sums();
        let again = waits()[0];
        crate::rank_sums(&device, &given.batch()).unwrap();
        [first, again, waits()[0]]
    };
    assert_eq!(read(DType::F32, 1, 100), [1, 1, 1]);
    assert_eq!(read(DType::F64, 7, 10), [1, 1, 1]);
    assert_eq!(read(DType::Bf16, 1, 100), [1, 1, 1]);
    // The range of the keys is read first, if it is not known.
    assert_eq!(read(DType::F32, 1, MAX_UNSCANNED + 1), [2, 1, 2]);
    assert_eq!(read(DType::Bf16, 1, MAX_UNSCANNED + 1), [1, 1, 1]);
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
        metric.pending.update(&device, &Given::new(&[0.5f32], &[1], 1).batch(), &mut metric.state);
    assert!(matches!(error, Err(Error::ScoreTypeMismatch { .. })));
    let added = metric.pending.bypass("auprc", DType::F32, || unreachable!("floats"));
    assert!(matches!(added, Err(Error::ScoreTypeMismatch { .. })));
    metric.check_sums();
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
        assert!(metric.pending.update(&device, &given.batch(), &mut metric.state).is_err());
        device.most.store(usize::MAX, Relaxed);
        metric.update(&device, &integers);
        metric.check_sums();
        metric.check_state();
    }
}

#[test]
fn a_batch_of_too_many_samples_is_refused_at_once() {
    let mut batch = Given::new(&[0.5f64], &[1], 1).batch();
    (batch.n_tasks, batch.n_samples) = (1 << 12, 1 << 20);
    let (device, mut state) = (Simulated::new(5), no_samples(1 << 12));
    let error = PendingSamples::default().update(&device, &batch, &mut state).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cuda: auprc failed: a batch of 4096 × 1048576 samples; at most 4294967295 go at once"
    );
    assert!(crate::rank_sums(&device, &batch).is_err());
    assert!(crate::ranked_counts(&device, &batch).is_err());
    batch.n_samples = usize::MAX;
    let mut counts = BucketCounts::new(10).unwrap();
    assert!(PendingCounts::default().update(&device, &batch, &mut counts).is_err());
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
            metric.check_sums();
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

/// The clone shares memory with the original, whose last work ran on another thread's stream.
#[test]
fn memory_of_a_clone_is_freed_after_work_of_other_threads() {
    let given = Given::new(&[0.5f32, 0.7], &[0, 1], 1);
    let halves = Given::new(&[half::f16::ONE; 2], &[0, 1], 1);
    for (stream, expected) in [(2, 1), (5, 0)] {
        for given in [&given, &halves] {
            let mut metric = Metric::new(1);
            metric.update(&Simulated::new(stream), given);
            let clone = metric.clone();
            let given = given.clone();
            let work = thread::spawn(move || metric.update(&Simulated::new(stream), &given));
            work.join().unwrap();
            waits();
            drop(clone);
            assert_eq!(waits()[1], expected, "stream {stream}");
        }
    }
}

#[test]
fn buckets_equal_those_of_the_cpu_engine() {
    let streams = [5, 6].map(Simulated::new);
    let mut random = Random(7);
    for round in 0..N_ROUNDS / 2 {
        let mut counts = BucketCounts::new(5).unwrap();
        let mut expected = counts.clone();
        let mut pending = PendingCounts::default();
        let mut updates = Vec::new();
        for _ in 0..12 {
            let is_bad = random.below(100) < [0, 30][round % 2];
            let given = Given::random(DType::F64, 1, 30, is_bad, &mut random);
            let device = &streams[usize::from(random.below(4) == 0)];
            pending.update(device, &given.batch(), &mut counts).unwrap();
            updates.push(StateMut::Buckets(&mut expected).update(&given.on_host()).is_err());
            if random.below(5) == 0 {
                // The clone must not change.
                let mut other = pending.clone();
                other.update(device, &given.batch(), &mut counts.clone()).unwrap();
            }
        }
        let flushed = pending.flush(&mut counts);
        match updates.iter().position(|&bad| bad) {
            None => flushed.unwrap(),
            Some(first) => match flushed.unwrap_err() {
                Error::RejectedUpdates { update, n_updates, .. } => {
                    assert_eq!((update, n_updates), (first + 1, updates.len()));
                    pending.flush(&mut counts).unwrap();
                }
                error => panic!("{error}"),
            },
        }
        assert_eq!(counts, expected);
    }
}

#[test]
fn no_kernel_reads_more_than_an_input_holds() {
    let given = Given::new(&[0.5f32, 0.7, 0.1], &[0, 1, 1], 1);
    let device = Simulated::new(5);
    let refused = |change: fn(&mut Batch)| {
        let mut batch = given.batch();
        change(&mut batch);
        let mut state = no_samples(batch.n_tasks.clamp(1, 9));
        let update = PendingSamples::default().update(&device, &batch, &mut state);
        let mut counts = BucketCounts::new(10).unwrap();
        let count = PendingCounts::default().update(&device, &batch, &mut counts);
        let texts = [
            reason(crate::rank_sums(&device, &batch)),
            reason(crate::ranked_counts(&device, &batch)),
            reason(update),
            reason(count),
        ];
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        texts[0].clone()
    };
    let longer = refused(|batch| batch.n_samples = 4);
    assert_eq!(longer, "cuda: auprc failed: an input of 3 elements where 4 are read");
    let more_tasks = refused(|batch| batch.n_tasks = 1 << 20);
    assert_eq!(more_tasks, "cuda: auprc failed: an input of 3 elements where 3145728 are read");
    let shorter = refused(|batch| batch.targets = input(&[1u8, 0]));
    assert_eq!(shorter, "cuda: auprc failed: an input of 2 elements where 3 are read");
    let wrapped = refused(|batch| (batch.n_tasks, batch.n_samples) = (1 << 32, 1 << 32));
    assert!(wrapped.ends_with("at most 4294967295 go at once"), "{wrapped}");
    let no_rows = refused(|batch| batch.n_tasks = 0);
    assert_eq!(no_rows, "cuda: auprc failed: an input of 3 elements where 0 are read");
}

#[test]
fn nothing_is_launched_for_no_samples() {
    let device = Simulated::new(5);
    let (scores, targets) = (input::<f32>(&[]), input::<u8>(&[]));
    for (n_tasks, n_samples) in [(0, 0), (0, 5), (3, 0)] {
        let batch = Batch { op: "auprc", scores, targets, n_tasks, n_samples };
        assert_eq!(crate::rank_sums(&device, &batch).unwrap().len(), n_tasks);
        assert_eq!(crate::ranked_counts(&device, &batch).unwrap().len(), n_tasks);
    }
    let mut metric = Metric::new(3);
    let batch = Batch { op: "auprc", scores, targets, n_tasks: 3, n_samples: 0 };
    metric.pending.update(&device, &batch, &mut metric.state).unwrap();
    metric.check_sums();
    metric.check_state();
}

/// Pieces have a row for each task: more tasks would be written behind their end.
#[test]
fn a_batch_of_other_tasks_is_refused() {
    let device = Simulated::new(5);
    let mut metric = Metric::new(3);
    metric.update(&device, &Given::new(&[0.5f32; 6], &[1, 0, 1, 0, 1, 0], 3));
    for n_tasks in [1, 2, 6] {
        let other = Given::new(&[0.5f32; 6], &[1; 6], n_tasks);
        let error = metric.pending.update(&device, &other.batch(), &mut metric.state).unwrap_err();
        assert!(
            matches!(error, Error::MergeTasks { given, n_tasks: 3, .. } if given == n_tasks),
            "{error}"
        );
    }
    metric.check_sums();
    metric.check_state();

    // The same pending samples with the state of another metric.
    metric.update(&device, &Given::new(&[0.5f32; 3], &[1, 0, 1], 3));
    let other = Given::new(&[0.5f32; 6], &[1; 6], 6);
    let error = metric.pending.update(&device, &other.batch(), &mut no_samples(6)).unwrap_err();
    assert!(matches!(error, Error::MergeTasks { given: 3, n_tasks: 6, .. }), "{error}");

    let tasks = Given::new(&[0.5f64; 6], &[1; 6], 2);
    let mut counts = BucketCounts::new(10).unwrap();
    let error = PendingCounts::default().update(&device, &tasks.batch(), &mut counts).unwrap_err();
    assert!(matches!(error, Error::MergeTasks { given: 2, n_tasks: 1, .. }), "{error}");
}

#[test]
fn buckets_of_another_number_are_refused() {
    let (device, given) = (Simulated::new(5), Given::new(&[0.5f64], &[1], 1));
    let mut pending = PendingCounts::default();
    let mut counts = BucketCounts::new(10).unwrap();
    pending.update(&device, &given.batch(), &mut counts).unwrap();
    let error =
        pending.update(&device, &given.batch(), &mut BucketCounts::new(9).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "cuda: auprc failed: counts of another number of thresholds");
    pending.flush(&mut counts).unwrap();
    let mut expected = BucketCounts::new(10).unwrap();
    StateMut::Buckets(&mut expected).update(&given.on_host()).unwrap();
    assert_eq!(counts, expected);
}

#[test]
fn a_device_that_no_number_names_is_refused() {
    let mut device = Simulated::new(5);
    device.ordinal = 1 << 32;
    let given = Given::new(&[0.5f32], &[1], 1);
    assert_eq!(
        reason(crate::rank_sums(&device, &given.batch())),
        "cuda: auprc failed: no device 4294967296"
    );
}

#[test]
fn primitives_equal_those_of_plain_slices() {
    let device = Simulated::new(5);
    let scores = [0.5f64, 1.0, 0.0, 0.25, 0.25, 1.0];
    let targets = [1u8, 0, 1, 1, 0, 1];
    let on_host = HostTensor::new(&scores, &[2, 3]).unwrap();
    let numbers = |index| {
        let numbers: Vec<u64> = Host.download_index(&index).unwrap();
        numbers.into_iter().map(|number| number as i64).collect::<Vec<_>>()
    };
    let order = written(6, |to| ops::argsort_descending(&device, matrix(&scores, 2), to)).unwrap();
    assert_eq!(order, numbers(Host.argsort_descending(&on_host).unwrap()));
    let sums = written(6, |to| ops::cumsum(&device, matrix(&targets, 2), to)).unwrap();
    assert_eq!(sums, [1, 1, 2, 1, 1, 2]);
    let mut n_ends = 0;
    let ends = written(6, |to| {
        n_ends = ops::group_ends(&device, matrix(&scores, 1), to)?;
        Ok(())
    });
    assert_eq!((ends.unwrap()[..n_ends].to_vec(), n_ends), (vec![0, 1, 2, 4, 5], 5));
    let values = [-0.5, 1.5, f64::NAN, f64::INFINITY, 0.5, 1.0];
    let buckets = written(6, |to| ops::bucket(&device, matrix(&values, 1), 10, to)).unwrap();
    let on_host = HostTensor::new(&values, &[1, 6]).unwrap();
    assert_eq!(buckets, numbers(Host.bucket(&on_host, 10).unwrap()));
    let counts = ops::bincount(&device, input(&buckets), matrix(&targets, 1), 11).unwrap();
    let mut expected = [vec![0; 11], vec![0; 11]];
    buckets.iter().zip(targets).for_each(|(&b, t)| expected[usize::from(t)][b as usize] += 1);
    assert_eq!(counts, expected);
    let found = ops::find_invalid(&device, matrix(&values, 2), ElementCheck::Probability).unwrap();
    assert_eq!(found, Some((0, -0.5)));
    assert_eq!(
        ops::find_invalid(&device, matrix(&scores, 2), ElementCheck::Probability).unwrap(),
        None
    );
}

/// A kernel writes where an index says.
#[test]
fn numbers_without_a_bin_are_refused_and_written_nowhere() {
    let (device, targets) = (Simulated::new(5), [1u8, 0, 1]);
    let bincount =
        |index: &[i64], n_bins| ops::bincount(&device, input(index), matrix(&targets, 1), n_bins);
    for (index, beyond) in [
        ([0, 4, 1], 4),
        ([1 << 40, 0, 7], 1 << 40),
        ([0, -1, 2], usize::MAX),
        ([i64::MIN, 0, 0], 1 << 63),
    ] {
        let error = bincount(&index, 4).unwrap_err();
        assert!(
            matches!(error, Error::OutOfRange { given, limit: 4, .. }
                if given == beyond || beyond == usize::MAX && given == usize::MAX - 1),
            "{error}"
        );
    }
    assert_eq!(bincount(&[3, 0, 3], 4).unwrap(), [vec![1, 0, 0, 0], vec![0, 0, 0, 2]]);
    assert!(matches!(bincount(&[0, 0, 0], 0).unwrap_err(), Error::OutOfRange { limit: 0, .. }));
    for n_bins in [1 << 60, usize::MAX] {
        assert!(matches!(bincount(&[0, 0, 0], n_bins).unwrap_err(), Error::OutOfMemory { .. }));
    }
}

#[test]
fn primitives_check_lengths_and_types_before_a_launch() {
    let device = Simulated::new(5);
    let scores = [0.5f32, 1.0, 0.0];
    let mut longer = matrix(&scores, 1);
    longer.n_columns = 4;
    let mut wrapped = longer;
    (wrapped.n_rows, wrapped.n_columns) = (1 << 32, 1 << 32);
    let text = "failed: an input of 3 elements where 4 are read";
    for (x, text) in [(longer, text), (wrapped, "failed: a matrix of 4294967296 × 4294967296")] {
        let texts = [
            reason(written(9, |to| ops::argsort_descending(&device, x, to))),
            reason(written(9, |to| ops::cumsum(&device, x, to))),
            reason(written(9, |to| ops::group_ends(&device, x, to).map(|_| ()))),
            reason(written(9, |to| ops::bucket(&device, x, 3, to))),
            reason(ops::find_invalid(&device, x, ElementCheck::NotNan)),
            reason(ops::bincount(&device, input(&[0i64; 4]), x, 3)),
        ];
        assert!(texts.iter().all(|given| given.ends_with(text)), "{texts:?}");
    }
    let x = matrix(&scores, 1);
    let texts = [
        reason(written(2, |to| ops::argsort_descending(&device, x, to))),
        reason(written(2, |to| ops::cumsum(&device, x, to))),
        reason(written(2, |to| ops::group_ends(&device, x, to).map(|_| ()))),
        reason(written(2, |to| ops::bucket(&device, x, 3, to))),
    ];
    let text = "room for 2 integers where 3 are written";
    assert!(texts.iter().all(|given| given.ends_with(text)), "{texts:?}");
    let two_rows = written(3, |to| ops::group_ends(&device, matrix(&scores, 3), to).map(|_| ()));
    assert_eq!(reason(two_rows), "cuda: group_ends failed: a matrix of 3 rows, expected 1");
    for given in [0, 1 << 25, usize::MAX] {
        let error = written(3, |to| ops::bucket(&device, x, given, to)).unwrap_err();
        assert!(matches!(error, Error::InvalidNumThresholds { .. }), "{error}");
    }
    assert_eq!(
        reason(ops::bincount(&device, input(&[0u64; 3]), x, 3)),
        "bincount: indices have dtype U64, expected I64"
    );
    assert_eq!(
        reason(ops::bincount(&device, input(&[0i64; 2]), x, 3)),
        "cuda: bincount failed: an input of 2 elements where 3 are read"
    );
}
