//! Memory whose size comes from input: asked for before it is used, so that what cannot be had is an
//! error and not the end of the process.
//!
//! A broadcast view of a single element may have more elements than memory, and a state or an option
//! may ask for more than there is. Backends take memory for such sizes through these functions.

use crate::error::{Error, Result};

/// An empty vector with room for exactly `n` elements; `op` is what they are for.
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
    // ndarray's iterators are quicker when they call than when they are called.
    elements.for_each(|element| collected.push(element));
    Ok(collected)
}
