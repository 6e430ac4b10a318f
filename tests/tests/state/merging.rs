//! Merges of many states, of states that hold samples in different forms, and of a state with itself.

use half::{bf16, f16};
use metrics_conformance::random::{Random, seed};
use metrics_core::{Roc, Sums};
use tensor_metrics::slice::BinaryAuprc;
use tensor_metrics::{Host, RankState};

use crate::examples::{rank_state, rank_state_of_tasks};
use crate::given::{Given, given, row, tensor};

/// A metric that has loaded the bytes of a state.
fn loaded(bytes: &[u8]) -> BinaryAuprc {
    let state = RankState::from_bytes(bytes).unwrap();
    let mut auprc = BinaryAuprc::new().tasks(state.n_tasks()).unwrap();
    auprc.load_state(&state).unwrap();
    auprc
}

fn weighted(batch: Given, weights: &Option<Vec<f64>>) -> Given {
    match weights {
        Some(weights) => batch.weighted(row(weights)),
        None => batch,
    }
}

/// Scores of three types, all of them, widened, in one batch each: counted, of whole and of fractional
/// weight.
#[test]
fn many_loaded_states_are_the_whole() {
    for n_scores in [5, 300, 20_000] {
        let mut random = Random::new(seed() ^ n_scores as u64);
        let mut merged = BinaryAuprc::new();
        let mut expected = Vec::new();
        for round in 0..700 {
            let n = 1 + random.below(20);
            let scores: Vec<f64> =
                (0..n).map(|_| random.below(n_scores) as f64 / 8.0 - 4.0).collect();
            let targets: Vec<u8> = (0..n).map(|_| random.below(2) as u8).collect();
            let weights: Option<Vec<f64>> = (random.below(5) == 0)
                .then(|| (0..n).map(|_| random.pick(&[0.0, 1.0, 2.0, 300.0, 0.3])).collect());
            let (batch, widened): (_, Vec<f64>) =
                match random.below(if round < 350 { 2 } else { 4 }) {
                    0 => {
                        let scores: Vec<f16> = scores.iter().map(|&x| f16::from_f64(x)).collect();
                        (row(&scores), scores.iter().map(|x| x.to_f64()).collect())
                    }
                    1 => {
                        let scores: Vec<bf16> = scores.iter().map(|&x| bf16::from_f64(x)).collect();
                        (row(&scores), scores.iter().map(|x| x.to_f64()).collect())
                    }
                    2 => {
                        let scores: Vec<f32> = scores.iter().map(|&x| x as f32).collect();
                        (row(&scores), scores.iter().map(|&x| x.into()).collect())
                    }
                    _ => (row(&scores), scores.clone()),
                };
            let state = rank_state(&[weighted(given(batch, row(&targets)), &weights)]);
            merged.merge(&loaded(&state.to_bytes())).unwrap();
            expected.push(weighted(given(row(&widened), row(&targets)), &weights));
            match random.below(100) {
                0 => drop(merged.compute()),
                1 => drop(merged.state().unwrap()),
                2 => merged = loaded(&merged.state().unwrap().to_bytes()),
                _ => {}
            }
        }
        let mut expected = rank_state(&expected);
        let state = merged.state().unwrap();
        assert_eq!(state.to_bytes(), expected.to_bytes(), "{n_scores} scores, seed {}", seed());
        assert_eq!(
            merged.read_tasks(&Sums).unwrap(),
            expected.rank_sums().unwrap(),
            "{n_scores} scores"
        );
        let mut expected_metric = BinaryAuprc::new();
        expected_metric.load_state(&expected).unwrap();
        assert_eq!(merged.read_task(&Roc, 0).unwrap(), expected_metric.read_task(&Roc, 0).unwrap());
    }
}

#[test]
fn a_metric_merged_with_its_clone_has_each_sample_twice() {
    let (scores, targets) = ([0.5f32, 0.25, 0.5, 0.75, 0.1], [1, 0, 0, 1, 0]);
    for is_loaded in [false, true] {
        let mut auprc = BinaryAuprc::new();
        auprc.update(&scores, &targets).unwrap();
        if is_loaded {
            auprc = loaded(&auprc.state().unwrap().to_bytes());
        }
        for doublings in 1..=12 {
            auprc.merge(&auprc.clone()).unwrap();
            let expected = rank_state(&vec![given(row(&scores), row(&targets)); 1 << doublings]);
            assert!(auprc.state().unwrap() == expected, "{doublings}, {is_loaded}");
            assert_eq!(auprc.read_tasks(&Sums).unwrap(), expected.clone().rank_sums().unwrap());
        }
    }
}

/// Every form in which a metric may hold samples, with every other.
#[test]
fn what_form_samples_are_held_in_does_not_matter() {
    let mut random = Random::new(seed());
    let mut batch = |n: usize| {
        let scores: Vec<f32> = (0..n).map(|_| random.below(40) as f32).collect();
        let targets: Vec<u8> = (0..n).map(|_| random.below(2) as u8).collect();
        given(row(&scores), row(&targets))
    };
    let (a, b, few) = (batch(100), batch(50), batch(2));
    let fractions = batch(9).weighted(row(&[0.5; 9]));
    let fed = |batches: &[&Given]| {
        let mut auprc = BinaryAuprc::new();
        batches.iter().for_each(|batch| batch.update(&Host, &mut auprc).unwrap());
        auprc
    };
    let bytes = |batches: &[&Given]| fed(batches).state().unwrap().to_bytes();
    let forms: Vec<(&str, BinaryAuprc, Vec<&Given>)> = vec![
        ("nothing", BinaryAuprc::new(), vec![]),
        ("nothing, loaded", loaded(&bytes(&[])), vec![]),
        ("raw", fed(&[&a]), vec![&a]),
        ("few, loaded", loaded(&bytes(&[&few])), vec![&few]),
        ("loaded", loaded(&bytes(&[&b])), vec![&b]),
        ("weighted, loaded", loaded(&bytes(&[&fractions])), vec![&fractions]),
        (
            "loaded, then fed",
            {
                let mut auprc = loaded(&bytes(&[&a, &fractions]));
                b.update(&Host, &mut auprc).unwrap();
                auprc
            },
            vec![&a, &fractions, &b],
        ),
        (
            "merged, not read",
            {
                let mut auprc = loaded(&bytes(&[&a, &b]));
                (0..3).for_each(|_| auprc.merge(&loaded(&bytes(&[&few]))).unwrap());
                auprc
            },
            vec![&a, &b, &few, &few, &few],
        ),
    ];
    for (first, ours, our_batches) in &forms {
        for (second, theirs, their_batches) in &forms {
            let mut merged = ours.clone();
            merged.merge(theirs).unwrap();
            let batches: Vec<Given> =
                our_batches.iter().chain(their_batches).map(|&batch| batch.clone()).collect();
            let expected = rank_state(&batches);
            let value = merged.read_tasks(&Sums).ok();
            assert_eq!(value.is_none(), expected.is_empty(), "{first}; {second}");
            if let Some(areas) = value {
                assert_eq!(areas, expected.clone().rank_sums().unwrap(), "{first}; {second}");
            }
            assert_eq!(
                merged.state().unwrap().to_bytes(),
                expected.to_bytes(),
                "{first}; {second}"
            );
            b.update(&Host, &mut merged).unwrap();
            let expected = rank_state(&[&batches[..], std::slice::from_ref(&b)].concat());
            assert!(merged.state().unwrap() == expected, "{first}; {second}; fed");
        }
    }
}

/// States of many tasks of which each has samples in a few.
#[test]
fn tasks_without_samples_merge_with_those_that_have_some() {
    let n_tasks = 300;
    let mut random = Random::new(seed());
    let batches: Vec<Given> = (0..40)
        .map(|_| {
            let scores: Vec<f32> = (0..n_tasks).map(|_| random.below(9) as f32).collect();
            let targets: Vec<u8> = (0..n_tasks).map(|_| random.below(2) as u8).collect();
            let weights: Vec<f64> =
                (0..n_tasks).map(|_| random.pick(&[0.0, 0.0, 0.0, 1.0, 2.5])).collect();
            let shape = [n_tasks, 1];
            given(tensor(&scores, &shape), tensor(&targets, &shape))
                .weighted(tensor(&weights, &shape))
        })
        .collect();
    let expected = rank_state_of_tasks(n_tasks, &batches);
    let mut merged = BinaryAuprc::new().tasks(n_tasks).unwrap();
    for batch in &batches {
        let state = rank_state_of_tasks(n_tasks, std::slice::from_ref(batch));
        merged.merge(&loaded(&state.to_bytes())).unwrap();
    }
    assert_eq!(merged.read_tasks(&Sums).unwrap(), expected.clone().rank_sums().unwrap());
    assert_eq!(merged.state().unwrap().to_bytes(), expected.to_bytes());
    for task in [0, 150, n_tasks - 1] {
        assert!(merged.read_task(&Roc, task).is_ok());
    }
    assert!(merged.read_task(&Roc, n_tasks).is_err());
}
