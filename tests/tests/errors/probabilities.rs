//! What `Auc` takes for a prediction.

use half::{bf16, f16};
use metrics_core::Auc;
use rstest::rstest;
use tensor_metrics::{Backend, Curve, HostTensor};

use crate::backends::on_every_backend;
use crate::filled::filled;
use crate::given::{given, row, rows, tensor};
use crate::unchanged::auc_refuses;

#[rstest]
#[case::f16_above(row(&[f16::ONE, f16::ONE + f16::EPSILON, f16::ZERO]), "1.0009765625")]
#[case::f16_below(row(&[f16::ONE, f16::from_f32(-0.5), f16::ZERO]), "-0.5")]
#[case::f16_nan(row(&[f16::ONE, f16::NAN, f16::ZERO]), "NaN")]
#[case::bf16_above(row(&[bf16::ONE, bf16::ONE + bf16::EPSILON, bf16::ZERO]), "1.0078125")]
#[case::bf16_below(row(&[bf16::ONE, bf16::from_f32(-0.25), bf16::ZERO]), "-0.25")]
#[case::bf16_infinite(row(&[bf16::ONE, bf16::INFINITY, bf16::ZERO]), "inf")]
#[case::f32_above(row(&[1.0, 1.0f32.next_up(), 0.0]), "1.0000001192092896")]
#[case::f32_below(row(&[1.0f32, -0.0001, 0.0]), "-0.00009999999747378752")]
#[case::f32_nan(row(&[1.0, f32::NAN, 0.0]), "NaN")]
#[case::f64_above(row(&[1.0, 1.0f64.next_up(), 0.0]), "1.0000000000000002")]
#[case::f64_below(row(&[1.0f64, -0.0001, 0.0]), "-0.0001")]
#[case::f64_nan(row(&[1.0, -f64::NAN, 0.0]), "NaN")]
#[case::f64_minus_infinity(row(&[1.0, f64::NEG_INFINITY, 0.0]), "-inf")]
#[case::i8(row(&[1i8, -1, 0]), "-1")]
#[case::u64(row(&[1u64, 2, 0]), "2")]
fn a_prediction_outside_0_to_1_is_refused(
    #[case] predictions: HostTensor<'static>,
    #[case] value: &str,
) {
    let batch = given(predictions, row(&[1, 0, 0]));
    let text = format!("prediction is {value} at row 1, expected a probability in [0, 1]");
    on_every_backend!(auc_refuses(&batch, &text));
    on_every_backend!(auc_refuses(&batch.clone().weighted(row(&[0.5, 1.0, 2.0])), &text));
}

#[rstest]
#[case::a_column(tensor(&[0.5, 7.0, 8.0], &[3, 1]))]
#[case::the_second_of_two_columns(rows(&[[0.5, 0.5], [0.5, 7.0], [0.5, 8.0]]))]
fn the_first_bad_prediction_is_named(#[case] predictions: HostTensor<'static>) {
    let batch = given(predictions, row(&[1, 0, 0]));
    let text = "prediction is 7 at row 1, expected a probability in [0, 1]";
    on_every_backend!(auc_refuses(&batch, text));
}

#[rstest]
#[case::f16(row(&[f16::NEG_ZERO, f16::ZERO, f16::ONE]))]
#[case::bf16(row(&[bf16::NEG_ZERO, bf16::ZERO, bf16::ONE]))]
#[case::f32(row(&[-0.0f32, 0.0, 1.0]))]
#[case::f64(row(&[-0.0f64, 0.0, 1.0]))]
#[case::bool(row(&[false, false, true]))]
#[case::i64(row(&[0i64, 0, 1]))]
fn minus_0_and_1_are_probabilities(#[case] predictions: HostTensor<'static>) {
    on_every_backend!(ends_are_counted(&predictions));
}

fn ends_are_counted<B: Backend>(backend: &B, predictions: &HostTensor<'static>) {
    let mut auc = Auc::<B>::new(Curve::Roc, 2).unwrap();
    given(predictions.clone(), row(&[0, 1, 1])).update(backend, &mut auc).unwrap();
    let state = auc.state().unwrap();
    assert_eq!((state.stat_neg(), state.stat_pos()), (vec![1, 0, 0], vec![1, 0, 1]));
}

/// The column of class 0 is not read, whatever stands there.
#[test]
fn the_first_of_two_columns_is_not_read() {
    on_every_backend!(reads_the_second_column());
}

fn reads_the_second_column<B: Backend>(backend: &B) {
    let mut auc = Auc::<B>::new(Curve::Roc, 2).unwrap();
    let predictions = rows(&[[f32::NAN, 0.0], [7.0, 1.0]]);
    given(predictions, filled(&[2])).update(backend, &mut auc).unwrap();
    assert_eq!(auc.compute().unwrap(), 1.0);
}

#[rstest]
#[case::no_dimension(&[])]
#[case::no_column(&[4, 0])]
#[case::three_columns(&[4, 3])]
#[case::a_row(&[1, 4])]
#[case::three_dimensions(&[2, 2, 1])]
fn predictions_have_one_column_or_two(#[case] shape: &[usize]) {
    let batch = given(filled(shape), filled(&[4]));
    let expected = "expected (n_samples,), (n_samples, 1) or (n_samples, 2)";
    on_every_backend!(auc_refuses(
        &batch,
        &format!("predictions have shape {shape:?}, {expected}")
    ));
}

#[rstest]
#[case::no_dimension(&[])]
#[case::no_column(&[4, 0])]
#[case::two_columns(&[4, 2])]
#[case::a_row(&[1, 4])]
#[case::three_dimensions(&[2, 2, 1])]
fn targets_and_weights_have_one_column(#[case] shape: &[usize]) {
    let text =
        |what| format!("{what} have shape {shape:?}, expected (n_samples,) or (n_samples, 1)");
    let batch = given(filled(&[4, 2]), filled(shape));
    on_every_backend!(auc_refuses(&batch, &text("targets")));
    let batch = given(filled(&[4, 2]), filled(&[4])).weighted(filled(shape));
    on_every_backend!(auc_refuses(&batch, &text("weights")));
}

#[test]
fn there_is_one_target_and_one_weight_a_prediction() {
    let batch = given(filled(&[4, 2]), filled(&[3]));
    let text = "scores have shape [4, 2] but targets have shape [3]";
    on_every_backend!(auc_refuses(&batch, text));
    let batch = given(filled(&[4, 2]), filled(&[4, 1])).weighted(filled(&[5]));
    let text = "scores have shape [4, 2] but weights have shape [5]";
    on_every_backend!(auc_refuses(&batch, text));
}
