//! How much memory things take: reading a state no more than its bytes are worth, whatever they
//! claim; a metric no more a sample than its documentation says.

// Only a global allocator can count, and the trait is unsafe.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use half::f16;
use metrics_conformance::random::{Random, seed};
use metrics_core::ScoreKind;
use rstest::rstest;
use tensor_metrics::slice::{Auc, BinaryAuprc, BinaryAuroc, binary_auprc, binary_auroc};
use tensor_metrics::{AucState, Curve, Element, RankState, free_spare_memory};

/// The system's allocator, which counts the bytes in use and remembers the most there were.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
/// All bytes there ever were.
static EVER: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(in_use, Ordering::Relaxed);
        EVER.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the memory came from `System` with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test runs at a time: the counters are those of the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What other threads of the test harness may allocate in the meantime.
const NOISE: usize = 64 << 10;

/// The most memory that `f` took beyond what was in use before.
fn peak<T>(f: impl FnOnce() -> T) -> (T, usize) {
    free_spare_memory();
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = f();
    (result, PEAK.load(Ordering::Relaxed) - before)
}

/// The memory in use by what `f` returned.
fn kept<T>(f: impl FnOnce() -> T) -> (T, usize) {
    free_spare_memory();
    let before = IN_USE.load(Ordering::Relaxed);
    let result = f();
    free_spare_memory();
    (result, IN_USE.load(Ordering::Relaxed).saturating_sub(before))
}

#[test]
fn the_allocator_counts() {
    let _alone = alone();
    let (data, n_bytes) = peak(|| vec![1u8; 10 << 20]);
    assert!(n_bytes.abs_diff(10 << 20) < NOISE, "{n_bytes}");
    let (_copy, n_bytes) = kept(|| data.clone());
    assert!(n_bytes.abs_diff(10 << 20) < NOISE, "{n_bytes}");
}

const HUGE: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
/// 2^40: a length that would fit the address space, but not the machine.
const LARGE: &[u8] = &[0x80, 0x80, 0x80, 0x80, 0x80, 0x20];

#[rstest]
#[case::tasks(&[b"tmst\x01\x01", HUGE])]
#[case::large_tasks(&[b"tmst\x01\x01", LARGE, &[0; 100]])]
#[case::runs(&[b"tmst\x01\x01\x01\x03", HUGE])]
#[case::large_runs(&[b"tmst\x01\x01\x01\x03", LARGE, &[0; 100]])]
#[case::weighted_samples(&[b"tmst\x01\x01\x01\x03\0", HUGE])]
#[case::large_weighted_samples(&[b"tmst\x01\x01\x01\x03\0", LARGE, &[0; 100]])]
#[case::thresholds(&[b"tmst\x01\x02\0", HUGE, &[0, 0]])]
#[case::the_most_thresholds(&[b"tmst\x01\x02\0\x80\x80\x80\x08\0", &[0][..]])]
#[case::buckets(&[b"tmst\x01\x02\0\x0a\0", HUGE])]
#[case::large_buckets(&[b"tmst\x01\x02\0\x0a\0", LARGE, &[0; 100]])]
fn a_claimed_length_takes_no_memory(#[case] parts: &[&[u8]]) {
    let _alone = alone();
    let bytes = parts.concat();
    let (_, n_bytes) = peak(|| (RankState::from_bytes(&bytes), AucState::from_bytes(&bytes)));
    assert!(n_bytes <= NOISE, "{n_bytes} bytes");
}

/// The most memory that a byte of a state may take while it is read.
const PER_BYTE: usize = 32;

fn samples(n_samples: usize) -> (Vec<f32>, Vec<u8>) {
    let mut random = Random::new(seed());
    let scores = (0..n_samples).map(|_| random.unit() as f32).collect();
    (scores, (0..n_samples).map(|_| random.below(2) as u8).collect())
}

fn reading_is_cheap<T>(bytes: &[u8], read: impl Fn(&[u8]) -> T) {
    let (_, n_bytes) = peak(|| read(bytes));
    let ratio = n_bytes as f64 / bytes.len() as f64;
    println!("{n_bytes} bytes of memory for a state of {}: {ratio:.1} a byte", bytes.len());
    assert!(n_bytes <= PER_BYTE * bytes.len() + NOISE, "{ratio} a byte");
}

#[test]
fn reading_runs_takes_memory_like_the_bytes() {
    let _alone = alone();
    let (scores, targets) = samples(300_000);
    let mut auprc = BinaryAuprc::new();
    auprc.update(&scores, &targets).unwrap();
    let bytes = auprc.state().unwrap().to_bytes();
    reading_is_cheap(&bytes, |bytes| RankState::from_bytes(bytes).unwrap());
}

#[test]
fn reading_weighted_samples_takes_memory_like_the_bytes() {
    let _alone = alone();
    let (scores, targets) = samples(300_000);
    let mut auprc = BinaryAuprc::new();
    auprc.update_weighted(&scores, &targets, &vec![0.5; scores.len()]).unwrap();
    let bytes = auprc.state().unwrap().to_bytes();
    reading_is_cheap(&bytes, |bytes| RankState::from_bytes(bytes).unwrap());
}

/// The shortest buckets: neighbours of few samples.
#[test]
fn reading_buckets_takes_memory_like_the_bytes() {
    let _alone = alone();
    let n = 100_000;
    let probabilities: Vec<f64> = (0..=n).map(|i| i as f64 / n as f64).collect();
    let mut auc = Auc::new(Curve::Roc, n).unwrap();
    auc.update(&probabilities, &vec![1; n + 1]).unwrap();
    let bytes = auc.state().unwrap().to_bytes();
    reading_is_cheap(&bytes, |bytes| AucState::from_bytes(bytes).unwrap());
}

/// Bytes of states, each a megabyte or so, of every shape that may take more memory than its bytes.
fn shapes() -> Vec<(&'static str, Vec<u8>)> {
    let tasks = |task: &[u8]| {
        let n_tasks = 1_000_000 / task.len();
        rank_bytes(n_tasks, &task.repeat(n_tasks))
    };
    // Runs of a byte each: distance, tag.
    let runs = |n: u8| [&[3, n][..], &vec![4; n.into()], &[0]].concat();
    let fraction = [&[0, 1][..], &0.5f64.to_le_bytes()].concat();
    let n_many: u32 = 1_000_000;
    let many = |n: u32| {
        let mut bytes = Vec::new();
        write_varint(&mut bytes, n.into());
        bytes
    };
    let mut mixed = Vec::new();
    for i in 0..100_000u32 {
        match i % 5 {
            0 => mixed.extend(runs((i / 5 % 40 + 1) as u8)),
            1 => mixed.extend([3, 1, 2, 0, 2, 0]),
            2 => mixed.extend([&[6, 0, 1][..], &fraction].concat()),
            _ => mixed.push(0),
        }
    }
    vec![
        ("empty tasks", rank_bytes(1_000_000, &[0; 1_000_000])),
        ("one task of many", rank_bytes(1_000_000, &[&[0; 999_999][..], &[3, 1, 0, 0]].concat())),
        (
            "a task of ten",
            rank_bytes(500_000, &[&[0; 9][..], &[3, 1, 0, 0]].concat().repeat(50_000)),
        ),
        ("tasks of one sample", tasks(&[3, 1, 0, 0])),
        ("f16 tasks of one sample", tasks(&[1, 1, 0, 0])),
        ("tasks of two samples", tasks(&[4, 2, 0, 0, 0])),
        ("tasks of one weighted sample", tasks(&[&[3, 0, 1][..], &fraction].concat())),
        ("tasks of 13 bytes", tasks(&runs(10))),
        ("tasks of 14 bytes", tasks(&runs(11))),
        ("tasks of 15 bytes", tasks(&runs(12))),
        ("tasks of 32 bytes", tasks(&runs(29))),
        ("tasks of 33 bytes", tasks(&runs(30))),
        ("tasks of 64 bytes", tasks(&runs(61))),
        ("tasks of 65 bytes", tasks(&runs(62))),
        ("tasks of 100 bytes", tasks(&runs(97))),
        (
            "runs",
            rank_bytes(1, &[&[4][..], &many(n_many), &vec![4; n_many as usize], &[0]].concat()),
        ),
        (
            "weighted samples",
            rank_bytes(1, &[&[3, 0][..], &many(100_000), &fraction.repeat(100_000)].concat()),
        ),
        ("everything", rank_bytes(100_000, &mixed)),
    ]
}

fn rank_bytes(n_tasks: usize, tasks: &[u8]) -> Vec<u8> {
    let mut bytes = b"tmst\x01\x01".to_vec();
    write_varint(&mut bytes, n_tasks as u64);
    bytes.extend_from_slice(tasks);
    bytes
}

/// LEB128.
fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Read, loaded, computed, saved, merged and computed again, with everything kept to the end.
#[test]
fn a_byte_of_a_state_takes_32_bytes_through_its_whole_life() {
    let _alone = alone();
    for (name, bytes) in shapes() {
        let (all, n_bytes) = peak(|| {
            let state = RankState::from_bytes(&bytes).unwrap();
            let mut metric = BinaryAuprc::new().tasks(state.n_tasks()).unwrap();
            metric.load_state(&state).unwrap();
            let values = metric.compute_tasks().ok();
            let saved = metric.state().unwrap();
            let written = saved.to_bytes();
            let mut merged = BinaryAuprc::new().tasks(state.n_tasks()).unwrap();
            merged.load_state(&saved).unwrap();
            merged.merge(&metric).unwrap();
            let twice = merged.compute_tasks().ok();
            (state, metric, values, saved, written, merged, twice)
        });
        let (state, _, values, saved, written, _, twice) = all;
        assert!(written == bytes && saved == state, "{name}");
        assert_eq!(values.is_some(), twice.is_some(), "{name}");
        let ratio = n_bytes as f64 / bytes.len() as f64;
        println!("{name}: {} bytes, {ratio:.1} of memory for each", bytes.len());
        assert!(n_bytes <= 32 * bytes.len() + 4 * NOISE, "{name}: {ratio} a byte");
    }
}

/// What is refused at the last byte has taken nothing.
#[test]
fn bytes_that_are_wrong_take_no_memory() {
    let _alone = alone();
    for (name, bytes) in shapes() {
        let without_the_last = &bytes[..bytes.len() - 1];
        let one_more = [&bytes[..], &[0]].concat();
        for bytes in [without_the_last, &one_more] {
            let (read, n_bytes) = peak(|| RankState::from_bytes(bytes));
            assert!(read.is_err() && n_bytes <= NOISE, "{name}: {n_bytes}");
        }
    }
}

#[test]
fn a_byte_of_a_bucketed_state_takes_32_bytes_through_its_whole_life() {
    let _alone = alone();
    let n_buckets = 300_000;
    let counted = [0, 1, 0].repeat(n_buckets);
    let weighted = [&[0, 1, 0][..], &[0; 16], &0.5f64.to_le_bytes(), &[0; 8]].concat();
    for (flag, buckets) in [(0, counted), (1, weighted.repeat(n_buckets))] {
        let mut bytes = b"tmst\x01\x02\0".to_vec();
        write_varint(&mut bytes, n_buckets as u64);
        bytes.push(flag);
        write_varint(&mut bytes, n_buckets as u64);
        bytes.extend(buckets);
        let (all, n_bytes) = peak(|| {
            let state = AucState::from_bytes(&bytes).unwrap();
            let mut auc = Auc::new(Curve::Roc, n_buckets).unwrap();
            auc.load_state(&state).unwrap();
            let value = auc.compute().unwrap();
            let saved = auc.state().unwrap();
            let written = saved.to_bytes();
            (state, auc, value, saved, written)
        });
        assert!(all.4 == bytes);
        let ratio = n_bytes as f64 / bytes.len() as f64;
        println!("flag {flag}: {ratio:.1} a byte");
        assert!(n_bytes <= 32 * bytes.len() + NOISE, "{ratio} a byte");
        bytes.pop();
        let (read, n_bytes) = peak(|| AucState::from_bytes(&bytes));
        assert!(read.is_err() && n_bytes <= NOISE, "{n_bytes}");
    }
}

/// Each merge must not write again all that was merged before: what it allocates says so.
#[test]
fn merging_states_takes_memory_like_the_states() {
    let _alone = alone();
    let (scores, targets) = samples(400_000);
    let saved: Vec<Vec<u8>> = scores
        .chunks(200)
        .zip(targets.chunks(200))
        .map(|(scores, targets)| {
            let mut auprc = BinaryAuprc::new();
            auprc.update(scores, targets).unwrap();
            auprc.state().unwrap().to_bytes()
        })
        .collect();
    let all: usize = saved.iter().map(Vec::len).sum();
    let ever = EVER.load(Ordering::Relaxed);
    let ((mut merged, most), kept) = kept(|| {
        peak(|| {
            let mut merged = BinaryAuprc::new();
            for bytes in &saved {
                let mut auprc = BinaryAuprc::new();
                auprc.load_state(&RankState::from_bytes(bytes).unwrap()).unwrap();
                merged.merge(&auprc).unwrap();
            }
            merged
        })
    });
    let ever = EVER.load(Ordering::Relaxed) - ever;
    println!("{all} bytes of states: {kept} kept, {most} at most, {ever} in all");
    assert!(kept <= all + NOISE && most <= 2 * all + NOISE, "{kept}, {most}");
    assert!(ever <= 16 * all, "{ever}");
    assert_eq!(merged.compute().unwrap(), binary_auprc(&scores, &targets).unwrap());
}

/// The same for batches that were ranked on a device.
#[test]
fn appending_groups_takes_memory_like_the_groups() {
    let _alone = alone();
    let n_batches = 2_000u64;
    let state = BinaryAuprc::new().state().unwrap();
    let batch = |i: u64| {
        let keys = (0..200).rev().map(|k| (1 << 31) + (k * n_batches + i));
        vec![keys.map(|key| [key, 1, i % 3]).collect::<Vec<_>>()]
    };
    let batches: Vec<_> = (0..n_batches).map(batch).collect();
    let ever = EVER.load(Ordering::Relaxed);
    let mut state = state;
    for batch in &batches {
        state.append_groups("test", ScoreKind::F32, batch).unwrap();
    }
    let ever = EVER.load(Ordering::Relaxed) - ever;
    let all = state.to_bytes().len();
    println!("{all} bytes in the end, {ever} in all");
    assert!(ever <= 32 * all, "{ever}");
}

/// Bytes that are refused late must not have taken more before.
#[test]
fn reading_random_bytes_takes_memory_like_the_bytes() {
    let _alone = alone();
    let mut random = Random::new(seed());
    for round in 0..20_000 {
        let n = random.below(2000);
        let alphabet = 2 + random.below(255) as u64;
        let mut bytes = b"tmst\x01\x01\x01\x03".to_vec();
        bytes[5] += (round % 2) as u8;
        bytes.truncate(6 + random.below(3));
        bytes.extend((0..n).map(|_| (random.bits() % alphabet) as u8));
        let (_, n_bytes) = peak(|| (RankState::from_bytes(&bytes), AucState::from_bytes(&bytes)));
        assert!(n_bytes <= PER_BYTE * bytes.len() + NOISE, "{n_bytes} for {bytes:?}");
    }
}

/// What a metric keeps after batches of 10,000, in bytes a sample.
fn kept_per_sample<T: Element>(scores: &[T], targets: &[u8]) -> f64 {
    let (_auprc, n_bytes) = kept(|| {
        let mut auprc = BinaryAuprc::new();
        for (scores, targets) in scores.chunks(10_000).zip(targets.chunks(10_000)) {
            auprc.update(scores, targets).unwrap();
        }
        auprc
    });
    println!("{n_bytes} bytes for {} samples", scores.len());
    n_bytes.saturating_sub(2 * NOISE) as f64 / scores.len() as f64
}

/// As many as fill the last pieces of memory, of at most 2 MiB.
const FULL: usize = 1 << 21;

#[test]
fn distinct_f32_scores_take_4_bytes_a_sample() {
    let _alone = alone();
    let (scores, targets) = samples(FULL);
    let n_bytes = kept_per_sample(&scores, &targets);
    assert!((3.9..=4.1).contains(&n_bytes), "{n_bytes}");
}

#[test]
fn distinct_f64_scores_take_8_bytes_a_sample() {
    let _alone = alone();
    let mut random = Random::new(seed());
    let scores: Vec<f64> = (0..FULL).map(|_| random.unit()).collect();
    let targets = vec![1; scores.len()];
    let n_bytes = kept_per_sample(&scores, &targets);
    assert!((7.8..=8.2).contains(&n_bytes), "{n_bytes}");
}

/// Just above as many of either sign as fill all pieces, the next ones are taken.
#[test]
fn the_last_pieces_take_at_most_4_mebibytes() {
    let _alone = alone();
    let (mut scores, targets) = samples(2 * (FULL + 10_000));
    scores.iter_mut().step_by(2).for_each(|score| *score = -1.0 - *score);
    let n_bytes = kept_per_sample(&scores, &targets) * scores.len() as f64;
    println!("{} bytes a sample", n_bytes / scores.len() as f64);
    assert!(n_bytes <= 4.1 * scores.len() as f64 + (4 << 20) as f64, "{n_bytes}");
}

/// A million samples of 1,000 scores are counted: what is left is far below a byte a sample.
#[test]
fn repeated_f32_scores_are_counted() {
    let _alone = alone();
    let scores: Vec<f32> = (0..1 << 20).map(|i| (i % 1000) as f32).collect();
    let targets: Vec<u8> = (0..1 << 20).map(|i| (i % 7 == 0).into()).collect();
    let (_auprc, n_bytes) = kept(|| {
        let mut auprc = BinaryAuprc::new();
        auprc.update(&scores, &targets).unwrap();
        auprc
    });
    assert!(n_bytes <= NOISE, "{n_bytes}");
}

/// Three million samples take no more memory than a hundred thousand.
#[test]
fn f16_scores_take_constant_memory() {
    let _alone = alone();
    let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).filter(|x| !x.is_nan()).collect();
    let targets: Vec<u8> = (0..all.len()).map(|i| (i % 3 == 0).into()).collect();
    let mut auprc = BinaryAuprc::new();
    let (_, first) = kept(|| (0..2).for_each(|_| auprc.update(&all, &targets).unwrap()));
    let (_, later) = kept(|| (0..46).for_each(|_| auprc.update(&all, &targets).unwrap()));
    assert!(first <= 16 * all.len(), "{first}");
    assert!(later <= 8 * all.len(), "{later} more");
}

#[test]
fn buckets_take_constant_memory() {
    let _alone = alone();
    let mut auc = Auc::new(Curve::Roc, 4095).unwrap();
    auc.update(&[0.5], &[1]).unwrap();
    let (scores, targets) = samples(100_000);
    let (_, n_bytes) = kept(|| {
        (0..10).for_each(|_| auc.update(&scores, &targets).unwrap());
    });
    assert!(n_bytes <= NOISE, "{n_bytes}");
}

/// What ranks takes memory: a value that nothing was added to since is not ranked again.
#[test]
fn a_value_read_again_is_not_computed_again() {
    let _alone = alone();
    let (scores, targets) = samples(200_000);
    let mut auprc = BinaryAuprc::new();
    auprc.update(&scores, &targets).unwrap();
    let (first, n_first) = peak(|| auprc.compute().unwrap());
    let (again, n_again) = peak(|| auprc.compute().unwrap());
    assert_eq!(first, again);
    assert!(n_first >= 4 * scores.len() && n_again <= NOISE, "{n_first}, then {n_again}");
    auprc.update(&[2.0, 3.0], &[1, 0]).unwrap();
    let mut whole = BinaryAuprc::new();
    whole.update(&[2.0, 3.0], &[1, 0]).unwrap();
    whole.update(&scores, &targets).unwrap();
    let (other, n_other) = peak(|| auprc.compute().unwrap());
    assert_eq!(other, whole.compute().unwrap());
    assert!(other != first && n_other >= 4 * scores.len(), "{n_other}");
}

/// What a call leaves is there for the next one, bounded, and freed when asked.
#[test]
fn calls_leave_at_most_128_mebibytes() {
    let _alone = alone();
    let ((), n_bytes) = kept(|| {
        let before = IN_USE.load(Ordering::Relaxed);
        let (scores, targets) = samples(9 << 20);
        for n_samples in (1 << 20..scores.len()).step_by(1 << 20) {
            binary_auprc(&scores[..n_samples], &targets[..n_samples]).unwrap();
        }
        drop((scores, targets));
        let left = IN_USE.load(Ordering::Relaxed) - before;
        assert!((1 << 20..=128 << 20).contains(&left), "{left}");
    });
    assert!(n_bytes <= NOISE, "{n_bytes}");
}

#[test]
fn ranking_f32_scores_takes_at_most_8_bytes_a_sample() {
    let _alone = alone();
    let (scores, targets) = samples(2_000_000);
    let (auprc, n_bytes) = peak(|| binary_auprc(&scores, &targets));
    auprc.unwrap();
    println!("{} bytes a sample", n_bytes as f64 / scores.len() as f64);
    assert!(n_bytes <= 8 * scores.len() + 4 * NOISE, "{n_bytes}");
}

#[test]
fn ranking_f64_scores_takes_at_most_16_bytes_a_sample() {
    let _alone = alone();
    let mut random = Random::new(seed());
    let scores: Vec<f64> = (0..2_000_000).map(|_| random.unit() - 0.5).collect();
    let targets: Vec<bool> = scores.iter().map(|_| random.below(2) == 1).collect();
    let (auroc, n_bytes) = peak(|| binary_auroc(&scores, &targets));
    auroc.unwrap();
    println!("{} bytes a sample", n_bytes as f64 / scores.len() as f64);
    assert!(n_bytes <= 16 * scores.len() + 4 * NOISE, "{n_bytes}");
}

/// A list of all counts would take 24 bytes a sample.
#[test]
fn visiting_counts_takes_little_more_than_ranking() {
    let _alone = alone();
    let (scores, targets) = samples(2_000_000);
    let mut auroc = BinaryAuroc::new();
    auroc.update(&scores, &targets).unwrap();
    let (n_groups, n_bytes) = peak(|| {
        let mut n_groups = 0;
        auroc.for_each_group(0, |_| n_groups += 1).unwrap();
        n_groups
    });
    println!("{} bytes a sample", n_bytes as f64 / scores.len() as f64);
    assert!(n_groups > 1_800_000 && n_bytes <= 12 * scores.len(), "{n_groups}, {n_bytes}");
}
