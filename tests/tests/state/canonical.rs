//! The byte form itself: its versions stay readable, and the same samples stay the same bytes.

use metrics_conformance::random::{Random, seed};
use rstest::rstest;
use tensor_metrics::{AucState, Curve, RankState};

use crate::examples::{auc_state, rank_state, rank_state_of_tasks};
use crate::given::{given, row, rows};

/// Two scores that are counted, one whose weight is not whole, and an empty task.
#[test]
fn the_bytes_of_a_rank_state_are_pinned() {
    let scores = rows(&[[0.5f32, 0.25, 0.5, 0.75], [0.0; 4]]);
    let targets = rows(&[[1, 0, 0, 1], [0; 4]]);
    let weights = rows(&[[1.0, 1.0, 300.0, 2.5], [0.0; 4]]);
    let state = rank_state_of_tasks(2, &[given(scores, targets).weighted(weights)]);
    #[rustfmt::skip]
    let expected = [
        b't', b'm', b's', b't', 1, 1, // magic, version, kind
        2, // tasks
        3, // f32
        2, // runs
        // 0.5: 0x4080_0000 below +inf: 5 bits, then a varint; one positive, 300 negatives
        0x82, 0x80, 0x80, 0x90, 0x10, 1, 0xac, 2,
        // 0.25: 0x0080_0000 below the one before, less one; a negative
        0xfc, 0xff, 0xff, 0x0f,
        1, // sample of a weight that is not whole
        // 0.75: 0x4040_0000 below +inf; a positive; 2.5
        0x80, 0x80, 0x80, 0x82, 0x04, 1, 0, 0, 0, 0, 0, 0, 4, 0x40,
        0, // the empty task
    ];
    assert_eq!(state.to_bytes(), expected);
    assert_eq!(RankState::from_bytes(&expected).unwrap(), state);
}

/// Counts that stand for weights, a large whole weight beside a count, and counts of samples.
#[test]
fn the_bytes_of_a_rank_state_of_version_2_are_pinned() {
    let scores = rows(&[[0.5f32, 0.5], [0.75, 0.75], [0.5, 0.5]]);
    let weights = rows(&[[1.0, 300.0], [1.0, 1_048_577.0], [1.0, 1.0]]);
    let state = rank_state_of_tasks(3, &[given(scores, rows(&[[1, 0]; 3])).weighted(weights)]);
    #[rustfmt::skip]
    let expected = [
        b't', b'm', b's', b't', 2, 1, // magic, version, kind
        3, // tasks
        0x83, 1, 0x82, 0x80, 0x80, 0x90, 0x10, 1, 0xac, 2, 0, // f32, marked; one run; no other weight
        0x83, 1, 0x81, 0x80, 0x80, 0x88, 0x10, // f32, marked; one run, of a positive
        1, 0x80, 0x80, 0x80, 0x82, 0x04, 0, 0, 0, 0, 0, 1, 0, 0x30, 0x41, // 1,048,577
        3, 1, 0x82, 0x80, 0x80, 0x90, 0x10, 1, 1, 0, // f32, as in version 1
    ];
    assert_eq!(state.to_bytes(), expected);
    assert_eq!(RankState::from_bytes(&expected).unwrap(), state);
}

#[test]
fn the_bytes_of_an_auc_state_of_version_2_are_pinned() {
    let batch = given(row(&[0.0, 0.5]), row(&[0, 1])).weighted(row(&[1.0, 300.0]));
    let state = auc_state(Curve::Pr, 10, &[batch]);
    let expected = [b't', b'm', b's', b't', 2, 2, 1, 10, 2, 2, 0, 1, 0, 4, 0, 0xac, 2];
    assert_eq!(state.to_bytes(), expected);
    assert_eq!(AucState::from_bytes(&expected).unwrap(), state);
}

#[test]
fn the_bytes_of_an_auc_state_are_pinned() {
    let batch = given(row(&[0.0, 0.5, 1.0]), row(&[0, 1, 1]));
    let weighted = batch.clone().weighted(row(&[0.0, 300.0, 2.5]));
    let state = auc_state(Curve::Pr, 1000, &[batch.clone(), weighted]);
    let none = [0; 32];
    // 2.5 as an f64, and what rounding lost: nothing; both for the positives.
    let positives_of_2_and_a_half = [[0; 16], [0, 0, 0, 0, 0, 0, 4, 0x40, 0, 0, 0, 0, 0, 0, 0, 0]];
    let parts: [&[u8]; 7] = [
        // Magic, version, kind; precision-recall; thresholds; there are such weights; buckets.
        &[b't', b'm', b's', b't', 1, 2, 1, 0xe8, 7, 1, 3],
        // The first: a negative, no positive.
        &[0, 1, 0],
        &none,
        // 499 buckets on: 301 positives.
        &[0xf3, 3, 0, 0xad, 2],
        &none,
        // The last: a positive, and positives of weight 2.5.
        &[0xf3, 3, 0, 1],
        positives_of_2_and_a_half.as_flattened(),
    ];
    let expected = parts.concat();
    assert_eq!(state.to_bytes(), expected);
    assert_eq!(AucState::from_bytes(&expected).unwrap(), state);
    let counted = auc_state(Curve::Roc, 1000, &[batch]);
    let expected =
        [b't', b'm', b's', b't', 1, 2, 0, 0xe8, 7, 0, 3, 0, 1, 0, 0xf3, 3, 0, 1, 0xf3, 3, 0, 1];
    assert_eq!(counted.to_bytes(), expected);
}

/// Distances between neighbours are short where scores are many.
#[rstest]
#[case::from_0_to_1(|random: &mut Random| random.unit() as f32)]
#[case::of_any_size(|random: &mut Random| f32::from_bits(random.bits() as u32 & !(1 << 30)))]
fn a_million_random_f32_scores_take_at_most_4_bytes_a_run(#[case] score: fn(&mut Random) -> f32) {
    let mut random = Random::new(seed());
    let scores: Vec<f32> = (0..1_000_000).map(|_| score(&mut random)).collect();
    let targets: Vec<u8> = scores.iter().map(|_| (random.bits() & 1) as u8).collect();
    let n_bytes = rank_state(&[given(row(&scores), row(&targets))]).to_bytes().len();
    let mut distinct: Vec<u32> = scores.iter().map(|score| score.to_bits()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let bytes_per_run = n_bytes as f64 / distinct.len() as f64;
    println!("{n_bytes} bytes, {} runs, {bytes_per_run:.3} bytes a run", distinct.len());
    assert!(bytes_per_run <= 4.0, "{bytes_per_run}");
}
