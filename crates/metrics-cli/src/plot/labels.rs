//! Names for a picture: short, distinct, and in a font that has their letters.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::fonts;
use crate::args::PlotFormat;

/// Text to draw, and the font it is drawn in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) text: String,
    pub(super) font: &'static str,
}

impl Label {
    /// Text of this program, whose letters the bundled font has.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), font: fonts::BUNDLED }
    }

    /// `text`, cut to at most `max_columns` columns. In a PNG, `instead` replaces a text whose letters no
    /// font has.
    pub(super) fn new(
        text: &str,
        max_columns: usize,
        format: PlotFormat,
        instead: impl FnOnce() -> String,
    ) -> Self {
        let text = cut(&visible(text), max_columns);
        match format {
            // The viewer of an SVG looks for a font.
            PlotFormat::Svg => Self::plain(text),
            PlotFormat::Png => match fonts::with_letters_of(&text) {
                Some(font) => Self { text, font },
                None => Self::plain(instead()),
            },
        }
    }
}

/// Distinct labels for the models of these names, and the names whose letters no font has.
pub(super) fn of_models(
    names: &[&str],
    max_columns: usize,
    format: PlotFormat,
) -> (Vec<Label>, Vec<String>) {
    let mut without_font = Vec::new();
    let short = distinct(names, max_columns);
    let label = |(number, (name, short)): (usize, (&&str, String))| {
        Label::new(&short, max_columns, format, || {
            without_font.push((*name).to_owned());
            format!("model {number}")
        })
    };
    let labels = (1..).zip(names.iter().zip(short)).map(label).collect();
    (labels, without_font)
}

/// Distinct names of at most `max_columns` columns. A name that is too long loses its middle. Names that are
/// then equal get their position as a number, from 1 on.
fn distinct(names: &[&str], max_columns: usize) -> Vec<String> {
    let shown: Vec<String> = names.iter().map(|name| visible(name)).collect();
    let short: Vec<String> = shown.iter().map(|name| cut(name, max_columns)).collect();
    let is_ambiguous =
        |index: usize| short.iter().filter(|other| **other == short[index]).count() > 1;
    let label = |index: usize| {
        if !is_ambiguous(index) {
            return short[index].clone();
        }
        let number = format!(" ({})", index + 1);
        cut(&shown[index], max_columns.saturating_sub(number.len())) + &number
    };
    (0..names.len()).map(label).collect()
}

/// `text` with replacement characters for control characters, which XML does not allow. plotters escapes all
/// other special characters.
fn visible(text: &str) -> String {
    let visible = |c: char| match c {
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(visible).collect()
}

/// `text`, with an ellipsis for its middle if it is too long. Names differ at the end as often as at the start.
pub(super) fn cut(text: &str, max_columns: usize) -> String {
    if text.width() <= max_columns {
        return text.to_owned();
    }
    let max_end = max_columns.saturating_sub(1) / 2;
    let start = prefix(text.chars(), max_columns.saturating_sub(1) - max_end);
    let mut end = prefix(text.chars().rev(), max_end);
    end.reverse();
    start.into_iter().chain(['…']).chain(end).collect()
}

/// The first characters, as many as fit into `max_columns` columns.
fn prefix(chars: impl Iterator<Item = char>, max_columns: usize) -> Vec<char> {
    let mut left = max_columns;
    let fits = |c: &char| match left.checked_sub(c.width().unwrap_or(0)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    chars.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(cut("abcdefghij", 10), "abcdefghij");
        assert_eq!(cut("abcdefghijk", 10), "abcde…hijk");
        assert_eq!(cut("模型模型模型", 10), "模型…模型");
        assert_eq!(cut("é", 1), "é");
        assert_eq!(cut(&"x".repeat(100), 48).chars().count(), 48);
    }

    #[test]
    fn names_stay_apart() {
        let long = |middle: char| format!("{}{middle}{}", "a".repeat(40), "b".repeat(40));
        let names =
            [long('x'), long('y'), "m".to_owned(), "m\u{1}".to_owned(), "m\u{2}".to_owned()];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let labels = distinct(&names, 20);
        let expected =
            ["aaaaaaaa…bbbbbbb (1)", "aaaaaaaa…bbbbbbb (2)", "m", "m\u{fffd} (4)", "m\u{fffd} (5)"];
        assert_eq!(labels, expected);
    }

    #[test]
    fn a_name_without_a_font_becomes_a_position() {
        // Plane 15 is for private use: no font has it.
        let names = ["model", "\u{f1234}"];
        let (labels, without_font) = of_models(&names, 48, PlotFormat::Png);
        assert_eq!(labels, ["model", "model 2"].map(Label::plain));
        assert_eq!(without_font, ["\u{f1234}"]);
        let (labels, without_font) = of_models(&names, 48, PlotFormat::Svg);
        assert_eq!(labels, names.map(Label::plain));
        assert!(without_font.is_empty());
    }
}
