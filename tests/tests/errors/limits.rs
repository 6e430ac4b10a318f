//! Scores without a common type, and more samples than can be counted.

use half::{bf16, f16};
use metrics_core::{Auc, BinaryAuprc, BinaryAuroc};
use rstest::rstest;
use tensor_metrics::{Backend, Curve, HostTensor, MAX_SAMPLES, Metric};

use crate::backends::on_every_backend;
use crate::configurations::do_not_merge;
use crate::filled::filled;
use crate::given::{Given, given, row, rows};
use crate::unchanged::{all_refuse, auc_refuses, functions_refuse, refuses, task_functions_refuse};

const HINT: &str = "no type holds both exactly, cast them to one dtype first";

#[rstest]
#[case::i64_to_f32(row(&[0.5f32]), row(&[1i64]), "64-bit integer", "f32")]
#[case::f32_to_i64(row(&[1i64]), row(&[0.5f32]), "f32", "64-bit integer")]
#[case::i64_to_u64(row(&[1u64]), row(&[1i64]), "64-bit integer", "u64")]
#[case::u64_to_i64(row(&[1i64]), row(&[1u64]), "u64", "64-bit integer")]
#[case::u8_to_u64(row(&[1u64]), row(&[1u8]), "integer", "u64")]
#[case::u64_to_u32(row(&[1u32]), row(&[1u64]), "u64", "64-bit integer")]
#[case::i32_to_f64(row(&[0.5f64]), row(&[1i32]), "integer", "f64")]
#[case::bool_to_f16(row(&[f16::ONE]), row(&[true]), "integer", "f16")]
#[case::bf16_to_i16(row(&[1i16]), row(&[bf16::ONE]), "bf16", "integer")]
fn scores_without_a_common_type_do_not_mix(
    #[case] held: HostTensor<'static>,
    #[case] scores: HostTensor<'static>,
    #[case] given_name: &str,
    #[case] held_name: &str,
) {
    let text = format!("{given_name} scores cannot join the {held_name} scores held: {HINT}");
    on_every_backend!(do_not_mix(&held, &scores, &text));
}

fn do_not_mix<B: Backend>(
    backend: &B,
    held: &HostTensor<'static>,
    scores: &HostTensor<'static>,
    text: &str,
) {
    let (held, batch) = (given(held.clone(), row(&[1])), given(scores.clone(), row(&[0])));
    let metric = |batch: &Given| {
        let mut auprc = BinaryAuprc::<B>::new();
        batch.update(backend, &mut auprc).unwrap();
        auprc
    };
    let text = format!("binary_auprc: {text}");
    refuses(backend, &mut metric(&held), &batch, &text);
    refuses(backend, &mut metric(&held), &batch.clone().weighted(row(&[0.5])), &text);
    do_not_merge(metric(&held), metric(&batch), &text);
    do_not_merge(metric(&held), metric(&batch.weighted(row(&[0.5]))), &text);
}

/// Each of these batches alone is fine.
#[test]
fn a_metric_reset_takes_scores_of_another_type() {
    on_every_backend!(forgets_the_type());
}

fn forgets_the_type<B: Backend>(backend: &B) {
    let mut auroc = BinaryAuroc::<B>::new();
    given(row(&[0.5, 0.7]), row(&[1, 0])).update(backend, &mut auroc).unwrap();
    auroc.reset();
    given(row(&[5, 7]), row(&[0, 1])).update(backend, &mut auroc).unwrap();
    assert_eq!(auroc.compute().unwrap(), 1.0);
}

const MOST: f64 = MAX_SAMPLES as f64;

#[rstest]
#[case::two_of_half_and_one([MOST / 2.0, MOST / 2.0, 1.0], "9007199254740993")]
#[case::one_after_the_most([MOST, 1.0, 0.0], "9007199254740993")]
#[case::twice_the_most([MOST, MOST, 0.0], "18014398509481984")]
#[case::beside_a_fraction([MOST, 0.5, 1.0], "9007199254740993")]
fn more_samples_than_can_be_counted_are_refused(#[case] weights: [f64; 3], #[case] n: &str) {
    let batch = given(row(&[0.1f32, 0.5, 0.9]), row(&[0, 1, 1])).weighted(row(&weights));
    let text =
        format!("task 0 would hold {n} samples, at most 9007199254740992 are counted exactly");
    on_every_backend!(functions_refuse(&batch, &text));
    on_every_backend!(new_metrics_refuse(&batch, &text));
}

fn new_metrics_refuse<B: Backend>(backend: &B, batch: &Given, text: &str) {
    refuses(backend, &mut BinaryAuprc::<B>::new(), batch, &format!("binary_auprc: {text}"));
    refuses(backend, &mut BinaryAuroc::<B>::new(), batch, &format!("binary_auroc: {text}"));
    refuses(backend, &mut auc::<B>(), batch, &format!("auc: {text}"));
}

/// 2^53 samples 2^11 times are 2^64: more than a `u64`.
#[test]
fn the_number_of_samples_saturates() {
    let n = 1 << 11;
    let batch = given(row(&vec![0.5f32; n]), row(&vec![1; n])).weighted(row(&vec![MOST; n]));
    let text = "task 0 would hold 18446744073709551615 samples, at most 9007199254740992 are \
                counted exactly";
    on_every_backend!(all_refuse(&batch, text));
    on_every_backend!(auc_refuses(&batch, text));
}

#[test]
fn a_metric_that_holds_the_most_samples_takes_no_other() {
    on_every_backend!(full_metrics_refuse());
}

fn full_metrics_refuse<B: Backend>(backend: &B) {
    let most = given(row(&[0.5f32]), row(&[1])).weighted(row(&[MOST]));
    let one = given(row(&[0.25f32]), row(&[0]));
    let text = "task 0 would hold 9007199254740993 samples, at most 9007199254740992 are counted \
                exactly";

    let (mut full, mut other) = (BinaryAuprc::<B>::new(), BinaryAuprc::<B>::new());
    most.update(backend, &mut full).unwrap();
    one.update(backend, &mut other).unwrap();
    refuses(backend, &mut full, &one, &format!("binary_auprc: {text}"));
    refuses(backend, &mut full, &one.clone().weighted(row(&[1])), &format!("binary_auprc: {text}"));
    refuses(backend, &mut other, &most, &format!("binary_auprc: {text}"));
    do_not_merge(full, other, &format!("binary_auprc: {text}"));

    let (mut full, mut other) = (auc::<B>(), auc::<B>());
    most.update(backend, &mut full).unwrap();
    one.update(backend, &mut other).unwrap();
    refuses(backend, &mut full, &one, &format!("auc: {text}"));
    refuses(backend, &mut other, &most, &format!("auc: {text}"));
    do_not_merge(full, other, &format!("auc: {text}"));
}

fn auc<B: Backend>() -> Auc<B> {
    Auc::new(Curve::Roc, 10).unwrap()
}

#[test]
fn weights_of_two_metrics_may_not_add_up_to_infinity() {
    on_every_backend!(heavy_metrics_do_not_merge());
}

fn heavy_metrics_do_not_merge<B: Backend>(backend: &B) {
    let heavy = given(row(&[0.5f32]), row(&[1])).weighted(row(&[1e308]));
    let text = "the weights of task 0 add up to 1.7e308 or more";
    let mut auroc = BinaryAuroc::<B>::new();
    heavy.update(backend, &mut auroc).unwrap();
    do_not_merge(auroc.clone(), auroc, &format!("binary_auroc: {text}"));
    let mut auc = auc::<B>();
    heavy.update(backend, &mut auc).unwrap();
    do_not_merge(auc.clone(), auc, &format!("auc: {text}"));
}

/// The second task has no room; the first must not take its half of the batch.
#[test]
fn no_task_is_fed_when_another_is_full() {
    on_every_backend!(full_task_refuses());
}

fn full_task_refuses<B: Backend>(backend: &B) {
    let weights = rows(&[[1.0, 2.0], [MOST, 1.0]]);
    let batch = given(rows(&[[0.5f32, 0.7]; 2]), rows(&[[0, 1]; 2])).weighted(weights);
    let text =
        |n| format!("task 1 would hold {n} samples, at most 9007199254740992 are counted exactly");
    task_functions_refuse(backend, &batch, &text("9007199254740993"));

    let mut auprc = BinaryAuprc::<B>::with_tasks(2).unwrap();
    let refusal = |n| format!("binary_auprc: {}", text(n));
    refuses(backend, &mut auprc, &batch, &refusal("9007199254740993"));
    given(filled(&[2, 7]), filled(&[2, 7])).update(backend, &mut auprc).unwrap();
    refuses(backend, &mut auprc, &batch, &refusal("9007199254741000"));
}
