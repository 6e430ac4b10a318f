//! Invalid batches: what is said of them is what the CPU engine says.

use metrics_core::backend::Backend;
use metrics_core::{BucketCounts, DType, Error, Host};

use super::samples::{Case, DTYPES, Scores, is_float, values};
use super::{count_on_host, is_long, told};
use crate::arithmetic::Random;
use crate::pending_counts::PendingCounts;
use crate::simulated::Simulated;

const SHAPES: [[usize; 2]; 6] = [[1, 5], [1, 9000], [3, 2000], [1, 300], [200, 7], [2, 20_000]];

/// A case in which up to three scores are NaN and up to three targets are no labels.
fn invalid(dtype: DType, random: &mut Random) -> Case {
    let targets_type = DTYPES[random.below(13) as usize];
    let shape = SHAPES[random.below(if is_long() { 6 } else { 5 }) as usize];
    let n = shape[0] * shape[1];
    let kind = [Scores::Uniform, Scores::Signed, Scores::Extreme][random.below(3) as usize];
    let mut scores = values(dtype, n, kind, random);
    let mut targets: Vec<f64> = (0..n).map(|_| random.below(2) as f64).collect();
    let place = |random: &mut Random| random.below(n as u64) as usize;
    for _ in 0..random.below(4) {
        scores[place(random)] = [f64::NAN, -f64::NAN][random.below(2) as usize];
    }
    let bad = match targets_type {
        DType::Bool => [1.0; 4],
        other if is_float(other) => [0.5, f64::NAN, f64::INFINITY, -1.0],
        _ => [2.0; 4],
    };
    for _ in 0..random.below(4) {
        targets[place(random)] = bad[random.below(4) as usize];
    }
    Case::of([dtype, targets_type], shape, &scores, &targets)
}

#[test]
fn the_first_invalid_sample_is_named() {
    let mut random = Random(31);
    let device = Simulated::new(5);
    for round in 0..if is_long() { 300 } else { 32 } {
        let dtype = [DType::F32, DType::F64, DType::Bf16, DType::F16][round % 4];
        let case = invalid(dtype, &mut random);
        let name = case.name();
        let expected = told(Host.rank_sums(&case.on_host()));
        assert_eq!(told(crate::rank_sums(&device, &case.batch())), expected, "{name}");
        let expected = told(Host.ranked_counts(&case.on_host()));
        assert_eq!(told(crate::ranked_counts(&device, &case.batch())), expected, "{name}");
        if case.shape[0] > 1 {
            continue;
        }
        let mut counts = BucketCounts::new(100).unwrap();
        let mut expected = counts.clone();
        let mut pending = PendingCounts::default();
        pending.update(&device, &case.batch(), &mut counts).unwrap();
        let given = match pending.flush(&mut counts) {
            Err(Error::RejectedUpdates { source, .. }) => Err(*source),
            other => other,
        };
        assert_eq!(told(given), told(count_on_host(&case, &mut expected)), "{name}");
        assert_eq!(counts, expected, "an invalid batch is counted nowhere: {name}");
    }
}
