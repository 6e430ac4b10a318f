//! Fonts: the bundled one, and those of the machine for letters that it lacks.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use fontdb::{Database, ID, Style};
use plotters::style::{FontStyle, register_font};
use ttf_parser::Face;

/// The name of the bundled font for plotters. An SVG asks its viewer for fonts of the same names.
pub(super) const BUNDLED: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";
/// DejaVu Sans with Latin, Greek and Cyrillic letters; `fonts/README.md` says how it was made.
const BUNDLED_FILE: &[u8] = include_bytes!("../../fonts/DejaVuSans-subset.ttf");

/// The fonts of the machine, listed when the bundled font lacks a letter for the first time.
static SYSTEM: LazyLock<Database> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    fonts
});

/// The names of the fonts of the machine that are registered with plotters.
static REGISTERED: LazyLock<Mutex<HashMap<ID, &'static str>>> = LazyLock::new(Mutex::default);

/// Registers the bundled font with plotters.
///
/// # Errors
/// A sentence that says that the font cannot be read.
pub(super) fn register_bundled() -> Result<(), String> {
    register_font(BUNDLED, FontStyle::Normal, BUNDLED_FILE)
        .map_err(|_| "the bundled font cannot be read".to_owned())
}

/// The name of a registered font that has all letters of `text`: the bundled one, or one of the machine.
pub(super) fn with_letters_of(text: &str) -> Option<&'static str> {
    if has_letters(BUNDLED_FILE, 0, text) {
        return Some(BUNDLED);
    }
    find(&SYSTEM, text).and_then(|id| register(&SYSTEM, id))
}

/// The upright font with all letters of `text` whose weight is nearest to regular; proportional if possible.
fn find(fonts: &Database, text: &str) -> Option<ID> {
    // plotters reads only the first font of a file.
    let upright = fonts.faces().filter(|face| face.style == Style::Normal && face.index == 0);
    let mut upright: Vec<_> = upright.collect();
    upright.sort_by_key(|face| (face.weight.0.abs_diff(400), face.monospaced));
    let has_letters = |id| fonts.with_face_data(id, |data, index| has_letters(data, index, text));
    upright.iter().map(|face| face.id).find(|&id| has_letters(id) == Some(true))
}

fn has_letters(data: &[u8], index: u32, text: &str) -> bool {
    let Ok(face) = Face::parse(data, index) else { return false };
    text.chars().all(|c| face.glyph_index(c).is_some())
}

/// Registers a font of the machine with plotters, and keeps it in memory until the program ends.
fn register(fonts: &Database, id: ID) -> Option<&'static str> {
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = registered.get(&id) {
        return Some(name);
    }
    let name: &'static str = format!("font {} of the machine", registered.len() + 1).leak();
    let file: &'static [u8] = fonts.with_face_data(id, |data, _| data.to_vec())?.leak();
    register_font(name, FontStyle::Normal, file).ok()?;
    registered.insert(id, name);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_font_comes_first() {
        assert_eq!(with_letters_of("Äпα 1,000 …"), Some(BUNDLED));
        assert_eq!(with_letters_of("\u{f1234}"), None);
    }

    #[test]
    fn a_font_with_all_letters_is_found_and_registered() {
        let mut fonts = Database::new();
        fonts.load_font_data(BUNDLED_FILE.to_vec());
        let id = find(&fonts, "ж").unwrap();
        assert!(find(&fonts, "ж\u{f1234}").is_none());
        let name = register(&fonts, id).unwrap();
        assert_eq!(register(&fonts, id), Some(name), "once");
    }
}
