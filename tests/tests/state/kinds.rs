//! The kinds of scores: which type has which, and what a state says of its own.

use half::{bf16, f16};
use metrics_core::{BinaryAuroc, DType, ScoreKind, Sums};
use rstest::rstest;
use tensor_metrics::{Backend, Element, Host, HostTensor, RankState};

use crate::backends::on_every_backend;
use crate::given::{given, row};

#[rstest]
#[case::f16(&[DType::F16], ScoreKind::F16, "f16")]
#[case::bf16(&[DType::Bf16], ScoreKind::Bf16, "bf16")]
#[case::f32(&[DType::F32], ScoreKind::F32, "f32")]
#[case::f64(&[DType::F64], ScoreKind::F64, "f64")]
#[case::unsigned(&[DType::Bool, DType::U8, DType::U16], ScoreKind::I32, "integer")]
#[case::signed(&[DType::I8, DType::I16, DType::I32], ScoreKind::I32, "integer")]
#[case::wide(&[DType::U32, DType::I64], ScoreKind::I64, "64-bit integer")]
#[case::u64(&[DType::U64], ScoreKind::U64, "u64")]
fn every_type_has_a_kind(#[case] dtypes: &[DType], #[case] kind: ScoreKind, #[case] name: &str) {
    for &dtype in dtypes {
        assert_eq!((ScoreKind::of(dtype), kind.name()), (kind, name), "{dtype:?}");
    }
    let is_16_bit = matches!(kind, ScoreKind::F16 | ScoreKind::Bf16);
    assert_eq!(kind.is_16_bit(), is_16_bit);
}

#[test]
fn a_state_knows_its_kind() {
    on_every_backend!(kind_of_f16());
    on_every_backend!(kind_of_f64());
    kind(&Host, [bf16::ONE, bf16::ZERO], ScoreKind::Bf16);
    kind(&Host, [1f32, 0.0], ScoreKind::F32);
    kind(&Host, [true, false], ScoreKind::I32);
    kind(&Host, [1i16, 0], ScoreKind::I32);
    kind(&Host, [1u32, 0], ScoreKind::I64);
    kind(&Host, [1u64, 0], ScoreKind::U64);
}

fn kind_of_f16<B: Backend>(backend: &B) {
    // A backend may have no such type and widen.
    let kind = held(backend, [f16::ONE, f16::ZERO]).score_kind(0).unwrap();
    assert_eq!(kind.join(ScoreKind::F16), Some(kind));
}

fn kind_of_f64<B: Backend>(backend: &B) {
    kind(backend, [1f64, 0.0], ScoreKind::F64);
}

fn kind<B: Backend, T: Element>(backend: &B, scores: [T; 2], expected: ScoreKind) {
    let state = held(backend, scores);
    assert_eq!(state.score_kind(0), Some(expected));
    let read = RankState::from_bytes(&state.to_bytes()).unwrap();
    assert_eq!((read.score_kind(0), read.score_kind(1)), (Some(expected), None));
    let empty = BinaryAuroc::<B>::default().state().unwrap();
    assert_eq!(empty.score_kind(0), None);
}

fn held<B: Backend, T: Element>(backend: &B, scores: [T; 2]) -> RankState {
    let mut auroc = BinaryAuroc::<B>::default();
    given(row(&scores), row(&[1, 0])).update(backend, &mut auroc).unwrap();
    assert_eq!(auroc.compute().unwrap(), 1.0);
    auroc.state().unwrap()
}

#[test]
fn a_tensor_knows_its_type() {
    let tensor = HostTensor::new(&[1i16, -2], &[2]).unwrap();
    assert_eq!((tensor.dtype(), tensor.buffer().is_empty()), (DType::I16, false));
    let empty = HostTensor::new(&[] as &[u32], &[0]).unwrap();
    assert_eq!((empty.dtype(), empty.buffer().is_empty()), (DType::U32, true));
    assert_eq!(format!("{:?}", tensor.buffer()), "I16([1, -2])");
}

/// A state that was read remembers the areas of its larger tasks.
#[test]
fn areas_asked_for_again_are_the_same() {
    let scores: Vec<f64> = (0..100).map(|i| f64::from(i * 37 % 100)).collect();
    let targets: Vec<u8> = (0..100).map(|i| u8::from(i % 3 == 0)).collect();
    let mut auroc = BinaryAuroc::<Host>::new();
    given(row(&scores), row(&targets)).update(&Host, &mut auroc).unwrap();
    let mut read = RankState::from_bytes(&auroc.state().unwrap().to_bytes()).unwrap();
    let areas = auroc.read_tasks(&Sums).unwrap();
    for _ in ["computed", "remembered"] {
        let read = read.rank_sums().unwrap();
        assert_eq!((read[0].auroc(), read[0].auprc()), (areas[0].auroc(), areas[0].auprc()));
    }
}
