//! Counts and sums that a backend took elsewhere, and positions beyond the end: what is public does not
//! trust.

use metrics_core::backend::{Batch, StateMut, compose};
use metrics_core::backend::{IntegerSums, Primitives};
use metrics_core::{
    Auc, BinaryAuprc, BucketCounts, MAX_TASKS, RankSums, RankedCounts, ScoreKind, Sums,
};
use rstest::rstest;
use tensor_metrics::{Backend, Curve, Error, Host, HostTensor, MAX_SAMPLES, RankState};

use crate::given::{given, row, rows};

const TOP: u64 = 0xff80_0000;
const MINUS_ZERO: u64 = (1 << 31) - 1;

#[rstest]
#[case::increasing(&[[5 << 24, 1, 0], [6 << 24, 0, 1]], 1, "the keys do not decrease")]
#[case::equal(&[[6 << 24, 1, 0], [6 << 24, 0, 1]], 1, "the keys do not decrease")]
#[case::nan(&[[TOP + 1, 1, 0]], 0, "the key is that of no score")]
#[case::beyond_32_bits(&[[1 << 32, 1, 0]], 0, "the key is that of no score")]
#[case::minus_zero(&[[TOP, 1, 0], [MINUS_ZERO, 1, 0]], 1, "the key is that of no score")]
#[case::no_sample(&[[TOP, 1, 0], [TOP - 1, 0, 0]], 1, "no sample has the score")]
fn groups_of_no_samples_are_refused(
    #[case] groups: &[[u64; 3]],
    #[case] index: usize,
    #[case] reason: &str,
) {
    let mut state = held();
    let before = state.to_bytes();
    let tasks = [vec![[TOP, 1, 0]], groups.to_vec()];
    let error = state.append_groups("test", ScoreKind::F32, &tasks).unwrap_err();
    let text = "test: the counts of task 1 are those of no samples: at";
    assert_eq!(error.to_string(), format!("{text} {index}, {reason}"));
    assert_eq!(state.to_bytes(), before);
}

/// A state of two tasks.
fn held() -> RankState {
    let mut auprc = BinaryAuprc::<Host>::new().tasks(2).unwrap();
    let batch = given(rows(&[[0.5f32, 0.25]; 2]), rows(&[[1, 0]; 2]));
    batch.update(&Host, &mut auprc).unwrap();
    auprc.state().unwrap()
}

#[rstest]
#[case::one_too_many(&[[TOP, MAX_SAMPLES - 2, 1]])]
#[case::in_two_groups(&[[TOP, MAX_SAMPLES, 0], [TOP - 1, 0, 1]])]
#[case::beyond_64_bits(&[[TOP, u64::MAX, u64::MAX], [TOP - 1, u64::MAX, 1]])]
fn groups_of_too_many_samples_are_refused(#[case] groups: &[[u64; 3]]) {
    let mut state = held();
    let before = state.to_bytes();
    let tasks = [vec![], groups.to_vec()];
    let error = state.append_groups("test", ScoreKind::F32, &tasks).unwrap_err();
    assert!(matches!(error, Error::TooManySamples { task: 1, .. }), "{error}");
    assert_eq!(state.to_bytes(), before);
}

#[test]
fn groups_of_samples_are_added() {
    let mut state = held();
    let tasks = [vec![], vec![[TOP, 1, 0], [1 << 31, 2, 1], [0x7f_ffff, 0, 3]]];
    state.append_groups("test", ScoreKind::F32, &tasks).unwrap();
    let read = RankState::from_bytes(&state.to_bytes()).unwrap();
    assert!(read == state);
    assert_eq!(state.rank_sums().unwrap()[1].n_negatives(), 5.0);
    let error = state.append_groups("test", ScoreKind::F32, &tasks[..1]).unwrap_err();
    assert!(matches!(error, Error::MergeTasks { .. }), "{error}");
}

/// A task that something was added to has a place, with or without samples.
#[test]
fn tasks_without_samples_merge() {
    let tasks = [vec![], vec![[TOP, 1, 2]]];
    let mut state = held();
    state.append_groups("test", ScoreKind::F32, &tasks).unwrap();
    let mut one = BinaryAuprc::<Host>::new().tasks(2).unwrap().state().unwrap();
    one.append_groups("test", ScoreKind::F32, &tasks).unwrap();
    let mut merged = BinaryAuprc::<Host>::new().tasks(2).unwrap();
    let mut other = merged.clone();
    merged.load_state(&held()).unwrap();
    other.load_state(&one).unwrap();
    merged.merge(&other).unwrap();
    assert!(merged.state().unwrap() == state);
    other.merge(&merged).unwrap();
    assert_eq!(other.read_tasks(&Sums).unwrap()[1].n_negatives(), 5.0);
}

#[rstest]
#[case::precisions_above_1(2, 3, (2 << 63) + 1, 0)]
#[case::precisions_without_positives(0, 3, 1, 0)]
#[case::all_bits(2, 3, u128::MAX, 0)]
#[case::more_pairs_than_there_are(2, 3, 0, 13)]
#[case::pairs_without_negatives(2, 0, 0, 1)]
#[case::too_many_samples(MAX_SAMPLES, 1, 0, 0)]
#[case::beyond_64_bits(u64::MAX, u64::MAX, 0, 0)]
fn sums_of_no_samples_are_refused(
    #[case] tp: u64,
    #[case] fp: u64,
    #[case] precisions: u128,
    #[case] pairs: u128,
) {
    let error = IntegerSums::from_sums(7, tp, fp, precisions, pairs).unwrap_err();
    let is_typed = |error: &Error| match error {
        Error::InvalidCounts { task, .. } | Error::TooManySamples { task, .. } => *task == 7,
        _ => false,
    };
    assert!(is_typed(&error), "{error}");
}

#[test]
fn the_largest_sums_are_areas_of_1() {
    let [tp, fp] = [MAX_SAMPLES - 5, 5].map(u128::from);
    let sums = IntegerSums::from_sums(0, tp as u64, fp as u64, tp << 63, 2 * tp * fp).unwrap();
    let areas = RankSums::from(sums);
    assert_eq!((areas.auprc(), areas.auroc()), (Some(1.0), Some(1.0)));
}

#[rstest]
#[case::too_few(&[1, 2], &[1, 2])]
#[case::too_many(&[1; 5], &[1; 5])]
#[case::only_one(&[1; 4], &[1; 3])]
fn a_bucket_without_a_count_is_refused(#[case] negatives: &[u64], #[case] positives: &[u64]) {
    let mut counts = BucketCounts::new(3).unwrap();
    let error = counts.add("auc", negatives, positives).unwrap_err();
    assert!(matches!(error, Error::InvalidCounts { .. }), "{error}");
    assert!(counts.is_empty());
}

#[rstest]
#[case::one_too_many([MAX_SAMPLES, 0], [0, 1])]
#[case::beyond_64_bits([u64::MAX, 0], [u64::MAX, 2])]
fn buckets_of_too_many_samples_are_refused(
    #[case] negatives: [u64; 2],
    #[case] positives: [u64; 2],
) {
    let mut counts = BucketCounts::new(1).unwrap();
    let error = counts.add("auc", &negatives, &positives).unwrap_err();
    assert!(matches!(error, Error::TooManySamples { .. }), "{error}");
    assert!(counts.is_empty());
    counts.add("auc", &[MAX_SAMPLES - 1, 0], &[0, 1]).unwrap();
    assert!(counts.add("auc", &[0, 0], &[0, 1]).is_err());
}

#[test]
fn room_for_samples_is_told_before_they_are_added() {
    let mut counts = BucketCounts::new(1).unwrap();
    counts.add("auc", &[3, 0], &[0, 4]).unwrap();
    counts.check_room("auc", MAX_SAMPLES - 7).unwrap();
    let error = counts.check_room("auc", MAX_SAMPLES - 6).unwrap_err();
    assert!(matches!(error, Error::TooManySamples { .. }), "{error}");
    assert!(counts.check_room("auc", u64::MAX).is_err());
}

/// The first task has no samples, the second three.
#[test]
fn room_of_every_task_counts() {
    let mut state = BinaryAuprc::<Host>::new().tasks(2).unwrap().state().unwrap();
    state.check_counted("test", ScoreKind::U64, MAX_SAMPLES).unwrap();
    let tasks = [vec![], vec![[TOP, 1, 2]]];
    state.append_groups("test", ScoreKind::F32, &tasks).unwrap();
    assert_eq!([0, 1, 2].map(|task| state.score_kind(task)), [None, Some(ScoreKind::F32), None]);
    state.check_counted("test", ScoreKind::F16, MAX_SAMPLES - 3).unwrap();
    let error = state.check_counted("test", ScoreKind::F32, MAX_SAMPLES - 2).unwrap_err();
    assert!(matches!(error, Error::TooManySamples { task: 1, .. }), "{error}");
    let error = state.check_counted("test", ScoreKind::U64, 1).unwrap_err();
    assert!(matches!(error, Error::ScoreTypeMismatch { .. }), "{error}");
    // What is read has no place for tasks without samples, which have no more room for that.
    let read = RankState::from_bytes(&state.to_bytes()).unwrap();
    read.check_counted("test", ScoreKind::F16, MAX_SAMPLES - 3).unwrap();
    assert!(read.check_counted("test", ScoreKind::F32, MAX_SAMPLES - 2).is_err());
    let empty = BinaryAuprc::<Host>::new().state().unwrap();
    let error = empty.check_counted("test", ScoreKind::F32, MAX_SAMPLES + 1).unwrap_err();
    assert!(matches!(error, Error::TooManySamples { task: 0, .. }), "{error}");
}

#[test]
fn ranked_counts_of_keys_have_their_scores() {
    let keys = [TOP, (1 << 31) + 1, 1 << 31, 0x7f_ffff];
    let (tps, fps) = (vec![1, 1, 2, 2], vec![0, 3, 3, 4]);
    let counts = RankedCounts::from_keys("test", 0, ScoreKind::F32, &keys, tps, fps).unwrap();
    assert_eq!(counts.thresholds(), [f64::INFINITY, 2f64.powi(-149), 0.0, f64::NEG_INFINITY]);
    let areas = counts.sums();
    assert_eq!((areas.n_positives(), areas.n_negatives()), (2.0, 4.0));
    // Of the eight pairs one positive wins four, the other one.
    assert_eq!(areas.auroc(), Some(5.0 / 8.0));
}

#[rstest]
#[case::decreasing(&[2.0, 1.0], &[2, 1], &[0, 1], "at 1, the counts do not grow")]
#[case::no_sample(&[2.0, 1.0], &[2, 2], &[1, 1], "at 1, the counts do not grow")]
#[case::increasing(&[1.0, 2.0], &[1, 2], &[1, 1], "at 1, the thresholds do not decrease")]
#[case::nan(&[1.0, f64::NAN], &[1, 2], &[1, 1], "at 1, the thresholds do not decrease")]
#[case::too_few(&[1.0, 0.0], &[1], &[1, 1], "at 1, there is no count for each threshold")]
#[case::too_many_samples(&[1.0], &[u64::MAX], &[1], "task 3 would hold 18446744073709551615 samples")]
fn ranked_counts_of_no_samples_are_refused(
    #[case] thresholds: &[f64],
    #[case] tps: &[u64],
    #[case] fps: &[u64],
    #[case] reason: &str,
) {
    let counts = RankedCounts::new("test", 3, thresholds.to_vec(), tps.to_vec(), fps.to_vec());
    let text = counts.unwrap_err().to_string();
    assert!(text.starts_with("test: ") && text.contains(reason), "{text}");
}

#[rstest]
#[case::none(0)]
#[case::one_too_many((1 << 24) + 1)]
#[case::all_there_are(usize::MAX)]
fn numbers_of_thresholds_out_of_range_are_refused(#[case] num_thresholds: usize) {
    let error = BucketCounts::new(num_thresholds).unwrap_err();
    assert!(matches!(error, Error::InvalidNumThresholds { .. }), "{error}");
    assert!(Auc::<Host>::new(Curve::Roc, num_thresholds).is_err());
}

#[rstest]
#[case::one_too_many(MAX_TASKS + 1)]
#[case::a_trillion(1 << 40)]
#[case::all_there_are(usize::MAX)]
fn more_tasks_than_there_may_be_are_refused(#[case] n_tasks: usize) {
    let text = BinaryAuprc::<Host>::new().tasks(n_tasks).unwrap_err().to_string();
    assert_eq!(text, format!("binary_auprc: n_tasks is {n_tasks}, expected at most 16777216"));
}

/// A metric of as many tasks as there may be is nothing until it is fed.
#[test]
fn a_metric_of_the_most_tasks_works() {
    let mut auprc = BinaryAuprc::<Host>::new().tasks(MAX_TASKS).unwrap();
    assert!(matches!(auprc.compute_tasks(), Err(Error::NoSamples { .. })));
    assert!(matches!(auprc.read_tasks(&Sums), Err(Error::NoSamples { .. })));
    let state = auprc.state().unwrap();
    let bytes = state.to_bytes();
    assert_eq!(bytes.len(), 10 + MAX_TASKS);
    auprc.load_state(&RankState::from_bytes(&bytes).unwrap()).unwrap();
    assert!(auprc.state().unwrap() == state);
    let one_more = [&b"tmst\x01\x01\x81\x80\x80\x08"[..], &vec![0; MAX_TASKS + 1]].concat();
    assert!(RankState::from_bytes(&one_more).is_err());
}

#[test]
fn positions_beyond_the_end_are_refused() {
    let tensor = |data: &[f64], shape| HostTensor::from_vec(data.to_vec(), shape).unwrap();
    let matrix = tensor(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]);
    let text = |result: tensor_metrics::Result<HostTensor<'_>>| result.unwrap_err().to_string();
    assert_eq!(text(Host.row(&matrix, 2)), "row: no row 2: there are 2, counted from 0");
    assert!(Host.row(&matrix, usize::MAX).is_err());
    assert_eq!(text(Host.column(&matrix, 3)), "column: no column 3: there are 3, counted from 0");
    let index = Host.argsort_descending(&matrix).unwrap();
    let narrow = tensor(&[1.0, 2.0, 3.0, 4.0], &[2, 2]);
    assert_eq!(
        text(Host.gather(&narrow, &index)),
        "gather: no column 2: there are 2, counted from 0"
    );
    let low = tensor(&[1.0, 2.0, 3.0], &[1, 3]);
    assert_eq!(
        text(Host.gather(&low, &index)),
        "gather: elements have shape [1, 3], expected as many rows as the index has"
    );
    let targets = tensor(&[0.0, 1.0, 0.0, 1.0, 0.0, 1.0], &[2, 3]);
    let error = Host.bincount(&index, &targets, 2).unwrap_err().to_string();
    assert_eq!(error, "bincount: no bin 2: there are 2, counted from 0");
    assert!(Host.bincount(&index, &targets, usize::MAX).is_err());
    assert_eq!(Host.bincount(&index, &targets, 3).unwrap(), [vec![1, 1, 1], vec![1, 1, 1]]);
}

/// A backend may hand any batch to any state.
#[rstest]
#[case::unweighted(None)]
#[case::weighted(Some(rows(&[[0.5, 2.0], [1.0, 0.25]])))]
#[case::weights_for_all_tasks(Some(row(&[0.5, 2.0])))]
fn a_batch_of_another_number_of_tasks_changes_no_state(
    #[case] weights: Option<HostTensor<'static>>,
) {
    let (scores, targets) = (rows(&[[0.5f32, 0.25], [1.0, 0.75]]), rows(&[[0u8, 1], [1, 0]]));
    let batch = Batch::<Host>::new("test", scores, targets, weights).unwrap();
    let mut counts = BucketCounts::new(10).unwrap();
    let error = StateMut::Buckets(&mut counts).update(&batch).unwrap_err();
    assert!(matches!(error, Error::MergeTasks { given: 2, n_tasks: 1, .. }), "{error}");
    assert_eq!(counts, BucketCounts::new(10).unwrap());
    let composed = compose::update(&Host, &batch, StateMut::Buckets(&mut counts)).unwrap_err();
    assert_eq!(composed.to_string(), error.to_string());
    assert_eq!(counts, BucketCounts::new(10).unwrap());
    for n_tasks in [1, 3] {
        let mut state = BinaryAuprc::<Host>::new().tasks(n_tasks).unwrap().state().unwrap();
        let error = StateMut::Rank(&mut state).update(&batch).unwrap_err();
        assert!(matches!(error, Error::MergeTasks { given: 2, .. }), "{error}");
        assert!(state.is_empty() && state.n_tasks() == n_tasks);
    }
}
