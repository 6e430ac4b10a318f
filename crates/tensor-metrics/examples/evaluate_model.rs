//! Trains a small classifier with candle on the breast-cancer data that ship with the project, and
//! evaluates it batch by batch after each epoch.
//!
//! ```console
//! $ cargo run --release -p tensor-metrics --features candle --example evaluate_model
//! ```
//!
//! In the middle of the last evaluation the metrics are saved with the model in one safetensors file,
//! loaded into new ones, and the evaluation goes on.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

use candle_core::{D, Device, Tensor, Var, safetensors};
use candle_nn::ops;
use candle_nn::optim::{AdamW, Optimizer};
use tensor_metrics::candle::{
    Auc, BinaryAuprc, best_device, binary_auprc, state_from_tensor, state_to_tensor,
};
use tensor_metrics::{AucState, Auroc, RankState};

const N_EPOCHS: usize = 6;
const BATCH: usize = 32;
const HIDDEN: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let device = best_device();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/breast_cancer_features.csv");
    let (train, test) = read(&data, &device)?;
    println!("{} samples to train on, {} to evaluate, on {device:?}", train.len()?, test.len()?);

    let mut model = Model::new(train.features.dim(D::Minus1)?, &device)?;
    let mut optimizer = AdamW::new_lr(model.variables(), 0.01)?;
    for epoch in 1..=N_EPOCHS {
        let mut total_loss = 0.0;
        for (x, y) in train.batches()? {
            let loss = cross_entropy(&model.logits(&x)?, &y)?;
            optimizer.backward_step(&loss)?;
            total_loss += f64::from(loss.to_scalar::<f32>()?) * x.dim(0)? as f64;
        }
        let mean_loss = total_loss / train.len()? as f64;

        let mut metrics = Metrics::default();
        let batches = test.batches()?;
        for (i, (x, y)) in batches.iter().enumerate() {
            if epoch == N_EPOCHS && i == batches.len() / 2 {
                let file = std::env::temp_dir().join("tensor-metrics-example.safetensors");
                metrics.save(&model, &file)?;
                (model, metrics) = Metrics::load(&file, &device)?;
                println!(
                    "saved model and metrics after {i} of {} batches, and loaded them",
                    batches.len()
                );
            }
            metrics.update(&ops::sigmoid(&model.logits(x)?)?, y)?;
        }
        metrics.print(epoch, mean_loss)?;

        if epoch == N_EPOCHS {
            let at_once =
                binary_auprc(&ops::sigmoid(&model.logits(&test.features)?)?, &test.targets)?;
            let batch_by_batch = metrics.auprc.compute()?;
            println!("AUPRC of all {} scores at once: {at_once}", test.len()?);
            if at_once != batch_by_batch {
                return Err(format!("batch by batch it is {batch_by_batch}").into());
            }
        }
    }
    Ok(())
}

/// Mean of max(x, 0) − x·y + ln(1 + exp(−|x|)): binary cross-entropy that a large logit x does not
/// turn into NaN.
fn cross_entropy(logits: &Tensor, targets: &Tensor) -> candle_core::Result<Tensor> {
    let tail = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
    ((logits.relu()? - (logits * targets)?)? + tail)?.mean_all()
}

/// What is measured after each epoch.
#[derive(Default)]
struct Metrics {
    auprc: BinaryAuprc,
    auc: Auc,
}

impl Metrics {
    fn update(&mut self, probabilities: &Tensor, targets: &Tensor) -> tensor_metrics::Result<()> {
        self.auprc.update(probabilities, targets)?;
        self.auc.update(probabilities, targets)
    }

    fn print(&mut self, epoch: usize, loss: f64) -> Result<(), Box<dyn Error>> {
        let auroc = self.auprc.read(&Auroc)?;
        let (auprc, auc, bounds) = (self.auprc.compute()?, self.auc.compute()?, self.auc.bounds()?);
        let (lower, upper) = (bounds.lower, bounds.upper);
        println!(
            "epoch {epoch}: loss {loss:.4}  AUPRC {auprc:.6}  AUROC {auroc:.6}  \
             Auc {auc:.6} in [{lower:.6}, {upper:.6}]"
        );
        Ok(())
    }

    fn save(&mut self, model: &Model, file: &Path) -> Result<(), Box<dyn Error>> {
        let mut tensors: HashMap<_, _> =
            model.tensors().map(|(name, var)| (name.to_owned(), var.as_tensor().clone())).collect();
        tensors.insert("metrics.auprc".into(), state_to_tensor(&self.auprc.state()?.to_bytes())?);
        tensors.insert("metrics.auc".into(), state_to_tensor(&self.auc.state()?.to_bytes())?);
        Ok(safetensors::save(&tensors, file)?)
    }

    fn load(file: &Path, device: &Device) -> Result<(Model, Self), Box<dyn Error>> {
        let tensors = safetensors::load(file, device)?;
        let mut metrics = Self::default();
        let auprc = state_from_tensor(&tensors["metrics.auprc"])?;
        metrics.auprc.load_state(&RankState::from_bytes(&auprc)?)?;
        let auc = state_from_tensor(&tensors["metrics.auc"])?;
        metrics.auc.load_state(&AucState::from_bytes(&auc)?)?;
        Ok((Model::load(&tensors)?, metrics))
    }
}

/// Two layers with a ReLU between them.
struct Model {
    weights: [Var; 2],
    biases: [Var; 2],
}

const NAMES: [&str; 4] = ["layer1.weight", "layer2.weight", "layer1.bias", "layer2.bias"];

impl Model {
    fn new(n_features: usize, device: &Device) -> candle_core::Result<Self> {
        let mut seed = 1u32;
        let mut layer = |n_in: usize, n_out: usize| {
            // The same start on every run: uniform, scaled to the number of inputs.
            let weights: Vec<f32> = (0..n_in * n_out)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ((seed >> 8) as f32 / (1u32 << 23) as f32 - 1.0) / (n_in as f32).sqrt()
                })
                .collect();
            Var::from_vec(weights, (n_in, n_out), device)
        };
        Ok(Self {
            weights: [layer(n_features, HIDDEN)?, layer(HIDDEN, 1)?],
            biases: [
                Var::zeros(HIDDEN, candle_core::DType::F32, device)?,
                Var::zeros(1, candle_core::DType::F32, device)?,
            ],
        })
    }

    fn load(tensors: &HashMap<String, Tensor>) -> candle_core::Result<Self> {
        let var = |name: &str| Var::from_tensor(&tensors[name]);
        Ok(Self {
            weights: [var(NAMES[0])?, var(NAMES[1])?],
            biases: [var(NAMES[2])?, var(NAMES[3])?],
        })
    }

    fn tensors(&self) -> impl Iterator<Item = (&'static str, &Var)> {
        NAMES.into_iter().zip(self.weights.iter().chain(&self.biases))
    }

    fn variables(&self) -> Vec<Var> {
        self.tensors().map(|(_, var)| var.clone()).collect()
    }

    /// `(n_samples,)`
    fn logits(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let hidden = x.matmul(&self.weights[0])?.broadcast_add(&self.biases[0])?.relu()?;
        hidden.matmul(&self.weights[1])?.broadcast_add(&self.biases[1])?.squeeze(1)
    }
}

/// Features `(n_samples, n_features)` and targets `(n_samples,)`.
struct Data {
    features: Tensor,
    targets: Tensor,
}

impl Data {
    fn len(&self) -> candle_core::Result<usize> {
        self.targets.dim(0)
    }

    fn batches(&self) -> candle_core::Result<Vec<(Tensor, Tensor)>> {
        let n = self.len()?;
        let batch = |start: usize| {
            let n = BATCH.min(n - start);
            Ok((self.features.narrow(0, start, n)?, self.targets.narrow(0, start, n)?))
        };
        (0..n).step_by(BATCH).map(batch).collect()
    }
}

/// Folds 1 to 4 to train on and fold 0 to evaluate, standardised by the former.
fn read(path: &Path, device: &Device) -> Result<(Data, Data), Box<dyn Error>> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut rows = Vec::new();
    for line in text.lines().skip(1) {
        rows.push(line.split(',').map(str::parse).collect::<Result<Vec<f32>, _>>()?);
    }
    // Columns: id, fold, target, then the features.
    let part = |is_test: bool| -> candle_core::Result<Data> {
        let rows: Vec<_> = rows.iter().filter(|row| (row[1] == 0.0) == is_test).collect();
        let features: Vec<f32> = rows.iter().flat_map(|row| &row[3..]).copied().collect();
        let targets: Vec<f32> = rows.iter().map(|row| row[2]).collect();
        let shape = (rows.len(), features.len() / rows.len());
        Ok(Data {
            features: Tensor::from_vec(features, shape, device)?,
            targets: Tensor::from_vec(targets, rows.len(), device)?,
        })
    };
    let (mut train, mut test) = (part(false)?, part(true)?);
    let mean = train.features.mean_keepdim(0)?;
    let deviation = train.features.var_keepdim(0)?.sqrt()?;
    for data in [&mut train, &mut test] {
        data.features = data.features.broadcast_sub(&mean)?.broadcast_div(&deviation)?;
    }
    Ok((train, test))
}
