//! Measures AUPRC on tensors in several layouts, and compares each with contiguous rows of the same cells.
//!
//! `layouts CELLS` prints the nanoseconds a cell of the fastest call, and the ratio to contiguous rows.

use std::error::Error;

use metrics_benches::{Scores, samples, time};
use metrics_core::{Auprc, Curve, Layout, Readings};
use metrics_ndarray::Auc;
use ndarray::{Array2, ArrayView1, ArrayView2, s};

fn main() -> Result<(), Box<dyn Error>> {
    let n: usize = match std::env::args().nth(1) {
        Some(n) => n.parse()?,
        None => 10_000_000,
    };
    println!(
        "{:44} {:>10} {:>8}",
        format!("AUPRC of {n} cells, f32, targets u8"),
        "ns a cell",
        "ratio"
    );
    for n_tasks in [10, 1000] {
        let (scores, targets) = samples(Scores::Uniform, 0.5, n_tasks, n / n_tasks);
        let scores: Vec<f32> = scores.into_iter().map(|score| score as f32).collect();
        let shape = (n_tasks, n / n_tasks);
        let scores = Array2::from_shape_vec(shape, scores)?;
        let targets = Array2::from_shape_vec(shape, targets)?;
        on_ndarray(&scores, &targets)?;
        #[cfg(feature = "candle")]
        on_candle(&scores, &targets)?;
    }
    one_task(n)
}

fn on_ndarray(scores: &Array2<f32>, targets: &Array2<u8>) -> Result<(), Box<dyn Error>> {
    let transposed = |x: &Array2<f32>| x.t().as_standard_layout().into_owned();
    let (last, last_targets) = (transposed(scores), targets.t().as_standard_layout().into_owned());
    let n = scores.len();
    let name = |what: &str| format!("ndarray, {} tasks, {what}", scores.nrows());
    let rows = time(&name("(n_tasks, n)"), n, None, || Auprc.tasks(scores, targets).map(drop))?;
    time(&name("(n, n_tasks), TasksLast"), n, Some(rows), || {
        Auprc.layout(Layout::TasksLast).tasks(&last, &last_targets).map(drop)
    })?;
    time(&name("(n, n_tasks), transposed view"), n, Some(rows), || {
        Auprc.tasks(&last.t(), &last_targets.t()).map(drop)
    })?;
    Ok(())
}

#[cfg(feature = "candle")]
fn on_candle(scores: &Array2<f32>, targets: &Array2<u8>) -> Result<(), Box<dyn Error>> {
    use candle_core::{Device, Tensor};
    // The crate makes candle's tensors inputs of the metrics.
    use metrics_candle as _;

    let shape = scores.dim();
    let scores = Tensor::from_slice(scores.as_slice().ok_or("rows")?, shape, &Device::Cpu)?;
    let targets = Tensor::from_slice(targets.as_slice().ok_or("rows")?, shape, &Device::Cpu)?;
    let (last, last_targets) = (scores.t()?.contiguous()?, targets.t()?.contiguous()?);
    let n = shape.0 * shape.1;
    let name = |what: &str| format!("candle, {} tasks, {what}", shape.0);
    let rows = time(&name("(n_tasks, n)"), n, None, || Auprc.tasks(&scores, &targets).map(drop))?;
    time(&name("(n, n_tasks), TasksLast"), n, Some(rows), || {
        Auprc.layout(Layout::TasksLast).tasks(&last, &last_targets).map(drop)
    })?;
    Ok(())
}

/// Measures one task in reversed and strided views, and `Auc` on two columns.
fn one_task(n: usize) -> Result<(), Box<dyn Error>> {
    let (scores, targets) = samples(Scores::Uniform, 0.5, 1, n);
    let scores: Vec<f32> = scores.into_iter().map(|score| score as f32).collect();
    let (scores, targets) = (ArrayView1::from(&scores), ArrayView1::from(&targets));
    let area = |scores: ArrayView1<'_, f32>, targets: ArrayView1<'_, u8>| {
        metrics_core::binary_auprc(&scores, &targets).map(drop)
    };
    let alone = time("ndarray, (n,)", n, None, || area(scores, targets))?;
    let reversed = (scores.slice(s![..;-1]), targets.slice(s![..;-1]));
    time("ndarray, reversed", n, Some(alone), || area(reversed.0, reversed.1))?;
    let half = (scores.slice(s![..;2]), targets.slice(s![..;2]));
    time("ndarray, every second", n / 2, Some(alone), || area(half.0, half.1))?;

    let predictions = ArrayView2::from_shape((n / 2, 2), scores.to_slice().ok_or("a row")?)?;
    let (flat, targets) = (scores.slice(s![..n / 2]), targets.slice(s![..n / 2]));
    let mut auc = Auc::new(Curve::Roc, 4095)?;
    let flat = time("ndarray, Auc of (n,)", n / 2, None, || auc.update(&flat, &targets))?;
    time("ndarray, Auc of (n, 2)", n / 2, Some(flat), || auc.update(&predictions, &targets))?;
    Ok(())
}
