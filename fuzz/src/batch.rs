//! Batches out of the fuzzer's bytes: any types, any shapes, some samples bad.

use std::borrow::Cow;

use arbitrary::{Result, Unstructured};
use half::{bf16, f16};
use metrics_conformance::random::Random;
use metrics_core::slice::Tensor;
use metrics_core::{Backend, Buffer, DType, ToTensor};
use metrics_ndarray::{NdArray, NdTensor};
use ndarray::{ArrayD, Axis, IxDyn, ShapeBuilder, Slice};

use crate::model::Sample;

/// Scores, targets and weights as a caller might pass them.
#[derive(Debug)]
pub struct Batch {
    /// The scores, of the shape that most calls want: one row a task.
    pub scores: Tensor<'static>,
    /// The targets; their shape may be another one.
    pub targets: Tensor<'static>,
    /// The weights; their shape may be another one.
    pub weights: Option<Tensor<'static>>,
}

/// Scores that can be compared with one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Floats.
    Floats,
    /// Integers that an `i64` holds, and bool.
    Signed,
    /// `u64`.
    Unsigned,
}

/// A number of any element type.
#[derive(Debug, Clone, Copy)]
enum Number {
    Float(f64),
    Int(i128),
}

const DTYPES: [DType; 13] = [
    DType::F32,
    DType::F64,
    DType::F16,
    DType::Bf16,
    DType::I64,
    DType::I32,
    DType::U8,
    DType::Bool,
    DType::I8,
    DType::U16,
    DType::I16,
    DType::U32,
    DType::U64,
];

const SCORES: [f64; 24] = [
    0.5,
    0.25,
    0.75,
    0.0,
    -0.0,
    1.0,
    0.1,
    0.9,
    2.0,
    -1.0,
    0.125,
    0.375,
    0.625,
    1e-45,
    -1e-45,
    5e-324,
    1e-7,
    -3e38,
    3e38,
    f64::MAX,
    65504.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.3,
];
const WHOLE_SCORES: [i128; 12] =
    [0, 1, 2, -1, 3, -2, 127, 255, 1 << 53, (1 << 53) + 1, i64::MIN as i128, u64::MAX as i128];
const WEIGHTS: [f64; 24] = [
    1.0, 1.0, 1.0, 1.0, 0.0, 2.0, 3.0, 0.5, 0.25, 0.1, 1.5, 7.0, 1e-3, 100.0, 1e9, 1e-9, 1e100,
    1e-100, 1e200, 1e-200, 5e-324, 1.1e12, 9e15, 1e16,
];
const PROBABILITIES: [f64; 12] =
    [0.0, 1.0, 0.5, 0.25, 0.1, 0.9, 0.3, 0.7, -0.0, 1e-300, 0.999_999_9, 5e-324];
/// What no probability may be.
const BAD_PROBABILITIES: [f64; 5] = [-0.1, 1.000_000_1, f64::NAN, -5e-324, f64::INFINITY];
/// What no target may be, for types that hold it.
const BAD_TARGETS: [f64; 5] = [2.0, -1.0, f64::NAN, 0.9, 1e-45];
/// What no weight may be.
const BAD_WEIGHTS: [f64; 3] = [-1.0, f64::NAN, f64::INFINITY];

impl Batch {
    /// A batch for a metric of so many tasks.
    pub fn new(u: &mut Unstructured<'_>, n_tasks: usize, is_weighted: bool) -> Result<Self> {
        let n_samples = u.int_in_range(0..=20)?;
        let faults = u.arbitrary::<u8>()?;
        // One batch in eight may hold what is wrong.
        let may_be_bad = faults < 32;
        let shape = match faults {
            0 => vec![n_tasks + 1, n_samples],
            1 => vec![n_samples, n_tasks],
            2 => vec![n_tasks, n_samples, 1],
            _ if n_tasks == 1 && faults & 1 == 1 => vec![n_samples],
            _ => vec![n_tasks, n_samples],
        };
        let mut other_shape = shape.clone();
        if faults == 3 {
            other_shape[0] += 1;
        }
        let weights_shape = if faults == 4 { vec![n_samples + 1] } else { shape.clone() };
        Ok(Self {
            scores: tensor(u, shape, |u| score(u, may_be_bad))?,
            targets: tensor(u, other_shape, |u| target(u, may_be_bad))?,
            weights: match is_weighted {
                true => Some(tensor(u, weights_shape, |u| weight(u, may_be_bad))?),
                false => None,
            },
        })
    }

    /// A batch of probabilities, as the bucketed area takes them.
    pub fn of_probabilities(u: &mut Unstructured<'_>, is_weighted: bool) -> Result<Self> {
        let n_samples = u.int_in_range(0..=20)?;
        let faults = u.arbitrary::<u8>()?;
        let may_be_bad = faults < 32;
        let shape = match faults {
            0 => vec![1, n_samples],
            1 => vec![n_samples, 3],
            _ if faults % 4 == 1 => vec![n_samples, 1],
            _ if faults % 4 == 2 => vec![n_samples, 2],
            _ => vec![n_samples],
        };
        let column = if faults % 8 < 4 { vec![n_samples] } else { vec![n_samples, 1] };
        let targets_shape = if faults == 3 { vec![n_samples + 1] } else { column.clone() };
        let weights_shape = if faults == 4 { vec![n_samples, 2] } else { column };
        Ok(Self {
            scores: tensor(u, shape, |u| probability(u, may_be_bad))?,
            targets: tensor(u, targets_shape, |u| target(u, may_be_bad))?,
            weights: match is_weighted {
                true => Some(tensor(u, weights_shape, |u| weight(u, may_be_bad))?),
                false => None,
            },
        })
    }

    /// The samples for a bucketed area, or nothing where a shape or a sample is bad.
    pub fn probabilities(&self) -> Option<Vec<Sample>> {
        let (n_samples, n_columns) = match *self.scores.shape() {
            [n_samples] | [n_samples, 1] => (n_samples, 1),
            [n_samples, 2] => (n_samples, 2),
            _ => return None,
        };
        let is_column = |tensor: &Tensor<'_>| match *tensor.shape() {
            [n] | [n, 1] => n == n_samples,
            _ => false,
        };
        if !is_column(&self.targets) || !self.weights.as_ref().is_none_or(is_column) {
            return None;
        }
        let sample = |i: usize| {
            let sample = self.sample(n_columns * i + n_columns - 1, i)?;
            // A bucketed area takes probabilities of any type: they compare as numbers.
            let (key, score) = key(Number::Float(sample.score))?;
            (0.0..=1.0).contains(&score).then_some(Sample { key, ..sample })
        };
        let all: Option<Vec<Sample>> = (0..n_samples).map(sample).collect();
        Some(all?.into_iter().filter(|sample| sample.weight > 0.0).collect())
    }

    /// Many samples of one task, drawn from a seed: enough for the ways of the engine that few never go.
    pub fn of_many(u: &mut Unstructured<'_>) -> Result<Self> {
        let n_samples = *u.choose(&[65, 70, 300, 1024, 1025, 2000, 8192, 8193])?;
        let mut random = Random::new(u.arbitrary::<u32>()?.into());
        let dtype = *u.choose(&DTYPES)?;
        let (form, one_in) =
            (u.arbitrary::<u8>()? % 8, usize::from(u.arbitrary::<u8>()?).pow(2) + 1);
        let bad_at = (u.arbitrary::<u8>()? == 255).then(|| random.below(n_samples));
        let scores: Vec<f64> = (0..n_samples)
            .map(|i| {
                let x = random.unit();
                let x = match form {
                    0 => x,
                    1 => (x * 50.0).floor(),
                    2 => i as f64,
                    3 => -(i as f64),
                    4 => (x * 700.0).exp(),
                    5 => x.powi(20) - 0.5,
                    6 if random.below(64) > 0 => 0.5 + x * 1e-6,
                    6 => x * 1e30,
                    _ => f64::from_bits(random.bits()),
                };
                if Some(i) == bad_at { f64::NAN } else { not_nan(x) }
            })
            .collect();
        let scores: Vec<Number> = match dtype {
            DType::F16 | DType::Bf16 | DType::F32 | DType::F64 => {
                scores.into_iter().map(Number::Float).collect()
            }
            _ => scores.into_iter().map(|x| Number::Int((x * 1000.0) as i128)).collect(),
        };
        let targets: Vec<u8> =
            (0..n_samples).map(|_| u8::from(random.below(one_in) == 0)).collect();
        let shape = vec![1, n_samples];
        Ok(Self {
            scores: Tensor::from_buffer(buffer(dtype, &scores), shape.clone()).expect("it fits"),
            targets: Tensor::from_vec(targets, &shape).expect("it fits"),
            weights: None,
        })
    }

    /// Whether there is no sample, and no fault in the shapes.
    pub fn is_empty_of(&self, n_tasks: usize) -> bool {
        self.has_shape(n_tasks) && self.scores.buffer().is_empty()
    }

    /// Whether all shapes are those of so many tasks. One task may be a column; weights may be those of one
    /// task.
    pub fn has_shape(&self, n_tasks: usize) -> bool {
        let shape = self.scores.shape();
        let n_samples = match *shape {
            [n_samples] if n_tasks == 1 => n_samples,
            [n_samples, 1] if n_tasks == 1 => n_samples,
            [n_rows, n_samples] if n_rows == n_tasks => n_samples,
            _ => return false,
        };
        let weights = self.weights.as_ref().map_or(shape, |weights| weights.shape());
        self.targets.shape() == shape && (weights == shape || *weights == [n_samples])
    }

    /// Which scores these can be compared with.
    pub fn family(&self) -> Family {
        match self.scores.dtype() {
            DType::F16 | DType::Bf16 | DType::F32 | DType::F64 => Family::Floats,
            DType::U64 => Family::Unsigned,
            _ => Family::Signed,
        }
    }

    /// The samples of each task, or nothing where one of them is bad.
    pub fn samples(&self, n_tasks: usize) -> Option<Vec<Vec<Sample>>> {
        let n_samples = self.scores.buffer().len() / n_tasks;
        let all: Option<Vec<Sample>> =
            (0..n_tasks * n_samples).map(|i| self.sample(i, i)).collect();
        let of_weight = |row: &[Sample]| row.iter().copied().filter(|s| s.weight > 0.0).collect();
        let all = all?;
        Some((0..n_tasks).map(|t| of_weight(&all[t * n_samples..][..n_samples])).collect())
    }

    /// The sample of the score and of the target and weight at these positions, if it is good.
    fn sample(&self, score: usize, i: usize) -> Option<Sample> {
        let (key, score) = key(number(&self.scores, score))?;
        let is_positive = match number(&self.targets, i) {
            Number::Float(0.0) | Number::Int(0) => false,
            Number::Float(1.0) | Number::Int(1) => true,
            _ => return None,
        };
        let weight = self.weights.as_ref().map_or(1.0, |weights| {
            match number(weights, i % weights.buffer().len()) {
                Number::Float(weight) => weight,
                Number::Int(weight) => weight as f64,
            }
        });
        let is_valid = weight >= 0.0 && weight.is_finite();
        is_valid.then_some(Sample { key, score, is_positive, weight })
    }
}

/// A sample's key and score: `None` for NaN.
fn key(score: Number) -> Option<(i128, f64)> {
    match score {
        Number::Int(x) => Some((x, x as f64)),
        Number::Float(x) if x.is_nan() => None,
        Number::Float(0.0) => Some((0, 0.0)),
        Number::Float(x) => {
            let size = i128::from(x.abs().to_bits());
            Some((if x > 0.0 { size } else { -size }, x))
        }
    }
}

fn tensor(
    u: &mut Unstructured<'_>,
    shape: Vec<usize>,
    mut draw: impl FnMut(&mut Unstructured<'_>) -> Result<Draw>,
) -> Result<Tensor<'static>> {
    let dtype = DTYPES[usize::from(u.arbitrary::<u8>()?) % DTYPES.len()];
    let n_elements = shape.iter().product();
    let numbers =
        (0..n_elements).map(|_| Ok(draw(u)?.of(dtype))).collect::<Result<Vec<Number>>>()?;
    Ok(Tensor::from_buffer(buffer(dtype, &numbers), shape).expect("as many elements"))
}

/// A number before its type is known.
#[derive(Debug, Clone, Copy)]
enum Draw {
    /// The same number in every type that holds it.
    Number(f64),
    /// One of two, by whether the type is a float.
    Either(f64, i128),
    /// The bits of a float, or of an integer.
    Bits(u64),
}

fn score(u: &mut Unstructured<'_>, may_be_bad: bool) -> Result<Draw> {
    let choice = usize::from(u.arbitrary::<u8>()?);
    Ok(match choice {
        255 if may_be_bad => Draw::Either(f64::NAN, 0),
        240.. => Draw::Bits(u.arbitrary()?),
        _ => Draw::Either(SCORES[choice % SCORES.len()], WHOLE_SCORES[choice % WHOLE_SCORES.len()]),
    })
}

fn probability(u: &mut Unstructured<'_>, may_be_bad: bool) -> Result<Draw> {
    let choice = u.arbitrary::<u8>()?;
    let i = usize::from(choice);
    Ok(match choice {
        250.. if may_be_bad => Draw::Number(BAD_PROBABILITIES[i % BAD_PROBABILITIES.len()]),
        200.. => Draw::Number(f64::from(u.arbitrary::<u16>()?) / 65_535.0),
        _ => Draw::Number(PROBABILITIES[i % PROBABILITIES.len()]),
    })
}

fn target(u: &mut Unstructured<'_>, may_be_bad: bool) -> Result<Draw> {
    let choice = u.arbitrary::<u8>()?;
    Ok(match choice {
        250.. if may_be_bad => Draw::Number(BAD_TARGETS[usize::from(choice) % BAD_TARGETS.len()]),
        _ => Draw::Number(f64::from(choice & 1)),
    })
}

fn weight(u: &mut Unstructured<'_>, may_be_bad: bool) -> Result<Draw> {
    let choice = u.arbitrary::<u8>()?;
    let i = usize::from(choice);
    Ok(match choice {
        250.. if may_be_bad => Draw::Number(BAD_WEIGHTS[i % BAD_WEIGHTS.len()]),
        240.. => Draw::Number(f64::from(u.arbitrary::<u16>()?) / 64.0),
        _ => Draw::Number(WEIGHTS[i % WEIGHTS.len()]),
    })
}

impl Draw {
    fn of(self, dtype: DType) -> Number {
        let is_float = matches!(dtype, DType::F16 | DType::Bf16 | DType::F32 | DType::F64);
        match (self, dtype) {
            (Self::Number(x), _) if is_float => Number::Float(x),
            (Self::Number(x), _) => Number::Int(x as i128),
            (Self::Either(x, _), _) if is_float => Number::Float(x),
            (Self::Either(_, x), _) => Number::Int(x),
            (Self::Bits(bits), DType::F16) => {
                Number::Float(not_nan(f16::from_bits(bits as u16).to_f64()))
            }
            (Self::Bits(bits), DType::Bf16) => {
                Number::Float(not_nan(bf16::from_bits(bits as u16).to_f64()))
            }
            (Self::Bits(bits), DType::F32) => {
                Number::Float(not_nan(f32::from_bits(bits as u32).into()))
            }
            (Self::Bits(bits), DType::F64) => Number::Float(not_nan(f64::from_bits(bits))),
            (Self::Bits(bits), DType::U64) => Number::Int(bits.into()),
            (Self::Bits(bits), _) => Number::Int((bits as i64).into()),
        }
    }
}

/// NaN comes from where samples may be bad, and from nowhere else.
fn not_nan(x: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x }
}

macro_rules! buffers {
    ($($dtype:ident => $from_float:expr, $from_int:expr, $to_number:expr;)*) => {
        /// The numbers as elements of a type: rounded, or cut to its range.
        fn buffer(dtype: DType, numbers: &[Number]) -> Buffer<'static> {
            match dtype {
                $(DType::$dtype => Buffer::$dtype(Cow::Owned(
                    numbers.iter().map(|&number| match number {
                        Number::Float(x) => $from_float(x),
                        Number::Int(x) => $from_int(x),
                    }).collect(),
                )),)*
            }
        }

        /// The same elements as an array.
        fn strided(tensor: &Tensor<'_>, layout: Layout) -> Strided {
            Strided(match tensor.buffer() {
                $(Buffer::$dtype(data) => {
                    NdTensor::$dtype(lay_out(data, tensor.shape(), layout).into())
                })*
            })
        }

        /// One element.
        fn number(tensor: &Tensor<'_>, i: usize) -> Number {
            match tensor.buffer() {
                $(Buffer::$dtype(data) => $to_number(data[i]),)*
            }
        }
    };
}

buffers! {
    Bool => |x| x != 0.0, |x| x > 0, |x| Number::Int(i128::from(x));
    U8 => |x| x as u8, |x: i128| x.clamp(0, 255) as u8, |x: u8| Number::Int(x.into());
    I8 => |x| x as i8, |x: i128| x.clamp(-128, 127) as i8, |x: i8| Number::Int(x.into());
    U16 => |x| x as u16, |x: i128| x.clamp(0, 65_535) as u16, |x: u16| Number::Int(x.into());
    I16 => |x| x as i16, |x: i128| x.clamp(-32_768, 32_767) as i16, |x: i16| Number::Int(x.into());
    U32 => |x| x as u32, |x: i128| x.clamp(0, u32::MAX.into()) as u32, |x: u32| Number::Int(x.into());
    I32 => |x| x as i32, |x: i128| x.clamp(i32::MIN.into(), i32::MAX.into()) as i32, |x: i32| Number::Int(x.into());
    U64 => |x| x as u64, |x: i128| x.clamp(0, u64::MAX.into()) as u64, |x: u64| Number::Int(x.into());
    I64 => |x| x as i64, |x: i128| x.clamp(i64::MIN.into(), i64::MAX.into()) as i64, |x: i64| Number::Int(x.into());
    F16 => f16::from_f64, |x: i128| f16::from_f64(x as f64), |x: f16| Number::Float(x.to_f64());
    Bf16 => bf16::from_f64, |x: i128| bf16::from_f64(x as f64), |x: bf16| Number::Float(x.to_f64());
    F32 => |x| x as f32, |x: i128| x as f32, |x: f32| Number::Float(x.into());
    F64 => |x| x, |x: i128| x as f64, |x: f64| Number::Float(x);
}

/// A tensor of ndarray that owns its elements.
#[derive(Debug)]
pub struct Strided(NdTensor<'static>);

impl ToTensor<NdArray> for Strided {
    fn to_tensor(&self) -> NdTensor<'_> {
        NdArray::view(&self.0)
    }
}

/// How the elements of a [`Strided`] lie in memory.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    /// Row by row.
    Standard,
    /// Every second element, another one between.
    Gaps,
    /// From the last to the first.
    Backwards,
    /// Column by column.
    ByColumns,
}

impl Layout {
    /// Any of them.
    pub fn any(u: &mut Unstructured<'_>) -> Result<Self> {
        Ok(*u.choose(&[Self::Standard, Self::Gaps, Self::Backwards, Self::ByColumns])?)
    }
}

impl Strided {
    /// The same elements, in this layout.
    pub fn new(tensor: &Tensor<'_>, layout: Layout) -> Self {
        strided(tensor, layout)
    }
}

fn lay_out<T: Copy>(elements: &[T], shape: &[usize], layout: Layout) -> ArrayD<T> {
    let array = ArrayD::from_shape_vec(shape, elements.to_vec()).expect("as many elements");
    let Some(&filler) = elements.last() else { return array };
    let last = Axis(shape.len() - 1);
    match layout {
        Layout::Standard => array,
        Layout::Gaps => {
            let mut twice = shape.to_vec();
            twice[last.0] *= 2;
            let mut gaps = ArrayD::from_elem(IxDyn(&twice), filler);
            gaps.slice_axis_inplace(last, Slice::new(0, None, 2));
            gaps.assign(&array);
            gaps
        }
        Layout::Backwards => {
            let mut backwards = array.clone();
            backwards.invert_axis(last);
            backwards.assign(&array);
            backwards
        }
        Layout::ByColumns => {
            let mut columns = ArrayD::from_elem(IxDyn(shape).f(), filler);
            columns.assign(&array);
            columns
        }
    }
}
