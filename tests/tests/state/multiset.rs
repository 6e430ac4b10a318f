//! The same multiset of samples is the same bytes, however the samples came.

use half::{bf16, f16};
use metrics_conformance::random::{Random, seed};
use tensor_metrics::slice::BinaryAuroc;
use tensor_metrics::{Element, Host, HostTensor, RankState};

use crate::examples::rank_state;
use crate::given::{Given, given, row};

const N_ARRANGEMENTS: u64 = 40;

/// Weights of every sort; most samples count once.
const WEIGHTS: [f64; 12] =
    [1.0, 1.0, 1.0, 1.0, 0.0, 3.0, 1000.0, 1_048_577.0, 9e15, 0.5, 1.0 / 3.0, 1e-3];
/// Weights that are all counted.
const WHOLE_WEIGHTS: [f64; 6] = [1.0, 1.0, 0.0, 3.0, 1000.0, 1_048_576.0];

/// Samples of one score type, in one order.
struct Samples<T> {
    scores: Vec<T>,
    targets: Vec<u8>,
    weights: Vec<f64>,
}

impl<T: Element> Samples<T> {
    /// Scores with ties among them.
    fn new(random: &mut Random, score: impl Fn(f64) -> T) -> Self {
        let n_samples = 300;
        Self {
            scores: (0..n_samples).map(|_| score(random.below(40) as f64 - 20.0)).collect(),
            targets: (0..n_samples).map(|_| random.below(2) as u8).collect(),
            weights: (0..n_samples).map(|_| random.pick(&WEIGHTS)).collect(),
        }
    }

    fn whole(&self) -> Given {
        self.at(&(0..self.scores.len()).collect::<Vec<_>>()).weighted(row(&self.weights))
    }

    /// The samples in random order, cut into random batches.
    fn batches(&self, random: &mut Random) -> Vec<Given> {
        let order = random.permutation(self.scores.len());
        let (mut batches, mut rest) = (Vec::new(), &order[..]);
        while !rest.is_empty() {
            let (now, later) = rest.split_at(1 + random.below(rest.len().min(60)));
            let weights: Vec<f64> = now.iter().map(|&i| self.weights[i]).collect();
            let batch = self.at(now);
            // A batch without weights is one of ones.
            let is_unweighted = weights.iter().all(|&w| w == 1.0);
            batches.push(if is_unweighted { batch } else { batch.weighted(row(&weights)) });
            rest = later;
        }
        batches
    }

    fn at(&self, positions: &[usize]) -> Given {
        let scores: Vec<T> = positions.iter().map(|&i| self.scores[i]).collect();
        let targets: Vec<u8> = positions.iter().map(|&i| self.targets[i]).collect();
        given(row(&scores), row(&targets))
    }
}

/// Feeds batches in random order to a random number of metrics, some of which are saved and loaded
/// in between, and merges them in random order.
fn arranged(random: &mut Random, batches: &[Given]) -> RankState {
    let mut metrics = vec![BinaryAuroc::new(); 1 + random.below(6)];
    for i in random.permutation(batches.len()) {
        let metric = random.below(metrics.len());
        batches[i].update(&Host, &mut metrics[metric]).unwrap();
        if random.below(4) == 0 {
            let bytes = metrics[metric].state().unwrap().to_bytes();
            metrics[metric].load_state(&RankState::from_bytes(&bytes).unwrap()).unwrap();
        }
    }
    while metrics.len() > 1 {
        let other = metrics.swap_remove(random.below(metrics.len()));
        let metric = random.below(metrics.len());
        metrics[metric].merge(&other).unwrap();
    }
    metrics[0].state().unwrap()
}

/// Holds every arrangement of these samples to the bytes of `expected`.
fn arrangements_equal(expected: &RankState, batches: impl Fn(&mut Random) -> Vec<Given>) {
    for arrangement in 0..N_ARRANGEMENTS {
        let mut random = Random::new(seed() ^ arrangement);
        let batches = batches(&mut random);
        let mut state = arranged(&mut random, &batches);
        let what = format!("arrangement {arrangement}, CONFORMANCE_SEED={}", seed());
        assert_eq!(state.to_bytes(), expected.to_bytes(), "{what}");
        assert_eq!(state, *expected, "{what}");
        assert_eq!(state.rank_sums().unwrap(), expected.clone().rank_sums().unwrap(), "{what}");
    }
}

/// Whether counts stand for weights is remembered, whichever part of the samples says so.
#[test]
fn the_arrangement_of_whole_weights_does_not_matter() {
    let mut random = Random::new(seed());
    for weights in [&WHOLE_WEIGHTS[..], &[1.0, 2.0], &[1.0], &[1.0, 1_048_577.0]] {
        let mut samples = Samples::new(&mut random, |x| x as f32 / 3.0);
        samples.weights.iter_mut().for_each(|weight| *weight = random.pick(weights));
        let expected = rank_state(&[samples.whole()]);
        let version = if weights.len() > 1 { 2 } else { 1 };
        assert_eq!(expected.to_bytes()[4], version, "weights {weights:?}");
        arrangements_equal(&expected, |random| samples.batches(random));
    }
}

macro_rules! one_type {
    ($($name:ident $score:expr;)*) => {$(
        #[test]
        fn $name() {
            let samples = Samples::new(&mut Random::new(seed()), $score);
            let expected = rank_state(&[samples.whole()]);
            arrangements_equal(&expected, |random| samples.batches(random));
        }
    )*};
}

one_type! {
    the_arrangement_of_bool_samples_does_not_matter |x| x > 0.0;
    the_arrangement_of_i8_samples_does_not_matter |x| x as i8;
    the_arrangement_of_u16_samples_does_not_matter |x| (x + 20.0) as u16;
    the_arrangement_of_i64_samples_does_not_matter |x| x as i64 * i64::from(i32::MAX);
    the_arrangement_of_u64_samples_does_not_matter |x| u64::MAX - (x + 20.0) as u64;
    the_arrangement_of_f16_samples_does_not_matter f16::from_f64;
    the_arrangement_of_bf16_samples_does_not_matter bf16::from_f64;
    the_arrangement_of_f32_samples_does_not_matter |x| x as f32 / 3.0;
    the_arrangement_of_f64_samples_does_not_matter |x| x / 3.0;
}

/// Two types of scores that one type holds, and the same samples in that type.
fn mixed<A: Element, B: Element, J: Element>(
    score: impl Fn(f64) -> f64,
    first: impl Fn(f64) -> A,
    second: impl Fn(f64) -> B,
    joined_first: impl Fn(A) -> J,
    joined_second: impl Fn(B) -> J,
) {
    let mut random = Random::new(seed());
    let first = Samples::new(&mut random, |x| first(score(x)));
    let second = Samples::new(&mut random, |x| second(score(x)));
    let joined = Samples {
        scores: first
            .scores
            .iter()
            .map(|&x| joined_first(x))
            .chain(second.scores.iter().map(|&x| joined_second(x)))
            .collect(),
        targets: [first.targets.clone(), second.targets.clone()].concat(),
        weights: [first.weights.clone(), second.weights.clone()].concat(),
    };
    let expected = rank_state(&[joined.whole()]);
    arrangements_equal(&expected, |random| {
        [first.batches(random), second.batches(random)].concat()
    });
}

#[test]
fn f16_and_bf16_scores_are_f32_scores() {
    mixed(|x| x / 3.0, f16::from_f64, bf16::from_f64, f16::to_f32, bf16::to_f32);
}

#[test]
fn f16_and_f64_scores_are_f64_scores() {
    mixed(|x| x / 3.0, f16::from_f64, |x| x, f16::to_f64, |x| x);
}

#[test]
fn f32_and_f64_scores_are_f64_scores() {
    // Thirds: the two types hold different numbers, neighbours of each other.
    mixed(|x| x / 3.0, |x| x as f32, |x| x, f64::from, |x| x);
}

#[test]
fn i8_and_i64_scores_are_i64_scores() {
    mixed(|x| x, |x| x as i8, |x| x as i64, i64::from, |x| x);
}

#[test]
fn u8_and_i32_scores_are_i32_scores() {
    mixed(|x| x, |x| x.abs() as u8, |x| x as i32, i32::from, |x| x);
}

#[test]
fn i32_and_u32_scores_are_i64_scores() {
    mixed(|x| x, |x| x as i32, |x| x.abs() as u32, i64::from, i64::from);
}

/// Each joins two of the three before it meets the third.
#[test]
fn three_types_may_meet_in_any_order() {
    let mut random = Random::new(seed());
    let halves = Samples::new(&mut random, |x| f16::from_f64(x / 3.0));
    let brains = Samples::new(&mut random, |x| bf16::from_f64(x / 3.0));
    let doubles = Samples::new(&mut random, |x| x / 3.0);
    let as_f64 = |scores: Vec<f64>, like: Given| Given { scores: row(&scores), ..like };
    let expected = rank_state(&[
        as_f64(halves.scores.iter().map(|x| x.to_f64()).collect(), halves.whole()),
        as_f64(brains.scores.iter().map(|x| x.to_f64()).collect(), brains.whole()),
        doubles.whole(),
    ]);
    arrangements_equal(&expected, |random| {
        [halves.batches(random), brains.batches(random), doubles.batches(random)].concat()
    });
}

/// Zeros of both signs tie in every type.
#[test]
fn the_sign_of_zero_does_not_matter() {
    let zeros = |scores: HostTensor<'static>| rank_state(&[given(scores, row(&[0, 1]))]).to_bytes();
    assert_eq!(zeros(row(&[-0.0f32, 0.0])), zeros(row(&[0.0f32, -0.0])));
    assert_eq!(zeros(row(&[-0.0f32, -0.0])), zeros(row(&[0.0f32, 0.0])));
    assert_eq!(zeros(row(&[-0.0, -0.0])), zeros(row(&[0.0, 0.0])));
    let [minus, plus] = [f16::NEG_ZERO, f16::ZERO];
    assert_eq!(zeros(row(&[minus, minus])), zeros(row(&[plus, plus])));
    let [minus, plus] = [bf16::NEG_ZERO, bf16::ZERO];
    assert_eq!(zeros(row(&[minus, minus])), zeros(row(&[plus, plus])));
}
