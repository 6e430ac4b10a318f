//! The calls whose instructions `cargo xtask bench-gate` counts.
//!
//! `gate cases` prints the cases; `gate CASE N` makes the call of a case N times.

use std::error::Error;
use std::hint::black_box;

use half::bf16;
use metrics_benches::{Scores, batch};
use metrics_core::slice::{Auc, BinaryAuprc};
use metrics_core::{Auprc, Host, HostTensor, Owned, Readings, Result};

type Call = Box<dyn FnMut() -> Result<f64>>;

/// The name of a case, and a function that prepares its call.
type Case = (&'static str, fn() -> Result<Call>);

const CASES: [Case; 10] = [
    ("auprc of 10", || exact(Scores::Uniform, 1, 10)),
    ("auprc of 1e3", || exact(Scores::Uniform, 1, 1_000)),
    ("auprc of 1e5", || exact(Scores::Uniform, 1, 100_000)),
    ("auprc of 1e5 logits", || exact(Scores::Logits, 1, 100_000)),
    ("auprc of 1e5 with 1000 values", || exact(Scores::Thousand, 1, 100_000)),
    ("auprc of 1e5 sorted", || exact(Scores::Sorted, 1, 100_000)),
    ("auprc of 100 tasks of 1e3", || exact(Scores::Uniform, 100, 1_000)),
    ("auprc of 1e5 bf16", bf16s),
    ("100 updates of 1e3, one value", updates),
    ("auc update of 1e5", buckets),
];

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["cases"] => CASES.iter().for_each(|(name, _)| println!("{name}")),
        [name, n] => {
            let case = CASES.iter().find(|case| case.0 == name);
            let mut call = case.ok_or_else(|| format!("no case is called {name}"))?.1()?;
            for _ in 0..n.parse()? {
                black_box(call()?);
            }
        }
        _ => return Err("usage: gate cases | gate CASE N".into()),
    }
    Ok(())
}

fn exact(scores: Scores, n_tasks: usize, n_samples: usize) -> Result<Call> {
    let (scores, targets) = batch(&Host, scores, 0.5, n_tasks, n_samples);
    Ok(Box::new(move || Ok(Auprc.tasks(&scores, &targets)?[0])))
}

fn bf16s() -> Result<Call> {
    let (scores, targets) = batch(&Host, Scores::Uniform, 0.5, 1, 100_000);
    let scores: Vec<_> = scores.0.to_f64_vec().into_iter().map(bf16::from_f64).collect();
    let scores = Owned::<Host>(HostTensor::from_vec(scores, &[1, 100_000])?);
    Ok(Box::new(move || Ok(Auprc.tasks(&scores, &targets)?[0])))
}

fn updates() -> Result<Call> {
    let (scores, targets) = batch(&Host, Scores::Uniform, 0.5, 1, 1_000);
    Ok(Box::new(move || {
        let mut auprc = BinaryAuprc::new();
        for _ in 0..100 {
            auprc.update(&scores, &targets)?;
        }
        auprc.compute()
    }))
}

fn buckets() -> Result<Call> {
    let (scores, targets) = batch(&Host, Scores::Uniform, 0.5, 1, 100_000);
    let flat = |tensor: Owned<Host>| HostTensor::from_buffer(tensor.0.into_buffer(), vec![100_000]);
    let (scores, targets) = (flat(scores)?, flat(targets)?);
    let mut auc = Auc::default();
    Ok(Box::new(move || auc.update(&scores, &targets).map(|()| 0.0)))
}
