//! The registry: what the tests know of each metric. One entry here, and the laws of all metrics, the
//! undefined cases, the refusals, the golden cases and the table in README hold for it on every backend.

mod calls;
mod definitions;
mod entries;

pub use calls::{Bytes, Call, Inputs, Stateful};
pub use definitions::{Expected, Weights};
pub use entries::registry;

use metrics_core::Backend;

use crate::random::Samples;
use calls::Calls;

/// One metric, as the checks of all metrics see it.
///
/// Whatever its value is, here it is a list of numbers: of a curve, those of its points.
#[derive(Debug)]
pub struct Entry<B: Backend> {
    /// Its name in errors.
    pub name: &'static str,
    /// The type of its reading; none for [`Auc`](metrics_core::Auc), which is read off buckets.
    pub reading: Option<&'static str>,
    /// What it is in README's table, but for the columns that hold more than names.
    pub listed: &'static [&'static str],
    /// Its names in the golden cases.
    pub golden: &'static [&'static str],
    /// Whether its scores must be probabilities.
    pub takes_probabilities: bool,
    /// The numbers by definition, in plain loops.
    pub by_definition: fn(&Samples, &Weights) -> Vec<Expected>,
    /// Where it is undefined.
    pub undefined: &'static [UndefinedCase],
    /// How it is called.
    pub calls: Box<dyn Calls<B>>,
}

/// What a metric is for scores 0.5, 0.25 and 0.5 whose targets are all the same.
#[derive(Debug)]
pub struct UndefinedCase {
    /// The target.
    pub target: u8,
    /// The numbers by default.
    pub default: &'static [f64],
    /// The numbers where NaN is asked for.
    pub nan: &'static [f64],
    /// What the error says is missing.
    pub reason: &'static str,
}

impl UndefinedCase {
    /// The scores of every case.
    pub const SCORES: [f64; 3] = [0.5, 0.25, 0.5];
}

impl<B: Backend> Entry<B> {
    /// Whether samples have scores that it takes.
    pub fn takes(&self, samples: &Samples) -> bool {
        !self.takes_probabilities || samples.scores.iter().all(|p| (0.0..=1.0).contains(p))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use metrics_core::Host;

    use super::registry;

    fn workspace() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
    }

    /// Names after `impl Reading for` in a folder, with those below it.
    fn readings(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                readings(&path, found);
            } else {
                let text = fs::read_to_string(path).unwrap();
                let names = text.lines().filter_map(|line| line.strip_prefix("impl Reading for "));
                found.extend(names.map(|name| name.trim_end_matches(" {").to_owned()));
            }
        }
    }

    #[test]
    fn every_reading_has_an_entry() {
        let mut found = Vec::new();
        readings(&workspace().join("crates/metrics-core/src"), &mut found);
        let mut listed: Vec<_> =
            registry::<Host>().iter().filter_map(|entry| entry.reading).collect();
        found.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, found);
    }

    #[test]
    fn the_readme_lists_every_metric() {
        let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
        for entry in registry::<Host>() {
            for name in entry.listed {
                let is_listed = readme
                    .lines()
                    .any(|line| line.starts_with('|') && line.split('`').any(|part| part == *name));
                assert!(is_listed, "README's table has no `{name}` of {}", entry.name);
            }
        }
    }
}
