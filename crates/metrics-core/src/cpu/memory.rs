//! Memory for many elements.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

use super::blocks::{Block, LINE};

/// Memory that holds nothing yet.
pub(crate) struct Memory<T> {
    block: Block,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Copy> Memory<T> {
    /// Memory for `len` elements.
    ///
    /// # Panics
    /// As `Vec::with_capacity`, where the elements take more bytes than a `Vec` may have.
    pub(crate) fn new(len: usize) -> Self {
        const { assert!(align_of::<T>() <= LINE) }
        let n_bytes = len.checked_mul(size_of::<T>()).filter(|&n| n <= isize::MAX as usize);
        let Some(n_bytes) = n_bytes else {
            panic!("{len} elements of {} bytes are more than memory", size_of::<T>())
        };
        Self { block: Block::take(n_bytes), len, element: PhantomData }
    }

    /// All elements, to be written.
    #[inline]
    pub(crate) fn uninit(&mut self) -> &mut [MaybeUninit<T>] {
        let start = self.block.as_mut_ptr().cast();
        // SAFETY: `new` took a block with room for `len` elements, aligned for them; `MaybeUninit` may be
        // uninitialised.
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
        let start: *const T = self.block.as_ptr().cast();
        // SAFETY: in bounds, as asserted; initialised, as promised.
        unsafe { std::slice::from_raw_parts(start.add(range.start), range.len()) }
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        std::mem::replace(&mut self.block, Block::none()).give_back();
    }
}

/// Makes the processor fetch an element that will soon be used, if `memory` has it.
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

/// Makes the processor fetch elements that will soon be read.
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
    /// Room for `capacity` elements.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { memory: Memory::new(capacity), len: 0 }
    }

    /// Appends elements.
    ///
    /// # Panics
    /// When there is no room for them.
    #[inline(always)]
    pub(crate) fn extend(&mut self, elements: impl ExactSizeIterator<Item = T>) {
        let n = elements.len();
        let room = &mut self.memory.uninit()[self.len..];
        assert!(n <= room.len(), "{n} elements where there is room for {}", room.len());
        self.len += write(room, elements);
        // The next call will likely append as many.
        fetch(&room[n..room.len().min(2 * n)]);
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

/// Writes elements one by one; returns how many.
#[inline(always)]
fn write<T>(to: &mut [MaybeUninit<T>], elements: impl Iterator<Item = T>) -> usize {
    let mut n = 0;
    for (to, element) in to.iter_mut().zip(elements) {
        to.write(element);
        n += 1;
    }
    n
}

/// Appends elements.
#[inline(always)]
pub(crate) fn extend<T>(all: &mut Vec<T>, elements: impl ExactSizeIterator<Item = T>) {
    all.reserve(elements.len());
    let n = write(all.spare_capacity_mut(), elements);
    // SAFETY: `write` initialised `n` elements behind the old length.
    #[allow(unsafe_code)]
    unsafe {
        all.set_len(all.len() + n);
    }
}

impl<T: Copy> Clone for Filled<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::with_capacity(self.memory.len);
        copy.extend(self.as_slice().iter().copied());
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
    use super::super::blocks::HUGE_PAGE;
    use super::{Filled, Memory};

    #[test]
    fn what_is_filled_in_comes_out() {
        for capacity in [0, 1, 100, HUGE_PAGE / 4 - 1, HUGE_PAGE / 4, HUGE_PAGE] {
            let all: Vec<u32> = (0..capacity as u32).collect();
            let mut filled = Filled::with_capacity(capacity);
            for piece in all.chunks(1 + capacity / 3) {
                filled.extend(piece.iter().copied());
            }
            assert!(filled.as_slice() == all && filled.clone().as_slice() == all, "{capacity}");
        }
    }

    #[test]
    fn what_is_cut_off_is_gone() {
        let mut filled = Filled::with_capacity(5);
        filled.extend([7u32, 8, 9].into_iter());
        filled.truncate(4);
        assert_eq!(format!("{filled:?}"), "[7, 8, 9]");
        filled.truncate(1);
        filled.extend([6].into_iter());
        assert_eq!(filled.as_slice(), [7, 6]);
    }

    /// With less memory than asked for, writing to it would be undefined behaviour.
    #[test]
    fn memory_for_more_than_there_are_addresses_is_refused() {
        for len in [usize::MAX, usize::MAX / 8 + 2, usize::MAX / 8 + (1 << 20)] {
            assert!(std::panic::catch_unwind(|| Memory::<u64>::new(len)).is_err(), "{len}");
        }
    }

    #[test]
    #[should_panic(expected = "3 elements where there is room for 2")]
    fn more_than_there_is_room_for_is_refused() {
        Filled::with_capacity(2).extend([1u32, 2, 3].into_iter());
    }
}
