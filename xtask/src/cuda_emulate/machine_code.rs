//! What the assembler makes of our kernels, beside a table in the repository: registers, spilled bytes, and how many blocks
//! a multiprocessor holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};

use super::library::{Library, in_parallel};
use crate::cuda::Toolkit;
use crate::run::{Result, root};

/// One line a kernel and architecture.
const TABLE: &str = "crates/metrics-cuda/kernels/machine_code.tsv";
const HEAD: &str = "architecture\tregisters\tspilled\tshared\tblocks\tgeneric\tkernel\n";

/// What a multiprocessor has, the same on all architectures of the table.
const REGISTERS: u32 = 65_536;
const BLOCKS: u32 = 32;
/// Registers are given to warps in pieces of so many.
const PIECE: u32 = 256;

/// What to do with the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Compare,
    Bless,
}

/// Of a kernel.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Code {
    registers: u32,
    /// Bytes that are stored and loaded again for want of registers.
    spilled: u32,
    shared: u32,
    /// At once on a multiprocessor, as far as registers and threads allow.
    blocks: u32,
    /// Atomics whose address may be of either memory, which take several times as long in a block's.
    generic: usize,
}

/// Compares the kernels of a library with the lines of its architecture.
pub(super) fn check(library: &Library, architecture: u32, mode: Mode) -> Result<String> {
    let lines = lines(library, architecture)?;
    let at = root().join(TABLE);
    let text = fs::read_to_string(&at).unwrap_or_default();
    let own = format!("{architecture}\t");
    let (stored, others): (BTreeSet<&str>, Vec<&str>) = {
        let (own, others): (Vec<_>, Vec<_>) =
            text.lines().skip(1).partition(|line| line.starts_with(&own));
        (own.into_iter().collect(), others)
    };
    if mode == Mode::Bless {
        let mut all: Vec<String> = others.into_iter().map(str::to_owned).collect();
        all.extend(lines.iter().cloned());
        all.sort();
        fs::write(&at, format!("{HEAD}{}\n", all.join("\n")))?;
        return Ok(format!("{} kernels written to {TABLE}", lines.len()));
    }
    let made: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
    let differing: Vec<_> = stored.symmetric_difference(&made).collect();
    for line in &differing {
        println!("{} {line}", if made.contains(*line) { "now   " } else { "before" });
    }
    if !differing.is_empty() {
        return Err(format!(
            "the machine code for {architecture} is another one than {TABLE} says; \
             `cargo xtask cuda-machine-code --bless` writes it"
        )
        .into());
    }
    Ok(format!("machine code of {} kernels as in {TABLE}", lines.len()))
}

fn lines(library: &Library, architecture: u32) -> Result<Vec<String>> {
    let toolkit = Toolkit::set_up()?;
    let modules = library.ptx()?;
    let parts = in_parallel(&modules, |(_, ptx)| {
        let mut ptxas = Command::new(toolkit.ptxas());
        ptxas.arg("-v").arg(format!("-arch=sm_{architecture}")).arg(ptx).args(["-o", "/dev/null"]);
        let output = ptxas.output().map_err(|error| format!("{ptxas:?}: {error}"))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(format!("{ptxas:?}: {}\n{said}", output.status).into());
        }
        codes(&said, &fs::read_to_string(ptx)?, architecture)
    })?;
    let codes: BTreeMap<String, Code> = parts.into_iter().flatten().collect();
    let names: Vec<&str> = codes.keys().map(String::as_str).collect();
    let mut lines = Vec::new();
    for (name, code) in demangled(&names)?.iter().zip(codes.values()) {
        let Code { registers, spilled, shared, blocks, generic } = code;
        lines.push(format!(
            "{architecture}\t{registers}\t{spilled}\t{shared}\t{blocks}\t{generic}\t{name}"
        ));
    }
    Ok(lines)
}

/// Our kernels, by their names in the PTX.
fn codes(said: &str, ptx: &str, architecture: u32) -> Result<BTreeMap<String, Code>> {
    let number_before = |line: &str, unit: &str| -> u32 {
        let before = line.split(unit).next().unwrap_or_default().trim_end();
        before.rsplit([' ', ',']).next().and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    let mut codes = BTreeMap::new();
    let (mut kernel, mut spilled) = (String::new(), 0);
    for line in said.lines() {
        if let Some((_, rest)) = line.split_once("Compiling entry function '") {
            kernel = rest.split('\'').next().unwrap_or_default().to_owned();
        } else if line.contains(" bytes spill stores") {
            spilled = number_before(line, " bytes spill stores")
                + number_before(line, " bytes spill loads");
        } else if line.contains(" registers") && kernel.starts_with("_ZN7metrics") {
            let registers = number_before(line, " registers");
            let shared =
                if line.contains("bytes smem") { number_before(line, " bytes smem") } else { 0 };
            let (threads, generic) = of_ptx(ptx, &kernel)?;
            let blocks = blocks(registers, threads, architecture);
            codes.insert(kernel.clone(), Code { registers, spilled, shared, blocks, generic });
        }
    }
    Ok(codes)
}

/// Most threads of a block, and generic atomics.
fn of_ptx(ptx: &str, kernel: &str) -> Result<(u32, usize)> {
    let entry = format!(".entry {kernel}(");
    let (_, rest) = ptx.split_once(&entry).ok_or_else(|| format!("no kernel {kernel}"))?;
    let own = rest.split(".entry ").next().unwrap_or(rest);
    let (head, _) = own.split_once('{').ok_or("a kernel without a body")?;
    let threads = head.split_once(".maxntid ").map_or("256", |(_, rest)| rest);
    let threads = threads.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let is_generic = |line: &&str| {
        let word = line.trim_start().trim_start_matches(|c| c != 'a').split_whitespace().next();
        word.is_some_and(|word| {
            word.starts_with("atom.") && !word.contains(".shared") && !word.contains(".global")
        })
    };
    Ok((threads.parse()?, own.lines().filter(is_generic).count()))
}

fn blocks(registers: u32, threads: u32, architecture: u32) -> u32 {
    let of_processor = if architecture == 120 { 1536 } else { 2048 };
    let of_warp = (32 * registers).next_multiple_of(PIECE).max(PIECE);
    let by_registers = REGISTERS / of_warp / threads.div_ceil(32);
    by_registers.min(of_processor / threads).min(BLOCKS)
}

/// The names as they stand in the source, without parameters.
fn demangled(names: &[&str]) -> Result<Vec<String>> {
    let mut filter = Command::new("c++filt");
    filter.arg("-p").args(names).stdin(Stdio::null());
    let text = String::from_utf8(filter.output()?.stdout)?;
    let short = |line: &str| {
        line.trim_start_matches("void ")
            .replace("(metrics::Type)", "type ")
            .replace("metrics::", "")
    };
    Ok(text.lines().map(short).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_and_threads_limit_the_blocks() {
        assert_eq!(blocks(152, 256, 90), 1);
        assert_eq!(blocks(78, 256, 90), 3);
        assert_eq!(blocks(32, 256, 90), 8);
        assert_eq!(blocks(32, 256, 120), 6);
        assert_eq!(blocks(32, 1024, 90), 2);
    }
}
