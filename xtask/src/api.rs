//! `cargo xtask api`: what users of a crate can name, beside the listing that is checked in. A change of
//! it must be a decision, before a release and after one.

mod difference;
mod rustdoc;

use std::collections::HashSet;
use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use public_api::Builder;

pub(crate) use self::rustdoc::stand_in;

use self::difference::difference;
use crate::run::{Result, root};

/// A crate that is listed.
struct Listed {
    name: &'static str,
    /// Features that its users have and its defaults lack, as cargo takes them.
    features: &'static [&'static str],
}

/// Crates that users depend on, as far as they compile without a library that is no crate: `metrics-tch`
/// does not.
const LISTED: [Listed; 4] = [
    Listed { name: "metrics-core", features: &[] },
    Listed { name: "metrics-ndarray", features: &[] },
    Listed { name: "metrics-candle", features: &[] },
    Listed { name: "tensor-metrics", features: &["tensor-metrics/candle"] },
];

/// One file a crate.
const FOLDER: &str = "docs/api";

/// What is done with a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Compare,
    /// Writes the listing.
    Bless,
}

/// All crates, as the test command compares them.
pub(crate) fn check() -> Result<String> {
    list(Mode::Compare, &[])
}

/// The crates of these names, or all if there is no name. Each is printed with its difference.
pub(crate) fn list(mode: Mode, names: &[&str]) -> Result<String> {
    if let Some(name) = names.iter().find(|name| !is_listed(name)) {
        let known: Vec<_> = LISTED.iter().map(|listed| listed.name).collect();
        return Err(format!("no crate {name} is listed; there are: {}", known.join(", ")).into());
    }
    let (mut n_items, mut n_added, mut n_removed) = (0, 0, 0);
    let found = rustdoc::json(names)?;
    for (name, json) in &found {
        let items = items(json)?;
        let file = root().join(FOLDER).join(format!("{name}.txt"));
        let difference = difference(&listed(&file, mode)?, &items);
        if !difference.is_empty() {
            println!("--- {FOLDER}/{name}.txt\n+++ {name}");
            println!("{}", difference.join("\n"));
        }
        n_items += items.len();
        n_added += difference.iter().filter(|line| line.starts_with('+')).count();
        n_removed += difference.iter().filter(|line| line.starts_with('-')).count();
        if mode == Mode::Bless {
            fs::create_dir_all(root().join(FOLDER))?;
            fs::write(&file, items.join("\n") + "\n")?;
        }
    }
    let crates: Vec<_> = found.iter().map(|(name, _)| *name).collect();
    let items = format!("{n_items} items of {}", crates.join(", "));
    let change = format!("{n_added} items added and {n_removed} removed");
    match mode {
        Mode::Bless => Ok(format!("{items} written: {change}")),
        Mode::Compare if n_added + n_removed > 0 => Err(format!(
            "{change}, printed above: `cargo xtask api --bless` accepts it, and CHANGELOG.md should name it"
        )
        .into()),
        Mode::Compare => Ok(format!("{items}, as {FOLDER} lists them")),
    }
}

fn is_listed(name: &str) -> bool {
    LISTED.iter().any(|listed| listed.name == name)
}

/// Lines of a file that is checked in. None are listed of a crate that is blessed for the first time.
fn listed(file: &Path, mode: Mode) -> Result<Vec<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(_) if mode == Mode::Bless => Ok(Vec::new()),
        Err(error) => {
            let what = format!("{}: {error}", file.display());
            Err(format!("{what}; `cargo xtask api --bless` writes it").into())
        }
    }
}

/// A line for each public item, in the order of their paths.
fn items(json: &PathBuf) -> Result<Vec<String>> {
    // Blanket implementations that a crate itself has stay: those left out are what std gives every type.
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .build()
        .map_err(|error| format!("{}: {error}", json.display()))?;
    Ok(lines(api.items().map(|item| (item.id(), item.to_string()))))
}

/// What a type is by itself and no stable code can ask for.
const UNSTABLE_MARKERS: [&str; 3] = ["Freeze", "StructuralPartialEq", "UnsafeUnpin"];

/// Each item once, though some can be reached by two paths. A method of a type and a trait's method for it
/// are two items that may read the same.
fn lines<Id: Eq + Hash>(items: impl Iterator<Item = (Id, String)>) -> Vec<String> {
    let is_unstable = |line: &str| {
        UNSTABLE_MARKERS.iter().any(|name| line.contains(&format!("core::marker::{name} for ")))
    };
    let mut lines = Vec::new();
    let mut seen = HashSet::new();
    for (id, line) in items.filter(|(_, line)| !is_unstable(line)) {
        if seen.insert((id, line.clone())) {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_listed_once_where_it_comes_first() {
        let items = [(0, "pub mod a"), (1, "impl a::T"), (2, "pub struct a::T"), (1, "impl a::T")];
        let lines = lines(items.into_iter().map(|(id, line)| (id, line.to_owned())));
        assert_eq!(lines, ["pub mod a", "impl a::T", "pub struct a::T"]);
    }

    #[test]
    fn two_items_that_read_the_same_are_two_lines() {
        let items = [(1, "pub fn T::reset(&mut self)"), (2, "pub fn T::reset(&mut self)")];
        assert_eq!(lines(items.into_iter().map(|(id, line)| (id, line.to_owned()))).len(), 2);
    }

    #[test]
    fn markers_of_the_compiler_alone_are_left_out() {
        let names = ["Freeze", "Send", "StructuralPartialEq", "Sync", "Unpin", "UnsafeUnpin"];
        let line = |name: &str| format!("impl core::marker::{name} for T");
        let lines = lines(names.iter().enumerate().map(|(id, name)| (id, line(name))));
        assert_eq!(lines, ["Send", "Sync", "Unpin"].map(line));
    }
}
