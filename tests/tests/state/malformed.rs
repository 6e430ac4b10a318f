//! Bytes from anywhere: an error, or the one state whose bytes they are.

use metrics_core::Roc;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use tensor_metrics::slice::{Auc, BinaryAuprc};
use tensor_metrics::{AucState, Host, RankState};

use crate::examples::{auc_states, rank_states};
use crate::given::{given, tensor};
use crate::writing::{HUGE, state, state_of_version, varint};

/// Longest valid state of which every byte is changed.
const LONGEST: usize = 200;

/// The bytes of a state.
struct Valid {
    name: String,
    bytes: Vec<u8>,
    /// Whether bytes are a state of the same kind.
    reads: fn(&[u8]) -> bool,
}

fn valid() -> Vec<Valid> {
    let rank = rank_states().into_iter().map(|(name, state)| Valid {
        name: format!("rank, {name}"),
        bytes: state.to_bytes(),
        reads: reads_as_rank,
    });
    let auc = auc_states().into_iter().map(|(name, state)| Valid {
        name: format!("auc, {name}"),
        bytes: state.to_bytes(),
        reads: reads_as_auc,
    });
    rank.chain(auc).collect()
}

/// Whether these bytes are a state; if they are, it must be usable, and these its bytes.
fn reads_as_rank(bytes: &[u8]) -> bool {
    let Ok(state) = RankState::from_bytes(bytes) else { return false };
    assert_eq!(state.to_bytes(), bytes, "not the form in which it is written");
    let n_tasks = state.n_tasks();
    let mut auprc = BinaryAuprc::new().tasks(n_tasks).unwrap();
    auprc.load_state(&state).unwrap();
    if !state.is_empty() {
        let values = auprc.compute_tasks().unwrap();
        assert!(values.iter().all(|value| (0.0..=1.0).contains(value)), "{values:?}");
        (0..n_tasks).for_each(|task| drop(auprc.read_task(&Roc, task).unwrap()));
    }
    // Merging with itself, and with wider scores, works or is refused.
    let _ = auprc.merge(&auprc.clone());
    let shape = [n_tasks, 1];
    let targets = tensor(&vec![1u8; n_tasks], &shape);
    for wider in [tensor(&vec![0.25f64; n_tasks], &shape), tensor(&vec![-3i64; n_tasks], &shape)] {
        let _ = given(wider, targets.clone()).update(&Host, &mut auprc);
    }
    let again = auprc.state().unwrap().to_bytes();
    assert_eq!(RankState::from_bytes(&again).unwrap().to_bytes(), again);
    true
}

fn reads_as_auc(bytes: &[u8]) -> bool {
    let Ok(state) = AucState::from_bytes(bytes) else { return false };
    assert_eq!(state.to_bytes(), bytes, "not the form in which it is written");
    // A metric of millions of buckets takes long to build, over and over.
    if state.num_thresholds() <= 1 << 16 {
        let mut auc = Auc::new(state.curve(), state.num_thresholds()).unwrap();
        auc.load_state(&state).unwrap();
        assert_eq!(auc.state().unwrap(), state);
        if let Ok(value) = auc.compute() {
            assert!((0.0..=1.0).contains(&value), "{value}");
        }
        let _ = auc.merge(&auc.clone());
    }
    true
}

#[test]
fn valid_states_are_read() {
    for Valid { name, bytes, reads } in valid() {
        assert!(reads(&bytes), "{name}");
    }
}

#[test]
fn every_truncation_is_refused() {
    for Valid { name, bytes, reads } in valid() {
        for n in 0..bytes.len() {
            assert!(!reads(&bytes[..n]), "{name}: the first {n} of {} bytes", bytes.len());
        }
    }
}

#[test]
fn every_byte_behind_the_end_is_refused() {
    for Valid { name, bytes, reads } in valid() {
        for byte in 0..=u8::MAX {
            assert!(!reads(&[&bytes[..], &[byte]].concat()), "{name}: {byte} behind the end");
        }
    }
}

/// Every byte in turn becomes every other.
#[test]
fn a_changed_byte_is_refused_or_makes_another_state() {
    for Valid { name, bytes, reads } in
        valid().into_iter().filter(|valid| valid.bytes.len() <= LONGEST)
    {
        let mut n_read = 0;
        for i in 0..bytes.len() {
            let mut changed = bytes.clone();
            for flip in 1..=u8::MAX {
                changed[i] = bytes[i] ^ flip;
                n_read += usize::from(reads(&changed));
            }
        }
        println!("{name}: {n_read} of {} changes make another state", 255 * bytes.len());
    }
}

#[test]
fn a_state_is_not_read_as_one_of_the_other_kind() {
    for Valid { name, bytes, .. } in valid() {
        let is_rank = RankState::from_bytes(&bytes).is_ok();
        assert_ne!(is_rank, AucState::from_bytes(&bytes).is_ok(), "{name}");
    }
}

/// Bytes that get far: small numbers, ends of ranges, parts of states.
fn likely_bytes() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        8 => (0u8..9).prop_map(|byte| vec![byte]),
        4 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => any::<u64>().prop_map(varint),
        1 => Just(varint(1 << 53)),
        1 => Just(HUGE.to_vec()),
        1 => any::<f64>().prop_map(|x| x.to_le_bytes().to_vec()),
        1 => Just(0.5f64.to_le_bytes().to_vec()),
    ];
    vec(part, 0..40).prop_map(|parts| parts.concat())
}

/// Valid bytes with a few places changed, cut out or doubled.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let valid: Vec<Vec<u8>> = valid().into_iter().map(|valid| valid.bytes).collect();
    let places = vec((any::<usize>(), likely_bytes(), 0usize..8), 1..4);
    (0..valid.len(), places).prop_map(move |(i, places)| {
        let mut bytes = valid[i].clone();
        for (place, instead, n) in places {
            let start = place % (bytes.len() + 1);
            let end = (start + n).min(bytes.len());
            bytes.splice(start..end, instead.into_iter().take(n));
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 20_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn random_bytes_behind_a_header_are_refused_or_a_state(bytes in likely_bytes()) {
        for version in [1, 2] {
            reads_as_rank(&state_of_version(version, 1, &[&bytes]));
            reads_as_auc(&state_of_version(version, 2, &[&bytes]));
        }
    }

    #[test]
    fn random_bytes_of_one_task_are_refused_or_a_state(kind in 1u8..8, bytes in likely_bytes()) {
        reads_as_rank(&state(1, &[&[1, kind], &bytes]));
        reads_as_rank(&state_of_version(2, 1, &[&[1, kind | 0x80], &bytes]));
    }

    #[test]
    fn random_bytes_of_buckets_are_refused_or_a_state(flag in 0u8..2, bytes in likely_bytes()) {
        reads_as_auc(&state(2, &[&[1, 100, flag], &bytes]));
        reads_as_auc(&state_of_version(2, 2, &[&[1, 100, 2], &bytes]));
    }

    #[test]
    fn damaged_states_are_refused_or_another_state(bytes in damaged()) {
        reads_as_rank(&bytes);
        reads_as_auc(&bytes);
    }
}
