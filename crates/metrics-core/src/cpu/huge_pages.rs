//! Huge pages of the system. The first touch of a page costs so much, since the system clears it, that
//! small pages would take as long as the work. That of huge ones takes a tenth of it: some are kept for
//! the next who needs them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A huge page.
#[repr(align(0x20_0000))]
pub(super) struct HugePage(#[allow(dead_code)] [u8; HUGE_PAGE]);

/// Bytes of a huge page.
pub(crate) const HUGE_PAGE: usize = 2 << 20;

/// Pages that are kept at most: 128 MiB.
const MAX_KEPT: usize = 64;

static SPARE: Mutex<Spare> = Mutex::new(Spare { kept: VecDeque::new() });

/// So many pages or a few more, as spare capacity: of the system, if it has such pages to give.
pub(super) fn take(n_pages: usize) -> Vec<HugePage> {
    spare().take(n_pages).unwrap_or_else(|| {
        let mut pages = Vec::with_capacity(n_pages);
        advise(&mut pages, Advice::Huge);
        pages
    })
}

/// Takes pages back, whatever they hold.
pub(super) fn give_back(mut pages: Vec<HugePage>) {
    advise(&mut pages, Advice::Unused);
    spare().keep(pages);
}

/// Gives back to the system what large calls and metrics left for the next ones.
///
/// At most 128 MiB are left, on Linux in such a way that the system takes them when it runs short. They
/// are the memory that the next call need not wait for.
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
    spare().kept = VecDeque::new();
}

fn spare() -> MutexGuard<'static, Spare> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Memory that nobody uses at the moment.
struct Spare {
    /// What came last is at the end.
    kept: VecDeque<Vec<HugePage>>,
}

impl Spare {
    /// So many pages or up to a quarter more, if there are.
    fn take(&mut self, n_pages: usize) -> Option<Vec<HugePage>> {
        let fits = n_pages..=n_pages + n_pages / 4;
        let position = self.kept.iter().rposition(|pages| fits.contains(&pages.capacity()))?;
        self.kept.remove(position)
    }

    /// Keeps pages, and drops the oldest if these are too many.
    fn keep(&mut self, pages: Vec<HugePage>) {
        if pages.capacity() > MAX_KEPT {
            return;
        }
        self.kept.push_back(pages);
        while self.len() > MAX_KEPT {
            self.kept.pop_front();
        }
    }

    fn len(&self) -> usize {
        self.kept.iter().map(Vec::capacity).sum()
    }
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
enum Advice {
    /// Be huge.
    Huge,
    /// Be somebody else's, should there be need, until written to again.
    Unused,
}

#[cfg(target_os = "linux")]
fn advise(pages: &mut Vec<HugePage>, advice: Advice) {
    let advice = match advice {
        Advice::Huge => libc::MADV_HUGEPAGE,
        Advice::Unused => libc::MADV_FREE,
    };
    // SAFETY: the range is that of the vector, of which no element is in use. That the system may not
    // follow the advice does not matter.
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

    fn pages(n: usize) -> Vec<HugePage> {
        Vec::with_capacity(n)
    }

    #[test]
    fn what_was_given_back_is_taken_again() {
        let mut spare = Spare { kept: VecDeque::new() };
        assert!(spare.take(1).is_none());
        spare.keep(pages(10));
        spare.keep(pages(1));
        assert!(spare.take(7).is_none(), "too many for seven");
        assert!(spare.take(11).is_none(), "too few for eleven");
        assert_eq!(spare.take(8).map(|pages| pages.capacity()), Some(10));
        assert!(spare.take(8).is_none(), "taken");
        assert_eq!(spare.len(), 1);
    }

    #[test]
    fn what_is_too_much_is_not_kept() {
        let mut spare = Spare { kept: VecDeque::new() };
        (1..=20).for_each(|n| spare.keep(pages(n)));
        assert!(spare.len() <= MAX_KEPT && spare.len() + 20 > MAX_KEPT);
        assert!(spare.take(20).is_some(), "the last one is");
        let before = spare.len();
        spare.keep(pages(MAX_KEPT + 1));
        assert_eq!(spare.len(), before);
        spare.keep(pages(MAX_KEPT));
        assert_eq!(spare.kept.len(), 1);
    }
}
