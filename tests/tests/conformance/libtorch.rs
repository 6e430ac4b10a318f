//! What is particular to libtorch tensors.

use half::{bf16, f16};
use metrics_conformance::check::{nearest, same_bits, within_ulps};
use metrics_conformance::naive;
use metrics_conformance::random::{Kind as ScoreKind, seed};
use metrics_conformance::rational::exactly;
use metrics_conformance::torcheval;
use metrics_core::backend::ElementCheck;
use metrics_core::backend::{Primitives, to_host};
use metrics_core::{Backend, Error, HostTensor, RankState};
use metrics_tch::{
    Auc, Auprc, BinaryAuprc, Readings, Shared, Tch, binary_auprc, binary_auroc, state_from_tensor,
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
    assert_eq!(Auprc.tasks(&heads.tr(), &targets.tr()).unwrap(), [VALUE, 2.0 / 3.0]);
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
    let error = |scores: &Tensor| binary_auprc(scores, &targets).unwrap_err();
    let complex = Tensor::from_slice(&SCORES).to_kind(Kind::ComplexFloat);
    // The message lists libtorch's own kinds.
    assert_eq!(
        error(&complex).to_string(),
        "binary_auprc: scores have dtype ComplexFloat, expected Bool, Uint8, Int8, Int16, Int, \
         Int64, Half, BFloat16, Float or Double"
    );
    let cube = Tensor::zeros([1, 1, 4], (Kind::Float, Device::Cpu));
    for (scores, shape) in [(Tensor::new(), vec![]), (cube, vec![1, 1, 4])] {
        let Error::UnsupportedRank { scores, targets, .. } = error(&scores) else { panic!() };
        assert_eq!([scores, targets], [shape, vec![4]]);
    }
    let nan = error(&Tensor::from_slice(&[0.1f32, f32::NAN, 0.2, 0.3]));
    assert!(matches!(nan, Error::NanScore { task: 0, index: 1, .. }), "{nan}");
    let (scores, two) = (Tensor::from_slice(&SCORES), Tensor::from_slice(&[0i64, 1, 2, 0]));
    let two = binary_auprc(&scores, &two).unwrap_err();
    assert!(matches!(two, Error::InvalidTarget { index: 2, value: 2.0, .. }), "{two}");
}

#[test]
fn no_rows_are_no_change() {
    let empty = Tensor::zeros([0], (Kind::Float, Device::Cpu));
    let mut auprc = BinaryAuprc::new();
    auprc.update(&empty, &empty).unwrap();
    assert!(matches!(auprc.compute(), Err(Error::NoSamples { .. })));
}

#[test]
fn u64_beyond_i64_is_refused() {
    let huge = HostTensor::new(&[u64::MAX], &[1]).unwrap();
    let error = Tch::cpu().upload(&huge).unwrap_err();
    assert!(matches!(error, Error::UnsupportedDtype { op: "upload", .. }), "{error}");
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

/// Views of a 4 × 6 matrix: reversed, strided, offset, transposed, expanded, empty.
fn views(base: &Tensor) -> Vec<Tensor> {
    vec![
        base.shallow_clone(),
        base.tr(),
        base.flip([1]),
        base.narrow(0, 1, 2),
        base.narrow(1, 2, 3),
        base.slice(1, 0, 6, 3),
        base.slice(0, 0, 4, 2).slice(1, 1, 6, 2).tr(),
        base.narrow(0, 1, 1).expand([3, 6], false),
        base.narrow(1, 1, 1).expand([4, 5], false),
        base.narrow(1, 1, 1).tr().expand([3, 4], false),
        base.narrow(0, 2, 1).narrow(1, 3, 1).expand([2, 3], false),
        base.narrow(0, 2, 0),
        base.narrow(1, 3, 0),
    ]
}

fn elements(x: &Tensor) -> Vec<f64> {
    to_host::<Tch>(&x.shallow_clone().into()).unwrap().to_f64_vec()
}

#[test]
fn small_views_equal_the_oracle() {
    let scores: Vec<f32> = (0..24).map(|i| ((5 * (i / 6) + 3 * i) % 7) as f32 / 8.0).collect();
    let targets: Vec<u8> = (0..24).map(|i| u8::from(i * i % 3 == 0)).collect();
    let scores = Tensor::from_slice(&scores).reshape([4, 6]);
    let targets = Tensor::from_slice(&targets).reshape([4, 6]);
    for (x, y) in views(&scores).into_iter().zip(views(&targets)) {
        let what = (x.size(), x.stride());
        if x.numel() == 0 {
            let error = Auprc.tasks(&x, &y).unwrap_err();
            assert!(matches!(error, Error::Empty { .. }), "{error} for {what:?}");
            continue;
        }
        let tasks = Auprc.tasks(&x, &y).unwrap();
        for (task, &value) in (0..).zip(&tasks) {
            let (x, y) = (x.get(task), y.get(task));
            // Read one by one, as libtorch itself sees them.
            let scores: Vec<f64> = (0..x.size()[0]).map(|i| x.double_value(&[i])).collect();
            let targets: Vec<u8> = (0..y.size()[0]).map(|i| y.int64_value(&[i]) as u8).collect();
            let ones = naive::ones(scores.len());
            let auprc = naive::average_precision(&scores, &targets, &ones);
            within_ulps(value, auprc.as_ref(), 0.0, &what);
            let auroc = naive::auroc(&scores, &targets, &ones);
            nearest(binary_auroc(&x, &y).unwrap(), auroc.as_ref(), 0.5, &what);
        }
    }
}

#[test]
fn the_first_bad_element_of_a_view_is_found() {
    let mut values = vec![0.5f64; 24];
    values[2 * 6 + 3] = f64::NAN;
    for x in views(&Tensor::from_slice(&values).reshape([4, 6])) {
        let first = elements(&x).iter().position(|x| x.is_nan());
        let what = (x.size(), x.stride());
        let found = Tch::cpu().find_invalid(&x.into(), ElementCheck::NotNan).unwrap();
        assert_eq!(found.map(|(at, _)| at), first, "{what:?}");
    }
}

/// More elements than memory: 2^40, and as many as a number may say.
#[test]
fn an_expanded_tensor_beyond_memory_is_an_error() {
    #[track_caller]
    fn is_refused<T: std::fmt::Debug>(result: metrics_core::Result<T>) {
        // libtorch's own operations say it in its own words.
        let error = result.unwrap_err();
        assert!(matches!(error, Error::OutOfMemory { .. } | Error::Backend { .. }), "{error}");
    }
    let (score, target) = (Tensor::from_slice(&[0.5f32]), Tensor::from_slice(&[1u8]));
    for n in [1 << 40, i64::MAX] {
        let (Ok(x), Ok(y)) = (score.f_expand([n], false), target.f_expand([n], false)) else {
            // libtorch refuses by itself.
            continue;
        };
        let error = binary_auroc(&x, &y).unwrap_err();
        assert!(matches!(error, Error::OutOfMemory { op: "binary_auroc", .. }), "{error}");
        let (mut auprc, mut auc) = (BinaryAuprc::new(), Auc::default());
        is_refused(auprc.update(&x, &y));
        is_refused(auc.update(&x, &y));
        assert!(matches!(auprc.compute(), Err(Error::NoSamples { .. })), "something was kept");
        is_refused(state_from_tensor(&y));

        let backend = Tch::cpu();
        let row: Shared = score.expand([1, n], false).into();
        is_refused(to_host::<Tch>(&row));
        is_refused(backend.reshape(row.clone(), [n as usize, 1]));
        is_refused(backend.argsort_descending(&row));
        is_refused(backend.cumsum(&row));
        is_refused(backend.bucket(&row, 10));
        assert_eq!(backend.find_invalid(&row, ElementCheck::NotNan).unwrap(), None);
        assert_eq!(backend.find_invalid(&row, ElementCheck::Binary).unwrap(), Some((0, 0.5)));
        assert_eq!(Tch::shape(&backend.column(&row, n as usize - 1).unwrap()), [1]);
    }
    assert!(score.f_expand([1 << 40], false).is_ok());
}

/// Layouts without strides are made dense; libtorch has no address for them.
#[test]
fn tensors_without_strides_are_read() {
    let scores = Tensor::from_slice(&SCORES).reshape([1, 4]);
    let targets = Tensor::from_slice(&TARGETS).reshape([1, 4]);
    let rows = scores.to_sparse_csr(None);
    assert_eq!(binary_auprc(&rows, &targets).unwrap(), VALUE);
    assert_eq!(binary_auprc(&scores.to_mkldnn(), &targets).unwrap(), VALUE);
    assert_eq!(Tch::cpu().find_invalid(&rows.into(), ElementCheck::NotNan).unwrap(), None);
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
        let batch =
            metrics_core::backend::Batch::<Tch>::new("tch", x.into(), y.into(), None).unwrap();
        let composed = metrics_core::backend::compose::rank_sums(&Tch::cpu(), &batch).unwrap();
        let fused = Tch::cpu().rank_sums(&batch).unwrap();
        let values = |areas: &[metrics_core::RankSums]| {
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
