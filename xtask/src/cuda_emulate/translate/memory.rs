//! Loads, stores, atomics and addresses.

use super::function::{Function, base_and_offset};
use super::ptx::{Instruction, Type};
use crate::run::Result;

/// Words that say how memory is cached, and for whom an access is ordered. Here a block runs until its threads wait,
/// and sees what it wrote.
const HINTS: [&str; 14] = [
    "nc", "ca", "cg", "cs", "cv", "weak", "volatile", "relaxed", "acquire", "release", "acq_rel",
    "cta", "gpu", "sys",
];
const SPACES: [&str; 5] = ["global", "shared", "local", "param", "const"];
const VECTORS: [(&str, usize); 2] = [("v2", 2), ("v4", 4)];
const ATOMICS: [(&str, &str); 8] = [
    ("add", "Add"),
    ("min", "Min"),
    ("max", "Max"),
    ("exch", "Exchange"),
    ("cas", "CompareAndSwap"),
    ("or", "Or"),
    ("and", "And"),
    ("xor", "Xor"),
];

/// The statement of an instruction, if it is one of these.
pub(super) fn translate(function: &Function<'_>, one: &Instruction<'_>) -> Option<Result<String>> {
    Some(match one.name() {
        "ld" => load(function, one),
        "st" => store(function, one),
        "atom" | "red" => atomic(function, one),
        "cvta" => change_space(function, one),
        _ => return None,
    })
}

/// What an access is to, with how many elements of which type.
struct Access {
    space: &'static str,
    element: Type,
    n: usize,
    /// Whether it is meant to see what other blocks write, or to be seen by them: `cg` passes by the own cache.
    is_volatile: bool,
}

impl Access {
    fn of(one: &Instruction<'_>) -> Result<Self> {
        let known = |word: &&str| {
            HINTS.contains(word)
                || SPACES.contains(word)
                || VECTORS.iter().any(|(name, _)| name == word)
                || word.is_empty()
                || word.starts_with("L1::")
                || word.starts_with("L2::")
                || Type::named(word).is_some()
        };
        let words = &one.words[1..];
        if !words.iter().all(known) {
            return Err(one.unknown());
        }
        let space = SPACES.into_iter().find(|space| one.has(space)).unwrap_or("generic");
        let n = VECTORS.iter().find(|(name, _)| one.has(name)).map_or(1, |(_, n)| *n);
        let is_volatile =
            ["volatile", "relaxed", "acquire", "release", "cg", "cv"].iter().any(|w| one.has(w));
        Ok(Self { space, element: one.kind()?, n, is_volatile })
    }

    /// The end of the function's name that makes it.
    fn place(&self) -> &'static str {
        match self.space {
            "shared" => "shared",
            "local" => "local",
            _ => "global",
        }
    }

    fn arguments(&self, one: &Instruction<'_>, i: usize) -> String {
        let (size, n) = (self.element.n_bytes, self.n);
        let alignment = if i == 0 { n * size } else { size };
        format!("t, {}, at + {}, {alignment}, {}", one.line, i * size, self.is_volatile)
    }
}

/// The elements of a vector operand, or the one operand.
fn elements(operand: &str) -> Vec<&str> {
    operand.trim_matches(['{', '}']).split(',').map(str::trim).collect()
}

fn load(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    let access = Access::of(one)?;
    let (to, from) = (elements(one.operand(0)?), one.operand(1)?);
    if to.len() != access.n {
        return Err(one.unknown());
    }
    let cxx = access.element.cxx();
    if access.space == "param"
        && let (base, offset) = base_and_offset(from)?
        && let Some(start) = function.parameter(base)
    {
        let statements = to.iter().enumerate().map(|(i, register)| {
            let at = start as i64 + offset + (i * access.element.n_bytes) as i64;
            function.write(register, access.element, &format!("parameter<{cxx}>(t, {at})"))
        });
        return Ok(statements.collect::<Result<Vec<_>>>()?.join(" "));
    }
    let address = function.address(from, access.space == "shared")?;
    let mut out = format!("{{ auto at = {address}; ");
    for i in 0..access.n {
        let arguments = access.arguments(one, i);
        out += &format!("auto value{i} = load_{}<{cxx}>({arguments}); ", access.place());
    }
    // All are read before one is written: a register may hold the address.
    for (i, register) in to.iter().enumerate() {
        out += &function.write(register, access.element, &format!("value{i}"))?;
        out += " ";
    }
    Ok(out + "}")
}

fn store(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    let access = Access::of(one)?;
    let from = elements(one.operand(1)?);
    if from.len() != access.n || access.space == "param" {
        return Err(one.unknown());
    }
    let address = function.address(one.operand(0)?, access.space == "shared")?;
    let mut out = format!("{{ auto at = {address}; ");
    for (i, operand) in from.iter().enumerate() {
        let value = function.read(operand, access.element)?;
        let (cxx, arguments) = (access.element.cxx(), access.arguments(one, i));
        out += &format!("store_{}<{cxx}>({arguments}, {value}); ", access.place());
    }
    Ok(out + "}")
}

fn atomic(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    let is_known = |word: &&str| {
        HINTS.contains(word)
            || ["global", "shared"].contains(word)
            || ATOMICS.iter().any(|(name, _)| name == word)
            || Type::named(word).is_some()
    };
    let operation = ATOMICS.iter().find(|(name, _)| one.has(name));
    let Some((name, operation)) = operation.filter(|_| one.words[1..].iter().all(is_known)) else {
        return Err(one.unknown());
    };
    // `red` is an atomic whose old value nobody asks for.
    let (to, first) = if one.name() == "red" { ("_", 0) } else { (one.operand(0)?, 1) };
    let element = one.kind()?;
    let is_shared = one.has("shared");
    let address = function.address(one.operand(first)?, is_shared)?;
    let value = function.value(one, first + 1, element)?;
    let (compared, value) = match *name {
        "cas" => (value, function.value(one, first + 2, element)?),
        _ => ("0".into(), value),
    };
    let place = match (is_shared, one.has("global")) {
        (true, _) => "shared",
        (_, true) => "global",
        _ => "generic",
    };
    let cxx = element.cxx();
    let old = format!(
        "atomic_{place}<{cxx}, Atomic::{operation}>(t, {}, {address}, {value}, {compared})",
        one.line
    );
    function.write(to, element, &old)
}

/// Addresses of the whole and of one space. Only shared memory has numbers of its own.
fn change_space(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    one.allow(&["to", "global", "shared", "local", "param", "const"])?;
    let address = function.value(one, 1, Type::unsigned(8))?;
    let changed = match (one.has("shared"), one.has("to")) {
        (false, _) => address,
        (true, false) => format!("shared_address(t, {address})"),
        (true, true) => format!("shared_offset(t, {address})"),
    };
    function.write(one.operand(0)?, Type::unsigned(8), &changed)
}
