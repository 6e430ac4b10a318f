//! The order of imports in the core: from the `use` lines, against the order in ARCHITECTURE.md.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Result, root};

/// What stands above the list in ARCHITECTURE.md.
const HEADING: &str = "Imports of the core run downwards:";

/// Longest file of the core.
const MAX_LINES: usize = 450;

/// Every import of the core goes to its own layer or to one below.
pub(crate) fn check() -> Result<String> {
    let layers = layers(&fs::read_to_string(root().join("ARCHITECTURE.md"))?)?;
    let source = root().join("crates/metrics-core/src");
    let mut files = Vec::new();
    rust_files(&source, &mut files)?;
    let (mut n_imports, mut wrong) = (0, Vec::new());
    for file in &files {
        let name = file.strip_prefix(&source)?.display().to_string();
        let module = name.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        let own = layer_of(&layers, module).ok_or(format!("{name} has no layer"))?;
        let text = fs::read_to_string(file)?;
        for (number, imported) in imports(&text) {
            n_imports += 1;
            // What is no module is a macro, which the compiler finds in its own.
            let Some(layer) = layer_of(&layers, &imported) else { continue };
            if layer < own {
                wrong.push(format!("{name}:{number} imports {imported}, which is above it"));
            }
        }
        let n_lines = text.lines().count();
        if n_lines > MAX_LINES {
            wrong.push(format!("{name} has {n_lines} lines, expected at most {MAX_LINES}"));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n").into());
    }
    Ok(format!("{n_imports} imports of {} files, in {} layers", files.len(), layers.len()))
}

/// The layers, the highest first.
fn layers(text: &str) -> Result<Vec<Vec<String>>> {
    let list = text
        .split_once(HEADING)
        .and_then(|(_, rest)| rest.split("```").nth(1))
        .ok_or(format!("ARCHITECTURE.md: no list below \"{HEADING}\""))?;
    let lines = list.lines().skip(1).filter(|line| !line.trim().is_empty());
    Ok(lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect())
}

fn layer_of(layers: &[Vec<String>], module: &str) -> Option<usize> {
    layers.iter().position(|layer| layer.iter().any(|name| name == module))
}

/// All files but those of tests.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

/// The modules of the crate that code names, but for that of tests and comments: line and module.
fn imports(text: &str) -> Vec<(usize, String)> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    for (number, line) in (1..).zip(code.lines()) {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for rest in line.split("crate::").skip(1) {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => list.split([',', '}']).map(str::trim).collect(),
                None => vec![rest],
            };
            for name in names {
                let end = name.find(|c| !is_name(c)).unwrap_or(name.len());
                if end > 0 {
                    found.push((number, name[..end].to_owned()));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_where_they_stand() {
        let text =
            "use crate::cpu::{self, rank};\n//! [`x`](crate::state)\nuse crate::{arith, with};\n";
        let found: Vec<_> = imports(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(found, ["cpu", "arith", "with"]);
    }

    #[test]
    fn the_first_line_is_the_highest_layer() {
        let text = format!("{HEADING}\n\n```text\nmetric binary\nbackend\n```\n");
        let layers = layers(&text).unwrap();
        assert_eq!([layer_of(&layers, "binary"), layer_of(&layers, "backend")], [Some(0), Some(1)]);
        assert_eq!(layer_of(&layers, "none"), None);
    }
}
