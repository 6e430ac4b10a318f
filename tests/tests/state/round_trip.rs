//! Bytes to state and back.

use tensor_metrics::slice::{Auc, BinaryAuprc};
use tensor_metrics::{AucState, Metric, RankState};

use crate::examples::{auc_states, rank_states};

#[test]
fn rank_states_survive_their_bytes() {
    for (name, state) in rank_states() {
        let bytes = state.to_bytes();
        let mut read = RankState::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes, "{name}");
        assert_eq!(read, state, "{name}");
        assert_eq!(
            (read.n_tasks(), read.is_empty()),
            (state.n_tasks(), state.is_empty()),
            "{name}"
        );
        assert_eq!(read.areas(), state.clone().areas(), "{name}");
    }
}

/// What the bytes are read into is what the metric was, down to each point of its curves.
#[test]
fn curves_survive_bytes() {
    for (name, state) in rank_states().into_iter().filter(|(_, state)| !state.is_empty()) {
        let mut metric = BinaryAuprc::with_tasks(state.n_tasks()).unwrap();
        metric.load_state(&state).unwrap();
        let mut read = BinaryAuprc::with_tasks(state.n_tasks()).unwrap();
        read.load_state(&RankState::from_bytes(&state.to_bytes()).unwrap()).unwrap();
        for task in 0..state.n_tasks() {
            let curve = metric.roc_curve(task).unwrap();
            assert_eq!(read.roc_curve(task).unwrap(), curve, "{name}, task {task}");
            let curve = metric.precision_recall_curve(task).unwrap();
            assert_eq!(read.precision_recall_curve(task).unwrap(), curve, "{name}, task {task}");
        }
    }
}

#[test]
fn auc_states_survive_their_bytes() {
    for (name, state) in auc_states() {
        let bytes = state.to_bytes();
        let read = AucState::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes, "{name}");
        assert_eq!(read, state, "{name}");
        assert_eq!(read.name(), "auc");
        let shape = |state: &AucState| (state.curve(), state.num_thresholds());
        assert_eq!(shape(&read), shape(&state), "{name}");
        assert_eq!(read.stat_pos(), state.stat_pos(), "{name}");
        assert_eq!(read.stat_neg(), state.stat_neg(), "{name}");
    }
}

#[test]
fn areas_in_buckets_survive_bytes() {
    for (name, state) in auc_states().into_iter().skip(1) {
        let load = |state: &AucState| {
            let mut auc = Auc::new(state.curve(), state.num_thresholds()).unwrap();
            auc.load_state(state).unwrap();
            (auc.compute().unwrap().to_bits(), auc.bounds().unwrap(), auc.state().unwrap())
        };
        let read = AucState::from_bytes(&state.to_bytes()).unwrap();
        assert_eq!(load(&read), load(&state), "{name}");
        assert_eq!(load(&read).2, state, "{name}");
    }
}
