//! How a state keeps a task: as the bytes it is saved as, or open for more samples.

use super::codec::Reader;
use super::task::{TaskState, Totals};
use crate::counts::ranked::{RankedCounts, TieGroup};
use crate::counts::sums::RankSums;
use crate::element::kind::ScoreKind;
use crate::error::Result;

/// A task of a state.
///
/// Most states are loaded, read and saved, and a state may have millions of tasks with few samples each.
/// Such a task stays the bytes it is saved as, which take a fraction of the memory. Adding samples opens
/// it for good; reading opens a copy for a moment.
#[derive(Debug, Clone)]
pub(crate) enum Slot {
    /// Few bytes, or none where there are no samples.
    Short {
        len: u8,
        bytes: [u8; MAX_SHORT],
    },
    Saved(Box<Saved>),
    Open(Box<TaskState>),
}

/// The bytes of a task, as [`TaskState::write`] writes them, and what they add up to.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    bytes: Box<[u8]>,
    totals: Totals,
    /// The sums of a task that is not small, after they were computed once.
    sums: Option<Box<RankSums>>,
}

/// Bytes that fit where a pointer and a length would be.
const MAX_SHORT: usize = 14;
/// Most bytes of a small task. A merge of small tasks is written to bytes at once, and the sums of a
/// small task are computed at each read: keeping more would take more memory than the task itself.
const SMALL_TASK: usize = 64;

const _: () = assert!(size_of::<Slot>() == 16);

impl Slot {
    /// A task without samples.
    pub(crate) const EMPTY: Self = Self::Short { len: 0, bytes: [0; MAX_SHORT] };

    /// A task of these bytes, which are valid, and of these totals.
    pub(crate) fn of_bytes(bytes: &[u8], totals: Totals) -> Self {
        if bytes.len() > MAX_SHORT {
            return Self::Saved(Box::new(Saved { bytes: bytes.into(), totals, sums: None }));
        }
        let mut short = [0; MAX_SHORT];
        short[..bytes.len()].copy_from_slice(bytes);
        Self::Short { len: bytes.len() as u8, bytes: short }
    }

    /// The bytes of a task that is not open.
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Short { len, bytes } => Some(&bytes[..usize::from(*len)]),
            Self::Saved(saved) => Some(&saved.bytes),
            Self::Open(_) => None,
        }
    }

    /// Bytes of the task where it is not open; else one.
    pub(crate) fn n_bytes(&self) -> usize {
        self.bytes().map_or(1, <[u8]>::len).max(1)
    }

    /// Whether there is no sample of non-zero weight.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Open(task) => task.is_empty(),
            closed => closed.bytes().is_none_or(<[u8]>::is_empty),
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        match self {
            Self::Short { len: 0, .. } => Totals::default(),
            Self::Short { len, bytes } => {
                valid(TaskState::check(&mut Reader::new(&bytes[..usize::from(*len)])))
            }
            Self::Saved(saved) => saved.totals,
            Self::Open(task) => task.totals(),
        }
    }

    pub(crate) fn kind(&self) -> Option<ScoreKind> {
        match self {
            Self::Open(task) => task.kind(),
            closed => closed.totals().kind,
        }
    }

    /// Whether version 1 of the byte form cannot say what this holds.
    pub(crate) fn needs_version_2(&self) -> bool {
        self.bytes().map_or_else(|| self.totals().needs_version_2, TaskState::is_marked)
    }

    /// The task in its open form, to be read; `None` if it is open.
    fn opened(&self) -> Option<TaskState> {
        Some(match self.bytes()? {
            [] => TaskState::new(),
            bytes => valid(TaskState::read(&mut Reader::new(bytes))),
        })
    }

    /// The task in its open form, to be added to.
    pub(crate) fn open(&mut self) -> &mut TaskState {
        if let Some(task) = self.opened() {
            *self = Self::Open(Box::new(task));
        }
        match self {
            Self::Open(task) => task,
            _ => unreachable!("opened above"),
        }
    }

    /// The task with its samples counted and sorted, as bytes; without samples, none.
    pub(crate) fn saved(&self) -> Self {
        match self {
            Self::Open(task) if task.is_empty() => Self::EMPTY,
            Self::Open(task) => {
                let mut bytes = Vec::new();
                task.write_compacted(&mut bytes);
                Self::of_bytes(&bytes, task.totals())
            }
            Self::Saved(saved) => Self::of_bytes(&saved.bytes, saved.totals),
            short => short.clone(),
        }
    }

    /// Appends the bytes of the task; a byte of zero where there are no samples.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Open(task) => task.write_compacted(out),
            closed => match closed.bytes() {
                Some([]) | None => out.push(0),
                Some(bytes) => out.extend_from_slice(bytes),
            },
        }
    }

    /// Counts and sorts the samples of an open task.
    pub(crate) fn compact(&mut self) {
        if let Self::Open(task) = self {
            task.compact();
        }
    }

    /// The sums over the ranking of this task; asked for again, they cost next to nothing.
    pub(crate) fn sums(&mut self) -> RankSums {
        if let Self::Open(task) = self {
            return task.sums();
        }
        if let Self::Saved(saved) = self
            && let Some(sums) = &saved.sums
        {
            return **sums;
        }
        let sums = self.opened().map_or_else(RankSums::none, |mut task| task.sums());
        if let Self::Saved(saved) = self
            && saved.bytes.len() > SMALL_TASK
        {
            saved.sums = Some(Box::new(sums));
        }
        sums
    }

    /// The ranked counts of this task.
    pub(crate) fn counts(&mut self, op: &'static str) -> Result<RankedCounts> {
        match self {
            Self::Open(task) => task.counts(op),
            closed => {
                closed.opened().map_or_else(|| Ok(RankedCounts::none()), |mut task| task.counts(op))
            }
        }
    }

    /// Calls `visit` with the samples of each distinct score, from the highest to the lowest.
    pub(crate) fn for_each_group(&mut self, visit: impl FnMut(TieGroup)) {
        match self {
            Self::Open(task) => task.for_each_group(visit),
            closed => {
                if let Some(mut task) = closed.opened() {
                    task.for_each_group(visit);
                }
            }
        }
    }

    /// Takes in all samples of another task. The kinds must have a join.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            *self = other.clone();
            return;
        }
        let are_few = match (self.bytes(), other.bytes()) {
            (Some(ours), Some(theirs)) => ours.len() + theirs.len() <= SMALL_TASK,
            _ => false,
        };
        let ours = self.open();
        match other {
            Self::Open(theirs) => ours.merge(theirs),
            closed => closed.opened().iter().for_each(|theirs| ours.merge(theirs)),
        }
        if are_few {
            ours.compact();
            *self = self.saved();
        }
    }
}

impl PartialEq for Slot {
    /// Whether both have the same bytes.
    fn eq(&self, other: &Self) -> bool {
        if let (Some(ours), Some(theirs)) = (self.bytes(), other.bytes()) {
            return ours == theirs;
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        self.write(&mut ours);
        other.write(&mut theirs);
        ours == theirs
    }
}

/// What was read from bytes that this library wrote or has checked.
fn valid<T>(read: Result<T>) -> T {
    read.unwrap_or_else(|error| unreachable!("checked bytes: {error}"))
}
