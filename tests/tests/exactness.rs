//! More samples than an f32 can count, against exact arithmetic that shares nothing with the core.

use metrics_conformance::check::within_ulps;
use metrics_conformance::random::{Random, seed};
use metrics_conformance::rational::{Rational, nearest_f64, ratio, ulps};
use metrics_core::{RankedCounts, Sums};
use rstest::rstest;
use tensor_metrics::slice::{Auc, BinaryAuprc, binary_auprc, binary_auroc};
use tensor_metrics::{Curve, RankSums};

/// One more than twice the integers at which sums in f32 stop.
const N_SAMPLES: usize = (1 << 25) + 1;

struct Samples {
    scores: Vec<f32>,
    targets: Vec<u8>,
    /// Negatives and positives of each distinct score, from low to high.
    counts: Vec<[u64; 2]>,
}

/// Scores of both signs with ties among them; the higher the score, the more are positive.
fn samples(n_distinct: u64, share_of_positives: f64) -> Samples {
    let mut random = Random::new(seed());
    let mut counts = vec![[0; 2]; n_distinct as usize];
    let (mut scores, mut targets) = (Vec::new(), Vec::new());
    scores.reserve_exact(N_SAMPLES);
    targets.reserve_exact(N_SAMPLES);
    let slope = 2.0 * share_of_positives * (1.0 - share_of_positives) / n_distinct as f64;
    let least = share_of_positives * share_of_positives;
    for _ in 0..N_SAMPLES {
        let bits = random.bits();
        let bin = ((bits >> 32) * n_distinct) >> 32;
        let is_positive = f64::from(bits as u32) < (least + slope * bin as f64) * 2f64.powi(32);
        counts[bin as usize][usize::from(is_positive)] += 1;
        // Exact, and therefore strictly increasing: fewer than 2^24 distinct scores.
        scores.push((bin as f32 - (n_distinct / 3) as f32) / 1024.0);
        targets.push(u8::from(is_positive));
    }
    Samples { scores, targets, counts }
}

/// The exact AUROC, and bounds of the exact AUPRC less than 2^-100 apart.
struct Exact {
    auroc: Rational,
    auprc: [Rational; 2],
}

/// Works for up to 2^27 samples: `tp << 100` must fit 128 bits.
fn exact(counts: &[[u64; 2]]) -> Exact {
    let (mut tp, mut fp, mut twice_right, mut precisions) = (0u128, 0u128, 0u128, 0u128);
    for [negatives, positives] in counts.iter().rev().map(|count| count.map(u128::from)) {
        twice_right += negatives * (2 * tp + positives);
        (tp, fp) = (tp + positives, fp + negatives);
        if positives > 0 {
            precisions += positives * ((tp << 100) / (tp + fp));
        }
    }
    let share = |sum| ratio(sum, tp) / ratio(1 << 100, 1);
    Exact {
        auroc: ratio(twice_right, 2 * tp * fp),
        // Each positive lost less than one unit to the division.
        auprc: [share(precisions), share(precisions + tp)],
    }
}

fn in_pool<T: Send>(n_threads: usize, f: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(f)
}

fn streamed(samples: &Samples) -> RankSums {
    let mut metric = BinaryAuprc::new();
    let size = N_SAMPLES / 5;
    for (scores, targets) in samples.scores.chunks(size).zip(samples.targets.chunks(size)) {
        metric.update(scores, targets).unwrap();
    }
    metric.read_tasks(&Sums).unwrap()[0]
}

#[rstest]
#[case::half_positive(2_000_000, 0.5)]
#[case::most_positive(50_000, 0.9)]
#[case::few_positive(1 << 20, 0.001)]
fn areas_of_33_million_samples_are_exact(#[case] n_distinct: u64, #[case] share: f64) {
    let samples = samples(n_distinct, share);
    let exact = exact(&samples.counts);
    let (scores, targets) = (&samples.scores, &samples.targets);
    let auroc = in_pool(4, || binary_auroc(scores, targets)).unwrap();
    let auprc = in_pool(2, || binary_auprc(scores, targets)).unwrap();
    assert_eq!(auroc, nearest_f64(&exact.auroc), "AUROC is 0 units in the last place off");
    let errors = exact.auprc.map(|exact| ulps(auprc, &exact));
    println!("AUROC {auroc}; AUPRC {auprc}, {errors:?} units in the last place off");
    assert!(errors.iter().all(|&error| error <= 2.0), "{errors:?}");

    for n_threads in [1, 4] {
        let again = in_pool(n_threads, || binary_auprc(scores, targets)).unwrap();
        assert_eq!(again.to_bits(), auprc.to_bits(), "{n_threads} threads");
    }
    let areas = in_pool(1, || streamed(&samples));
    assert_eq!((areas.auprc(), areas.auroc()), (Some(auprc), Some(auroc)), "in batches");
    let [n_negatives, n_positives] =
        samples.counts.iter().fold([0, 0], |[n, p], count| [n + count[0], p + count[1]]);
    assert_eq!(areas.n_negatives(), n_negatives as f64);
    assert_eq!(areas.n_positives(), n_positives as f64);
}

/// Found by search: here the errors of two precisions, of their sum and of the result add up, and the
/// area is so small that they show.
#[test]
fn errors_of_a_small_auprc_of_counts_are_bounded() {
    let (tps, fps) = ([117, 117 + 64_342], [105, 105 + 12_341_720_271_309]);
    let counts = RankedCounts::new("test", 0, vec![2.0, 1.0], tps.to_vec(), fps.to_vec()).unwrap();
    let share = |i: usize, step: u128| {
        let (tp, fp) = (u128::from(tps[i]), u128::from(fps[i]));
        ratio(step, 117 + 64_342) * ratio(tp, tp + fp)
    };
    let exact = share(0, 117) + share(1, 64_342);
    within_ulps(counts.sums().auprc().unwrap(), Some(&exact), 0.0, &counts);
}

/// A sum of ones in f32 would stop at 2^24 and return 1.
#[test]
fn counts_of_one_tie_go_on_where_f32_stops() {
    let n_positives = (1 << 24) + 1;
    let n_samples = n_positives + 2;
    let scores = vec![0.5f32; n_samples];
    let mut targets = vec![1u8; n_samples];
    (targets[7], targets[n_samples - 1]) = (0, 0);
    let exact = ratio(n_positives as u128, n_samples as u128);
    let auprc = binary_auprc(&scores, &targets).unwrap();
    assert!(ulps(auprc, &exact) <= 2.0, "{auprc}");
    assert_eq!(binary_auroc(&scores, &targets).unwrap(), 0.5);

    let mut metric = BinaryAuprc::new();
    metric.update(&scores, &targets).unwrap();
    let areas = metric.read_tasks(&Sums).unwrap()[0];
    assert_eq!((areas.n_positives(), areas.n_negatives()), (n_positives as f64, 2.0));
    assert_eq!((areas.auprc(), areas.auroc()), (Some(auprc), Some(0.5)));

    let mut auc = Auc::new(Curve::Pr, 2).unwrap();
    auc.update(&scores, &targets).unwrap();
    assert_eq!(auc.compute().unwrap(), auprc);
    assert_eq!(auc.state().unwrap().stat_pos(), [0, n_positives as u64, 0]);
    assert_eq!(auc.state().unwrap().stat_neg(), [0, 2, 0]);
}
