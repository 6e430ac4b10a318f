//! The list of all checks, by what a backend has. A test of this crate holds it to the files of checks.

mod dtypes;
mod engine;
mod every;
mod listing;
mod primitives;
mod tensors;
mod u64;

/// Tests of one backend, each of its own name below the name of the suite. See the docs of this crate.
///
/// The backend is an expression that is valid in any module, such as `crate::Mine`; what follows is what it
/// has beside the methods of every backend:
///
/// | part | for a backend |
/// |---|---|
/// | `engine` | whose `rank_sums`, `ranked_counts` and `update` are not the compositions of its own primitives |
/// | `primitives` | with [`Primitives`](metrics_core::backend::Primitives) |
/// | `u64` | whose tensors hold every `u64` |
#[macro_export]
macro_rules! conformance_suite {
    ($name:ident, $backend:expr $(, $part:ident)* $(,)?) => {
        mod $name {
            $crate::every_backend_suite! { $backend }
            $($crate::part_of_suite! { $part, $backend })*
        }
    };
}

/// The checks of one part.
#[doc(hidden)]
#[macro_export]
macro_rules! part_of_suite {
    (engine, $backend:expr) => {
        $crate::engine_suite! { $backend }
    };
    (primitives, $backend:expr) => {
        $crate::primitives_suite! { $backend }
    };
    (u64, $backend:expr) => {
        $crate::u64_suite! { $backend }
    };
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// All files of a folder of this crate's sources, one after another.
    fn sources(folder: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        files.map(|file| fs::read_to_string(file).unwrap()).collect()
    }

    /// A check that nothing lists would never run, and the compiler does not say so of public functions.
    #[test]
    fn every_check_is_listed_or_used_by_one_that_is() {
        let (checks, lists) = (sources("checks"), sources("suite"));
        let names: Vec<_> = checks
            .lines()
            .filter_map(|line| line.strip_prefix("pub fn ")?.split(['<', '(']).next())
            .collect();
        assert!(names.len() > 100, "{} checks", names.len());
        for name in names {
            let word = |text: &str| {
                text.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .filter(|w| *w == name)
                    .count()
            };
            assert!(word(&lists) + word(&checks) > 1, "{name} is listed nowhere");
        }
    }
}
