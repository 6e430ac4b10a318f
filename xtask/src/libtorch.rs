//! `cargo xtask libtorch`: a libtorch for the crate `metrics-tch`, out of PyTorch's Python package.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Result, cargo, count_tests, root, run, stdout};
use crate::wheels::{Wheels, link};

/// PyTorch is published with its CUDA half; the CPU's alone is a third of it.
const WHEELS: Wheels =
    Wheels { folder: "libtorch", requirements: "xtask/libtorch/requirements.txt", what: FETCHES };

/// What is fetched, once.
pub(crate) const FETCHES: &str = "libtorch 2.11, about 540 MB, 725 MB on disk";

/// Libraries that programs on the CPU never call.
const CUDA_HALF: [&str; 5] = [
    "libc10_cuda.so",
    "libtorch_cuda.so",
    "libtorch_cuda_linalg.so",
    "libtorch_nvshmem.so",
    "libtorch_python.so",
];

/// Sets libtorch up, once, and tells cargo about it: builds and runs in this workspace then find it.
pub(crate) fn set_up() -> Result<()> {
    WHEELS.install(complete)?;
    println!("libtorch lies in {}", folder().display());
    println!("cargo in this workspace finds it: try `cargo test -p metrics-tch`");
    Ok(())
}

/// Runs the suite on libtorch. Linting what is built with it is left to the step that lints CUDA code,
/// which holds all of it.
pub(crate) fn check() -> Result<String> {
    set_up()?;
    let docs = ["doc", "--quiet", "-p", "metrics-tch", "--no-deps"];
    run(cargo(&docs).env("RUSTDOCFLAGS", "--deny warnings"))?;
    let documented = count_tests(&mut cargo(&["test", "-p", "metrics-tch", "--doc"]))?;
    let suite = ["test", "--quiet", "-p", "metrics-conformance", "--features", "candle,tch"];
    let passed = count_tests(cargo(&suite).args(["--test", "conformance", "--", "tch"]))?;
    // These go over all backends that are on.
    let on_all = count_tests(cargo(&suite).args(["--test", "errors", "--test", "golden"]))?;
    let example = ["run", "--quiet", "-p", "metrics-tch", "--example", "evaluate_model"];
    let printed = stdout(&mut cargo(&example))?;
    print!("{printed}");
    if !printed.lines().last().unwrap_or_default().starts_with("AUPRC of all") {
        return Err("evaluate_model did not reach its end".into());
    }
    Ok(format!(
        "{passed} tests of the suite, {on_all} of errors and golden cases and {documented} of the \
         documentation passed"
    ))
}

/// Prints our times beside libtorch's own operations.
pub(crate) fn compare() -> Result<()> {
    set_up()?;
    let program = ["run", "--release", "-p", "metrics-benches", "--features", "tch"];
    run(cargo(&program).args(["--bin", "beside-tch"]))
}

/// What `LIBTORCH` names: a folder of headers and libraries to link with.
fn folder() -> PathBuf {
    WHEELS.folder().join("for-tch")
}

fn complete() -> Result<()> {
    let torch = WHEELS.site_packages()?.join("torch");
    for library in CUDA_HALF {
        let library = torch.join("lib").join(library);
        if library.exists() {
            fs::remove_file(library)?;
        }
    }
    let lib = folder().join("lib");
    fs::create_dir_all(&lib)?;
    link(&torch.join("include"), &folder().join("include"))?;
    for library in ["libc10.so", "libtorch_cpu.so"] {
        link(&torch.join("lib").join(library), &lib.join(library))?;
    }
    // The package's own libtorch.so names the CUDA half; this one is a script for the linker.
    fs::write(lib.join("libtorch.so"), "INPUT(-ltorch_cpu -lc10)\n")?;
    tell_cargo(&torch.join("lib"))
}

/// A configuration that `.cargo/config.toml` includes where it exists. Programs must find the libraries
/// in their real folder: from there they find those they need themselves.
fn tell_cargo(lib: &Path) -> Result<()> {
    let runner = WHEELS.folder().join("run.sh");
    let script = format!(
        "#!/bin/sh\n\
         export LD_LIBRARY_PATH=\"{}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\n\
         exec \"$@\"\n",
        lib.display()
    );
    fs::write(&runner, script)?;
    let config = format!(
        "# Written by `cargo xtask libtorch`. Your own LIBTORCH goes before this one.\n\
         [env]\n\
         LIBTORCH = {:?}\n\n\
         [target.'cfg(target_os = \"linux\")']\n\
         runner = [\"sh\", {:?}]\n",
        folder(),
        runner
    );
    fs::write(root().join("target/libtorch/cargo.toml"), config)?;
    Ok(())
}
