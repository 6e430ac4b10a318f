//! The measurements of the GPU pack: the time of each metric on a CUDA device, and a lower bound.
//!
//! Prints one line for each case: its name, the median seconds between two events on the stream, the
//! value, and the bytes that a single pass over the input moves. `time_torch.py` prints the same cases
//! on the same numbers. With `--probe` the program only prints the number of devices.

use std::error::Error;

use candle_core::cuda_backend::cudarc::driver::sys::CUevent_flags;
use candle_core::{CudaDevice, DType, Device, Tensor};
use metrics_candle::{Auc, Auprc, BinaryAuprc, Readings, binary_auprc};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Inputs that the calls use in turn, so that no input is found in a cache.
const N_INPUTS: u64 = 3;
const N_CALLS: usize = 15;

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("--probe") {
        println!("{} CUDA devices", metrics_cuda::device_count()?);
        return Ok(());
    }
    let device = Device::new_cuda(0)?;
    let cuda = device.as_cuda_device()?.clone();
    println!("copy_gb_per_s {}", copy_bandwidth(&device, &cuda)?);
    for n in [1_000, 100_000, 1_000_000, 10_000_000, 100_000_000] {
        let inputs = inputs(&device, DType::F32, 1, n)?;
        measure(&cuda, &format!("auprc_f32_{n}"), 5.0, n, &inputs, |x, y| Ok(binary_auprc(x, y)?))?;
    }
    let n = 100_000_000;
    let halves = inputs(&device, DType::BF16, 1, n)?;
    measure(&cuda, "auprc_bf16_100000000", 3.0, n, &halves, |x, y| Ok(binary_auprc(x, y)?))?;
    drop(halves);
    let tasks = inputs(&device, DType::F32, 1_000, 100_000)?;
    measure(&cuda, "auprc_f32_1000x100000", 5.0, n, &tasks, |x, y| {
        Ok(Auprc.tasks(x, y)?.iter().sum())
    })?;
    drop(tasks);
    let inputs = inputs(&device, DType::F32, 1, n)?;
    let mut auc = Auc::default();
    measure(&cuda, "auc_update_f32_100000000", 5.0, n, &inputs, |x, y| {
        auc.update(x, y)?;
        Ok(0.0)
    })?;
    println!("auc_value {}", auc.compute()?);
    measure(&cuda, "auprc_update_compute_f32_100000000", 5.0, n, &inputs, |x, y| {
        let mut auprc = BinaryAuprc::new();
        auprc.update(x, y)?;
        Ok(auprc.compute()?)
    })
}

/// Uniform scores, and targets that are 1 with the probability that the score gives. Both depend only
/// on 24 and 16 bits of the hashed position, so that programs in other languages can make them too.
fn inputs(device: &Device, dtype: DType, n_tasks: usize, n: usize) -> Result<Vec<[Tensor; 2]>> {
    (0..N_INPUTS)
        .map(|seed| {
            let hash = |i: usize| {
                let x = (i as u64 + (seed << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let x = (x ^ (x >> 32)).wrapping_mul(0x94d0_49bb_1331_11eb);
                x ^ (x >> 32)
            };
            let total = n_tasks * n;
            let score = |i| (hash(i) >> 40) as f32 / (1 << 24) as f32;
            let scores: Vec<f32> = (0..total).map(score).collect();
            let target = |i| u8::from((hash(i) & 0xffff) as f32 / (1 << 16) as f32 <= score(i));
            let targets: Vec<u8> = (0..total).map(target).collect();
            let shape: &[usize] = if n_tasks == 1 { &[n] } else { &[n_tasks, n] };
            Ok([
                Tensor::from_vec(scores, shape, device)?.to_dtype(dtype)?,
                Tensor::from_vec(targets, shape, device)?,
            ])
        })
        .collect()
}

fn measure(
    cuda: &CudaDevice,
    name: &str,
    bytes: f64,
    n: usize,
    inputs: &[[Tensor; 2]],
    mut metric: impl FnMut(&Tensor, &Tensor) -> Result<f64>,
) -> Result<()> {
    let stream = cuda.cuda_stream();
    let mut value = 0.0;
    let mut times = Vec::new();
    for call in 0..N_CALLS + inputs.len() {
        let [scores, targets] = &inputs[call % inputs.len()];
        let start = stream.record_event(Some(CUevent_flags::CU_EVENT_DEFAULT))?;
        let given = metric(scores, targets)?;
        let end = stream.record_event(Some(CUevent_flags::CU_EVENT_DEFAULT))?;
        end.synchronize()?;
        if call % inputs.len() == 0 {
            value = given;
        }
        // The first round warms up.
        if call >= inputs.len() {
            times.push(f64::from(start.elapsed_ms(&end)?) / 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    println!("{name} {} {value} {}", times[times.len() / 2], bytes * n as f64);
    Ok(())
}

/// Gigabytes a second that a copy on the device reads and writes.
fn copy_bandwidth(device: &Device, cuda: &CudaDevice) -> Result<f64> {
    let n = 1usize << 30;
    let from = Tensor::zeros(n, DType::U8, device)?;
    let stream = cuda.cuda_stream();
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = stream.record_event(Some(CUevent_flags::CU_EVENT_DEFAULT))?;
        let copy = from.copy()?;
        let end = stream.record_event(Some(CUevent_flags::CU_EVENT_DEFAULT))?;
        end.synchronize()?;
        best = best.min(f64::from(start.elapsed_ms(&end)?) / 1e3);
        drop(copy);
    }
    Ok(2.0 * n as f64 / best / 1e9)
}
