//! PTX as nvcc writes it, taken apart.

use crate::run::Result;

/// A file of PTX.
#[derive(Debug)]
pub(super) struct Module<'p> {
    /// The compute capability it is for: 90 for `sm_90`.
    pub(super) capability: u32,
    /// Variables in a block's shared memory that several kernels may use.
    pub(super) shared: Vec<Variable<'p>>,
    pub(super) kernels: Vec<Kernel<'p>>,
}

/// A kernel.
#[derive(Debug)]
pub(super) struct Kernel<'p> {
    pub(super) name: &'p str,
    pub(super) parameters: Vec<Parameter<'p>>,
    /// Most threads of a block.
    pub(super) max_threads: u32,
    pub(super) statements: Vec<Statement<'p>>,
}

/// A parameter, and its place among the bytes of all.
#[derive(Debug)]
pub(super) struct Parameter<'p> {
    pub(super) name: &'p str,
    pub(super) offset: usize,
    pub(super) n_bytes: usize,
}

/// A variable in shared or local memory.
#[derive(Debug)]
pub(super) struct Variable<'p> {
    pub(super) name: &'p str,
    pub(super) is_shared: bool,
    pub(super) alignment: usize,
    /// None: as many as the launch says.
    pub(super) n_bytes: Option<usize>,
}

/// A part of a kernel's body.
#[derive(Debug)]
pub(super) enum Statement<'p> {
    Open,
    Close,
    Label(&'p str),
    /// Registers of a type: a name, or a name and how many.
    Registers(Type, Vec<(&'p str, Option<usize>)>),
    Variable(Variable<'p>),
    Instruction(Instruction<'p>),
}

/// An instruction.
#[derive(Debug)]
pub(super) struct Instruction<'p> {
    /// Its line, counted from 1.
    pub(super) line: usize,
    pub(super) text: &'p str,
    /// The predicate that it depends on, and whether on its being false.
    pub(super) guard: Option<(bool, &'p str)>,
    /// `add`, `s32`.
    pub(super) words: Vec<&'p str>,
    pub(super) operands: Vec<&'p str>,
}

/// A type of PTX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) class: Class,
    pub(super) n_bytes: usize,
}

/// A class of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Predicate,
    Unsigned,
    Signed,
    Float,
}

impl Type {
    pub(super) const PREDICATE: Self = Self { class: Class::Predicate, n_bytes: 1 };

    pub(super) const fn unsigned(n_bytes: usize) -> Self {
        Self { class: Class::Unsigned, n_bytes }
    }

    /// The type of a name like `u32`; bits without a type are unsigned integers.
    pub(super) fn named(name: &str) -> Option<Self> {
        if name == "pred" {
            return Some(Self::PREDICATE);
        }
        let class = match name.get(..1)? {
            "u" | "b" => Class::Unsigned,
            "s" => Class::Signed,
            "f" => Class::Float,
            _ => return None,
        };
        let n_bytes = match (name.get(1..)?, class) {
            ("8", Class::Unsigned | Class::Signed) => 1,
            ("16", Class::Unsigned | Class::Signed) => 2,
            ("32", _) => 4,
            ("64", _) => 8,
            _ => return None,
        };
        Some(Self { class, n_bytes })
    }

    pub(super) fn is_float(self) -> bool {
        self.class == Class::Float
    }

    pub(super) fn is_integer(self) -> bool {
        matches!(self.class, Class::Unsigned | Class::Signed)
    }

    pub(super) fn n_bits(self) -> usize {
        8 * self.n_bytes
    }

    /// The unsigned integer of the same width.
    pub(super) fn bits(self) -> Self {
        Self::unsigned(self.n_bytes)
    }

    /// Its name in C++.
    pub(super) fn cxx(self) -> String {
        match (self.class, self.n_bytes) {
            (Class::Predicate, _) => "bool".into(),
            (Class::Float, 4) => "float".into(),
            (Class::Float, _) => "double".into(),
            (Class::Signed, _) => format!("int{}_t", self.n_bits()),
            (Class::Unsigned, _) => format!("uint{}_t", self.n_bits()),
        }
    }
}

impl<'p> Instruction<'p> {
    pub(super) fn name(&self) -> &'p str {
        self.words[0]
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.words[1..].contains(&word)
    }

    /// The type that its last word names.
    pub(super) fn kind(&self) -> Result<Type> {
        let last = self.words.last().copied().and_then(Type::named);
        last.ok_or_else(|| self.unknown())
    }

    /// Fails if it has other words than its name, its types and these.
    pub(super) fn allow(&self, words: &[&str]) -> Result<()> {
        let is_known = |word: &&str| words.contains(word) || Type::named(word).is_some();
        if self.words[1..].iter().all(is_known) { Ok(()) } else { Err(self.unknown()) }
    }

    /// Its operand of a number.
    pub(super) fn operand(&self, i: usize) -> Result<&'p str> {
        self.operands.get(i).copied().ok_or_else(|| self.unknown())
    }

    pub(super) fn unknown(&self) -> Box<dyn std::error::Error> {
        format!("no translation of `{}`", self.text).into()
    }

    fn parse(text: &'p str, line: usize) -> Self {
        let (guard, rest) = match text.strip_prefix('@') {
            None => (None, text),
            Some(guarded) => {
                let (guard, rest) =
                    guarded.split_once(char::is_whitespace).unwrap_or((guarded, ""));
                let name = guard.strip_prefix('!');
                (Some((name.is_some(), name.unwrap_or(guard))), rest.trim_start())
            }
        };
        let (name, operands) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (words, operands) = (name.split('.').collect(), split_operands(operands));
        Self { line, text: rest, guard, words, operands }
    }
}

/// Parts at the commas that are in no brackets.
fn split_operands(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

impl<'p> Module<'p> {
    pub(super) fn parse(text: &'p str) -> Result<Self> {
        let target = text.split(".target sm_").nth(1).ok_or("no `.target sm_…`")?;
        let digits = target.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let declared = text.lines().map(|line| line.strip_prefix(".extern ").unwrap_or(line));
        let shared = declared.filter(|line| line.starts_with(".shared"));
        Ok(Self {
            capability: digits.parse()?,
            shared: shared.map(Variable::parse).collect::<Result<_>>()?,
            kernels: text
                .match_indices(".entry ")
                .map(|(at, entry)| Kernel::parse(text, at + entry.len()))
                .collect::<Result<_>>()?,
        })
    }
}

impl<'p> Kernel<'p> {
    /// The kernel whose name begins at a place.
    fn parse(text: &'p str, start: usize) -> Result<Self> {
        let rest = &text[start..];
        let (name, rest) = rest.split_once('(').ok_or("an entry without parameters")?;
        let (parameters, rest) = rest.split_once(')').ok_or("parameters without an end")?;
        let (limits, body) = rest.split_once('{').ok_or("a kernel without a body")?;
        let max_threads =
            limits.split_once(".maxntid").map_or("1024", |(_, rest)| rest.trim_start());
        let digits = max_threads.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let line = 1 + text[..text.len() - body.len()].matches('\n').count();
        Ok(Self {
            name: name.trim(),
            parameters: Parameter::parse_all(parameters)?,
            max_threads: digits.parse()?,
            statements: statements(body, line)?,
        })
    }
}

impl<'p> Parameter<'p> {
    fn parse_all(text: &'p str) -> Result<Vec<Self>> {
        let (mut parameters, mut end) = (Vec::new(), 0_usize);
        for declared in text.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            // What follows `.ptr` says what a pointer points to.
            let (before, name) = declared.rsplit_once(char::is_whitespace).ok_or("a parameter")?;
            let own = before.split(".ptr").next().unwrap_or_default();
            let variable = Variable::parse_words(own, name)?;
            let n_bytes = variable.n_bytes.ok_or("a parameter without a size")?;
            let offset = end.next_multiple_of(variable.alignment);
            parameters.push(Self { name: variable.name, offset, n_bytes });
            end = offset + n_bytes;
        }
        Ok(parameters)
    }
}

impl<'p> Variable<'p> {
    /// `.shared .align 8 .b8 name[32];`
    fn parse(text: &'p str) -> Result<Self> {
        let text = text.trim_end_matches([';', ' ', '\t', '\r']);
        let (words, name) = text.rsplit_once(char::is_whitespace).ok_or("a variable")?;
        Self::parse_words(words, name)
    }

    fn parse_words(words: &str, name: &'p str) -> Result<Self> {
        let words: Vec<&str> = words.split_whitespace().collect();
        let element =
            words.iter().filter_map(|word| Type::named(word.strip_prefix('.')?)).next_back();
        let element = element.ok_or_else(|| format!("no type of `{name}`"))?;
        let aligned =
            words.iter().position(|&word| word == ".align").map(|at| words[at + 1].parse());
        let (name, n) = match name.split_once('[') {
            None => (name, Some(1)),
            Some((name, "]")) => (name, None),
            Some((name, n)) => (name, Some(n.trim_end_matches(']').parse::<usize>()?)),
        };
        Ok(Self {
            name,
            is_shared: words[0] == ".shared",
            alignment: aligned.transpose()?.unwrap_or(element.n_bytes),
            n_bytes: n.map(|n| n * element.n_bytes),
        })
    }
}

/// The statements of a body, up to the brace that closes it.
fn statements(body: &str, first_line: usize) -> Result<Vec<Statement<'_>>> {
    let (mut statements, mut depth, mut at) = (Vec::new(), 1, 0);
    let (mut line, mut counted) = (first_line, 0);
    loop {
        at += body[at..].find(|c: char| !c.is_whitespace()).ok_or("a body without an end")?;
        let rest = &body[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').ok_or("a body without an end")?;
        } else if rest.starts_with('{') {
            statements.push(Statement::Open);
            depth += 1;
            at += 1;
        } else if rest.starts_with('}') {
            depth -= 1;
            if depth == 0 {
                return Ok(statements);
            }
            statements.push(Statement::Close);
            at += 1;
        } else {
            let end = rest.find([';', ':']).ok_or("a statement without an end")?;
            let is_label = rest[end..].starts_with(':') && !rest[end..].starts_with("::");
            if is_label {
                statements.push(Statement::Label(rest[..end].trim()));
                at += end + 1;
                continue;
            }
            let end = rest.find(';').ok_or("a statement without an end")?;
            line += body[counted..at].matches('\n').count();
            counted = at;
            statements.extend(statement(rest[..end].trim(), line)?);
            at += end + 1;
        }
    }
}

fn statement(text: &str, line: usize) -> Result<Option<Statement<'_>>> {
    if let Some(declared) = text.strip_prefix(".reg .") {
        let (kind, names) =
            declared.split_once(char::is_whitespace).ok_or("registers of no type")?;
        let kind = Type::named(kind).ok_or_else(|| format!("registers of type {kind}"))?;
        let names = names.split(',').map(|name| match name.trim().split_once('<') {
            None => Ok((name.trim(), None)),
            Some((name, n)) => Ok((name, Some(n.trim_end_matches('>').parse()?))),
        });
        return Ok(Some(Statement::Registers(kind, names.collect::<Result<_>>()?)));
    }
    if text.starts_with(".shared") || text.starts_with(".local") {
        return Variable::parse(text).map(|variable| Some(Statement::Variable(variable)));
    }
    // Hints for the assembler and the debugger.
    if text.is_empty() || text.starts_with(".pragma") || text.starts_with(".loc") {
        return Ok(None);
    }
    Ok(Some(Statement::Instruction(Instruction::parse(text, line))))
}
