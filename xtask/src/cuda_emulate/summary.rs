//! What ran.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::Scope;
use crate::run::Result;

/// Fewest kernel entries that a run launches; raise them when more are.
const FLOOR: usize = 141;
const LONG_FLOOR: usize = 141;

/// What the tests ran on the emulator.
#[derive(Debug, Default)]
pub(super) struct Summary {
    n_tests: usize,
    pub(super) n_reports: u64,
    n_checks: u64,
    /// All kernel entries, launched or not.
    n_entries: usize,
    /// Launches and blocks of each entry that was launched.
    launched: BTreeMap<String, [u64; 2]>,
}

impl Summary {
    /// Reads what the runtime wrote.
    pub(super) fn read(at: &Path) -> Result<Self> {
        let text = fs::read_to_string(at).map_err(|error| format!("{}: {error}", at.display()))?;
        let mut summary = Self { n_tests: 1, ..Self::default() };
        for line in text.lines() {
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["reports", n] => summary.n_reports = n.parse()?,
                ["checks", n] => summary.n_checks = n.parse()?,
                ["entries", n] => summary.n_entries = n.parse()?,
                ["launches", entry, n, blocks] => {
                    summary.launched.insert(entry.into(), [n.parse()?, blocks.parse()?]);
                }
                _ => return Err(format!("{}: {line:?}", at.display()).into()),
            }
        }
        Ok(summary)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.n_tests += other.n_tests;
        self.n_reports += other.n_reports;
        self.n_checks += other.n_checks;
        self.n_entries = self.n_entries.max(other.n_entries);
        for (entry, counts) in other.launched {
            let own = self.launched.entry(entry).or_default();
            own.iter_mut().zip(counts).for_each(|(own, n)| *own += n);
        }
    }

    /// Fails if fewer entries were launched than before.
    pub(super) fn check(&self, scope: Scope) -> Result<()> {
        let floor = if scope == Scope::Long { LONG_FLOOR } else { FLOOR };
        if self.launched.len() >= floor {
            return Ok(());
        }
        Err(format!("{}; at least {floor} entries must be", self.text()).into())
    }

    pub(super) fn text(&self) -> String {
        let of = |i: usize| self.launched.values().map(|counts| counts[i]).sum::<u64>();
        format!(
            "{} of {} kernel entries launched, {} launches, {} blocks, {} checks, {} reports, {} tests",
            self.launched.len(),
            self.n_entries,
            of(0),
            of(1),
            self.n_checks,
            self.n_reports,
            self.n_tests
        )
    }
}
