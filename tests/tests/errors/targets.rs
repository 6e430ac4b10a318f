//! Targets are exactly 0 or 1.

use half::{bf16, f16};
use rstest::rstest;
use tensor_metrics::HostTensor;

use crate::backends::on_every_backend;
use crate::given::{given, row, rows};
use crate::unchanged::{all_of_several_tasks_refuse, all_refuse, auc_refuses};

const SCORES: [f32; 3] = [0.1, 0.5, 0.9];

#[rstest]
#[case::u8(row(&[0u8, 2, 1]), "2")]
#[case::u8_max(row(&[0u8, 255, 1]), "255")]
#[case::u16(row(&[0u16, 256, 1]), "256")]
#[case::u32(row(&[0u32, 1 << 16, 1]), "65536")]
#[case::u64(row(&[0u64, 1 << 32, 1]), "4294967296")]
#[case::i8(row(&[0i8, -1, 1]), "-1")]
#[case::i16(row(&[0i16, -1, 1]), "-1")]
#[case::i32(row(&[0i32, -1, 1]), "-1")]
#[case::i32_min(row(&[0i32, i32::MIN, 1]), "-2147483648")]
#[case::i64(row(&[0i64, -1, 1]), "-1")]
#[case::i64_with_a_low_byte_of_1(row(&[0i64, 257, 1]), "257")]
#[case::i64_with_a_low_word_of_1(row(&[0i64, (1 << 32) + 1, 1]), "4294967297")]
#[case::f16(row(&[f16::ZERO, f16::from_f32(0.5), f16::ONE]), "0.5")]
#[case::f16_nan(row(&[f16::ZERO, f16::NAN, f16::ONE]), "NaN")]
#[case::bf16(row(&[bf16::ZERO, bf16::from_f32(-1.0), bf16::ONE]), "-1")]
#[case::bf16_nan(row(&[bf16::ZERO, bf16::NAN, bf16::ONE]), "NaN")]
#[case::f32_2(row(&[0.0f32, 2.0, 1.0]), "2")]
#[case::f32_nine_tenths(row(&[0.0f32, 0.9, 1.0]), "0.8999999761581421")]
#[case::f32_just_below_1(row(&[0.0, 1.0f32.next_down(), 1.0]), "0.9999999403953552")]
#[case::f32_nan(row(&[0.0, f32::NAN, 1.0]), "NaN")]
#[case::f32_infinity(row(&[0.0, f32::INFINITY, 1.0]), "inf")]
#[case::f64_minus_1(row(&[0.0f64, -1.0, 1.0]), "-1")]
#[case::f64_nine_tenths(row(&[0.0f64, 0.9, 1.0]), "0.9")]
#[case::f64_just_above_1(row(&[0.0, 1.0f64.next_up(), 1.0]), "1.0000000000000002")]
#[case::f64_nan(row(&[0.0, f64::NAN, 1.0]), "NaN")]
fn a_target_other_than_0_and_1_is_refused(
    #[case] targets: HostTensor<'static>,
    #[case] value: &str,
) {
    let batch = given(row(&SCORES), targets);
    let text = format!("target is {value} at task 0, index 1, expected 0 or 1");
    on_every_backend!(all_refuse(&batch, &text));
    on_every_backend!(auc_refuses(&batch, &text));
    let batch = batch.weighted(row(&[1.0, 0.5, 3.0]));
    on_every_backend!(all_refuse(&batch, &text));
    on_every_backend!(auc_refuses(&batch, &text));
}

#[test]
fn the_first_bad_target_is_named() {
    let batch = given(row(&SCORES), row(&[1, 5, 7]));
    on_every_backend!(all_refuse(&batch, "target is 5 at task 0, index 1, expected 0 or 1"));
    on_every_backend!(auc_refuses(&batch, "target is 5 at task 0, index 1, expected 0 or 1"));
}

#[rstest]
#[case::of_the_last_task([[0, 1, 0], [0, 1, 3]], "target is 3 at task 1, index 2")]
#[case::of_both_tasks([[0, 1, 2], [4, 1, 0]], "target is 2 at task 0, index 2")]
fn the_task_of_a_bad_target_is_named(#[case] targets: [[i32; 3]; 2], #[case] text: &str) {
    let batch = given(rows(&[SCORES, SCORES]), rows(&targets));
    let text = format!("{text}, expected 0 or 1");
    on_every_backend!(all_of_several_tasks_refuse(2, &batch, &text));
}

/// Even where the sample would not count.
#[test]
fn a_bad_target_of_weight_0_is_refused() {
    let batch = given(row(&SCORES), row(&[0, 2, 1])).weighted(row(&[1, 0, 1]));
    on_every_backend!(all_refuse(&batch, "target is 2 at task 0, index 1, expected 0 or 1"));
    on_every_backend!(auc_refuses(&batch, "target is 2 at task 0, index 1, expected 0 or 1"));
}
