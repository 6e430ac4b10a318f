//! The byte form of a rank state.

use super::{MAX_TASKS, RankState};
use crate::arith::float_mode::in_default_mode;
use crate::error::{Result, StateError};
use crate::reserve::room;
use crate::state::codec::{Reader, StateKind, header, write_varint};
use crate::state::slot::Slot;
use crate::state::task::TaskState;

impl RankState {
    /// The state in its one byte form.
    ///
    /// `tmst`, version, kind 1, number of tasks; then each task in turn: the score type, its runs of equal
    /// scores from high to low, and its samples with weights that are not counted. Numbers are LEB128. A
    /// million random f32 scores take 1 to 3 bytes each.
    ///
    /// The version is 1 where it can express the state. It is 2 in two cases: where the counts of a task stand
    /// for weights and no weight is summed, and where a whole weight above 2^20 and up to 2^53 is summed, which
    /// version 1 counts. The score type of such a task has its high bit set.
    ///
    /// ```
    /// use metrics_core::slice::BinaryAuroc;
    ///
    /// // One batch, or two in another order: the same bytes.
    /// let (mut one, mut two) = (BinaryAuroc::new(), BinaryAuroc::new());
    /// one.update(&[0.2, 0.7], &[0, 1])?;
    /// two.update(&[0.7], &[1])?;
    /// two.update(&[0.2], &[0])?;
    /// assert_eq!(one.state()?.to_bytes(), two.state()?.to_bytes());
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        in_default_mode(|| {
            let needs_version_2 = self.held.iter().any(|(_, slot)| slot.needs_version_2());
            let mut out = header(StateKind::Rank, needs_version_2);
            write_varint(&mut out, self.n_tasks as u64);
            let n_bytes = self.held.iter().map(|(_, slot)| slot.n_bytes()).sum::<usize>();
            out.reserve_exact(self.n_tasks - self.held.len() + n_bytes);
            let mut n_written = 0;
            for (task, slot) in &self.held {
                out.resize(out.len() + task - n_written, 0);
                slot.write(&mut out);
                n_written = task + 1;
            }
            out.resize(out.len() + self.n_tasks - n_written, 0);
            out
        })
    }

    /// The state that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// The bytes may come from anywhere. All of them are checked before memory is taken, so invalid bytes take
    /// none. A state takes at most 6 bytes of memory per byte; a task without samples takes none.
    ///
    /// ```
    /// use metrics_core::{Error, RankState, StateError, slice::BinaryAuroc};
    ///
    /// let mut bytes = BinaryAuroc::new().state()?.to_bytes();
    /// assert!(RankState::from_bytes(&bytes)?.is_empty());
    /// bytes.push(0);
    /// let error = RankState::from_bytes(&bytes).unwrap_err();
    /// assert!(matches!(error, Error::InvalidState { reason: StateError::TrailingBytes, .. }));
    /// # Ok::<(), metrics_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidState`](crate::Error::InvalidState) saying what is wrong and at which byte; [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        in_default_mode(|| Self::checked(bytes))
    }

    fn checked(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::state(bytes, StateKind::Rank)?;
        let n_tasks = reader.length("number of tasks")?;
        if !(1..=MAX_TASKS).contains(&n_tasks) {
            return Err(reader.error(StateError::OutOfRange("number of tasks")));
        }
        let mut again = reader.clone();
        let (mut n_held, mut last, mut needs_version_2) = (0, None, false);
        for task in 0..n_tasks {
            let start = reader.offset();
            // The last task is not read again.
            let (totals, sums) = if task + 1 == n_tasks {
                TaskState::check_with_sums(&mut reader)?
            } else {
                (TaskState::check(&mut reader)?, None)
            };
            if totals.kind.is_some() {
                n_held += 1;
                needs_version_2 |= totals.needs_version_2;
                last = Some((task, reader.since(start), totals, sums));
            }
        }
        reader.end(needs_version_2)?;
        let mut held = room("rank state", n_held)?;
        // Not the last task: a large state is often one task.
        for task in 0..n_tasks {
            if held.len() + 1 >= n_held {
                break;
            }
            let start = again.offset();
            let (totals, sums) = TaskState::check_with_sums(&mut again)?;
            if totals.kind.is_some() {
                held.push((task, Slot::of_bytes(again.since(start), totals, sums)));
            }
        }
        held.extend(
            last.map(|(task, bytes, totals, sums)| (task, Slot::of_bytes(bytes, totals, sums))),
        );
        Ok(Self { n_tasks, held })
    }
}
