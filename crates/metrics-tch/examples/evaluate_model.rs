//! Trains a small classifier with tch on the breast-cancer data that ship with the project, and
//! evaluates it batch by batch after each epoch.
//!
//! ```console
//! $ cargo xtask libtorch
//! $ cargo run --release -p metrics-tch --example evaluate_model
//! ```

use std::error::Error;
use std::path::Path;

use metrics_tch::{Auc, BinaryAuprc, best_device, binary_auprc};
use tch::nn::{self, Module, OptimizerConfig};
use tch::{Device, Kind, Tensor};

const N_EPOCHS: usize = 6;
const BATCH: i64 = 32;
const HIDDEN: i64 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    // The first use of libtorch: it loads the CUDA half where there is one.
    let device = best_device();
    tch::manual_seed(1);
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/breast_cancer_features.csv");
    let [train, test] = read(&data, device)?;
    println!("{} samples to train on, {} to evaluate, on {device:?}", train.len(), test.len());

    let variables = nn::VarStore::new(device);
    let root = variables.root();
    let model = nn::seq()
        .add(nn::linear(&root / "layer1", train.features.size()[1], HIDDEN, Default::default()))
        .add_fn(|x| x.relu())
        .add(nn::linear(&root / "layer2", HIDDEN, 1, Default::default()));
    let mut optimizer = nn::AdamW::default().build(&variables, 0.01)?;
    for epoch in 1..=N_EPOCHS {
        let mut total_loss = 0.0;
        for (x, y) in train.batches() {
            let loss =
                model.forward(&x).squeeze_dim(1).f_binary_cross_entropy_with_logits::<Tensor>(
                    &y,
                    None,
                    None,
                    tch::Reduction::Mean,
                )?;
            optimizer.backward_step(&loss);
            total_loss += loss.f_double_value(&[])? * y.size()[0] as f64;
        }
        let loss = total_loss / train.len() as f64;

        let (mut auprc, mut auc) = (BinaryAuprc::new(), Auc::default());
        for (x, y) in test.batches() {
            // The graph is not kept alive: scores may require a gradient.
            let probabilities = model.forward(&x).squeeze_dim(1).sigmoid();
            auprc.update(&probabilities, &y)?;
            auc.update(&probabilities, &y)?;
        }
        let bounds = auc.bounds()?;
        println!(
            "epoch {epoch}: loss {loss:.4}  AUPRC {:.6}  Auc {:.6} in [{:.6}, {:.6}]",
            auprc.compute()?,
            auc.compute()?,
            bounds.lower,
            bounds.upper,
        );
        if epoch == N_EPOCHS {
            let batch_by_batch = auprc.compute()?;
            let scores: Vec<_> =
                test.batches().map(|(x, _)| model.forward(&x).squeeze_dim(1).sigmoid()).collect();
            let at_once = binary_auprc(&Tensor::cat(&scores, 0), &test.targets)?;
            println!("AUPRC of all {} scores at once: {at_once}", test.len());
            if at_once != batch_by_batch {
                return Err(format!("batch by batch it is {batch_by_batch}").into());
            }
        }
    }
    Ok(())
}

/// Features `(n_samples, n_features)` and targets `(n_samples,)`.
struct Data {
    features: Tensor,
    targets: Tensor,
}

impl Data {
    fn len(&self) -> i64 {
        self.targets.size()[0]
    }

    fn batches(&self) -> impl Iterator<Item = (Tensor, Tensor)> + '_ {
        self.features.split(BATCH, 0).into_iter().zip(self.targets.split(BATCH, 0))
    }
}

/// Folds 1 to 4 to train on and fold 0 to evaluate, standardised by the former.
fn read(path: &Path, device: Device) -> Result<[Data; 2], Box<dyn Error>> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut rows = Vec::new();
    for line in text.lines().skip(1) {
        rows.push(line.split(',').map(str::parse).collect::<Result<Vec<f32>, _>>()?);
    }
    // Columns: id, fold, target, then the features.
    let part = |is_test: bool| {
        let rows: Vec<_> = rows.iter().filter(|row| (row[1] == 0.0) == is_test).collect();
        let features: Vec<f32> = rows.iter().flat_map(|row| &row[3..]).copied().collect();
        let targets: Vec<f32> = rows.iter().map(|row| row[2]).collect();
        let features = Tensor::from_slice(&features).reshape([rows.len() as i64, -1]);
        Data {
            features: features.to_device(device),
            targets: Tensor::from_slice(&targets).to_device(device),
        }
    };
    let parts = [part(false), part(true)];
    let mean = parts[0].features.mean_dim(0, true, Kind::Float);
    let deviation = parts[0].features.std_dim(0, true, true);
    Ok(parts.map(|data| Data { features: (data.features - &mean) / &deviation, ..data }))
}
