//! Large pieces of memory.

/// Fewest bytes that huge pages are asked for.
const LARGE: usize = 4 << 20;

/// So many zeros, on huge pages where there are many and the system has such pages to give.
pub(crate) fn zeros<T: num_traits::Zero + Copy>(n: usize) -> Vec<T> {
    let mut zeros = vec![T::zero(); n];
    if size_of_val(&zeros[..]) >= LARGE {
        on_huge_pages(&mut zeros);
    }
    zeros
}

#[cfg(target_os = "linux")]
fn on_huge_pages<T>(memory: &mut [T]) {
    const PAGE: usize = 4096;
    let start = memory.as_mut_ptr().addr().next_multiple_of(PAGE);
    let end = memory.as_mut_ptr_range().end.addr() / PAGE * PAGE;
    let address = memory.as_mut_ptr().with_addr(start).cast();
    // SAFETY: the range lies in the slice, and the advice changes no content. That the system may
    // not follow it does not matter.
    #[allow(unsafe_code)]
    unsafe {
        libc::madvise(address, end - start, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn on_huge_pages<T>(_memory: &mut [T]) {}

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
