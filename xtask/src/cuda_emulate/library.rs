//! The library that stands in for the kernels: nvcc's host code, the translated kernels and the runtime.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{panic, thread};

use super::translate::translate;
use crate::cuda::Toolkit;
use crate::run::{Result, cargo, command, fingerprint, host, root};

/// Files of kernels, the slowest to compile first. `device` has none.
const MODULES: [&str; 5] = ["rank", "ops", "read", "count", "device"];
pub(super) const KERNELS: &str = "crates/metrics-cuda/kernels";
const RUNTIME: &str = "crates/metrics-cuda/emulator";
const NAME: &str = "tensor_metrics_emulated";

/// The library for an architecture.
#[derive(Debug)]
pub(super) struct Library {
    folder: PathBuf,
    /// Of all that it was made of.
    fingerprint: u64,
}

impl Library {
    /// Builds the library; what has not changed since the last time is left as it is.
    pub(super) fn build(architecture: u32) -> Result<Self> {
        Self::of(&root().join(KERNELS), &architecture.to_string(), architecture, None)
    }

    /// Builds the library of kernels in a folder, in a folder of this name; every file of kernels includes the one named.
    pub(super) fn of(
        kernels: &Path,
        name: &str,
        architecture: u32,
        included: Option<&'static str>,
    ) -> Result<Self> {
        let build = Build::new(Toolkit::set_up()?, kernels, name, architecture, included)?;
        let objects = build.objects()?;
        let library = build.folder.join(format!("lib{NAME}.a"));
        let _ = fs::remove_file(&library);
        quietly(command("ar", &["crs"]).arg(&library).args(&objects))?;
        let contents = objects.iter().map(fs::read).collect::<std::io::Result<Vec<_>>>()?;
        Ok(Self { folder: build.folder, fingerprint: fingerprint(&contents.concat()) })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The PTX of the files that have kernels, by their names.
    pub(super) fn ptx(&self) -> Result<Vec<(&'static str, PathBuf)>> {
        let mut files = Vec::new();
        for name in MODULES {
            let at = self.folder.join(format!("{name}.ptx"));
            if fs::read_to_string(&at)?.contains(".entry") {
                files.push((name, at));
            }
        }
        Ok(files)
    }

    /// A cargo command that links this library where the build script of `metrics-cuda` would have its own compiled.
    pub(super) fn cargo(&self, args: &[&str]) -> Result<Command> {
        let (folder, fingerprint) = (self.folder.display(), self.fingerprint);
        let mut command = cargo(args);
        for (key, value) in [
            ("rustc-link-search", format!("[\"native={folder}\"]")),
            ("rustc-link-lib", format!("[\"static:+whole-archive={NAME}\", \"stdc++\"]")),
            ("rustc-cfg", "[\"emulated\"]".into()),
            // Cargo looks at none of the library's files: another number has the tests linked again.
            ("rustc-env.EMULATED", format!("\"{fingerprint:x}\"")),
        ] {
            let key = format!("target.{}.tensor_metrics_cuda.{key}", host()?);
            command.arg("--config").arg(format!("{key}={value}"));
        }
        Ok(command)
    }
}

/// A build in a folder of its own.
struct Build {
    toolkit: Toolkit,
    architecture: u32,
    kernels: PathBuf,
    included: Option<&'static str>,
    folder: PathBuf,
    /// Of the headers of the kernels, and of the runtime.
    headers: [u64; 2],
}

impl Build {
    fn new(
        toolkit: Toolkit,
        kernels: &Path,
        name: &str,
        architecture: u32,
        included: Option<&'static str>,
    ) -> Result<Self> {
        let folder = root().join("target/cuda-emulate").join(name);
        fs::create_dir_all(&folder)?;
        let headers = [of_headers(kernels)?, of_headers(&root().join(RUNTIME))?];
        let kernels = kernels.to_path_buf();
        Ok(Self { toolkit, architecture, kernels, included, folder, headers })
    }

    /// Compiles everything, as many files at once as there are processors.
    fn objects(&self) -> Result<Vec<PathBuf>> {
        let runtime = files(&root().join(RUNTIME), &["cpp"])?;
        let host = root().join(KERNELS).join("host.cpp");
        let n_modules = MODULES.len();
        let n = n_modules + 1 + runtime.len();
        let one = |i: usize| match i.checked_sub(n_modules) {
            None => self.module(MODULES[i]),
            Some(0) => Ok(vec![self.cxx(&host, "-O2", self.headers[0])?]),
            Some(i) => Ok(vec![self.cxx(&runtime[i - 1], "-O2", self.headers[1])?]),
        };
        let objects = in_parallel(&Vec::from_iter(0..n), |&i| one(i))?;
        Ok(objects.into_iter().flatten().collect())
    }

    /// The host code of a file of kernels, and its translated kernels.
    fn module(&self, name: &str) -> Result<Vec<PathBuf>> {
        let source = self.kernels.join(format!("{name}.cu"));
        let object = self.folder.join(format!("{name}.host.o"));
        let ptx = self.folder.join(format!("{name}.ptx"));
        let stamp = Stamp::new(&object, &source, self.headers[0])?;
        if !stamp.is_current() {
            println!("nvcc {name}.cu");
            // Beside the object nvcc leaves the PTX.
            let keep = self.folder.join(format!("{name}.keep"));
            fs::create_dir_all(&keep)?;
            let mut nvcc = Command::new(self.toolkit.nvcc());
            nvcc.args(["-std=c++17", "-O3", "-Xcompiler", "-fPIC", "-c"])
                .arg(format!("-arch=compute_{}", self.architecture))
                .arg("--keep")
                .arg("--keep-dir")
                .arg(&keep)
                .arg("-o")
                .arg(&object)
                .arg(&source);
            if let Some(included) = self.included {
                nvcc.arg("-include").arg(self.kernels.join(included));
            }
            quietly(&mut nvcc)?;
            fs::copy(keep.join(format!("{name}.ptx")), &ptx)?;
            fs::remove_dir_all(&keep)?;
            stamp.write()?;
        }
        let text = fs::read_to_string(&ptx)?;
        if !text.contains(".entry") {
            return Ok(vec![object]);
        }
        let translated = self.folder.join(format!("{name}.cpp"));
        fs::write(&translated, translate(&text, name)?)?;
        Ok(vec![object, self.cxx(&translated, "-O1", self.headers[1])?])
    }

    fn cxx(&self, source: &Path, level: &str, headers: u64) -> Result<PathBuf> {
        let stem = source.file_stem().unwrap_or_default().to_string_lossy();
        let object = self.folder.join(format!("{stem}.o"));
        let stamp = Stamp::new(&object, source, headers)?;
        if !stamp.is_current() {
            println!("c++ {stem}.cpp");
            // What is translated has labels and variables that nothing uses.
            let warnings: &[&str] =
                if source.starts_with(&self.folder) { &["-w"] } else { &["-Wall", "-Wextra"] };
            let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
            let include = root().join(RUNTIME);
            quietly(
                Command::new(compiler)
                    .args(["-std=c++17", "-fPIC", level])
                    .args(warnings)
                    .arg("-I")
                    .arg(include)
                    .arg("-c")
                    .arg("-o")
                    .arg(&object)
                    .arg(source),
            )?;
            stamp.write()?;
        }
        Ok(object)
    }
}

/// What an object was made of, in a file beside it.
struct Stamp {
    at: PathBuf,
    text: String,
    object: PathBuf,
}

impl Stamp {
    fn new(object: &Path, source: &Path, headers: u64) -> Result<Self> {
        let own = fingerprint(&fs::read(source)?);
        let text = format!("{own:016x} {headers:016x}\n");
        let object = object.to_path_buf();
        Ok(Self { at: object.with_extension("stamp"), text, object })
    }

    fn is_current(&self) -> bool {
        self.object.exists() && fs::read_to_string(&self.at).is_ok_and(|text| text == self.text)
    }

    fn write(&self) -> Result<()> {
        Ok(fs::write(&self.at, &self.text)?)
    }
}

fn of_headers(folder: &Path) -> Result<u64> {
    let contents =
        files(folder, &["h", "cuh"])?.iter().map(fs::read).collect::<std::io::Result<Vec<_>>>()?;
    Ok(fingerprint(&contents.concat()))
}

/// The files of a folder with these endings, in order.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut files = entries.collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| endings.iter().any(|ending| file.extension() == Some(OsStr::new(ending))));
    files.sort();
    Ok(files)
}

/// Calls a function of every item, on as many threads as there are processors.
pub(super) fn in_parallel<I: Sync, T: Send>(
    items: &[I],
    call: impl Fn(&I) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(i) else { return Ok::<_, String>(done) };
            match call(item) {
                Ok(one) => done.push((i, one)),
                Err(error) => {
                    // The other threads begin nothing more.
                    next.store(items.len(), Ordering::Relaxed);
                    return Err(error.to_string());
                }
            }
        }
    };
    let n_threads = thread::available_parallelism()?.get();
    let parts = thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        let ended = threads.into_iter().map(|thread| match thread.join() {
            Ok(part) => part,
            Err(panic) => panic::resume_unwind(panic),
        });
        ended.collect::<std::result::Result<Vec<_>, _>>()
    })?;
    let mut all: Vec<_> = parts.into_iter().flatten().collect();
    all.sort_by_key(|&(i, _)| i);
    Ok(all.into_iter().map(|(_, one)| one).collect())
}

/// Runs a compiler; shows what it says only if it fails.
fn quietly(command: &mut Command) -> Result<()> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}\n{text}", output.status).into())
}
