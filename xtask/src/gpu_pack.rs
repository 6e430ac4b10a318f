//! `cargo xtask gpu-pack`: the CUDA tests and benches, and what they need, in one folder for a machine
//! with a GPU and without Rust or a network.

use std::fs;
use std::path::Path;

use crate::cuda::Toolkit;
use crate::run::{Result, command, executables, root, run};
use crate::{libtorch, peers};

const LIMIT: u64 = 60 << 20;

/// Builds the pack, starts its `run.sh`, and says what is in it.
pub(crate) fn pack() -> Result<()> {
    let toolkit = Toolkit::set_up()?;
    let folder = root().join("target/gpu-pack");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    libtorch::set_up()?;
    let conformance = ["-p", "metrics-conformance", "--features", "cuda,tch"];
    let tests =
        [&["test", "--no-run", "--test", "conformance", "--test", "cuda"], &conformance[..]];
    let kernels = ["test", "--no-run", "-p", "metrics-cuda", "--lib", "--features", "kernels"];
    let benches = ["build", "--release", "-p", "metrics-benches", "--features", "cuda"];
    let mut programs = executables(&mut toolkit.cargo(&tests.concat()))?;
    programs.extend(executables(&mut toolkit.cargo(&kernels))?);
    programs
        .extend(executables(&mut toolkit.cargo(&[&benches[..], &["--bin", "on-cuda"]].concat()))?);
    for (name, program) in &programs {
        let packed = folder.join(if name == "metrics_cuda" { "kernels" } else { name });
        run(command("strip", &["-o"]).arg(&packed).arg(program))?;
    }
    let sources = root().join("xtask/cuda");
    for file in ["run.sh", "time_torch.py", "table.py"] {
        fs::copy(sources.join(file), folder.join(file))?;
    }
    // Pure Python, and not on every machine that has torch.
    let torcheval = peers::package("torcheval")?;
    run(command("cp", &["-r"]).arg(torcheval).arg(folder.join("torcheval")))?;
    let size = size(&folder)?;
    println!("{}: {:.1} MB", folder.display(), size as f64 / 1e6);
    if size > LIMIT {
        return Err(format!("the pack is larger than {} MB", LIMIT >> 20).into());
    }
    println!("run.sh on this machine:");
    let status = command("bash", &[]).arg(folder.join("run.sh")).status()?;
    match status.code() {
        Some(0) => Ok(()),
        // What it says where there is no device: all that can be tried there.
        Some(3) => Ok(()),
        _ => Err(format!("run.sh: {status}").into()),
    }
}

fn size(path: &Path) -> Result<u64> {
    if !path.is_dir() {
        return Ok(fs::symlink_metadata(path)?.len());
    }
    fs::read_dir(path)?.map(|entry| size(&entry?.path())).sum()
}
