//! Counts near every power of two at which some type stops counting.

use metrics_conformance::check::close;
use metrics_conformance::rational::{Rational, exactly, nearest_f64, ratio, ulps};
use metrics_core::{Auc, Auprc, Auroc, BinaryAuprc, Readings, Sums};
use num_traits::{Signed, Zero};
use rstest::rstest;
use tensor_metrics::{AucState, Backend, Curve, Error, MAX_SAMPLES, RankState};

use crate::backends::on_every_backend;
use crate::given::{Given, given, row, upload};
use crate::writing::{run, state, varint};

/// A score, its positives and its negatives, from high to low.
type Groups = [(f32, u64, u64); 4];

#[rstest]
#[case::f32_stops_at_2_to_the_24(1 << 24)]
#[case::i32_stops_at_2_to_the_31(1 << 31)]
#[case::u32_stops_at_2_to_the_32(1 << 32)]
#[case::half_of_the_limit(1 << 50)]
fn counts_beyond_a_power_of_two_are_exact(#[case] n: u64) {
    on_every_backend!(exact([(1.0, n - 1, 3), (0.75, 0, n + 1), (0.5, n + 1, 0), (0.25, 1, n)]));
    on_every_backend!(exact([(1.0, 1, n), (0.75, n + 3, 1), (0.5, 1, 1), (0.25, n - 1, n - 3)]));
    on_every_backend!(exact([(1.0, 0, 1), (0.75, 1, n + 1), (0.5, 0, 0), (0.25, 0, n - 1)]));
}

/// 2^53 samples in all: as many as a task may hold.
#[test]
fn counts_up_to_the_limit_are_exact() {
    let half = MAX_SAMPLES / 2;
    let all_but_one = MAX_SAMPLES - 1;
    on_every_backend!(exact([(1.0, half - 1, 2), (0.75, 0, 1), (0.5, 1, half - 6), (0.25, 2, 1)]));
    on_every_backend!(exact([(1.0, 0, all_but_one), (0.75, 1, 0), (0.5, 0, 0), (0.25, 0, 0)]));
    on_every_backend!(exact([(1.0, 0, 1), (0.75, all_but_one, 0), (0.5, 0, 0), (0.25, 0, 0)]));
    on_every_backend!(exact([(1.0, half, half), (0.75, 0, 0), (0.5, 0, 0), (0.25, 0, 0)]));
}

/// The groups as a state of version 1: no other way to so many samples takes less than days.
fn rank_state(groups: Groups) -> RankState {
    let (mut runs, mut next, mut n_runs) = (Vec::new(), f32::INFINITY.to_bits(), 0);
    for (score, positives, negatives) in groups.into_iter().filter(|group| group.1 + group.2 > 0) {
        let tag = if positives + negatives == 1 { positives as u8 } else { 2 };
        runs.extend(run(tag, u64::from(next - score.to_bits())));
        if tag == 2 {
            runs.extend([varint(positives), varint(negatives)].concat());
        }
        (next, n_runs) = (score.to_bits() - 1, n_runs + 1);
    }
    let f32_scores = 3;
    RankState::from_bytes(&state(1, &[&[1, f32_scores, n_runs], &runs, &[0]])).unwrap()
}

/// The same as counts of four thresholds, so that each of the scores is a bucket.
fn auc_state(curve: Curve, groups: Groups) -> AucState {
    let buckets: Vec<Vec<u8>> = (1u64..)
        .zip(groups.into_iter().rev())
        .filter(|(_, group)| group.1 + group.2 > 0)
        .scan(0, |next, (bucket, (_, positives, negatives))| {
            let distance = bucket - *next;
            *next = bucket + 1;
            Some([varint(distance), varint(negatives), varint(positives)].concat())
        })
        .collect();
    let head = [u8::from(curve == Curve::Pr), 4, 0, buckets.len() as u8];
    AucState::from_bytes(&state(2, &[&head, &buckets.concat()])).unwrap()
}

/// The same as weights.
fn batch(groups: Groups) -> Given {
    let scores = groups.map(|(score, ..)| [score, score]);
    let weights = groups.map(|(_, positives, negatives)| [positives as f64, negatives as f64]);
    given(row(scores.as_flattened()), row([[1, 0]; 4].as_flattened()))
        .weighted(row(weights.as_flattened()))
}

fn exact<B: Backend>(_: &B, groups: Groups) {
    let [auprc, auroc, n_positives, n_negatives] = by_definition(groups);

    let mut metric = BinaryAuprc::<B>::new();
    metric.load_state(&rank_state(groups)).unwrap();
    let areas = metric.read_tasks(&Sums).unwrap()[0];
    assert_eq!(areas.n_positives(), nearest_f64(&n_positives));
    assert_eq!(areas.n_negatives(), nearest_f64(&n_negatives));
    assert_eq!(areas.auroc(), Some(nearest_f64(&auroc)));
    assert_near(areas.auprc().unwrap(), &auprc);
    let mut read = RankState::from_bytes(&metric.state().unwrap().to_bytes()).unwrap();
    assert_eq!(read.rank_sums().unwrap(), [areas]);

    for (curve, expected) in [(Curve::Roc, areas.auroc()), (Curve::Pr, areas.auprc())] {
        let mut auc = Auc::<B>::new(curve, 4).unwrap();
        auc.load_state(&auc_state(curve, groups)).unwrap();
        assert_eq!(auc.compute().ok(), expected);
        let (mut positives, mut negatives) = (vec![0; 5], vec![0; 5]);
        for (i, (_, n_positives, n_negatives)) in groups.into_iter().enumerate() {
            (positives[4 - i], negatives[4 - i]) = (n_positives, n_negatives);
        }
        let state = auc.state().unwrap();
        assert_eq!((state.stat_pos(), state.stat_neg()), (positives, negatives));
    }
}

/// Whole weights of any size are shares too, counted or not.
#[rstest]
#[case::counted(1 << 20)]
#[case::weighed((1 << 20) + 1)]
#[case::all_samples_there_can_be(1 << 53)]
fn whole_weights_are_close(#[case] n: u64) {
    on_every_backend!(weights_are_close([
        (1.0, n - 1, 3),
        (0.75, 0, n),
        (0.5, n, 0),
        (0.25, 1, n)
    ]));
    on_every_backend!(weights_are_close([(1.0, 0, n), (0.75, 1, 0), (0.5, 0, 0), (0.25, 0, 2)]));
}

fn weights_are_close<B: Backend>(backend: &B, groups: Groups) {
    let batch = batch(groups);
    let [auprc, auroc, ..] = by_definition(groups).map(Some);
    let (x, y) = (upload(backend, &batch.scores), upload(backend, &batch.targets));
    let weights = upload(backend, batch.weights.as_ref().unwrap());
    let value = Auprc.weights(&weights).read(&x, &y).unwrap();
    close(value, auprc.as_ref(), 0.0, &groups);
    let value = Auroc.weights(&weights).read(&x, &y).unwrap();
    close(value, auroc.as_ref(), 0.0, &groups);
    for (curve, expected) in [(Curve::Roc, &auroc), (Curve::Pr, &auprc)] {
        let mut auc = Auc::<B>::new(curve, 4).unwrap();
        batch.update(backend, &mut auc).unwrap();
        close(auc.compute().unwrap(), expected.as_ref(), 0.0, &groups);
    }
}

/// Within 2 units in the last place; below 2^-10, where the precisions are cut off at a larger
/// distance than that, within 2^-62.
#[track_caller]
fn assert_near(auprc: f64, exact: &Rational) {
    let is_near = if auprc < 2f64.powi(-10) {
        (exactly(auprc) - exact).abs() <= ratio(1, 1 << 62)
    } else {
        ulps(auprc, exact) <= 2.0
    };
    assert!(is_near, "{auprc} is {} units in the last place off", ulps(auprc, exact));
}

/// AUPRC, AUROC, positives, negatives.
fn by_definition(groups: Groups) -> [Rational; 4] {
    let [mut tp, mut fp, mut twice_right] = [0u128; 3];
    let n_positives: u128 = groups.iter().map(|group| u128::from(group.1)).sum();
    let n_negatives: u128 = groups.iter().map(|group| u128::from(group.2)).sum();
    let mut auprc = Rational::zero();
    for (_, positives, negatives) in groups {
        let (positives, negatives) = (u128::from(positives), u128::from(negatives));
        twice_right += negatives * (2 * tp + positives);
        (tp, fp) = (tp + positives, fp + negatives);
        if positives > 0 {
            auprc += ratio(positives, n_positives) * ratio(tp, tp + fp);
        }
    }
    let auroc = ratio(twice_right, 2 * n_positives * n_negatives);
    [auprc, auroc, ratio(n_positives, 1), ratio(n_negatives, 1)]
}

/// A sum in a type that has stopped counting would not move.
#[rstest]
#[case::f32(1 << 24)]
#[case::i32((1 << 31) - 1)]
#[case::u32((1 << 32) - 1)]
#[case::just_below_the_limit(MAX_SAMPLES - 4)]
fn single_samples_are_added_to_a_large_count(#[case] n: u64) {
    on_every_backend!(counts_on(n));
}

fn counts_on<B: Backend>(backend: &B, n: u64) {
    let many = [(1.0, 0, 0), (0.75, 0, 0), (0.5, n, 0), (0.25, 0, 0)];
    let one = given(row(&[0.5f32]), row(&[1]));
    let mut auprc = BinaryAuprc::<B>::new();
    let mut auc = Auc::<B>::new(Curve::Pr, 4).unwrap();
    auprc.load_state(&rank_state(many)).unwrap();
    auc.load_state(&auc_state(Curve::Pr, many)).unwrap();
    for i in 1..=4 {
        one.update(backend, &mut auprc).unwrap();
        one.update(backend, &mut auc).unwrap();
        assert_eq!(auprc.read_tasks(&Sums).unwrap()[0].n_positives(), (n + i) as f64);
        assert_eq!(auc.state().unwrap().stat_pos(), [0, 0, n + i, 0, 0]);
    }
    let refusals = [one.update(backend, &mut auprc), one.update(backend, &mut auc)];
    for refusal in refusals {
        match refusal {
            Ok(()) => assert!(n + 5 <= MAX_SAMPLES),
            Err(Error::TooManySamples { task, n_samples, max, .. }) => {
                assert_eq!((task, n_samples, max), (0, MAX_SAMPLES + 1, MAX_SAMPLES));
                assert_eq!(n + 5, MAX_SAMPLES + 1);
            }
            Err(other) => panic!("{other}"),
        }
    }
}
