//! The primitives, beside their definitions.

use metrics_core::backend::{ElementCheck, Primitives};
use metrics_core::{DType, Host, HostTensor};

use super::is_long;
use super::lend;
use super::samples::{DTYPES, SCORES, input, is_float, matrix, values};
use crate::arithmetic::Random;
use crate::ops::{self, Matrix, Output};
use crate::simulated::Simulated;

const SHAPES: [[usize; 2]; 10] = [
    [1, 1],
    [1, 5],
    [1, 256],
    [1, 257],
    [1, 4097],
    [3, 100],
    [50, 7],
    [257, 3],
    [2, 8192],
    [1, 20_000],
];

fn of(x: &HostTensor<'_>, [n_rows, n_columns]: [usize; 2]) -> Matrix {
    Matrix { elements: input(x), n_rows, n_columns }
}

/// Integers that the kernels write.
fn room(n: usize) -> (Vec<i64>, Output) {
    let mut room = vec![i64::MIN; n];
    lend(&room);
    // SAFETY: the vector has as many integers; work is done when it is queued.
    let output = unsafe { Output::new(room.as_mut_ptr(), n) };
    (room, output)
}

#[test]
fn primitives_equal_their_definitions() {
    let mut random = Random(41);
    for round in 0..if is_long() { 400 } else { 39 } {
        let dtype = DTYPES[round % 13];
        let shape = SHAPES[random.below(if is_long() { 10 } else { 8 }) as usize];
        let n = shape[0] * shape[1];
        let scores = SCORES[random.below(8) as usize];
        let scores = values(dtype, n, scores, &mut random);
        argsort(dtype, shape, &scores);
        group_ends(dtype, &scores);
        invalid(dtype, shape, &scores);
        let targets: Vec<f64> = (0..n).map(|_| random.below(2) as f64).collect();
        cumsum(dtype, shape, &targets);
        let bounded = |x: &f64| if is_float(dtype) { x.abs().min(1.0) } else { x.rem_euclid(2.0) };
        let bounded: Vec<f64> = scores.iter().map(bounded).collect();
        let num_thresholds = [1, 3, 4095, 1 << 20][random.below(4) as usize];
        buckets(dtype, shape, &bounded, &targets, num_thresholds);
    }
}

fn argsort(dtype: DType, shape: [usize; 2], scores: &[f64]) {
    let x = matrix(dtype, scores, shape);
    let (order, output) = room(scores.len());
    ops::argsort_descending(&Simulated::new(5), of(&x, shape), &output).unwrap();
    let values = x.to_f64_vec();
    for (row, order) in values.chunks(shape[1]).zip(order.chunks(shape[1])) {
        let mut seen = vec![false; row.len()];
        order.iter().for_each(|&i| assert!(!std::mem::replace(&mut seen[i as usize], true)));
        assert!(
            order.windows(2).all(|pair| row[pair[0] as usize] >= row[pair[1] as usize]),
            "{dtype:?}"
        );
    }
}

fn group_ends(dtype: DType, scores: &[f64]) {
    let shape = [1, scores.len()];
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let x = matrix(dtype, &sorted, shape);
    let (ends, output) = room(scores.len());
    let n_ends = ops::group_ends(&Simulated::new(5), of(&x, shape), &output).unwrap();
    let expected = Host.group_ends(&x).unwrap();
    let ends: Vec<_> = ends[..n_ends].iter().map(|&end| end as u64).collect();
    assert_eq!(ends, expected.numbers(), "{dtype:?}");
}

fn invalid(dtype: DType, shape: [usize; 2], scores: &[f64]) {
    let x = matrix(dtype, scores, shape);
    let checks = [
        ElementCheck::NotNan,
        ElementCheck::Binary,
        ElementCheck::Probability,
        ElementCheck::Weight,
    ];
    for check in checks {
        let bits = |found: Option<(usize, f64)>| found.map(|(at, value)| (at, value.to_bits()));
        let given = ops::find_invalid(&Simulated::new(5), of(&x, shape), check).unwrap();
        let expected = Host.find_invalid(&x, check).unwrap();
        assert_eq!(bits(given), bits(expected), "{check:?} of {dtype:?}");
    }
}

fn cumsum(dtype: DType, shape: [usize; 2], targets: &[f64]) {
    let x = matrix(dtype, targets, shape);
    let (sums, output) = room(targets.len());
    ops::cumsum(&Simulated::new(5), of(&x, shape), &output).unwrap();
    for (row, sums) in targets.chunks(shape[1]).zip(sums.chunks(shape[1])) {
        let mut sum = 0;
        for (target, given) in row.iter().zip(sums) {
            sum += *target as i64;
            assert_eq!(*given, sum, "{dtype:?}");
        }
    }
}

fn buckets(
    dtype: DType,
    shape: [usize; 2],
    scores: &[f64],
    targets: &[f64],
    num_thresholds: usize,
) {
    let device = Simulated::new(5);
    let (x, labels) = (matrix(dtype, scores, shape), matrix(dtype, targets, shape));
    let (given, output) = room(scores.len());
    ops::bucket(&device, of(&x, shape), num_thresholds, &output).unwrap();
    let expected = Host.bucket(&x, num_thresholds).unwrap();
    let numbers: Vec<_> = given.iter().map(|&bucket| bucket as u64).collect();
    assert_eq!(numbers, expected.numbers(), "{dtype:?}, {num_thresholds} thresholds");
    let index = HostTensor::from_vec(given, &shape).unwrap();
    metrics_core::with_slice!(index.buffer(), data => lend(data));
    let n_bins = num_thresholds + 1;
    let counts = ops::bincount(&device, input(&index), of(&labels, shape), n_bins).unwrap();
    let expected = Host.bincount(&expected, &labels, n_bins).unwrap();
    assert_eq!(counts, expected, "{dtype:?}, {num_thresholds} thresholds");
}
