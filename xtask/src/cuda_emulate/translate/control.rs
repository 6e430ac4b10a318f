//! Branches, barriers, and what the lanes of a warp do together.

use super::function::{Function, label_name};
use super::ptx::{Instruction, Type};
use crate::run::Result;

const WORD: Type = Type::unsigned(4);

/// The statement of an instruction, if it is one of these.
pub(super) fn translate(function: &Function<'_>, one: &Instruction<'_>) -> Option<Result<String>> {
    Some(match one.name() {
        "ret" | "exit" => one.allow(&[]).map(|()| "return;".into()),
        "trap" => one.allow(&[]).map(|()| format!("trap(t, {});", one.line)),
        "bra" => branch(one),
        // Threads of a block take turns where they wait, and see what was written before.
        "membar" | "fence" => one
            .allow(&["cta", "gl", "sys", "gpu", "sc", "acq_rel", "acquire", "release"])
            .map(|()| ";".into()),
        "nanosleep" => one.allow(&[]).map(|()| "let_others_run(t);".into()),
        "bar" | "barrier" => barrier(function, one),
        "shfl" => shuffle(function, one),
        "vote" => vote(function, one),
        "redux" => reduce(function, one),
        _ => return None,
    })
}

fn branch(one: &Instruction<'_>) -> Result<String> {
    one.allow(&["uni"])?;
    Ok(format!("goto {};", label_name(one.operand(0)?)))
}

fn barrier(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    let line = one.line;
    if one.words[..2] == ["bar", "warp"] {
        one.allow(&["warp", "sync"])?;
        return Ok(format!("lanes(t, {line}, Lanes::Meet, {});", function.value(one, 0, WORD)?));
    }
    one.allow(&["cta", "sync", "aligned", "red", "or", "and"])?;
    if one.has("red") {
        let kind = if one.has("or") { "Any" } else { "All" };
        let barrier = function.value(one, 1, WORD)?;
        let predicate = function.value(one, 2, Type::PREDICATE)?;
        let value = format!("barrier_vote(t, {line}, {barrier}, Vote::{kind}, {predicate})");
        return function.write(one.operand(0)?, Type::PREDICATE, &value);
    }
    // A second operand would say how many threads meet.
    if !one.has("sync") || one.operands.len() != 1 {
        return Err(one.unknown());
    }
    Ok(format!("barrier(t, {line}, {});", function.value(one, 0, WORD)?))
}

fn shuffle(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    const KINDS: [(&str, &str); 4] = [
        ("up", "ShuffleUp"),
        ("down", "ShuffleDown"),
        ("bfly", "ShuffleXor"),
        ("idx", "ShuffleFrom"),
    ];
    one.allow(&["sync", "up", "down", "bfly", "idx"])?;
    let kind = KINDS.iter().find(|(name, _)| one.has(name)).ok_or_else(|| one.unknown())?.1;
    let [value, lane, limits, mask] = [1, 2, 3, 4].map(|i| function.value(one, i, WORD));
    let (value, lane, limits, mask) = (value?, lane?, limits?, mask?);
    let mut to = one.operand(0)?.split('|').map(str::trim);
    let shuffled =
        format!("lanes(t, {}, Lanes::{kind}, {mask}, {value}, {lane}, {limits})", one.line);
    let written = function.write(to.next().unwrap_or("_"), WORD, &shuffled)?;
    match to.next() {
        None => Ok(written),
        Some(predicate) => {
            let taken = function.write(predicate, Type::PREDICATE, "t.is_in_range")?;
            Ok(format!("{written} {taken}"))
        }
    }
}

fn vote(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    one.allow(&["sync", "ballot", "any", "all"])?;
    let mask = function.value(one, 2, WORD)?;
    let predicate = function.value(one, 1, Type::PREDICATE)?;
    let call = |kind| format!("lanes(t, {}, Lanes::{kind}, {mask}, {predicate})", one.line);
    let to = one.operand(0)?;
    match (one.has("ballot"), one.has("any")) {
        (true, _) => function.write(to, WORD, &call("Ballot")),
        (_, true) => function.write(to, Type::PREDICATE, &format!("{} != 0", call("Any"))),
        _ => function.write(to, Type::PREDICATE, &format!("{} != 0", call("All"))),
    }
}

fn reduce(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    const KINDS: [(&str, &str); 5] =
        [("add", "Sum"), ("max", "Max"), ("min", "Min"), ("or", "Or"), ("and", "And")];
    one.allow(&["sync", "add", "max", "min", "or", "and"])?;
    let kind = KINDS.iter().find(|(name, _)| one.has(name)).ok_or_else(|| one.unknown())?.1;
    if one.kind()? != WORD {
        return Err(one.unknown());
    }
    let (value, mask) = (function.value(one, 1, WORD)?, function.value(one, 2, WORD)?);
    let call = format!("lanes(t, {}, Lanes::{kind}, {mask}, {value})", one.line);
    function.write(one.operand(0)?, WORD, &call)
}
