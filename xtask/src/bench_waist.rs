//! `cargo xtask bench-waist`: what it costs to read counts, curves and weighted areas, beside AUPRC.

use crate::run::{Result, cargo, command, root, run};

/// Numbers of samples, if nothing else is said.
const SAMPLES: [&str; 3] = ["1000", "1000000", "10000000"];

/// Prints times of counts, curves, weighted areas, states and buckets, over that of AUPRC. `args`: none, or
/// `--n` and a number of samples.
pub(crate) fn measure(args: &[&str]) -> Result<()> {
    let numbers = match args {
        [] => &SAMPLES[..],
        ["--n", n] => &[*n],
        _ => return Err("usage: cargo xtask bench-waist [--n SAMPLES]".into()),
    };
    run(&mut cargo(&["build", "--release", "-p", "metrics-benches", "--bin", "waist"]))?;
    let program = root().join("target/release/waist").to_string_lossy().into_owned();
    numbers.iter().try_for_each(|n| run(&mut command(&program, &[n])))
}
