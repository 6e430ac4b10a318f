//! The Rust half of `cargo xtask bench-peers`: measures this library and other libraries in Rust.
//!
//! - `beside-peers cases` prints the cases: name, tasks, dtype and metric, separated by tabs.
//! - `beside-peers data FOLDER` writes the data of the cases.
//! - `beside-peers ours FOLDER [CASE]` and `beside-peers rust FOLDER` print one line for each measurement: the
//!   case, the library, the median seconds of a call, and the value.
//! - `beside-peers memory FOLDER CASE` prints the peak memory of a call, in bytes a sample.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use half::bf16;
use metrics_benches::{Scores, peak, samples};
use metrics_core::slice::{Auc, BinaryAuprc};
use metrics_core::{Auprc, Host, HostTensor, Metric, Owned, Readings, binary_auprc, binary_auroc};

/// Data, and the metric to measure on the data.
struct Case {
    name: &'static str,
    scores: Scores,
    prevalence: f64,
    n_tasks: usize,
    n_samples: usize,
    dtype: &'static str,
    metric: &'static str,
}

const fn case(name: &'static str, scores: Scores, prevalence: f64, n_samples: usize) -> Case {
    let (n_tasks, dtype, metric) = (1, "float32", "auprc");
    Case { name, scores, prevalence, n_tasks, n_samples, dtype, metric }
}

const CASES: [Case; 27] = [
    case("1e2", Scores::Uniform, 0.5, 100),
    case("1e3", Scores::Uniform, 0.5, 1_000),
    case("1e4", Scores::Uniform, 0.5, 10_000),
    case("1e5", Scores::Uniform, 0.5, 100_000),
    case("1e6", Scores::Uniform, 0.5, 1_000_000),
    case("1e7", Scores::Uniform, 0.5, 10_000_000),
    case("1e8", Scores::Uniform, 0.5, 100_000_000),
    case("1e6, 1 % positive", Scores::Uniform, 0.01, 1_000_000),
    case("1e7, 1 % positive", Scores::Uniform, 0.01, 10_000_000),
    case("1e6, 0.01 % positive", Scores::Uniform, 0.0001, 1_000_000),
    case("1e7, 0.01 % positive", Scores::Uniform, 0.0001, 10_000_000),
    case("1e6 logits", Scores::Logits, 0.5, 1_000_000),
    case("1e6 probabilities", Scores::Probabilities, 0.5, 1_000_000),
    case("1e6, 1000 values", Scores::Thousand, 0.5, 1_000_000),
    case("1e6, all tied", Scores::Tied, 0.5, 1_000_000),
    case("1e6, sorted", Scores::Sorted, 0.5, 1_000_000),
    case("1e6, reversed", Scores::Reversed, 0.5, 1_000_000),
    Case { dtype: "float64", ..case("1e7 f64", Scores::Uniform, 0.5, 10_000_000) },
    Case { dtype: "float64", ..case("1e6 f64, close", Scores::Close, 0.5, 1_000_000) },
    Case { dtype: "bfloat16", ..case("1e7 bf16", Scores::Uniform, 0.5, 10_000_000) },
    Case { dtype: "uint8", ..case("1e7 u8", Scores::Uniform, 0.5, 10_000_000) },
    Case { n_tasks: 10, ..case("10 tasks of 1e5", Scores::Uniform, 0.5, 100_000) },
    Case { n_tasks: 1_000, ..case("1000 tasks of 1000", Scores::Uniform, 0.5, 1_000) },
    Case { n_tasks: 100_000, ..case("100,000 tasks of 10", Scores::Uniform, 0.5, 10) },
    Case { metric: "auroc", ..case("1e6 AUROC", Scores::Uniform, 0.5, 1_000_000) },
    Case { metric: "updates", ..case("1e7 in 10,000 updates", Scores::Uniform, 0.5, 10_000_000) },
    Case { metric: "auc", ..case("1e7 Auc.update", Scores::Uniform, 0.5, 10_000_000) },
];

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["cases"] => {
            for Case { name, n_tasks, dtype, metric, .. } in CASES {
                println!("{name}\t{n_tasks}\t{dtype}\t{metric}");
            }
            Ok(())
        }
        ["data", folder] => CASES.iter().try_for_each(|case| case.write(Path::new(folder))),
        ["ours", folder] => CASES.iter().try_for_each(|case| case.ours(Path::new(folder))),
        ["ours", folder, name] => {
            let mut named = CASES.iter().filter(|case| case.name == name);
            named.try_for_each(|case| case.ours(Path::new(folder)))
        }
        ["rust", folder] => CASES.iter().try_for_each(|case| case.rust(Path::new(folder))),
        ["memory", folder, name] => {
            let mut named = CASES.iter().filter(|case| case.name == name);
            named.try_for_each(|case| case.memory(Path::new(folder)))
        }
        _ => Err("usage: beside-peers cases | (data | rust) FOLDER | ours FOLDER [CASE] | \
                  memory FOLDER CASE"
            .into()),
    }
}

impl Case {
    fn write(&self, folder: &Path) -> Done {
        let Self { name, scores, prevalence, n_tasks, n_samples, dtype, .. } = self;
        let (scores, targets) = samples(*scores, *prevalence, *n_tasks, *n_samples);
        let scores = scores.into_iter();
        let bytes: Vec<u8> = match *dtype {
            "float64" => scores.flat_map(f64::to_le_bytes).collect(),
            "uint8" => scores.map(|x| (255.0 * x) as u8).collect(),
            "bfloat16" => scores.flat_map(|x| bf16::from_f64(x).to_le_bytes()).collect(),
            _ => scores.flat_map(|x| (x as f32).to_le_bytes()).collect(),
        };
        fs::write(folder.join(format!("{name}.scores")), bytes)?;
        Ok(fs::write(folder.join(format!("{name}.targets")), targets)?)
    }

    /// Reads the data that [`Self::write`] wrote.
    fn read(&self, folder: &Path) -> Result<[Owned<Host>; 2], Box<dyn Error>> {
        let bytes = fs::read(folder.join(format!("{}.scores", self.name)))?;
        let shape = match self.n_tasks {
            1 => vec![self.n_samples],
            n_tasks => vec![n_tasks, self.n_samples],
        };
        macro_rules! scores {
            ($ty:ty) => {{
                let (bytes, _) = bytes.as_chunks();
                let scores: Vec<$ty> = bytes.iter().map(|&x| <$ty>::from_le_bytes(x)).collect();
                HostTensor::from_vec(scores, &shape)?
            }};
        }
        let scores = match self.dtype {
            "float64" => scores!(f64),
            "uint8" => scores!(u8),
            "bfloat16" => scores!(bf16),
            _ => scores!(f32),
        };
        let targets = fs::read(folder.join(format!("{}.targets", self.name)))?;
        Ok([Owned(scores), Owned(HostTensor::from_vec(targets, &shape)?)])
    }

    fn ours(&self, folder: &Path) -> Done {
        let [scores, targets] = self.read(folder)?;
        match self.metric {
            "auc" => {
                let mut auc = Auc::default();
                self.measure("ours", || {
                    auc.update(&scores.0, &targets.0)?;
                    auc.compute()
                })
            }
            "updates" => {
                let scores: Vec<f32> = scores.0.to_f64_vec().iter().map(|&x| x as f32).collect();
                let targets: Vec<u8> = targets.0.to_f64_vec().iter().map(|&y| y as u8).collect();
                self.measure("ours", || {
                    let mut auprc = BinaryAuprc::new();
                    for (scores, targets) in scores.chunks(1_000).zip(targets.chunks(1_000)) {
                        auprc.update(scores, targets)?;
                    }
                    auprc.compute()
                })
            }
            "auroc" => self.measure("ours", || binary_auroc(&scores, &targets)),
            _ if self.n_tasks > 1 => {
                self.measure("ours", || Auprc.tasks(&scores, &targets).map(|values| values[0]))
            }
            _ => self.measure("ours", || binary_auprc(&scores, &targets)),
        }
    }

    /// Prints the peak memory of a call beyond its input, in bytes a sample.
    fn memory(&self, folder: &Path) -> Done {
        let [scores, targets] = self.read(folder)?;
        let (value, peak) = peak(|| binary_auprc(&scores, &targets))?;
        value?;
        println!("{:.2}", peak as f64 / self.n_samples as f64);
        Ok(())
    }

    fn rust(&self, folder: &Path) -> Done {
        use classifier_measures::roc_auc;
        use eval_metrics::classification::{PrCurve, RocCurve};
        if self.n_tasks > 1 || self.dtype != "float32" || matches!(self.metric, "auc" | "updates") {
            return Ok(());
        }
        let [scores, targets] = self.read(folder)?;
        let targets: Vec<bool> = targets.0.to_f64_vec().into_iter().map(|y| y == 1.0).collect();
        let scores: Vec<f32> = scores.0.to_f64_vec().into_iter().map(|x| x as f32).collect();
        if self.metric == "auroc" {
            let pairs = || targets.iter().copied().zip(scores.iter().copied());
            self.measure("classifier-measures", || {
                roc_auc(pairs(), |pair| pair).map(f64::from).ok_or("no area")
            })?;
            return self.measure("eval-metrics", || {
                RocCurve::compute(&scores, &targets).map(|curve| f64::from(curve.auc()))
            });
        }
        self.measure("eval-metrics", || {
            PrCurve::compute(&scores, &targets).map(|curve| f64::from(curve.ap()))
        })
    }

    fn measure<E: Into<Box<dyn Error>>>(
        &self,
        library: &str,
        mut call: impl FnMut() -> Result<f64, E>,
    ) -> Done {
        let began = Instant::now();
        let value = call().map_err(Into::into)?;
        let mut seconds = Vec::new();
        // One timed call of a slow library is enough.
        while seconds.is_empty()
            || seconds.len() < 3 && began.elapsed().as_secs() < 10
            || seconds.len() < 1000 && began.elapsed().as_secs() < 1
        {
            let start = Instant::now();
            black_box(call().map_err(Into::into)?);
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        println!("{}\t{library}\t{}\t{value}", self.name, seconds[seconds.len() / 2]);
        Ok(())
    }
}
