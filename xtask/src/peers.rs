//! `cargo xtask compare-peers`: our values beside those of scikit-learn, torcheval and Paddle.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tensor_metrics::slice::{Auc, binary_auprc, binary_auroc};
use tensor_metrics::{Curve, Result as MetricResult};

use crate::run::{Result, command, root, stdout};
use crate::wheels::Wheels;

/// Where the peers' values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Measured,
    MeasuredAndStored,
    Stored,
}

/// The columns of the table: what is computed, and which libraries compute it.
const METRICS: [(&str, &[(&str, &str)]); 4] = [
    ("AUPRC", &[("scikit-learn", "sklearn_average_precision"), ("torcheval", "torcheval_auprc")]),
    ("AUROC", &[("scikit-learn", "sklearn_roc_auc"), ("torcheval", "torcheval_auroc")]),
    ("Auc ROC", &[("Paddle", "paddle_auc_roc")]),
    ("Auc PR", &[("Paddle", "paddle_auc_pr")]),
];

/// torcheval returns AUPRC as f32.
const TOLERANCE: f64 = 1e-6;

/// Prints the tables.
pub(crate) fn compare(source: Source) -> Result<()> {
    print!("{}", tables(source)?);
    Ok(())
}

/// The page in `docs` ends with the tables of today's values beside the stored ones.
pub(crate) fn page_is_true() -> Result<String> {
    let page = fs::read_to_string(root().join("docs/peers.md"))?;
    let tables = tables(Source::Stored)?;
    if !page.ends_with(&tables) {
        return Err(format!("docs/peers.md does not end with\n{tables}").into());
    }
    Ok("docs/peers.md shows our values".into())
}

/// Our values beside the peers', as Markdown.
fn tables(source: Source) -> Result<String> {
    let folder = root().join("xtask/peers");
    let inputs = read_json(&folder.join("inputs.json"))?;
    let stored = folder.join("expected.json");
    let peers = match source {
        Source::Stored => read_json(&stored)?,
        Source::Measured | Source::MeasuredAndStored => {
            let measured = measure(&folder)?;
            if source == Source::MeasuredAndStored {
                fs::write(&stored, &measured)?;
            }
            serde_json::from_str(&measured)?
        }
    };
    let mut out = versions(&peers) + "\n";
    for (metric, columns) in METRICS {
        writeln!(out, "\n| input | our {metric} |{}", header(columns))?;
        writeln!(out, "|---|---|{}", "---|".repeat(columns.len()))?;
        for case in inputs["cases"].as_array().into_iter().flatten() {
            let ours = compute(metric, case);
            let id = case["id"].as_str().unwrap_or_default();
            let theirs = columns.iter().map(|(_, key)| {
                let value = &peers["cases"][id][key];
                let mark = if agree(&ours, value) { "" } else { "**" };
                format!(" {mark}{}{mark} |", show_peer(value))
            });
            let title = case["title"].as_str().unwrap_or_default();
            writeln!(out, "| {title} | {} |{}", show_ours(&ours), theirs.collect::<String>())?;
        }
    }
    writeln!(out, "\nBold: differs from ours by more than {TOLERANCE:e}.")?;
    Ok(out)
}

fn header(columns: &[(&str, &str)]) -> String {
    columns.iter().map(|(library, _)| format!(" {library} |")).collect()
}

fn versions(peers: &Value) -> String {
    let version = |(name, version): (&String, &Value)| match version.as_str() {
        Some(version) => format!("{name} {version}"),
        None => format!("{name} not installed"),
    };
    let versions: Vec<_> =
        peers["versions"].as_object().into_iter().flatten().map(version).collect();
    format!("Beside {}.", versions.join(", "))
}

fn compute(metric: &str, case: &Value) -> MetricResult<f64> {
    let numbers = |key: &str| case[key].as_array().into_iter().flatten().map(number).collect();
    let (scores, targets): (Vec<f64>, Vec<f64>) = (numbers("scores"), numbers("targets"));
    let bucketed = |curve| {
        let mut auc = Auc::new(curve, 4095)?;
        auc.update(&scores, &targets)?;
        auc.compute()
    };
    match metric {
        "AUPRC" => binary_auprc(&scores, &targets),
        "AUROC" => binary_auroc(&scores, &targets),
        "Auc ROC" => bucketed(Curve::Roc),
        _ => bucketed(Curve::Pr),
    }
}

/// A JSON number, or one of the strings `inf`, `-inf` and `nan`.
fn number(value: &Value) -> f64 {
    let text = value.as_str().and_then(|text| text.parse().ok());
    value.as_f64().or(text).unwrap_or(f64::NAN)
}

fn agree(ours: &MetricResult<f64>, theirs: &Value) -> bool {
    match ours {
        Ok(ours) => (ours - number(theirs)).abs() <= TOLERANCE,
        Err(_) => theirs.is_object(),
    }
}

fn show_ours(ours: &MetricResult<f64>) -> String {
    match ours {
        Ok(value) => format!("{value}"),
        Err(error) => format!("error: {}", error.to_string().replace('|', "\\|")),
    }
}

fn show_peer(theirs: &Value) -> String {
    match (theirs["error"].as_str(), theirs) {
        (Some(error), _) => error.split(':').next().unwrap_or(error).to_owned(),
        (None, Value::Null) => "not installed".to_owned(),
        (None, value) => format!("{}", number(value)),
    }
}

fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// The peers, each pinned.
const WHEELS: Wheels = Wheels {
    folder: "peers",
    requirements: "xtask/peers/requirements.txt",
    what: "scikit-learn, torcheval and Paddle (about 800 MB to fetch, 2.3 GB on disk)",
};

/// Runs the peers.
fn measure(folder: &Path) -> Result<String> {
    let python = set_up()?;
    let script = folder.join("peers.py");
    stdout(&mut command(&python.to_string_lossy(), &[&script.to_string_lossy()]))
}

/// Sets the peers up, once; returns their Python.
pub(crate) fn set_up() -> Result<PathBuf> {
    WHEELS.install(|| Ok(()))?;
    Ok(WHEELS.python())
}

/// The folder of a package among the peers.
pub(crate) fn package(name: &str) -> Result<PathBuf> {
    WHEELS.install(|| Ok(()))?;
    Ok(WHEELS.site_packages()?.join(name))
}
