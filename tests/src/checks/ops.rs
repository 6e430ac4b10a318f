//! The contracts of the primitives.

use crate::inputs::tensor;
use crate::naive;
use crate::random::{Kind, Random, seed};
use metrics_core::Element;
use metrics_core::backend::{ElementCheck, Primitives};

use super::tensors::{Refused, numbers, refused};

#[track_caller]
pub fn row_is_a_matrix_of_one_row<B: Primitives>(backend: &B) {
    let matrix = tensor(backend, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]);
    let row = backend.row(&matrix, 1).unwrap();
    assert_eq!((B::shape(&row), numbers::<B>(&row)), (vec![1, 3], vec![4.0, 5.0, 6.0]));
}

#[track_caller]
pub fn find_invalid_names_the_first<B: Primitives>(
    backend: &B,
    rule: ElementCheck,
    values: &[f64],
    expected: Option<usize>,
) {
    let uploaded = tensor(backend, values, &[values.len()]);
    match (backend.find_invalid(&uploaded, rule).unwrap(), expected) {
        (Some((position, value)), Some(expected)) => {
            assert_eq!(position, expected, "position by {rule:?} in {values:?}");
            let same = value == values[position] || value.is_nan() && values[position].is_nan();
            assert!(same, "{value} for {} by {rule:?}", values[position]);
        }
        (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{found:?}"),
    }
}

/// Values of any dtype that grow.
#[track_caller]
pub fn argsort_orders_values<B: Primitives, T: Element>(backend: &B, values: &[T]) {
    let row = tensor(backend, values, &[1, values.len()]);
    let order = backend.argsort_descending(&row).unwrap();
    let falling: Vec<u64> = (0..values.len() as u64).rev().collect();
    assert_eq!(backend.download_index(&order).unwrap(), falling, "{:?}", T::DTYPE);
    let ends = backend.group_ends(&row).unwrap();
    let each: Vec<u64> = (0..values.len() as u64).collect();
    assert_eq!(backend.download_index(&ends).unwrap(), each, "{:?}", T::DTYPE);
}

#[track_caller]
pub fn argsort_orders_each_row<B: Primitives>(backend: &B, n_columns: usize) {
    for kind in [Kind::Uniform, Kind::FewDistinct, Kind::Extremes] {
        let rows: Vec<_> = (0..2).map(|i| kind.samples(n_columns, seed() + i).scores).collect();
        let matrix = tensor(backend, &rows.concat(), &[2, n_columns]);
        let index = backend.argsort_descending(&matrix).unwrap();
        let index = backend.download_index(&index).unwrap();
        assert_eq!(index.len(), 2 * n_columns, "{kind:?}");
        for (row, order) in rows.iter().zip(index.chunks_exact(n_columns.max(1))) {
            let falls = |pair: &[u64]| row[pair[0] as usize] >= row[pair[1] as usize];
            assert!(order.windows(2).all(falls), "{kind:?} of {n_columns} is out of order");
            let mut seen: Vec<u64> = order.to_vec();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..n_columns as u64), "{kind:?}: no permutation");
        }
    }
}

#[track_caller]
pub fn gather_takes_from_its_own_row<B: Primitives>(backend: &B, n_columns: usize) {
    let scores = Random::new(seed()).permutation(2 * n_columns);
    let scores: Vec<f64> = scores.into_iter().map(|score| score as f64).collect();
    let matrix = tensor(backend, &scores, &[2, n_columns]);
    let index = backend.argsort_descending(&matrix).unwrap();
    let gathered = backend.gather(&matrix, &index).unwrap();
    let mut expected = scores;
    expected.chunks_exact_mut(n_columns.max(1)).for_each(|row| row.sort_by(|a, b| b.total_cmp(a)));
    assert_eq!(B::shape(&gathered), [2, n_columns]);
    assert_eq!(numbers::<B>(&gathered), expected, "{n_columns} columns");
}

#[track_caller]
pub fn gather_keeps_64_bit_integers<B: Primitives>(backend: &B) {
    let matrix = tensor(backend, &[(1i64 << 53) + 1, 1 << 53, i64::MAX, i64::MAX - 1], &[1, 4]);
    let order = backend.argsort_descending(&matrix).unwrap();
    let sorted = backend.gather(&matrix, &order).unwrap();
    let again = backend.argsort_descending(&sorted).unwrap();
    assert_eq!(backend.download_index(&order).unwrap(), [2, 3, 0, 1]);
    assert_eq!(backend.download_index(&again).unwrap(), [0, 1, 2, 3]);
}

/// Ones and zeros of any dtype; among them dtypes that cannot hold the sums.
#[track_caller]
pub fn cumsum_is_inclusive_and_exact<B: Primitives, T: Element>(
    backend: &B,
    zero_one: [T; 2],
    n_columns: usize,
) {
    let mut random = Random::new(seed());
    let bits: Vec<usize> = (0..2 * n_columns).map(|_| usize::from(random.unit() < 0.9)).collect();
    let values: Vec<T> = bits.iter().map(|&bit| zero_one[bit]).collect();
    let sums = backend.cumsum(&tensor(backend, &values, &[2, n_columns])).unwrap();
    let expected: Vec<f64> = bits
        .chunks(n_columns.max(1))
        .flat_map(|row| {
            row.iter().scan(0, |sum, bit| {
                *sum += bit;
                Some(*sum as f64)
            })
        })
        .collect();
    assert_eq!(B::shape(&sums), [2, n_columns]);
    assert_eq!(numbers::<B>(&sums), expected, "{:?} of {n_columns}", T::DTYPE);
}

#[track_caller]
pub fn cumsum_at_any_size<B: Primitives>(backend: &B, n_columns: usize) {
    cumsum_is_inclusive_and_exact(backend, [0u8, 1], n_columns);
}

/// Linear in the columns, or this takes hours: argsort, gather and cumsum of one long row.
#[track_caller]
pub fn long_rows_are_sorted_and_summed<B: Primitives>(backend: &B, n_columns: usize) {
    // Shares no factor with a power of ten: each of `0..n_columns` is a score once.
    let scores: Vec<u32> =
        (0..n_columns as u64).map(|i| (i * 7_654_321 % n_columns as u64) as u32).collect();
    let labels: Vec<u8> = scores.iter().map(|score| (score % 3 == 0).into()).collect();
    let values: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
    let matrix = tensor(backend, &values, &[1, n_columns]);
    let order = backend.argsort_descending(&matrix).unwrap();
    let places = backend.download_index(&order).unwrap();
    let falling = || (0..n_columns as u32).rev();
    assert!(places.iter().map(|&i| scores[i as usize]).eq(falling()), "out of order");

    let sorted = numbers::<B>(&backend.gather(&matrix, &order).unwrap());
    assert!(sorted.into_iter().eq(falling().map(f64::from)), "gathered from elsewhere");

    let sums = backend.cumsum(&tensor(backend, &labels, &[1, n_columns])).unwrap();
    let expected = labels.iter().scan(0.0, |sum, &label| {
        *sum += f64::from(label);
        Some(*sum)
    });
    assert!(numbers::<B>(&sums).into_iter().eq(expected), "other sums");
}

#[track_caller]
pub fn groups_end_where_values_change<B: Primitives, T: Element>(
    backend: &B,
    row: &[T],
    expected: &[u64],
) {
    let ends = backend.group_ends(&tensor(backend, row, &[1, row.len()])).unwrap();
    assert_eq!(backend.download_index(&ends).unwrap(), expected, "{row:?}");
}

#[track_caller]
pub fn groups_end_at_any_size<B: Primitives>(backend: &B, n_columns: usize) {
    let mut row = Kind::MixedSigns.samples(n_columns, seed()).scores;
    row.sort_by(|a, b| b.total_cmp(a));
    let ends: Vec<u64> = (0..n_columns)
        .filter(|&i| i + 1 == n_columns || row[i] != row[i + 1])
        .map(|i| i as u64)
        .collect();
    groups_end_where_values_change(backend, &row, &ends);
}

#[track_caller]
pub fn bucket_is_the_floor_of_the_product<B: Primitives>(backend: &B, n_columns: usize) {
    let mut probabilities = Kind::Uniform.samples(n_columns, seed()).scores;
    probabilities.iter_mut().zip([0.0, 1.0, -0.0]).for_each(|(p, border)| *p = border);
    for num_thresholds in [1, 10, 4095, 1 << 24] {
        let matrix = tensor(backend, &probabilities, &[1, n_columns]);
        let buckets = backend.bucket(&matrix, num_thresholds).unwrap();
        let expected: Vec<u64> =
            probabilities.iter().map(|&p| naive::bucket(p, num_thresholds) as u64).collect();
        assert_eq!(backend.download_index(&buckets).unwrap(), expected, "{num_thresholds}");
    }
}

#[track_caller]
pub fn bincount_counts_by_target<B: Primitives>(backend: &B, n_columns: usize) {
    let samples = Kind::FewDistinct.samples(n_columns, seed());
    let matrix = tensor(backend, &samples.scores, &[1, n_columns]);
    let buckets = backend.bucket(&matrix, 6).unwrap();
    let mut expected = [vec![0; 9], vec![0; 9]];
    for (&p, &target) in samples.scores.iter().zip(&samples.targets) {
        expected[usize::from(target)][naive::bucket(p, 6)] += 1;
    }
    let targets = tensor(backend, &samples.targets, &[1, n_columns]);
    assert_eq!(backend.bincount(&buckets, &targets, 9).unwrap(), expected);
}

#[track_caller]
pub fn rows_beyond_the_end_are_refused<B: Primitives>(backend: &B) {
    let matrix = tensor(backend, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]);
    for beyond in [3, 4, i64::MAX as usize, 1 << 63, usize::MAX - 1, usize::MAX] {
        assert_eq!(refused(backend.row(&matrix, beyond)), Refused::Range(beyond, 2));
    }
    assert_eq!(refused(backend.row(&matrix, 2)), Refused::Range(2, 2));
    let nothing = tensor::<B, f32>(backend, &[], &[0, 3]);
    assert_eq!(refused(backend.row(&nothing, 0)), Refused::Range(0, 0));
}

#[track_caller]
pub fn what_is_no_matrix_is_refused<B: Primitives>(backend: &B) {
    let index = backend.argsort_descending(&tensor(backend, &[0.5, 0.25], &[1, 2])).unwrap();
    for shape in [&[2][..], &[1, 1, 2], &[1, 2, 1]] {
        let x = tensor(backend, &[0.0, 1.0], shape);
        assert_eq!(refused(backend.row(&x, 0)), Refused::Shape, "{shape:?}");
        assert_eq!(refused(backend.argsort_descending(&x)), Refused::Shape, "{shape:?}");
        assert_eq!(refused(backend.gather(&x, &index)), Refused::Shape, "{shape:?}");
        assert_eq!(refused(backend.cumsum(&x)), Refused::Shape, "{shape:?}");
        assert_eq!(refused(backend.group_ends(&x)), Refused::Shape, "{shape:?}");
        assert_eq!(refused(backend.bucket(&x, 3)), Refused::Shape, "{shape:?}");
        assert_eq!(refused(backend.bincount(&index, &x, 2)), Refused::Shape, "{shape:?}");
    }
    let two_rows = tensor(backend, &[1.0, 0.5], &[2, 1]);
    assert_eq!(refused(backend.group_ends(&two_rows)), Refused::Shape);
}

#[track_caller]
pub fn an_index_of_longer_rows_gathers_nothing<B: Primitives>(backend: &B) {
    let four = [0.5, 0.25, 1.0, 0.75];
    let order = backend.argsort_descending(&tensor(backend, &four, &[1, 4])).unwrap();
    let ends = backend.group_ends(&tensor(backend, &four, &[1, 4])).unwrap();
    let buckets = backend.bucket(&tensor(backend, &four, &[1, 4]), 1 << 24).unwrap();
    let three = tensor(backend, &four[..3], &[1, 3]);
    assert_eq!(refused(backend.gather(&three, &order)), Refused::Range(3, 3));
    assert_eq!(refused(backend.gather(&three, &ends)), Refused::Range(3, 3));
    assert_eq!(refused(backend.gather(&three, &buckets)), Refused::Range(1 << 24, 3));
    let nothing = tensor::<B, f64>(backend, &[], &[1, 0]);
    assert_eq!(refused(backend.gather(&nothing, &order)), Refused::Range(3, 0));
    let two_rows = tensor(backend, &four, &[2, 2]);
    assert_eq!(refused(backend.gather(&two_rows, &order)), Refused::Shape);
    let no_rows = tensor::<B, f64>(backend, &[], &[0, 4]);
    assert_eq!(refused(backend.gather(&no_rows, &order)), Refused::Shape);
    let longer = tensor(backend, &[1.0, 2.0, 3.0, 4.0, 5.0], &[1, 5]);
    let gathered = backend.gather(&longer, &order).unwrap();
    assert_eq!(numbers::<B>(&gathered), [3.0, 4.0, 1.0, 2.0]);
}

#[track_caller]
pub fn no_number_of_thresholds_is_taken_beyond_the_most<B: Primitives>(backend: &B) {
    let x = tensor(backend, &[0.5f32, 1.0], &[1, 2]);
    for given in [0, (1 << 24) + 1, 1 << 32, i64::MAX as usize, usize::MAX - 1, usize::MAX] {
        assert_eq!(refused(backend.bucket(&x, given)), Refused::Thresholds(given));
    }
}

/// So that no number is ever beyond what the index is known to hold.
#[track_caller]
pub fn what_is_no_probability_takes_a_bucket_at_the_end<B: Primitives>(backend: &B) {
    let values = [-0.5, 1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -5e-324, 0.5];
    for num_thresholds in [1, 10, 1 << 24] {
        let n = num_thresholds as u64;
        let index =
            backend.bucket(&tensor(backend, &values, &[1, values.len()]), num_thresholds).unwrap();
        let expected = [0, n, 0, n, 0, n, 0, n / 2];
        assert_eq!(backend.download_index(&index).unwrap(), expected, "{num_thresholds}");
    }
}

#[track_caller]
pub fn bins_and_targets_that_do_not_fit_are_refused<B: Primitives>(backend: &B) {
    let probabilities = tensor(backend, &[0.0, 0.5, 0.9], &[1, 3]);
    let targets = tensor(backend, &[1u8, 0, 1], &[1, 3]);
    let buckets = backend.bucket(&probabilities, 6).unwrap();
    for n_bins in [0, 1, 6] {
        // A bucket may have any number up to 6.
        let fewer = backend.bincount(&buckets, &targets, n_bins);
        assert_eq!(refused(fewer), Refused::Range(6, n_bins));
    }
    for n_bins in [1 << 58, 1 << 60, 1 << 63, usize::MAX] {
        assert_eq!(refused(backend.bincount(&buckets, &targets, n_bins)), Refused::Memory);
    }
    let order = backend.argsort_descending(&probabilities).unwrap();
    assert_eq!(refused(backend.bincount(&order, &targets, 2)), Refused::Range(2, 2));
    assert_eq!(backend.bincount(&order, &targets, 3).unwrap(), [vec![0, 1, 0], vec![1, 0, 1]]);
    for (data, shape) in [(&[1u8, 0][..], &[1, 2][..]), (&[1, 0, 1], &[3]), (&[1, 0, 1], &[3, 1])] {
        let other = tensor(backend, data, shape);
        assert_eq!(refused(backend.bincount(&buckets, &other, 7)), Refused::Shape, "{shape:?}");
    }
    let no_targets = tensor(backend, &[2.0, -1.0, f64::NAN], &[1, 3]);
    let counts = backend.bincount(&buckets, &no_targets, 7).unwrap();
    assert_eq!(counts, [vec![1, 0, 0, 1, 0, 1, 0], vec![0; 7]]);
}
