//! `cargo xtask cuda-check`: everything with the feature `cuda`, compiled and linked, on a machine
//! that need not have a GPU.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::libtorch;
use crate::run::{Result, cargo, command, root, run};
use crate::wheels::{Wheels, link};

/// What is built for the device of the GPU machine, unless the caller names another.
const COMPUTE_CAP: &str = "90";

/// What holds CUDA code, libtorch's tensors included.
const FEATURES: &str = "metrics-benches/cuda,metrics-benches/tch,metrics-conformance/cuda,metrics-conformance/tch,\
                        tensor-metrics/candle,tensor-metrics/cuda,tensor-metrics/tch";

/// A toolkit as NVIDIA publishes it for Python.
const WHEELS: Wheels =
    Wheels { folder: "cuda", requirements: "xtask/cuda/requirements.txt", what: FETCHES };

/// What is fetched, once.
pub(crate) const FETCHES: &str = "a CUDA toolkit, about 700 MB, 1.2 GB on disk";

/// A CUDA toolkit, and what builds with it need.
#[derive(Debug)]
pub(crate) struct Toolkit {
    root: PathBuf,
    /// Where a driver's library lies to link with.
    stubs: PathBuf,
}

/// Compiles the kernels with nvcc, and lints all that calls them.
pub(crate) fn lint() -> Result<String> {
    libtorch::set_up()?;
    let args = ["clippy", "--quiet", "--workspace", "--all-targets", "--features", FEATURES];
    run(Toolkit::set_up()?.cargo(&args).args(["--", "--deny", "warnings"]))?;
    Ok("kernels compiled, what calls them linted".into())
}

/// All that can be checked without a GPU: [`lint`], and the tests linked.
pub(crate) fn check() -> Result<String> {
    lint()?;
    let tests = ["test", "--no-run", "-p", "metrics-conformance", "--test", "cuda"];
    run(Toolkit::set_up()?.cargo(&tests).args(["--features", "metrics-conformance/cuda"]))?;
    Ok("kernels compiled, everything linted, tests linked".into())
}

impl Toolkit {
    /// The toolkit that `CUDA_HOME` names, or one made of NVIDIA's Python wheels in `target/cuda`.
    pub(crate) fn set_up() -> Result<Self> {
        if let Some(named) = std::env::var_os("CUDA_HOME") {
            let root = PathBuf::from(named);
            let stubs = root.join("lib64/stubs");
            return Ok(Self { root, stubs });
        }
        WHEELS.install(|| Self::of_wheels()?.complete())?;
        Self::of_wheels()
    }

    /// The folder in which the wheels put a toolkit.
    fn of_wheels() -> Result<Self> {
        let root = WHEELS.site_packages()?.join("nvidia/cu13");
        let stubs = root.join("lib/stubs");
        Ok(Self { root, stubs })
    }

    /// Adds what toolkits have and wheels have not: names without versions, `lib64`, and a library of
    /// the driver's to link with.
    fn complete(&self) -> Result<()> {
        let lib = self.root.join("lib");
        link(Path::new("lib"), &self.root.join("lib64"))?;
        for entry in fs::read_dir(&lib)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if let Some((stem, _)) =
                name.split_once(".so.").filter(|(stem, _)| !stem.contains(".alt"))
            {
                link(Path::new(&name), &lib.join(format!("{stem}.so")))?;
            }
        }
        fs::create_dir_all(&self.stubs)?;
        let source = self.stubs.join("cuda.c");
        fs::write(&source, self.stub_of_the_driver()?)?;
        let library = self.stubs.join("libcuda.so");
        let flags = ["-shared", "-fPIC", "-w", "-Wl,-soname,libcuda.so.1", "-o"];
        run(command("cc", &flags).arg(&library).arg(&source))?;
        link(Path::new("libcuda.so"), &self.stubs.join("libcuda.so.1"))
    }

    /// Every function that the driver's header names, returning `CUDA_ERROR_STUB_LIBRARY`.
    fn stub_of_the_driver(&self) -> Result<String> {
        let header = fs::read_to_string(self.root.join("include/cuda.h"))?;
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut names: Vec<_> = header
            .split(|c| !is_part(c))
            .filter(|word| word.len() > 2 && word.starts_with("cu"))
            .filter(|word| word.as_bytes()[2].is_ascii_uppercase())
            .chain(["cuProfilerStart", "cuProfilerStop"])
            .collect();
        names.sort_unstable();
        names.dedup();
        Ok(names.iter().map(|name| format!("int {name}(void) {{ return 34; }}\n")).collect())
    }

    /// The compiler itself.
    pub(crate) fn nvcc(&self) -> PathBuf {
        self.root.join("bin/nvcc")
    }

    /// The assembler.
    pub(crate) fn ptxas(&self) -> PathBuf {
        self.root.join("bin/ptxas")
    }

    /// A cargo command that builds with this toolkit.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = cargo(args);
        let nvcc = root().join("xtask/cuda/nvcc.sh");
        for variable in ["CUDA_HOME", "CUDA_PATH", "CUDA_ROOT", "CUDA_TOOLKIT_ROOT_DIR"] {
            command.env(variable, &self.root);
        }
        command
            .env("NVCC", nvcc)
            .env("REAL_NVCC", self.nvcc())
            .env("CUDARC_CUDA_VERSION", "13000")
            .env("CUDA_COMPUTE_CAP", compute_cap())
            .env("LIBRARY_PATH", joined(&[self.root.join("lib"), self.stubs.clone()]));
        command
    }
}

fn compute_cap() -> String {
    std::env::var("CUDA_COMPUTE_CAP").unwrap_or_else(|_| COMPUTE_CAP.into())
}

fn joined(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.to_string_lossy()).collect::<Vec<_>>().join(":")
}
