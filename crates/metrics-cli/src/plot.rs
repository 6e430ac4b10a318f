//! Precision–recall and ROC curves, all models in one picture.
//!
//! The same drawing becomes an SVG or a PNG. The program has a font of its own, so the machine needs
//! none. Letters that this font lacks are drawn in a font of the machine.

use std::fs;
use std::path::{Path, PathBuf};

use unicode_width::UnicodeWidthStr;

mod figure;
mod fonts;
mod labels;

use figure::{Figure, Line};
use labels::Label;

use crate::args::PlotFormat;
use crate::error::{Error, Result};
use crate::evaluate::{Evaluation, ModelCurves};
use crate::files::Staged;
use crate::progress::Step;
use crate::text;

/// Where pictures go, and in which format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A folder for `precision_recall` and `roc`, created if missing; or a file for both side by side.
    pub path: PathBuf,
    /// Whether `path` is a file.
    pub is_file: bool,
    /// The format.
    pub format: PlotFormat,
}

impl Target {
    /// The files to write, and which figures go into each.
    fn pictures<'f>(&self, figures: &'f [Figure; 2]) -> Vec<(PathBuf, &'f [Figure])> {
        if self.is_file {
            return vec![(self.path.clone(), figures)];
        }
        let path = |name: &str| self.path.join(name).with_extension(self.format.extension());
        let [first, second] = figures.each_ref().map(std::slice::from_ref);
        vec![(path("precision_recall"), first), (path("roc"), second)]
    }

    fn make_folder(&self) -> Result<()> {
        let folder = if self.is_file { self.path.parent() } else { Some(self.path.as_path()) };
        match folder.filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => fs::create_dir_all(folder).map_err(|source| io_error(folder, source)),
            None => Ok(()),
        }
    }
}

/// The plots that were written.
#[derive(Debug, Default)]
pub struct Plots {
    /// The files.
    pub paths: Vec<String>,
    /// Models for whose names no font of the machine has all letters. A PNG shows their positions instead, as
    /// in "model 1".
    pub without_font: Vec<String>,
}

/// Draws the curves of all models.
///
/// Reports its progress to `on_step`. Each file is written whole or not at all: on an error, a file
/// that was there before stays as it was.
///
/// # Errors
/// [`Error::Io`] when a file cannot be written, [`Error::Plot`] when it cannot be drawn.
pub fn write(
    evaluation: &Evaluation,
    file: &Path,
    weight: Option<&str>,
    target: &Target,
    on_step: &mut dyn FnMut(Step),
) -> Result<Plots> {
    target.make_folder()?;
    let format = target.format;
    let names: Vec<&str> = evaluation.curves.iter().map(|model| model.score.as_str()).collect();
    let (labels, without_font) = labels::of_models(&names, figure::MAX_LABEL_COLUMNS, format);
    let subtitle = subtitle(evaluation, file, weight, format);
    let prevalence = evaluation.results.first().and_then(|all| all.prevalence);
    let curves = &evaluation.curves;
    let figures =
        [precision_recall(curves, &labels, prevalence, &subtitle), roc(curves, &labels, &subtitle)];
    let paths = draw(&target.pictures(&figures), format, on_step)?;
    Ok(Plots { paths, without_font })
}

/// Draws all pictures, then moves them to their paths.
fn draw(
    pictures: &[(PathBuf, &[Figure])],
    format: PlotFormat,
    on_step: &mut dyn FnMut(Step),
) -> Result<Vec<String>> {
    let mut staged = Vec::new();
    for (done, (path, figures)) in (0..).zip(pictures) {
        on_step(Step::Drawing { done, of: pictures.len() as u64 });
        let picture = figure::picture(figures, format);
        let picture =
            picture.map_err(|reason| Error::Plot { path: path.display().to_string(), reason })?;
        let file = Staged::new(path, &picture).map_err(|source| io_error(path, source))?;
        staged.push((path, file));
    }
    let mut written = Vec::new();
    for (path, file) in staged {
        file.persist().map_err(|source| io_error(path, source))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

fn precision_recall(
    models: &[ModelCurves],
    labels: &[Label],
    prevalence: Option<f64>,
    subtitle: &Label,
) -> Figure {
    let line = |(model, label): (&ModelCurves, &Label)| Line {
        label: label.clone(),
        value: value("AUPRC", model.auprc),
        points: model.precision_recall.clone(),
    };
    Figure {
        title: "Precision–recall",
        subtitle: subtitle.clone(),
        x_label: "Recall",
        y_label: "Precision",
        zoom_y: true,
        lines: models.iter().zip(labels).map(line).collect(),
        baseline: Line {
            label: Label::plain("guessing (prevalence)"),
            value: prevalence.map_or_else(|| "undefined".to_owned(), |share| format!("{share:.4}")),
            points: prevalence.map_or_else(Vec::new, |share| vec![(0.0, share), (1.0, share)]),
        },
    }
}

fn roc(models: &[ModelCurves], labels: &[Label], subtitle: &Label) -> Figure {
    let line = |(model, label): (&ModelCurves, &Label)| Line {
        label: label.clone(),
        value: value("AUROC", model.auroc),
        points: model.roc.clone(),
    };
    Figure {
        title: "ROC",
        subtitle: subtitle.clone(),
        x_label: "False positive rate",
        y_label: "True positive rate",
        zoom_y: false,
        lines: models.iter().zip(labels).map(line).collect(),
        baseline: Line {
            label: Label::plain("guessing"),
            value: "0.5000".to_owned(),
            points: vec![(0.0, 0.0), (1.0, 1.0)],
        },
    }
}

fn value(name: &str, area: Option<f64>) -> String {
    area.map_or_else(|| format!("{name} undefined"), |area| format!("{name} {area:.4}"))
}

/// The subtitle of a figure: the file, its rows, and the column of weights.
fn subtitle(
    evaluation: &Evaluation,
    file: &Path,
    weight: Option<&str>,
    format: PlotFormat,
) -> Label {
    let rows = text::count(evaluation.rows.used, "row");
    let positives = evaluation.results.first().map_or(0, |all| all.positives);
    let rows = format!("{rows}, {} positive", text::thousands(positives));
    let weighted = weight.map_or_else(String::new, |weight| {
        format!(", weighted by {}", labels::cut(weight, figure::MAX_WEIGHT_COLUMNS))
    });
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let left = figure::MAX_SUBTITLE_COLUMNS.saturating_sub(rows.width() + weighted.width() + 3);
    let text = format!("{} · {rows}{weighted}", labels::cut(&name, left));
    let without_names =
        || if weight.is_some() { rows.clone() + ", weighted" } else { rows.clone() };
    Label::new(&text, figure::MAX_SUBTITLE_COLUMNS, format, without_names)
}

fn io_error(path: &Path, source: std::io::Error) -> Error {
    Error::Io { path: path.display().to_string(), source }
}
