//! Group labels, each given a small number in the order of appearance.

use std::collections::HashMap;

use crate::error::Error;

/// The distinct labels of the group column.
#[derive(Debug, Default)]
pub struct Groups {
    labels: Vec<String>,
    ids: HashMap<String, u32>,
    limit: usize,
    /// Files are often sorted by group, and then the last label is the next one too.
    last: u32,
}

/// There are more groups than the limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyGroups {
    limit: usize,
}

impl TooManyGroups {
    /// The error to report for `column` of the file `path`.
    pub(crate) fn at(self, path: &str, column: &str) -> Error {
        Error::TooManyGroups { path: path.to_owned(), column: column.to_owned(), limit: self.limit }
    }
}

impl Groups {
    /// No groups yet, and at most `limit` ever.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// The number of `label`, a new one when it was never seen.
    pub(crate) fn id(&mut self, label: &str) -> Result<u32, TooManyGroups> {
        if self.labels.get(self.last as usize).is_some_and(|last| last == label) {
            return Ok(self.last);
        }
        self.last = match self.ids.get(label) {
            Some(&id) => id,
            None => self.insert(label)?,
        };
        Ok(self.last)
    }

    fn insert(&mut self, label: &str) -> Result<u32, TooManyGroups> {
        let too_many = TooManyGroups { limit: self.limit };
        let id = u32::try_from(self.labels.len()).map_err(|_| too_many)?;
        if self.labels.len() >= self.limit {
            return Err(too_many);
        }
        self.labels.push(label.to_owned());
        self.ids.insert(label.to_owned(), id);
        Ok(id)
    }

    /// The labels; their positions are their numbers.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_order_of_appearance() {
        let mut groups = Groups::new(10);
        let ids: Vec<_> = ["b", "a", "a", "b", ""].iter().map(|label| groups.id(label)).collect();
        assert_eq!(ids, [Ok(0), Ok(1), Ok(1), Ok(0), Ok(2)]);
        assert_eq!(groups.labels(), ["b", "a", ""]);
    }

    #[test]
    fn the_limit_holds() {
        let mut groups = Groups::new(2);
        assert_eq!(groups.id("a"), Ok(0));
        assert_eq!(groups.id("b"), Ok(1));
        assert_eq!(groups.id("c"), Err(TooManyGroups { limit: 2 }));
        assert_eq!(groups.id("a"), Ok(0));
    }
}
