//! States that count what they hold once that is smaller: nobody may notice.

use half::{bf16, f16};
use metrics_conformance::random::{Random, seed};
use metrics_core::Sums;
use tensor_metrics::slice::{BinaryAuprc, binary_auprc, binary_auroc};
use tensor_metrics::{Element, Host, RankState};

use crate::examples::rank_state;
use crate::given::{Given, given, row};

/// Fewest raw samples that a state counts.
const MIN_COMPACTED: usize = 1 << 20;
/// Distinct scores that a 16-bit type may have.
const TINY: usize = 1 << 16;

/// A metric fed in batches of this size.
fn fed<T: Element>(scores: &[T], targets: &[u8], size: usize) -> BinaryAuprc {
    let mut auprc = BinaryAuprc::new();
    for (scores, targets) in scores.chunks(size).zip(targets.chunks(size)) {
        given(row(scores), row(targets)).update(&Host, &mut auprc).unwrap();
    }
    auprc
}

/// The state of the samples that the weights of a state stand for.
fn repeated(weighted: &RankState) -> RankState {
    let mut bytes = weighted.to_bytes();
    // Version 2 marks the score type of a task whose counts stand for weights.
    assert_eq!((bytes[4], bytes[6], bytes[7] & 0x80), (2, 1, 0x80));
    (bytes[4], bytes[7]) = (1, bytes[7] & 0x7f);
    RankState::from_bytes(&bytes).unwrap()
}

/// The same samples as two whole weights a score.
fn counted<T: Element>(scores: &[T], distinct: &[T], targets: &[u8]) -> RankState {
    let position = |score: &T| distinct.iter().position(|d| d == score).unwrap();
    let mut counts = vec![[0.0; 2]; distinct.len()];
    for (score, &target) in scores.iter().zip(targets) {
        counts[position(score)][usize::from(target)] += 1.0;
    }
    let batch = |target: u8| {
        let weights: Vec<f64> = counts.iter().map(|count| count[usize::from(target)]).collect();
        given(row(distinct), row(&vec![target; distinct.len()])).weighted(row(&weights))
    };
    repeated(&rank_state(&[batch(0), batch(1)]))
}

fn few_distinct<T: Element>(n_samples: usize, distinct: &[T]) {
    let mut random = Random::new(seed());
    let scores: Vec<T> = (0..n_samples).map(|_| random.pick(distinct)).collect();
    let targets: Vec<u8> = (0..n_samples).map(|_| random.below(2) as u8).collect();
    let expected = counted(&scores, distinct, &targets);
    for size in [n_samples, 100_003] {
        let mut auprc = fed(&scores, &targets, size);
        assert_eq!(auprc.state().unwrap(), expected, "batches of {size}");
        let areas = auprc.read_tasks(&Sums).unwrap()[0];
        assert_eq!(areas.auprc(), Some(binary_auprc(&scores, &targets).unwrap()));
        assert_eq!(areas.auroc(), Some(binary_auroc(&scores, &targets).unwrap()));
    }
}

#[test]
fn counting_few_distinct_f32_scores_changes_nothing() {
    few_distinct(MIN_COMPACTED + 300_007, &[0.1f32, 0.2, -0.5, 0.4, 7.0, f32::INFINITY]);
}

#[test]
fn counting_few_distinct_f64_scores_changes_nothing() {
    few_distinct(MIN_COMPACTED + 300_007, &[0.1f64, 0.2, -0.5, 1e300, f64::NEG_INFINITY]);
}

#[test]
fn counting_few_distinct_i64_scores_changes_nothing() {
    few_distinct(MIN_COMPACTED + 1, &[i64::MIN, -1, 0, i64::MAX]);
}

/// The samples that decide whether to count are the last ones: some few-valued, some not.
#[test]
fn counting_part_of_the_samples_changes_nothing() {
    let mut random = Random::new(seed());
    let n_samples = 2 * MIN_COMPACTED + 150_000;
    let scores: Vec<f32> = (0..n_samples)
        .map(|i| if i < MIN_COMPACTED { random.below(9) as f32 } else { random.unit() as f32 })
        .collect();
    let targets: Vec<u8> = (0..n_samples).map(|_| random.below(2) as u8).collect();
    let forwards = fed(&scores, &targets, 99_999).state().unwrap();
    let (mut scores, mut targets) = (scores, targets);
    scores.reverse();
    targets.reverse();
    assert_eq!(fed(&scores, &targets, 1 << 18).state().unwrap(), forwards);
    assert_eq!(rank_state(&[given(row(&scores), row(&targets))]), forwards);
}

/// Samples that count twice lie elsewhere than those that count once.
#[test]
fn counting_repeated_samples_changes_nothing() {
    let n_samples = MIN_COMPACTED + 5;
    let scores: Vec<f32> = (0..n_samples).map(|i| (i % 1000) as f32).collect();
    let targets: Vec<u8> = (0..n_samples).map(|i| u8::from(i % 3 == 0)).collect();
    let twice = given(row(&scores), row(&targets)).weighted(row(&vec![2u8; n_samples]));
    let once = given(row(&scores), row(&targets));
    let mut state = rank_state(&[twice]);
    let mut expected = rank_state(&[once.clone(), once]);
    assert_eq!(repeated(&state), expected);
    assert_eq!(state.rank_sums().unwrap(), expected.rank_sums().unwrap());
}

/// All scores of a 16-bit type, each in its turn.
fn halves(n_samples: usize) -> (Vec<f16>, Vec<u8>) {
    let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).filter(|x| !x.is_nan()).collect();
    let scores = (0..n_samples).map(|i| all[i * 7919 % all.len()]).collect();
    (scores, (0..n_samples).map(|i| u8::from(i % 5 < 2)).collect())
}

#[test]
fn counting_f16_scores_changes_nothing() {
    let (scores, targets) = halves(5 * TINY + 11);
    let mut auprc = fed(&scores, &targets, 10_007);
    assert_eq!(auprc.state().unwrap(), rank_state(&[given(row(&scores), row(&targets))]));
    let areas = auprc.read_tasks(&Sums).unwrap()[0];
    assert_eq!(areas.auprc(), Some(binary_auprc(&scores, &targets).unwrap()));
    assert_eq!(areas.auroc(), Some(binary_auroc(&scores, &targets).unwrap()));
    let wide: Vec<f32> = scores.iter().map(|x| x.to_f32()).collect();
    assert_eq!(areas.auprc(), Some(binary_auprc(&wide, &targets).unwrap()));
}

/// Ten times the samples, and the bytes grow only as far as the counters do.
#[test]
fn the_bytes_of_f16_scores_do_not_grow_with_the_samples() {
    let most = 6 * TINY;
    for n_samples in [2 * TINY, 20 * TINY] {
        let (scores, targets) = halves(n_samples);
        let n_bytes = fed(&scores, &targets, TINY).state().unwrap().to_bytes().len();
        assert!(n_bytes <= most, "{n_bytes} bytes for {n_samples} samples");
    }
}

#[test]
fn counted_f16_scores_can_be_widened() {
    let (scores, targets) = halves(2 * TINY);
    let brain = given(row(&[bf16::from_f32(1e30), bf16::from_f32(-0.3)]), row(&[1, 0]));
    let mut auprc = fed(&scores, &targets, TINY);
    brain.update(&Host, &mut auprc).unwrap();
    let wide: Vec<f32> = scores.iter().map(|x| x.to_f32()).collect();
    let brain_as_f32 = [bf16::from_f32(1e30), bf16::from_f32(-0.3)].map(bf16::to_f32);
    let expected: [Given; 2] =
        [given(row(&wide), row(&targets)), given(row(&brain_as_f32), row(&[1, 0]))];
    assert_eq!(auprc.state().unwrap(), rank_state(&expected));
}
