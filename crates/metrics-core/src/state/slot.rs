//! A task of a rank state: as saved bytes, or open for more samples.

use super::codec::Reader;
use super::task::{TaskState, Totals};
use crate::counts::ranked::{RankedCounts, TieGroup};
use crate::counts::sums::RankSums;
use crate::element::kind::ScoreKind;
use crate::error::Result;

/// A task of a state.
///
/// Most states are loaded, read and saved, and a state may have millions of tasks with few samples each.
/// Such a task stays in its saved bytes, which take a fraction of the memory. Adding samples opens the task
/// itself; reading opens a copy and drops it.
#[derive(Debug, Clone)]
pub(crate) enum Slot {
    /// A few bytes in place; none without samples.
    Short {
        len: u8,
        bytes: [u8; MAX_SHORT],
    },
    Saved(Box<Saved>),
    Open(Box<TaskState>),
}

/// The bytes of a task, as [`TaskState::write`] writes them, and the totals of its samples.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    bytes: Box<[u8]>,
    totals: Totals,
    /// The sums over the ranking of a task that is not small, once they are known.
    sums: Option<Box<RankSums>>,
}

/// Most bytes in place of a pointer and a length.
const MAX_SHORT: usize = 14;
/// Most bytes of a small task. A merge of small tasks becomes bytes at once, and each read of a small task
/// computes its sums anew: an open task or stored sums would take more memory than the bytes.
const SMALL_TASK: usize = 64;

const _: () = assert!(size_of::<Slot>() == 16);

impl Slot {
    /// A task without samples.
    pub(crate) const EMPTY: Self = Self::Short { len: 0, bytes: [0; MAX_SHORT] };

    /// A task of these valid bytes with these totals, and with these sums if they are known.
    pub(crate) fn of_bytes(bytes: &[u8], totals: Totals, sums: Option<RankSums>) -> Self {
        if bytes.len() > MAX_SHORT {
            let (bytes, sums) = (bytes.into(), sums.map(Box::new));
            return Self::Saved(Box::new(Saved { bytes, totals, sums }));
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

    /// Number of bytes of a task that is not open; 1 for an open task or one without samples.
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

    /// Whether version 1 of the byte form cannot express this task.
    pub(crate) fn needs_version_2(&self) -> bool {
        self.bytes().map_or_else(|| self.totals().needs_version_2, TaskState::is_marked)
    }

    /// An open copy of a saved task; `None` if the task is open.
    fn opened(&self) -> Option<TaskState> {
        Some(match self.bytes()? {
            [] => TaskState::new(),
            bytes => valid(TaskState::read(&mut Reader::new(bytes))),
        })
    }

    /// Opens the task, to add samples to it.
    pub(crate) fn open(&mut self) -> &mut TaskState {
        if let Some(task) = self.opened() {
            *self = Self::Open(Box::new(task));
        }
        match self {
            Self::Open(task) => task,
            _ => unreachable!("opened above"),
        }
    }

    /// The task as bytes, its samples counted and sorted; no bytes without samples.
    pub(crate) fn saved(&self) -> Self {
        match self {
            Self::Open(task) if task.is_empty() => Self::EMPTY,
            Self::Open(task) => {
                let mut bytes = Vec::new();
                task.write_compacted(&mut bytes);
                Self::of_bytes(&bytes, task.totals(), None)
            }
            Self::Saved(saved) => Self::of_bytes(&saved.bytes, saved.totals, None),
            short => short.clone(),
        }
    }

    /// Appends the bytes of the task; one zero byte without samples.
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

    /// The sums over the ranking of this task. They are stored, so a second call costs next to nothing.
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

    /// Adds all samples of another task. The kinds must have a join.
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

/// Unwraps the result of reading bytes that this library wrote or has checked.
fn valid<T>(read: Result<T>) -> T {
    read.unwrap_or_else(|error| unreachable!("checked bytes: {error}"))
}
