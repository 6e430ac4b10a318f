//! What every backend does with its tensors.

use crate::inputs::tensor;
use metrics_core::{Backend, Element, Error, Result, with_slice};

#[track_caller]
pub fn upload_keeps_values<B: Backend, T: Element>(backend: &B, values: &[T]) {
    let uploaded = tensor(backend, values, &[values.len()]);
    let expected: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
    assert_eq!(numbers::<B>(&uploaded), expected, "{:?}", T::DTYPE);
}

#[track_caller]
pub fn shape_is_what_was_uploaded<B: Backend>(backend: &B, shape: &[usize]) {
    let data = vec![1.0f32; shape.iter().product()];
    assert_eq!(B::shape(&tensor(backend, &data, shape)), shape);
}

#[track_caller]
pub fn a_view_has_shape_and_values<B: Backend>(backend: &B) {
    let owned = tensor(backend, &[1.0, 2.0, 3.0, 4.0], &[2, 2]);
    let view = B::view(&owned);
    assert_eq!((B::shape(&view), numbers::<B>(&view)), (vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]));
}

#[track_caller]
pub fn reshape_keeps_the_order<B: Backend>(backend: &B, from: &[usize], to: [usize; 2]) {
    let data: Vec<i64> = (0..from.iter().product::<usize>() as i64).collect();
    let reshaped = backend.reshape(tensor(backend, &data, from), to).unwrap();
    let expected: Vec<f64> = data.iter().map(|&x| x as f64).collect();
    assert_eq!((B::shape(&reshaped), numbers::<B>(&reshaped)), (to.to_vec(), expected));
}

#[track_caller]
pub fn column_is_a_vector<B: Backend>(backend: &B) {
    let matrix = tensor(backend, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2]);
    let column = backend.column(&matrix, 1).unwrap();
    assert_eq!((B::shape(&column), numbers::<B>(&column)), (vec![3], vec![2.0, 4.0, 6.0]));
}

#[track_caller]
pub fn another_number_of_elements_is_no_shape<B: Backend>(backend: &B) {
    for to in [[1, 5], [2, 2], [0, 6], [1, usize::MAX], [usize::MAX, 1], [1 << 63, 2]] {
        let six = tensor(backend, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]);
        assert_eq!(refused(backend.reshape(six, to)), Refused::Shape, "{to:?}");
    }
    // Their product is 0 in 64 bits.
    let nothing = tensor::<B, f32>(backend, &[], &[0]);
    assert_eq!(refused(backend.reshape(nothing, [1 << 32, 1 << 32])), Refused::Shape);
}

/// For 64-bit integers that round to one `f64`.
#[track_caller]
pub fn upload_keeps_values_apart<B: Backend, T: Element>(backend: &B, values: &[T]) {
    let uploaded = tensor(backend, values, &[1, values.len()]);
    let keys: Vec<_> = B::with_host(
        &uploaded,
        |x| with_slice!(x.buffer(), data => data.iter().map(|x| x.order_key()).collect()),
    )
    .unwrap();
    let expected: Vec<_> = values.iter().map(|x| x.order_key()).collect();
    assert_eq!(keys, expected, "{values:?}");
}

#[track_caller]
pub fn columns_beyond_the_end_are_refused<B: Backend>(backend: &B) {
    let matrix = tensor(backend, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]);
    for beyond in [3, 4, i64::MAX as usize, 1 << 63, usize::MAX - 1, usize::MAX] {
        assert_eq!(refused(backend.column(&matrix, beyond)), Refused::Range(beyond, 3));
    }
    let nothing = tensor::<B, f32>(backend, &[], &[0, 3]);
    assert!(backend.column(&nothing, 2).is_ok());
}

#[track_caller]
pub fn transpose_exchanges_rows_and_columns<B: Backend>(backend: &B) {
    for [n_rows, n_columns] in [[2, 3], [3, 2], [1, 5], [5, 1], [40, 33], [0, 3], [3, 0]] {
        let data: Vec<i64> = (0..(n_rows * n_columns) as i64).collect();
        let transposed = backend.transpose(&tensor(backend, &data, &[n_rows, n_columns])).unwrap();
        let expected = (0..n_rows * n_columns)
            .map(|i| ((i % n_rows.max(1)) * n_columns + i / n_rows.max(1)) as f64);
        assert_eq!(B::shape(&transposed), [n_columns, n_rows]);
        assert_eq!(numbers::<B>(&transposed), expected.collect::<Vec<_>>(), "{n_rows} rows");
        let twice = backend.transpose(&transposed).unwrap();
        assert_eq!(numbers::<B>(&twice), data.iter().map(|&x| x as f64).collect::<Vec<_>>());
    }
}

#[track_caller]
pub fn what_is_no_matrix_has_no_columns<B: Backend>(backend: &B) {
    for shape in [&[2][..], &[1, 1, 2], &[1, 2, 1]] {
        let x = tensor(backend, &[0.0, 1.0], shape);
        assert_eq!(refused(backend.column(&x, 0)), Refused::Shape, "{shape:?}");
        assert_eq!(refused(backend.transpose(&x)), Refused::Shape, "{shape:?}");
    }
}

#[track_caller]
pub fn numbers<B: Backend>(x: &B::Tensor<'_>) -> Vec<f64> {
    B::with_host(x, |x| x.to_f64_vec()).expect("a known dtype")
}

/// What went wrong, of all that an error says.
#[derive(Debug, PartialEq)]
pub enum Refused {
    Shape,
    Range(usize, usize),
    Thresholds(usize),
    Memory,
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T>) -> Refused {
    match result.unwrap_err() {
        Error::UnsupportedShape { .. } => Refused::Shape,
        Error::OutOfRange { given, limit, .. } => Refused::Range(given, limit),
        Error::InvalidNumThresholds { given, .. } => Refused::Thresholds(given),
        Error::OutOfMemory { .. } => Refused::Memory,
        error => panic!("{error}"),
    }
}
