//! Measures metrics that are read off ranked counts, with and without weights, and compares each with AUPRC.
//!
//! `waist SAMPLES` prints the nanoseconds a sample of the fastest call, and the ratio to AUPRC.

use std::error::Error;

use metrics_benches::{Scores, samples, time};
use metrics_core::slice::{Auc, BinaryAuprc};
use metrics_core::{
    Auprc, Auroc, Counts, Curve, Host, PrecisionRecall, RankState, Readings, Result, Roc, ToTensor,
};

/// Batches of the stateful metric.
const BATCHES: usize = 100;

/// Samples of one task.
struct Input<'a, S: ?Sized> {
    dtype: &'static str,
    scores: &'a S,
    targets: &'a [u8],
    weights: &'a [f64],
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let n: usize = match std::env::args().nth(1) {
        Some(n) => n.parse()?,
        None => 1_000_000,
    };
    println!("{:44} {:>10} {:>8}", format!("{n} samples, targets u8"), "ns each", "ratio");
    let (wide, targets) = samples(Scores::Uniform, 0.5, 1, n);
    let narrow: Vec<f32> = wide.iter().map(|&score| score as f32).collect();
    let weights: Vec<f64> = wide.iter().map(|score| (score * 1e6).fract() + 1e-3).collect();
    let (targets, weights) = (&targets[..], &weights[..]);
    let input = Input { dtype: "f32", scores: &narrow[..], targets, weights };
    let base = read(&input)?;
    streamed(&narrow, targets, weights, base)?;
    buckets(&narrow, targets, weights)?;
    read(&Input { dtype: "f64", scores: &wide[..], targets, weights })?;
    Ok(())
}

/// Measures counts, curves and weighted areas. Returns the time of AUPRC.
fn read<S: ToTensor<Host> + ?Sized>(input: &Input<'_, S>) -> Result<f64> {
    let &Input { dtype, scores, targets, weights } = input;
    let time = |what: &str, base, call: &dyn Fn() -> Result<()>| {
        time(&format!("{dtype}: {what}"), targets.len(), base, call)
    };
    let area = time("AUPRC", None, &|| Auprc.read(scores, targets).map(drop))?;
    let base = Some(area);
    time("ranked counts", base, &|| Counts.read(scores, targets).map(drop))?;
    time("precision–recall curve", base, &|| PrecisionRecall.read(scores, targets).map(drop))?;
    time("ROC curve", base, &|| Roc.read(scores, targets).map(drop))?;
    time("AUPRC, weights f64", base, &|| Auprc.weights(weights).read(scores, targets).map(drop))?;
    time("AUROC, weights f64", base, &|| Auroc.weights(weights).read(scores, targets).map(drop))?;
    time("ROC curve, weights f64", base, &|| Roc.weights(weights).read(scores, targets).map(drop))?;
    let narrow: Vec<f32> = weights.iter().map(|&weight| weight as f32).collect();
    time("AUPRC, weights f32", base, &|| Auprc.weights(&narrow).read(scores, targets).map(drop))?;
    let whole: Vec<f64> = weights.iter().map(|weight| (5.0 * weight).floor()).collect();
    time("AUPRC, weights 0 to 5", base, &|| Auprc.weights(&whole).read(scores, targets).map(drop))?;
    Ok(area)
}

/// Measures the stateful metric and its state.
fn streamed(scores: &[f32], targets: &[u8], weights: &[f64], base: f64) -> Result<()> {
    let (n, base) = (scores.len(), Some(base));
    let batches = || {
        let size = n.div_ceil(BATCHES);
        let labelled = scores.chunks(size).zip(targets.chunks(size));
        labelled.zip(weights.chunks(size))
    };
    let updated = || {
        let mut auprc = BinaryAuprc::new();
        for ((scores, targets), _) in batches() {
            auprc.update(scores, targets)?;
        }
        Result::Ok(auprc)
    };
    time("f32: 100 updates, compute", n, base, || updated()?.compute().map(drop))?;
    time("f32: 100 weighted updates, compute", n, base, || {
        let mut auprc = BinaryAuprc::new();
        for ((scores, targets), weights) in batches() {
            auprc.update_weighted(scores, targets, weights)?;
        }
        auprc.compute().map(drop)
    })?;
    let auprc = updated()?;
    time("f32: clone, state()", n, base, || auprc.clone().state().map(drop))?;
    let bytes = updated()?.state()?.to_bytes();
    time("f32: from_bytes", n, base, || RankState::from_bytes(&bytes).map(drop))?;
    time("f32: from_bytes, compute", n, base, || {
        RankState::from_bytes(&bytes)?.rank_sums().map(drop)
    })?;
    Ok(())
}

/// Measures updates of the bucketed area.
fn buckets(scores: &[f32], targets: &[u8], weights: &[f64]) -> Result<()> {
    let n = scores.len();
    let mut auc = Auc::new(Curve::Roc, 4095)?;
    let base = time("f32: Auc.update", n, None, || auc.update(scores, targets))?;
    let base = Some(base);
    time("f32: Auc.update, weights f64", n, base, || {
        auc.update_weighted(scores, targets, weights)
    })?;
    let narrow: Vec<f32> = weights.iter().map(|&weight| weight as f32).collect();
    time("f32: Auc.update, weights f32", n, base, || {
        auc.update_weighted(scores, targets, &narrow)
    })?;
    let whole: Vec<f64> = weights.iter().map(|weight| (5.0 * weight).floor()).collect();
    time("f32: Auc.update, weights 0 to 5", n, base, || {
        auc.update_weighted(scores, targets, &whole)
    })?;
    Ok(())
}
