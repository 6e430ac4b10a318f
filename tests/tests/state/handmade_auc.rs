//! States of the bucketed area that nobody wrote: each is refused, with what is wrong and where.

use rstest::rstest;
use tensor_metrics::AucState;

use crate::writing::{HUGE, state, state_of_version, varint};

const MAX_SAMPLES: u64 = 1 << 53;

/// A state of 10 thresholds behind its curve.
fn auc(flag: u8, buckets: &[Vec<u8>]) -> Vec<u8> {
    auc_of_version(1, flag, buckets)
}

fn auc_of_version(version: u8, flag: u8, buckets: &[Vec<u8>]) -> Vec<u8> {
    let n_buckets = varint(buckets.len() as u64);
    state_of_version(version, 2, &[&[0, 10, flag], &n_buckets, &buckets.concat()])
}

/// So many buckets further on, with negatives and positives.
fn bucket(distance: u64, negatives: u64, positives: u64) -> Vec<u8> {
    [varint(distance), varint(negatives), varint(positives)].concat()
}

/// The same, with the high and the low part of the sum of other weights of each.
fn weighted(counts: Vec<u8>, negatives: [f64; 2], positives: [f64; 2]) -> Vec<u8> {
    let sums = [negatives, positives].concat();
    [counts, sums.into_iter().flat_map(f64::to_le_bytes).collect()].concat()
}

/// A bucket whose positives weigh this.
fn weighing(high: f64, low: f64) -> Vec<u8> {
    weighted(bucket(0, 1, 0), [0.0; 2], [high, low])
}

/// The tables below refuse what differs from these in one place.
#[rstest]
#[case::nothing(auc(0, &[]))]
#[case::the_first_and_the_last(auc(0, &[bucket(0, 1, 0), bucket(9, 0, 1)]))]
#[case::all_samples_there_can_be(auc(0, &[bucket(0, MAX_SAMPLES - 1, 0), bucket(1, 0, 1)]))]
#[case::weighted(
    auc(1, &[weighing(0.5, 0.0), weighted(bucket(9, 0, 0), [1e300, 1e280], [0.0; 2])])
)]
#[case::whole_weights(auc_of_version(2, 2, &[bucket(0, 3, 0)]))]
fn what_is_written_well_is_read(#[case] bytes: Vec<u8>) {
    assert_eq!(AucState::from_bytes(&bytes).unwrap().to_bytes(), bytes);
}

#[rstest]
#[case::rank(state(1, &[&[0, 10, 0, 0]]), "the state is of kind 1, expected 2 at byte 6")]
#[case::no_curve(state(2, &[]), "the state ends too early at byte 6")]
#[case::another_curve(state(2, &[&[2, 10, 0, 0]]), "curve is out of range at byte 7")]
#[case::no_threshold(state(2, &[&[0, 0, 0, 0]]), "num_thresholds is out of range at byte 8")]
#[case::too_many_thresholds(
    state(2, &[&[0], &varint((1 << 24) + 1), &[0, 0]]), "num_thresholds is out of range at byte 11"
)]
#[case::absurdly_many_thresholds(
    state(2, &[&[0], HUGE, &[0, 0]]), "num_thresholds is out of range at byte 17"
)]
#[case::thresholds_spelt_too_long(
    state(2, &[&[0, 0x8a, 0, 0, 0]]), "not in canonical form: number at byte 9"
)]
#[case::neither_weighted_nor_not(auc(2, &[]), "weighted flag is out of range at byte 9")]
#[case::absurdly_many_buckets(
    state(2, &[&[0, 10, 0], HUGE]), "number of buckets is out of range at byte 19"
)]
#[case::fewer_buckets_than_claimed(
    state(2, &[&[0, 10, 0, 2, 0, 0, 1]]), "the state ends too early at byte 13"
)]
#[case::bytes_behind_the_last(
    state(2, &[&[0, 10, 0, 0, 0]]), "bytes follow the end of the state at byte 10"
)]
fn a_damaged_head_is_refused(#[case] bytes: Vec<u8>, #[case] text: &str) {
    refused(&bytes, text);
}

#[rstest]
#[case::past_the_last(auc(0, &[bucket(11, 1, 0)]), "bucket is out of range at byte 11")]
#[case::past_the_last_in_steps(
    auc(0, &[bucket(10, 1, 0), bucket(0, 1, 0)]), "bucket is out of range at byte 14"
)]
#[case::an_index_that_overflows(
    auc(0, &[bucket(0, 1, 0), bucket(u64::MAX, 1, 0)]), "bucket is out of range at byte 23"
)]
#[case::empty(auc(0, &[bucket(3, 0, 0)]), "not in canonical form: empty bucket at byte 13")]
#[case::too_many_samples(
    auc(0, &[bucket(0, MAX_SAMPLES, 1)]), "sum of the buckets is out of range at byte 20"
)]
#[case::too_many_samples_together(
    auc(0, &[bucket(0, MAX_SAMPLES - 1, 0), bucket(0, 1, 1)]),
    "sum of the buckets is out of range at byte 23"
)]
#[case::counts_that_overflow(
    auc(0, &[bucket(0, u64::MAX, u64::MAX)]), "sum of the buckets is out of range at byte 31"
)]
fn a_damaged_bucket_is_refused(#[case] bytes: Vec<u8>, #[case] text: &str) {
    refused(&bytes, text);
}

/// Version 2 is for counts that stand for weights, and for nothing else.
#[rstest]
#[case::a_newer_version(
    auc_of_version(3, 0, &[]), "version 3 is newer than this library reads at byte 5"
)]
#[case::counts(
    auc_of_version(2, 0, &[bucket(0, 3, 0)]), "not in canonical form: version at byte 13"
)]
#[case::weights(auc_of_version(2, 1, &[weighing(0.5, 0.0)]), "not in canonical form: version at byte 45")]
#[case::neither_weighted_nor_not(auc_of_version(2, 3, &[]), "weighted flag is out of range at byte 9")]
#[case::no_samples(auc_of_version(2, 2, &[]), "not in canonical form: weighted flag at byte 10")]
fn a_damaged_state_of_version_2_is_refused(#[case] bytes: Vec<u8>, #[case] text: &str) {
    refused(&bytes, text);
}

#[rstest]
#[case::none_weighs(
    auc(1, &[weighing(0.0, 0.0)]), "not in canonical form: weighted flag at byte 45"
)]
#[case::weighted_without_buckets(auc(1, &[]), "not in canonical form: weighted flag at byte 10")]
#[case::nan(auc(1, &[weighing(f64::NAN, 0.0)]), "sum of weights is out of range at byte 45")]
#[case::infinite(
    auc(1, &[weighing(f64::INFINITY, 0.0)]), "sum of weights is out of range at byte 45"
)]
#[case::negative(auc(1, &[weighing(-0.5, 0.0)]), "sum of weights is out of range at byte 45")]
#[case::low_part_nan(
    auc(1, &[weighing(0.5, f64::NAN)]), "sum of weights is out of range at byte 45"
)]
#[case::low_part_too_large(
    auc(1, &[weighing(0.5, 0.25)]), "not in canonical form: sum of weights at byte 45"
)]
#[case::low_part_of_zero(
    auc(1, &[weighing(0.0, 5e-324)]), "not in canonical form: sum of weights at byte 45"
)]
#[case::minus_zero(
    auc(1, &[weighing(-0.0, 0.0)]), "not in canonical form: sum of weights at byte 45"
)]
#[case::low_part_of_minus_zero(
    auc(1, &[weighing(0.5, -0.0)]), "not in canonical form: sum of weights at byte 45"
)]
#[case::together_infinite(
    auc(1, &[weighing(f64::MAX, 0.0), weighing(f64::MAX, 0.0)]),
    "sum of the buckets is out of range at byte 80"
)]
fn a_damaged_sum_of_weights_is_refused(#[case] bytes: Vec<u8>, #[case] text: &str) {
    refused(&bytes, text);
}

fn refused(bytes: &[u8], text: &str) {
    let error = AucState::from_bytes(bytes).unwrap_err();
    assert_eq!(error.to_string(), format!("state: {text}"));
}
