//! Memory whose size comes from input. These functions return an error where the system has too little
//! memory, and do not end the process.
//!
//! A broadcast view of a single element may have more elements than memory, and a state or an option
//! may ask for more than there is. Backends take memory for such sizes through these functions.

use std::alloc::{Layout, alloc_zeroed};

use crate::error::{Error, Result};

/// An empty vector with room for exactly `n` elements; `op` names the metric or primitive in the error.
///
/// ```
/// use metrics_core::{Error, reserve};
///
/// assert_eq!(reserve::room::<f32>("update", 3)?.capacity(), 3);
/// let error = reserve::room::<f32>("update", 1 << 60).unwrap_err();
/// assert_eq!(error.to_string(), "update: no memory for 4611686018427387904 bytes");
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfMemory`] when the system refuses.
pub fn room<T>(op: &'static str, n: usize) -> Result<Vec<T>> {
    let mut elements = Vec::new();
    let refused = |_| Error::OutOfMemory { op, n_bytes: n.saturating_mul(size_of::<T>()) };
    elements.try_reserve_exact(n).map_err(refused)?;
    Ok(elements)
}

/// A vector of `n` elements of one value.
///
/// ```
/// use metrics_core::{Error, reserve};
///
/// assert_eq!(reserve::filled("bincount", 2, 0u64)?, [0, 0]);
/// assert!(reserve::filled("bincount", usize::MAX, 0u64).is_err());
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfMemory`] when the system refuses.
pub fn filled<T: Clone>(op: &'static str, n: usize, value: T) -> Result<Vec<T>> {
    let mut elements = room(op, n)?;
    elements.resize(n, value);
    Ok(elements)
}

/// The elements of an iterator that knows how many it has.
///
/// ```
/// use metrics_core::{Error, reserve};
///
/// assert_eq!(reserve::collected("update", [1, 2].iter().map(|x| x * 2))?, [2, 4]);
/// assert!(reserve::collected("update", vec![(); usize::MAX].iter().map(|()| 0.5)).is_err());
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfMemory`] when the system refuses; the iterator has not been advanced then.
pub fn collected<T>(
    op: &'static str,
    elements: impl ExactSizeIterator<Item = T>,
) -> Result<Vec<T>> {
    let mut collected = room(op, elements.len())?;
    // `for_each`, since ndarray's iterators are slower where `next` is called.
    elements.for_each(|element| collected.push(element));
    Ok(collected)
}

/// Memory that the system refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoMemory {
    n_bytes: usize,
}

impl NoMemory {
    /// The error of the metric that needed the memory.
    pub(crate) fn needed_by(self, op: &'static str) -> Error {
        Error::OutOfMemory { op, n_bytes: self.n_bytes }
    }
}

/// Types for which zero bytes are a valid value.
///
/// # Safety
/// A value whose bytes are all zero is valid, and the type is not of size zero.
#[allow(unsafe_code)]
pub(crate) unsafe trait Zeros: Copy {}

// SAFETY: integers may have any bits.
#[allow(unsafe_code)]
unsafe impl Zeros for u16 {}
// SAFETY: integers may have any bits.
#[allow(unsafe_code)]
unsafe impl Zeros for u32 {}
// SAFETY: integers may have any bits.
#[allow(unsafe_code)]
unsafe impl Zeros for u64 {}
// SAFETY: integers may have any bits.
#[allow(unsafe_code)]
unsafe impl Zeros for u128 {}
// SAFETY: the bits of 0.0 are zero.
#[allow(unsafe_code)]
unsafe impl Zeros for f64 {}
// SAFETY: as its element.
#[allow(unsafe_code)]
unsafe impl<T: Zeros, const N: usize> Zeros for [T; N] {}

/// `n` zeros, in memory that the system has cleared: pages that are never written to cost nothing.
pub(crate) fn zeros<T: Zeros>(n: usize) -> Result<Vec<T>, NoMemory> {
    let refused = || NoMemory { n_bytes: n.saturating_mul(size_of::<T>()) };
    let layout = Layout::array::<T>(n).map_err(|_| refused())?;
    if layout.size() == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the layout is not of size zero. The memory is that of `n` elements, all of them zero
    // bytes and so valid; it comes from the global allocator with the layout that `Vec` frees.
    #[allow(unsafe_code)]
    let all = unsafe {
        let start = alloc_zeroed(layout).cast::<T>();
        (!start.is_null()).then(|| Vec::from_raw_parts(start, n, n))
    };
    all.ok_or_else(refused)
}

/// `n` zeros that will all be written. Where they would not, huge pages would take far more memory than is used.
pub(crate) fn zeros_to_fill<T: Zeros>(n: usize) -> Result<Vec<T>, NoMemory> {
    let mut all = zeros(n)?;
    prefer_huge_pages(&mut all);
    Ok(all)
}

/// Bytes of a huge page of the system.
pub(crate) const HUGE_PAGE: usize = 2 << 20;

/// Asks the system to clear memory a huge page at a time when it is first written to: with small pages that
/// takes as long as computing what is written.
#[cfg(target_os = "linux")]
fn prefer_huge_pages<T>(elements: &mut [T]) {
    let bytes = elements.as_mut_ptr_range();
    let (start, end) = (bytes.start as usize, bytes.end as usize);
    let (start, end) = (start.next_multiple_of(HUGE_PAGE), end / HUGE_PAGE * HUGE_PAGE);
    if start < end {
        // SAFETY: whole pages within memory that is the slice's own. The system may ignore the advice,
        // which changes no byte.
        #[allow(unsafe_code)]
        unsafe {
            libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn prefer_huge_pages<T>(_elements: &mut [T]) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arith::exact::Sum2;

    #[test]
    fn zeros_are_there_or_an_error() {
        for n in [0, 1, 1000] {
            assert_eq!(zeros::<[u64; 2]>(n).unwrap(), vec![[0; 2]; n]);
            assert_eq!(zeros::<[Sum2; 2]>(n).unwrap(), vec![[Sum2::default(); 2]; n]);
        }
        for n in [usize::MAX, usize::MAX / 8, 1 << 58] {
            assert!(matches!(zeros::<u64>(n), Err(NoMemory { .. })), "{n}");
        }
    }

    /// Of 2^24 buckets few may ever be written to; a huge page for each of those would be all memory.
    #[cfg(target_os = "linux")]
    #[test]
    fn zeros_are_on_small_pages() {
        let all = zeros::<u64>(1 << 24).unwrap();
        let middle = all.as_ptr().wrapping_add(1 << 23) as usize;
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_here = false;
        for line in maps.lines() {
            let range = line.split(' ').next().and_then(|range| range.split_once('-'));
            let ends = range.map(|(a, b)| [a, b].map(|end| usize::from_str_radix(end, 16)));
            if let Some([Ok(start), Ok(end)]) = ends {
                is_here = (start..end).contains(&middle);
            } else if is_here && line.starts_with("VmFlags:") {
                assert!(!line.split(' ').any(|flag| flag == "hg"), "{line}");
                return;
            }
        }
        panic!("no flags of the memory at {middle:x}");
    }
}
