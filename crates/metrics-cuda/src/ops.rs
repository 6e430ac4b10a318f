//! The primitives of the backend contract, linear in the number of elements. The launcher checks lengths,
//! types and numbers before it launches a kernel; the kernel checks the elements.

#![allow(unsafe_code)]

use std::ptr;

use metrics_core::backend::ElementCheck;
use metrics_core::{DType, Error, MAX_NUM_THRESHOLDS, Result, reserve};

use crate::device::{Device, Input, MAX_BATCH_SAMPLES, refused};
use crate::ffi::{self, Status};
use crate::queue::{DeviceBuffer, Queue};

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
    /// The number of elements, after a check that the input has as many.
    fn check(&self, op: &'static str) -> Result<usize> {
        let Self { n_rows, n_columns, .. } = *self;
        let n = n_rows.checked_mul(n_columns);
        let n = n.ok_or_else(|| refused(op, format!("a matrix of {n_rows} × {n_columns}")))?;
        self.elements.check_len(op, n).map(|()| n)
    }
}

/// Memory on a device for the result of a primitive: integers of 64 bits.
#[derive(Debug)]
pub struct Output {
    address: *mut i64,
    n: usize,
}

impl Output {
    /// Memory for `n` integers at this address.
    ///
    /// # Safety
    /// The memory must have room for `n` integers, on the device that is given with this output. Nothing else
    /// may use it, and it must stay allocated, until the work queued on the device's stream is done.
    pub unsafe fn new(address: *mut i64, n: usize) -> Self {
        Self { address, n }
    }

    fn check(&self, op: &'static str, n: usize) -> Result<()> {
        if self.n >= n {
            return Ok(());
        }
        Err(refused(op, format!("room for {} integers where {n} are written", self.n)))
    }
}

/// Position and value of the first invalid element, row by row. Waits.
///
/// # Errors
/// [`Error::Backend`].
pub fn find_invalid<D: Device>(
    device: &D,
    x: Matrix,
    rule: ElementCheck,
) -> Result<Option<(usize, f64)>> {
    const OP: &str = "find_invalid";
    let n = x.check(OP)?;
    if n == 0 {
        return Ok(None);
    }
    let rule = match rule {
        ElementCheck::NotNan => 0,
        ElementCheck::Binary => 1,
        ElementCheck::Probability => 2,
        ElementCheck::Weight => 3,
        other => return Err(refused(OP, format!("no kernel for {other:?}"))),
    };
    let queue = Queue::new(device, OP)?;
    let status: DeviceBuffer<D, Status> = queue.filled(1, 0xff)?;
    let (address, code) = (x.elements.address, x.elements.code());
    // SAFETY: the input has as many elements of its type; the status has its buffer.
    queue.check(unsafe {
        ffi::tm_find_invalid(address, code, n as u64, rule, status.address(), queue.stream())
    })?;
    let status = queue.read(&status, 1)?[0];
    let found = status.invalid_score != u64::MAX;
    Ok(found.then_some((status.invalid_score as usize, status.invalid_score_value)))
}

/// Calls a kernel twice: without temporary memory, to learn how much it needs, and then with it.
fn with_temporary<D: Device>(
    queue: &Queue<'_, D>,
    mut call: impl FnMut(ffi::Address, *mut usize) -> i32,
) -> Result<()> {
    let mut n_bytes = 0;
    queue.check(call(ptr::null_mut(), &mut n_bytes))?;
    let temporary: DeviceBuffer<D, u8> = queue.uninit(n_bytes)?;
    queue.check(call(temporary.address().cast(), &mut n_bytes))
}

/// Writes the positions that order each row from largest to smallest.
///
/// # Errors
/// [`Error::Backend`], also for 2^32 elements or more.
pub fn argsort_descending<D: Device>(device: &D, x: Matrix, order: &Output) -> Result<()> {
    const OP: &str = "argsort";
    let n = x.check(OP)?;
    order.check(OP, n)?;
    if n > MAX_BATCH_SAMPLES {
        return Err(refused(OP, format!("{n} elements; at most {MAX_BATCH_SAMPLES} go at once")));
    }
    if n == 0 {
        return Ok(());
    }
    let queue = Queue::new(device, OP)?;
    let (n_rows, n_columns) = (x.n_rows as u64, x.n_columns as u64);
    let (address, code, to) = (x.elements.address, x.elements.code(), order.address);
    // SAFETY: the input has as many elements of its type, and there is room for as many positions.
    with_temporary(&queue, |temporary, n_bytes| unsafe {
        ffi::tm_argsort(address, code, n_rows, n_columns, to, temporary, n_bytes, queue.stream())
    })
}

/// Writes inclusive sums along each row of zeros and ones.
///
/// # Errors
/// [`Error::Backend`].
pub fn cumsum<D: Device>(device: &D, x: Matrix, sums: &Output) -> Result<()> {
    const OP: &str = "cumsum";
    let n = x.check(OP)?;
    sums.check(OP, n)?;
    if n == 0 {
        return Ok(());
    }
    let queue = Queue::new(device, OP)?;
    let (n_rows, n_columns) = (x.n_rows as u64, x.n_columns as u64);
    let (address, code, to) = (x.elements.address, x.elements.code(), sums.address);
    // SAFETY: the input has as many elements of its type, and there is room for as many sums.
    with_temporary(&queue, |temporary, n_bytes| unsafe {
        ffi::tm_cumsum(address, code, n_rows, n_columns, to, temporary, n_bytes, queue.stream())
    })
}

/// Writes the last position of each run of equal neighbours in a matrix of one row; returns how many
/// there are. Waits.
///
/// # Errors
/// [`Error::Backend`], also for another number of rows.
pub fn group_ends<D: Device>(device: &D, row: Matrix, ends: &Output) -> Result<usize> {
    const OP: &str = "group_ends";
    let n = row.check(OP)?;
    ends.check(OP, n)?;
    if row.n_rows != 1 {
        return Err(refused(OP, format!("a matrix of {} rows, expected 1", row.n_rows)));
    }
    if n == 0 {
        return Ok(0);
    }
    let queue = Queue::new(device, OP)?;
    let n_ends: DeviceBuffer<D, u64> = queue.uninit(1)?;
    let (address, code, to) = (row.elements.address, row.elements.code(), ends.address);
    // SAFETY: the input has as many elements of its type, and there is room for as many ends.
    with_temporary(&queue, |temporary, n_bytes| unsafe {
        let n_ends = n_ends.address();
        ffi::tm_group_ends(address, code, n as u64, to, n_ends, temporary, n_bytes, queue.stream())
    })?;
    Ok(queue.read(&n_ends, 1)?[0] as usize)
}

/// Writes `⌊f64(x) · num_thresholds⌋` for each element: 0 for elements below 0 and NaN, and
/// `num_thresholds` for elements above 1.
///
/// # Errors
/// [`Error::InvalidNumThresholds`], [`Error::Backend`].
pub fn bucket<D: Device>(
    device: &D,
    x: Matrix,
    num_thresholds: usize,
    buckets: &Output,
) -> Result<()> {
    const OP: &str = "bucket";
    let n = x.check(OP)?;
    buckets.check(OP, n)?;
    check_thresholds(num_thresholds)?;
    if n == 0 {
        return Ok(());
    }
    let queue = Queue::new(device, OP)?;
    let (address, code, to) = (x.elements.address, x.elements.code(), buckets.address);
    // SAFETY: the input has as many elements of its type, and there is room for as many buckets.
    queue.check(unsafe {
        ffi::tm_bucket(address, code, n as u64, num_thresholds as u64, to, queue.stream())
    })
}

/// Checks that the kernels can hold the numbers of the buckets.
pub(crate) fn check_thresholds(num_thresholds: usize) -> Result<()> {
    if (1..=MAX_NUM_THRESHOLDS).contains(&num_thresholds) {
        return Ok(());
    }
    Err(Error::InvalidNumThresholds { given: num_thresholds, max: MAX_NUM_THRESHOLDS })
}

/// How often each number of `0..n_bins` occurs in an index with a target of 0, and with a target of 1.
/// Waits.
///
/// # Errors
/// [`Error::OutOfRange`] for an index with any other number, [`Error::UnsupportedDtype`] for one of
/// other integers than `i64`, [`Error::OutOfMemory`], [`Error::Backend`].
pub fn bincount<D: Device>(
    device: &D,
    index: Input,
    targets: Matrix,
    n_bins: usize,
) -> Result<[Vec<u64>; 2]> {
    const OP: &str = "bincount";
    let n = targets.check(OP)?;
    index.check_len(OP, n)?;
    if index.dtype != DType::I64 {
        let dtype = format!("{:?}", index.dtype);
        return Err(Error::UnsupportedDtype { op: OP, what: "indices", dtype, expected: "I64" });
    }
    let room = || reserve::room(OP, n_bins);
    let mut of_labels = [room()?, room()?];
    let queue = Queue::new(device, OP)?;
    // The last one reports a number that has no bin.
    let n_counters = n_bins.saturating_mul(2).saturating_add(1);
    let counts: DeviceBuffer<D, u64> = queue.filled(n_counters, 0)?;
    if n > 0 {
        let (address, code) = (targets.elements.address, targets.elements.code());
        let (index, to) = (index.address.cast(), counts.address());
        // SAFETY: index and targets have as many elements of their types; there are two counters per bin, and
        // one more.
        queue.check(unsafe {
            ffi::tm_bincount(index, address, code, n as u64, n_bins as u64, to, queue.stream())
        })?;
    }
    let counts = queue.read(&counts, n_counters)?;
    match counts.last() {
        None | Some(0) => {}
        Some(beyond) => {
            let given = usize::try_from(beyond - 1).unwrap_or(usize::MAX);
            return Err(Error::OutOfRange { op: OP, what: "bin", given, limit: n_bins });
        }
    }
    for (label, of_label) in of_labels.iter_mut().enumerate() {
        of_label.extend(counts[..2 * n_bins].iter().skip(label).step_by(2));
    }
    Ok(of_labels)
}
