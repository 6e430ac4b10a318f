//! Bytes to state and back.

use metrics_core::{PrecisionRecall, Roc};
use tensor_metrics::slice::{Auc, BinaryAuprc};
use tensor_metrics::{AucState, Curve, RankState};

use crate::examples::{auc_state, auc_states, rank_state, rank_states};
use crate::given::{given, row};

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
        assert_eq!(read.rank_sums().unwrap(), state.clone().rank_sums().unwrap(), "{name}");
    }
}

/// What the bytes are read into is what the metric was, down to each point of its curves.
#[test]
fn curves_survive_bytes() {
    for (name, state) in rank_states().into_iter().filter(|(_, state)| !state.is_empty()) {
        let mut metric = BinaryAuprc::new().tasks(state.n_tasks()).unwrap();
        metric.load_state(&state).unwrap();
        let mut read = BinaryAuprc::new().tasks(state.n_tasks()).unwrap();
        read.load_state(&RankState::from_bytes(&state.to_bytes()).unwrap()).unwrap();
        for task in 0..state.n_tasks() {
            let curve = metric.read_task(&Roc, task).unwrap();
            assert_eq!(read.read_task(&Roc, task).unwrap(), curve, "{name}, task {task}");
            let curve = metric.read_task(&PrecisionRecall, task).unwrap();
            assert_eq!(
                read.read_task(&PrecisionRecall, task).unwrap(),
                curve,
                "{name}, task {task}"
            );
        }
    }
}

/// In the order of the samples each small weight is rounded away; in the order of the state their sum
/// is not, and is above what samples may weigh.
#[test]
fn weights_just_below_the_limit_survive_their_bytes() {
    let (limit, unit) = (1.7e308, 1.7e308f64.next_up() - 1.7e308);
    let weights = [vec![limit - 2.0 * unit], vec![unit / 4.0; 12]].concat();
    let batch = given(row(&[0.5f32; 13]), row(&[1; 13])).weighted(row(&weights));
    let state = rank_state(std::slice::from_ref(&batch));
    let read = RankState::from_bytes(&state.to_bytes()).unwrap();
    let mut metric = BinaryAuprc::new();
    metric.load_state(&read).unwrap();
    assert_eq!(metric.compute().unwrap(), 1.0);
    assert_eq!(metric.state().unwrap(), state);
    let state = auc_state(Curve::Pr, 10, &[batch]);
    let mut auc = Auc::new(Curve::Pr, 10).unwrap();
    auc.load_state(&AucState::from_bytes(&state.to_bytes()).unwrap()).unwrap();
    assert_eq!(auc.compute().unwrap(), 1.0);
    assert_eq!(auc.state().unwrap(), state);
}

/// The largest that a sum's low half may be: rounded to even, both together are the high half.
#[test]
fn sums_that_end_in_half_a_unit_survive_their_bytes() {
    for last in [2f64.powi(-53), 2f64.powi(-54)] {
        let batch = given(row(&[0.5f64; 3]), row(&[1; 3])).weighted(row(&[0.75, 0.25, last]));
        let state = auc_state(Curve::Roc, 10, &[batch]);
        let read = AucState::from_bytes(&state.to_bytes()).unwrap();
        assert_eq!(read.to_bytes(), state.to_bytes());
        assert_eq!(read, state);
    }
}

#[test]
fn states_of_other_samples_differ() {
    let of = |scores: &[f64], targets: &[u8]| rank_state(&[given(row(scores), row(targets))]);
    let state = of(&[0.5, 0.25], &[1, 0]);
    assert_eq!(state, of(&[0.25, 0.5], &[0, 1]));
    for other in [of(&[0.5, 0.25], &[0, 1]), of(&[0.5, 0.5], &[1, 0]), of(&[0.5], &[1])] {
        assert_ne!(state, other);
    }
    let mut of_two = BinaryAuprc::new().tasks(2).unwrap();
    let mut of_one = BinaryAuprc::new();
    assert_ne!(of_two.state().unwrap(), of_one.state().unwrap(), "neither has samples");
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
