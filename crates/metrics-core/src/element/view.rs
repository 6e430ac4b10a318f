//! Elements of any strides in host memory, read block by block where they lie.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

use crate::element::dtype::{Buffer, DType, Element};
use crate::with_slice;

/// A matrix in host memory whose elements lie apart by strides, of a type known at run time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    first: *const u8,
    dtype: DType,
    shape: [usize; 2],
    /// Elements from a row to the next, and from a column to the next.
    strides: [isize; 2],
    elements: PhantomData<&'a u8>,
}

// SAFETY: it is a borrow of its elements, which all are `Sync`.
#[allow(unsafe_code)]
unsafe impl Send for View<'_> {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for View<'_> {}

/// Runs an expression with the typed [`Lane`] of the elements of a [`View`] from one on, row by row.
macro_rules! with_lane {
    ($view:expr, $start:expr, $lane:ident => $body:expr) => {
        $crate::element::view::with_lane!(
            @arms $view, $start, $lane, $body,
            Bool bool, U8 u8, I8 i8, U16 u16, I16 i16, U32 u32, I32 i32, U64 u64, I64 i64,
            F16 half::f16, Bf16 half::bf16, F32 f32, F64 f64
        )
    };
    (@arms $view:expr, $start:expr, $lane:ident, $body:expr, $($dtype:ident $ty:ty),*) => {
        match $view.dtype() {
            $($crate::DType::$dtype => {
                let $lane = $view.lane::<$ty>($start);
                $body
            })*
        }
    };
}
pub(crate) use with_lane;

impl<'a> View<'a> {
    /// # Safety
    /// For `'a`, every element of the matrix is one that a `&T` may refer to.
    #[allow(unsafe_code)]
    pub(crate) unsafe fn new<T: Element>(
        first: *const T,
        shape: [usize; 2],
        strides: [isize; 2],
    ) -> Self {
        Self { first: first.cast(), dtype: T::DTYPE, shape, strides, elements: PhantomData }
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    pub(crate) fn shape(&self) -> [usize; 2] {
        self.shape
    }

    pub(crate) fn strides(&self) -> [isize; 2] {
        self.strides
    }

    pub(crate) fn first<T: Element>(&self) -> *const T {
        assert_eq!(self.dtype, T::DTYPE, "elements of their own type");
        self.first.cast()
    }

    /// The elements of one row from a position of all elements on, up to the end of the row.
    pub(crate) fn lane<T: Element>(&self, start: usize) -> Lane<'a, T> {
        assert!(start < self.len(), "an element that there is");
        let [row, column] = [start / self.shape[1], start % self.shape[1]];
        let offset = self.strides[0] * row as isize + self.strides[1] * column as isize;
        Lane {
            first: self.first::<T>().wrapping_offset(offset),
            len: self.shape[1] - column,
            step: self.strides[1],
            elements: PhantomData,
        }
    }

    /// Some elements of one row, copied.
    pub(crate) fn block(&self, elements: Range<usize>) -> Buffer<'static> {
        with_lane!(self, elements.start, lane => {
            let mut to = Vec::with_capacity(elements.len());
            lane.read(0, &mut to.spare_capacity_mut()[..elements.len()]);
            // SAFETY: `read` has written all of them.
            #[allow(unsafe_code)]
            unsafe { to.set_len(elements.len()) };
            Element::buffer(to.into())
        })
    }
}

/// Elements of one type, each a step from the one before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane<'a, T> {
    first: *const T,
    len: usize,
    step: isize,
    elements: PhantomData<&'a T>,
}

// SAFETY: it is a borrow of its elements.
#[allow(unsafe_code)]
unsafe impl<T: Sync> Send for Lane<'_, T> {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl<T: Sync> Sync for Lane<'_, T> {}

impl<T: Copy> Lane<'_, T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Copies the elements from a position on, as many as there is room for.
    #[inline(always)]
    pub(crate) fn read(&self, start: usize, out: &mut [MaybeUninit<T>]) {
        let is_inside = start.checked_add(out.len()).is_some_and(|end| end <= self.len);
        assert!(is_inside, "elements that there are");
        let first = self.first.wrapping_offset(self.step * start as isize);
        // SAFETY: all these elements are in the lane.
        #[allow(unsafe_code)]
        let at = |i: usize, step: isize| unsafe { first.offset(step * i as isize).read() };
        // With a step that the compiler knows it copies in vectors.
        match self.step {
            1 => out.iter_mut().enumerate().for_each(|(i, to)| _ = to.write(at(i, 1))),
            2 => out.iter_mut().enumerate().for_each(|(i, to)| _ = to.write(at(i, 2))),
            -1 => out.iter_mut().enumerate().for_each(|(i, to)| _ = to.write(at(i, -1))),
            step => out.iter_mut().enumerate().for_each(|(i, to)| _ = to.write(at(i, step))),
        }
    }
}

/// Elements in host memory, in the order of a matrix row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Elements<'a> {
    /// They lie in this order.
    Rows(&'a Buffer<'a>),
    View(View<'a>),
}

impl Elements<'_> {
    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Rows(buffer) => buffer.len(),
            Self::View(view) => view.len(),
        }
    }

    /// One element as an `f64`.
    pub(crate) fn get(&self, position: usize) -> f64 {
        match self {
            Self::Rows(buffer) => with_slice!(buffer, data => data[position].to_f64()),
            Self::View(view) => {
                let block = view.block(position..position + 1);
                with_slice!(&block, data => data[0].to_f64())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_the_elements_of_the_strides() {
        let data: Vec<u16> = (0..600).collect();
        for (start, shape, strides) in [
            (0, [1, 600], [0, 1]),
            (599, [1, 600], [0, -1]),
            (1, [1, 299], [0, 2]),
            (7, [1, 100], [0, 5]),
            (0, [3, 200], [200, 1]),
            (0, [200, 3], [1, 200]),
            (599, [2, 100], [-301, -3]),
        ] {
            // SAFETY: all elements lie in `data`.
            #[allow(unsafe_code)]
            let view = unsafe { View::new(&raw const data[start], shape, strides) };
            let [n_rows, n_columns] = shape;
            for row in 0..n_rows {
                for from in [0, 1, n_columns / 2, n_columns - 1] {
                    let range = row * n_columns + from..(row + 1) * n_columns;
                    let expected: Vec<u16> = (from..n_columns)
                        .map(|i| strides[0] * row as isize + strides[1] * i as isize)
                        .map(|offset| data[start.wrapping_add_signed(offset)])
                        .collect();
                    assert_eq!(Elements::View(view).get(range.start), f64::from(expected[0]));
                    assert_eq!(view.block(range), u16::buffer(expected.into()));
                }
            }
        }
    }
}
