//! Compiles the kernels with nvcc, and for the tests what of them also runs on the host. Build scripts
//! fail by panicking: cargo shows the text.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const KERNELS: [&str; 5] = ["count", "device", "ops", "rank", "read"];

/// Where toolkits keep their libraries.
const LIBRARIES: [&str; 3] = ["lib64", "lib", "targets/x86_64-linux/lib"];

fn main() {
    println!("cargo::rerun-if-changed=kernels");
    for variable in ["NVCC", "CUDA_HOME", "CUDA_PATH", "CUDA_COMPUTE_CAP"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let has_kernels = env::var_os("CARGO_FEATURE_KERNELS").is_some();
    host(has_kernels);
    if has_kernels {
        kernels();
    }
}

/// The arithmetic of the kernels as C++, and a device of plain loops where there are no kernels.
fn host(has_kernels: bool) {
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .warnings(true)
        .file("kernels/host.cpp")
        .files((!has_kernels).then_some("kernels/simulated.cpp"))
        .compile("tensor_metrics_cuda_host");
}

fn kernels() {
    let root = toolkit();
    let nvcc = env::var_os("NVCC").map_or_else(
        || root.as_ref().map_or_else(|| PathBuf::from("nvcc"), |root| root.join("bin/nvcc")),
        PathBuf::from,
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let object = |name: &str| out.join(format!("{name}.o"));
    let architectures = architectures(&nvcc);
    // Each takes a while and most of one core.
    std::thread::scope(|scope| {
        for name in KERNELS {
            let mut compile = Command::new(&nvcc);
            compile.args(["-std=c++17", "-O3", "-Xcompiler", "-fPIC", "-c", "-o"]);
            compile.arg(object(name)).arg(format!("kernels/{name}.cu"));
            compile.args(architectures.iter().flat_map(|one| ["-gencode", one]));
            scope.spawn(move || run(&mut compile));
        }
    });
    let library = out.join("libtensor_metrics_cuda.a");
    run(Command::new(&nvcc).args(["--lib", "-o"]).arg(library).args(KERNELS.map(object)));
    println!("cargo::rustc-link-search=native={}", out.display());
    println!("cargo::rustc-link-lib=static=tensor_metrics_cuda");
    for lib in root.iter().flat_map(|root| LIBRARIES.map(|lib| root.join(lib))) {
        if lib.join("libcudart_static.a").exists() {
            println!("cargo::rustc-link-search=native={}", lib.display());
            break;
        }
    }
    // The CUDA runtime, and what it asks of the system.
    println!("cargo::rustc-link-lib=static=cudart_static");
    for library in ["dl", "rt", "pthread", "stdc++"] {
        println!("cargo::rustc-link-lib={library}");
    }
}

fn run(command: &mut Command) {
    let text = match command.output() {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    panic!(
        "{command:?} failed: {text}\n\
         The feature `kernels` of metrics-cuda (`cuda` of the crates above it) needs nvcc from a \
         CUDA 12 or 13 toolkit: put it on PATH, or set CUDA_HOME or NVCC."
    );
}

/// Root of the CUDA toolkit, if one is named or lies in the usual place.
fn toolkit() -> Option<PathBuf> {
    ["CUDA_HOME", "CUDA_PATH"]
        .into_iter()
        .filter_map(env::var_os)
        .map(PathBuf::from)
        .chain([PathBuf::from("/usr/local/cuda")])
        .find(|root| Path::new(root).join("include/cuda_runtime.h").exists())
}

/// Compute capabilities that machine code is made for, as far as nvcc knows them: Ampere, Hopper and both
/// Blackwells.
const CAPABILITIES: [u32; 4] = [80, 90, 100, 120];

/// Machine code for the device asked for through `CUDA_COMPUTE_CAP` (say 90), by default for those of
/// [`CAPABILITIES`]; and PTX, which the driver compiles for what is newer.
fn architectures(nvcc: &Path) -> Vec<String> {
    let asked = env::var("CUDA_COMPUTE_CAP").unwrap_or_default().replace('.', "");
    let number = |text: &str| {
        text.trim().parse().unwrap_or_else(|_| panic!("CUDA_COMPUTE_CAP: {text:?} is no number"))
    };
    let capabilities: Vec<u32> =
        if asked.is_empty() { known_to(nvcc) } else { asked.split(',').map(number).collect() };
    let newest = capabilities.iter().max().copied().unwrap_or(90);
    capabilities
        .iter()
        .map(|capability| format!("arch=compute_{capability},code=sm_{capability}"))
        .chain([format!("arch=compute_{newest},code=compute_{newest}")])
        .collect()
}

/// The capabilities that a compiler knows: Blackwell is new in CUDA 12.8.
fn known_to(nvcc: &Path) -> Vec<u32> {
    let listed = Command::new(nvcc).arg("--list-gpu-arch").output();
    let listed = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let listed = listed.unwrap_or_default();
    let known: Vec<u32> = listed
        .lines()
        .filter_map(|line| line.trim().strip_prefix("compute_")?.parse().ok())
        .collect();
    let known: Vec<u32> = CAPABILITIES.into_iter().filter(|one| known.contains(one)).collect();
    // A compiler that lists nothing says below what is wrong with it.
    if known.is_empty() { vec![80, 90] } else { known }
}
