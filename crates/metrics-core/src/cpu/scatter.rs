//! A buffer that several threads fill at once, each at positions of its own.

use std::cell::UnsafeCell;

/// Shared access to a slice for writers that never meet.
pub(crate) struct Scatter<'a, T>(&'a [UnsafeCell<T>]);

// SAFETY: the only access is `write`, whose callers promise that no two of them name one position.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Scatter<'_, T> {}

impl<'a, T: Copy> Scatter<'a, T> {
    pub(crate) fn new(data: &'a mut [T]) -> Self {
        let data: *mut [T] = data;
        // SAFETY: `UnsafeCell<T>` has the layout of `T`, and the exclusive borrow lasts as long as
        // the shared one made from it.
        #[allow(unsafe_code)]
        Self(unsafe { &*(data as *const [UnsafeCell<T>]) })
    }

    /// Writes one element.
    ///
    /// # Panics
    /// When the position is past the end.
    ///
    /// # Safety
    /// No other thread may write this position before the borrow ends.
    #[inline]
    #[allow(unsafe_code)]
    pub(crate) unsafe fn write(&self, position: usize, value: T) {
        // SAFETY: in bounds by the indexing, exclusive by the caller's promise.
        unsafe { *self.0[position].get() = value }
    }
}
