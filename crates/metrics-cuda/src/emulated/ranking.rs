//! Areas, curves and states of the kernels, `==` those of the CPU engine.

use metrics_core::backend::{Backend, StateMut};
use metrics_core::{BinaryAuprc, DType, Host, RankState};

use super::samples::{Case, DTYPES, SCORES, Scores};
use super::{curves, sizes};
use crate::arithmetic::Random;
use crate::pending_samples::PendingSamples;
use crate::simulated::{Simulated, numbers};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    Values,
    /// What a metric keeps on the device too.
    AndStates,
}

fn check(case: &Case, compared: Compared) {
    let device = Simulated::new(5);
    let name = case.name();
    let sums = Host.rank_sums(&case.on_host()).unwrap();
    let given = crate::rank_sums(&device, &case.batch()).unwrap();
    assert_eq!(numbers(&given), numbers(&sums), "sums of {name}");
    let expected = curves(Host.ranked_counts(&case.on_host()));
    assert_eq!(curves(crate::ranked_counts(&device, &case.batch())), expected, "counts of {name}");
    if compared == Compared::AndStates {
        check_states(case, &device);
    }
}

/// Two updates, a read, another update, and everything moved to the state.
fn check_states(case: &Case, device: &Simulated) {
    let no_samples = || BinaryAuprc::<Host>::new().tasks(case.shape[0]).unwrap().state().unwrap();
    let (mut state, mut expected): (RankState, RankState) = (no_samples(), no_samples());
    let mut pending = PendingSamples::default();
    let mut update = |pending: &mut PendingSamples<_>, state: &mut RankState| {
        pending.update(device, &case.batch(), state).unwrap();
        StateMut::Rank(&mut expected).update(&case.on_host()).unwrap();
        expected.clone()
    };
    let mut after = no_samples();
    for n_updates in [2, 1] {
        for _ in 0..n_updates {
            after = update(&mut pending, &mut state);
        }
        let sums = pending.rank_sums(&mut state).unwrap();
        let sums = sums.unwrap_or_else(|| state.rank_sums().unwrap());
        assert_eq!(
            numbers(&sums),
            numbers(&after.rank_sums().unwrap()),
            "state of {}",
            case.name()
        );
    }
    pending.flush(&mut state).unwrap();
    assert!(state == after, "state of {}", case.name());
}

/// Whether a case is run, of all that are numbered so: in CI an eighth of them, in the long form all but the large ones, of
/// which a quarter.
fn is_chosen(is_large: bool, number: usize) -> bool {
    match (super::is_long(), is_large) {
        (false, _) => number.is_multiple_of(8),
        (true, true) => number.is_multiple_of(4),
        (true, false) => true,
    }
}

#[test]
fn one_task_has_the_engines_bits() {
    let mut random = Random(11);
    // The borders of a tile are at 4,096, those of its parts at 16.
    let lengths =
        sizes(&[1, 257, 4096, 4097], &[2, 3, 15, 16, 17, 31, 33, 255, 256, 4095, 8193, 20_000]);
    for (at, n) in lengths.into_iter().enumerate() {
        for (i, dtype) in DTYPES.into_iter().enumerate() {
            for (j, scores) in SCORES.into_iter().enumerate() {
                if !is_chosen(n > 300 && j > 0, i + j + at) {
                    continue;
                }
                let targets = DTYPES[random.below(13) as usize];
                let case = Case::new([dtype, targets], [1, n], scores, &mut random);
                check(&case, Compared::AndStates);
            }
        }
    }
}

#[test]
fn tasks_have_the_engines_bits() {
    let mut random = Random(12);
    let shapes = sizes(
        &[[2, 1], [257, 1], [33, 127], [3, 2048], [4097, 1]],
        &[
            [2, 3],
            [300, 17],
            [100, 100],
            [4, 1024],
            [2, 4095],
            [3, 4096],
            [4096, 3],
            [5, 4097],
            [20_000, 2],
            [7, 10_000],
        ],
    );
    let dtypes =
        [DType::F32, DType::F64, DType::F16, DType::Bf16, DType::I64, DType::U8, DType::I32];
    let kinds = [Scores::Uniform, Scores::Signed, Scores::Few, Scores::Any];
    for (at, shape) in shapes.into_iter().enumerate() {
        for (i, dtype) in dtypes.into_iter().enumerate() {
            for (j, scores) in kinds.into_iter().enumerate() {
                let n = shape[0] * shape[1];
                if !is_chosen(n > 9000, i + j + at) {
                    continue;
                }
                let case = Case::new([dtype, DType::U8], shape, scores, &mut random);
                let compared = if n < 9000 { Compared::AndStates } else { Compared::Values };
                check(&case, compared);
            }
        }
    }
}

#[test]
fn many_tasks_have_the_engines_bits() {
    let mut random = Random(13);
    for shape in sizes(&[[20_000, 1]], &[[100_000, 1], [100_000, 10]]) {
        let case = Case::new([DType::F32, DType::U8], shape, Scores::Uniform, &mut random);
        check(&case, Compared::Values);
    }
}

/// The range of the keys is read first.
#[test]
fn more_samples_than_go_unscanned_have_the_engines_bits() {
    let mut random = Random(14);
    for (i, dtype) in DTYPES.into_iter().enumerate() {
        for n_tasks in sizes(&[1 + i % 2], &[3]) {
            let shape = [n_tasks, crate::rank::MAX_UNSCANNED / n_tasks + 1];
            let case = Case::new([dtype, DType::U8], shape, SCORES[i % 8], &mut random);
            check(&case, Compared::Values);
        }
    }
}

#[test]
fn millions_of_samples_have_the_engines_bits() {
    let mut random = Random(16);
    let cases = sizes(
        &[(DType::F32, 100_000, Scores::Uniform)],
        &[
            (DType::F32, (1 << 20) + 1, Scores::Uniform),
            (DType::F32, 1 << 20, Scores::Signed),
            (DType::F32, 1_200_000, Scores::Few),
            (DType::F32, (1 << 20) + 5, Scores::Constant),
            (DType::Bf16, 3_000_000, Scores::Uniform),
            (DType::F16, 2_000_001, Scores::Signed),
            (DType::F64, (1 << 20) + 4097, Scores::Signed),
            (DType::I64, 1 << 20, Scores::Any),
            (DType::F32, 3_300_000, Scores::Uniform),
        ],
    );
    for (dtype, n, scores) in cases {
        let case = Case::new([dtype, DType::U8], [1, n], scores, &mut random);
        check(&case, Compared::Values);
    }
}

/// Larger than a tile of the sort: several passes, over 32-bit words, 64-bit words, and distances with marks.
#[test]
fn every_way_to_sort_has_the_engines_bits() {
    let mut random = Random(15);
    let n = if super::is_long() { 200_000 } else { 20_000 };
    for (dtype, scores) in [
        (DType::F32, Scores::Uniform),
        (DType::F32, Scores::Any),
        (DType::F64, Scores::Any),
        (DType::I64, Scores::Any),
    ] {
        for n_tasks in [1, 4] {
            let case = Case::new([dtype, DType::F32], [n_tasks, n / n_tasks], scores, &mut random);
            check(&case, Compared::Values);
        }
    }
}
