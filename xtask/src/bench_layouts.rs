//! `cargo xtask bench-layouts`: what it costs that a tensor does not lie row by row.

use crate::run::{Result, cargo, command, root, run};

/// Cells of a tensor, if nothing else is said.
const CELLS: &str = "10000000";

/// Prints times over tensors of other layouts than row by row, over that of the same cells row by row, on
/// ndarray and candle. `args`: none, or `--n` and a number of cells.
pub(crate) fn measure(args: &[&str]) -> Result<()> {
    let n_cells = match args {
        [] => CELLS,
        ["--n", n] => n,
        _ => return Err("usage: cargo xtask bench-layouts [--n CELLS]".into()),
    };
    let build = ["build", "--release", "-p", "metrics-benches", "--features", "candle"];
    run(cargo(&build).args(["--bin", "layouts"]))?;
    let program = root().join("target/release/layouts").to_string_lossy().into_owned();
    run(&mut command(&program, &[n_cells]))
}
