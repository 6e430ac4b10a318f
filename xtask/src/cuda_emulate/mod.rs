//! `cargo xtask cuda-emulate`: the CUDA kernels, ours and CUB's, run on this machine without a GPU.
//!
//! nvcc compiles the kernels to PTX, and what launches them to host code. The PTX becomes C++ ([`mod@translate`]), the
//! host code stays as it is, and a runtime of fibers stands below it (`crates/metrics-cuda/emulator`). The tests of
//! `metrics-cuda` are linked with that in place of the build script's library, and each runs in a process of its own.

mod library;
mod machine_code;
mod mutants;
mod summary;
mod tests;
mod translate;

use self::library::Library;
pub(crate) use self::machine_code::Mode;
pub(crate) use self::mutants::check as check_mutants;
use self::summary::Summary;
use self::tests::Tests;
use crate::run::Result;

/// The architecture whose PTX is run, unless all are.
const ARCHITECTURE: u32 = 90;

/// The architectures of the machine code, all made of the same PTX.
const ARCHITECTURES: [u32; 1] = [ARCHITECTURE];

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What CI has time for.
    Step,
    /// All sizes.
    Long,
}

/// A device that is played, as far as the kernels ask for it.
#[derive(Debug, Clone, Copy)]
struct Device {
    name: &'static str,
    architecture: u32,
    settings: &'static [(&'static str, &'static str)],
}

const HOPPER: Device = Device { name: "90", architecture: ARCHITECTURE, settings: &[] };

/// Other devices: older and newer ones, and one with little of everything.
const OTHERS: [Device; 3] = [
    Device {
        name: "80, 163 KiB",
        architecture: 80,
        settings: &[("EMULATOR_SHARED_BYTES", "166912"), ("EMULATOR_PROCESSORS", "108")],
    },
    Device {
        name: "120, 99 KiB, 3 multiprocessors",
        architecture: 120,
        settings: &[("EMULATOR_SHARED_BYTES", "101376"), ("EMULATOR_PROCESSORS", "3")],
    },
    Device {
        name: "90, 64 KiB, 1 multiprocessor, another order",
        architecture: ARCHITECTURE,
        settings: &[
            ("EMULATOR_SHARED_BYTES", "65536"),
            ("EMULATOR_PROCESSORS", "1"),
            ("EMULATOR_SEED", "2"),
        ],
    },
];

/// The step of CI.
pub(crate) fn step() -> Result<String> {
    run(Scope::Step)
}

/// Runs the tests on the device of the GPU machine, and in the long form on others.
pub(crate) fn run(scope: Scope) -> Result<String> {
    let summary = on(&HOPPER, scope)?;
    println!("{}", summary.text());
    summary.check(scope)?;
    let code = machine_code::check(&Library::build(ARCHITECTURE)?, ARCHITECTURE, Mode::Compare)?;
    if scope == Scope::Long {
        for device in &OTHERS {
            println!("device {}: {}", device.name, on(device, Scope::Step)?.text());
        }
        machine_code(Mode::Compare)?;
    }
    Ok(format!("{}; {code}", summary.text()))
}

/// Compares the machine code for all architectures with the table, or writes the table.
pub(crate) fn machine_code(mode: Mode) -> Result<String> {
    let library = Library::build(ARCHITECTURE)?;
    let mut said = String::new();
    for architecture in ARCHITECTURES {
        said = machine_code::check(&library, architecture, mode)?;
        println!("{architecture}: {said}");
    }
    Ok(said)
}

fn on(device: &Device, scope: Scope) -> Result<Summary> {
    println!("device {}", device.name);
    let library = Library::build(device.architecture)?;
    Tests::build(&library)?.run_all(device.settings, scope)
}
