//! The engine compared with a plain sort, on scores of every shape, with and without AVX2.

use std::sync::atomic::{AtomicUsize, Ordering};

use half::{bf16, f16};

use super::bins::Probe;
use super::rank::{FEW, MANY, OfTask, counts, for_each_group, rank, sorted};
use super::read::InvalidSample;
use super::samples::{AnySamples, BLOCK, Samples, with_samples};
use super::sort::GIVEN_UP;
use super::sorted::Sorted;
use super::tie_scan::KeyGroup;
use super::word::Key;
use super::{rare, total};
use crate::arith::simd::without_avx2;
use crate::arith::sums::IntegerSums;
use crate::counts::sums::RankSums;
use crate::element::dtype::{Buffer, Element};
use crate::element::kind::ScoreKind;

/// Numbers in `[0, 1)`, the same on every machine.
pub(super) fn units(n: usize) -> impl Iterator<Item = f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    (0..n).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    })
}

/// A distribution of scores.
type Shape = (&'static str, fn(f64) -> f64);
/// An order of samples.
type Order = (&'static str, fn(&mut [f64]));

const SHAPES: [Shape; 13] = [
    ("uniform", |x| x),
    ("of both signs", |x| 1e3 * (x - 0.4)),
    ("over many powers of ten", |x| 10f64.powf(60.0 * x - 30.0)),
    ("over all powers of ten", |x| {
        (x - 0.5).signum() * 10f64.powf(600.0 * (x - 0.5).abs() - 300.0)
    }),
    ("with far outliers", |x| if x < 1e-3 { 1e30 * (x - 5e-4) } else { x }),
    ("crowded in one place", |x| if x < 0.9 { 0.5 + 1e-9 * x } else { x }),
    ("crowds within crowds", |x| 0.5 + 0.4 * (5.0 * x).fract() * 2f64.powi(-12 * (5.0 * x) as i32)),
    ("a hundred values", |x| (100.0 * x).floor()),
    ("crowded and few", |x| if x < 0.5 { (1e4 * x).floor() * 1e-12 } else { x }),
    ("all the same", |_| 0.25),
    ("two values", |x| f64::from(u8::from(x < 0.3))),
    ("subnormal", |x| x * 1e-310),
    ("with infinities", |x| {
        if x < 0.1 {
            f64::INFINITY
        } else if x < 0.2 {
            f64::NEG_INFINITY
        } else {
            x
        }
    }),
];

const ORDERS: [Order; 4] = [
    ("random", |_| ()),
    ("rising", |scores| scores.sort_by(f64::total_cmp)),
    ("falling", |scores| scores.sort_by(|a, b| b.total_cmp(a))),
    ("in rising pieces", |scores| {
        scores.chunks_mut(77).for_each(|piece| piece.sort_by(f64::total_cmp))
    }),
];

/// Sizes on both sides of the limits between the ways of ranking.
const SIZES: [usize; 13] = [1, 2, 7, 31, 33, 500, 1025, 8191, 8192, 8193, 20_000, 65_537, 200_000];

/// Shares of positives on both sides of the limit below which they are rare.
const PREVALENCES: [f64; 4] = [0.4, 0.02, 0.001, 0.0];

fn plain(scores: &[f64], labels: &[u8], key: impl Fn(f64) -> u64) -> Vec<KeyGroup> {
    let mut samples: Vec<_> = scores.iter().map(|&x| key(x)).zip(labels).collect();
    samples.sort_unstable_by(|a, b| b.cmp(a));
    let groups = samples.chunk_by(|a, b| a.0 == b.0);
    let groups = groups.map(|group| {
        let n_positives = group.iter().filter(|sample| *sample.1 == 1).count() as u64;
        KeyGroup { key: group[0].0, n_positives, n_negatives: group.len() as u64 - n_positives }
    });
    groups.collect()
}

/// The groups of all bins, each of which must know the lowest key above it.
fn groups_of<K: Key>(sorted: &Sorted<K>) -> Vec<KeyGroup> {
    let bins = sorted.map(|bin| {
        let mut groups = Vec::new();
        bin.for_each_group(|group| groups.push(group));
        (bin.above, groups)
    });
    let lowest = bins.iter().map(|(_, groups)| groups.last().map(|group| group.key));
    assert!(std::iter::once(None).chain(lowest).zip(&bins).all(|(above, bin)| above == bin.0));
    let groups: Vec<_> = bins.into_iter().flat_map(|(_, groups)| groups).collect();
    assert_eq!(groups.len(), sorted.n_groups());
    groups
}

fn thresholds(kind: ScoreKind, groups: &[KeyGroup]) -> Vec<f64> {
    groups.iter().map(|group| kind.threshold(group.key)).collect()
}

fn check(buffer: &Buffer<'_>, labels: &[u8], expected: &[KeyGroup], what: &str) {
    let targets = Buffer::U8(labels.into());
    let mut sums = IntegerSums::default();
    expected.iter().for_each(|run| sums.push(run.n_positives, run.n_negatives));
    with_samples!(AnySamples::new(buffer, &targets, 0..labels.len()), kind, samples => {
        let runs: Result<Vec<Vec<KeyGroup>>, _> = rank(samples, kind);
        assert!(runs.map(|runs| runs.concat()) == Ok(expected.into()), "groups of {what}");
        let mut each = Vec::new();
        let visited = for_each_group(samples, kind, |group| each.push(group));
        assert!(visited == Ok(sums) && each == expected, "groups, one by one, of {what}");
        let ranked = rank(samples, kind).map(|parts| RankSums::from(total(parts)));
        assert_eq!(ranked, Ok(sums.into()), "{what}");
        let groups = match sorted(samples, kind) {
            Ok(OfTask::Groups(groups)) => groups,
            Ok(OfTask::Sorted(sorted)) => groups_of(&sorted),
            Err(invalid) => panic!("{invalid:?}"),
        };
        assert!(groups == expected, "groups, sorted, of {what}");
        let lists = counts(samples, kind).unwrap_or_else(|error| panic!("{error:?}"));
        assert!(lists.thresholds.iter().eq(&thresholds(kind, expected)), "scores of {what}");
        let down_to = |count: fn(&KeyGroup) -> u64| {
            expected.iter().map(count).scan(0, |sum, n| {
                *sum += n;
                Some(*sum)
            })
        };
        assert!(lists.tps.iter().copied().eq(down_to(|group| group.n_positives)), "{what}");
        assert!(lists.fps.iter().copied().eq(down_to(|group| group.n_negatives)), "{what}");
    });
}

fn check_all<T: Element>(
    to: impl Fn(f64) -> T,
    key: impl Fn(T) -> u64,
    buffer: impl Fn(Vec<T>) -> Buffer<'static>,
) {
    for n in SIZES {
        for (shape, score) in SHAPES {
            for (order, arrange) in ORDERS {
                if n > 20_000 && order != "random" && shape != "uniform" {
                    continue;
                }
                let mut scores: Vec<f64> = units(n).map(score).collect();
                arrange(&mut scores);
                let buffer = buffer(scores.iter().map(|&x| to(x)).collect());
                for prevalence in PREVALENCES {
                    if n <= FEW && prevalence < 0.1 {
                        continue;
                    }
                    let is_positive = |x| u8::from(x < prevalence);
                    let labels: Vec<u8> = units(2 * n).skip(n).map(is_positive).collect();
                    let expected = plain(&scores, &labels, |x| key(to(x)));
                    let what = format!("{n} scores, {shape}, {order}, {prevalence} positive");
                    check(&buffer, &labels, &expected, &what);
                    let what = format!("{what}, portable");
                    without_avx2(|| check(&buffer, &labels, &expected, &what));
                }
            }
        }
    }
}

#[test]
fn ranks_f32() {
    check_all(|x| x as f32, |x| crate::element::kind::f32_key(x).into(), |x| Buffer::F32(x.into()));
}

#[test]
fn ranks_f64() {
    check_all(|x| x, crate::element::kind::f64_key, |x| Buffer::F64(x.into()));
}

#[test]
fn ranks_f16() {
    let key = |x: f16| u64::from(crate::element::kind::key16(x.to_bits()));
    check_all(f16::from_f64, key, |x| Buffer::F16(x.into()));
}

#[test]
fn ranks_bf16() {
    let key = |x: bf16| u64::from(crate::element::kind::key16(x.to_bits()));
    check_all(bf16::from_f64, key, |x| Buffer::Bf16(x.into()));
}

#[test]
fn ranks_i32() {
    check_all(
        |x| (x * 1e6) as i32,
        |x| crate::element::kind::i32_key(x).into(),
        |x| Buffer::I32(x.into()),
    );
}

#[test]
fn ranks_i64() {
    check_all(|x| (x * 1e15) as i64, crate::element::kind::i64_key, |x| Buffer::I64(x.into()));
}

#[test]
fn the_first_invalid_sample_is_found() {
    for n in SIZES.into_iter().filter(|&n| n > 2) {
        for positions in [vec![0], vec![n - 1], vec![n / 2], vec![n - 1, n / 2]] {
            let first = *positions.iter().min().unwrap();
            let mut scores: Vec<f32> = units(n).map(|x| x as f32).collect();
            let targets = Buffer::U8(vec![1; n].into());
            positions.iter().for_each(|&position| scores[position] = f32::NAN);
            let found = |scores: &[f32], targets: &Buffer<'_>| {
                let scores = Buffer::F32(scores.into());
                with_samples!(AnySamples::new(&scores, targets, 0..n), kind, samples => {
                    rank::<_, IntegerSums>(samples, kind).err()
                })
            };
            assert_eq!(
                found(&scores, &targets),
                Some(InvalidSample::Score(first)),
                "{n} {positions:?}"
            );
            let mut labels = vec![0; n];
            positions.iter().for_each(|&position| labels[position] = 7);
            let labels = Buffer::U8(labels.into());
            assert_eq!(found(&vec![0.5; n], &labels), Some(InvalidSample::Target(first)));
            scores[first] = 0.5;
            assert_eq!(
                found(&scores, &labels),
                Some(InvalidSample::Target(first)),
                "{n} {positions:?}"
            );
            let all_nan = vec![f32::NAN; n];
            assert_eq!(found(&all_nan, &targets), Some(InvalidSample::Score(0)));
        }
    }
}

/// Shapes that once made the engine slow: scores crowd in some bins of equal width.
const HOSTILE: [Shape; 12] = [
    ("near 1 by powers of two", |x| 1.0 + 2f64.powf(-52.0 * x)),
    ("near 1 by powers of two, on both sides", |x| 1.0 + (x - 0.5).signum() * 2f64.powf(-80.0 * x)),
    ("a crowd and a few far out", |x| if x < 2e-3 { 1e30 * (x - 1e-3) } else { 1.0 + 1e-7 * x }),
    ("a crowd within 2 ends", |x| if x < 1e-4 { -1.0 } else { 1.0 + 2.0 * (x - 1e-4).min(1e-6) }),
    ("crowds in crowds, 64 times narrower", |x| in_crowds(x, 8, 64.0)),
    ("crowds in crowds, 1,024 times narrower", |x| in_crowds(x, 4, 1024.0)),
    ("a crowd at the edge of each bin", |x| {
        in_bins(x, |x| if x < 0.01 { 100.0 * x } else { 6e-5 * x })
    }),
    ("powers of two in each bin", |x| in_bins(x, |x| 2f64.powf(-14.0 * x))),
    ("many powers of two in each bin", |x| in_bins(x, |x| 2f64.powf(-42.0 * x))),
    ("64 crowds in each bin", |x| {
        in_bins(x, |x| (64.0 * x).floor() / 64.0 + 1e-3 * (64.0 * x).fract())
    }),
    ("a crowd of many equals", |x| if x < 0.1 { 0.5 + 1e-4 * x } else { 0.5 }),
    ("a far crowd of few values", |x| if x < 1e-3 { 1e10 } else { 1.0 + (1e3 * x).floor() * 1e-9 }),
];

/// One half of a crowd is another crowd, `narrower` times narrower, and so on.
fn in_crowds(x: f64, n_levels: i32, narrower: f64) -> f64 {
    let (mut low, mut width, mut x) = (0.0, 1.0, x);
    for _ in 0..n_levels {
        (x, width) = ((2.0 * x).fract(), width / narrower);
        // The remaining bits choose in the next half.
        low += if x < 0.5 { 0.0 } else { width * (narrower - 1.0) };
    }
    low + x * width
}

/// In 1,024 bins, at `place` in each.
fn in_bins(x: f64, place: impl Fn(f64) -> f64) -> f64 {
    let x = 1024.0 * x;
    (x.floor() + place(x.fract())) / 1024.0
}

/// Scores of a hostile shape, but uniform at the places that are probed to choose bins.
fn unprobed(mut scores: Vec<f64>) -> Vec<f64> {
    let last = scores.len() - 8;
    for place in 0..128 {
        let start = place * last / 127;
        for (i, score) in scores[start..start + 8].iter_mut().enumerate() {
            *score = (8 * place + i) as f64 / 1024.0;
        }
    }
    scores
}

/// Hostile scores are ranked like all others, and no way of sorting is given up: keys are not moved one by
/// one until it takes too long, and parts are not split again and again.
fn check_hostile<T: Element>(
    to: impl Fn(f64) -> T,
    key: impl Fn(T) -> u64,
    buffer: impl Fn(Vec<T>) -> Buffer<'static>,
) {
    for (shape, score) in HOSTILE {
        for n in [6_000, 9_000, 70_000] {
            let scores: Vec<f64> = units(n).map(score).collect();
            for scores in [scores.clone(), unprobed(scores)] {
                let buffer = buffer(scores.iter().map(|&x| to(x)).collect());
                for prevalence in [0.4, 0.02] {
                    let is_positive = |x| u8::from(x < prevalence);
                    let labels: Vec<u8> = units(2 * n).skip(n).map(is_positive).collect();
                    let expected = plain(&scores, &labels, |x| key(to(x)));
                    let what = format!("{n} scores, {shape}, {prevalence} positive");
                    let given_up = GIVEN_UP.get();
                    check(&buffer, &labels, &expected, &what);
                    assert_eq!(GIVEN_UP.get(), given_up, "{what}");
                    let what = format!("{what}, portable");
                    without_avx2(|| check(&buffer, &labels, &expected, &what));
                }
            }
        }
    }
}

#[test]
fn hostile_f32_are_ranked_without_giving_up() {
    check_hostile(
        |x| x as f32,
        |x| crate::element::kind::f32_key(x).into(),
        |x| Buffer::F32(x.into()),
    );
}

#[test]
fn hostile_f64_are_ranked_without_giving_up() {
    check_hostile(|x| x, crate::element::kind::f64_key, |x| Buffer::F64(x.into()));
}

/// Samples that count how many of them are read.
struct Counting<'s>(&'s dyn Samples<u32>, AtomicUsize);

impl Samples<u32> for Counting<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn keys(&self, start: usize, out: &mut [u32]) {
        self.1.fetch_add(out.len(), Ordering::Relaxed);
        self.0.keys(start, out);
    }

    fn labels(&self, start: usize, out: &mut [u8]) {
        self.0.labels(start, out);
    }
}

/// Positives are missing only where labels are probed: the read soon finds that they are not rare.
#[test]
fn positives_that_hide_are_soon_found() {
    let n = 1 << 20;
    let scores: Vec<f32> = units(n).map(|x| x as f32).collect();
    let is_probed = |i: usize| i % (n / 64) < BLOCK;
    let labels: Vec<u8> = (0..n).map(|i| u8::from(!is_probed(i) && i % 2 == 1)).collect();
    let (scores, targets) = (Buffer::F32(scores.into()), Buffer::U8(labels.into()));
    let AnySamples::Narrow(kind, samples) = AnySamples::new(&scores, &targets, 0..n) else {
        panic!("f32 scores have narrow keys");
    };
    assert!(rare::is_likely(&*samples), "they hide");
    let counting = Counting(&*samples, AtomicUsize::new(0));
    let probe = Probe { keys: Vec::new(), min: 1 << 31, max: 3 << 30 };
    let ranked: Result<Option<IntegerSums>, _> = rare::rank(&counting, kind, &probe);
    assert_eq!(ranked, Ok(None));
    let n_read = counting.1.into_inner();
    assert!(n_read <= n / 8, "{n_read} of {n} read");
}

/// As many scores of 16 bits are counted without a probe.
#[test]
fn the_first_invalid_sample_of_many_halves_is_found() {
    let targets = Buffer::U8(vec![1; MANY].into());
    let found = |scores: Buffer<'_>| {
        with_samples!(AnySamples::new(&scores, &targets, 0..MANY), kind, samples => {
            rank::<_, IntegerSums>(samples, kind).err()
        })
    };
    for first in [0, MANY / 2, MANY - 1] {
        for nan in [f16::NAN, -f16::NAN] {
            let mut scores = vec![f16::ONE; MANY];
            scores[first] = nan;
            assert_eq!(
                found(Buffer::F16(scores.into())),
                Some(InvalidSample::Score(first)),
                "{nan}"
            );
        }
        for nan in [bf16::NAN, -bf16::NAN] {
            let mut scores = vec![bf16::NEG_INFINITY; MANY];
            scores[first] = nan;
            assert_eq!(
                found(Buffer::Bf16(scores.into())),
                Some(InvalidSample::Score(first)),
                "{nan}"
            );
        }
    }
}
