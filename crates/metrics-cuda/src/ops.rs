//! The primitives of the backend contract, linear in the number of elements.

#![allow(unsafe_code)]

use std::ptr;

use metrics_core::{Error, Result, Rule};

use crate::device::{Device, Input};
use crate::ffi::{self, Status};
use crate::queue::{Queue, Room};

/// A matrix on a device.
#[derive(Debug, Clone, Copy)]
pub struct Matrix {
    /// Its elements.
    pub elements: Input,
    /// Number of rows.
    pub n_rows: usize,
    /// Number of elements in each row.
    pub n_columns: usize,
}

impl Matrix {
    fn len(&self) -> usize {
        self.n_rows * self.n_columns
    }
}

/// The first element, row by row, that breaks a rule: its position and its value. Waits.
///
/// # Errors
/// [`Error::Backend`].
pub fn find_invalid<D: Device>(device: &D, x: Matrix, rule: Rule) -> Result<Option<(usize, f64)>> {
    if x.len() == 0 {
        return Ok(None);
    }
    let rule = match rule {
        Rule::NotNan => 0,
        Rule::Binary => 1,
        Rule::Probability => 2,
        Rule::Weight => 3,
        other => {
            let source = format!("no kernel for {other:?}").into();
            return Err(Error::Backend { backend: "cuda", op: "find_invalid", source });
        }
    };
    let queue = Queue::new(device, "find_invalid")?;
    let status: Room<D, Status> = queue.filled(1, 0xff)?;
    let (address, code, n) = (x.elements.address, x.elements.code(), x.len() as u64);
    // SAFETY: the elements are what their maker promised.
    queue.check(unsafe {
        ffi::tm_find_invalid(address, code, n, rule, status.address(), queue.stream())
    })?;
    let status = queue.read(&status, 1)?[0];
    let found = status.bad_score != u64::MAX;
    Ok(found.then_some((status.bad_score as usize, status.bad_score_value)))
}

/// Calls a kernel that needs temporary memory: first without, to learn how much.
fn with_temporary<D: Device>(
    queue: &Queue<'_, D>,
    mut call: impl FnMut(ffi::Address, *mut usize) -> i32,
) -> Result<()> {
    let mut n_bytes = 0;
    queue.check(call(ptr::null_mut(), &mut n_bytes))?;
    let temporary: Room<D, u8> = queue.room(n_bytes)?;
    queue.check(call(temporary.address().cast(), &mut n_bytes))
}

/// Writes the positions that order each row from largest to smallest.
///
/// # Safety
/// There must be room at `order` for as many numbers as the matrix has elements.
///
/// # Errors
/// [`Error::Backend`], also for more than 2^32 elements.
pub unsafe fn argsort_descending<D: Device>(device: &D, x: Matrix, order: *mut i64) -> Result<()> {
    if x.len() == 0 {
        return Ok(());
    }
    let queue = Queue::new(device, "argsort")?;
    let (n_rows, n_columns) = (x.n_rows as u64, x.n_columns as u64);
    let (address, code) = (x.elements.address, x.elements.code());
    // SAFETY: the elements and the room are what the caller promised.
    with_temporary(&queue, |temporary, n_bytes| unsafe {
        ffi::tm_argsort(address, code, n_rows, n_columns, order, temporary, n_bytes, queue.stream())
    })
}

/// Writes inclusive sums along each row of zeros and ones.
///
/// # Safety
/// There must be room at `sums` for as many numbers as the matrix has elements.
///
/// # Errors
/// [`Error::Backend`].
pub unsafe fn cumsum<D: Device>(device: &D, x: Matrix, sums: *mut i64) -> Result<()> {
    if x.len() == 0 {
        return Ok(());
    }
    let queue = Queue::new(device, "cumsum")?;
    let (n_rows, n_columns) = (x.n_rows as u64, x.n_columns as u64);
    let (address, code) = (x.elements.address, x.elements.code());
    // SAFETY: the elements and the room are what the caller promised.
    with_temporary(&queue, |temporary, n_bytes| unsafe {
        ffi::tm_cumsum(address, code, n_rows, n_columns, sums, temporary, n_bytes, queue.stream())
    })
}

/// Writes the last position of each run of equal neighbours in a row; returns how many there are.
/// Waits.
///
/// # Safety
/// There must be room at `ends` for as many numbers as the row has elements.
///
/// # Errors
/// [`Error::Backend`].
pub unsafe fn group_ends<D: Device>(device: &D, row: Matrix, ends: *mut i64) -> Result<usize> {
    if row.len() == 0 {
        return Ok(0);
    }
    let queue = Queue::new(device, "group_ends")?;
    let n_ends: Room<D, u64> = queue.room(1)?;
    let (address, code, n) = (row.elements.address, row.elements.code(), row.len() as u64);
    // SAFETY: the elements and the room are what the caller promised.
    with_temporary(&queue, |temporary, n_bytes| unsafe {
        let n_ends = n_ends.address();
        ffi::tm_group_ends(address, code, n, ends, n_ends, temporary, n_bytes, queue.stream())
    })?;
    Ok(queue.read(&n_ends, 1)?[0] as usize)
}

/// Writes `⌊f64(x) · num_thresholds⌋` for each element.
///
/// # Safety
/// There must be room at `buckets` for as many numbers as the matrix has elements.
///
/// # Errors
/// [`Error::Backend`].
pub unsafe fn bucket<D: Device>(
    device: &D,
    x: Matrix,
    num_thresholds: usize,
    buckets: *mut i64,
) -> Result<()> {
    if x.len() == 0 {
        return Ok(());
    }
    let queue = Queue::new(device, "bucket")?;
    let (address, code, n) = (x.elements.address, x.elements.code(), x.len() as u64);
    // SAFETY: the elements and the room are what the caller promised.
    queue.check(unsafe {
        ffi::tm_bucket(address, code, n, num_thresholds as u64, buckets, queue.stream())
    })
}

/// How often each of `0..n_bins` stands in an index beside a target of 0, and beside a target of 1.
/// Waits.
///
/// # Safety
/// At `index` there must be as many numbers below `n_bins` as there are targets.
///
/// # Errors
/// [`Error::Backend`].
pub unsafe fn bincount<D: Device>(
    device: &D,
    index: *const i64,
    targets: Matrix,
    n_bins: usize,
) -> Result<[Vec<u64>; 2]> {
    let queue = Queue::new(device, "bincount")?;
    let counts: Room<D, u64> = queue.filled(2 * n_bins, 0)?;
    if targets.len() > 0 {
        let (address, code) = (targets.elements.address, targets.elements.code());
        let n = targets.len() as u64;
        // SAFETY: index and targets are what the caller promised; each bin has two counters.
        queue.check(unsafe {
            ffi::tm_bincount(index, address, code, n, counts.address(), queue.stream())
        })?;
    }
    let counts = queue.read(&counts, 2 * n_bins)?;
    Ok([0, 1].map(|label| counts.iter().skip(label).step_by(2).copied().collect()))
}
