//! Ranking on the device: from samples to sorted words, and from these to sums or tie groups.

#![allow(unsafe_code)]

use std::ptr;

use metrics_core::backend::{ElementCheck, IntegerSums};
use metrics_core::{Error, RankSums, RankedCounts, Result, ScoreKind, reserve};

use crate::counts::Counts;
use crate::device::{Batch, Device};
use crate::download::Download;
use crate::ffi::{self, Plan, Samples, Status, Words};
use crate::queue::{DeviceBuffer, Queue};
use crate::status::Origin;
use crate::sums::Sums;

/// Most samples for which the range of the keys is not worth a wait.
// The emulator takes a minute for a million samples.
pub(crate) const MAX_UNSCANNED: usize = if cfg!(emulated) { 1 << 13 } else { 1 << 20 };

/// A tie group of one task: its key, its positives and its negatives.
pub(crate) type Group = [u64; 3];

/// The sums over the ranking of each task of a batch. It waits for the device once, or twice if the batch has
/// more than 2^20 samples to sort: sorting over the range of their keys then saves more than the wait.
///
/// # Errors
/// [`Error::NanScore`], [`Error::InvalidTarget`], [`Error::Backend`], also for a batch of 2^32 samples
/// or more.
pub fn rank_sums<D: Device>(device: &D, batch: &Batch) -> Result<Vec<RankSums>> {
    batch.check()?;
    if batch.is_empty() {
        return reserve::filled(batch.op, batch.n_tasks, IntegerSums::default().into());
    }
    let queue = Queue::new(device, batch.op)?;
    let (sums, status) = if is_counted(ScoreKind::of(batch.scores.dtype), batch.n_tasks) {
        let (counts, status) = (Counts::new(&queue)?, queue.filled(1, 0xff)?);
        counts.add(&queue, batch, status.address())?;
        (counts.sums(&queue)?, status)
    } else {
        let (sorted, status) = sort_batch(&queue, batch)?;
        (sorted.sums(&queue)?, status)
    };
    let mut download = Download::new();
    let (sums, status) = (download.add(&sums), download.add(&status));
    let read = download.wait(&queue)?;
    Origin::new(batch, ElementCheck::NotNan).check(read.get(status)[0])?;
    read.get(sums).iter().enumerate().map(|(task, sums)| sums.rank_sums(task)).collect()
}

/// The ranked counts of each task of a batch.
///
/// # Errors
/// As [`rank_sums`].
pub fn ranked_counts<D: Device>(device: &D, batch: &Batch) -> Result<Vec<RankedCounts>> {
    batch.check()?;
    if batch.is_empty() {
        let none =
            RankedCounts::from_keys(batch.op, 0, ScoreKind::F32, &[], Vec::new(), Vec::new())?;
        return reserve::filled(batch.op, batch.n_tasks, none);
    }
    let queue = Queue::new(device, batch.op)?;
    let (sorted, status) = sort_batch(&queue, batch)?;
    let n_groups = sorted.n_groups(&queue)?;
    let mut download = Download::new();
    let (n_groups, status) = (download.add(&n_groups), download.add(&status));
    let read = download.wait(&queue)?;
    Origin::new(batch, ElementCheck::NotNan).check(read.get(status)[0])?;
    let tasks = sorted.read_groups(&queue, read.get(n_groups)[0] as usize)?;
    let kind = ScoreKind::of(batch.scores.dtype);
    let tasks = tasks.into_iter().enumerate();
    tasks.map(|(task, groups)| accumulate(batch.op, task, kind, &groups)).collect()
}

fn accumulate(
    op: &'static str,
    task: usize,
    kind: ScoreKind,
    groups: &[Group],
) -> Result<RankedCounts> {
    let keys: Vec<_> = groups.iter().map(|group| group[0]).collect();
    let sums = |i: usize| {
        groups
            .iter()
            .scan(0, |sum, group| {
                *sum += group[i];
                Some(*sum)
            })
            .collect()
    };
    RankedCounts::from_keys(op, task, kind, &keys, sums(1), sums(2))
}

/// Whether scores are counted rather than sorted.
pub(crate) fn is_counted(kind: ScoreKind, n_tasks: usize) -> bool {
    kind.is_16_bit() && n_tasks == 1
}

fn sort_batch<D: Device>(
    queue: &Queue<'_, D>,
    batch: &Batch,
) -> Result<(Sorted<D>, DeviceBuffer<D, Status>)> {
    let status: DeviceBuffer<D, Status> = queue.filled(1, 0xff)?;
    let samples = batch.samples();
    let mut range = ScoreKind::of(batch.scores.dtype).key_range();
    let mut to_note = status.address();
    if batch.n_tasks * batch.n_samples > MAX_UNSCANNED {
        // SAFETY: the caller of `Input::new` promised the samples, and the status has its buffer.
        queue.check(unsafe { ffi::tm_scan(&samples, status.address(), queue.stream()) })?;
        let found = queue.read(&status, 1)?[0];
        range = Origin::new(batch, ElementCheck::NotNan).check(found)?;
        to_note = ptr::null_mut();
    }
    let parts = [Part { samples, status: to_note, bias: 0 }];
    Ok((Sorted::new(queue, &parts, range)?, status))
}

/// A part of the samples of one sort.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) samples: Samples,
    /// Where to write the status of the input scan; null if the samples are checked.
    pub(crate) status: *mut Status,
    /// The number that reading these scores adds to their keys.
    pub(crate) bias: u64,
}

fn bits(x: u64) -> i32 {
    (u64::BITS - x.leading_zeros()) as i32
}

/// How samples with keys in this range are sorted.
fn plan((low, high): (u64, u64), n_tasks: u64) -> Plan {
    let (key_bits, task_bits) = (bits(high - low), bits(n_tasks - 1));
    // One bit for the label.
    let n_bits = match key_bits + 1 + task_bits {
        0..=32 => 32,
        33..=64 => 64,
        _ => 128,
    };
    Plan { n_bits, key_bits, task_bits, unused: 0, top: high }
}

/// Buffers for words on the device.
#[derive(Debug)]
struct WordBuffers<D: Device> {
    words: DeviceBuffer<D, u64>,
    marks: Option<DeviceBuffer<D, u32>>,
}

impl<D: Device> WordBuffers<D> {
    fn new(queue: &Queue<'_, D>, plan: &Plan, n: usize) -> Result<Self> {
        let n_words = if plan.n_bits == 32 { n.div_ceil(2) } else { n };
        let marks = if plan.n_bits == 128 { Some(queue.uninit(n)?) } else { None };
        Ok(Self { words: queue.uninit(n_words)?, marks })
    }

    /// The words from `start` on.
    fn from(&self, plan: &Plan, start: usize) -> Words {
        let n_bytes = if plan.n_bits == 32 { 4 } else { 8 };
        let words = self.words.address().cast::<u8>().wrapping_add(start * n_bytes);
        let marks = self.marks.as_ref().map_or(ptr::null_mut(), |marks| marks.at(start));
        Words { words: words.cast(), marks }
    }
}

/// The sorted samples of all tasks, and the summaries of their tiles.
#[derive(Debug)]
pub(crate) struct Sorted<D: Device> {
    plan: Plan,
    words: WordBuffers<D>,
    summaries: DeviceBuffer<D, u8>,
    n: u64,
    n_columns: u64,
    n_tasks: usize,
}

impl<D: Device> Sorted<D> {
    /// Sorts parts with equally many tasks. Their keys must lie in the range, unless their status says that they
    /// are invalid.
    pub(crate) fn new(queue: &Queue<'_, D>, parts: &[Part], range: (u64, u64)) -> Result<Self> {
        let n_tasks = parts.first().map_or(1, |part| part.samples.n_tasks);
        let n_columns: u64 = parts.iter().map(|part| part.samples.n_columns).sum();
        // At most `MAX_BATCH_SAMPLES`, as checked for batches and for pending samples.
        let n = n_tasks * n_columns;
        let plan = plan(range, n_tasks);
        let words = WordBuffers::new(queue, &plan, n as usize)?;
        let mut start = 0;
        for part in parts {
            let biased = Plan { top: plan.top.wrapping_add(part.bias), ..plan };
            let to = words.from(&plan, start);
            // SAFETY: the caller of `Input::new` promised the samples; there is room for all of them.
            queue.check(unsafe {
                ffi::tm_pack(&part.samples, part.status, &biased, &to, queue.stream())
            })?;
            start += (part.samples.n_tasks * part.samples.n_columns) as usize;
        }
        let words = sort(queue, &plan, words, n)?;
        let summaries = summarise(queue, &plan, &words, n, n_columns)?;
        Ok(Self { plan, words, summaries, n, n_columns, n_tasks: n_tasks as usize })
    }

    /// The sums of each task, still on the device.
    pub(crate) fn sums(&self, queue: &Queue<'_, D>) -> Result<DeviceBuffer<D, Sums>> {
        let sums: DeviceBuffer<D, Sums> = queue.filled(self.n_tasks, 0)?;
        // SAFETY: words and summaries are of these samples; there is room for the sums of each task.
        queue.check(unsafe {
            ffi::tm_sum(
                &self.plan,
                &self.words.from(&self.plan, 0),
                self.n,
                self.n_columns,
                self.summaries.address().cast(),
                sums.address(),
                queue.stream(),
            )
        })?;
        Ok(sums)
    }

    /// The tie groups of each task, from high to low.
    pub(crate) fn groups(&self, queue: &Queue<'_, D>) -> Result<Vec<Vec<Group>>> {
        let n_groups = queue.read(&self.n_groups(queue)?, 1)?[0];
        self.read_groups(queue, n_groups as usize)
    }

    /// The number of groups of all tasks, still on the device.
    fn n_groups(&self, queue: &Queue<'_, D>) -> Result<DeviceBuffer<D, u64>> {
        let n_groups: DeviceBuffer<D, u64> = queue.uninit(1)?;
        let summaries = self.summaries.address().cast();
        // SAFETY: the summaries are of as many samples; there is room for one number.
        queue.check(unsafe {
            ffi::tm_n_groups(self.n, summaries, n_groups.address(), queue.stream())
        })?;
        Ok(n_groups)
    }

    fn read_groups(&self, queue: &Queue<'_, D>, n_groups: usize) -> Result<Vec<Vec<Group>>> {
        // Keys, ends and positives in one buffer, read with one wait.
        let groups: DeviceBuffer<D, u64> = queue.uninit(3 * n_groups)?;
        // SAFETY: as for the sums; there is room for three numbers a group.
        queue.check(unsafe {
            ffi::tm_groups(
                &self.plan,
                &self.words.from(&self.plan, 0),
                self.n,
                self.n_columns,
                self.summaries.address().cast(),
                groups.at(0),
                groups.at(n_groups),
                groups.at(2 * n_groups),
                queue.stream(),
            )
        })?;
        let groups = queue.read(&groups, 3 * n_groups)?;
        let (keys, rest) = groups.split_at(n_groups);
        let (ends, tps) = rest.split_at(n_groups);
        Ok(by_task(keys, ends, tps, self.n_tasks, self.n_columns))
    }
}

/// The tie groups of each task, from cumulative numbers over all tasks.
fn by_task(
    keys: &[u64],
    ends: &[u64],
    tps: &[u64],
    n_tasks: usize,
    n_columns: u64,
) -> Vec<Vec<Group>> {
    let mut tasks = vec![Vec::new(); n_tasks];
    let (mut start, mut tp) = (0, 0);
    for ((&key, &end), &next_tp) in keys.iter().zip(ends).zip(tps) {
        let task = (end - 1) / n_columns;
        if start % n_columns == 0 {
            tp = 0;
        }
        let n_positives = next_tp - tp;
        tasks[task as usize].push([key, n_positives, end - start - n_positives]);
        (start, tp) = (end, next_tp);
    }
    tasks
}

fn sort<D: Device>(
    queue: &Queue<'_, D>,
    plan: &Plan,
    words: WordBuffers<D>,
    n: u64,
) -> Result<WordBuffers<D>> {
    let other = WordBuffers::new(queue, plan, n as usize)?;
    let (ours, theirs) = (words.from(plan, 0), other.from(plan, 0));
    let (mut n_bytes, mut swapped) = (0, 0);
    let mut sort = |temporary| {
        // SAFETY: both buffers have as many words, and the temporary memory as many bytes.
        queue.check(unsafe {
            ffi::tm_sort(
                plan,
                &ours,
                &theirs,
                n,
                temporary,
                &mut n_bytes,
                &mut swapped,
                queue.stream(),
            )
        })?;
        Ok::<_, Error>((n_bytes, swapped))
    };
    let (n_bytes, _) = sort(ptr::null_mut())?;
    let temporary: DeviceBuffer<D, u8> = queue.uninit(n_bytes)?;
    let (_, swapped) = sort(temporary.address().cast())?;
    Ok(if swapped == 0 { words } else { other })
}

fn summarise<D: Device>(
    queue: &Queue<'_, D>,
    plan: &Plan,
    words: &WordBuffers<D>,
    n: u64,
    n_columns: u64,
) -> Result<DeviceBuffer<D, u8>> {
    let sorted = words.from(plan, 0);
    let mut n_bytes = 0;
    let mut summarise = |temporary| {
        // SAFETY: there are as many words, and the temporary memory has as many bytes.
        queue.check(unsafe {
            ffi::tm_summarise(plan, &sorted, n, n_columns, temporary, &mut n_bytes, queue.stream())
        })?;
        Ok::<_, Error>(n_bytes)
    };
    let n_bytes = summarise(ptr::null_mut())?;
    let temporary: DeviceBuffer<D, u8> = queue.uninit(n_bytes)?;
    summarise(temporary.address().cast())?;
    Ok(temporary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_narrow_as_the_range_allows() {
        let unit_interval = (0x8000_0000, 0xbf80_0000);
        let all = ScoreKind::F32.key_range();
        assert_eq!(plan(unit_interval, 1).n_bits, 32);
        assert_eq!(plan((0x8000_0000, 0xff80_0000), 1).n_bits, 32);
        assert_eq!(plan(all, 1).n_bits, 64);
        assert_eq!(plan(unit_interval, 2).n_bits, 32);
        assert_eq!(plan(unit_interval, 3).n_bits, 64);
        assert_eq!(plan(all, 1 << 31).n_bits, 64);
        assert_eq!(plan(ScoreKind::F64.key_range(), 1).n_bits, 128);
        assert_eq!(plan((1 << 63, (1 << 63) | 0x3ff0_0000_0000_0000), 1).n_bits, 64);
        assert_eq!(plan((7, 7), 1), Plan { key_bits: 0, ..plan((7, 7), 1) });
    }

    #[test]
    fn groups_part_at_tasks() {
        // Two tasks of three samples; the first has one group, the second three.
        let tasks = by_task(&[9, 8, 7, 6], &[3, 4, 5, 6], &[2, 0, 1, 1], 2, 3);
        assert_eq!(tasks, [vec![[9, 2, 1]], vec![[8, 0, 1], [7, 1, 0], [6, 0, 1]]]);
    }
}
