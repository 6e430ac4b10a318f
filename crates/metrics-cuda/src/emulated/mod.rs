//! The kernels themselves, run on the host by the emulator (`emulator/`), beside the CPU engine: `cargo xtask cuda-emulate`.
//!
//! The emulator checks each access. It knows the memory that the tests lend it, and forgets what the host frees.

#![allow(unsafe_code)]

mod counting;
mod launching;
mod primitives;
mod ranking;
mod rejecting;
mod samples;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;

use metrics_core::backend::StateMut;
use metrics_core::{BucketCounts, RankedCounts, Result};

unsafe extern "C" {
    fn emulator_lend(at: *const c_void, n_bytes: usize, has_values: bool);
    fn emulator_forget(at: *const c_void);
}

/// Lends elements to the kernels, until they are freed.
pub(crate) fn lend<T>(data: &[T]) {
    // SAFETY: the emulator reads the address and the length alone.
    unsafe { emulator_lend(data.as_ptr().cast(), size_of_val(data), true) };
}

/// Lends memory in which there is nothing yet.
pub(crate) fn lend_room(at: *const c_void, n_bytes: usize) {
    // SAFETY: as above.
    unsafe { emulator_lend(at, n_bytes, false) };
}

/// The system's allocator; what is freed is no longer lent.
struct Forgetting;

#[global_allocator]
static ALLOCATOR: Forgetting = Forgetting;

// SAFETY: allocates and frees as the system does. The emulator uses C's allocator, not this one.
unsafe impl GlobalAlloc for Forgetting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the promises of the trait.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the emulator reads the address alone; the caller keeps the promises of the trait.
        unsafe {
            emulator_forget(at.cast());
            System.dealloc(at, layout);
        }
    }
}

/// Whether there is time for all sizes.
fn is_long() -> bool {
    std::env::var_os("EMULATOR_LONG").is_some()
}

/// The sizes of the step of CI, and with time those of the long form too.
fn sizes<T: Clone>(step: &[T], long: &[T]) -> Vec<T> {
    if is_long() { [step, long].concat() } else { step.to_vec() }
}

/// Thresholds and counts, to the bit.
fn curves(counts: Result<Vec<RankedCounts>>) -> Vec<Vec<[u64; 3]>> {
    let bits = |of_task: RankedCounts| {
        let groups = of_task.groups();
        groups.map(|group| [group.threshold, group.tp, group.fp].map(f64::to_bits)).collect()
    };
    counts.unwrap().into_iter().map(bits).collect()
}

fn count_on_host(case: &samples::Case, counts: &mut BucketCounts) -> Result<()> {
    StateMut::Buckets(counts).update(&case.on_host())
}

/// The text of an error.
fn told<T>(result: Result<T>) -> Option<String> {
    result.err().map(|error| error.to_string())
}
