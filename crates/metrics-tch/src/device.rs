//! Loading libtorch's CUDA half, and choosing a device.

#![allow(unsafe_code)]

use std::error::Error as _;
use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use metrics_core::{Backend, Error, Result};
use tch::Device;

use crate::Tch;

const LIBRARY: &str = "libtorch_cuda.so";

/// Loads libtorch's CUDA half. Must come before the first use of CUDA.
///
/// No code of a Rust program refers to that library, so linkers leave it out even if they are told to link
/// it, and libtorch then finds no device. Since it is loaded at run time, one program serves machines with
/// and without CUDA.
///
/// ```
/// use metrics_tch::{Error, load_cuda};
///
/// // Without a libtorch for CUDA, the error says what to do.
/// if let Err(error) = load_cuda() {
///     assert!(matches!(error, Error::Backend { op: "load CUDA", .. }));
///     assert!(error.to_string().contains("LD_LIBRARY_PATH"));
/// }
/// ```
///
/// # Errors
/// [`Error::Backend`] if this machine lacks this library or one that it needs; the error says which, and
/// what to do.
pub fn load_cuda() -> Result<()> {
    static LOADED: OnceLock<std::result::Result<Library, String>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        // SAFETY: libtorch's own library, whose initialisers register its kernels and no more.
        let library = unsafe { Library::open(Some(LIBRARY), RTLD_NOW | RTLD_GLOBAL) };
        // The loader's message is the source of the error.
        library.map_err(|error| error.source().unwrap_or(&error).to_string())
    });
    let Err(reason) = loaded else { return Ok(()) };
    let source = format!(
        "{reason}; this needs a libtorch with CUDA: put the folder of its {LIBRARY} and those of the \
         CUDA libraries on LD_LIBRARY_PATH"
    );
    Err(Error::Backend { backend: Tch::NAME, op: "load CUDA", source: source.into() })
}

/// The first CUDA device if there is one and libtorch's CUDA half is installed, else the CPU. The error of
/// [`load_cuda`] explains a missing CUDA half.
///
/// ```
/// use metrics_tch::{best_device, binary_auroc};
/// use tch::Tensor;
///
/// let device = best_device();
/// let scores = Tensor::from_slice(&[0.2f32, 0.7]).to_device(device);
/// let targets = Tensor::from_slice(&[0i64, 1]).to_device(device);
/// assert_eq!(binary_auroc(&scores, &targets)?, 1.0);
/// # Ok::<(), metrics_core::Error>(())
/// ```
pub fn best_device() -> Device {
    load_cuda().map_or(Device::Cpu, |()| Device::cuda_if_available())
}
