//! The samples of an exact metric that are still on the device.

#![allow(unsafe_code)]

use std::ptr;
use std::sync::Arc;

use metrics_core::{Areas, CountedAreas, DType, Error, Kept, RankState, Result, Rule, ScoreKind};

use crate::counts::Counts;
use crate::device::{Batch, Device, Queue, Room};
use crate::ffi::{self, Samples};
use crate::rank::{self, Group, Sorted, UNSCANNED, is_counted};
use crate::status::Origin;
use crate::statuses::{Checked, Statuses};

/// Samples kept on a device until a metric is read: a key and a label each, 5 bytes for f32 scores;
/// constant memory for 16-bit scores of one task, which are counted.
#[derive(Debug)]
pub struct KeptSamples<D: Device>(Option<Held<D>>);

impl<D: Device> Default for KeptSamples<D> {
    fn default() -> Self {
        Self(None)
    }
}

impl<D: Device> Clone for KeptSamples<D> {
    /// Shares memory, which neither of the two writes to again.
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[derive(Debug, Clone)]
struct Held<D: Device> {
    device: D,
    n_tasks: usize,
    kinds: Vec<OfKind<D>>,
    statuses: Statuses<D>,
    /// What each status is of.
    pending: Vec<Pending<D>>,
}

/// A batch that nobody has waited for yet.
#[derive(Debug)]
struct Pending<D: Device> {
    kind: usize,
    n_samples: usize,
    /// Where its samples are, if they were not counted.
    span: Option<Span<D>>,
}

impl<D: Device> Clone for Pending<D> {
    fn clone(&self) -> Self {
        Self { kind: self.kind, n_samples: self.n_samples, span: self.span.clone() }
    }
}

/// Samples of one kind of score.
#[derive(Debug)]
struct OfKind<D: Device> {
    kind: ScoreKind,
    /// Good samples.
    spans: Vec<Span<D>>,
    /// Range of their keys.
    range: Option<(u64, u64)>,
    /// The piece with room for more, and how many columns of it are used.
    last: Option<(Arc<Piece<D>>, usize)>,
    counts: Option<Arc<Counts<D>>>,
    /// Samples of a task, those included that may turn out bad.
    n_samples: usize,
}

impl<D: Device> Clone for OfKind<D> {
    /// The clone takes pieces of its own for what it will keep.
    fn clone(&self) -> Self {
        let Self { kind, spans, range, counts, n_samples, .. } = self;
        let (spans, counts) = (spans.clone(), counts.clone());
        Self { kind: *kind, spans, range: *range, last: None, counts, n_samples: *n_samples }
    }
}

/// A matrix of keys and one of labels, with as many rows as there are tasks.
#[derive(Debug)]
struct Piece<D: Device> {
    keys: Room<D, u8>,
    labels: Room<D, u8>,
    n_columns: usize,
    key_bytes: usize,
}

/// Some columns of a piece.
#[derive(Debug)]
struct Span<D: Device> {
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
    /// The samples as a matrix whose scores are keys, and what reading them adds to each key.
    fn part(&self, n_tasks: usize) -> rank::Part {
        let Self { piece, start, n } = self;
        let (dtype, bias) = match piece.key_bytes {
            2 => (DType::U16, 1 << 31),
            4 => (DType::U32, 1 << 63),
            _ => (DType::U64, 0),
        };
        // SAFETY: the span lies in its piece, which lives as long as it does.
        let input = |address: *mut u8, dtype| unsafe {
            crate::device::Input::new(address.cast_const().cast(), dtype)
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

impl<D: Device> OfKind<D> {
    fn new(kind: ScoreKind) -> Self {
        Self { kind, spans: Vec::new(), range: None, last: None, counts: None, n_samples: 0 }
    }

    /// Room for so many columns, behind what is there.
    fn reserve(&mut self, queue: &Queue<'_, D>, n_tasks: usize, n: usize) -> Result<Span<D>> {
        if let Some((piece, used)) = &mut self.last
            && piece.n_columns - *used >= n
        {
            let span = Span { piece: piece.clone(), start: *used, n };
            *used += n;
            return Ok(span);
        }
        // A quarter more each time: few pieces, and little memory that waits for samples.
        let n_columns = n.max(self.n_samples / 4).max(MIN_COLUMNS.div_ceil(n_tasks));
        let key_bytes = key_bytes(self.kind);
        let n_elements = n_tasks * n_columns;
        let (keys, labels) = (queue.room(n_elements * key_bytes)?, queue.room(n_elements)?);
        let piece = Arc::new(Piece { keys, labels, n_columns, key_bytes });
        self.last = Some((piece.clone(), n));
        Ok(Span { piece, start: 0, n })
    }

    /// Takes in samples that turned out good.
    fn take(&mut self, span: Option<Span<D>>, (low, high): (u64, u64)) {
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
}

impl<D: Device> KeptSamples<D> {
    /// Keeps a batch on the device, without waiting for it.
    ///
    /// # Errors
    /// [`Error::ScoreTypeMismatch`], [`Error::TooManySamples`], [`Error::Backend`]; nothing has
    /// changed then.
    pub fn update(&mut self, device: &D, batch: &Batch, state: &mut RankState) -> Result<()> {
        let kind = ScoreKind::of(batch.scores.dtype);
        if self.0.as_ref().is_some_and(|held| held.device.ordinal() != device.ordinal()) {
            self.settle(state)?;
        }
        self.check(batch, kind, state)?;
        let queue = Queue::new(device, batch.op)?;
        let held = self.0.get_or_insert_with(|| Held {
            device: device.clone(),
            n_tasks: batch.n_tasks,
            kinds: Vec::new(),
            statuses: Statuses::default(),
            pending: Vec::new(),
        });
        held.add(&queue, batch, kind)
    }

    /// Whether scores of this type compare with those kept, for what goes to the state at once.
    ///
    /// # Errors
    /// [`Error::ScoreTypeMismatch`].
    pub fn check_type(&self, op: &'static str, dtype: DType) -> Result<()> {
        let kind = ScoreKind::of(dtype);
        let mut kinds = self.0.iter().flat_map(|held| &held.kinds).map(|of_kind| of_kind.kind);
        match kinds.find(|held| held.join(kind).is_none()) {
            None => Ok(()),
            Some(held) => {
                Err(Error::ScoreTypeMismatch { op, given: kind.name(), held: held.name() })
            }
        }
    }

    /// Whether the scores compare with those held, and there are not too many.
    fn check(&self, batch: &Batch, kind: ScoreKind, state: &RankState) -> Result<()> {
        self.check_type(batch.op, batch.scores.dtype)?;
        let kinds = self.0.iter().flat_map(|held| &held.kinds);
        let kept: usize = kinds.map(|of_kind| of_kind.n_samples).sum();
        state.check_counted(batch.op, kind, (kept + batch.n_samples) as u64)
    }
}

impl<D: Device> Kept<RankState> for KeptSamples<D> {
    /// Waits for the device and moves its samples to the state.
    fn settle(&mut self, state: &mut RankState) -> Result<()> {
        let Some(held) = &mut self.0 else { return Ok(()) };
        held.check()?;
        let device = held.device.clone();
        let queue = Queue::new(&device, "settle")?;
        while let Some(of_kind) = held.kinds.last() {
            let tasks = of_kind.groups(&queue, held.n_tasks)?;
            state.append_groups("settle", of_kind.kind, &tasks)?;
            held.kinds.pop();
        }
        self.0 = None;
        Ok(())
    }
}

impl<D: Device> metrics_core::KeptSamples for KeptSamples<D> {
    fn areas(&mut self, state: &mut RankState) -> Result<Vec<Areas>> {
        match &mut self.0 {
            Some(held) if state.is_empty() && held.kinds.len() == 1 => held.areas(),
            _ => {
                self.settle(state)?;
                Ok(state.areas())
            }
        }
    }
}

impl<D: Device> OfKind<D> {
    fn groups(&self, queue: &Queue<'_, D>, n_tasks: usize) -> Result<Vec<Vec<Group>>> {
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

impl<D: Device> Held<D> {
    fn add(&mut self, queue: &Queue<'_, D>, batch: &Batch, kind: ScoreKind) -> Result<()> {
        let found = self.kinds.iter().position(|of_kind| of_kind.kind == kind);
        let index = found.unwrap_or(self.kinds.len());
        if found.is_none() {
            self.kinds.push(OfKind::new(kind));
        }
        let of_kind = &mut self.kinds[index];
        let status = self.statuses.next(queue, Origin::new(batch, Rule::NotNan))?;
        let added = if is_counted(kind, self.n_tasks) {
            count(of_kind, queue, batch, status)
        } else {
            keep(of_kind, queue, batch, self.n_tasks, status).map(Some)
        };
        match added {
            Ok(span) => {
                of_kind.n_samples += batch.n_samples;
                self.pending.push(Pending { kind: index, n_samples: batch.n_samples, span });
                Ok(())
            }
            Err(error) => {
                self.statuses.forget_last();
                Err(error)
            }
        }
    }

    fn areas(&mut self) -> Result<Vec<Areas>> {
        let n: usize = self.n_tasks * self.kinds[0].n_samples;
        let is_counted = self.kinds[0].counts.is_some();
        if is_counted || n > UNSCANNED {
            self.check()?;
        }
        let device = self.device.clone();
        let queue = Queue::new(&device, "areas")?;
        let of_kind = &self.kinds[0];
        if let Some(counts) = &of_kind.counts {
            return Ok(vec![counts.areas(&queue)?]);
        }
        // Batches that nobody has waited for are taken to be good; if one was not, its error is what
        // the caller gets.
        let pending: Vec<_> = self.pending.iter().filter_map(|batch| batch.span.as_ref()).collect();
        let range = match of_kind.range {
            Some(range) if pending.is_empty() => range,
            None if pending.is_empty() => {
                return Ok(vec![CountedAreas::default().into(); self.n_tasks]);
            }
            _ => of_kind.kind.key_range(),
        };
        let sorted = of_kind.sorted(&queue, self.n_tasks, &pending, range)?;
        let areas = rank::read_areas(&queue, &sorted.sums(&queue)?)?;
        self.check()?;
        Ok(areas)
    }

    /// Waits for the batches that nobody has waited for yet, and forgets the bad ones.
    fn check(&mut self) -> Result<()> {
        if self.statuses.len() == 0 {
            return Ok(());
        }
        let queue = Queue::new(&self.device, "check")?;
        let checked: Checked = self.statuses.read(&queue)?;
        for (batch, checked) in self.pending.drain(..).zip(&checked.batches) {
            let of_kind = &mut self.kinds[batch.kind];
            match checked {
                Ok(range) => of_kind.take(batch.span, *range),
                Err(_) => of_kind.n_samples -= batch.n_samples,
            }
        }
        self.statuses = Statuses::default();
        checked.error()
    }
}

/// Counts a batch of 16-bit scores.
fn count<D: Device>(
    of_kind: &mut OfKind<D>,
    queue: &Queue<'_, D>,
    batch: &Batch,
    status: *mut ffi::Status,
) -> Result<Option<Span<D>>> {
    let counts = match &of_kind.counts {
        None => Arc::new(Counts::new(queue)?),
        Some(counts) if Arc::strong_count(counts) > 1 => Arc::new(counts.copy(queue)?),
        Some(counts) => counts.clone(),
    };
    counts.add(queue, batch, status)?;
    of_kind.counts = Some(counts);
    Ok(None)
}

/// Writes a batch's keys and labels.
fn keep<D: Device>(
    of_kind: &mut OfKind<D>,
    queue: &Queue<'_, D>,
    batch: &Batch,
    n_tasks: usize,
    status: *mut ffi::Status,
) -> Result<Span<D>> {
    let span = of_kind.reserve(queue, n_tasks, batch.n_samples)?;
    let piece = &span.piece;
    // SAFETY: the samples are what their maker promised; the span lies in its piece and is nobody
    // else's.
    queue.check(unsafe {
        ffi::tm_keep(
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
