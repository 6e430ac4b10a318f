//! Rank states that nobody wrote: each is refused, with what is wrong and where.

use rstest::rstest;
use tensor_metrics::RankState;

use crate::writing::{HUGE, fraction, run, state, state_of_version, varint};

const F16: u8 = 1;
const BF16: u8 = 2;
const F32: u8 = 3;
const F64: u8 = 4;
const I32: u8 = 5;
const U64: u8 = 7;

/// The bit of a score type in version 2.
const MARK: u8 = 0x80;

const NEGATIVE: u8 = 0;
const COUNTS: u8 = 2;

const MAX_SAMPLES: u64 = 1 << 53;
/// Distance from the key of f32's +inf to that of 0.0.
const TO_ZERO: u64 = 0x7f80_0000;
const TO_MINUS_INFINITY: u64 = 2 * TO_ZERO + 1;

/// A state of one task, behind its score type.
fn task(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    state(1, &[&[1, kind], &parts.concat()])
}

/// The same in version 2, with the mark of what version 1 cannot say.
fn marked(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    state_of_version(2, 1, &[&[1, kind | MARK], &parts.concat()])
}

/// Runs without samples of other weights.
fn runs(kind: u8, runs: &[&[u8]]) -> Vec<u8> {
    task(kind, &[&varint(runs.len() as u64), &runs.concat(), &[0]])
}

fn counts(positives: u64, negatives: u64) -> Vec<u8> {
    [run(COUNTS, 0), varint(positives), varint(negatives)].concat()
}

/// Samples of other weights without runs.
fn fractions(fractions: &[&[u8]]) -> Vec<u8> {
    task(F32, &[&[0], &varint(fractions.len() as u64), &fractions.concat()])
}

fn refused(bytes: &[u8], text: &str) {
    let error = RankState::from_bytes(bytes).unwrap_err();
    assert_eq!(error.to_string(), format!("state: {text}"));
}

/// The tables below refuse what differs from these in one place.
#[rstest]
#[case::a_run(runs(F32, &[&run(NEGATIVE, 5)]))]
#[case::the_highest_and_the_lowest(runs(F32, &[&run(NEGATIVE, 0), &run(1, TO_MINUS_INFINITY - 1)]))]
#[case::all_samples_there_can_be(runs(F32, &[&counts(MAX_SAMPLES - 1, 1)]))]
#[case::the_lowest_integer(runs(U64, &[&run(NEGATIVE, u64::MAX)]))]
#[case::a_fraction(fractions(&[&fraction(0, 1, 0.5)]))]
#[case::fractions_in_order(fractions(&[
    &fraction(0, 0, 0.5), &fraction(0, 0, 0.5), &fraction(0, 0, 2.5), &fraction(0, 1, 0.25),
    &fraction(1, 0, 0.125),
]))]
#[case::whole_weights(marked(F32, &[&[1], &counts(3, 0), &[0]]))]
#[case::a_large_whole_weight(marked(F32, &[&[0, 1], &fraction(0, 1, 1_048_577.0)]))]
#[case::counts_beside_a_large_whole_weight(
    marked(F32, &[&[1], &counts(3, 0), &[2], &fraction(0, 0, 0.5), &fraction(0, 1, 9e15)])
)]
#[case::a_weight_too_large_for_version_1(fractions(&[&fraction(0, 1, 1e16)]))]
#[case::a_marked_task_of_several(
    state_of_version(2, 1, &[&[3, 0, F32, 1, 0, 0, F32 | MARK, 1], &counts(1, 1), &[0]])
)]
fn what_is_written_well_is_read(#[case] bytes: Vec<u8>) {
    assert_eq!(RankState::from_bytes(&bytes).unwrap().to_bytes(), bytes);
}

#[rstest]
#[case::nothing(b"", "these bytes are not a tensor-metrics state at byte 0")]
#[case::too_short(b"tms", "these bytes are not a tensor-metrics state at byte 0")]
#[case::something_else(b"\x89PNG\x0d\x0a", "these bytes are not a tensor-metrics state at byte 0")]
#[case::no_version(b"tmst", "the state ends too early at byte 4")]
#[case::version_0(b"tmst\0\x01\x01\0", "version is out of range at byte 5")]
#[case::a_newer_version(
    b"tmst\x03\x01\x01\0",
    "version 3 is newer than this library reads at byte 5"
)]
#[case::no_kind(b"tmst\x01", "the state ends too early at byte 5")]
#[case::bucketed(b"tmst\x01\x02\x01\0", "the state is of kind 2, expected 1 at byte 6")]
#[case::unknown_kind(b"tmst\x01\x09\x01\0", "the state is of kind 9, expected 1 at byte 6")]
fn another_header_is_refused(#[case] bytes: &[u8], #[case] text: &str) {
    refused(bytes, text);
}

#[rstest]
#[case::none(&[0], "number of tasks is out of range at byte 7")]
#[case::more_than_bytes(&[2, 0], "number of tasks is out of range at byte 7")]
#[case::absurdly_many(&[HUGE, &[0]].concat(), "number of tasks is out of range at byte 16")]
#[case::spelt_too_long(&[0x81, 0, 0], "not in canonical form: number at byte 8")]
#[case::beyond_64_bits(
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
    "number is out of range at byte 16"
)]
#[case::endless(&[0x80; 30], "number is out of range at byte 16")]
#[case::bytes_behind_the_last(&[1, 0, 0], "bytes follow the end of the state at byte 8")]
fn another_number_of_tasks_is_refused(#[case] bytes: &[u8], #[case] text: &str) {
    refused(&state(1, &[bytes]), text);
}

#[rstest]
#[case::unknown_score_type(task(8, &[&[1, 0, 0]]), "score type is out of range at byte 8")]
#[case::samples_without_a_type(
    task(0, &[&[1, 0, 0]]), "bytes follow the end of the state at byte 8"
)]
#[case::a_type_without_samples(runs(F32, &[]), "not in canonical form: empty task at byte 10")]
#[case::absurdly_many_runs(task(F32, &[HUGE, &[0]]), "number of runs is out of range at byte 18")]
#[case::more_runs_than_bytes(task(F32, &[&[3, 0, 0]]), "number of runs is out of range at byte 9")]
#[case::fewer_runs_than_claimed(task(F32, &[&[2, 0, 0]]), "the state ends too early at byte 11")]
#[case::unknown_tag(runs(F32, &[&run(3, 0)]), "tag is out of range at byte 10")]
#[case::distance_spelt_too_long(
    runs(F32, &[&[0x80, 0]]), "not in canonical form: distance at byte 11"
)]
#[case::distance_beyond_64_bits(
    runs(U64, &[&[&[0x80], HUGE].concat()]), "distance is out of range at byte 20"
)]
#[case::below_minus_infinity(
    runs(F32, &[&run(NEGATIVE, TO_MINUS_INFINITY + 1)]), "score is out of range at byte 14"
)]
#[case::below_minus_infinity_in_steps(
    runs(F32, &[&run(NEGATIVE, TO_MINUS_INFINITY), &run(NEGATIVE, 0)]),
    "score is out of range at byte 15"
)]
#[case::below_the_least_integer(
    runs(I32, &[&run(NEGATIVE, 1 << 32)]), "score is out of range at byte 14"
)]
#[case::below_the_least_integer_in_steps(
    runs(I32, &[&run(NEGATIVE, (1 << 32) - 1), &run(NEGATIVE, 0)]),
    "score is out of range at byte 14"
)]
#[case::no_samples(runs(F32, &[&counts(0, 0)]), "not in canonical form: counts at byte 12")]
#[case::one_positive_as_counts(
    runs(F32, &[&counts(1, 0)]), "not in canonical form: counts at byte 12"
)]
#[case::one_negative_as_counts(
    runs(F32, &[&counts(0, 1)]), "not in canonical form: counts at byte 12"
)]
#[case::too_many_positives(
    runs(F32, &[&counts(MAX_SAMPLES + 1, 0)]), "number of samples is out of range at byte 19"
)]
#[case::too_many_together(
    runs(F32, &[&counts(MAX_SAMPLES, 1)]), "number of samples is out of range at byte 19"
)]
#[case::counts_that_overflow(
    runs(F32, &[&counts(u64::MAX, u64::MAX)]), "number of samples is out of range at byte 30"
)]
#[case::runs_that_overflow(
    runs(F32, &[&counts(MAX_SAMPLES - 2, 1), &counts(1, 1)]),
    "number of samples is out of range at byte 22"
)]
fn a_damaged_task_is_refused(#[case] bytes: Vec<u8>, #[case] text: &str) {
    refused(&bytes, text);
}

/// Version 2 says what version 1 cannot, and nothing else.
#[rstest]
#[case::a_mark_in_version_1(task(F32 | MARK, &[&[1, 0, 0]]), "score type is out of range at byte 8")]
#[case::a_mark_without_a_type(marked(0, &[]), "score type is out of range at byte 8")]
#[case::a_mark_without_samples(
    marked(F32, &[&[0, 0]]), "not in canonical form: empty task at byte 10"
)]
#[case::a_mark_on_fractions(
    marked(F32, &[&[0, 1], &fraction(0, 1, 0.5)]),
    "not in canonical form: score type at byte 20"
)]
#[case::a_large_weight_without_a_mark(
    state_of_version(2, 1, &[&[1, F32, 0, 1], &fraction(0, 1, 9e15)]),
    "not in canonical form: weight at byte 20"
)]
#[case::a_small_weight_with_a_mark(
    marked(F32, &[&[0, 1], &fraction(0, 1, 1_048_576.0)]),
    "not in canonical form: weight at byte 20"
)]
#[case::no_mark(
    state_of_version(2, 1, &[&[1, F32, 1, 0, 0]]), "not in canonical form: version at byte 11"
)]
#[case::no_samples(state_of_version(2, 1, &[&[1, 0]]), "not in canonical form: version at byte 8")]
fn a_damaged_state_of_version_2_is_refused(#[case] bytes: Vec<u8>, #[case] text: &str) {
    refused(&bytes, text);
}

#[rstest]
#[case::absurdly_many(
    task(F32, &[&[0], HUGE]), "number of weighted samples is out of range at byte 19"
)]
#[case::fewer_than_claimed(
    task(F32, &[&[0, 2], &fraction(0, 0, 0.5)]), "the state ends too early at byte 20"
)]
#[case::below_minus_infinity(
    fractions(&[&fraction(TO_MINUS_INFINITY + 1, 0, 0.5)]), "score is out of range at byte 15"
)]
#[case::far_below(fractions(&[&fraction(u64::MAX, 0, 0.5)]), "score is out of range at byte 20")]
#[case::target_2(fractions(&[&fraction(0, 2, 0.5)]), "target is out of range at byte 12")]
#[case::nan(fractions(&[&fraction(0, 0, f64::NAN)]), "weight is out of range at byte 20")]
#[case::infinite(fractions(&[&fraction(0, 0, f64::INFINITY)]), "weight is out of range at byte 20")]
#[case::negative(fractions(&[&fraction(0, 0, -0.5)]), "weight is out of range at byte 20")]
#[case::zero(fractions(&[&fraction(0, 0, 0.0)]), "weight is out of range at byte 20")]
#[case::minus_zero(fractions(&[&fraction(0, 0, -0.0)]), "weight is out of range at byte 20")]
#[case::one(fractions(&[&fraction(0, 0, 1.0)]), "not in canonical form: weight at byte 20")]
#[case::whole(fractions(&[&fraction(0, 0, 9e15)]), "not in canonical form: weight at byte 20")]
#[case::positives_before_negatives(
    fractions(&[&fraction(0, 1, 0.5), &fraction(0, 0, 0.5)]),
    "not in canonical form: order of weighted samples at byte 30"
)]
#[case::large_before_small(
    fractions(&[&fraction(0, 1, 0.75), &fraction(0, 1, 0.5)]),
    "not in canonical form: order of weighted samples at byte 30"
)]
#[case::together_infinite(
    fractions(&[&fraction(0, 1, f64::MAX), &fraction(0, 1, f64::MAX)]),
    "sum of the weights is out of range at byte 30"
)]
fn a_damaged_weighted_sample_is_refused(#[case] bytes: Vec<u8>, #[case] text: &str) {
    refused(&bytes, text);
}

/// `-0.0` ties with `0.0` and is kept as such: a key of its own would rank below it, and become
/// the same key twice when the scores are widened.
#[rstest]
#[case::f16(F16, 0x7c00)]
#[case::bf16(BF16, 0x7f80)]
#[case::f32(F32, TO_ZERO)]
#[case::f64(F64, 0x7ff0_0000_0000_0000)]
fn a_score_of_minus_zero_is_refused(#[case] kind: u8, #[case] to_zero: u64) {
    let minus_zero = to_zero + 1;
    let is_refused = |bytes: &[u8]| RankState::from_bytes(bytes).is_err();
    assert!(is_refused(&runs(kind, &[&run(NEGATIVE, minus_zero)])), "alone");
    let both = runs(kind, &[&run(1, to_zero), &run(NEGATIVE, 0)]);
    assert!(is_refused(&both), "below 0.0");
    let fraction = fraction(minus_zero, 1, 0.5);
    assert!(is_refused(&task(kind, &[&[0, 1], &fraction])), "with a weight");
}
