//! Precision–recall and ROC curves, all models in one picture.
//!
//! The same drawing becomes an SVG or a PNG, with a font that comes along, so that none is needed on
//! the machine. Curves are thinned first, see [`ModelCurves`].

use std::fs;
use std::path::Path;

use tensor_metrics::{PrecisionRecallCurve, RocCurve};

mod figure;
mod thin;

use figure::{Figure, Line};
pub use thin::Point;
use thin::thin;

use crate::args::PlotFormat;
use crate::error::{Error, Result};
use crate::evaluate::Evaluation;
use crate::files::Staged;
use crate::text;

/// The curves of one model, ready to draw.
///
/// Both are thinned to what a plot can show. Up to 8640 corners they are drawn as they are; of
/// longer ones the first, lowest, highest and last vertex is kept in each of 2160 columns from left
/// to right. None is moved, and end points stay.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCurves {
    score: String,
    auprc: Option<f64>,
    auroc: Option<f64>,
    precision_recall: Vec<Point>,
    roc: Vec<Point>,
}

impl ModelCurves {
    /// A model with its areas and no curves yet; undefined areas have none.
    #[must_use]
    pub fn new(score: &str, auprc: Option<f64>, auroc: Option<f64>) -> Self {
        Self {
            score: score.to_owned(),
            auprc,
            auroc,
            precision_recall: Vec::new(),
            roc: Vec::new(),
        }
    }

    /// Sets the precision–recall curve as the steps whose area is the AUPRC.
    ///
    /// Each step is as wide as the recall its threshold adds and as high as the precision there.
    /// Thresholds that add no recall have no width and are left out, and so is the last point of
    /// the curve, which no threshold reaches.
    pub fn set_precision_recall(&mut self, curve: &PrecisionRecallCurve) {
        let n_thresholds = curve.thresholds.len();
        let points = curve.recall.iter().zip(&curve.precision).take(n_thresholds).rev();
        let mut left = 0.0;
        let steps = points.filter_map(|(&recall, &precision)| {
            let step = (recall > left).then_some([(left, precision), (recall, precision)]);
            left = recall;
            step
        });
        self.precision_recall = thin(steps.flatten());
    }

    /// Sets the ROC curve: straight lines between thresholds, sloped where scores tie.
    pub fn set_roc(&mut self, curve: &RocCurve) {
        self.roc = thin(curve.fpr.iter().copied().zip(curve.tpr.iter().copied()));
    }
}

/// Writes `precision_recall` and `roc` into `dir`, which is made if missing. Returns the paths.
///
/// Each file is written whole or not at all: on an error the former one is as it was.
///
/// # Errors
/// [`Error::Io`] when a file cannot be written, [`Error::Plot`] when it cannot be drawn.
pub fn write(
    evaluation: &Evaluation,
    file: &Path,
    dir: &Path,
    format: PlotFormat,
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
    for (name, figure) in figures {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_drawn_have_the_area_of_the_metric() {
        // Scores 0.8 (1), 0.7 (1), 0.5 (0), 0.1 (1): AP = 1/3 + 1/3 + 1/3 · 3/4.
        let curve = PrecisionRecallCurve {
            precision: vec![0.75, 2.0 / 3.0, 1.0, 1.0, 1.0],
            recall: vec![1.0, 2.0 / 3.0, 2.0 / 3.0, 1.0 / 3.0, 0.0],
            thresholds: vec![0.1, 0.5, 0.7, 0.8],
        };
        let mut model = ModelCurves::new("m", Some(11.0 / 12.0), None);
        model.set_precision_recall(&curve);
        let steps = &model.precision_recall;
        assert_eq!(steps.first(), Some(&(0.0, 1.0)));
        assert_eq!(steps.last(), Some(&(1.0, 0.75)));
        let area: f64 = steps.windows(2).map(|pair| (pair[1].0 - pair[0].0) * pair[1].1).sum();
        assert!((area - 11.0 / 12.0).abs() < 1e-12, "{area}");
    }
}
