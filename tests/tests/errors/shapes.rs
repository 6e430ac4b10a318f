//! One task is `(n_samples,)` or a row of it, several are `(n_tasks, n_samples)`.

use metrics_core::backend::Batch;
use rstest::rstest;
use tensor_metrics::slice::BinaryAuprc;
use tensor_metrics::{Auprc, Host, HostTensor, Layout, Readings};

use crate::backends::on_every_backend;
use crate::filled::filled;
use crate::given::given;
use crate::unchanged::{all_refuse, metrics_refuse, requests_refuse, text_of};

#[rstest]
#[case::fewer_targets(&[3], &[2])]
#[case::more_targets(&[3], &[4])]
#[case::a_row_of_targets(&[3], &[1, 3])]
#[case::a_row_of_scores(&[1, 3], &[3])]
#[case::a_column_of_targets(&[3], &[3, 1])]
#[case::no_targets(&[3], &[0])]
#[case::no_scores(&[0], &[3])]
#[case::one_target_for_all(&[3], &[])]
#[case::transposed(&[2, 3], &[3, 2])]
#[case::more_tasks_of_targets(&[1, 3], &[2, 3])]
fn scores_and_targets_have_one_shape(#[case] scores: &[usize], #[case] targets: &[usize]) {
    let batch = given(filled(scores), filled(targets));
    let text = format!("scores have shape {scores:?} but targets have shape {targets:?}");
    on_every_backend!(all_refuse(&batch, &text));
}

#[test]
fn a_batch_knows_its_shape() {
    let tensor = |shape: &[usize]| filled(shape);
    let of_tasks = Batch::<Host>::new("test", tensor(&[2, 3]), tensor(&[2, 3]), None).unwrap();
    assert_eq!((of_tasks.n_tasks(), of_tasks.n_samples(), of_tasks.is_empty()), (2, 3, false));
    let weights = Some(tensor(&[0]));
    let empty = Batch::<Host>::new("test", tensor(&[0]), tensor(&[0]), weights).unwrap();
    assert_eq!((empty.n_tasks(), empty.n_samples(), empty.is_empty()), (1, 0, true));
}

#[rstest]
#[case::none(&[])]
#[case::three(&[1, 1, 3])]
#[case::four(&[1, 1, 1, 3])]
#[case::three_but_empty(&[1, 0, 3])]
fn scores_have_one_or_two_dimensions(#[case] shape: &[usize]) {
    let batch = given(filled(shape), filled(shape));
    let expected = "expected (n_samples,) or (n_tasks, n_samples)";
    on_every_backend!(all_refuse(
        &batch,
        &format!("scores have shape {shape:?} and targets {shape:?}, {expected}")
    ));
}

#[rstest]
#[case::two_tasks(&[2, 3])]
#[case::three_tasks(&[3, 2])]
#[case::no_task(&[0, 3])]
#[case::no_sample(&[2, 0])]
fn one_task_is_one_row_or_column(#[case] shape: &[usize]) {
    let batch = given(filled(shape), filled(shape));
    let text = format!(
        "scores have shape {shape:?} and targets {shape:?}, \
         expected one task: (n_samples,), (1, n_samples) or (n_samples, 1)"
    );
    on_every_backend!(requests_refuse(&batch, &text));
    on_every_backend!(metrics_refuse(1, &batch, &text));
}

#[rstest]
#[case::one_dimension(&[4], "")]
#[case::one_row(&[1, 4], "")]
#[case::two_rows(&[2, 4], "")]
#[case::columns(&[4, 3], ", or with Layout::TasksLast (n_samples, 3)")]
#[case::no_row(&[0, 4], "")]
fn a_metric_of_three_tasks_takes_three_rows(#[case] shape: &[usize], #[case] hint: &str) {
    let batch = given(filled(shape), filled(shape));
    let text = format!(
        "scores have shape {shape:?} and targets {shape:?}, expected 3 tasks: (3, n_samples){hint}"
    );
    on_every_backend!(metrics_refuse(3, &batch, &text));
}

#[rstest]
#[case::too_few(&[2, 2], "[2, 2]")]
#[case::too_many(&[2], "[2]")]
#[case::more_than_a_usize_holds(&[usize::MAX, 2], "[18446744073709551615, 2]")]
fn a_tensor_has_as_many_elements_as_its_shape(#[case] shape: &[usize], #[case] shown: &str) {
    let expected = "expected a shape with as many elements as the data";
    assert_eq!(
        text_of(HostTensor::new(&[0.5; 3], shape)),
        format!("host tensor: elements have shape {shown}, {expected}"),
    );
}

#[rstest]
#[case::rows(&[3, 4], ", or with Layout::TasksFirst (3, n_samples)")]
#[case::one_dimension(&[3], "")]
#[case::four_columns(&[5, 4], "")]
fn a_metric_of_three_heads_takes_three_columns(#[case] shape: &[usize], #[case] hint: &str) {
    let (scores, targets) = (filled(shape), filled(shape));
    let mut auprc = BinaryAuprc::new().tasks(3).unwrap().layout(Layout::TasksLast);
    let text = format!(
        "binary_auprc: scores have shape {shape:?} and targets {shape:?}, \
         expected 3 tasks: (n_samples, 3){hint}"
    );
    assert_eq!(text_of(auprc.update(&scores, &targets)), text);
}

/// The place of an invalid sample is that of its task, in either layout.
#[test]
fn invalid_samples_of_columns_are_named_by_task() {
    let scores = HostTensor::new(&[0.5, 0.5, 0.5, 0.5, 0.5, f32::NAN], &[3, 2]).unwrap();
    let targets = HostTensor::new(&[0u8, 1, 0, 1, 0, 1], &[3, 2]).unwrap();
    let request = Auprc.layout(Layout::TasksLast);
    let text = "binary_auprc: score is NaN at task 1, index 2";
    assert_eq!(text_of(request.tasks(&scores, &targets)), text);
}
