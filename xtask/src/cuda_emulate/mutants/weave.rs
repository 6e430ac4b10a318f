//! Changes put beside the code that they replace, each behind a condition.

use std::ops::Range;

use super::list::{MUTANTS, Mutant};
use crate::run::Result;

/// A file with the changes that are made in it.
pub(super) fn weave(text: &str, file: &str) -> Result<String> {
    let mut changes = Vec::new();
    for (number, mutant) in (1..).zip(&MUTANTS).filter(|(_, mutant)| mutant.file == file) {
        let place =
            place(text, mutant.place).map_err(|error| format!("{}: {error}", mutant.what))?;
        changes.push((place, number, mutant));
    }
    changes.sort_by_key(|(place, ..)| place.start);
    let (mut out, mut end) = (String::new(), 0);
    for (place, number, mutant) in changes {
        let between = text.get(end..place.start);
        out += between.ok_or_else(|| format!("{}: overlaps another change", mutant.what))?;
        out += &woven(&text[place.clone()], mutant, number);
        end = place.end;
    }
    Ok(out + &text[end..])
}

/// The code with its replacement.
fn woven(code: &str, mutant: &Mutant, number: usize) -> String {
    let replacement = mutant.replacement;
    if code.ends_with(';') {
        format!("if (tm_is_mutant({number})) {{ {replacement} }} else {{ {code} }}")
    } else {
        format!("(tm_is_mutant({number}) ? ({replacement}) : ({code}))")
    }
}

/// The bytes of the marked part of a place, which must occur once; blanks do not matter.
fn place(text: &str, marked: &str) -> Result<Range<usize>> {
    let is_code = |(_, c): &(usize, char)| !c.is_whitespace();
    let code: Vec<(usize, char)> = text.char_indices().filter(is_code).collect();
    let parts: Vec<String> = marked
        .split(['«', '»'])
        .map(|part| part.chars().filter(|c| !c.is_whitespace()).collect())
        .collect();
    let [before, part, after] = &parts[..] else {
        return Err(format!("no part of {marked:?}").into());
    };
    let wanted: Vec<char> = [before.as_str(), part, after].concat().chars().collect();
    let mut found = code
        .windows(wanted.len())
        .enumerate()
        .filter(|(_, window)| window.iter().map(|(_, c)| c).eq(&wanted))
        .map(|(at, _)| at);
    let (Some(at), None) = (found.next(), found.next()) else {
        return Err(format!("{marked:?} does not occur once").into());
    };
    let start = at + before.chars().count();
    let last = start + part.chars().count() - 1;
    Ok(code[start].0..code[last].0 + code[last].1.len_utf8())
}
