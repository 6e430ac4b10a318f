//! `--plot`: the files, and what is drawn in them.

use std::fs;

use crate::program::{Dir, FOUR_ROWS};

/// Colours of the first model and of the baseline.
const MODEL: &str = "#0072B2";
const BASELINE: &str = "#888888";

/// The square the curves are drawn in starts this far from the left and from above, and is this large.
const SQUARE: (f64, f64) = (144.0, 1080.0);

/// The points in the unit square of every polyline of one colour; the legend is below the square.
fn polylines(svg: &str, colour: &str) -> Vec<Vec<(f64, f64)>> {
    let number = |text: &str| (text.parse::<f64>().unwrap() - SQUARE.0) / SQUARE.1;
    let point = |pair: &str| {
        let (x, y) = pair.split_once(',').unwrap();
        (number(x), 1.0 - number(y))
    };
    let points = |line: &str| -> Vec<_> {
        let (_, rest) = line.split_once(" points=\"").unwrap();
        rest.split('"').next().unwrap().split_whitespace().map(point).collect()
    };
    svg.lines()
        .filter(|line| line.starts_with("<polyline ") && line.contains(colour))
        .map(points)
        .filter(|points| points.iter().all(|point| point.1 >= 0.0))
        .collect()
}

/// Whether two numbers are drawn at the same pixel or at neighbours.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1.0 / SQUARE.1
}

fn assert_corners(svg: &str, corners: &[(f64, f64)]) {
    let drawn = polylines(svg, MODEL).concat();
    let same = drawn.iter().zip(corners).all(|(a, b)| near(a.0, b.0) && near(a.1, b.1));
    assert!(same && drawn.len() == corners.len(), "{drawn:?} for {corners:?}");
}

/// Whether the dashes of the baseline are on this line, from edge to edge.
fn assert_baseline(svg: &str, height: fn(f64) -> f64) {
    let drawn = polylines(svg, BASELINE).concat();
    assert!(drawn.iter().all(|&(x, y)| near(y, height(x))), "{drawn:?}");
    assert!(drawn[0].0 == 0.0 && drawn[drawn.len() - 1].0 > 0.98, "{drawn:?}");
}

#[test]
fn both_curves_of_all_models_are_drawn() {
    let dir = Dir::with("x.csv", "a,b,y\n0.1,3,1\n0.5,4,0\n0.7,2,1\n0.8,1,1\n");
    let outcome = dir.eval("x.csv -s a -s b -t y --plot some/where");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("wrote some/where/precision_recall.svg"), "{}", outcome.stdout);
    let read = |name: &str| fs::read_to_string(dir.path("some/where").join(name)).unwrap();
    let curves = read("precision_recall.svg");
    for text in [
        "Recall",
        "Precision",
        "\na\n</text>",
        "\nb\n</text>",
        "AUPRC 0.9167",
        "x.csv · 4 rows, 3 positive",
    ] {
        assert!(curves.contains(text), "{text} in {curves}");
    }
    let roc = read("roc.svg");
    for text in ["False positive rate", "True positive rate", "AUROC 0.6667"] {
        assert!(roc.contains(text), "{text} in {roc}");
    }
}

#[test]
fn steps_and_baselines_are_where_they_belong() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    dir.eval("x.csv -s score -t label --plot p");
    let third = 1.0 / 3.0;
    let curves = fs::read_to_string(dir.path("p/precision_recall.svg")).unwrap();
    let steps = [(0.0, 1.0), (2.0 * third, 1.0), (2.0 * third, 0.75), (1.0, 0.75)];
    assert_corners(&curves, &steps);
    assert_baseline(&curves, |_| 0.75);
    let curves = fs::read_to_string(dir.path("p/roc.svg")).unwrap();
    let steps = [(0.0, 0.0), (0.0, 2.0 * third), (1.0, 2.0 * third), (1.0, 1.0)];
    assert_corners(&curves, &steps);
    assert_baseline(&curves, |x| x);
}

#[test]
fn long_curves_are_thinned_and_keep_their_ends() {
    let rows: String = (0..100_000u32)
        .map(|i| {
            format!("{},{}\n", f64::from(i * 7919 % 100_003) / 100_003.0, u8::from(i % 3 == 0))
        })
        .collect();
    let dir = Dir::with("x.csv", format!("s,y\n{rows}"));
    dir.eval("x.csv -s s -t y --plot .");
    for name in ["precision_recall.svg", "roc.svg"] {
        let svg = fs::read_to_string(dir.path(name)).unwrap();
        let curve = &polylines(&svg, MODEL)[0];
        assert!((2160..=8640).contains(&curve.len()), "{name}: {}", curve.len());
        assert_eq!((curve[0].0, curve[curve.len() - 1].0), (0.0, 1.0), "{name}");
    }
}

#[test]
fn png_needs_no_font_on_the_machine() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    dir.eval("x.csv -s score -t label --plot . --plot-format png");
    for name in ["precision_recall.png", "roc.png"] {
        let bytes = fs::read(dir.path(name)).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{name}");
        // Width and height, big-endian, in the header chunk.
        assert_eq!(bytes[16..20], 1280u32.to_be_bytes(), "{name}");
    }
}

#[test]
fn undefined_curves_are_not_drawn() {
    let dir = Dir::with("x.csv", "s,y\n0.1,0\n0.5,0\n");
    dir.eval("x.csv -s s -t y --plot .");
    let svg = fs::read_to_string(dir.path("precision_recall.svg")).unwrap();
    assert!(polylines(&svg, MODEL).is_empty() && !polylines(&svg, BASELINE).is_empty(), "{svg}");
    assert!(svg.contains("AUPRC undefined"), "{svg}");
}

#[test]
fn a_plot_directory_that_cannot_be_made() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    let outcome = dir.eval("x.csv -s score -t label --plot x.csv");
    assert!(outcome.stderr.starts_with("error: x.csv: "), "{}", outcome.stderr);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
}

#[test]
fn a_plot_that_cannot_be_written() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    fs::create_dir(dir.path("roc.png")).unwrap();
    let outcome = dir.eval("x.csv -s score -t label --plot . --plot-format png");
    assert!(outcome.stderr.starts_with("error: ./roc.png: "), "{}", outcome.stderr);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
}

/// A picture of a name ending in .png is no folder.
#[test]
fn a_file_has_both_curves_side_by_side() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    let outcome = dir.eval("x.csv -s score -t label --plot new/both.PNG");
    assert!(outcome.stdout.contains("wrote new/both.PNG"), "{outcome:?}");
    let png = fs::read(dir.path("new/both.PNG")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(png[16..20], 2560u32.to_be_bytes());

    dir.eval("x.csv -s score -t label --plot both.svg");
    let svg = fs::read_to_string(dir.path("both.svg")).unwrap();
    for text in ["Precision–recall", "ROC", "AUPRC 0.9167", "AUROC 0.6667", "width=\"2560\""] {
        assert!(svg.contains(text), "{text} in {svg}");
    }
    let names = fs::read_dir(dir.path("")).unwrap().count();
    assert_eq!(names, 3, "the table, the folder, the file");
    // A folder stays one, whatever its name is.
    fs::create_dir(dir.path("old.svg")).unwrap();
    dir.eval("x.csv -s score -t label --plot old.svg");
    assert!(dir.path("old.svg/roc.svg").is_file());
}

#[test]
fn long_names_are_told_apart() {
    let names = ["a", "b"]
        .map(|end| format!("a_model_with_a_name_of_more_than_48_letters_that_ends_in_{end}"));
    let middle = ["x", "y"].map(|middle| format!("{}{middle}{}", "l".repeat(40), "r".repeat(40)));
    let names = [names, middle].concat();
    let dir = Dir::with("x.csv", format!("{},y\n1,1,1,1,0\n2,2,2,2,1\n", names.join(",")));
    dir.eval(&format!("x.csv -s {} -t y --plot .", names.join(" -s ")));
    let svg = fs::read_to_string(dir.path("roc.svg")).unwrap();
    for label in [
        "a_model_with_a_name_of_m…_letters_that_ends_in_a",
        "a_model_with_a_name_of_m…_letters_that_ends_in_b",
        "llllllllllllllllllllll…rrrrrrrrrrrrrrrrrrrrr (3)",
        "llllllllllllllllllllll…rrrrrrrrrrrrrrrrrrrrr (4)",
    ] {
        assert!(svg.contains(&format!("\n{label}\n")), "{label} in {svg}");
    }
}

#[test]
fn a_name_without_a_font_is_no_box() {
    // Plane 15 is for private use: no font has it.
    let dir = Dir::with("x.csv", "a,\u{f1234},y\n1,1,0\n2,2,1\n");
    let outcome = dir.eval("x.csv -s a -s \u{f1234} -t y --plot x.png");
    assert!(outcome.stdout.contains("no font here has all letters of \u{f1234}"), "{outcome:?}");
    let json = dir.json("x.csv -s a -s \u{f1234} -t y --plot x.png");
    assert_eq!(json["names_without_font"], serde_json::json!(["\u{f1234}"]));
    let json = dir.json("x.csv -s a -s \u{f1234} -t y --plot x.svg");
    assert_eq!(json["names_without_font"], serde_json::json!([]));
}

#[test]
fn counts_have_their_thousands_apart() {
    let rows: String = (0..12_345).map(|i| format!("{i},{}\n", u8::from(i < 5_000))).collect();
    let dir = Dir::with("x.csv", format!("s,y\n{rows}"));
    let outcome = dir.eval("x.csv -s s -t y --plot .");
    assert!(outcome.stdout.starts_with("x.csv: 12,345 rows\n"), "{}", outcome.stdout);
    let svg = fs::read_to_string(dir.path("roc.svg")).unwrap();
    assert!(svg.contains("x.csv · 12,345 rows, 5,000 positive"), "{svg}");
}
