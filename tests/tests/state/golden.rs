//! States that earlier versions wrote: every later one loads them, and they say the same.
//! See `tests/data/states/README.md`.

use metrics_core::Roc;
use serde::Deserialize;
use tensor_metrics::slice::{Auc, BinaryAuprc, BinaryAuroc};
use tensor_metrics::{AucState, Curve, RankState};

const VERSION_1: &str = include_str!("../../data/states/v1/states.json");
const VERSION_2: &str = include_str!("../../data/states/v2/states.json");

#[derive(Debug, Deserialize)]
struct Golden {
    rank: Vec<Rank>,
    auc: Vec<Bucketed>,
}

#[derive(Debug, Deserialize)]
struct Rank {
    name: String,
    bytes: Vec<String>,
    to_the_bit: bool,
    n_tasks: usize,
    tasks: Vec<Task>,
}

/// What a task holds that holds something.
#[derive(Debug, Deserialize)]
struct Task {
    task: usize,
    score_type: String,
    n_positives: String,
    n_negatives: String,
    auprc: Option<String>,
    auroc: Option<String>,
    thresholds: Vec<String>,
    fpr: Vec<String>,
    tpr: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bucketed {
    name: String,
    bytes: Vec<String>,
    to_the_bit: bool,
    curve: String,
    num_thresholds: usize,
    auc: Option<String>,
    buckets: Vec<(usize, u64, u64)>,
}

fn version_1() -> Golden {
    serde_json::from_str(VERSION_1).unwrap()
}

fn version_2() -> Golden {
    serde_json::from_str(VERSION_2).unwrap()
}

fn bytes(lines: &[String]) -> Vec<u8> {
    let digits = lines.concat();
    assert!(digits.len().is_multiple_of(2) && digits.is_ascii());
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap())
        .collect()
}

/// How close values must be.
#[derive(Debug, Clone, Copy)]
struct Expected<'a> {
    name: &'a str,
    to_the_bit: bool,
}

impl Expected<'_> {
    #[track_caller]
    fn holds(self, value: f64, expected: &str) {
        let expected: f64 = expected.parse().unwrap();
        let is_near = (value - expected).abs() <= 1e-12 * expected.abs();
        let holds = value.to_bits() == expected.to_bits() || (!self.to_the_bit && is_near);
        assert!(holds, "{}: {value:?}, expected {expected:?}", self.name);
    }

    #[track_caller]
    fn hold(self, values: &[f64], expected: &[String]) {
        assert_eq!(values.len(), expected.len(), "{}: {values:?}", self.name);
        values.iter().zip(expected).for_each(|(&value, expected)| self.holds(value, expected));
    }

    #[track_caller]
    fn may_hold(self, value: Option<f64>, expected: Option<&String>) {
        assert_eq!(value.is_some(), expected.is_some(), "{}: {value:?}", self.name);
        value.zip(expected).into_iter().for_each(|(value, expected)| self.holds(value, expected));
    }
}

/// A metric that has loaded a state.
fn loaded(state: &RankState) -> BinaryAuprc {
    let mut metric = BinaryAuprc::new().tasks(state.n_tasks()).unwrap();
    metric.load_state(state).unwrap();
    metric
}

fn rank_states_keep_their_values(states: Vec<Rank>) {
    for golden in states {
        let state = RankState::from_bytes(&bytes(&golden.bytes)).unwrap();
        assert_eq!(state.n_tasks(), golden.n_tasks, "{}", golden.name);
        let expected = Expected { name: &golden.name, to_the_bit: golden.to_the_bit };
        let areas = state.clone().rank_sums().unwrap();
        let mut given = golden.tasks.iter().peekable();
        for (task, areas) in areas.iter().enumerate() {
            let Some(held) = given.next_if(|held| held.task == task) else {
                assert_eq!(state.score_kind(task), None, "{}, task {task}", golden.name);
                assert_eq!((areas.n_positives(), areas.n_negatives()), (0.0, 0.0));
                continue;
            };
            assert_eq!(state.score_kind(task).unwrap().name(), held.score_type, "{}", golden.name);
            expected.holds(areas.n_positives(), &held.n_positives);
            expected.holds(areas.n_negatives(), &held.n_negatives);
            expected.may_hold(areas.auprc(), held.auprc.as_ref());
            expected.may_hold(areas.auroc(), held.auroc.as_ref());
            let curve = loaded(&state).read_task(&Roc, task).unwrap();
            let to_the_bit = Expected { to_the_bit: true, ..expected };
            to_the_bit.hold(&curve.thresholds, &held.thresholds);
            expected.hold(&curve.fpr, &held.fpr);
            expected.hold(&curve.tpr, &held.tpr);
        }
        assert!(given.next().is_none(), "{}: a task more", golden.name);
    }
}

/// Written at once, after it was loaded, read and merged, and by the metric of another value.
fn rank_states_are_written_as_they_were(states: Vec<Rank>) {
    for golden in states {
        let bytes = bytes(&golden.bytes);
        let state = RankState::from_bytes(&bytes).unwrap();
        assert_eq!(state.to_bytes(), bytes, "{}", golden.name);
        let mut read = state.clone();
        read.rank_sums().unwrap();
        assert_eq!(read.to_bytes(), bytes, "{}, read", golden.name);
        assert_eq!(loaded(&state).state().unwrap().to_bytes(), bytes, "{}, loaded", golden.name);
        let mut merged = BinaryAuprc::new().tasks(state.n_tasks()).unwrap();
        merged.merge(&loaded(&state)).unwrap();
        assert_eq!(merged.state().unwrap().to_bytes(), bytes, "{}, merged", golden.name);
        let mut auroc = BinaryAuroc::new().tasks(state.n_tasks()).unwrap();
        auroc.load_state(&state).unwrap();
        assert_eq!(auroc.state().unwrap().to_bytes(), bytes, "{}, as AUROC", golden.name);
    }
}

fn auc_states_keep_their_values(states: Vec<Bucketed>) {
    for golden in states {
        let state = AucState::from_bytes(&bytes(&golden.bytes)).unwrap();
        assert_eq!(format!("{:?}", state.curve()), golden.curve, "{}", golden.name);
        assert_eq!(state.num_thresholds(), golden.num_thresholds, "{}", golden.name);
        let mut counts = vec![(0, 0); golden.num_thresholds + 1];
        golden
            .buckets
            .iter()
            .for_each(|&(i, positives, negatives)| counts[i] = (positives, negatives));
        let (positives, negatives): (Vec<u64>, Vec<u64>) = counts.into_iter().unzip();
        assert!(state.stat_pos() == positives, "{}", golden.name);
        assert!(state.stat_neg() == negatives, "{}", golden.name);
        let mut auc = Auc::new(state.curve(), state.num_thresholds()).unwrap();
        auc.load_state(&state).unwrap();
        let expected = Expected { name: &golden.name, to_the_bit: golden.to_the_bit };
        expected.may_hold(auc.compute().ok(), golden.auc.as_ref());
    }
}

fn auc_states_are_written_as_they_were(states: Vec<Bucketed>) {
    for golden in states {
        let bytes = bytes(&golden.bytes);
        let state = AucState::from_bytes(&bytes).unwrap();
        assert_eq!(state.to_bytes(), bytes, "{}", golden.name);
        let mut auc = Auc::new(state.curve(), state.num_thresholds()).unwrap();
        auc.load_state(&state).unwrap();
        assert_eq!(auc.state().unwrap().to_bytes(), bytes, "{}, loaded", golden.name);
        let mut merged = Auc::new(state.curve(), state.num_thresholds()).unwrap();
        merged.merge(&auc).unwrap();
        assert_eq!(merged.state().unwrap().to_bytes(), bytes, "{}, merged", golden.name);
    }
}

#[test]
fn rank_states_of_version_1_keep_their_values() {
    rank_states_keep_their_values(version_1().rank);
}

#[test]
fn rank_states_of_version_2_keep_their_values() {
    rank_states_keep_their_values(version_2().rank);
}

#[test]
fn rank_states_of_version_1_are_written_as_they_were() {
    rank_states_are_written_as_they_were(version_1().rank);
}

#[test]
fn rank_states_of_version_2_are_written_as_they_were() {
    rank_states_are_written_as_they_were(version_2().rank);
}

#[test]
fn auc_states_of_version_1_keep_their_values() {
    auc_states_keep_their_values(version_1().auc);
}

#[test]
fn auc_states_of_version_2_keep_their_values() {
    auc_states_keep_their_values(version_2().auc);
}

#[test]
fn auc_states_of_version_1_are_written_as_they_were() {
    auc_states_are_written_as_they_were(version_1().auc);
}

#[test]
fn auc_states_of_version_2_are_written_as_they_were() {
    auc_states_are_written_as_they_were(version_2().auc);
}

/// Counts that stand for weights, and whole weights that are not counted.
#[test]
fn version_2_has_a_state_of_every_sort() {
    let golden = version_2();
    for state in &golden.rank {
        assert_eq!(bytes(&state.bytes)[..6], *b"tmst\x02\x01", "{}", state.name);
    }
    for state in &golden.auc {
        assert_eq!(bytes(&state.bytes)[..6], *b"tmst\x02\x02", "{}", state.name);
    }
    assert_eq!((golden.rank.len(), golden.auc.len()), (5, 3));
}

/// What the file must have: nobody takes out what no longer loads.
#[test]
fn version_1_has_a_state_of_every_sort() {
    let golden = version_1();
    for state in &golden.rank {
        assert_eq!(bytes(&state.bytes)[..6], *b"tmst\x01\x01", "{}", state.name);
    }
    for state in &golden.auc {
        assert_eq!(bytes(&state.bytes)[..6], *b"tmst\x01\x02", "{}", state.name);
    }
    let tasks = || golden.rank.iter().flat_map(|state| &state.tasks);
    let types = ["f16", "bf16", "f32", "f64", "integer", "64-bit integer", "u64"];
    for name in types {
        assert!(tasks().any(|task| task.score_type == name), "{name}");
        let weighted = |state: &&Rank| !state.to_the_bit && state.tasks[0].score_type == name;
        assert!(golden.rank.iter().find(weighted).is_some(), "weighted {name}");
    }
    assert!(golden.rank.iter().any(|state| state.tasks.is_empty()), "no samples");
    assert!(golden.rank.iter().any(|state| !state.tasks.is_empty() && state.n_tasks > 100));
    assert!(tasks().any(|task| task.n_positives == "9007199254740992.0"), "a weight of 2^53");
    for curve in [Curve::Roc, Curve::Pr].map(|curve| format!("{curve:?}")) {
        for to_the_bit in [true, false] {
            let has = |state: &Bucketed| state.curve == curve && state.to_the_bit == to_the_bit;
            assert!(golden.auc.iter().any(has), "{curve}, {to_the_bit}");
        }
    }
    assert_eq!((golden.rank.len(), golden.auc.len()), (N_RANK, N_AUC));
}

/// States in the file.
const N_RANK: usize = 48;
const N_AUC: usize = 20;
