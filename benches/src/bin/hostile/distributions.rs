//! Scores and targets that an adversary would choose who knows the engine and wants to make it slow.

use std::f64::consts::TAU;

use metrics_benches::Random;

/// A type of scores, with the properties that distributions depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Type {
    pub(crate) name: &'static str,
    /// The distance from 1 to the next score.
    epsilon: f64,
    /// The logarithms to base 2 of the smallest and the largest power of 2.
    exponents: [f64; 2],
    /// The score with these bits.
    from_bits: fn(u64) -> f64,
}

pub(crate) const F32: Type = Type {
    name: "f32",
    epsilon: f32::EPSILON as f64,
    exponents: [-149.0, 127.0],
    from_bits: |bits| f32::from_bits((bits >> 32) as u32).into(),
};

pub(crate) const F64: Type = Type {
    name: "f64",
    epsilon: f64::EPSILON,
    exponents: [-1074.0, 1023.0],
    from_bits: f64::from_bits,
};

/// Makes scores from random numbers, given the number and the type of the scores.
type Make = fn(&mut Random, usize, Type) -> Vec<f64>;

/// Which samples are positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Positives {
    /// Random samples.
    Random,
    /// The samples with the highest scores.
    Highest,
    /// Random samples whose scores are around the median: among a hundredth of all samples, or among twice as
    /// many samples as there are positives if these are more.
    Middle,
    /// Half of all samples, without those that the engine probes to estimate the number of positives.
    Hidden,
}

/// The name of a distribution, its scores, and which samples are positive.
pub(crate) type Distribution = (&'static str, Make, Positives);

/// The distribution that all others are compared with.
pub(crate) const UNIFORM: Distribution =
    ("uniform", |r, n, _| each(n, || r.uniform()), Positives::Random);

/// Distributions that could make the engine slow.
pub(crate) const HOSTILE: &[Distribution] = &[
    ("of both signs", |r, n, _| each(n, || 2.0 * r.uniform() - 1.0), Positives::Random),
    ("normal", |r, n, _| each(n, || normal(r)), Positives::Random),
    ("Cauchy", |r, n, _| each(n, || (TAU / 2.0 * (r.uniform() - 0.5)).tan()), Positives::Random),
    ("Pareto", |r, n, _| each(n, || 1.0 / (r.uniform() + 1e-9)), Positives::Random),
    ("arcsine", |r, n, _| each(n, || (TAU * r.uniform()).sin().powi(2)), Positives::Random),
    ("saturated probabilities", |r, n, _| each(n, || sigmoid(20.0 * normal(r))), Positives::Random),
    ("all bit patterns", |r, n, t| each(n, || finite((t.from_bits)(r.bits()))), Positives::Random),
    ("all powers of two", |r, n, t| each(n, || power(r, t)), Positives::Random),
    (
        "all powers of two, both signs",
        |r, n, t| each(n, || sign(r) * power(r, t)),
        Positives::Random,
    ),
    ("subnormal", |r, n, t| each(n, || r.uniform() * smallest_normal(t)), Positives::Random),
    (
        "half subnormal, half near 1",
        |r, n, t| {
            each(n, || {
                if r.below(2) == 0 { r.uniform() * smallest_normal(t) } else { near(r, t, 1 << 20) }
            })
        },
        Positives::Random,
    ),
    (
        "a fifth infinite",
        |r, n, _| {
            each(n, || match r.below(10) {
                0 => f64::INFINITY,
                1 => f64::NEG_INFINITY,
                _ => r.uniform(),
            })
        },
        Positives::Random,
    ),
    (
        "nearing 1 by powers of two",
        |r, n, t| each(n, || 1.0 + t.epsilon.powf(r.uniform())),
        Positives::Random,
    ),
    (
        "nearing 1 from both sides",
        |r, n, t| each(n, || 1.0 + sign(r) * t.epsilon.powf(r.uniform())),
        Positives::Random,
    ),
    (
        "nearing 0 from both sides",
        |r, n, _| each(n, || sign(r) * 2f64.powf(-40.0 * r.uniform())),
        Positives::Random,
    ),
    (
        "a crowd, 1 in 500 far out",
        |r, n, t| each(n, || if r.below(500) == 0 { 1e30 * sign(r) } else { near(r, t, 1 << 20) }),
        Positives::Random,
    ),
    (
        "a crowd, two far out",
        |r, n, t| with_ends(each(n, || near(r, t, 1 << 22)), 1e38),
        Positives::Random,
    ),
    (
        "a crowd in [-1, 3]",
        |r, n, t| with_ends(each(n, || near(r, t, 1 << 18)), 3.0),
        Positives::Random,
    ),
    (
        "a crowd, those far out at the end",
        |r, n, t| at(n, |i| if i < n - n / 100 { near(r, t, 1 << 20) } else { r.uniform() }),
        Positives::Random,
    ),
    (
        "a crowd, those far out at the start",
        |r, n, t| at(n, |i| if i > n / 100 { near(r, t, 1 << 20) } else { r.uniform() }),
        Positives::Random,
    ),
    (
        "every other in a crowd",
        |r, n, t| at(n, |i| if i % 2 == 0 { near(r, t, 1 << 16) } else { 2.0 * r.uniform() }),
        Positives::Random,
    ),
    (
        "40 crowds, each ten times farther out",
        |r, n, t| each(n, || 10f64.powi(r.below(40) as i32 - 20) * near(r, t, 1 << 12)),
        Positives::Random,
    ),
    (
        "64 crowds",
        |r, n, _| each(n, || r.below(64) as f64 / 64.0 + 1e-6 * r.uniform()),
        Positives::Random,
    ),
    (
        "crowds in crowds, 64 times narrower",
        |r, n, _| each(n, || crowds(r, 8, 64.0)),
        Positives::Random,
    ),
    (
        "crowds in crowds, 1,024 times narrower",
        |r, n, _| each(n, || crowds(r, 4, 1024.0)),
        Positives::Random,
    ),
    (
        "a fifth in each crowd, 1,024 times narrower",
        |r, n, _| each(n, || 1.0 + 1024f64.powi(-(r.below(5) as i32)) * r.uniform()),
        Positives::Random,
    ),
    (
        "four fifths lower by 10,000, again and again",
        |r, n, _| {
            each(n, || {
                let mut scale = 1.0;
                while r.below(5) > 0 && scale > 1e-14 {
                    scale *= 1e-4;
                }
                scale * (1.0 + 1e-3 * r.uniform())
            })
        },
        Positives::Random,
    ),
    ("all equal", |_, n, _| vec![0.5; n], Positives::Random),
    (
        "all equal but a thousand",
        |r, n, _| {
            let mut scores = vec![0.5; n];
            (0..1000).for_each(|_| scores[r.below(n as u64) as usize] = r.uniform());
            scores
        },
        Positives::Random,
    ),
    ("two values", |r, n, _| each(n, || 0.3 + 0.4 * r.below(2) as f64), Positives::Random),
    (
        "300 powers of two",
        |r, n, _| each(n, || 2f64.powi(r.below(250) as i32 - 125)),
        Positives::Random,
    ),
    ("a thousand values", |r, n, _| each(n, || r.below(1000) as f64 / 1000.0), Positives::Random),
    (
        "a thousand neighbours and two far out",
        |r, n, t| with_ends(each(n, || near(r, t, 1000)), 1e10),
        Positives::Random,
    ),
    (
        "half equal",
        |r, n, _| each(n, || if r.below(2) == 0 { 0.5 } else { r.uniform() }),
        Positives::Random,
    ),
    (
        "nine in ten equal, the others close",
        |r, n, _| {
            with_ends(
                each(n, || if r.below(10) == 0 { 0.5 + 1e-4 * r.uniform() } else { 0.5 }),
                2.0,
            )
        },
        Positives::Random,
    ),
    ("rising", |r, n, _| sorted(each(n, || r.uniform())), Positives::Random),
    (
        "falling",
        |r, n, _| {
            let mut scores = sorted(each(n, || r.uniform()));
            scores.reverse();
            scores
        },
        Positives::Random,
    ),
    (
        "rising, then falling",
        |r, n, _| {
            let mut scores = sorted(each(n, || r.uniform()));
            scores[n / 2..].reverse();
            scores
        },
        Positives::Random,
    ),
    (
        "rising but for 1 in 100",
        |r, n, _| {
            let mut scores = sorted(each(n, || r.uniform()));
            (0..n / 100).for_each(|_| scores[r.below(n as u64) as usize] = r.uniform());
            scores
        },
        Positives::Random,
    ),
    (
        "rising in pieces of 1,000",
        |r, n, _| {
            let mut scores = each(n, || r.uniform());
            scores.chunks_mut(1000).for_each(|piece| piece.sort_by(f64::total_cmp));
            scores
        },
        Positives::Random,
    ),
    (
        "saw teeth, one for each block",
        |_, n, _| at(n, |i| (i % 1024) as f64 / 1024.0 + i as f64 / n as f64 / 1024.0),
        Positives::Random,
    ),
    (
        "saw teeth across bins",
        |_, n, _| at(n, |i| (i * 7919 % 1024) as f64 / 1024.0 + (i / 1024) as f64 / n as f64),
        Positives::Random,
    ),
    (
        "bins: a crowd at the edge",
        |r, n, _| {
            in_bins(n, r, |r| if r.below(100) == 0 { r.uniform() } else { 6e-5 * r.uniform() })
        },
        Positives::Random,
    ),
    (
        "bins: crowds at both edges",
        |r, n, _| in_bins(n, r, |r| r.below(2) as f64 * 0.99 + 1e-3 * r.uniform()),
        Positives::Random,
    ),
    (
        "bins: powers of two",
        |r, n, _| in_bins(n, r, |r| 2f64.powf(-14.0 * r.uniform())),
        Positives::Random,
    ),
    (
        "bins: many powers of two",
        |r, n, t| in_bins(n, r, |r| (t.epsilon * 1024.0).powf(r.uniform())),
        Positives::Random,
    ),
    (
        "bins: a fifth in each crowd",
        |r, n, _| in_bins(n, r, |r| 100f64.powi(-(r.below(5) as i32)) * r.uniform()),
        Positives::Random,
    ),
    ("bins: crowds in crowds", |r, n, _| in_bins(n, r, |r| crowds(r, 3, 16.0)), Positives::Random),
    (
        "bins: half in one place",
        |r, n, _| {
            in_bins(n, r, |r| if r.below(2) == 0 { 0.5 + 1e-3 * r.uniform() } else { r.uniform() })
        },
        Positives::Random,
    ),
    (
        "unprobed: above",
        |r, n, t| unprobed(each(n, || 2.0 * near(r, t, 1 << 22))),
        Positives::Random,
    ),
    (
        "unprobed: far above, by powers of two",
        |r, n, _| unprobed(each(n, || 2f64.powf(100.0 * r.uniform()))),
        Positives::Random,
    ),
    (
        "unprobed: below, by powers of two",
        |r, n, _| unprobed(each(n, || 10f64.powf(-4.0 - 30.0 * r.uniform()))),
        Positives::Random,
    ),
    (
        "unprobed: in one bin",
        |r, n, _| unprobed(each(n, || 0.5 + 1e-4 * r.uniform())),
        Positives::Random,
    ),
    (
        "unprobed: in one very narrow bin",
        |r, n, t| unprobed(each(n, || 0.5 * near(r, t, 1 << 13))),
        Positives::Random,
    ),
    (
        "unprobed: crowds in crowds in one bin",
        |r, n, _| unprobed(each(n, || 0.5 + 9e-4 * crowds(r, 3, 32.0))),
        Positives::Random,
    ),
    (
        "unprobed: a quarter in each crowd in one bin",
        |r, n, _| {
            unprobed(each(n, || 0.5 + 1e-4 * 1000f64.powi(-(r.below(4) as i32)) * r.uniform()))
        },
        Positives::Random,
    ),
    (
        "unprobed: powers of two in one bin",
        |r, n, t| unprobed(each(n, || 0.5 + 1e-3 * (t.epsilon * 1024.0).powf(r.uniform()))),
        Positives::Random,
    ),
    (
        "unprobed: equals and a few close ones",
        |r, n, _| {
            unprobed(each(n, || if r.below(10) == 0 { 0.5 + 1e-4 * r.uniform() } else { 0.5 }))
        },
        Positives::Random,
    ),
    ("positives highest, uniform", UNIFORM.1, Positives::Highest),
    ("positives in the middle, uniform", UNIFORM.1, Positives::Middle),
    ("positives in the middle, normal", |r, n, _| each(n, || normal(r)), Positives::Middle),
    (
        "positives in the middle, powers of two",
        |r, n, t| each(n, || power(r, t)),
        Positives::Middle,
    ),
    ("positives hidden, uniform", UNIFORM.1, Positives::Hidden),
    (
        "positives hidden, bins: powers of two",
        |r, n, _| in_bins(n, r, |r| 2f64.powf(-14.0 * r.uniform())),
        Positives::Hidden,
    ),
];

/// Targets for `scores`.
pub(crate) fn targets(
    positives: Positives,
    random: &mut Random,
    scores: &[f64],
    prevalence: f64,
) -> Vec<u8> {
    let n = scores.len();
    // The engine probes targets in blocks at 64 places.
    let is_probed = |i: usize| i % (n / 64).max(1) < 1024.min(n / 1024) && i < n / 64 * 64;
    // The range of scores that this share of the samples around the median has, and the prevalence there.
    let around_median = |share: f64| {
        let mut sorted = scores.to_vec();
        let share = ((n as f64 * share) as usize).clamp(1, n);
        let (_, &mut low, _) = sorted.select_nth_unstable_by((n - share) / 2, f64::total_cmp);
        let (_, &mut high, _) =
            sorted.select_nth_unstable_by((n - share) / 2 + share - 1, f64::total_cmp);
        (low, high, prevalence * n as f64 / share as f64)
    };
    match positives {
        Positives::Random => each(n, || u8::from(random.uniform() < prevalence)),
        Positives::Highest => {
            let mut sorted = scores.to_vec();
            let n_others = n - (n as f64 * prevalence) as usize;
            let (_, &mut low, _) =
                sorted.select_nth_unstable_by(n_others.min(n - 1), f64::total_cmp);
            scores.iter().map(|&score| u8::from(score >= low)).collect()
        }
        Positives::Middle => {
            let (low, high, prevalence) = around_median((2.0 * prevalence).max(0.01));
            let is_positive = |&score: &f64| {
                u8::from((low..=high).contains(&score) && random.uniform() < prevalence)
            };
            scores.iter().map(is_positive).collect()
        }
        Positives::Hidden => at(n, |i| u8::from(!is_probed(i) && random.below(2) == 1)),
    }
}

fn each<T>(n: usize, mut make: impl FnMut() -> T) -> Vec<T> {
    (0..n).map(|_| make()).collect()
}

fn at<T>(n: usize, make: impl FnMut(usize) -> T) -> Vec<T> {
    (0..n).map(make).collect()
}

fn normal(random: &mut Random) -> f64 {
    (-2.0 * (1.0 - random.uniform()).ln()).sqrt() * (TAU * random.uniform()).cos()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn finite(x: f64) -> f64 {
    if x.is_finite() { x } else { 0.5 }
}

fn sign(random: &mut Random) -> f64 {
    if random.below(2) == 0 { 1.0 } else { -1.0 }
}

/// A power of two that the type has, any as likely as any other.
fn power(random: &mut Random, of: Type) -> f64 {
    let [least, most] = of.exponents;
    2f64.powf(least + (most - least) * random.uniform())
}

fn smallest_normal(of: Type) -> f64 {
    2f64.powf(1.0 - of.exponents[1])
}

/// One of `n` neighbouring scores from 1 on.
fn near(random: &mut Random, of: Type, n: u64) -> f64 {
    1.0 + random.below(n) as f64 * of.epsilon
}

/// One half of a crowd is another crowd, `narrower` times narrower, and so on.
fn crowds(random: &mut Random, n_levels: u32, narrower: f64) -> f64 {
    let (mut low, mut width) = (0.0, 1.0);
    for _ in 0..n_levels {
        width /= narrower;
        if random.below(2) == 1 {
            low += width * (narrower - 1.0);
        }
    }
    low + random.uniform() * width
}

/// Scores in 1,024 bins of equal width; `place` gives the position within a bin.
fn in_bins(n: usize, random: &mut Random, place: impl Fn(&mut Random) -> f64) -> Vec<f64> {
    each(n, || (random.below(1024) as f64 + place(random)) / 1024.0)
}

/// Two of the scores far out: `end` and 2 − `end`.
fn with_ends(mut scores: Vec<f64>, end: f64) -> Vec<f64> {
    let n = scores.len();
    (scores[n / 3], scores[n / 2]) = (2.0 - end, end);
    scores
}

/// Uniform where the engine probes scores to choose its bins: eight scores at each of 128 places.
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

fn sorted(mut scores: Vec<f64>) -> Vec<f64> {
    scores.sort_by(f64::total_cmp);
    scores
}
