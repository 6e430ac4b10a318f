//! Tests of the arithmetic that the kernels share with the host, against the CPU engine: sorted samples are
//! cut into random chunks, as blocks and threads cut them.

#![allow(unsafe_code)]

use std::ffi::c_void;

use metrics_core::{Auprc, Auroc, Element, Host, HostTensor, Owned, Readings, with_slice};

use crate::sums::Sums;

unsafe extern "C" {
    fn tm_host_sum(
        n_bits: i32,
        words: *const c_void,
        marks: *const u32,
        n: u64,
        n_columns: u64,
        lengths: *const u64,
        n_chunks: u64,
        chunks_a_tile: u64,
        sums: *mut Sums,
    );
    fn tm_host_key(r#type: i32, score: *const c_void, key: *mut u64) -> bool;
    fn tm_host_label(r#type: i32, target: *const c_void) -> u32;
}

/// A stream of numbers that is the same each time.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Sorted samples as in the kernels: task, distance, label.
fn sorted(scores: &[u32], targets: &[u8], n_columns: usize) -> Vec<(u64, u64, u8)> {
    let mut samples: Vec<_> = scores
        .iter()
        .zip(targets)
        .enumerate()
        .map(|(i, (&score, &target))| ((i / n_columns) as u64, u64::from(u32::MAX - score), target))
        .collect();
    samples.sort_unstable_by_key(|&(task, distance, _)| (task, distance));
    samples
}

fn sums(
    n_bits: i32,
    samples: &[(u64, u64, u8)],
    n_columns: usize,
    random: &mut Random,
) -> Vec<Sums> {
    let n = samples.len();
    let narrow: Vec<u32> = samples
        .iter()
        .map(|&(_, distance, label)| (distance << 1) as u32 | u32::from(label))
        .collect();
    let wide: Vec<u64> = samples
        .iter()
        .map(|&(task, distance, label)| task << 33 | distance << 1 | u64::from(label))
        .collect();
    let distances: Vec<u64> = samples.iter().map(|sample| sample.1).collect();
    let marks: Vec<u32> =
        samples.iter().map(|&(task, _, label)| (task as u32) << 1 | u32::from(label)).collect();
    let longest = [1, 2, 16, 300, 4096][random.below(5) as usize];
    let mut lengths = Vec::new();
    let mut left = n as u64;
    while left > 0 {
        let length = (1 + random.below(longest)).min(left);
        lengths.push(length);
        left -= length;
    }
    let mut sums = vec![Sums::default(); n / n_columns];
    let words: *const c_void = match n_bits {
        32 => narrow.as_ptr().cast(),
        64 => wide.as_ptr().cast(),
        _ => distances.as_ptr().cast(),
    };
    let chunks_a_tile = 1 + random.below(20);
    // SAFETY: the words are as many as `n`, the lengths add up to it, each is at most 4,096, and there
    // is a place for the sums of each task.
    unsafe {
        tm_host_sum(
            n_bits,
            words,
            marks.as_ptr(),
            n as u64,
            n_columns as u64,
            lengths.as_ptr(),
            lengths.len() as u64,
            chunks_a_tile,
            sums.as_mut_ptr(),
        );
    }
    sums
}

/// Checks that any chunks and any kind of word give the values of the CPU engine, to the bit.
fn check(scores: &[u32], targets: &[u8], n_tasks: usize, random: &mut Random) {
    let shape = [n_tasks, scores.len() / n_tasks];
    let samples = sorted(scores, targets, shape[1]);
    let tensor = |x| Owned::<Host>(x);
    let scores = tensor(HostTensor::from_vec(scores.to_vec(), &shape).unwrap());
    let targets = tensor(HostTensor::from_vec(targets.to_vec(), &shape).unwrap());
    let auprc = Auprc.tasks::<Host>(&scores, &targets).unwrap();
    let auroc = Auroc.tasks::<Host>(&scores, &targets).unwrap();
    // The narrow words of this test have no bits for tasks, so neighbouring words of two tasks may be equal.
    for n_bits in [32, 64, 128] {
        for (task, sums) in sums(n_bits, &samples, shape[1], random).iter().enumerate() {
            let areas = sums.rank_sums(task).unwrap();
            let given = [areas.auprc().unwrap_or(0.0), areas.auroc().unwrap_or(0.5)];
            let expected = [auprc[task], auroc[task]];
            assert_eq!(given.map(f64::to_bits), expected.map(f64::to_bits), "{n_bits} bits");
        }
    }
}

#[test]
fn chunks_of_any_size_give_the_engines_bits() {
    let mut random = Random(1);
    for round in 0..400 {
        let n_tasks = [1, 1, 2, 5, 40][round % 5];
        let n_columns = 1 + random.below([3, 20, 700][round % 3]) as usize;
        let n_scores = [1, 2, 7, 1 << 31][random.below(4) as usize];
        let positives = [0, 1, 50, 99, 100][random.below(5) as usize];
        let n = n_tasks * n_columns;
        // Keys of 31 bits, so that a narrow word has a bit for the label.
        let scores: Vec<_> = (0..n).map(|_| u32::MAX - random.below(n_scores) as u32).collect();
        let targets: Vec<_> = (0..n).map(|_| u8::from(random.below(100) < positives)).collect();
        check(&scores, &targets, n_tasks, &mut random);
    }
}

#[test]
fn a_group_may_be_longer_than_many_chunks() {
    let mut random = Random(2);
    let n = 50_000;
    let targets: Vec<_> = (0..n).map(|_| random.below(2) as u8).collect();
    check(&vec![u32::MAX - 5; n], &targets, 1, &mut random);
    let mut scores = vec![u32::MAX - 5; n];
    scores[n - 1] = u32::MAX - 6;
    scores[0] = u32::MAX;
    check(&scores, &targets, 1, &mut random);
    check(&scores, &targets, 4, &mut random);
}

fn key(code: i32, score: &HostTensor<'_>) -> Option<u64> {
    let mut key = 0;
    with_slice!(score.buffer(), data => {
        let address = data.as_ptr().cast();
        // SAFETY: the score is of the type that the code stands for.
        unsafe { tm_host_key(code, address, &mut key) }.then_some(key)
    })
}

#[test]
fn keys_are_those_of_the_core() {
    use half::{bf16, f16};
    use metrics_core::{RankedCounts, ScoreKind};
    fn check<T: Element>(code: i32, scores: &[T]) {
        for &score in scores {
            let tensor = HostTensor::from_vec(vec![score], &[1]).unwrap();
            let kind = ScoreKind::of(T::DTYPE);
            let counts = key(code, &tensor).map(|key| {
                let (low, high) = kind.key_range();
                assert!((low..=high).contains(&key));
                RankedCounts::from_keys("test", 0, kind, &[key], vec![1], vec![0])
                    .unwrap()
                    .thresholds()[0]
            });
            let expected = (!score.to_f64().is_nan()).then_some(score.to_f64() + 0.0);
            assert_eq!(counts.map(f64::to_bits), expected.map(f64::to_bits), "{score:?}");
        }
    }
    let floats = [-2.5f32, -1e-40, -0.0, 0.0, 1e-40, 1.0, f32::INFINITY, -f32::INFINITY, f32::NAN];
    check(0, &[0u8, 1, 255]);
    check(1, &[-128i8, 0, 127]);
    check(2, &[0u16, 65_535]);
    check(3, &[i16::MIN, -1, 5]);
    check(4, &[0u32, u32::MAX]);
    check(5, &[i32::MIN, 0, i32::MAX]);
    check(6, &[0u64, 1 << 53]);
    check(7, &[i64::MIN, 0, 1 << 53]);
    check(8, &floats.map(f16::from_f32));
    check(9, &floats.map(bf16::from_f32));
    check(10, &floats);
    check(11, &floats.map(f64::from));
    check(11, &[-f64::NAN, f64::MIN_POSITIVE, -5e-324]);
}

#[test]
fn labels_are_zero_and_one_and_nothing_else() {
    fn label<T: Element>(code: i32, target: T) -> u32 {
        let target = [target];
        // SAFETY: the target is of the type that the code stands for.
        unsafe { tm_host_label(code, target.as_ptr().cast()) }
    }
    for (given, expected) in [(0, 0), (1, 1), (2, 2), (-1, 2)] {
        let labels = [
            label(1, given as i8),
            label(3, given as i16),
            label(5, given),
            label(7, i64::from(given)),
            label(8, half::f16::from_f32(given as f32)),
            label(9, half::bf16::from_f32(given as f32)),
            label(10, given as f32),
            label(11, f64::from(given)),
        ];
        assert_eq!(labels, [expected; 8], "{given}");
    }
    assert_eq!([label(0, true), label(0, 2u8), label(2, 257u16), label(4, 1u32)], [1, 2, 2, 1]);
    assert_eq!([label(10, -0.0f32), label(11, -0.0), label(8, half::f16::NEG_ZERO)], [0; 3]);
    assert_eq!([label(10, f32::NAN), label(11, 0.9), label(6, u64::MAX)], [2; 3]);
}
