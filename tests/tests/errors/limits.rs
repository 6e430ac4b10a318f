//! Scores without a common type, and more samples than can be counted.

use half::{bf16, f16};
use metrics_core::{Auc, BinaryAuprc, BinaryAuroc, Sums};
use rstest::rstest;
use tensor_metrics::{AucState, Backend, Curve, Host, HostTensor, RankState};

use crate::backends::on_every_backend;
use crate::configurations::do_not_merge;
use crate::given::{Given, given, row, rows};
use crate::unchanged::refuses;

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
    // The others upload into wider types, and have other ones to mix.
    do_not_mix(&Host, &held, &scores, &text);
    #[cfg(feature = "ndarray")]
    do_not_mix(&metrics_ndarray::NdArray, &held, &scores, &text);
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

/// The number 2^53 in the bytes of a state.
const MOST: [u8; 8] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];

/// 2^53 positives of score 0.5: nobody could feed so many, but a state can hold them.
fn full_task() -> Vec<u8> {
    [&[3, 1, 0x82, 0x80, 0x80, 0x90, 0x10][..], &MOST, &[0, 0]].concat()
}

/// A state of these tasks.
fn rank_state(tasks: &[&[u8]]) -> RankState {
    let bytes = [b"tmst\x01\x01", &[tasks.len() as u8][..], &tasks.concat()].concat();
    RankState::from_bytes(&bytes).unwrap()
}

const TOO_MANY: &str = "task 0 would hold 9007199254740993 samples, at most 9007199254740992 are \
                        counted exactly";

#[test]
fn a_metric_that_holds_the_most_samples_takes_no_other() {
    on_every_backend!(full_metrics_refuse());
}

fn full_metrics_refuse<B: Backend>(backend: &B) {
    let one = given(row(&[0.25f32]), row(&[0]));

    let (mut full, mut other) = (BinaryAuprc::<B>::new(), BinaryAuprc::<B>::new());
    full.load_state(&rank_state(&[&full_task()])).unwrap();
    one.update(backend, &mut other).unwrap();
    let text = format!("binary_auprc: {TOO_MANY}");
    refuses(backend, &mut full, &one, &text);
    refuses(backend, &mut full, &one.clone().weighted(row(&[1])), &text);
    let beside_a_fraction = given(row(&[0.25f32, 0.75]), row(&[0, 1])).weighted(row(&[0.5, 1.0]));
    refuses(backend, &mut full, &beside_a_fraction, &text);
    do_not_merge(other.clone(), full.clone(), &text);
    do_not_merge(full, other, &text);

    let (mut full, mut other) = (auc::<B>(), auc::<B>());
    let buckets = [&b"tmst\x01\x02\x00\x0a\x00\x01\x05\x00"[..], &MOST].concat();
    full.load_state(&AucState::from_bytes(&buckets).unwrap()).unwrap();
    one.update(backend, &mut other).unwrap();
    let text = format!("auc: {TOO_MANY}");
    refuses(backend, &mut full, &one, &text);
    refuses(backend, &mut full, &beside_a_fraction, &text);
    do_not_merge(other.clone(), full.clone(), &text);
    do_not_merge(full, other, &text);
}

/// A weight that is not counted takes no room among the samples that are.
#[test]
fn a_metric_that_holds_the_most_samples_takes_other_weights() {
    on_every_backend!(full_metrics_take_weights());
}

fn full_metrics_take_weights<B: Backend>(backend: &B) {
    let heavy = given(row(&[0.25f32, 0.75]), row(&[0, 1])).weighted(row(&[0.5, 9e15]));
    let mut full = BinaryAuprc::<B>::new();
    full.load_state(&rank_state(&[&full_task()])).unwrap();
    heavy.update(backend, &mut full).unwrap();
    assert_eq!(full.read_tasks(&Sums).unwrap()[0].n_positives(), 9e15 + 2f64.powi(53));
}

/// However often large whole weights come, they are not too many samples.
#[rstest]
#[case::below_the_most_samples(9e15)]
#[case::the_most_samples(9_007_199_254_740_992.0)]
#[case::above(1e16)]
fn large_whole_weights_are_weighed(#[case] weight: f64) {
    on_every_backend!(takes_twice(weight));
}

fn takes_twice<B: Backend>(backend: &B, weight: f64) {
    let batch = given(row(&[0.1f32, 0.5, 0.9]), row(&[0, 1, 1])).weighted(row(&[weight; 3]));
    let (mut auprc, mut auc) = (BinaryAuprc::<B>::new(), auc::<B>());
    for _ in ["once", "twice"] {
        batch.update(backend, &mut auprc).unwrap();
        batch.update(backend, &mut auc).unwrap();
    }
    assert_eq!(auprc.read_tasks(&Sums).unwrap()[0].n_positives(), 4.0 * weight);
    assert_eq!((auprc.compute().unwrap(), auc.compute().unwrap()), (1.0, 1.0));
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
    let batch = given(rows(&[[0.5f32, 0.7]; 2]), rows(&[[0, 1]; 2]));
    let batch = batch.weighted(rows(&[[1.0, 2.0], [0.0, 1.0]]));
    let mut auprc = BinaryAuprc::<B>::new().tasks(2).unwrap();
    let a_negative = [3, 1, 0, 0];
    auprc.load_state(&rank_state(&[&a_negative, &full_task()])).unwrap();
    let text = TOO_MANY.replace("task 0", "task 1");
    refuses(backend, &mut auprc, &batch, &format!("binary_auprc: {text}"));
}
