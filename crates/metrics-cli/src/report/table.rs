//! The report for people.

use std::io::{self, Write};

use super::Report;
use super::layout::{self, Sheet};
use crate::error::{Error, Result};
use crate::evaluate::Measured;
use crate::text;

/// Shown where a model has no bucketed AUC.
const NONE: &str = "–";

/// Shown in place of a group for all rows. It has parentheses, because a group may be called `all`.
const ALL: &str = "(all rows)";

/// Heading of the largest distance between the bucketed and the exact area. The bounds are certain, and the
/// heading must not suggest a confidence interval.
const BUCKETING: &str = "bucketing error";

/// Longer names are cut; JSON has the whole names.
const MAX_NAME_CHARS: usize = 100;

/// Writes a table with one line for each model and group, and notes below it. No line is broken inside a
/// number or a word: a table too wide for `width` columns becomes narrower, or a list.
///
/// # Errors
/// [`Error::Output`] when the table cannot be written to `out`.
pub fn table(report: &Report, width: Option<usize>, out: &mut impl Write) -> Result<()> {
    write_report(report, width, out).and_then(|()| out.flush()).map_err(Error::Output)
}

fn write_report(report: &Report, width: Option<usize>, out: &mut impl Write) -> io::Result<()> {
    let rows = text::count(report.rows.used, "row");
    match &report.columns.weight {
        Some(weight) => {
            writeln!(out, "{}: {rows}, weighted by {}", report.file, printable(weight))?;
        }
        None => writeln!(out, "{}: {rows}", report.file)?,
    }
    writeln!(out)?;
    for line in sheet(report).lines(width) {
        writeln!(out, "{line}")?;
    }
    let notes = notes(report);
    if !notes.is_empty() {
        writeln!(out)?;
    }
    for line in notes.iter().flat_map(|note| layout::wrapped(note, width.unwrap_or(usize::MAX))) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn sheet(report: &Report) -> Sheet {
    let grouped = report.columns.group.as_deref();
    let header = ["model", "samples", "positives", "prevalence", "AUPRC", "AUROC"];
    let bucketed = report.buckets.map(|n| [format!("AUROC in {n} buckets"), BUCKETING.to_owned()]);
    let row = |result: &Measured| {
        let group = grouped.map(|_| result.group.as_deref().map_or(ALL.to_owned(), group_name));
        group.into_iter().chain(cells(report, result)).collect()
    };
    Sheet {
        header: grouped
            .into_iter()
            .map(printable)
            .chain(header.map(str::to_owned))
            .chain(bucketed.into_iter().flatten())
            .collect(),
        n_names: 1 + usize::from(grouped.is_some()),
        rows: report.results.iter().map(row).collect(),
    }
}

fn cells(report: &Report, result: &Measured) -> Vec<String> {
    let mut cells = vec![
        printable(&result.score),
        text::thousands(result.samples),
        text::thousands(result.positives),
        number(result.prevalence),
        number(result.auprc),
        number(result.auroc),
    ];
    if report.buckets.is_some() {
        cells.extend(bucketed_cells(report, result));
    }
    cells
}

/// The label of a group, ready to print; in quotes if it equals [`ALL`].
fn group_name(label: &str) -> String {
    if label == ALL { text::quote(label.as_bytes()) } else { printable(label) }
}

/// The bucketed area, and the largest possible distance of the exact area.
fn bucketed_cells(report: &Report, result: &Measured) -> [String; 2] {
    let no_probabilities = report.not_probabilities.iter().any(|model| model.score == result.score);
    match result.bucketed_auc {
        Some(auc) => {
            let error = (auc.upper - auc.value).max(auc.value - auc.lower);
            [number(Some(auc.value)), format!("≤ {:.6}", (error * 1e6).ceil() / 1e6)]
        }
        None if no_probabilities => [NONE, NONE].map(str::to_owned),
        None => [number(None), NONE.to_owned()],
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.6}"))
}

/// A name from the file, ready to print. Control characters are escaped, because they could break the
/// line. A long name is cut, because it would widen every line.
fn printable(name: &str) -> String {
    let mut chars = name.chars();
    let mut shown = String::new();
    for c in chars.by_ref().take(MAX_NAME_CHARS) {
        if c.is_control() {
            shown.extend(c.escape_debug());
        } else {
            shown.push(c);
        }
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if report.columns.weight.is_some() {
        notes.push(
            "weighted: prevalence and areas count each row by its weight; samples and positives are rows"
                .to_owned(),
        );
    }
    if !report.not_probabilities.is_empty() {
        let models = report.not_probabilities.iter();
        let models = models.map(|model| format!("{} ({})", printable(&model.score), model.example));
        notes.push(format!(
            "{NONE} the bucketed AUC needs probabilities, and some scores are outside [0, 1]: {}. \
             AUPRC and AUROC take any score.",
            models.collect::<Vec<_>>().join(", ")
        ));
    }
    if report.results.iter().any(|result| result.auroc.is_none()) {
        notes.push(
            "undefined: no positives (AUPRC, AUROC) or no negatives (AUROC) to rank".to_owned(),
        );
    }
    let rows = &report.rows;
    if rows.skipped > 0 {
        notes.push(format!(
            "skipped {} of {}:",
            text::count(rows.skipped, "invalid row"),
            text::thousands(rows.read)
        ));
        for reason in &rows.skipped_by_reason {
            notes.push(format!(
                "  {} like {}{}",
                text::count(reason.count, "row"),
                report.file,
                reason.first
            ));
        }
    }
    if !report.names_without_font.is_empty() {
        let names = report.names_without_font.iter().map(|name| printable(name));
        notes.push(format!(
            "no font here has all letters of {}: a PNG shows \"model\" and the position of the model \
             instead; an SVG shows every name.",
            names.collect::<Vec<_>>().join(", ")
        ));
    }
    notes.extend(report.plots.iter().map(|plot| format!("wrote {plot}")));
    notes
}
