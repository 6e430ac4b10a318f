//! Tensors of several streams, and metrics that change threads. candle's default stream is another one
//! in each thread.

use std::thread;

use candle_core::{DType, Device, Tensor};
use metrics_candle::{Auc, BinaryAuprc, BinaryAuroc, binary_auprc};
use metrics_conformance::cuda::device;
use metrics_core::{Error, Sums};

use crate::{Both, rejected, vector};

/// The first device, with a stream of its own.
fn other() -> Device {
    Device::new_cuda_with_stream(0).unwrap()
}

/// The same bits, after enough work on the tensor's stream that who does not wait for it reads
/// something else.
fn late(x: &Tensor, on: &Device) -> Tensor {
    let mut late = x.to_device(on).unwrap();
    for _ in 0..101 {
        late = late.affine(-1.0, 0.0).unwrap();
    }
    late.neg().unwrap()
}

#[test]
fn a_device_with_a_stream_of_its_own_serves_as_well() {
    let own = other();
    let Both { cpu: [x, y], .. } = Both::random(DType::F32, 1, 300_000, 0.0, 6);
    let [a, b] = [&x, &y].map(|tensor| tensor.to_device(&own).unwrap());
    let mut auprc = BinaryAuprc::new();
    auprc.update(&a, &b).unwrap();
    drop((a, b));
    assert_eq!(auprc.compute().unwrap(), binary_auprc(&x, &y).unwrap());
}

#[test]
fn one_metric_is_fed_from_two_streams_in_turn() {
    let devices = [device(), other()];
    let (mut on_cpu, mut on_cuda) = (BinaryAuprc::new(), BinaryAuprc::new());
    let (mut auc_on_cpu, mut auc_on_cuda) = (Auc::default(), Auc::default());
    for (i, device) in [0, 1, 0, 0, 1, 1, 0].map(|i: usize| &devices[i]).into_iter().enumerate() {
        let Both { cpu: [x, y], .. } = Both::random(DType::F32, 1, 200_000, 0.0, i as u64);
        let (a, b) = (late(&x, device), y.to_device(device).unwrap());
        on_cpu.update(&x, &y).unwrap();
        on_cuda.update(&a, &b).unwrap();
        auc_on_cpu.update(&x, &y).unwrap();
        auc_on_cuda.update(&a, &b).unwrap();
        if i == 3 {
            assert_eq!(on_cuda.compute().unwrap(), on_cpu.compute().unwrap());
        }
    }
    assert_eq!(on_cuda.compute().unwrap(), on_cpu.compute().unwrap());
    assert_eq!(on_cuda.state().unwrap().to_bytes(), on_cpu.state().unwrap().to_bytes());
    assert_eq!(auc_on_cuda.state().unwrap(), auc_on_cpu.state().unwrap());
}

/// The kernels run on the stream of the scores, and wait for that of the targets.
#[test]
fn scores_and_targets_may_be_of_two_streams() {
    let Both { cpu: [x, y], .. } = Both::random(DType::F32, 1, 3_000_000, 0.0, 7);
    let expected = binary_auprc(&x, &y).unwrap();
    let targets = y.to_dtype(DType::F32).unwrap();
    for [one, another] in [[device(), other()], [other(), device()], [other(), other()]] {
        let scores = x.to_device(&one).unwrap();
        let function = binary_auprc(&scores, &late(&targets, &another)).unwrap();
        assert_eq!(function, expected);
        let mut auprc = BinaryAuprc::new();
        let labels = late(&targets, &another);
        auprc.update(&scores, &labels).unwrap();
        // Whoever gets this memory writes to it on the other stream.
        drop(labels);
        let _noise = Tensor::full(0.5f32, 3_000_000, &another).unwrap();
        assert_eq!(auprc.compute().unwrap(), expected);
    }
}

/// The good batch that makes the bad one known is not lost with it.
#[test]
fn a_bad_batch_of_another_stream_is_told_at_the_next_read() {
    let own = other();
    let on = |device: &Device, data: &[f32]| Tensor::new(data, device).unwrap();
    let labels = |device: &Device| Tensor::new(&[1u8, 0, 1, 1], device).unwrap();
    let good = [0.1f32, 0.5, 0.7, 0.8];
    let mut auroc = BinaryAuroc::new();
    auroc.update(&vector(&good), &labels(&device())).unwrap();
    auroc.update(&vector(&[0.5f32, f32::NAN]), &vector(&[1u8, 0])).unwrap();
    auroc.update(&on(&own, &good), &labels(&own)).unwrap();
    auroc.update(&on(&own, &good), &labels(&own)).unwrap();
    let source = rejected(auroc.compute().unwrap_err(), 2, 4);
    assert!(matches!(source, Error::NanScore { task: 0, index: 1, .. }), "{source}");
    assert_eq!(auroc.compute().unwrap(), 2.0 / 3.0);
    assert_eq!(auroc.read_tasks(&Sums).unwrap()[0].n_positives(), 9.0);

    let mut auc = Auc::default();
    auc.update(&vector(&[0.5f32, 1.5]), &vector(&[1u8, 0])).unwrap();
    auc.update(&on(&own, &good), &labels(&own)).unwrap();
    rejected(auc.compute().unwrap_err(), 1, 2);
    assert_eq!(auc.compute().unwrap(), 2.0 / 3.0);
}

#[test]
fn a_metric_may_change_threads() {
    for (i, dtype) in [DType::F32, DType::BF16].into_iter().cycle().take(8).enumerate() {
        let Both { cpu: [x, y], cuda: [a, b] } = Both::random(dtype, 1, 2_000_000, 0.0, i as u64);
        let mut on_cpu = BinaryAuprc::new();
        on_cpu.update(&x, &y).unwrap();
        let expected = on_cpu.compute().unwrap();
        device().synchronize().unwrap();
        let (mut auprc, mut clone) = thread::spawn(move || {
            let mut auprc = BinaryAuprc::new();
            auprc.update(&a, &b).unwrap();
            (auprc.clone(), auprc)
        })
        .join()
        .unwrap();
        assert_eq!(auprc.compute().unwrap(), expected);
        let later = thread::spawn(move || clone.compute().unwrap()).join().unwrap();
        assert_eq!(later, expected);
    }
}
