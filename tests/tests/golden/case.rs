//! The golden cases as they stand in the file.

use half::{bf16, f16};
use serde::Deserialize;
use serde_json::{Map, Value};
use tensor_metrics::HostTensor;

const CASES: &str = include_str!("../../data/golden/cases.json");

/// Allowed distance from a result that the reference library rounded to float32.
const F32_TOLERANCE: f64 = 1e-6;
/// Allowed distance from any other result.
const F64_TOLERANCE: f64 = 1e-12;

pub(crate) fn all() -> Vec<Case> {
    serde_json::from_str(CASES).unwrap()
}

#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) metric: String,
    pub(crate) args: Map<String, Value>,
    input: Value,
    input_dtype: String,
    target: Value,
    target_dtype: String,
    expected: Value,
}

/// What the reference library did.
#[derive(Debug)]
pub(crate) enum Expected {
    Outputs(Vec<Output>),
    Refused,
}

#[derive(Debug)]
pub(crate) struct Output {
    values: Vec<f64>,
    tolerance: f64,
}

impl Case {
    pub(crate) fn pair(&self) -> (HostTensor<'static>, HostTensor<'static>) {
        (tensor(&self.input, &self.input_dtype), tensor(&self.target, &self.target_dtype))
    }

    /// Scores and targets of each update: those of a case with `updates` are lists of batches.
    pub(crate) fn batches(&self) -> Vec<(HostTensor<'static>, HostTensor<'static>)> {
        if !self.args.contains_key("updates") {
            return vec![self.pair()];
        }
        let batches = list(&self.input).iter().zip(list(&self.target));
        let tensors = batches
            .map(|(x, y)| (tensor(x, &self.input_dtype), tensor(y, &self.target_dtype)))
            .collect();
        assert_eq!(list(&self.input).len(), list(&self.target).len(), "{}", self.id);
        tensors
    }

    /// An argument that is a number of things; `None` if it is not given or negative.
    pub(crate) fn count(&self, arg: &str) -> Option<usize> {
        usize::try_from(self.args.get(arg)?.as_u64()?).ok()
    }

    pub(crate) fn text(&self, arg: &str) -> Option<&str> {
        self.args.get(arg)?.as_str()
    }

    pub(crate) fn expected(&self) -> Expected {
        if self.expected.get("error").is_some() {
            return Expected::Refused;
        }
        let outputs = match &self.expected {
            Value::Array(outputs) => outputs.iter().map(output).collect(),
            one => bins(one).unwrap_or_else(|| vec![output(one)]),
        };
        Expected::Outputs(outputs)
    }

    /// The value field alone, for cases with a form of their own.
    pub(crate) fn value(&self) -> &Value {
        &self.expected["value"]
    }
}

impl Output {
    /// Near enough, and no `-0.0` for `0.0`.
    pub(crate) fn agrees(&self, ours: &[f64]) -> bool {
        let near = |(a, b): (&f64, &f64)| {
            (a - b).abs() <= self.tolerance && (*a != 0.0 || a.to_bits() == b.to_bits())
        };
        self.values.len() == ours.len() && self.values.iter().zip(ours).all(near)
    }
}

fn output(output: &Value) -> Output {
    let (values, _) = numbers(&output["value"]);
    let is_f32 = output.get("dtype").and_then(Value::as_str) == Some("float32");
    Output { values, tolerance: if is_f32 { F32_TOLERANCE } else { F64_TOLERANCE } }
}

/// The buckets that hold a positive, and those that hold a negative.
fn bins(expected: &Value) -> Option<Vec<Output>> {
    let bins = expected["value"].as_object()?;
    let exactly = |name: &str| Output { values: numbers(&bins[name]).0, tolerance: 0.0 };
    Some(vec![exactly("pos_bins"), exactly("neg_bins")])
}

fn tensor(value: &Value, dtype: &str) -> HostTensor<'static> {
    let (data, shape) = numbers(value);
    let mapped = data.iter().copied();
    match dtype {
        "bool" => HostTensor::from_vec(mapped.map(|x| x != 0.0).collect(), &shape),
        "i64" | "int64" => HostTensor::from_vec(mapped.map(|x| x as i64).collect(), &shape),
        "f16" => HostTensor::from_vec(mapped.map(f16::from_f64).collect(), &shape),
        "bf16" => HostTensor::from_vec(mapped.map(bf16::from_f64).collect(), &shape),
        "f32" | "float32" => HostTensor::from_vec(mapped.map(|x| x as f32).collect(), &shape),
        "f64" | "float64" => HostTensor::from_vec(data, &shape),
        other => panic!("dtype {other}"),
    }
    .unwrap()
}

/// The numbers of nested lists, row by row, and their shape; a lone number has no dimension.
fn numbers(value: &Value) -> (Vec<f64>, Vec<usize>) {
    let Value::Array(items) = value else { return (vec![number(value)], vec![]) };
    let parts: Vec<_> = items.iter().map(numbers).collect();
    let inner = parts.first().map_or(vec![], |(_, shape)| shape.clone());
    assert!(parts.iter().all(|(_, shape)| *shape == inner), "ragged: {value}");
    let shape = [vec![items.len()], inner].concat();
    (parts.into_iter().flat_map(|(data, _)| data).collect(), shape)
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Bool(x) => f64::from(u8::from(*x)),
        Value::Number(x) => x.as_f64().unwrap(),
        Value::String(x) => x.parse().unwrap(),
        other => panic!("not a number: {other}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}
