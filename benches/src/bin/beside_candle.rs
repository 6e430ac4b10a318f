//! One measurement of `cargo xtask compare-candle`, in a process of its own: average precision of n
//! candle scores, computed by this library or composed of candle's own operations.
//!
//! Prints the median seconds of a call, the peak memory of the first call in bytes, and the value. The
//! peak excludes the memory in use before the call.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use metrics_benches::{Scores, batch, peak};
use metrics_candle::Candle;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, who, n] = &args[..] else { return Err("usage: beside-candle ours|candle N".into()) };
    let n: usize = n.parse()?;
    let (scores, targets) = batch(&Candle::cpu(), Scores::Uniform, 0.5, 1, n);
    let (scores, targets) = (scores.0.flatten_all()?, targets.0.flatten_all()?);
    let auprc = match who.as_str() {
        "ours" => ours,
        "candle" => composed,
        _ => return Err("the first argument is `ours` or `candle`".into()),
    };

    let (value, peak) = peak(|| auprc(&scores, &targets))?;
    let value = value?;

    let began = Instant::now();
    let mut seconds = Vec::new();
    while seconds.len() < 3 || seconds.len() < 1000 && began.elapsed().as_secs() < 2 {
        let start = Instant::now();
        black_box(auprc(&scores, &targets)?);
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!("{} {peak} {value}", seconds[seconds.len() / 2]);
    Ok(())
}

fn ours(scores: &Tensor, targets: &Tensor) -> Result<f64, Box<dyn Error>> {
    Ok(metrics_candle::binary_auprc(scores, targets)?)
}

/// Average precision composed of candle's operations: sort, gather, cumulative sum. It ignores ties.
fn composed(scores: &Tensor, targets: &Tensor) -> Result<f64, Box<dyn Error>> {
    let n = scores.elem_count();
    let (_, order) = scores.sort_last_dim(false)?;
    let sorted = targets.gather(&order, 0)?.to_dtype(DType::F32)?;
    let tps = sorted.cumsum(0)?;
    let ranks = Tensor::arange(1u32, n as u32 + 1, &Device::Cpu)?.to_dtype(DType::F32)?;
    let sum = ((tps / ranks)? * &sorted)?.to_dtype(DType::F64)?.sum_all()?;
    let n_positives = sorted.to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()?;
    Ok(sum.to_scalar::<f64>()? / n_positives)
}
