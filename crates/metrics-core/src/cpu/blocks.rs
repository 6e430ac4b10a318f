//! Pool of large allocations, reused by later calls.
//!
//! The system clears each page of new memory when a program first touches it. With small pages that takes
//! as long as the work done in them. With huge pages it takes less, but still shows in measurements.

use std::collections::VecDeque;
use std::sync::PoisonError;

use crate::arith::sync::{Mutex, MutexGuard};

/// A line of the caches.
#[repr(align(64))]
pub(super) struct Line(#[allow(dead_code)] [u8; LINE]);

/// Bytes of a line of the caches.
pub(crate) const LINE: usize = 64;

/// A huge page of the system.
#[repr(align(0x20_0000))]
pub(super) struct HugePage(#[allow(dead_code)] [u8; HUGE_PAGE]);

pub(crate) use crate::reserve::HUGE_PAGE;

/// Memory as the spare capacity of an empty vector. It lies on huge pages if it fills one and the system
/// has such pages.
pub(super) enum Block {
    Lines(Vec<Line>),
    HugePages(Vec<HugePage>),
}

/// Most bytes of the pool.
const MAX_SPARE: usize = 128 << 20;
/// Fewest bytes of a block of the pool.
const MIN_SPARE: usize = 64 << 10;

#[cfg(not(all(test, loom)))]
static SPARE: Mutex<Spare> = Mutex::new(Spare::new());
#[cfg(all(test, loom))]
loom::lazy_static! {
    static ref SPARE: Mutex<Spare> = Mutex::new(Spare::new());
}

/// Frees the spare memory that large calls and metrics left for later calls.
///
/// Spare memory is at most 128 MiB. On Linux the system can take its huge pages back when it runs short.
/// A call that finds spare memory does not wait for the system.
///
/// ```
/// use metrics_core::{free_spare_memory, slice::binary_auprc};
///
/// let scores: Vec<f32> = (0..1 << 20).map(|i| i as f32).collect();
/// binary_auprc(&scores, &vec![1u8; scores.len()])?;
/// free_spare_memory();
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub fn free_spare_memory() {
    // Two statements: this thread must not wait for the system while it holds the lock.
    let freed = std::mem::take(&mut spare().blocks);
    drop(freed);
}

fn spare() -> MutexGuard<'static, Spare> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Block {
    /// A block of at least this many bytes.
    pub(super) fn take(n_bytes: usize) -> Self {
        if n_bytes < MIN_SPARE {
            return Self::new(n_bytes);
        }
        // Two statements: this thread must not wait for the system while it holds the lock.
        let spare = spare().take(n_bytes);
        spare.unwrap_or_else(|| Self::new(n_bytes))
    }

    fn new(n_bytes: usize) -> Self {
        if n_bytes < HUGE_PAGE {
            return Self::Lines(Vec::with_capacity(n_bytes.div_ceil(LINE)));
        }
        let mut pages = Vec::with_capacity(n_bytes.div_ceil(HUGE_PAGE));
        advise(&mut pages, Advice::BeHuge);
        Self::HugePages(pages)
    }

    /// Puts the block into the pool.
    pub(super) fn give_back(mut self) {
        if !(MIN_SPARE..=MAX_SPARE).contains(&self.len()) {
            return;
        }
        if let Self::HugePages(pages) = &mut self {
            advise(pages, Advice::BeFree);
        }
        let dropped = spare().put(self);
        drop(dropped);
    }

    /// A block of no bytes.
    pub(super) const fn none() -> Self {
        Self::Lines(Vec::new())
    }

    /// Bytes there are.
    fn len(&self) -> usize {
        match self {
            Self::Lines(lines) => lines.capacity() * LINE,
            Self::HugePages(pages) => pages.capacity() * HUGE_PAGE,
        }
    }

    #[inline]
    pub(super) fn as_ptr(&self) -> *const u8 {
        match self {
            Self::Lines(lines) => lines.as_ptr().cast(),
            Self::HugePages(pages) => pages.as_ptr().cast(),
        }
    }

    #[inline]
    pub(super) fn as_mut_ptr(&mut self) -> *mut u8 {
        match self {
            Self::Lines(lines) => lines.as_mut_ptr().cast(),
            Self::HugePages(pages) => pages.as_mut_ptr().cast(),
        }
    }
}

/// Blocks that no call uses.
struct Spare {
    /// The oldest first.
    blocks: VecDeque<Block>,
}

impl Spare {
    const fn new() -> Self {
        Self { blocks: VecDeque::new() }
    }

    /// A spare block of at least this many bytes and at most a quarter more, if there is one.
    fn take(&mut self, n_bytes: usize) -> Option<Block> {
        let least = n_bytes.next_multiple_of(if n_bytes < HUGE_PAGE { LINE } else { HUGE_PAGE });
        let fits = least..=least + least / 4;
        let position = self.blocks.iter().rposition(|block| fits.contains(&block.len()))?;
        self.blocks.remove(position)
    }

    /// Adds a block; returns the oldest ones if the pool is too large then.
    fn put(&mut self, block: Block) -> Vec<Block> {
        self.blocks.push_back(block);
        let mut dropped = Vec::new();
        while self.len() > MAX_SPARE {
            dropped.extend(self.blocks.pop_front());
        }
        dropped
    }

    fn len(&self) -> usize {
        self.blocks.iter().map(Block::len).sum()
    }
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
enum Advice {
    BeHuge,
    /// The system may take the pages until they are written to again.
    BeFree,
}

#[cfg(target_os = "linux")]
fn advise(pages: &mut Vec<HugePage>, advice: Advice) {
    let advice = match advice {
        Advice::BeHuge => libc::MADV_HUGEPAGE,
        Advice::BeFree => libc::MADV_FREE,
    };
    // SAFETY: the range is the vector's own, and the vector is empty: no value lies there. The system may
    // ignore the advice, which changes nothing.
    #[allow(unsafe_code)]
    unsafe {
        libc::madvise(pages.as_mut_ptr().cast(), pages.capacity() * HUGE_PAGE, advice);
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_pages: &mut Vec<HugePage>, _advice: Advice) {}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1 << 10;

    #[test]
    fn what_was_given_back_is_taken_again() {
        let mut spare = Spare::new();
        assert!(spare.take(100 * KIB).is_none());
        for n_bytes in [100 * KIB, 10 * HUGE_PAGE] {
            spare.put(Block::new(n_bytes));
            assert!(spare.take(n_bytes * 7 / 10).is_none(), "too many for so few");
            assert!(spare.take(n_bytes + 1).is_none(), "too few");
            assert_eq!(spare.take(n_bytes * 9 / 10).map(|block| block.len()), Some(n_bytes));
            assert!(spare.take(n_bytes).is_none(), "taken");
        }
        for n_bytes in [100_000, HUGE_PAGE - 1, HUGE_PAGE, 3_000_000] {
            spare.put(Block::new(n_bytes));
            assert!(spare.take(n_bytes).is_some(), "another of {n_bytes}");
        }
    }

    #[test]
    fn what_is_too_much_is_not_kept() {
        let mut spare = Spare::new();
        let dropped: usize = (1..=20).map(|n| spare.put(Block::new(n * HUGE_PAGE)).len()).sum();
        assert_eq!(spare.blocks.len() + dropped, 20);
        assert!(spare.len() <= MAX_SPARE && spare.len() + 20 * HUGE_PAGE > MAX_SPARE);
        assert!(spare.take(20 * HUGE_PAGE).is_some(), "the last one is");
        spare.put(Block::new(MAX_SPARE));
        assert_eq!(spare.blocks.len(), 1);
    }
}

#[cfg(all(test, loom))]
mod models {
    use std::collections::{HashMap, HashSet};
    use std::sync as unseen;

    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    /// What the threads know of the memory at each address. The lock is the standard library's: loom does
    /// not see it, so it orders nothing.
    #[derive(Default)]
    struct Known {
        in_use: HashSet<usize>,
        cells: HashMap<usize, Arc<UnsafeCell<()>>>,
    }

    /// Takes a block, writes to it, gives it back. Loom panics where another thread writes to the same
    /// memory and nothing orders them. The system may hand out freed memory again, which loom does not see:
    /// then the model only checks that no other thread has it.
    fn use_block(n_bytes: usize, is_freed: bool, known: &unseen::Mutex<Known>) {
        let mut block = Block::take(n_bytes);
        let address = block.as_mut_ptr() as usize;
        let cell = {
            let mut known = known.lock().unwrap();
            assert!(known.in_use.insert(address), "nobody else has it");
            let new = || Arc::new(UnsafeCell::new(()));
            Arc::clone(known.cells.entry(address).or_insert_with(new))
        };
        if is_freed {
            thread::yield_now();
        } else {
            cell.with_mut(|_| ());
        }
        assert!(known.lock().unwrap().in_use.remove(&address));
        block.give_back();
    }

    fn check(n_bytes: usize, is_freed: bool) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(move || {
            let known = unseen::Arc::new(unseen::Mutex::new(Known::default()));
            let other = {
                let known = unseen::Arc::clone(&known);
                thread::spawn(move || use_block(n_bytes, is_freed, &known))
            };
            let third = is_freed.then(|| thread::spawn(free_spare_memory));
            use_block(n_bytes, is_freed, &known);
            other.join().unwrap();
            third.into_iter().for_each(|third| third.join().unwrap());
            assert!(spare().len() <= 2 * n_bytes, "no more is blocks than there was");
            free_spare_memory();
            assert_eq!(spare().len(), 0);
        });
    }

    #[test]
    fn a_block_is_one_thread_s_at_a_time() {
        check(MIN_SPARE, false);
        check(HUGE_PAGE, false);
    }

    #[test]
    fn a_block_is_freed_only_while_nobody_uses_it() {
        check(MIN_SPARE, true);
    }
}
