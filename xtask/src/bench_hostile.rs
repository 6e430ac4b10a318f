//! `cargo xtask bench-hostile`: the cost of input made to be slow or large.

use crate::run::{Result, cargo, command, root, run};

/// Default number of samples of a distribution.
const SAMPLES: &str = "1000000";

/// Prints processor times of hostile distributions over those of uniform scores, of merging loaded states,
/// and of reading states. `args`: none, or `--n` and a number of samples.
pub(crate) fn measure(args: &[&str]) -> Result<()> {
    let n_samples = match args {
        [] => SAMPLES,
        ["--n", n] => n,
        _ => return Err("usage: cargo xtask bench-hostile [--n SAMPLES]".into()),
    };
    run(&mut cargo(&["build", "--release", "-p", "metrics-benches", "--bin", "hostile"]))?;
    let program = root().join("target/release/hostile").to_string_lossy().into_owned();
    for args in [&["speed", n_samples][..], &["merge"], &["decode"]] {
        run(command(&program, args).env("RAYON_NUM_THREADS", "1"))?;
    }
    Ok(())
}
