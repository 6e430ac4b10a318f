//! Pending samples of one kind of score, on the device.

#![allow(unsafe_code)]

use std::ptr;
use std::sync::Arc;

use metrics_core::{DType, Result, ScoreKind};

use crate::counts::Counts;
use crate::device::{Batch, Device, Input};
use crate::ffi::{self, Samples, Status};
use crate::queue::{DeviceBuffer, Queue};
use crate::rank::{self, Group, Sorted, is_counted};
use crate::sums::Sums;

/// Samples of one kind of score.
#[derive(Debug)]
pub(crate) struct KindSamples<D: Device> {
    pub(crate) kind: ScoreKind,
    /// Valid samples.
    spans: Vec<Span<D>>,
    /// Range of their keys.
    range: Option<(u64, u64)>,
    /// The piece with room for more samples, and the number of its used columns.
    last: Option<(Arc<Piece<D>>, usize)>,
    counts: Option<Arc<Counts<D>>>,
    /// Samples of a task, including those that are not checked yet.
    pub(crate) n_samples: usize,
}

impl<D: Device> Clone for KindSamples<D> {
    /// The clone writes new samples to its own pieces.
    fn clone(&self) -> Self {
        let Self { kind, spans, range, counts, n_samples, .. } = self;
        let (spans, counts) = (spans.clone(), counts.clone());
        Self { kind: *kind, spans, range: *range, last: None, counts, n_samples: *n_samples }
    }
}

/// A matrix of keys and one of labels, with as many rows as there are tasks.
#[derive(Debug)]
struct Piece<D: Device> {
    keys: DeviceBuffer<D, u8>,
    labels: DeviceBuffer<D, u8>,
    n_columns: usize,
    key_bytes: usize,
}

/// Some columns of a piece.
#[derive(Debug)]
pub(crate) struct Span<D: Device> {
    piece: Arc<Piece<D>>,
    start: usize,
    n: usize,
}

impl<D: Device> Clone for Span<D> {
    fn clone(&self) -> Self {
        Self { piece: self.piece.clone(), start: self.start, n: self.n }
    }
}

/// Fewest columns of a piece.
const MIN_COLUMNS: usize = 1 << 12;

fn key_bytes(kind: ScoreKind) -> usize {
    match kind.key_range().1 {
        0..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    }
}

impl<D: Device> Span<D> {
    /// The samples as a matrix with keys as scores, and the number that reading them adds to each key.
    fn part(&self, n_tasks: usize) -> rank::Part {
        let Self { piece, start, n } = self;
        let (dtype, bias) = match piece.key_bytes {
            2 => (DType::U16, 1 << 31),
            4 => (DType::U32, 1 << 63),
            _ => (DType::U64, 0),
        };
        // From the first sample of the first row to the last one of the last row.
        let n_elements = (n_tasks - 1) * piece.n_columns + n;
        // SAFETY: the span lies in its piece, which lives as long as it does.
        let input = |address: *mut u8, dtype| unsafe {
            Input::new(address.cast_const().cast(), dtype, n_elements)
        };
        let scores = input(piece.keys.at(start * piece.key_bytes), dtype);
        let targets = input(piece.labels.at(*start), DType::U8);
        let samples = Samples {
            scores: scores.address,
            targets: targets.address,
            score_type: scores.code(),
            target_type: targets.code(),
            n_tasks: n_tasks as u64,
            n_columns: *n as u64,
            stride: piece.n_columns as u64,
        };
        rank::Part { samples, status: ptr::null_mut(), bias }
    }
}

impl<D: Device> KindSamples<D> {
    pub(crate) fn new(kind: ScoreKind) -> Self {
        Self { kind, spans: Vec::new(), range: None, last: None, counts: None, n_samples: 0 }
    }

    /// Queues the input scan of a batch; returns the place of its samples, unless they are counted.
    pub(crate) fn add(
        &mut self,
        queue: &Queue<'_, D>,
        batch: &Batch,
        status: *mut Status,
    ) -> Result<Option<Span<D>>> {
        let span = if is_counted(self.kind, batch.n_tasks) {
            self.count(queue, batch, status)?;
            None
        } else {
            Some(self.write_keys(queue, batch, status)?)
        };
        self.n_samples += batch.n_samples;
        Ok(span)
    }

    /// Counts a batch of 16-bit scores.
    fn count(&mut self, queue: &Queue<'_, D>, batch: &Batch, status: *mut Status) -> Result<()> {
        let counts = match &self.counts {
            None => Arc::new(Counts::new(queue)?),
            Some(counts) if Arc::strong_count(counts) > 1 => Arc::new(counts.copy(queue)?),
            Some(counts) => counts.clone(),
        };
        counts.add(queue, batch, status)?;
        self.counts = Some(counts);
        Ok(())
    }

    /// Writes a batch's keys and labels.
    fn write_keys(
        &mut self,
        queue: &Queue<'_, D>,
        batch: &Batch,
        status: *mut Status,
    ) -> Result<Span<D>> {
        let span = self.reserve(queue, batch.n_tasks, batch.n_samples)?;
        let piece = &span.piece;
        // SAFETY: the caller of `Input::new` promised the samples; the span lies in its piece, and no
        // other span has these columns.
        queue.check(unsafe {
            ffi::tm_write_keys(
                &batch.samples(),
                status,
                piece.keys.at(span.start * piece.key_bytes).cast(),
                piece.labels.at(span.start),
                piece.n_columns as u64,
                queue.stream(),
            )
        })?;
        Ok(span)
    }

    /// Memory for `n` columns, behind the used ones.
    fn reserve(&mut self, queue: &Queue<'_, D>, n_tasks: usize, n: usize) -> Result<Span<D>> {
        if let Some((piece, used)) = &mut self.last
            && piece.n_columns - *used >= n
        {
            let span = Span { piece: piece.clone(), start: *used, n };
            *used += n;
            return Ok(span);
        }
        // A quarter more each time: few pieces, and little unused memory.
        let n_columns = n.max(self.n_samples / 4).max(MIN_COLUMNS.div_ceil(n_tasks));
        let key_bytes = key_bytes(self.kind);
        let n_elements = n_tasks * n_columns;
        let (keys, labels) = (queue.uninit(n_elements * key_bytes)?, queue.uninit(n_elements)?);
        let piece = Arc::new(Piece { keys, labels, n_columns, key_bytes });
        self.last = Some((piece.clone(), n));
        Ok(Span { piece, start: 0, n })
    }

    /// Adds samples that are valid.
    pub(crate) fn take(&mut self, span: Option<Span<D>>, (low, high): (u64, u64)) {
        let (lowest, highest) = self.range.unwrap_or((low, high));
        self.range = Some((lowest.min(low), highest.max(high)));
        let Some(span) = span else { return };
        match self.spans.last_mut() {
            Some(last)
                if Arc::ptr_eq(&last.piece, &span.piece) && last.start + last.n == span.start =>
            {
                last.n += span.n;
            }
            _ => self.spans.push(span),
        }
    }

    /// Whether the samples are counted, so that a read does not need the range of the keys.
    pub(crate) fn is_counted(&self) -> bool {
        self.counts.is_some()
    }

    /// The sums of each task, still on the device: of the valid samples and of those in `more`.
    pub(crate) fn sums(
        &self,
        queue: &Queue<'_, D>,
        n_tasks: usize,
        more: &[&Span<D>],
    ) -> Result<DeviceBuffer<D, Sums>> {
        if let Some(counts) = &self.counts {
            return counts.sums(queue);
        }
        let range = self.range.filter(|_| more.is_empty());
        let range = range.unwrap_or_else(|| self.kind.key_range());
        self.sorted(queue, n_tasks, more, range)?.sums(queue)
    }

    /// The tie groups of the valid samples of each task.
    pub(crate) fn groups(&self, queue: &Queue<'_, D>, n_tasks: usize) -> Result<Vec<Vec<Group>>> {
        if let Some(counts) = &self.counts {
            return Ok(vec![counts.groups(queue)?]);
        }
        match self.range {
            None => Ok(vec![Vec::new(); n_tasks]),
            Some(range) => self.sorted(queue, n_tasks, &[], range)?.groups(queue),
        }
    }

    fn sorted(
        &self,
        queue: &Queue<'_, D>,
        n_tasks: usize,
        more: &[&Span<D>],
        range: (u64, u64),
    ) -> Result<Sorted<D>> {
        let spans = self.spans.iter().chain(more.iter().copied());
        Sorted::new(queue, &spans.map(|span| span.part(n_tasks)).collect::<Vec<_>>(), range)
    }
}
