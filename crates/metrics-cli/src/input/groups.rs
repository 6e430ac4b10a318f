//! Numbers the labels of groups in the order of appearance.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::Error;
use crate::text;

/// Bytes that a group takes besides its label: its entries here and in the reports.
const GROUP_BYTES: u64 = 128;

/// The distinct labels of the group column.
#[derive(Debug, Default)]
pub struct Groups {
    labels: Vec<Rc<str>>,
    ids: HashMap<Rc<str>, u32>,
    limit: usize,
    /// Bytes that all labels together may take.
    max_bytes: u64,
    /// Bytes that all labels together take so far.
    n_bytes: u64,
    /// The number of the last label. Files are often sorted by group, so the next label is often the same.
    last: u32,
}

/// Why a label cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupError {
    /// There are more groups than the limit allows.
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// All labels together take more memory than one piece of a file may.
    TooLarge {
        /// Bytes that the labels would take.
        n_bytes: u64,
        /// Bytes that the labels may take.
        limit: u64,
    },
}

impl GroupError {
    /// The error to report for `column` of the file `path`.
    pub(crate) fn at(self, path: &str, column: &str) -> Error {
        match self {
            Self::TooMany { limit } => {
                Error::TooManyGroups { path: path.to_owned(), column: column.to_owned(), limit }
            }
            Self::TooLarge { n_bytes, limit } => Error::PieceTooLarge {
                place: format!("{path}: column {}: ", text::quote(column.as_bytes())),
                piece: "the list of all groups".to_owned(),
                given: text::mebibytes(n_bytes),
                limit: text::mebibytes(limit),
                hint: "",
            },
        }
    }
}

impl Groups {
    /// No groups yet. At most `limit` groups are allowed, whose labels take at most `max_bytes` together.
    pub(crate) fn new(limit: usize, max_bytes: u64) -> Self {
        Self { limit, max_bytes, ..Self::default() }
    }

    /// The number of `label`. A label never seen before gets the next number.
    pub(crate) fn id(&mut self, label: &str) -> Result<u32, GroupError> {
        if self.labels.get(self.last as usize).is_some_and(|last| **last == *label) {
            return Ok(self.last);
        }
        self.last = match self.ids.get(label) {
            Some(&id) => id,
            None => self.insert(label)?,
        };
        Ok(self.last)
    }

    fn insert(&mut self, label: &str) -> Result<u32, GroupError> {
        let too_many = GroupError::TooMany { limit: self.limit };
        let id = u32::try_from(self.labels.len()).map_err(|_| too_many)?;
        if self.labels.len() >= self.limit {
            return Err(too_many);
        }
        let n_bytes = self.n_bytes + label.len() as u64 + GROUP_BYTES;
        if n_bytes > self.max_bytes {
            return Err(GroupError::TooLarge { n_bytes, limit: self.max_bytes });
        }
        self.n_bytes = n_bytes;
        let label: Rc<str> = label.into();
        self.labels.push(Rc::clone(&label));
        self.ids.insert(label, id);
        Ok(id)
    }

    /// The labels. The number of a label is its position.
    #[must_use]
    pub fn labels(&self) -> &[Rc<str>] {
        &self.labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_order_of_appearance() {
        let mut groups = Groups::new(10, 1 << 20);
        let ids: Vec<_> = ["b", "a", "a", "b", ""].iter().map(|label| groups.id(label)).collect();
        assert_eq!(ids, [Ok(0), Ok(1), Ok(1), Ok(0), Ok(2)]);
        assert_eq!(groups.labels(), ["b", "a", ""].map(Rc::from));
    }

    #[test]
    fn the_limit_holds() {
        let mut groups = Groups::new(2, 1 << 20);
        assert_eq!(groups.id("a"), Ok(0));
        assert_eq!(groups.id("b"), Ok(1));
        assert_eq!(groups.id("c"), Err(GroupError::TooMany { limit: 2 }));
        assert_eq!(groups.id("a"), Ok(0));
    }

    #[test]
    fn labels_have_a_limit_in_bytes() {
        let mut groups = Groups::new(10, 1000);
        assert_eq!(groups.id(&"a".repeat(500)), Ok(0));
        let too_large = GroupError::TooLarge { n_bytes: 1156, limit: 1000 };
        assert_eq!(groups.id(&"b".repeat(400)), Err(too_large));
        assert_eq!(groups.id("b"), Ok(1));
    }
}
