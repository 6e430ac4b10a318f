//! Says what to do where there is no libtorch, before tch does. Build scripts fail by panicking: cargo
//! shows the text.

use std::env;
use std::path::Path;

fn main() {
    for variable in ["LIBTORCH", "LIBTORCH_USE_PYTORCH"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    if env::var_os("LIBTORCH_USE_PYTORCH").is_some() || Path::new("/usr/lib/libtorch.so").exists() {
        return;
    }
    match env::var_os("LIBTORCH") {
        Some(libtorch) if Path::new(&libtorch).join("lib").exists() => {}
        Some(libtorch) => panic!(
            "LIBTORCH is {libtorch:?}, which has no folder lib: metrics-tch needs libtorch. \
             `cargo xtask libtorch` in the workspace of tensor-metrics fetches one."
        ),
        None => panic!(
            "metrics-tch needs libtorch 2.11. `cargo xtask libtorch` in the workspace of \
             tensor-metrics fetches one; or set LIBTORCH to the folder of your own, or \
             LIBTORCH_USE_PYTORCH=1 for that of your Python."
        ),
    }
}
