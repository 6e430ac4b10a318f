//! What the host code of the kernels leaves behind: limits, errors and contexts.

use std::{ptr, thread};

use metrics_core::{BucketCounts, DType, Error, Result};

use super::samples::{Case, Scores};
use crate::arithmetic::Random;
use crate::ffi::{self, Plan, Words};
use crate::pending_counts::PendingCounts;
use crate::simulated::Simulated;

unsafe extern "C" {
    fn emulator_delay(us: i32);
    fn emulator_global_atomics() -> u64;
    fn emulator_set_shared_bytes(n_bytes: usize);
    fn emulator_has_context(ordinal: i32) -> bool;
    fn emulator_thread_has_context() -> bool;
    fn cudaSetDevice(ordinal: i32) -> i32;
    fn cudaGetDevice(ordinal: *mut i32) -> i32;
}

/// The limit of a block's memory belongs to a kernel, not to a thread.
#[test]
fn two_threads_count_with_other_numbers_of_thresholds() {
    let updates = |num_thresholds: usize| -> Vec<Error> {
        let mut random = Random(num_thresholds as u64);
        let device = Simulated::new(5);
        let update = |_| -> Result<()> {
            let case = Case::new([DType::F32, DType::U8], [1, 40], Scores::Uniform, &mut random);
            let mut counts = BucketCounts::new(num_thresholds)?;
            PendingCounts::default().update(&device, &case.batch(), &mut counts)
        };
        (0..50).map(update).filter_map(Result::err).collect()
    };
    // SAFETY: sets a number.
    unsafe { emulator_delay(200) };
    let (many, few) = thread::scope(|scope| {
        let (many, few) = (scope.spawn(|| updates(25_000)), scope.spawn(|| updates(10)));
        (many.join().unwrap(), few.join().unwrap())
    });
    // SAFETY: as above.
    unsafe { emulator_delay(0) };
    assert!(many.is_empty() && few.is_empty(), "{} and {} failed: {many:?}", many.len(), few.len());
}

#[test]
fn a_thread_without_a_context_has_none_afterwards() {
    let mut random = Random(51);
    let case = Case::new([DType::F32, DType::U8], [1, 40], Scores::Uniform, &mut random);
    let mut device = Simulated::new(5);
    device.ordinal = 1;
    // SAFETY: they take and return plain values.
    let contexts = || unsafe {
        [emulator_has_context(0), emulator_has_context(1), emulator_thread_has_context()]
    };
    assert_eq!(contexts(), [false; 3]);
    crate::rank_sums(&device, &case.batch()).unwrap();
    assert_eq!(
        contexts(),
        [false, true, false],
        "a context was made on the first device, or is left"
    );
    // A thread that has one keeps it.
    let mut status = 0;
    // SAFETY: the runtime's own function, which makes a context current.
    unsafe {
        status += cudaSetDevice(0);
    }
    crate::rank_sums(&device, &case.batch()).unwrap();
    let mut current = -1;
    // SAFETY: writes one integer.
    unsafe {
        status += cudaGetDevice(&mut current);
    }
    assert_eq!((status, current), (0, 0));
}

#[test]
fn an_error_is_not_that_of_the_next_launch() {
    let mut random = Random(52);
    let case = Case::new([DType::F32, DType::U8], [1, 40], Scores::Uniform, &mut random);
    let mut missing = Simulated::new(5);
    missing.ordinal = 7;
    let error = crate::rank_sums(&missing, &case.batch()).unwrap_err();
    assert_eq!(error.to_string(), "cuda: auprc failed: CUDA error 101: invalid device ordinal");
    crate::rank_sums(&Simulated::new(5), &case.batch()).unwrap();
}

/// Atomics in the device's memory are slow where many scores meet at few addresses.
#[test]
fn probabilities_are_counted_in_memory_of_the_block() {
    let mut random = Random(53);
    let n = 20_000;
    // Room for 4,000 scores of each sign.
    // SAFETY: sets a number.
    unsafe { emulator_set_shared_bytes(64_000) };
    for dtype in [DType::F16, DType::Bf16] {
        let case = Case::new([dtype, DType::U8], [1, n], Scores::Uniform, &mut random);
        // SAFETY: returns a number.
        unsafe { emulator_global_atomics() };
        crate::rank_sums(&Simulated::new(5), &case.batch()).unwrap();
        // SAFETY: as above.
        let n_atomics = unsafe { emulator_global_atomics() };
        // A block adds each of its counters once, at most a score and label of each sample.
        assert!(n_atomics < n as u64, "{n_atomics} for {n} scores of {dtype:?}");
    }
}

/// Marks have no room for more tasks.
#[test]
fn more_tasks_than_a_mark_holds_are_refused() {
    let case = Case::of([DType::F64, DType::U8], [1, 1], &[0.5], &[1.0]);
    let mut batch = case.batch();
    batch.n_tasks = (1 << 31) + 1;
    let plan = Plan { n_bits: 128, key_bits: 64, task_bits: 32, unused: 0, top: 0 };
    let words = Words { words: ptr::null_mut(), marks: ptr::null_mut() };
    let samples = batch.samples();
    // SAFETY: nothing is launched.
    let status = unsafe { ffi::tm_pack(&samples, ptr::null_mut(), &plan, &words, ptr::null_mut()) };
    assert_eq!(status, 1, "cudaErrorInvalidValue");
}
