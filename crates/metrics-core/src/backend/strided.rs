//! Elements of any strides in host memory, copied row by row.

use std::marker::PhantomData;
use std::ops::Range;

use super::index::check_len;
use crate::arith::threads;
use crate::error::Result;
use crate::reserve;

/// Rows and columns of a tile: for elements of 4 bytes, one cache line of each of 64 source rows.
const TILE: [usize; 2] = [16, 64];
/// Elements from which on several threads copy.
const LARGE: usize = 1 << 17;
/// Rows or columns that a thread takes at once: whole tiles.
const STEP: usize = 1 << 10;

/// A tensor in host memory whose elements lie apart by strides, as ndarray, candle and libtorch have them:
/// transposed, narrowed, reversed or broadcast.
///
/// ```
/// use metrics_core::backend::Strided;
///
/// // The transpose of a matrix of 2 rows and 3 columns.
/// let matrix = [1, 2, 3, 4, 5, 6];
/// let transposed = Strided::of_slice(&matrix, 0, &[3, 2], &[1, 3]).unwrap();
/// assert_eq!(transposed.to_vec("example")?, [1, 4, 2, 5, 3, 6]);
/// assert!(Strided::of_slice(&matrix, 1, &[3, 2], &[1, 3]).is_none());
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Strided<'a, T> {
    first: *const T,
    shape: &'a [usize],
    strides: &'a [isize],
    elements: PhantomData<&'a T>,
}

// SAFETY: it is a shared borrow of its elements.
#[allow(unsafe_code)]
unsafe impl<T: Sync> Send for Strided<'_, T> {}
// SAFETY: it is a shared borrow of its elements.
#[allow(unsafe_code)]
unsafe impl<T: Sync> Sync for Strided<'_, T> {}

impl<'a, T: Copy + Send + Sync> Strided<'a, T> {
    /// The element at position `i` is `first + Σₖ iₖ · stridesₖ`.
    ///
    /// ```
    /// use metrics_core::backend::Strided;
    ///
    /// let row = [1, 2, 3];
    /// // SAFETY: from the last element to the first.
    /// let reversed = unsafe { Strided::new(&row[2], &[3], &[-1]) };
    /// assert_eq!(reversed.to_vec("example")?, [3, 2, 1]);
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Safety
    /// For `'a`, every such element with `iₖ < shapeₖ` is one that a `&T` may refer to.
    ///
    /// # Panics
    /// Unless there are as many strides as dimensions.
    #[allow(unsafe_code)]
    pub unsafe fn new(first: *const T, shape: &'a [usize], strides: &'a [isize]) -> Self {
        assert_eq!(shape.len(), strides.len(), "a stride a dimension");
        Self { first, shape, strides, elements: PhantomData }
    }

    /// Elements of a slice, from `start` on; `None` where one of them lies beyond its end.
    ///
    /// ```
    /// use metrics_core::backend::Strided;
    ///
    /// // Every second element, from the second on: there are two.
    /// let row = [1, 2, 3, 4, 5];
    /// let twos = Strided::of_slice(&row, 1, &[2], &[2]).map(|view| view.to_vec("example"));
    /// assert_eq!(twos.transpose()?, Some(vec![2, 4]));
    /// assert!(Strided::of_slice(&row, 1, &[3], &[2]).is_none());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Panics
    /// Unless there are as many strides as dimensions.
    pub fn of_slice(
        data: &'a [T],
        start: usize,
        shape: &'a [usize],
        strides: &'a [isize],
    ) -> Option<Self> {
        let is_empty = shape.contains(&0);
        let mut ends = [Some(start), Some(start)];
        for (&n, &stride) in shape.iter().zip(strides) {
            let length = n.saturating_sub(1).checked_mul(stride.unsigned_abs());
            let end = &mut ends[usize::from(stride > 0)];
            *end = end.zip(length).and_then(|(end, length)| match stride > 0 {
                true => end.checked_add(length),
                false => end.checked_sub(length),
            });
        }
        let is_inside = ends.iter().all(|end| end.is_some_and(|end| end < data.len()));
        if !is_empty && !is_inside {
            return None;
        }
        // SAFETY: the lowest and the highest element are in the slice, and so are those between; where
        // there is none, none is read.
        #[allow(unsafe_code)]
        Some(unsafe { Self::new(data.as_ptr().wrapping_add(start), shape, strides) })
    }

    /// The elements row by row, copied: a matrix in tiles that fit the nearest cache, and on several
    /// threads if it is large.
    ///
    /// ```
    /// use metrics_core::backend::Strided;
    ///
    /// // One row, broadcast to two.
    /// let row = [1, 2, 3];
    /// let broadcast = Strided::of_slice(&row, 0, &[2, 3], &[0, 1]).map(|view| view.to_vec("example"));
    /// assert_eq!(broadcast.transpose()?, Some(vec![1, 2, 3, 1, 2, 3]));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Complexity
    /// O(n) time; nothing but what is returned is allocated.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory): a broadcast view may have more elements than memory.
    pub fn to_vec(&self, op: &'static str) -> Result<Vec<T>> {
        let n_elements = check_len(op, self.shape)?;
        let mut to = reserve::room(op, n_elements)?;
        if n_elements == 0 {
            return Ok(to);
        }
        let [n_outer, n_rows, n_columns] = match *self.shape {
            [ref outer @ .., rows, columns] => [outer.iter().product(), rows, columns],
            [n] => [1, 1, n],
            [] => [1, 1, 1],
        };
        let stride =
            |from_last: usize| self.strides.iter().rev().nth(from_last).copied().unwrap_or(0);
        for outer in 0..n_outer {
            let matrix = Matrix {
                first: self.first.wrapping_offset(self.offset(outer)),
                to: to.as_mut_ptr().wrapping_add(outer * n_rows * n_columns),
                n_rows,
                n_columns,
                strides: [stride(1), stride(0)],
            };
            matrix.copy_all();
        }
        // SAFETY: every matrix was copied whole, and together they are all elements.
        #[allow(unsafe_code)]
        unsafe {
            to.set_len(n_elements);
        }
        Ok(to)
    }

    /// Where the matrix of this number among those of all outer dimensions begins.
    fn offset(&self, mut outer: usize) -> isize {
        let n_outer = self.shape.len().saturating_sub(2);
        let dimensions = self.shape[..n_outer].iter().zip(self.strides).rev();
        dimensions
            .map(|(&n, &stride)| {
                let i = outer % n;
                outer /= n;
                stride * i as isize
            })
            .sum()
    }
}

/// A matrix of any strides, and where its elements go, row by row.
#[derive(Clone, Copy)]
struct Matrix<T> {
    first: *const T,
    to: *mut T,
    n_rows: usize,
    n_columns: usize,
    /// From a row to the next, and from a column to the next.
    strides: [isize; 2],
}

// SAFETY: threads read the same elements and write to different ones.
#[allow(unsafe_code)]
unsafe impl<T: Send + Sync> Sync for Matrix<T> {}

impl<T: Copy + Send + Sync> Matrix<T> {
    /// Threads take rows, or columns where there are more of those.
    fn copy_all(&self) {
        let n_threads = match self.n_rows * self.n_columns {
            0..LARGE => 1,
            _ => threads::available(),
        };
        let by_rows = self.n_rows >= self.n_columns;
        let n = self.n_rows.max(self.n_columns);
        threads::share(n, n_threads.min(n.div_ceil(STEP)), STEP, |ranges| {
            for range in ranges {
                match by_rows {
                    true => self.copy(range, 0..self.n_columns),
                    false => self.copy(0..self.n_rows, range),
                }
            }
        });
    }

    fn copy(&self, rows: Range<usize>, columns: Range<usize>) {
        for top in rows.clone().step_by(TILE[0]) {
            let bottom = rows.end.min(top + TILE[0]);
            // Rows that lie in one piece are copied as such.
            let width = if self.strides[1] == 1 { columns.len() } else { TILE[1] };
            for left in columns.clone().step_by(width) {
                let right = columns.end.min(left + width);
                (top..bottom).for_each(|row| self.copy_row(row, left..right));
            }
        }
    }

    fn copy_row(&self, row: usize, columns: Range<usize>) {
        let [to_row, to_column] = self.strides;
        // SAFETY: row and columns are within the matrix, whose elements may be read and have a place each
        // at `to`; no other thread has these.
        #[allow(unsafe_code)]
        unsafe {
            let from =
                self.first.offset(to_row * row as isize + to_column * columns.start as isize);
            let to = self.to.add(row * self.n_columns + columns.start);
            match to_column {
                1 => to.copy_from_nonoverlapping(from, columns.len()),
                _ => (0..columns.len())
                    .for_each(|i| to.add(i).write(*from.offset(to_column * i as isize))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every view of a few dimensions and strides, by definition.
    #[test]
    fn elements_are_those_of_the_strides() {
        let data: Vec<u32> = (0..4000).collect();
        let views: [(usize, &[usize], &[isize]); 16] = [
            (7, &[], &[]),
            (7, &[5], &[1]),
            (7, &[5], &[3]),
            (20, &[5], &[-3]),
            (7, &[5], &[0]),
            (0, &[0], &[1]),
            (0, &[3, 0], &[1, 1]),
            (2, &[3, 5], &[5, 1]),
            (2, &[3, 5], &[1, 3]),
            (400, &[33, 70], &[-1, 33]),
            (0, &[33, 70], &[1, 50]),
            (3999, &[17, 65], &[-65, -1]),
            (0, &[20, 130], &[0, 2]),
            (0, &[130, 20], &[2, 0]),
            (100, &[2, 3, 4], &[100, -7, 2]),
            (100, &[2, 3, 4, 5], &[0, 1, 60, -3]),
        ];
        for (start, shape, strides) in views {
            let view = Strided::of_slice(&data, start, shape, strides).unwrap();
            let expected = by_definition(&data, start as isize, shape, strides);
            assert_eq!(view.to_vec("test").unwrap(), expected, "{shape:?} {strides:?}");
        }
    }

    fn by_definition(data: &[u32], at: isize, shape: &[usize], strides: &[isize]) -> Vec<u32> {
        let Some((&n, inner)) = shape.split_first() else { return vec![data[at as usize]] };
        let starts = (0..n).map(|i| at + strides[0] * i as isize);
        starts.flat_map(|at| by_definition(data, at, inner, &strides[1..])).collect()
    }

    /// Large enough for several threads, by rows and by columns, with and without whole steps.
    #[test]
    fn large_matrices_are_copied_whole() {
        for [n_rows, n_columns] in [[3, 50_000], [50_000, 3], [1024, 1024], [1000, 1031]] {
            let data: Vec<u32> = (0..(n_rows * n_columns) as u32).collect();
            let strides = [1, n_rows as isize];
            let shape = [n_rows, n_columns];
            let view = Strided::of_slice(&data, 0, &shape, &strides).unwrap();
            let all = view.to_vec("test").unwrap();
            let expected = |i: usize| (i / n_columns + i % n_columns * n_rows) as u32;
            assert!(all.len() == data.len() && (0..all.len()).all(|i| all[i] == expected(i)));
        }
    }

    #[test]
    fn what_lies_beyond_the_slice_is_refused() {
        let data = [1u8, 2, 3, 4, 5, 6];
        let is_inside = |start: usize, shape: &[usize], strides: &[isize]| {
            Strided::of_slice(&data, start, shape, strides).is_some()
        };
        assert!(is_inside(0, &[2, 3], &[3, 1]) && !is_inside(1, &[2, 3], &[3, 1]));
        assert!(is_inside(5, &[6], &[-1]) && !is_inside(4, &[6], &[-1]));
        assert!(is_inside(3, &[2, 2], &[-3, 2]) && !is_inside(4, &[2, 2], &[-3, 2]));
        assert!(!is_inside(6, &[], &[]) && is_inside(9, &[0], &[1]));
        assert!(!is_inside(0, &[usize::MAX, 2], &[2, 1]) && !is_inside(0, &[3], &[isize::MIN]));
        assert!(is_inside(5, &[1 << 62], &[0]));
        let endless = Strided::of_slice(&data, 5, &[1 << 62], &[0]).unwrap();
        assert!(endless.to_vec("test").is_err());
    }
}
