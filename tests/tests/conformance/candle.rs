//! What is particular to candle tensors.

use candle_core::{DType, Device, Tensor, Var};
use metrics_candle::{Auc, BinaryAuprc, Candle, binary_auprc, binary_auprc_tasks};
use metrics_core::{Backend, HostTensor, Metric};

fn tensor<T: candle_core::WithDType>(data: &[T], shape: &[usize]) -> Tensor {
    Tensor::from_slice(data, shape, &Device::Cpu).unwrap()
}

#[test]
fn u64_beyond_i64_is_refused() {
    let huge = HostTensor::new(&[u64::MAX], &[1]).unwrap();
    let error = Candle::cpu().upload(&huge).unwrap_err();
    assert_eq!(
        error.to_string(),
        "upload: elements have dtype U64 above i64::MAX, \
         expected u8, u32, i16, i32, i64, f16, bf16, f32 or f64"
    );
}

/// candle's own cumsum multiplies by a matrix of as many rows and columns.
#[test]
fn rows_of_ten_million_are_sorted_and_summed() {
    crate::ops::long_rows_are_sorted_and_summed(&Candle::cpu(), 10_000_000);
}

#[test]
fn views_need_no_copy_by_the_caller() {
    let columns = tensor(&[0.1f32, 1.0, 0.5, 1.0, 0.7, 1.0, 0.8, 0.0], &[4, 2]);
    let targets = tensor(&[1u8, 1, 0, 0, 1, 1, 1, 0], &[4, 2]);
    let expected = [11.0 / 12.0, 2.0 / 3.0];
    let (x, y) = (columns.t().unwrap(), targets.t().unwrap());
    assert_eq!(binary_auprc_tasks(&x, &y).unwrap(), expected);
    let (x, y) = (columns.narrow(1, 0, 1).unwrap(), targets.narrow(1, 0, 1).unwrap());
    assert_eq!(binary_auprc(&x.t().unwrap(), &y.t().unwrap()).unwrap(), expected[0]);
    let tied = tensor(&[0.5f32], &[1]).broadcast_as(4).unwrap();
    let y = targets.narrow(1, 0, 1).unwrap().squeeze(1).unwrap();
    assert_eq!(binary_auprc(&tied, &y).unwrap(), 0.75);
}

#[test]
fn a_tensor_that_requires_a_gradient_is_read() {
    let scores = Var::from_tensor(&tensor(&[0.1f32, 0.5, 0.7, 0.8], &[4])).unwrap();
    let doubled = (scores.as_tensor() * 2.0).unwrap();
    let targets = tensor(&[1u8, 0, 1, 1], &[4]);
    let mut auprc = BinaryAuprc::new();
    auprc.update(&doubled, &targets).unwrap();
    drop(doubled);
    assert_eq!(auprc.compute().unwrap(), 11.0 / 12.0);
}

#[test]
fn later_writes_into_a_tensor_change_nothing() {
    let scores = Var::from_tensor(&tensor(&[0.1f32, 0.5, 0.7, 0.8], &[4])).unwrap();
    let targets = tensor(&[1u8, 0, 1, 1], &[4]);
    let mut auprc = BinaryAuprc::new();
    auprc.update(scores.as_tensor(), &targets).unwrap();
    scores.set(&tensor(&[0.0f32; 4], &[4])).unwrap();
    assert_eq!(auprc.compute().unwrap(), 11.0 / 12.0);
}

#[test]
fn no_rows_are_no_change() {
    let (scores, targets) = (tensor::<f32>(&[], &[0]), tensor::<u8>(&[], &[0]));
    let mut auprc = BinaryAuprc::new();
    auprc.update(&scores, &targets).unwrap();
    let mut auc = Auc::default();
    auc.update(&scores, &targets).unwrap();
    let no_samples =
        "no samples yet: call update with at least one sample of non-zero weight first";
    assert_eq!(auprc.compute().unwrap_err().to_string(), format!("binary_auprc: {no_samples}"));
    assert_eq!(auc.compute().unwrap_err().to_string(), format!("auc: {no_samples}"));
}

#[test]
fn wrong_ranks_and_dtypes_are_refused_and_change_nothing() {
    let mut auprc = BinaryAuprc::new();
    auprc.update(&tensor(&[0.1f32, 0.5], &[2]), &tensor(&[0u8, 1], &[2])).unwrap();
    let before = auprc.state().unwrap().to_bytes();
    let text = |result: metrics_core::Result<()>| result.unwrap_err().to_string();

    let (x, y) = (tensor(&[0.5f32], &[]), tensor(&[1u8], &[]));
    let shapes = "expected (n_samples,) or (n_tasks, n_samples)";
    assert_eq!(
        text(auprc.update(&x, &y)),
        format!("binary_auprc: scores have shape [] and targets [], {shapes}")
    );
    let (x, y) = (tensor(&[0.5f32], &[1, 1, 1]), tensor(&[1u8], &[1, 1, 1]));
    assert_eq!(
        text(auprc.update(&x, &y)),
        format!("binary_auprc: scores have shape [1, 1, 1] and targets [1, 1, 1], {shapes}")
    );
    let x = tensor(&[0.5f32, 0.25], &[2]).to_dtype(DType::F8E4M3).unwrap();
    assert_eq!(
        text(auprc.update(&x, &tensor(&[1u8, 0], &[2]))),
        "binary_auprc: scores have dtype F8E4M3, \
         expected u8, u32, i16, i32, i64, f16, bf16, f32 or f64"
    );
    assert_eq!(auprc.state().unwrap().to_bytes(), before);
}
