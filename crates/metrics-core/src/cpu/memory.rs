//! Memory for many elements.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

use super::huge_pages::{self, HUGE_PAGE, HugePage};

/// A line of the caches.
#[repr(align(64))]
struct Line(#[allow(dead_code)] [u8; LINE]);

/// Bytes of a line of the caches.
pub(crate) const LINE: usize = 64;

/// Memory that holds nothing yet: on huge pages, if it fills one.
pub(crate) struct Memory<T> {
    unused: Unused,
    len: usize,
    element: PhantomData<T>,
}

/// The spare capacity is what is used; the vectors stay empty.
enum Unused {
    Lines(Vec<Line>),
    HugePages(Vec<HugePage>),
}

impl<T: Copy> Memory<T> {
    /// For so many elements.
    pub(crate) fn new(len: usize) -> Self {
        const { assert!(align_of::<T>() <= LINE) }
        let n_bytes = len * size_of::<T>();
        let unused = if n_bytes < HUGE_PAGE {
            Unused::Lines(Vec::with_capacity(n_bytes.div_ceil(LINE)))
        } else {
            Unused::HugePages(huge_pages::take(n_bytes.div_ceil(HUGE_PAGE)))
        };
        Self { unused, len, element: PhantomData }
    }

    /// All elements, to be written.
    #[inline]
    pub(crate) fn uninit(&mut self) -> &mut [MaybeUninit<T>] {
        let start = match &mut self.unused {
            Unused::Lines(lines) => lines.as_mut_ptr().cast(),
            Unused::HugePages(pages) => pages.as_mut_ptr().cast(),
        };
        // SAFETY: there is capacity for so many elements, aligned for them, which need not be
        // initialised.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts_mut(start, self.len)
        }
    }

    /// Some of the elements.
    ///
    /// # Safety
    /// These have been written.
    #[inline]
    #[allow(unsafe_code)]
    pub(crate) unsafe fn written(&self, range: Range<usize>) -> &[T] {
        assert!(range.start <= range.end && range.end <= self.len, "elements there is memory for");
        let start: *const T = match &self.unused {
            Unused::Lines(lines) => lines.as_ptr().cast(),
            Unused::HugePages(pages) => pages.as_ptr().cast(),
        };
        // SAFETY: in bounds, as asserted; initialised, as promised.
        unsafe { std::slice::from_raw_parts(start.add(range.start), range.len()) }
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        if let Unused::HugePages(pages) = &mut self.unused {
            huge_pages::give_back(std::mem::take(pages));
        }
    }
}

/// Has the processor fetch an element that will soon be used, if there is such an element.
#[inline(always)]
pub(crate) fn prefetch<T>(memory: &[T], position: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        let address = memory.as_ptr().wrapping_add(position).cast();
        // SAFETY: every x86-64 processor has SSE; the address may be any.
        #[allow(unsafe_code)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(address);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (memory, position);
}

/// Has the processor fetch what will soon be read.
pub(crate) fn fetch<T>(memory: &[T]) {
    let step = LINE / size_of::<T>();
    (0..memory.len()).step_by(step).for_each(|position| prefetch(memory, position));
}

/// A piece of memory that is filled from its start.
pub(crate) struct Filled<T> {
    memory: Memory<T>,
    len: usize,
}

impl<T: Copy> Filled<T> {
    /// Room for so many elements.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { memory: Memory::new(capacity), len: 0 }
    }

    /// Appends elements there is room for.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn extend(&mut self, elements: &[T]) {
        self.memory.uninit()[self.len..][..elements.len()].write_copy_of_slice(elements);
        self.len += elements.len();
    }

    /// Forgets all elements but the first `len`.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        // SAFETY: all before `len` were written when it grew.
        #[allow(unsafe_code)]
        unsafe {
            self.memory.written(0..self.len)
        }
    }
}

impl<T: Copy> Clone for Filled<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::with_capacity(self.memory.len);
        copy.extend(self.as_slice());
        copy
    }
}

impl<T: Copy + std::fmt::Debug> std::fmt::Debug for Filled<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Filled, HUGE_PAGE};

    #[test]
    fn what_is_filled_in_comes_out() {
        for capacity in [0, 1, 100, HUGE_PAGE / 4 - 1, HUGE_PAGE / 4, HUGE_PAGE] {
            let all: Vec<u32> = (0..capacity as u32).collect();
            let mut filled = Filled::with_capacity(capacity);
            for piece in all.chunks(1 + capacity / 3) {
                filled.extend(piece);
            }
            assert!(filled.as_slice() == all && filled.clone().as_slice() == all, "{capacity}");
        }
    }

    #[test]
    #[should_panic(expected = "out of range")]
    fn more_than_there_is_room_for_is_refused() {
        Filled::with_capacity(2).extend(&[1u32, 2, 3]);
    }
}
