//! States of every sort, by name.

use half::{bf16, f16};
use tensor_metrics::slice::{Auc, BinaryAuprc};
use tensor_metrics::{AucState, Curve, Host, HostTensor, RankState};

use crate::given::{Given, given, row, rows};

/// The state of a metric of one task that was fed these batches.
pub(crate) fn rank_state(batches: &[Given]) -> RankState {
    rank_state_of_tasks(1, batches)
}

pub(crate) fn rank_state_of_tasks(n_tasks: usize, batches: &[Given]) -> RankState {
    let mut auprc = BinaryAuprc::new().tasks(n_tasks).unwrap();
    batches.iter().for_each(|batch| batch.update(&Host, &mut auprc).unwrap());
    auprc.state().unwrap()
}

pub(crate) fn auc_state(curve: Curve, num_thresholds: usize, batches: &[Given]) -> AucState {
    let mut auc = Auc::new(curve, num_thresholds).unwrap();
    batches.iter().for_each(|batch| batch.update(&Host, &mut auc).unwrap());
    auc.state().unwrap()
}

/// Seven scores of a type, from the lowest to the highest there is.
fn ends(scores: HostTensor<'static>) -> Given {
    given(scores, row(&[0, 1, 1, 0, 1, 0, 1]))
}

/// Small rank states.
pub(crate) fn rank_states() -> Vec<(&'static str, RankState)> {
    let f16s = [-0.1f32, 0.0, 0.5, 1.0].map(f16::from_f32);
    let [a, b, c, d] = f16s;
    let f16s = row(&[f16::NEG_INFINITY, f16::MIN, a, b, c, d, f16::INFINITY]);
    let [a, b, c, d] = [-0.1f32, 0.0, 0.5, 1.0].map(bf16::from_f32);
    let bf16s = row(&[bf16::NEG_INFINITY, bf16::MIN, a, b, c, d, bf16::INFINITY]);
    let f32s = row(&[f32::NEG_INFINITY, f32::MIN, -1e-45, 0.0, 1e-45, f32::MAX, f32::INFINITY]);
    let f64s = row(&[f64::NEG_INFINITY, f64::MIN, -5e-324, -0.0, 5e-324, 1.0, f64::INFINITY]);
    let few = || given(row(&[0.5f32, 0.25, 0.5, 0.75]), row(&[1, 0, 0, 1]));
    let fractions = || few().weighted(row(&[0.5, 1e-300, 1e308, 1.0 / 3.0]));
    let whole = || few().weighted(row(&[0.0, 1.0, 300.0, 7.0]));
    let large = || few().weighted(row(&[0.0, 1.0, 300.0, 9e15]));
    let two_tasks = given(rows(&[[0.5f32, 0.25], [0.5, 0.75]]), rows(&[[0, 1], [1, 1]]));
    let one_of_two = two_tasks.clone().weighted(rows(&[[0.0, 0.0], [1.0, 2.5]]));
    vec![
        ("empty", rank_state(&[])),
        ("three empty tasks", rank_state_of_tasks(3, &[])),
        ("bool", rank_state(&[given(row(&[true, false, true]), row(&[1, 0, 0]))])),
        ("u8", rank_state(&[ends(row(&[0u8, 1, 2, 3, 127, 254, 255]))])),
        ("i8", rank_state(&[ends(row(&[i8::MIN, -3, -2, -1, 0, 1, i8::MAX]))])),
        ("u16", rank_state(&[ends(row(&[0, 1, 2, 3, 4, 5, u16::MAX]))])),
        ("i16", rank_state(&[ends(row(&[i16::MIN, -3, -2, -1, 0, 1, i16::MAX]))])),
        ("u32", rank_state(&[ends(row(&[0, 1, 2, 3, 4, 1 << 31, u32::MAX]))])),
        ("i32", rank_state(&[ends(row(&[i32::MIN, -3, -2, -1, 0, 1, i32::MAX]))])),
        ("u64", rank_state(&[ends(row(&[0, 1, 2, 3, 1 << 53, 1 << 63, u64::MAX]))])),
        ("i64", rank_state(&[ends(row(&[i64::MIN, -3, -2, -1, 0, 1 << 53, i64::MAX]))])),
        ("f16", rank_state(&[ends(f16s)])),
        ("bf16", rank_state(&[ends(bf16s)])),
        ("f32", rank_state(&[ends(f32s)])),
        ("f64", rank_state(&[ends(f64s)])),
        ("whole weights", rank_state(&[whole()])),
        ("fractional weights", rank_state(&[fractions()])),
        ("large whole weights", rank_state(&[large()])),
        ("no, whole and fractional weights", rank_state(&[few(), whole(), fractions()])),
        ("weights of every size", rank_state(&[few(), large(), fractions()])),
        ("two tasks", rank_state_of_tasks(2, &[two_tasks])),
        ("an empty task before one with samples", rank_state_of_tasks(2, &[one_of_two])),
        ("two hundred tasks", many_tasks(200)),
    ]
}

fn many_tasks(n_tasks: usize) -> RankState {
    let scores: Vec<[f32; 2]> = (0..n_tasks).map(|task| [task as f32, 0.5]).collect();
    rank_state_of_tasks(n_tasks, &[given(rows(&scores), rows(&vec![[0, 1]; n_tasks]))])
}

/// Small states of the bucketed area.
pub(crate) fn auc_states() -> Vec<(&'static str, AucState)> {
    let ends = || given(row(&[0.0, 1.0, 0.5, 0.49, 0.51]), row(&[0, 1, 0, 1, 1]));
    let whole = || ends().weighted(row(&[0.0, 1.0, 300.0, 7.0, 2.0]));
    let large = || ends().weighted(row(&[0.0, 1.0, 300.0, 9e15, 2.0]));
    let fractions = || ends().weighted(row(&[0.5, 1e-300, 1e300, 1.0 / 3.0, 0.0]));
    vec![
        ("empty", auc_state(Curve::Roc, 4095, &[])),
        ("one threshold", auc_state(Curve::Pr, 1, &[ends()])),
        ("most thresholds", auc_state(Curve::Roc, 1 << 24, &[ends()])),
        ("whole weights", auc_state(Curve::Pr, 200, &[whole()])),
        ("large whole weights", auc_state(Curve::Pr, 200, &[large()])),
        ("fractional weights", auc_state(Curve::Roc, 10, &[fractions()])),
        ("all", auc_state(Curve::Pr, 10, &[ends(), fractions(), large(), fractions()])),
    ]
}
