//! NaN has no rank.

use half::{bf16, f16};
use metrics_core::BinaryAuprc;
use rstest::rstest;
use tensor_metrics::{Backend, HostTensor};

use crate::backends::on_every_backend;
use crate::filled::filled;
use crate::given::{given, row, rows};
use crate::unchanged::{all_of_several_tasks_refuse, all_refuse, refuses};

#[rstest]
#[case::f16(row(&[f16::ONE, f16::NAN, f16::ZERO]))]
#[case::bf16(row(&[bf16::ONE, bf16::NAN, bf16::ZERO]))]
#[case::f32(row(&[1.0, f32::NAN, 0.0]))]
#[case::f64(row(&[1.0, f64::NAN, 0.0]))]
#[case::negative_f16(row(&[f16::ONE, -f16::NAN, f16::ZERO]))]
#[case::negative_bf16(row(&[bf16::ONE, -bf16::NAN, bf16::ZERO]))]
#[case::negative_f32(row(&[1.0, -f32::NAN, 0.0]))]
#[case::negative_f64(row(&[1.0, -f64::NAN, 0.0]))]
#[case::signalling_f32(row(&[1.0, f32::from_bits(0x7f80_0001), 0.0]))]
#[case::signalling_f64(row(&[1.0, f64::from_bits(0xfff0_0000_0000_0001), 0.0]))]
#[case::beside_infinities(row(&[f32::INFINITY, f32::NAN, f32::NEG_INFINITY]))]
fn a_nan_score_is_refused_in_every_type(#[case] scores: HostTensor<'static>) {
    let batch = given(scores, row(&[1, 0, 1]));
    on_every_backend!(all_refuse(&batch, "score is NaN at task 0, index 1"));
}

#[rstest]
#[case::at_the_start(&[0], "index 0")]
#[case::of_two(&[5, 2], "index 2")]
#[case::at_the_end(&[6], "index 6")]
fn the_first_nan_is_named(#[case] nans: &[usize], #[case] place: &str) {
    let mut scores = [0.5f32; 7];
    nans.iter().for_each(|&i| scores[i] = f32::NAN);
    let batch = given(row(&scores), filled(&[7]));
    on_every_backend!(all_refuse(&batch, &format!("score is NaN at task 0, {place}")));
}

/// Long enough for several threads, each of which finds one, and of both signs.
#[test]
fn the_first_nan_is_named_whichever_thread_finds_it() {
    let mut scores: Vec<f32> = (0..200_000).map(|i| (i - 100_000) as f32).collect();
    for i in [199_999, 140_000, 70_001, 70_000] {
        scores[i] = f32::NAN;
    }
    let batch = given(row(&scores), filled(&[scores.len()]));
    on_every_backend!(all_refuse(&batch, "score is NaN at task 0, index 70000"));
}

#[rstest]
#[case::of_the_first_task([[0.5, f32::NAN], [0.5, 0.5], [0.5, 0.5]], "task 0, index 1")]
#[case::of_the_last_task([[0.5, 0.5], [0.5, 0.5], [f32::NAN, 0.5]], "task 2, index 0")]
#[case::of_two_tasks([[0.5, 0.5], [0.5, f32::NAN], [f32::NAN, 0.5]], "task 1, index 1")]
fn the_task_of_a_nan_is_named(#[case] scores: [[f32; 2]; 3], #[case] place: &str) {
    let batch = given(rows(&scores), rows(&[[1, 0], [0, 1], [1, 1]]));
    let text = format!("score is NaN at {place}");
    on_every_backend!(all_of_several_tasks_refuse(3, &batch, &text));
}

/// A batch of floats that is refused leaves a metric without a type, so that integers may come.
#[test]
fn the_type_of_refused_scores_is_forgotten() {
    on_every_backend!(forgets_the_type());
}

fn forgets_the_type<B: Backend>(backend: &B) {
    let mut auprc = BinaryAuprc::<B>::new();
    let batch = given(row(&[0.1, f32::NAN]), row(&[1, 0]));
    refuses(backend, &mut auprc, &batch, "binary_auprc: score is NaN at task 0, index 1");
    given(row(&[2i64, 1]), row(&[1, 0])).update(backend, &mut auprc).unwrap();
    assert_eq!(auprc.compute().unwrap(), 1.0);
}

#[rstest]
#[case::a_target_before_it([1, 2, 0], "target is 2 at task 0, index 1, expected 0 or 1")]
#[case::a_target_beside_it([1, 0, 2], "score is NaN at task 0, index 2")]
fn of_a_nan_and_a_bad_target_the_first_is_named(#[case] targets: [i32; 3], #[case] text: &str) {
    let batch = given(row(&[0.1, 0.5, f32::NAN]), row(&targets));
    on_every_backend!(all_refuse(&batch, text));
}
