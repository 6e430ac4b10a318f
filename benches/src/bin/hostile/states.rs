//! Measures the cost of states from elsewhere: to merge hundreds of states, and to read hostile bytes.

// Only a global allocator can count all memory, and its trait is unsafe.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use metrics_benches::Random;
use metrics_core::slice::BinaryAuprc;
use metrics_core::{AucState, RankState, free_spare_memory};

use crate::processor_time;

/// The system's allocator, with counts of the bytes in use and of their peak.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call passes its arguments to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(in_use, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the memory came from `System` with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls `f`, and returns its result, its processor time in seconds, and its peak memory in bytes beyond the
/// memory in use before.
fn measured<T>(f: impl FnOnce() -> T) -> (T, f64, usize) {
    free_spare_memory();
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let start = processor_time();
    let result = f();
    (result, processor_time() - start, PEAK.load(Ordering::Relaxed) - before)
}

/// Samples of each merged state.
const SAMPLES: usize = 1000;
/// Fewest merged states.
const STATES: usize = 200;

/// Prints the time to merge [`STATES`] loaded states, twice as many, and four times as many.
pub(crate) fn merge() -> Result<(), Box<dyn Error>> {
    let mut random = Random::default();
    let state = |random: &mut Random| -> metrics_core::Result<Vec<u8>> {
        let scores: Vec<f32> = (0..SAMPLES).map(|_| random.uniform() as f32).collect();
        let targets: Vec<u8> = (0..SAMPLES).map(|_| random.below(2) as u8).collect();
        let mut auprc = BinaryAuprc::new();
        auprc.update(&scores, &targets)?;
        Ok(auprc.state()?.to_bytes())
    };
    let states: Vec<_> =
        (0..4 * STATES).map(|_| state(&mut random)).collect::<metrics_core::Result<_>>()?;
    let mut first = None;
    for n in [1, 2, 4].map(|times| times * STATES) {
        let (value, time, peak) = measured(|| {
            let mut all = BinaryAuprc::new();
            for bytes in &states[..n] {
                let mut one = BinaryAuprc::new();
                one.load_state(&RankState::from_bytes(bytes)?)?;
                all.merge(&one)?;
            }
            all.compute()
        });
        black_box(value?);
        let first = *first.get_or_insert(time);
        let bytes: usize = states[..n].iter().map(Vec::len).sum();
        println!(
            "{n:>6} loaded states of {SAMPLES} merged: {time:8.3} s, {:5.2} × the first, {:5.1} bytes of memory \
             a byte",
            time / first,
            peak as f64 / bytes as f64
        );
    }
    Ok(())
}

/// Approximate length of the states to read, in bytes.
const BYTES: usize = 1 << 20;

/// The bytes of a state of ranked samples with `n_tasks` equal tasks.
fn tasks(task: &[u8], n_tasks: usize) -> Vec<u8> {
    let mut bytes = b"tmst\x01\x01".to_vec();
    varint(&mut bytes, n_tasks);
    bytes.extend(task.repeat(n_tasks));
    bytes
}

fn varint(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// The bytes of a task: `n` scores of kind `kind`, then `n_fractional` samples of fractional weight.
fn task(kind: u8, n: usize, run: &[u8], n_fractional: usize, fractional: &[u8]) -> Vec<u8> {
    let mut task = vec![kind];
    varint(&mut task, n);
    task.extend(run.repeat(n));
    varint(&mut task, n_fractional);
    task.extend(fractional.repeat(n_fractional));
    task
}

/// Prints the cost of states with as much content as possible in as few bytes as possible.
pub(crate) fn decode() -> Result<(), Box<dyn Error>> {
    let half = [&[0, 1][..], &0.5f64.to_le_bytes()].concat();
    let last_is_wrong = |mut bytes: Vec<u8>| {
        bytes.pop();
        bytes.push(99);
        bytes
    };
    let shapes = [
        ("empty tasks", tasks(&[0], BYTES)),
        ("empty tasks, the last byte wrong", last_is_wrong(tasks(&[0], BYTES))),
        ("tasks of one sample", tasks(&task(3, 1, &[0], 0, &[]), BYTES / 4)),
        ("samples of fractional weight", tasks(&task(3, 0, &[], BYTES / 10, &half), 1)),
        ("runs of neighbours", tasks(&task(4, BYTES, &[4], 0, &[]), 1)),
    ];
    for (name, bytes) in shapes {
        let (state, time, peak) = measured(|| RankState::from_bytes(&bytes));
        print(name, "read", &bytes, time, peak);
        let Ok(state) = state else { continue };
        let (result, time, peak) = measured(|| {
            let mut auprc = BinaryAuprc::new().tasks(state.n_tasks())?;
            auprc.load_state(&state)?;
            black_box(auprc.compute_tasks()?);
            Ok::<_, metrics_core::Error>(auprc.state()?.to_bytes())
        });
        // A task without samples has no value.
        print(
            name,
            if result.is_ok() { "loaded, computed, written" } else { "loaded" },
            &bytes,
            time,
            peak,
        );
    }
    let mut bytes = b"tmst\x01\x02\0".to_vec();
    varint(&mut bytes, 1 << 20);
    bytes.push(0);
    varint(&mut bytes, BYTES / 3);
    bytes.extend([0, 1, 0].repeat(BYTES / 3));
    let (state, time, peak) = measured(|| AucState::from_bytes(&bytes));
    print(if state.is_ok() { "buckets" } else { "buckets, refused" }, "read", &bytes, time, peak);
    Ok(())
}

fn print(name: &str, what: &str, bytes: &[u8], time: f64, peak: usize) {
    let per_byte = |x: f64| x / bytes.len() as f64;
    println!(
        "{name:34} {what:26} {:8.2} ns and {:7.1} bytes of memory a byte",
        per_byte(1e9 * time),
        per_byte(peak as f64)
    );
}
