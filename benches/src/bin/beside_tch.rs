//! `cargo xtask compare-tch`: measures average precision of libtorch tensors on the CPU. Compares this
//! library with torcheval's algorithm in libtorch's own operations, on the same tensors in one process.
//! Prints Markdown.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use conformance::torcheval;
use metrics_benches::{Scores, batch};
use metrics_tch::{Tch, binary_auprc};
use tch::{Kind, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    println!("| samples | ours | torcheval's algorithm | ratio | value | torcheval's |");
    println!("|---|---|---|---|---|---|");
    for n in [1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
        let (scores, targets) = batch(&Tch::cpu(), Scores::Uniform, 0.5, 1, n);
        let scores = scores.0.as_ref().reshape([-1]);
        let targets = targets.0.as_ref().reshape([-1]).to_kind(Kind::Int64);
        let (ours, value) = median(&|| Ok(binary_auprc(&scores, &targets)?))?;
        let (theirs, their_value) = median(&|| composed(&scores, &targets))?;
        println!(
            "| {n} | {:.0} µs | {:.0} µs | {:.1} | {value} | {their_value} |",
            ours * 1e6,
            theirs * 1e6,
            theirs / ours
        );
    }
    Ok(())
}

fn composed(scores: &Tensor, targets: &Tensor) -> Result<f64, Box<dyn Error>> {
    Ok(torcheval::binary_auprc(scores, targets)?)
}

/// Median seconds of a call, and the value it returns.
fn median(call: &dyn Fn() -> Result<f64, Box<dyn Error>>) -> Result<(f64, f64), Box<dyn Error>> {
    let value = call()?;
    let began = Instant::now();
    let mut seconds = Vec::new();
    while seconds.len() < 5 || seconds.len() < 1000 && began.elapsed().as_secs() < 2 {
        let start = Instant::now();
        black_box(call()?);
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok((seconds[seconds.len() / 2], value))
}
