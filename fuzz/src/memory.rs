//! An allocator that counts what is held, and refuses what no small input can need.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes that may be held at once. What asks for more gets none: a fallible reservation then fails, and
/// any other aborts, which the fuzzer reports.
pub const LIMIT: usize = 512 << 20;

/// The system's allocator, counted and limited.
#[derive(Debug)]
pub struct Limited;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn is_held(n_bytes: usize) -> bool {
    let held = HELD.fetch_add(n_bytes, Relaxed).saturating_add(n_bytes);
    if n_bytes > LIMIT || held > LIMIT {
        HELD.fetch_sub(n_bytes, Relaxed);
        return false;
    }
    PEAK.fetch_max(held, Relaxed);
    true
}

// SAFETY: every call goes to the system's allocator as it is, or returns null, which is allowed.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_held(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !is_held(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promises.
        unsafe { System.dealloc(memory, layout) }
    }
    // `realloc` is by default what it means: both pieces of memory are held while one is copied.
}

/// What `f` returns, and the most bytes that it held at once.
pub fn peak_of<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = f();
    (result, PEAK.load(Relaxed) - before)
}
