//! Trains a small convolutional network with three heads in f32 with candle and evaluates it in bf16, batch by batch:
//! logits of shape (n_samples, n_heads) go into one metric as they are. The signals are synthetic, drawn from a seed.
//! `cargo run --release -p tensor-metrics --features candle --example evaluate_heads`

use candle_core::{D, DType, Device, Error, Module, Result, Tensor};
use candle_nn::{AdamW, Conv1dConfig, Optimizer, Sequential, VarBuilder, VarMap};
use candle_nn::{conv1d, linear, loss::binary_cross_entropy_with_logit, seq};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tensor_metrics::candle::{Auprc, Auroc, CandleResult, Counts, Evaluation, Layout, Readings};

type Shape = fn(f32) -> f32;
/// What a signal may hold, one head each: in which share of the signals, and its shape from time 0 on.
const HEADS: [(&str, f64, Shape); 3] = [
    ("bump", 0.3, |t| (t * (12.0 - t) / 18.0).max(0.0)),
    ("step", 0.5, |t| f32::from(t >= 0.0)),
    ("burst", 0.04, |t| if (0.0..12.0).contains(&t) { 2.0 - 4.0 * (t % 2.0) } else { 0.0 }),
];

fn main() -> Result<()> {
    let device = tensor_metrics::candle::best_device();
    let mut rng = StdRng::seed_from_u64(7);
    let (x, y) = signals(2000, &mut rng, &device)?;
    let (test_x, test_y) = signals(2000, &mut rng, &device)?;
    println!("2000 synthetic signals to train on, 2000 to evaluate, on {device:?}\n");
    let variables = VarMap::new();
    let in_f32 = network(VarBuilder::from_varmap(&variables, DType::F32, &device))?;
    // candle's random numbers on the CPU have no seed. A seed for each variable: they come in any order.
    for var in variables.all_vars() {
        let mut rng = StdRng::seed_from_u64(var.elem_count() as u64);
        let weights = (0..var.elem_count()).map(|_| rng.random_range(-0.6f32..0.6));
        var.set(&Tensor::from_iter(weights, &device)?.reshape(var.shape())?)?;
    }
    let mut optimizer = AdamW::new_lr(variables.all_vars(), 0.02)?;
    for _ in 0..5 {
        for (x, y) in batches(&x, &y, 16)? {
            // The loss is NaN once a probability rounds to 1: at a logit of 17 in f32, of 6 in bf16.
            let logits = in_f32.forward(&x)?.clamp(-15f32, 15f32)?;
            optimizer.backward_step(&binary_cross_entropy_with_logit(&logits, &y)?)?;
        }
    }
    let weights = variables.data().lock().map_err(Error::msg)?;
    let weights = weights.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone()));
    let in_bf16 = network(VarBuilder::from_tensors(weights.collect(), DType::BF16, &device))?;
    let reference = evaluate(&in_f32, &test_x, &test_y)?.compute_tasks().candle()?;
    let mut areas = evaluate(&in_bf16, &test_x.to_dtype(DType::BF16)?, &test_y)?;
    let values = areas.read_tasks(&(Auprc, Auroc, Counts)).candle()?;
    println!("head  positives  AUPRC bf16  AUROC bf16  AUROC f32  difference  distinct scores");
    for (head, (auprc, auroc, counts)) in values.into_iter().enumerate() {
        let ((name, ..), (_, in_f32)) = (HEADS[head], reference[head]);
        print!("{name:<6}{:>9}{auprc:>12.6}{auroc:>12.6}{in_f32:>11.6}", counts.n_positives());
        println!("{:>+12.6}{:>17}", auroc - in_f32, counts.len());
    }
    Ok(())
}

/// The areas of each head, batch by batch; fails unless they are those of all logits at once, to the bit.
fn evaluate(network: &Sequential, x: &Tensor, y: &Tensor) -> Result<Evaluation<(Auprc, Auroc)>> {
    let areas = Evaluation::of((Auprc, Auroc));
    let mut areas = areas.tasks(HEADS.len()).candle()?.layout(Layout::TasksLast);
    let mut all = Vec::new();
    for (x, y) in batches(x, y, 128)? {
        let logits = network.forward(&x)?;
        areas.update(&logits, &y).candle()?;
        all.push(logits);
    }
    let at_once = (Auprc, Auroc).layout(Layout::TasksLast).tasks(&Tensor::cat(&all, 0)?, y);
    assert_eq!(at_once.candle()?, areas.compute_tasks().candle()?, "batch by batch");
    Ok(areas)
}

/// Over one dimension: candle does not convolve over two in bf16 on the CPU.
fn network(layers: VarBuilder) -> Result<Sequential> {
    Ok(seq()
        .add(conv1d(1, 16, 16, Conv1dConfig::default(), layers.pp("filters"))?)
        .add_fn(|x| x.max(D::Minus1)?.relu())
        .add(linear(16, HEADS.len(), layers.pp("heads"))?))
}

fn batches(x: &Tensor, y: &Tensor, size: usize) -> Result<Vec<(Tensor, Tensor)>> {
    let n_batches = y.dim(0)?.div_ceil(size);
    Ok(x.chunk(n_batches, 0)?.into_iter().zip(y.chunk(n_batches, 0)?).collect())
}

/// Noise that holds each shape or not, from a random time on.
fn signals(n: usize, rng: &mut StdRng, device: &Device) -> Result<(Tensor, Tensor)> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let there = HEADS.map(|(_, share, _)| rng.random_bool(share));
        let starts = there.map(|there| if there { rng.random_range(8..48) } else { 64 });
        y.extend(there.map(f32::from));
        x.extend((0..64).map(|t| {
            let shapes = HEADS.iter().zip(starts).map(|((.., shape), at)| shape((t - at) as f32));
            shapes.sum::<f32>() + rng.random_range(-2.0..2.0)
        }));
    }
    let x = Tensor::from_vec(x, (n, 1, 64), device)?;
    Ok((x, Tensor::from_vec(y, (n, HEADS.len()), device)?))
}
