//! Trains a small classifier with candle on the breast-cancer data that ship with the project, and evaluates it
//! batch by batch. In the middle of the last evaluation model and metric are saved in one file, loaded, and go on:
//! `cargo run --release -p tensor-metrics --features candle --example evaluate_model`

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

use candle_core::{DType, Device, Tensor, safetensors};
use candle_nn::{Activation, AdamW, Module, Optimizer, VarBuilder, VarMap, linear, seq};
use tensor_metrics::candle::{BinaryAuprc, best_device, state_from_tensor, state_to_tensor};
use tensor_metrics::{Auroc, RankState, binary_auprc};

const N_EPOCHS: usize = 6;

fn main() -> Result<(), Box<dyn Error>> {
    let device = best_device();
    let [(x, y), (test_x, test_y)] = read(&device)?;
    println!("{} samples to train on, {} to evaluate, on {device:?}", y.dim(0)?, test_y.dim(0)?);
    let mut variables = VarMap::new();
    let layers = VarBuilder::from_varmap(&variables, DType::F32, &device);
    let model = seq()
        .add(linear(x.dim(1)?, 16, layers.pp("hidden"))?)
        .add(Activation::Relu)
        .add(linear(16, 1, layers.pp("head"))?);
    let mut optimizer = AdamW::new_lr(variables.all_vars(), 0.01)?;
    let file = std::env::temp_dir().join("tensor-metrics-example.safetensors");
    let mut auprc = BinaryAuprc::new();
    for epoch in 1..=N_EPOCHS {
        for (x, y) in batches(&x, &y)? {
            optimizer.backward_step(&cross_entropy(&model.forward(&x)?, &y)?)?;
        }
        auprc.reset();
        for (i, (x, y)) in batches(&test_x, &test_y)?.iter().enumerate() {
            if epoch == N_EPOCHS && i == 2 {
                save(&variables, &mut auprc, &file)?;
                variables.load(&file)?;
                let state =
                    state_from_tensor(&safetensors::load(&file, &device)?["metrics.auprc"])?;
                auprc = BinaryAuprc::new();
                auprc.load_state(&RankState::from_bytes(&state)?)?;
                println!("saved model and metric after {i} batches, and loaded them");
            }
            // Logits of one head, (n_samples, 1), as the model returns them.
            auprc.update(&model.forward(x)?, y)?;
        }
        println!("epoch {epoch}: AUPRC {:.6}  AUROC {:.6}", auprc.compute()?, auprc.read(&Auroc)?);
    }
    let at_once = binary_auprc(&model.forward(&test_x)?, &test_y)?;
    println!("AUPRC of all {} scores at once: {at_once}", test_y.dim(0)?);
    assert_eq!(at_once, auprc.compute()?, "batch by batch");
    Ok(())
}

fn batches(x: &Tensor, y: &Tensor) -> candle_core::Result<Vec<(Tensor, Tensor)>> {
    let n_batches = y.dim(0)?.div_ceil(32);
    Ok(x.chunk(n_batches, 0)?.into_iter().zip(y.chunk(n_batches, 0)?).collect())
}

/// Cross-entropy that a large logit does not turn into NaN, as it does that of candle-nn.
fn cross_entropy(logits: &Tensor, y: &Tensor) -> candle_core::Result<Tensor> {
    let tail = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
    ((logits.relu()? - (logits * y)?)? + tail)?.mean_all()
}

fn save(model: &VarMap, auprc: &mut BinaryAuprc, file: &Path) -> Result<(), Box<dyn Error>> {
    let variables = model.data().lock().map_err(|_| "another thread panicked")?;
    let mut tensors: HashMap<_, _> =
        variables.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
    tensors.insert("metrics.auprc".into(), state_to_tensor(&auprc.state()?.to_bytes())?);
    Ok(safetensors::save(&tensors, file)?)
}

/// Features and targets of folds 1 to 4 to train on and of fold 0 to evaluate, standardised by the former.
fn read(device: &Device) -> Result<[(Tensor, Tensor); 2], Box<dyn Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/breast_cancer_features.csv");
    let rows: Vec<Vec<f32>> =
        csv::Reader::from_path(path)?.deserialize().collect::<Result<_, _>>()?;
    // Columns: id, fold, target, then the features.
    let part = |is_test: bool| -> candle_core::Result<(Tensor, Tensor)> {
        let rows: Vec<_> = rows.iter().filter(|row| (row[1] == 0.0) == is_test).cloned().collect();
        let table = Tensor::new(rows, device)?;
        Ok((table.narrow(1, 3, table.dim(1)? - 3)?, table.narrow(1, 2, 1)?.contiguous()?))
    };
    let ((x, y), (test_x, test_y)) = (part(false)?, part(true)?);
    let (mean, deviation) = (x.mean_keepdim(0)?, x.var_keepdim(0)?.sqrt()?);
    let standardised = |x: &Tensor| x.broadcast_sub(&mean)?.broadcast_div(&deviation);
    Ok([(standardised(&x)?, y), (standardised(&test_x)?, test_y)])
}
