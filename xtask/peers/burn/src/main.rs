//! burn-train's half of `cargo xtask bench-peers`.
//!
//! `beside-burn FOLDER < CASES`, with cases and data as `beside-peers` writes them, prints one line a
//! measurement: the case, who was measured, the median seconds of a call, and the value.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use burn_core::data::dataloader::Progress;
use burn_core::tensor::{Bool, Device, Tensor, TensorData};
use burn_train::metric::{
    AucPrMetric, AurocMetric, ConfusionStatsInput, Metric, MetricMetadata, Numeric, NumericEntry,
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: beside-burn FOLDER < CASES")?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let fields: Vec<_> = line.split('\t').collect();
        let [name, "1", "float32", metric] = fields[..] else { continue };
        let input = read(Path::new(&folder), name)?;
        match metric {
            "auprc" => measure(name, || value(AucPrMetric::binary(), &input))?,
            "auroc" => measure(name, || value(AurocMetric::binary(), &input))?,
            _ => {}
        }
    }
    Ok(())
}

fn read(folder: &Path, name: &str) -> Result<ConfusionStatsInput, Box<dyn Error>> {
    let scores = std::fs::read(folder.join(format!("{name}.scores")))?;
    let scores: Vec<_> = scores.as_chunks().0.iter().map(|&x| f32::from_le_bytes(x)).collect();
    let targets = std::fs::read(folder.join(format!("{name}.targets")))?;
    let targets: Vec<_> = targets.into_iter().map(|y| y == 1).collect();
    let (shape, device) = ([scores.len(), 1], Device::default());
    let scores = Tensor::<2>::from_data(TensorData::new(scores, shape), &device);
    let targets = Tensor::<2, Bool>::from_data(TensorData::new(targets, shape), &device);
    Ok(ConfusionStatsInput::new(scores, targets))
}

fn value(
    mut metric: impl Metric<Input = ConfusionStatsInput> + Numeric,
    input: &ConfusionStatsInput,
) -> Result<f64, Box<dyn Error>> {
    let progress = Progress { items_processed: 1, items_total: 1, unit: None };
    metric.update(input, &MetricMetadata { progress, iteration: None, lr: None })?;
    metric.compute()?;
    match metric.final_value() {
        NumericEntry::Value(percent) => Ok(percent / 100.0),
        other => Err(format!("not a value: {other:?}").into()),
    }
}

fn measure(
    name: &str,
    mut call: impl FnMut() -> Result<f64, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let value = call()?;
    let mut seconds = Vec::new();
    while seconds.is_empty()
        || seconds.len() < 3 && began.elapsed().as_secs() < 10
        || seconds.len() < 1000 && began.elapsed().as_secs() < 1
    {
        let start = Instant::now();
        black_box(call()?);
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!("{name}\tburn-train\t{}\t{value}", seconds[seconds.len() / 2]);
    Ok(())
}
