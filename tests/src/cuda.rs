//! The CUDA device that the tests run on: the first of the machine.

use std::sync::OnceLock;

use candle_core::Device;
use metrics_candle::Candle;

/// The device, made once: candle gives each device it makes a stream and handles of its own.
///
/// # Panics
/// Where there is none: tests of CUDA are not skipped.
pub fn device() -> Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| Device::new_cuda(0).expect("a CUDA device")).clone()
}

/// candle on that device.
pub fn candle() -> Candle {
    Candle::new(device())
}

/// libtorch on the first CUDA device.
///
/// # Panics
/// Where libtorch has no CUDA half.
#[cfg(feature = "tch")]
pub fn tch() -> metrics_tch::Tch {
    metrics_tch::load_cuda().expect("libtorch's CUDA half");
    metrics_tch::Tch::new(tch::Device::Cuda(0))
}
