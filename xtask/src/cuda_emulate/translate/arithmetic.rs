//! Numbers: moves, conversions, sums, comparisons, bits.

use super::function::Function;
use super::ptx::{Class, Instruction, Type};
use crate::run::Result;

const WORD: Type = Type::unsigned(4);
const WIDE: Type = Type::unsigned(8);

/// The statement of an instruction.
pub(super) fn translate(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    match one.name() {
        "mov" => move_bits(function, one),
        "cvt" => convert(function, one),
        "setp" => compare(function, one),
        "selp" => select(function, one),
        "add" | "sub" | "addc" if one.has("cc") || one.name() == "addc" => {
            with_carry(function, one)
        }
        "add" | "sub" | "mul" | "mad" | "div" | "rem" | "min" | "max" | "fma" => {
            number(function, one)
        }
        "and" | "or" | "xor" | "not" | "neg" => of_each_bit(function, one),
        _ => bits(function, one),
    }
}

/// A value, or the parts of one from or to several registers.
fn move_bits(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    one.allow(&[])?;
    let kind = one.kind()?;
    let (to, from) = (one.operand(0)?, one.operand(1)?);
    if let Some(list) = to.strip_prefix('{') {
        let to: Vec<_> = list.trim_end_matches('}').split(',').map(str::trim).collect();
        let part = Type::unsigned(kind.n_bytes / to.len());
        let mut out = format!("{{ uint64_t whole = {}; ", function.read(from, kind.bits())?);
        for (i, register) in to.into_iter().enumerate().filter(|(_, register)| *register != "_") {
            let value = format!("whole >> {}", i * part.n_bits());
            out += &function.write(register, part, &value)?;
            out += " ";
        }
        return Ok(out + "}");
    }
    if let Some(list) = from.strip_prefix('{') {
        let from: Vec<_> = list.trim_end_matches('}').split(',').map(str::trim).collect();
        let part = Type::unsigned(kind.n_bytes / from.len());
        let shifted = from.iter().enumerate().map(|(i, register)| {
            Ok(format!("uint64_t({}) << {}", function.read(register, part)?, i * part.n_bits()))
        });
        let whole = shifted.collect::<Result<Vec<_>>>()?.join(" | ");
        return function.write(to, kind.bits(), &whole);
    }
    function.write(to, kind, &function.read(from, kind)?)
}

fn convert(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    let &[_, ref modes @ .., to, from] = &one.words[..] else { return Err(one.unknown()) };
    let register = one.operand(0)?;
    let to_type = Type::named(to).ok_or_else(|| one.unknown())?;
    if from == "f16" {
        let value = format!("half_to_float({})", function.value(one, 1, Type::unsigned(2))?);
        // Exact, to `double` too.
        return match (modes, to_type.is_float()) {
            ([], true) => function.write(register, to_type, &value),
            _ => Err(one.unknown()),
        };
    }
    let from_type = Type::named(from).ok_or_else(|| one.unknown())?;
    let value = function.value(one, 1, from_type)?;
    let cxx = to_type.cxx();
    match (from_type.is_float(), to_type.is_float(), modes) {
        (true, false, ["rzi"]) => {
            function.write(register, to_type, &format!("truncate<{cxx}>({value})"))
        }
        (false, true, ["rn"]) | (false, false, []) => {
            function.write(register, to_type, &format!("{cxx}({value})"))
        }
        (true, true, ["rn"]) if from_type.n_bytes > to_type.n_bytes => {
            function.write(register, to_type, &format!("{cxx}({value})"))
        }
        (true, true, []) if from_type.n_bytes < to_type.n_bytes => {
            function.write(register, to_type, &format!("{cxx}({value})"))
        }
        _ => Err(one.unknown()),
    }
}

fn compare(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    const SIGNS: [(&str, &str); 10] = [
        ("eq", "=="),
        ("ne", "!="),
        ("lt", "<"),
        ("le", "<="),
        ("gt", ">"),
        ("ge", ">="),
        ("lo", "<"),
        ("ls", "<="),
        ("hi", ">"),
        ("hs", ">="),
    ];
    // True where one is NaN too: the opposite does not hold.
    const UNORDERED: [(&str, &str); 5] =
        [("neu", "=="), ("ltu", ">="), ("leu", ">"), ("gtu", "<="), ("geu", "<")];
    let &[_, how, _] = &one.words[..] else { return Err(one.unknown()) };
    let kind = one.kind()?;
    let (a, b) = (function.value(one, 1, kind)?, function.value(one, 2, kind)?);
    let sign = |signs: &[(&str, &'static str)]| {
        signs.iter().find(|(name, _)| *name == how).map(|(_, sign)| *sign)
    };
    let value = match (sign(&SIGNS), sign(&UNORDERED), how) {
        // In PTX `ne` of floats is false where one is NaN.
        (Some("!="), ..) if kind.is_float() => format!("{a} < {b} || {a} > {b}"),
        (Some(sign), ..) => format!("{a} {sign} {b}"),
        (_, Some(sign), _) => format!("!({a} {sign} {b})"),
        (.., "equ") => format!("!({a} < {b} || {a} > {b})"),
        (.., "nan") => format!("{a} != {a} || {b} != {b}"),
        (.., "num") => format!("{a} == {a} && {b} == {b}"),
        _ => return Err(one.unknown()),
    };
    function.write(one.operand(0)?, Type::PREDICATE, &value)
}

fn select(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    one.allow(&[])?;
    let kind = one.kind()?;
    let (a, b) = (function.value(one, 1, kind)?, function.value(one, 2, kind)?);
    let predicate = function.value(one, 3, Type::PREDICATE)?;
    function.write(one.operand(0)?, kind, &format!("{predicate} ? {a} : {b}"))
}

/// Sums of several words, lowest first.
fn with_carry(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    one.allow(&["cc"])?;
    if one.name() == "sub" {
        return Err(one.unknown());
    }
    let kind = one.kind()?.bits();
    let (a, b) = (function.value(one, 1, kind)?, function.value(one, 2, kind)?);
    let carried = if one.name() == "addc" { " + carry" } else { "" };
    let mut out = format!("{{ auto sum = (unsigned __int128)({a}) + {b}{carried}; ");
    if one.has("cc") {
        out += &format!("carry = unsigned(sum >> {}) & 1; ", kind.n_bits());
    }
    Ok(out + &function.write(one.operand(0)?, kind, &format!("{}(sum)", kind.cxx()))? + " }")
}

fn number(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    let kind = one.kind()?;
    if kind.is_float() {
        return float(function, one, kind);
    }
    one.allow(&["lo", "hi", "wide"])?;
    let to = one.operand(0)?;
    let has_parts = ["mul", "mad"].contains(&one.name());
    if has_parts && !one.has("lo") {
        return product(function, one, kind);
    }
    // Wrapping sums and products have the same bits, signed or not.
    let bits = kind.bits();
    let [a, b] = [1, 2].map(|i| function.value(one, i, bits));
    let (a, b) = (a?, b?);
    let of_kind = |i| function.value(one, i, kind);
    let (cxx, line) = (kind.cxx(), one.line);
    match one.name() {
        "add" => function.write(to, bits, &format!("{a} + {b}")),
        "sub" => function.write(to, bits, &format!("{a} - {b}")),
        "mul" => function.write(to, bits, &format!("uint64_t({a}) * {b}")),
        "mad" => {
            let c = function.value(one, 3, bits)?;
            function.write(to, bits, &format!("uint64_t({a}) * {b} + {c}"))
        }
        "min" | "max" => {
            let call = format!("std::{}<{cxx}>({}, {})", one.name(), of_kind(1)?, of_kind(2)?);
            function.write(to, kind, &call)
        }
        "div" | "rem" => {
            let name = if one.name() == "div" { "divide" } else { "remainder" };
            let call = format!("{name}<{cxx}>(t, {line}, {}, {})", of_kind(1)?, of_kind(2)?);
            function.write(to, kind, &call)
        }
        _ => Err(one.unknown()),
    }
}

/// Products of twice the width, or the upper half of them.
fn product(function: &Function<'_>, one: &Instruction<'_>, kind: Type) -> Result<String> {
    let (a, b) = (function.value(one, 1, kind)?, function.value(one, 2, kind)?);
    let to = one.operand(0)?;
    if one.has("hi") && one.name() == "mul" {
        let wide = if kind.class == Class::Signed { "__int128" } else { "unsigned __int128" };
        let product = format!("(({wide}){a} * ({wide}){b}) >> {}", kind.n_bits());
        return function.write(to, kind, &product);
    }
    if !one.has("wide") || kind.n_bytes > 4 {
        return Err(one.unknown());
    }
    let wide = Type { n_bytes: 2 * kind.n_bytes, ..kind };
    let cxx = wide.bits().cxx();
    // The product of extended numbers, without signed overflow.
    let extended = |value: &str| format!("{cxx}({}({value}))", wide.cxx());
    let product = format!("{} * {}", extended(&a), extended(&b));
    let sum = match one.name() {
        "mad" => format!("{product} + {}", function.value(one, 3, wide.bits())?),
        _ => product,
    };
    function.write(to, wide.bits(), &sum)
}

/// Rounded to the nearest, without flushing.
fn float(function: &Function<'_>, one: &Instruction<'_>, kind: Type) -> Result<String> {
    one.allow(&["rn"])?;
    let (a, b) = (function.value(one, 1, kind)?, function.value(one, 2, kind)?);
    let value = match one.name() {
        "add" => format!("{a} + {b}"),
        "sub" => format!("{a} - {b}"),
        "mul" => format!("{a} * {b}"),
        "div" => format!("{a} / {b}"),
        "fma" => format!("std::fma({a}, {b}, {})", function.value(one, 3, kind)?),
        _ => return Err(one.unknown()),
    };
    function.write(one.operand(0)?, kind, &value)
}

fn of_each_bit(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    one.allow(&[])?;
    let kind = one.kind()?;
    let is_predicate = kind == Type::PREDICATE;
    let a = function.value(one, 1, kind)?;
    let sign = match (one.name(), is_predicate) {
        ("not", true) => "!",
        ("not", false) => "~",
        ("neg", false) if kind.is_integer() => "0 - ",
        ("neg", false) => "-",
        ("and", true) => "&&",
        ("or", true) => "||",
        ("xor", true) => "!=",
        ("and", false) => "&",
        ("or", false) => "|",
        ("xor", false) => "^",
        _ => return Err(one.unknown()),
    };
    let value = match one.operands.len() {
        2 => format!("{sign}{a}"),
        _ => format!("{a} {sign} {}", function.value(one, 2, kind)?),
    };
    function.write(one.operand(0)?, kind, &value)
}

fn bits(function: &Function<'_>, one: &Instruction<'_>) -> Result<String> {
    one.allow(if one.name() == "bmsk" { &["clamp"] } else { &[] })?;
    let kind = one.kind()?;
    let value = |i, kind| function.value(one, i, kind);
    let (cxx, own) = (kind.cxx(), value(1, kind)?);
    let (to_type, call) = match one.name() {
        "shl" => (kind, format!("shift_left<{cxx}>({own}, {})", value(2, WORD)?)),
        "shr" => (kind, format!("shift_right<{cxx}>({own}, {})", value(2, WORD)?)),
        "popc" => (WORD, format!("uint32_t(__builtin_popcountll({}))", value(1, kind.bits())?)),
        "clz" => (WORD, format!("leading_zeros<{}>({})", kind.n_bits(), value(1, WIDE)?)),
        "brev" if kind == WORD => (kind, format!("reversed({own})")),
        "bfind" if kind.class == Class::Unsigned => {
            (WORD, format!("highest_bit<{}>({own})", kind.n_bits()))
        }
        "bfi" => {
            let (into, start, n) = (value(2, kind)?, value(3, WORD)?, value(4, WORD)?);
            (kind, format!("insert_bits<{cxx}>({own}, {into}, {start}, {n})"))
        }
        "bfe" if kind.class == Class::Unsigned => {
            let (start, n) = (value(2, WORD)?, value(3, WORD)?);
            (kind, format!("extract_bits<{cxx}>({own}, {start}, {n})"))
        }
        "bmsk" => (WORD, format!("bit_mask({own}, {})", value(2, WORD)?)),
        "prmt" => (WORD, format!("permute_bytes({own}, {}, {})", value(2, WORD)?, value(3, WORD)?)),
        _ => return Err(one.unknown()),
    };
    function.write(one.operand(0)?, to_type, &call)
}
