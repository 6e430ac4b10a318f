//! Weights are finite and at least 0, and so is their sum.

use half::{bf16, f16};
use metrics_core::{Auc, BinaryAuprc, BinaryAuroc};
use rstest::rstest;
use tensor_metrics::{AucState, Backend, Curve, HostTensor};

use crate::backends::on_every_backend;
use crate::filled::filled;
use crate::given::{Given, given, row, rows};
use crate::unchanged::{
    all_of_several_tasks_refuse, all_refuse, auc_refuses, functions_take, metrics_refuse, refuses,
};

const SCORES: [f32; 3] = [0.1, 0.5, 0.9];
const TARGETS: [u8; 3] = [0, 1, 1];

#[rstest]
#[case::i8(row(&[1i8, -1, 1]), "-1")]
#[case::i64(row(&[1i64, -1 << 40, 1]), "-1099511627776")]
#[case::f16(row(&[f16::ONE, f16::NEG_INFINITY, f16::ONE]), "-inf")]
#[case::bf16(row(&[bf16::ONE, bf16::NAN, bf16::ONE]), "NaN")]
#[case::f32_negative(row(&[1.0f32, -0.5, 1.0]), "-0.5")]
#[case::f32_infinite(row(&[1.0, f32::INFINITY, 1.0]), "inf")]
#[case::f32_nan(row(&[1.0, f32::NAN, 1.0]), "NaN")]
#[case::f64_negative(row(&[1.0f64, -0.001, 1.0]), "-0.001")]
#[case::f64_infinite(row(&[1.0, f64::INFINITY, 1.0]), "inf")]
#[case::f64_nan(row(&[1.0, f64::NAN, 1.0]), "NaN")]
fn a_weight_must_be_finite_and_at_least_0(
    #[case] weights: HostTensor<'static>,
    #[case] value: &str,
) {
    let batch = given(row(&SCORES), row(&TARGETS)).weighted(weights);
    let text = format!("weight is {value} at task 0, index 1, expected finite and at least 0");
    on_every_backend!(all_refuse(&batch, &text));
    on_every_backend!(auc_refuses(&batch, &text));
}

#[rstest]
#[case::the_first_of_two([[1.0, -1.0, -2.0], [1.0; 3]], "-1 at task 0, index 1")]
#[case::of_the_last_task([[1.0; 3], [1.0, 1.0, -2.0]], "-2 at task 1, index 2")]
fn the_place_of_a_bad_weight_is_named(#[case] weights: [[f64; 3]; 2], #[case] place: &str) {
    let batch = given(rows(&[SCORES; 2]), rows(&[TARGETS; 2])).weighted(rows(&weights));
    let text = format!("weight is {place}, expected finite and at least 0");
    on_every_backend!(all_of_several_tasks_refuse(2, &batch, &text));
}

#[rstest]
#[case::fewer(&[2])]
#[case::more(&[4])]
#[case::a_row(&[1, 3])]
#[case::a_column(&[3, 1])]
#[case::none(&[0])]
#[case::one_for_all(&[])]
fn weights_have_the_shape_of_the_scores(#[case] shape: &[usize]) {
    let batch = given(row(&SCORES), row(&TARGETS)).weighted(filled(shape));
    let text = format!("scores have shape [3] but weights have shape {shape:?}");
    on_every_backend!(all_refuse(&batch, &text));
}

const OVERFLOW: &str = "the weights of task 0 add up to 1.7e308 or more";

#[rstest]
#[case::two_halves_and_more([1e308, 1e308, 0.0])]
#[case::all_together([0.8e308, 0.7e308, 0.6e308])]
#[case::the_largest([f64::MAX, f64::MAX, f64::MAX])]
fn weights_may_not_add_up_to_infinity(#[case] weights: [f64; 3]) {
    let batch = given(row(&SCORES), row(&TARGETS)).weighted(row(&weights));
    on_every_backend!(all_refuse(&batch, OVERFLOW));
    on_every_backend!(auc_refuses(&batch, OVERFLOW));
}

#[test]
fn the_task_whose_weights_overflow_is_named() {
    let weights = rows(&[[1.0, 2.0, 0.5], [1.0, 1e308, 1e308]]);
    let batch = given(rows(&[SCORES; 2]), rows(&[TARGETS; 2])).weighted(weights);
    let text = "the weights of task 1 add up to 1.7e308 or more";
    on_every_backend!(all_of_several_tasks_refuse(2, &batch, text));
}

#[test]
fn weights_of_several_batches_may_not_add_up_to_infinity() {
    on_every_backend!(second_batch_overflows());
}

fn second_batch_overflows<B: Backend>(backend: &B) {
    let batch = given(row(&SCORES), row(&TARGETS)).weighted(row(&[1.0, 1e308, 0.5]));
    let mut auprc = BinaryAuprc::<B>::new();
    batch.update(backend, &mut auprc).unwrap();
    refuses(backend, &mut auprc, &batch, &format!("binary_auprc: {OVERFLOW}"));
    let mut auroc = BinaryAuroc::<B>::new();
    batch.update(backend, &mut auroc).unwrap();
    refuses(backend, &mut auroc, &batch, &format!("binary_auroc: {OVERFLOW}"));
    let mut auc = Auc::<B>::new(Curve::Pr, 10).unwrap();
    batch.update(backend, &mut auc).unwrap();
    refuses(backend, &mut auc, &batch, &format!("auc: {OVERFLOW}"));
}

/// As f64 these add up to `f64::MAX`, in any finer arithmetic to more.
#[test]
fn weights_that_add_up_to_the_most_have_a_value_or_are_refused() {
    let eighth_of_a_unit = 2f64.powi(968);
    let mut weights = [eighth_of_a_unit; 6];
    (weights[0], weights[5]) = (f64::MAX, 1.0);
    for targets in [[1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 1]] {
        let batch = given(row(&[0.5f32; 6]), row(&targets)).weighted(row(&weights));
        on_every_backend!(all_tied(&batch));
    }
}

fn all_tied<B: Backend>(backend: &B, batch: &Given) {
    let mut auroc = BinaryAuroc::<B>::new();
    if batch.update(backend, &mut auroc).is_ok() {
        assert_eq!(auroc.compute().unwrap(), 0.5);
    }
    let mut auc = Auc::<B>::new(Curve::Roc, 10).unwrap();
    if batch.update(backend, &mut auc).is_ok() {
        assert_eq!(auc.compute().unwrap(), 0.5);
        let state = auc.state().unwrap();
        assert_eq!(AucState::from_bytes(&state.to_bytes()).unwrap(), state);
    }
}

#[test]
fn weights_are_checked_although_a_batch_of_other_weights_was_taken() {
    let batch = given(row(&SCORES), row(&TARGETS)).weighted(row(&[1.0, -3.0, 0.5]));
    let text = "weight is -3 at task 0, index 1, expected finite and at least 0";
    on_every_backend!(metrics_refuse(1, &batch, text));
}

#[rstest]
#[case::minus_zero([1.0, -0.0, 1.0])]
#[case::subnormal([1.0, f64::from_bits(1), 1.0])]
#[case::huge([1.0, 1e308, 1.0])]
fn odd_but_valid_weights_are_taken(#[case] weights: [f64; 3]) {
    let batch = given(row(&SCORES), row(&TARGETS)).weighted(row(&weights));
    on_every_backend!(all_take(&batch));
}

fn all_take<B: Backend + 'static>(backend: &B, batch: &Given) {
    functions_take(backend, batch);
    batch.update(backend, &mut BinaryAuprc::<B>::new()).unwrap();
    batch.update(backend, &mut Auc::<B>::new(Curve::Roc, 10).unwrap()).unwrap();
}
