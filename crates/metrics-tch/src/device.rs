//! Which device there is.

#![allow(unsafe_code)]

use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use tch::Device;

/// Loads libtorch's CUDA half, if this machine has it; whether it is loaded. Must come before the
/// first use of CUDA.
///
/// Nothing in a Rust program refers to that library, so linkers leave it out even where it is asked
/// for, and libtorch then sees no device. Loaded at run time, it makes one program serve machines with
/// and without CUDA.
pub fn load_cuda() -> bool {
    static LOADED: OnceLock<Option<Library>> = OnceLock::new();
    LOADED
        .get_or_init(|| {
            // SAFETY: libtorch's own library, whose initialisers register its kernels and no more.
            unsafe { Library::open(Some("libtorch_cuda.so"), RTLD_NOW | RTLD_GLOBAL) }.ok()
        })
        .is_some()
}

/// The first CUDA device if there is one and libtorch's CUDA half is there, else the CPU.
pub fn best_device() -> Device {
    if load_cuda() { Device::cuda_if_available() } else { Device::Cpu }
}
