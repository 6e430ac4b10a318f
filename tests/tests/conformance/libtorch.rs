//! What is particular to libtorch tensors.

use half::{bf16, f16};
use metrics_conformance::check::same_bits;
use metrics_conformance::naive;
use metrics_conformance::random::{Kind as ScoreKind, seed};
use metrics_conformance::rational::exactly;
use metrics_conformance::torcheval;
use metrics_core::{Backend, HostTensor, Metric, RankState};
use metrics_tch::{
    BinaryAuprc, Tch, binary_auprc, binary_auprc_tasks, binary_auroc, state_from_tensor,
    state_to_tensor,
};
use num_traits::Signed;
use tch::{Device, Kind, Tensor};

const SCORES: [f32; 4] = [0.1, 0.5, 0.7, 0.8];
const TARGETS: [i64; 4] = [1, 0, 1, 1];
const VALUE: f64 = 11.0 / 12.0;

#[test]
fn scores_and_targets_of_every_kind() {
    let scores = Tensor::from_slice(&SCORES);
    for kind in [Kind::Half, Kind::BFloat16, Kind::Float, Kind::Double] {
        let targets = Tensor::from_slice(&TARGETS);
        assert_eq!(binary_auprc(&scores.to_kind(kind), &targets).unwrap(), VALUE, "{kind:?}");
    }
    let ranks = Tensor::from_slice(&[1i64, 2, 3, 4]);
    for kind in [Kind::Uint8, Kind::Int8, Kind::Int16, Kind::Int, Kind::Int64] {
        let targets = Tensor::from_slice(&TARGETS).to_kind(kind);
        assert_eq!(binary_auprc(&ranks.to_kind(kind), &targets).unwrap(), VALUE, "{kind:?}");
    }
    for kind in [Kind::Bool, Kind::Half, Kind::BFloat16, Kind::Float, Kind::Double] {
        let targets = Tensor::from_slice(&TARGETS).to_kind(kind);
        assert_eq!(binary_auprc(&scores, &targets).unwrap(), VALUE, "{kind:?}");
    }
    let halves = [f16::from_f32(0.5), f16::from_f32(0.25)];
    let brains = [bf16::from_f32(0.5), bf16::from_f32(0.25)];
    let targets = Tensor::from_slice(&[true, false]);
    assert_eq!(binary_auroc(&Tensor::from_slice(&halves), &targets).unwrap(), 1.0);
    assert_eq!(binary_auroc(&Tensor::from_slice(&brains), &targets).unwrap(), 1.0);
}

#[test]
fn views_of_any_strides_need_no_copy_by_the_caller() {
    let heads = Tensor::from_slice2(&[[0.1f32, 1.0], [0.5, 1.0], [0.7, 1.0], [0.8, 0.0]]);
    let targets = Tensor::from_slice2(&[[1i64, 1], [0, 0], [1, 1], [1, 0]]);
    assert_eq!(binary_auprc_tasks(&heads.tr(), &targets.tr()).unwrap(), [VALUE, 2.0 / 3.0]);
    assert_eq!(binary_auprc(&heads.select(1, 0), &targets.select(1, 0)).unwrap(), VALUE);
    let flipped = Tensor::from_slice(&SCORES).flip([0]);
    assert_eq!(binary_auprc(&flipped, &Tensor::from_slice(&TARGETS).flip([0])).unwrap(), VALUE);
    let tied = Tensor::from_slice(&[0.5f32]).expand([4], false);
    assert_eq!(binary_auprc(&tied, &Tensor::from_slice(&TARGETS)).unwrap(), 0.75);
    let sparse = Tensor::from_slice(&SCORES).to_sparse(None, None::<i64>, None);
    assert_eq!(binary_auprc(&sparse, &Tensor::from_slice(&TARGETS)).unwrap(), VALUE);
}

#[test]
fn gradients_and_later_writes_do_not_matter() {
    let scores = Tensor::from_slice(&SCORES).set_requires_grad(true);
    let mut auprc = BinaryAuprc::new();
    auprc.update(&(&scores * 2.0), &Tensor::from_slice(&TARGETS)).unwrap();
    let mut kept = Tensor::from_slice(&SCORES);
    let targets = Tensor::from_slice(&TARGETS);
    auprc.update(&kept, &targets).unwrap();
    let before = auprc.state().unwrap().to_bytes();
    let _ = kept.fill_(0.0);
    assert_eq!(auprc.state().unwrap().to_bytes(), before);
}

#[test]
fn what_no_metric_takes_is_an_error_and_no_panic() {
    let targets = Tensor::from_slice(&TARGETS);
    let text = |scores: &Tensor| binary_auprc(scores, &targets).unwrap_err().to_string();
    let complex = Tensor::from_slice(&SCORES).to_kind(Kind::ComplexFloat);
    assert_eq!(
        text(&complex),
        "binary_auprc: scores have dtype ComplexFloat, expected Bool, Uint8, Int8, Int16, Int, \
         Int64, Half, BFloat16, Float or Double"
    );
    let shapes = "expected (n_samples,) or (n_tasks, n_samples)";
    assert_eq!(
        text(&Tensor::new()),
        format!("binary_auprc: scores have shape [] and targets [4], {shapes}")
    );
    assert_eq!(
        text(&Tensor::zeros([1, 1, 4], (Kind::Float, Device::Cpu))),
        format!("binary_auprc: scores have shape [1, 1, 4] and targets [4], {shapes}")
    );
    assert_eq!(
        text(&Tensor::from_slice(&[0.1f32, f32::NAN, 0.2, 0.3])),
        "binary_auprc: score is NaN at task 0, index 1"
    );
    let scores = Tensor::from_slice(&SCORES);
    assert_eq!(
        binary_auprc(&scores, &Tensor::from_slice(&[0i64, 1, 2, 0])).unwrap_err().to_string(),
        "binary_auprc: target is 2 at task 0, index 2, expected 0 or 1"
    );
}

#[test]
fn no_rows_are_no_change() {
    let empty = Tensor::zeros([0], (Kind::Float, Device::Cpu));
    let mut auprc = BinaryAuprc::new();
    auprc.update(&empty, &empty).unwrap();
    assert!(matches!(auprc.compute(), Err(metrics_core::Error::NoSamples { .. })));
}

#[test]
fn u64_beyond_i64_is_refused() {
    let huge = HostTensor::new(&[u64::MAX], &[1]).unwrap();
    let text = Tch::cpu().upload(&huge).unwrap_err().to_string();
    assert!(text.starts_with("upload: elements have dtype U64 above i64::MAX"), "{text}");
}

#[test]
fn states_travel_in_tensors() {
    let mut auprc = BinaryAuprc::new();
    auprc.update(&Tensor::from_slice(&SCORES), &Tensor::from_slice(&TARGETS)).unwrap();
    let saved = state_to_tensor(&auprc.state().unwrap().to_bytes()).unwrap();
    let state = RankState::from_bytes(&state_from_tensor(&saved).unwrap()).unwrap();
    let mut resumed = BinaryAuprc::new();
    resumed.load_state(&state).unwrap();
    assert_eq!(resumed.compute().unwrap(), VALUE);
    assert!(state_from_tensor(&Tensor::from_slice(&SCORES)).is_err());
}

/// Both are close, and ours is never the further from the exact value.
#[test]
fn torcheval_agrees_and_is_less_exact() {
    for kind in ScoreKind::ALL {
        let mut samples = kind.samples(2_000, seed());
        // torcheval computes in the scores' precision.
        samples.scores.iter_mut().for_each(|x| *x = f64::from(*x as f32));
        let exact =
            naive::average_precision(&samples.scores, &samples.targets, &naive::ones(2_000));
        // torcheval tells ties by differences, and that of two infinities is NaN.
        let Some(exact) = exact.filter(|_| samples.scores.iter().all(|x| x.is_finite())) else {
            continue;
        };
        let scores: Vec<f32> = samples.scores.iter().map(|&x| x as f32).collect();
        let (x, y) = (Tensor::from_slice(&scores), Tensor::from_slice(&samples.targets));
        let (ours, theirs) =
            (binary_auprc(&x, &y).unwrap(), torcheval::binary_auprc(&x, &y).unwrap());
        let error = |value: f64| (exactly(value) - &exact).abs();
        assert!((ours - theirs).abs() < 1e-6, "{ours} and {theirs} on {samples:?}");
        assert!(error(ours) <= error(theirs), "{ours} and {theirs} on {samples:?}");
    }
}

/// The compositions on libtorch's own operations: what devices without kernels of ours run.
#[test]
fn compositions_have_the_same_bits() {
    for kind in ScoreKind::ALL {
        let samples = kind.samples(3_000, seed());
        let (x, y) = (Tensor::from_slice(&samples.scores), Tensor::from_slice(&samples.targets));
        let batch = metrics_core::Batch::<Tch>::new("tch", x.into(), y.into(), None).unwrap();
        let composed = metrics_core::compose::areas(&Tch::cpu(), &batch).unwrap();
        let fused = Tch::cpu().areas(&batch).unwrap();
        let values = |areas: &[metrics_core::Areas]| {
            [areas[0].auprc().unwrap_or(-1.0), areas[0].auroc().unwrap_or(-1.0)]
        };
        same_bits(&values(&composed), &values(&fused), &samples);
    }
}

/// Where libtorch has no CUDA half, the loader's own words say what is missing.
#[test]
fn a_missing_half_is_named_with_what_to_do() {
    if let Err(error) = metrics_tch::load_cuda() {
        let text = error.to_string();
        assert!(text.starts_with("tch: load CUDA failed: "), "{text}");
        assert!(text.contains(".so") && text.contains("cannot open shared object file"), "{text}");
        assert!(text.ends_with("on LD_LIBRARY_PATH"), "{text}");
        assert_eq!(metrics_tch::best_device(), tch::Device::Cpu);
    }
}
