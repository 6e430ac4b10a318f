//! The C++ function of a kernel: its registers, its variables, and the operands of its instructions.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::ptx::{Instruction, Kernel, Module, Statement, Type, Variable};
use super::{arithmetic, control, memory};
use crate::run::Result;

/// The function of a kernel, as far as it is translated.
#[derive(Debug)]
pub(super) struct Function<'p> {
    pub(super) body: String,
    /// Bytes of shared memory that the kernel always has.
    pub(super) n_static_bytes: usize,
    registers: HashMap<String, Type>,
    /// Addresses of variables: in shared memory, offsets.
    variables: HashMap<&'p str, String>,
    /// Offsets of parameters.
    parameters: HashMap<&'p str, usize>,
}

/// What a thread or a block knows of itself.
const SPECIAL: [(&str, &str); 19] = [
    ("%tid.x", "t.index.x"),
    ("%tid.y", "t.index.y"),
    ("%tid.z", "t.index.z"),
    ("%ntid.x", "t.block->size.x"),
    ("%ntid.y", "t.block->size.y"),
    ("%ntid.z", "t.block->size.z"),
    ("%ctaid.x", "t.block->index.x"),
    ("%ctaid.y", "t.block->index.y"),
    ("%ctaid.z", "t.block->index.z"),
    ("%nctaid.x", "t.block->grid.x"),
    ("%nctaid.y", "t.block->grid.y"),
    ("%nctaid.z", "t.block->grid.z"),
    ("%laneid", "t.lane"),
    ("%envreg0", "emulator_mutant()"),
    ("%lanemask_lt", "((1u << t.lane) - 1)"),
    ("%lanemask_le", "((2u << t.lane) - 1)"),
    ("%lanemask_gt", "~((2u << t.lane) - 1)"),
    ("%lanemask_ge", "~((1u << t.lane) - 1)"),
    ("%lanemask_eq", "(1u << t.lane)"),
];

impl<'p> Function<'p> {
    pub(super) fn translate(kernel: &Kernel<'p>, module: &Module<'p>) -> Result<Self> {
        let parameters = kernel.parameters.iter().map(|one| (one.name, one.offset)).collect();
        let mut function = Self {
            body: "    [[maybe_unused]] unsigned carry = 0;\n".into(),
            n_static_bytes: 0,
            registers: HashMap::new(),
            variables: HashMap::new(),
            parameters,
        };
        let used: Vec<&Variable<'p>> =
            module.shared.iter().filter(|variable| uses(kernel, variable.name)).collect();
        for variable in used {
            function.place(variable);
        }
        let mut depth = 0;
        for statement in &kernel.statements {
            function.statement(statement, &mut depth)?;
        }
        Ok(function)
    }

    fn statement(&mut self, statement: &Statement<'p>, depth: &mut usize) -> Result<()> {
        match statement {
            Statement::Open => {
                *depth += 1;
                self.body += "    {\n";
            }
            Statement::Close => {
                *depth -= 1;
                self.body += "    }\n";
            }
            Statement::Label(label) => writeln!(self.body, "{}:;", label_name(label))?,
            Statement::Registers(kind, names) => self.declare(*kind, names, *depth)?,
            Statement::Variable(variable) => self.place(variable),
            Statement::Instruction(instruction) => self.instruction(instruction)?,
        }
        Ok(())
    }

    fn instruction(&mut self, instruction: &Instruction<'p>) -> Result<()> {
        let line = instruction.line;
        let translated = control::translate(self, instruction)
            .or_else(|| memory::translate(self, instruction))
            .unwrap_or_else(|| arithmetic::translate(self, instruction));
        let translated = translated.map_err(|error| format!("line {line}: {error}"))?;
        match instruction.guard {
            None => writeln!(self.body, "    {translated}")?,
            Some((is_negated, predicate)) => {
                let negation = if is_negated { "!" } else { "" };
                writeln!(self.body, "    if ({negation}{}) {{ {translated} }}", name(predicate))?;
            }
        }
        Ok(())
    }

    /// Registers become variables. Those of the whole function are set to zero: a `goto` may pass over those of
    /// a block only if they have no value.
    fn declare(&mut self, kind: Type, names: &[(&str, Option<usize>)], depth: usize) -> Result<()> {
        for &(stem, n) in names {
            let all: Vec<_> = match n {
                None => vec![stem.to_owned()],
                Some(n) => (0..n).map(|i| format!("{stem}{i}")).collect(),
            };
            let value = if depth == 0 { " = 0" } else { "" };
            let declared: Vec<_> = all.iter().map(|one| format!("{}{value}", name(one))).collect();
            writeln!(self.body, "    {} {};", kind.cxx(), declared.join(", "))?;
            self.registers.extend(all.into_iter().map(|one| (one, kind)));
        }
        Ok(())
    }

    fn place(&mut self, variable: &Variable<'p>) {
        let Variable { name, alignment, .. } = *variable;
        let address = match (variable.is_shared, variable.n_bytes) {
            // It begins where the others end.
            (true, None) => "t.block->dynamic_start".to_owned(),
            (true, Some(n_bytes)) => {
                let start = self.n_static_bytes.next_multiple_of(alignment);
                self.n_static_bytes = start + n_bytes;
                format!("{start}u")
            }
            (false, n_bytes) => {
                let n_bytes = n_bytes.unwrap_or(0);
                self.body += &format!("    alignas({alignment}) char {name}[{n_bytes}];\n");
                format!("uint64_t(&{name}[0])")
            }
        };
        self.variables.insert(name, address);
    }

    /// The offset of a parameter that an address names.
    pub(super) fn parameter(&self, name: &str) -> Option<usize> {
        self.parameters.get(name).copied()
    }

    /// An operand as a value of a type.
    pub(super) fn read(&self, operand: &str, kind: Type) -> Result<String> {
        if let Some((_, special)) = SPECIAL.iter().find(|(name, _)| *name == operand) {
            return Ok(format!("{}({special})", kind.cxx()));
        }
        if let Some(value) = literal(operand, kind) {
            return Ok(value);
        }
        let (negation, register) = match operand.strip_prefix('!') {
            None => ("", operand),
            Some(register) => ("!", register),
        };
        if let Some(&own) = self.registers.get(register) {
            return convert(&format!("{negation}{}", name(register)), own, kind)
                .ok_or_else(|| format!("no translation of `{operand}` as {}", kind.cxx()).into());
        }
        let (symbol, offset) = operand.split_once('+').unwrap_or((operand, "0"));
        if let Some(address) = self.variables.get(symbol) {
            let offset: usize = offset.parse()?;
            let sum = if offset == 0 { address.clone() } else { format!("{address} + {offset}") };
            return Ok(format!("{}({sum})", kind.cxx()));
        }
        if let Some(at) = self.parameter(symbol) {
            let at = at + offset.parse::<usize>()?;
            return Ok(format!("{}(uint64_t(t.parameters + {at}))", kind.cxx()));
        }
        Err(format!("no translation of the operand `{operand}`").into())
    }

    /// The operand of an instruction as a value of a type.
    pub(super) fn value(&self, of: &Instruction<'p>, i: usize, kind: Type) -> Result<String> {
        self.read(of.operand(i)?, kind)
    }

    /// Writes a value of a type to a register, which may be wider. The register `_` drops it.
    pub(super) fn write(&self, register: &str, kind: Type, value: &str) -> Result<String> {
        if register == "_" {
            return Ok(format!("(void)({value});"));
        }
        let own = self.registers.get(register);
        let own = *own.ok_or_else(|| format!("no register `{register}`"))?;
        // The conversion of the type extends it, by its sign if it has one.
        let value = if own.is_integer() && kind.is_integer() {
            format!(
                "{}({})",
                own.cxx(),
                if own == kind { value.into() } else { format!("{}({value})", kind.cxx()) }
            )
        } else {
            let converted = convert(value, kind, own);
            converted.ok_or_else(|| format!("`{register}` cannot hold {}", kind.cxx()))?
        };
        Ok(format!("{} = {value};", name(register)))
    }

    /// An address in brackets: a register or a variable, and an offset.
    pub(super) fn address(&self, operand: &str, is_shared: bool) -> Result<String> {
        let (base, offset) = base_and_offset(operand)?;
        if self.registers.contains_key(base) {
            let width = if is_shared { "uint32_t" } else { "uint64_t" };
            return Ok(format!("({width}({}) + ({offset}))", name(base)));
        }
        let address = self.variables.get(base);
        let address =
            address.ok_or_else(|| format!("no translation of the address `{operand}`"))?;
        Ok(format!("({address} + {offset})"))
    }
}

/// Parts of an address in brackets.
pub(super) fn base_and_offset(operand: &str) -> Result<(&str, i64)> {
    let inner = operand.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or_else(|| format!("no address: `{operand}`"))?;
    match inner.split_once('+') {
        None => Ok((inner.trim(), 0)),
        Some((base, offset)) => Ok((base.trim(), offset.trim().parse()?)),
    }
}

fn uses(kernel: &Kernel<'_>, variable: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    kernel.statements.iter().any(|statement| match statement {
        Statement::Instruction(one) => {
            one.operands.iter().any(|text| text.split(|c| !is_part(c)).any(|word| word == variable))
        }
        _ => false,
    })
}

/// The variable of a register.
fn name(register: &str) -> String {
    register.trim_start_matches('%').replace(['$', '.'], "_")
}

/// The label of a place in the code.
pub(super) fn label_name(label: &str) -> String {
    format!("at_{}", label.replace('$', "_"))
}

/// Bits are kept, between floats and integers too, as PTX does with registers of another type.
fn convert(value: &str, from: Type, to: Type) -> Option<String> {
    let simple = !value.contains(' ');
    let own = if simple { value.to_owned() } else { format!("({value})") };
    if from == to {
        return Some(own);
    }
    match (from, to) {
        (Type::PREDICATE, _) | (_, Type::PREDICATE) => None,
        _ if from.is_float() && to.is_float() => None,
        _ if to.is_float() => {
            let bits = to.bits().cxx();
            Some(format!("from_bits<{}>({bits}({value}))", to.cxx()))
        }
        _ if from.is_float() => Some(format!("{}(to_bits({value}))", to.cxx())),
        _ => Some(format!("{}({value})", to.cxx())),
    }
}

fn literal(operand: &str, kind: Type) -> Option<String> {
    if let Some(bits) = operand.strip_prefix("0d").or(operand.strip_prefix("0D")) {
        return Some(format!("from_bits<double>(uint64_t(0x{bits}u))"));
    }
    if let Some(bits) = operand.strip_prefix("0f").or(operand.strip_prefix("0F")) {
        return Some(format!("from_bits<float>(uint32_t(0x{bits}u))"));
    }
    let digits = operand.trim_end_matches('U');
    let number = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hex) => i128::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    if kind == Type::PREDICATE {
        return Some(format!("{}", number != 0));
    }
    if kind.is_float() {
        return Some(format!("{}({number})", kind.cxx()));
    }
    let bits = number & ((1 << kind.n_bits()) - 1);
    Some(format!("{}({bits}u)", kind.cxx()))
}
