//! Samples that are counted: buckets, and 16-bit scores.

use metrics_core::{BucketCounts, DType, Host};

use super::samples::{Case, Scores, is_float, values};
use super::{count_on_host, is_long};
use crate::arithmetic::Random;
use crate::pending_counts::PendingCounts;
use crate::simulated::Simulated;

/// Scores that are probabilities.
fn probabilities(dtype: DType, n: usize, random: &mut Random) -> Vec<f64> {
    let scores = [Scores::Uniform, Scores::Few, Scores::Constant][random.below(3) as usize];
    let bounded = |x: f64| if is_float(dtype) { x.abs().min(1.0) } else { x.rem_euclid(2.0) };
    values(dtype, n, scores, random).into_iter().map(bounded).collect()
}

#[test]
fn buckets_have_the_engines_counts() {
    // All counters fit a block's memory, just, just not, and by far not.
    const THRESHOLDS: [usize; 11] =
        [1, 2, 7, 200, 4095, 29_000, 29_047, 29_048, 29_051, 29_052, 1 << 17];
    let dtypes =
        [DType::F32, DType::F64, DType::Bf16, DType::F16, DType::U8, DType::I64, DType::Bool];
    let mut random = Random(21);
    let n_rounds = if is_long() { 77 } else { 22 };
    for round in 0..n_rounds {
        let (num_thresholds, dtype) = (THRESHOLDS[round % 11], dtypes[round % 7]);
        let mut counts = BucketCounts::new(num_thresholds).unwrap();
        let mut expected = counts.clone();
        let mut pending = PendingCounts::default();
        let device = Simulated::new(5);
        let lengths: &[usize] =
            if is_long() { &[1, 31, 1024, 8193, 30_000] } else { &[1, 1024, 9000] };
        for &n in lengths {
            let scores = probabilities(dtype, n, &mut random);
            let targets: Vec<f64> = (0..n).map(|_| random.below(2) as f64).collect();
            let case = Case::of([dtype, DType::U8], [1, n], &scores, &targets);
            pending.update(&device, &case.batch(), &mut counts).unwrap();
            count_on_host(&case, &mut expected).unwrap();
        }
        pending.flush(&mut counts).unwrap();
        assert_eq!(counts, expected, "{dtype:?}, {num_thresholds} thresholds");
    }
}

#[test]
fn halves_have_the_engines_counts() {
    use metrics_core::backend::Backend;
    let mut random = Random(22);
    let lengths: &[usize] = if is_long() { &[1, 1000, 8193, 100_000] } else { &[1, 20_000] };
    for dtype in [DType::F16, DType::Bf16] {
        for scores in [Scores::Uniform, Scores::Signed, Scores::Any] {
            for &n in lengths {
                let case = Case::new([dtype, DType::Bool], [1, n], scores, &mut random);
                let given = crate::rank_sums(&Simulated::new(5), &case.batch()).unwrap();
                let expected = Host.rank_sums(&case.on_host()).unwrap();
                let numbers = crate::simulated::numbers;
                assert_eq!(numbers(&given), numbers(&expected), "{}", case.name());
            }
        }
    }
}
