//! Samples of all types and many distributions.

use half::{bf16, f16};
use metrics_core::backend::Batch as AnyBatch;
use metrics_core::{DType, Host, HostTensor, with_slice};

use super::lend;
use crate::arithmetic::Random;
use crate::{Batch, Input};

pub(super) const DTYPES: [DType; 13] = [
    DType::Bool,
    DType::U8,
    DType::I8,
    DType::U16,
    DType::I16,
    DType::U32,
    DType::I32,
    DType::U64,
    DType::I64,
    DType::F16,
    DType::Bf16,
    DType::F32,
    DType::F64,
];

/// Where scores come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scores {
    /// In `[0, 1)`, or over the whole range of an integer.
    Uniform,
    /// Of both signs.
    Signed,
    /// A few values, so that many tie.
    Few,
    /// Zeros, infinities, subnormals and the ends of the range.
    Extreme,
    Constant,
    /// Any bits that are no NaN.
    Any,
    Falling,
    Rising,
}

pub(super) const SCORES: [Scores; 8] = [
    Scores::Uniform,
    Scores::Signed,
    Scores::Few,
    Scores::Extreme,
    Scores::Constant,
    Scores::Any,
    Scores::Falling,
    Scores::Rising,
];

const EXTREMES: [f64; 16] = [
    0.0,
    -0.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1e-40,
    -1e-40,
    5e-324,
    -5e-324,
    1.0,
    -1.0,
    65504.0,
    3.4e38,
    -3.4e38,
    6e-8,
    -6e-8,
    0.5,
];

pub(super) fn is_float(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::Bf16 | DType::F32 | DType::F64)
}

fn unit(random: &mut Random) -> f64 {
    (random.next() >> 11) as f64 / (1u64 << 53) as f64
}

fn float(dtype: DType, scores: Scores, random: &mut Random) -> f64 {
    match scores {
        Scores::Uniform | Scores::Falling | Scores::Rising => unit(random),
        Scores::Signed => unit(random) * 2.0 - 1.0,
        Scores::Few => random.below(7) as f64 / 8.0 - 0.25,
        Scores::Extreme => EXTREMES[random.below(16) as usize],
        Scores::Constant => 0.375,
        Scores::Any => loop {
            let bits = random.next();
            let value = match dtype {
                DType::F16 => f16::from_bits(bits as u16).to_f64(),
                DType::Bf16 => bf16::from_bits(bits as u16).to_f64(),
                DType::F32 => f64::from(f32::from_bits(bits as u32)),
                _ => f64::from_bits(bits),
            };
            if !value.is_nan() {
                return value;
            }
        },
    }
}

fn integer(dtype: DType, scores: Scores, random: &mut Random) -> f64 {
    let (low, high) = match dtype {
        DType::Bool => (0.0, 1.0),
        DType::U8 => (0.0, 255.0),
        DType::I8 => (-128.0, 127.0),
        DType::U16 => (0.0, 65_535.0),
        DType::I16 => (-32_768.0, 32_767.0),
        DType::U32 => (0.0, 4_294_967_295.0),
        DType::I32 => (-2_147_483_648.0, 2_147_483_647.0),
        DType::U64 => (0.0, 1.8e19),
        _ => (-9.2e18, 9.2e18),
    };
    match scores {
        Scores::Few => (random.below(5) as f64).min(high),
        Scores::Constant => 1.0,
        Scores::Extreme => [low, high][random.below(2) as usize],
        _ => (low + (high - low) * unit(random)).floor(),
    }
}

/// `n` scores that a type holds.
pub(super) fn values(dtype: DType, n: usize, scores: Scores, random: &mut Random) -> Vec<f64> {
    let one = if is_float(dtype) { float } else { integer };
    let mut values: Vec<f64> = (0..n).map(|_| one(dtype, scores, random)).collect();
    match scores {
        Scores::Falling => values.sort_by(|a, b| b.total_cmp(a)),
        Scores::Rising => values.sort_by(f64::total_cmp),
        _ => {}
    }
    values
}

/// Numbers as a matrix of a type, which the kernels may read.
pub(super) fn matrix(dtype: DType, values: &[f64], shape: [usize; 2]) -> HostTensor<'static> {
    macro_rules! of_type {
        ($($dtype:ident $from:expr),* $(,)?) => {
            match dtype {
                $(DType::$dtype => {
                    HostTensor::from_vec(values.iter().copied().map($from).collect(), &shape)
                })*
            }
        };
    }
    let made = of_type!(
        Bool |x: f64| x != 0.0,
        U8 |x: f64| x as u8,
        I8 |x: f64| x as i8,
        U16 |x: f64| x as u16,
        I16 |x: f64| x as i16,
        U32 |x: f64| x as u32,
        I32 |x: f64| x as i32,
        U64 |x: f64| x as u64,
        I64 |x: f64| x as i64,
        F16 f16::from_f64,
        Bf16 bf16::from_f64,
        F32 |x: f64| x as f32,
        F64 |x: f64| x,
    );
    let made = made.unwrap();
    with_slice!(made.buffer(), data => lend(data));
    made
}

/// The elements of a tensor that was lent.
pub(super) fn input(x: &HostTensor<'_>) -> Input {
    with_slice!(x.buffer(), data => {
        // SAFETY: there are as many elements; work is done when it is queued.
        unsafe { Input::new(data.as_ptr().cast(), x.dtype(), data.len()) }
    })
}

/// Scores and targets as both engines take them.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) scores: HostTensor<'static>,
    pub(super) targets: HostTensor<'static>,
    pub(super) shape: [usize; 2],
}

impl Case {
    pub(super) fn new(
        [scores_type, targets_type]: [DType; 2],
        shape: [usize; 2],
        scores: Scores,
        random: &mut Random,
    ) -> Self {
        let n = shape[0] * shape[1];
        let percent = [0, 1, 50, 50, 100][random.below(5) as usize];
        let targets: Vec<f64> = (0..n)
            .map(|_| match random.below(100) < percent {
                true => 1.0,
                false if is_float(targets_type) && random.below(3) == 0 => -0.0,
                false => 0.0,
            })
            .collect();
        let scores = values(scores_type, n, scores, random);
        Self::of([scores_type, targets_type], shape, &scores, &targets)
    }

    pub(super) fn of(
        [scores_type, targets_type]: [DType; 2],
        shape: [usize; 2],
        scores: &[f64],
        targets: &[f64],
    ) -> Self {
        let scores = matrix(scores_type, scores, shape);
        Self { scores, targets: matrix(targets_type, targets, shape), shape }
    }

    pub(super) fn batch(&self) -> Batch {
        let [n_tasks, n_samples] = self.shape;
        let (scores, targets) = (input(&self.scores), input(&self.targets));
        Batch { op: "auprc", scores, targets, n_tasks, n_samples }
    }

    pub(super) fn on_host(&self) -> AnyBatch<'_, Host> {
        AnyBatch::new("auprc", self.scores.borrow(), self.targets.borrow(), None).unwrap()
    }

    /// For messages.
    pub(super) fn name(&self) -> String {
        let [n_tasks, n_samples] = self.shape;
        let (scores, targets) = (self.scores.dtype(), self.targets.dtype());
        format!("{scores:?} and {targets:?}, {n_tasks} × {n_samples}")
    }
}
