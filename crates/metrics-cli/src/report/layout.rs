//! Lays out names and numbers to fit the width of a terminal.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use unicode_width::UnicodeWidthStr;

/// One rule, under the header.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The cells of a table.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) header: Vec<String>,
    /// How many columns hold names: the first ones, aligned to the left.
    pub(super) n_names: usize,
    pub(super) rows: Vec<Vec<String>>,
}

/// How wide a table is laid out.
#[derive(Debug, Clone, Copy)]
struct Setting {
    wraps_header: bool,
    /// Blanks on the left and on the right of a cell, besides the one between two cells.
    padding: (u16, u16),
}

/// From the widest to the narrowest.
const SETTINGS: [Setting; 3] = [
    Setting { wraps_header: false, padding: (1, 1) },
    Setting { wraps_header: true, padding: (0, 1) },
    Setting { wraps_header: true, padding: (0, 0) },
];

impl Sheet {
    /// The widest table that fits into `width` columns, or a list of all rows if no table fits.
    pub(super) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let limit = width.unwrap_or(usize::MAX);
        match SETTINGS.into_iter().find(|setting| self.width(*setting) <= limit) {
            Some(setting) => self.table(setting),
            None => self.list(),
        }
    }

    fn width(&self, setting: Setting) -> usize {
        let padding = usize::from(setting.padding.0 + setting.padding.1);
        let columns = (0..self.header.len()).map(|column| self.column_width(column, setting));
        columns.map(|width| width + padding + 1).sum::<usize>().saturating_sub(1)
    }

    /// Width of the widest cell, heading included.
    fn column_width(&self, column: usize, setting: Setting) -> usize {
        let heading = &self.header[column];
        let heading = if setting.wraps_header {
            heading.split(' ').map(UnicodeWidthStr::width).max().unwrap_or(0)
        } else {
            heading.width()
        };
        let cells = self.rows.iter().map(|row| row[column].width());
        cells.chain([heading]).max().unwrap_or(0)
    }

    fn table(&self, setting: Setting) -> Vec<String> {
        let mut table = Table::new();
        table.load_style(STYLE);
        table.set_content_arrangement(ContentArrangement::Disabled);
        let heading = |(column, heading): (usize, &String)| {
            if setting.wraps_header {
                wrapped(heading, self.column_width(column, setting)).join("\n")
            } else {
                heading.clone()
            }
        };
        table.set_header(self.header.iter().enumerate().map(heading));
        table.add_rows(&self.rows);
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding(setting.padding);
            if index >= self.n_names {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        // Trailing blanks would wrap in narrow terminals.
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// A line for each cell: its heading, then the cell. No line is wrapped.
    fn list(&self) -> Vec<String> {
        let widest = self.header.iter().map(|heading| heading.width()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for row in &self.rows {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            for (heading, cell) in self.header.iter().zip(row) {
                let blanks = " ".repeat(widest - heading.width() + 2);
                lines.push(format!("{heading}{blanks}{cell}"));
            }
        }
        lines
    }
}

/// `text` in lines of at most `width` columns, broken only at blanks. All lines have the indentation of the
/// first. A word longer than `width` has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let indent = &text[..text.len() - text.trim_start().len()];
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn sheet() -> Sheet {
        let row = |name: &str, n: &str| [name, n, "0.994192", "≤ 0.000027"].map(str::to_owned);
        Sheet {
            header: ["model", "samples", "AUROC in 4096 buckets", "bucketing error"]
                .map(str::to_owned)
                .into(),
            n_names: 1,
            rows: vec![row("模型", "5").into(), row("logistic", "123456789").into()],
        }
    }

    #[rstest]
    #[case::wide(None, 4)]
    #[case::just_wide(Some(64), 4)]
    #[case::narrow(Some(63), 6)]
    #[case::just_narrow(Some(42), 6)]
    #[case::tight(Some(41), 6)]
    #[case::just_tight(Some(38), 6)]
    #[case::list(Some(37), 9)]
    #[case::hopeless(Some(1), 9)]
    fn the_widest_form_that_fits(#[case] width: Option<usize>, #[case] n_lines: usize) {
        let lines = sheet().lines(width);
        let text = lines.join("\n");
        assert_eq!(lines.len(), n_lines, "{text}");
        for cell in sheet().rows.concat() {
            assert!(text.contains(&cell), "{cell} in {text}");
        }
        let widest = lines.iter().map(|line| line.width()).max().unwrap();
        assert!(widest <= width.unwrap_or(usize::MAX).max(37), "{widest}: {text}");
    }

    #[test]
    fn the_computed_width_is_that_of_the_lines() {
        for setting in SETTINGS {
            let lines = sheet().table(setting);
            let widest = lines.iter().map(|line| line.width()).max();
            assert_eq!(widest, Some(sheet().width(setting)), "{lines:?}");
        }
    }

    #[test]
    fn text_is_broken_at_blanks() {
        let lines = wrapped("  one two three incomprehensibilities", 9);
        assert_eq!(lines, ["  one two", "  three", "  incomprehensibilities"]);
        assert_eq!(wrapped("one two", usize::MAX), ["one two"]);
        assert_eq!(wrapped("one  \"two\"", 11), ["one  \"two\""]);
    }
}
