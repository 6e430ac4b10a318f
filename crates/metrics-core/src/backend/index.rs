//! Checks of shapes and indices that the primitives of every backend make before they touch an element.

use crate::counts::buckets::MAX_NUM_THRESHOLDS;
use crate::error::{Error, Result};

/// The shape of an [index](super::Primitives::Index), and an upper limit of its elements, known without
/// reading them.
///
/// A backend stores it beside the elements, in a type that only the backend can make. So
/// [`gather`](super::Primitives::gather) and [`bincount`](super::Primitives::bincount) need not read the
/// elements either: on a device that would mean a wait, and a wrong element a write to any address.
///
/// ```
/// use metrics_core::backend::IndexShape;
///
/// // Positions in rows of 3 elements: a tensor with shorter rows is refused.
/// let order = IndexShape::of_argsort(&[2, 3])?;
/// assert!(order.check_gather(&[2, 3]).is_ok());
/// assert!(order.check_gather(&[2, 2]).is_err());
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexShape {
    n_rows: usize,
    n_columns: usize,
    n_numbers: usize,
}

impl IndexShape {
    /// For the result of [`argsort_descending`](super::Primitives::argsort_descending) on a matrix.
    ///
    /// ```
    /// use metrics_core::backend::IndexShape;
    ///
    /// assert_eq!(IndexShape::of_argsort(&[2, 3])?.dims(), [2, 3]);
    /// assert!(IndexShape::of_argsort(&[6]).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`check_matrix`].
    pub fn of_argsort(shape: &[usize]) -> Result<Self> {
        let [n_rows, n_columns] = check_matrix("argsort", shape)?;
        Ok(Self { n_rows, n_columns, n_numbers: n_columns })
    }

    /// For the result of [`group_ends`](super::Primitives::group_ends) on a row: `n_ends` positions in the row.
    ///
    /// ```
    /// use metrics_core::backend::IndexShape;
    ///
    /// // 5 sorted scores, 3 of them distinct.
    /// let ends = IndexShape::of_group_ends(5, 3);
    /// assert_eq!(ends.dims(), [1, 3]);
    /// assert!(ends.check_gather(&[1, 4]).is_err());
    /// ```
    pub fn of_group_ends(n_columns: usize, n_ends: usize) -> Self {
        Self { n_rows: 1, n_columns: n_ends, n_numbers: n_columns }
    }

    /// For the result of [`bucket`](super::Primitives::bucket) on a matrix.
    ///
    /// ```
    /// use metrics_core::backend::IndexShape;
    ///
    /// let buckets = IndexShape::of_bucket(&[1, 5], 10)?;
    /// assert!(buckets.check_bincount(&[1, 5], 11).is_ok());
    /// assert!(IndexShape::of_bucket(&[1, 5], 0).is_err());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`check_matrix`]; [`Error::InvalidNumThresholds`].
    pub fn of_bucket(shape: &[usize], num_thresholds: usize) -> Result<Self> {
        let [n_rows, n_columns] = check_matrix("bucket", shape)?;
        if !(1..=MAX_NUM_THRESHOLDS).contains(&num_thresholds) {
            return Err(Error::InvalidNumThresholds {
                given: num_thresholds,
                max: MAX_NUM_THRESHOLDS,
            });
        }
        Ok(Self { n_rows, n_columns, n_numbers: num_thresholds + 1 })
    }

    /// Number of rows, and of elements in each.
    ///
    /// ```
    /// use metrics_core::backend::IndexShape;
    ///
    /// assert_eq!(IndexShape::of_bucket(&[1, 5], 10)?.dims(), [1, 5]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn dims(&self) -> [usize; 2] {
        [self.n_rows, self.n_columns]
    }

    /// Checks that this index can gather from a tensor of this shape.
    ///
    /// ```
    /// use metrics_core::{Error, backend::IndexShape};
    ///
    /// let order = IndexShape::of_argsort(&[2, 3])?;
    /// assert!(order.check_gather(&[2, 5]).is_ok());
    /// // A position may be 2, which two columns do not have.
    /// assert!(matches!(order.check_gather(&[2, 2]), Err(Error::OutOfRange { given: 2, .. })));
    /// assert!(matches!(order.check_gather(&[3, 3]), Err(Error::UnsupportedShape { .. })));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`check_matrix`], also for another number of rows; [`Error::OutOfRange`] for rows that may be
    /// too short.
    pub fn check_gather(&self, shape: &[usize]) -> Result<()> {
        let [n_rows, n_columns] = check_matrix("gather", shape)?;
        if n_rows != self.n_rows {
            return Err(unsupported("gather", "elements", shape, "as many rows as the index has"));
        }
        self.check_numbers("gather", "column", n_columns)
    }

    /// Checks that the elements of this index can be counted in `n_bins` bins, with targets of this shape.
    ///
    /// ```
    /// use metrics_core::{Error, backend::IndexShape};
    ///
    /// // 10 thresholds make 11 buckets.
    /// let buckets = IndexShape::of_bucket(&[1, 5], 10)?;
    /// assert!(buckets.check_bincount(&[1, 5], 11).is_ok());
    /// let error = buckets.check_bincount(&[1, 5], 10).unwrap_err();
    /// assert!(matches!(error, Error::OutOfRange { given: 10, limit: 10, .. }));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnsupportedShape`] for targets of another shape than the index's,
    /// [`Error::OutOfRange`] for bins that may be too few.
    pub fn check_bincount(&self, targets: &[usize], n_bins: usize) -> Result<()> {
        if *targets != self.dims() {
            return Err(unsupported("bincount", "targets", targets, "the shape of the index"));
        }
        self.check_numbers("bincount", "bin", n_bins)
    }

    fn check_numbers(&self, op: &'static str, what: &'static str, limit: usize) -> Result<()> {
        // An index without elements is always valid.
        self.n_numbers.checked_sub(1).map_or(Ok(()), |most| check_below(op, what, most, limit))
    }
}

/// The two dimensions of a matrix.
///
/// ```
/// use metrics_core::backend::index::check_matrix;
///
/// assert_eq!(check_matrix("mine", &[2, 3])?, [2, 3]);
/// assert!(check_matrix("mine", &[6]).is_err());
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnsupportedShape`] for another number of dimensions, [`Error::OutOfMemory`] for more
/// elements than `usize` can count.
pub fn check_matrix(op: &'static str, shape: &[usize]) -> Result<[usize; 2]> {
    check_len(op, shape)?;
    <[usize; 2]>::try_from(shape)
        .map_err(|_| unsupported(op, "elements", shape, "(n_rows, n_columns)"))
}

/// The row length of a matrix of one row, for [`group_ends`](super::Primitives::group_ends).
///
/// ```
/// use metrics_core::backend::index::check_one_row;
///
/// assert_eq!(check_one_row("mine", &[1, 6])?, 6);
/// assert!(check_one_row("mine", &[2, 3]).is_err());
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// As [`check_matrix`], also for another number of rows.
pub fn check_one_row(op: &'static str, shape: &[usize]) -> Result<usize> {
    match check_matrix(op, shape)? {
        [1, n_columns] => Ok(n_columns),
        _ => Err(unsupported(op, "elements", shape, "(1, n_columns)")),
    }
}

/// Number of elements of a tensor of this shape. A view may have far more elements than its memory holds.
///
/// ```
/// use metrics_core::{Error, backend::index::check_len};
///
/// assert_eq!(check_len("mine", &[2, 3])?, 6);
/// assert!(matches!(check_len("mine", &[usize::MAX, 2]), Err(Error::OutOfMemory { .. })));
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfMemory`] for more than `usize` can count.
pub fn check_len(op: &'static str, shape: &[usize]) -> Result<usize> {
    // A length of 0 counts as 1: libraries may multiply the other lengths first.
    let n_elements = shape.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim.max(1)));
    let n_elements = n_elements.ok_or(Error::OutOfMemory { op, n_bytes: usize::MAX })?;
    Ok(if shape.contains(&0) { 0 } else { n_elements })
}

/// Checks that a tensor has as many elements as a matrix of another shape.
///
/// ```
/// use metrics_core::backend::index::check_reshape;
///
/// assert!(check_reshape(&[6], [2, 3]).is_ok());
/// assert!(check_reshape(&[6], [2, 2]).is_err());
/// ```
///
/// # Errors
/// [`Error::UnsupportedShape`]; [`Error::OutOfMemory`] for more elements than `usize` can count.
pub fn check_reshape(shape: &[usize], [n_rows, n_columns]: [usize; 2]) -> Result<()> {
    let n_elements = check_len("reshape", shape)?;
    if n_rows.checked_mul(n_columns) == Some(n_elements) {
        return Ok(());
    }
    let expected = "as many elements as the shape they shall have";
    Err(unsupported("reshape", "elements", shape, expected))
}

/// The row length of a matrix, if it has this row.
///
/// ```
/// use metrics_core::backend::index::check_row;
///
/// assert_eq!(check_row(&[2, 3], 1)?, 3);
/// assert!(check_row(&[2, 3], 2).is_err());
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// As [`check_matrix`]; [`Error::OutOfRange`].
pub fn check_row(shape: &[usize], row: usize) -> Result<usize> {
    let [n_rows, n_columns] = check_matrix("row", shape)?;
    check_below("row", "row", row, n_rows).map(|()| n_columns)
}

/// The column length of a matrix, if it has this column.
///
/// ```
/// use metrics_core::backend::index::check_column;
///
/// assert_eq!(check_column(&[2, 3], 2)?, 2);
/// assert!(check_column(&[2, 3], 3).is_err());
/// # Ok::<(), metrics_core::Error>(())
/// ```
///
/// # Errors
/// As [`check_matrix`]; [`Error::OutOfRange`].
pub fn check_column(shape: &[usize], column: usize) -> Result<usize> {
    let [n_rows, n_columns] = check_matrix("column", shape)?;
    check_below("column", "column", column, n_columns).map(|()| n_rows)
}

/// The position in a tensor of the first element that lies at `position` in a part of it.
///
/// A broadcast dimension repeats its elements, so a search for the first element of a kind needs only one
/// of each: `part` is the tensor's shape with such dimensions cut to length 1.
///
/// ```
/// use metrics_core::backend::index::first_position;
///
/// // Three rows that are the same one: what stands at its place 4 stands first in row 0.
/// assert_eq!(first_position(&[3, 5], &[1, 5], 4), 4);
/// // Five columns that are the same one: what stands in its row 2 stands first in column 0.
/// assert_eq!(first_position(&[3, 5], &[3, 1], 2), 10);
/// ```
pub fn first_position(shape: &[usize], part: &[usize], position: usize) -> usize {
    let (mut rest, mut step, mut first) = (position, 1, 0);
    for (&dim, &len) in shape.iter().zip(part).rev() {
        first += rest % len * step;
        rest /= len;
        step *= dim;
    }
    first
}

fn check_below(op: &'static str, what: &'static str, given: usize, limit: usize) -> Result<()> {
    if given < limit { Ok(()) } else { Err(Error::OutOfRange { op, what, given, limit }) }
}

fn unsupported(
    op: &'static str,
    what: &'static str,
    shape: &[usize],
    expected: &'static str,
) -> Error {
    Error::UnsupportedShape { op, what, shape: shape.to_vec(), expected }
}
