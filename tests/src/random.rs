//! Random samples from a seed: the kinds of scores that rankings meet, and some they should not.

use std::fmt;

/// The seed of all random inputs: the environment variable `CONFORMANCE_SEED`, or a fixed one.
pub fn seed() -> u64 {
    match std::env::var("CONFORMANCE_SEED") {
        Ok(seed) => seed.parse().expect("CONFORMANCE_SEED is an unsigned integer"),
        Err(_) => 20_261_121,
    }
}

/// A generator of random numbers: SplitMix64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A multiple of 2^-53 in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * 2f64.powi(-53)
    }

    /// An integer in `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// One of these values.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    /// The integers in `0..n` in random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }
}

/// Scores and targets of one task, and how they came about.
#[derive(Clone)]
pub struct Samples {
    /// Where the samples come from, for messages.
    pub name: String,
    /// Any numbers but NaN.
    pub scores: Vec<f64>,
    /// Zeros and ones.
    pub targets: Vec<u8>,
}

impl fmt::Debug for Samples {
    /// The name; the samples too if there are few.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if self.scores.len() <= 20 {
            write!(f, ": scores {:?}, targets {:?}", self.scores, self.targets)?;
        }
        Ok(())
    }
}

impl Samples {
    /// The number of samples.
    pub fn n_samples(&self) -> usize {
        self.scores.len()
    }

    /// The samples at these positions, in this order.
    pub fn at(&self, positions: &[usize]) -> Self {
        Self {
            name: self.name.clone(),
            scores: positions.iter().map(|&i| self.scores[i]).collect(),
            targets: positions.iter().map(|&i| self.targets[i]).collect(),
        }
    }

    /// Other scores for the same targets.
    pub fn map(&self, f: impl FnMut(f64) -> f64) -> Self {
        Self { scores: self.scores.iter().copied().map(f).collect(), ..self.clone() }
    }

    /// The same samples in random order.
    pub fn shuffled(&self, seed: u64) -> Self {
        self.at(&Random::new(seed).permutation(self.n_samples()))
    }

    /// Every sample as often as these weights say.
    pub fn repeated(&self, weights: &[u64]) -> Self {
        let times = |i: usize| std::iter::repeat_n(i, weights[i] as usize);
        self.at(&(0..self.n_samples()).flat_map(times).collect::<Vec<_>>())
    }

    /// The samples in batches of this size; the last may be smaller.
    pub fn batches(&self, size: usize) -> Vec<Self> {
        let positions: Vec<usize> = (0..self.n_samples()).collect();
        positions.chunks(size).map(|positions| self.at(positions)).collect()
    }
}

/// A distribution of scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The names say it all.
pub enum Kind {
    Uniform,
    Sigmoid,
    FewDistinct,
    AllTied,
    Sorted,
    Reversed,
    Logits,
    MixedSigns,
    Subnormals,
    Extremes,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Uniform,
        Self::Sigmoid,
        Self::FewDistinct,
        Self::AllTied,
        Self::Sorted,
        Self::Reversed,
        Self::Logits,
        Self::MixedSigns,
        Self::Subnormals,
        Self::Extremes,
    ];

    /// The kinds whose scores are probabilities.
    pub const PROBABILITIES: [Self; 6] = [
        Self::Uniform,
        Self::Sigmoid,
        Self::FewDistinct,
        Self::AllTied,
        Self::Sorted,
        Self::Reversed,
    ];

    /// Random samples of this kind; three in ten are positive.
    pub fn samples(self, n_samples: usize, seed: u64) -> Samples {
        let mut random = Random::new(seed ^ n_samples as u64);
        let mut scores: Vec<f64> = (0..n_samples).map(|_| self.score(&mut random)).collect();
        match self {
            Self::Sorted => scores.sort_by(f64::total_cmp),
            Self::Reversed => scores.sort_by(|a, b| b.total_cmp(a)),
            _ => {}
        }
        let targets = scores.iter().map(|_| u8::from(random.unit() < 0.3)).collect();
        let name = format!("{self:?}, {n_samples} samples, CONFORMANCE_SEED={seed}");
        Samples { name, scores, targets }
    }

    fn score(self, random: &mut Random) -> f64 {
        let logit = |random: &mut Random| 12.0 * (random.unit() + random.unit() - 1.0);
        match self {
            Self::Uniform | Self::Sorted | Self::Reversed => random.unit(),
            Self::Sigmoid => 1.0 / (1.0 + (-logit(random)).exp()),
            Self::FewDistinct => random.below(5) as f64 / 4.0,
            Self::AllTied => 0.5,
            Self::Logits => logit(random),
            Self::MixedSigns => random.pick(&[-1.0, 1.0]) * random.below(20) as f64,
            Self::Subnormals => random.pick(&[-1.0, 1.0]) * f64::from_bits(random.bits() % 30),
            Self::Extremes => random.pick(&EXTREMES),
        }
    }
}

/// Neighbours, ends and signed zeros of the `f64` line.
const EXTREMES: [f64; 14] = [
    f64::NEG_INFINITY,
    f64::MIN,
    -1.0 - f64::EPSILON,
    -1.0,
    -f64::MIN_POSITIVE,
    -5e-324,
    -0.0,
    0.0,
    5e-324,
    f64::MIN_POSITIVE,
    1.0,
    1.0 + f64::EPSILON,
    f64::MAX,
    f64::INFINITY,
];
