//! What is particular to metrics on CUDA devices. Needs one.
#![cfg(feature = "cuda")]

#[path = "cuda/streams.rs"]
mod streams;

use candle_core::{DType, Device, Tensor};
use metrics_candle::{
    Auc, Auprc, Auroc, BinaryAuprc, BinaryAuroc, Readings, binary_auprc, binary_auroc,
    binary_precision_recall_curve,
};
use metrics_conformance::cuda::device;
use metrics_conformance::random::Random;
use metrics_core::{Curve, Error, RankState, Sums};
use rstest::rstest;

/// Scores and targets on the CPU and the same on the device.
struct Both {
    cpu: [Tensor; 2],
    cuda: [Tensor; 2],
}

impl Both {
    fn new(scores: Tensor, targets: Tensor) -> Self {
        let cuda = [&scores, &targets].map(|x| x.to_device(&device()).unwrap());
        Self { cpu: [scores, targets], cuda }
    }

    /// Random scores of this dtype, in `[0, 1)` or of both signs, in rows.
    fn random(dtype: DType, n_tasks: usize, n: usize, low: f64, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let scores: Vec<f32> =
            (0..n_tasks * n).map(|_| (low + (1.0 - low) * random.unit()) as f32).collect();
        let targets: Vec<u8> = (0..n_tasks * n).map(|_| random.below(2) as u8).collect();
        let shape: &[usize] = if n_tasks == 1 { &[n] } else { &[n_tasks, n] };
        let scores = Tensor::from_vec(scores, shape, &Device::Cpu).unwrap();
        let targets = Tensor::from_vec(targets, shape, &Device::Cpu).unwrap();
        Self::new(scores.to_dtype(dtype).unwrap(), targets)
    }
}

fn vector<T: candle_core::WithDType>(data: &[T]) -> Tensor {
    Tensor::new(data, &device()).unwrap()
}

/// One task on both sides of the limits where the kernels change their ways.
#[rstest]
fn one_task_has_the_bits_of_the_cpu(
    #[values(1, 2, 4095, 4096, 4097, 1 << 20, (1 << 20) + 1, 10_000_000)] n: usize,
    #[values(DType::F32, DType::F64, DType::BF16, DType::F16, DType::U32)] dtype: DType,
    #[values(0.0, -1.0)] low: f64,
) {
    if dtype == DType::U32 && low < 0.0 {
        return;
    }
    let Both { cpu: [x, y], cuda: [a, b] } = Both::random(dtype, 1, n, low, 1);
    assert_eq!(binary_auprc(&a, &b).unwrap(), binary_auprc(&x, &y).unwrap());
    assert_eq!(binary_auroc(&a, &b).unwrap(), binary_auroc(&x, &y).unwrap());
}

#[test]
fn a_hundred_million_samples_have_the_bits_of_the_cpu() {
    let Both { cpu: [x, y], cuda: [a, b] } = Both::random(DType::F32, 1, 100_000_000, 0.0, 2);
    assert_eq!(binary_auprc(&a, &b).unwrap(), binary_auprc(&x, &y).unwrap());
    assert_eq!(binary_auroc(&a, &b).unwrap(), binary_auroc(&x, &y).unwrap());
}

#[rstest]
#[case(2, 3)]
#[case(7, 10_000)]
#[case(1_000, 100_000)]
#[case(100_000, 10)]
fn tasks_have_the_bits_of_the_cpu(
    #[case] n_tasks: usize,
    #[case] n: usize,
    #[values(DType::F32, DType::F64, DType::F16)] dtype: DType,
) {
    let Both { cpu: [x, y], cuda: [a, b] } = Both::random(dtype, n_tasks, n, -1.0, 3);
    assert_eq!(Auprc.tasks(&a, &b).unwrap(), Auprc.tasks(&x, &y).unwrap());
    assert_eq!(Auroc.tasks(&a, &b).unwrap(), Auroc.tasks(&x, &y).unwrap());
}

#[test]
fn curves_are_those_of_the_cpu() {
    let Both { cpu: [x, y], cuda: [a, b] } = Both::random(DType::F32, 1, 100_000, -1.0, 4);
    let expected = binary_precision_recall_curve(&x, &y).unwrap();
    assert_eq!(binary_precision_recall_curve(&a, &b).unwrap(), expected);
}

/// Fed in batches of all sizes, read in between, merged and saved: the state has the CPU's bytes.
#[rstest]
fn states_have_the_bytes_of_the_cpu(
    #[values(DType::F32, DType::F64, DType::BF16)] dtype: DType,
    #[values(1, 3)] n_tasks: usize,
) {
    let new = || BinaryAuprc::new().tasks(n_tasks).unwrap();
    let (mut on_cpu, mut on_cuda, mut later) = (new(), new(), new());
    for (i, n) in [1, 1000, 5, 70_000, 3, 1 << 19, 17].into_iter().enumerate() {
        let Both { cpu: [x, y], cuda: [a, b] } = Both::random(dtype, n_tasks, n, -1.0, i as u64);
        on_cpu.update(&x, &y).unwrap();
        if i < 4 {
            on_cuda.update(&a, &b).unwrap()
        } else {
            later.update(&a, &b).unwrap()
        }
        if i == 2 {
            assert_eq!(on_cuda.compute_tasks().unwrap(), on_cpu.compute_tasks().unwrap());
        }
    }
    let apart = later.compute_tasks().unwrap();
    on_cuda.merge(&later).unwrap();
    assert_eq!(later.compute_tasks().unwrap(), apart);
    assert_eq!(on_cuda.compute_tasks().unwrap(), on_cpu.compute_tasks().unwrap());
    let bytes = on_cpu.state().unwrap().to_bytes();
    assert_eq!(on_cuda.state().unwrap().to_bytes(), bytes);
    let mut loaded = new();
    loaded.load_state(&RankState::from_bytes(&bytes).unwrap()).unwrap();
    let Both { cpu: [x, y], cuda: [a, b] } = Both::random(dtype, n_tasks, 999, -1.0, 9);
    on_cpu.update(&x, &y).unwrap();
    loaded.update(&a, &b).unwrap();
    assert_eq!(loaded.compute_tasks().unwrap(), on_cpu.compute_tasks().unwrap());
}

#[rstest]
fn bucket_counts_are_those_of_the_cpu(
    #[values(1, 7, 4095, 1 << 17)] num_thresholds: usize,
    #[values(DType::F32, DType::F64, DType::BF16)] dtype: DType,
) {
    let new = || Auc::new(Curve::Pr, num_thresholds).unwrap();
    let (mut on_cpu, mut on_cuda) = (new(), new());
    for (i, n) in [1, 100, 1_000_000].into_iter().enumerate() {
        let Both { cpu: [x, y], cuda: [a, b] } = Both::random(dtype, 1, n, 0.0, i as u64);
        on_cpu.update(&x, &y).unwrap();
        on_cuda.update(&a, &b).unwrap();
    }
    assert_eq!(on_cuda.compute().unwrap(), on_cpu.compute().unwrap());
    assert_eq!(on_cuda.bounds().unwrap(), on_cpu.bounds().unwrap());
    assert_eq!(on_cuda.state().unwrap(), on_cpu.state().unwrap());
}

/// The error of the one rejected update, which was this one of so many.
fn rejected(error: Error, number: usize, of: usize) -> Error {
    let Error::RejectedUpdates { update, n_updates, n_rejected, source } = error else {
        panic!("{error}")
    };
    assert_eq!([update, n_updates, n_rejected], [number, of, 1], "{source}");
    *source
}

/// A bad batch stays out; the next read says so, once; the good ones count.
#[rstest]
fn a_bad_batch_is_rejected_and_reported_once(#[values(DType::F32, DType::BF16)] dtype: DType) {
    let (good, labels) = (vector(&[0.1f32, 0.5, 0.7, 0.8]), vector(&[1u8, 0, 1, 1]));
    let good = good.to_dtype(dtype).unwrap();
    let nan = vector(&[0.5f32, f32::NAN]).to_dtype(dtype).unwrap();
    let mut auroc = BinaryAuroc::new();
    auroc.update(&good, &labels).unwrap();
    auroc.update(&nan, &vector(&[1u8, 0])).unwrap();
    auroc.update(&good, &vector(&[1.0f32, 0.0, 0.5, 1.0])).unwrap();
    assert_eq!(
        auroc.compute().unwrap_err().to_string(),
        "binary_auroc: score is NaN at task 0, index 1; \
         this was update 2 of 3 since the metric was last read, and was rejected with 1 more"
    );
    assert_eq!(auroc.compute().unwrap(), 2.0 / 3.0);
    assert_eq!(auroc.compute().unwrap(), 2.0 / 3.0);
    auroc.update(&good, &vector(&[1i64, 0, 1, 2])).unwrap();
    let source = rejected(auroc.state().unwrap_err(), 1, 1);
    assert!(matches!(source, Error::InvalidTarget { task: 0, index: 3, value: 2.0, .. }));
    assert_eq!(auroc.compute().unwrap(), 2.0 / 3.0);
}

#[test]
fn a_bad_prediction_stays_out_of_the_buckets() {
    let mut auc = Auc::default();
    auc.update(&vector(&[0.1f32, 0.5, 0.7, 0.8]), &vector(&[1u8, 0, 1, 1])).unwrap();
    let value = auc.compute().unwrap();
    auc.update(&vector(&[0.5f32, 1.5]), &vector(&[1u8, 0])).unwrap();
    let source = rejected(auc.compute().unwrap_err(), 1, 1);
    assert!(matches!(source, Error::InvalidProbability { row: 1, value: 1.5, .. }), "{source}");
    assert_eq!(auc.compute().unwrap(), value);
}

#[test]
fn functions_name_what_is_wrong() {
    let scores = vector(&[0.5f32, f32::NAN]);
    for targets in [[1u8, 0], [1, 7]] {
        let error = binary_auprc(&scores, &vector(&targets)).unwrap_err();
        assert!(matches!(error, Error::NanScore { task: 0, index: 1, .. }), "{error}");
    }
    let error = binary_auprc(&scores, &vector(&[0.5f64, 0.0])).unwrap_err();
    assert!(matches!(error, Error::InvalidTarget { task: 0, index: 0, value: 0.5, .. }), "{error}");
}

#[test]
fn tensors_on_two_devices_are_refused() {
    let scores = vector(&[0.5f32, 0.7]);
    let targets = Tensor::new(&[0u8, 1], &Device::Cpu).unwrap();
    let mut auprc = BinaryAuprc::new();
    auprc.update(&scores, &vector(&[0u8, 1])).unwrap();
    let error = auprc.update(&scores, &targets).unwrap_err();
    assert!(matches!(error, Error::DeviceMismatch { .. }), "{error}");
    assert_eq!(auprc.compute().unwrap(), 1.0);
}

/// One metric may be fed from both sides, weighted or not.
#[test]
fn batches_from_both_sides_meet_in_the_state() {
    let Both { cpu: [x, y], cuda: [a, b] } = Both::random(DType::F32, 1, 5_000, -1.0, 5);
    let weights = Tensor::full(2.0f64, 5_000, &Device::Cpu).unwrap();
    let (mut mixed, mut on_cpu) = (BinaryAuprc::new(), BinaryAuprc::new());
    mixed.update(&a, &b).unwrap();
    mixed.update(&x, &y).unwrap();
    mixed.update_weighted(&a, &b, &weights.to_device(&device()).unwrap()).unwrap();
    for _ in 0..4 {
        on_cpu.update(&x, &y).unwrap();
    }
    assert_eq!(mixed.state().unwrap().to_bytes(), on_cpu.state().unwrap().to_bytes());
}

#[test]
fn views_and_empty_tensors_need_no_care() {
    let heads = vector(&[0.1f32, 1.0, 0.5, 1.0, 0.7, 1.0, 0.8, 0.0]).reshape((4, 2)).unwrap();
    let targets = vector(&[1u8, 1, 0, 0, 1, 1, 1, 0]).reshape((4, 2)).unwrap();
    let (x, y) = (heads.t().unwrap(), targets.t().unwrap());
    assert_eq!(Auprc.tasks(&x, &y).unwrap(), [11.0 / 12.0, 2.0 / 3.0]);
    let (x, y) = (heads.narrow(1, 0, 1).unwrap(), targets.narrow(1, 0, 1).unwrap());
    assert_eq!(binary_auprc(&x.t().unwrap(), &y.t().unwrap()).unwrap(), 11.0 / 12.0);
    let mut auprc = BinaryAuprc::new();
    auprc.update(&vector::<f32>(&[]), &vector::<u8>(&[])).unwrap();
    assert!(auprc.compute().is_err());
}

/// 2^45 samples need more memory than any device has beside them; the error says so, and what the
/// metric held is still there.
#[test]
fn no_memory_is_an_error_that_loses_nothing() {
    let (good, labels) = (vector(&[0.1f32, 0.5, 0.7, 0.8]), vector(&[1u8, 0, 1, 1]));
    let mut auprc = BinaryAuprc::new();
    auprc.update(&good, &labels).unwrap();
    let one = Tensor::zeros(1, DType::F64, &device()).unwrap();
    let huge = one.broadcast_as(1 << 45).unwrap();
    let targets = Tensor::zeros(1, DType::U8, &device()).unwrap().broadcast_as(1 << 45).unwrap();
    assert!(auprc.update(&huge, &targets).is_err());
    assert_eq!(auprc.compute().unwrap(), 11.0 / 12.0);
}

/// A bad batch takes its kind of scores with it: those of the next need not compare with them.
#[test]
fn scores_need_not_compare_with_those_of_a_bad_batch() {
    let (integers, labels) = (vector(&[1i64, 5, 7, 8]), vector(&[1u8, 0, 1, 1]));
    let mut auprc = BinaryAuprc::new();
    auprc.update(&vector(&[0.5f32, f32::NAN]), &vector(&[1u8, 0])).unwrap();
    auprc.update(&integers, &labels).unwrap();
    let error = auprc.update(&vector(&[0.5f32]), &vector(&[1u8])).unwrap_err();
    assert!(matches!(error, Error::ScoreTypeMismatch { .. }), "{error}");
    rejected(auprc.compute().unwrap_err(), 1, 2);
    assert_eq!(auprc.compute().unwrap(), 11.0 / 12.0);
}

/// Weighted updates go to the host at once, and count as updates all the same.
#[test]
fn updates_of_both_kinds_are_counted() {
    let (good, labels) = (vector(&[0.1f32, 0.5, 0.7, 0.8]), vector(&[1u8, 0, 1, 1]));
    let mut auprc = BinaryAuprc::new();
    auprc.update_weighted(&good, &labels, &vector(&[1.0f64; 4])).unwrap();
    auprc.update(&vector(&[0.5f32]), &vector(&[2u8])).unwrap();
    auprc.update_weighted(&good, &labels, &vector(&[1.0f64; 4])).unwrap();
    rejected(auprc.compute().unwrap_err(), 2, 3);
    assert_eq!(auprc.compute().unwrap(), 11.0 / 12.0);
}

#[test]
fn a_batch_that_no_sort_holds_is_refused_at_once() {
    let zeros = Tensor::zeros(1 << 32, DType::U8, &device()).unwrap();
    let mut auprc = BinaryAuprc::new();
    auprc.update(&vector(&[1u8, 2]), &vector(&[0u8, 1])).unwrap();
    assert_eq!(
        auprc.update(&zeros, &zeros).unwrap_err().to_string(),
        "cuda: binary_auprc failed: a batch of 1 × 4294967296 samples; \
         at most 4294967295 go at once"
    );
    assert_eq!(auprc.compute().unwrap(), 1.0);
    assert!(Auc::default().update(&zeros, &zeros).is_err());
    assert!(binary_auroc(&zeros, &zeros).is_err());
}

/// What no sort holds makes way to the state.
#[test]
fn more_samples_than_one_sort_holds_may_be_kept() {
    const N: usize = 1 << 31;
    let zeros = Tensor::zeros(N, DType::U8, &device()).unwrap();
    let ones = Tensor::ones(N, DType::U8, &device()).unwrap();
    let mut auroc = BinaryAuroc::new();
    auroc.update(&zeros, &ones).unwrap();
    auroc.update(&ones, &zeros).unwrap();
    assert_eq!(auroc.compute().unwrap(), 0.0);
    let areas = auroc.read_tasks(&Sums).unwrap();
    assert_eq!((areas[0].n_positives(), areas[0].n_negatives()), (N as f64, N as f64));
}
