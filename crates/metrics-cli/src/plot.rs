//! Precision–recall and ROC curves, all models in one picture.
//!
//! The same drawing becomes an SVG or a PNG, with a font that comes along, so that none is needed on
//! the machine.

use std::fs;
use std::path::Path;

mod figure;

use figure::{Figure, Line};

use crate::args::PlotFormat;
use crate::error::{Error, Result};
use crate::evaluate::{Evaluation, ModelCurves};
use crate::files::Staged;
use crate::progress::Step;
use crate::text;

/// Writes `precision_recall` and `roc` into `dir`, which is made if missing. Returns the paths.
///
/// Each picture is told to `on_step` before it is drawn. Each file is written whole or not at all: on an error the former one is as it was.
///
/// # Errors
/// [`Error::Io`] when a file cannot be written, [`Error::Plot`] when it cannot be drawn.
pub fn write(
    evaluation: &Evaluation,
    file: &Path,
    dir: &Path,
    format: PlotFormat,
    on_step: &mut dyn FnMut(Step),
) -> Result<Vec<String>> {
    fs::create_dir_all(dir).map_err(|source| io_error(dir, source))?;
    let subtitle = subtitle(evaluation, file);
    let prevalence = evaluation.results.first().and_then(|all| all.prevalence);
    let figures = [
        ("precision_recall", precision_recall(&evaluation.curves, prevalence, &subtitle)),
        ("roc", roc(&evaluation.curves, &subtitle)),
    ];
    // Both are complete before the first is put into its place.
    let mut staged = Vec::new();
    for (done, (name, figure)) in (0..).zip(figures) {
        on_step(Step::Drawing { done, of: 2 });
        let path = dir.join(name).with_extension(format.extension());
        let picture = figure.picture(format);
        let picture =
            picture.map_err(|reason| Error::Plot { path: path.display().to_string(), reason })?;
        let file = Staged::new(&path, &picture).map_err(|source| io_error(&path, source))?;
        staged.push((path, file));
    }
    let mut written = Vec::new();
    for (path, file) in staged {
        file.persist().map_err(|source| io_error(&path, source))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

fn precision_recall(models: &[ModelCurves], prevalence: Option<f64>, subtitle: &str) -> Figure {
    let line = |model: &ModelCurves| Line {
        label: model.score.clone(),
        value: value("AUPRC", model.auprc),
        points: model.precision_recall.clone(),
    };
    Figure {
        title: "Precision–recall",
        subtitle: subtitle.to_owned(),
        x_label: "Recall",
        y_label: "Precision",
        zoom_y: true,
        lines: models.iter().map(line).collect(),
        baseline: Line {
            label: "guessing (prevalence)".to_owned(),
            value: prevalence.map_or_else(|| "undefined".to_owned(), |share| format!("{share:.4}")),
            points: prevalence.map_or_else(Vec::new, |share| vec![(0.0, share), (1.0, share)]),
        },
    }
}

fn roc(models: &[ModelCurves], subtitle: &str) -> Figure {
    let line = |model: &ModelCurves| Line {
        label: model.score.clone(),
        value: value("AUROC", model.auroc),
        points: model.roc.clone(),
    };
    Figure {
        title: "ROC",
        subtitle: subtitle.to_owned(),
        x_label: "False positive rate",
        y_label: "True positive rate",
        zoom_y: false,
        lines: models.iter().map(line).collect(),
        baseline: Line {
            label: "guessing".to_owned(),
            value: "0.5000".to_owned(),
            points: vec![(0.0, 0.0), (1.0, 1.0)],
        },
    }
}

fn value(name: &str, area: Option<f64>) -> String {
    area.map_or_else(|| format!("{name} undefined"), |area| format!("{name} {area:.4}"))
}

fn subtitle(evaluation: &Evaluation, file: &Path) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let rows = text::count(evaluation.rows.used, "row");
    let positives = evaluation.results.first().map_or(0, |all| all.positives);
    format!("{name} · {rows}, {positives} positive")
}

fn io_error(path: &Path, source: std::io::Error) -> Error {
    Error::Io { path: path.display().to_string(), source }
}
