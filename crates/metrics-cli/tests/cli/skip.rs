//! `--skip-invalid`: bad rows are counted, named by example, and otherwise as if they were not
//! there.

use serde_json::json;

use crate::program::{Dir, FOUR_ROWS};

const BAD_ROWS: &str = "score,label\n0.1,1\nabc,1\n0.5,0\n,0\n0.7,1\nxyz,0\n0.8,1\n0.9,2\n1,1,1\n";

#[test]
fn the_rest_is_measured_as_if_alone() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    dir.write("bad.csv", BAD_ROWS);
    let good = dir.json("x.csv -s score -t label");
    let skipped = dir.json("bad.csv -s score -t label --skip-invalid");
    assert_eq!(good["results"], skipped["results"]);
}

#[test]
fn json_counts_reasons_with_the_first_example() {
    let dir = Dir::with("bad.csv", BAD_ROWS);
    let first = |line, column, message| json!({"line": line, "column": column, "message": message});
    let number = first(3, Some("score"), "\"abc\" is not a number");
    let empty = first(5, Some("score"), "empty cell");
    let target = first(9, Some("label"), "\"2\" is not a target: neither 0 nor 1");
    let fields = first(10, None, "3 fields, but the header has 2");
    let expected = json!({
        "read": 9,
        "used": 4,
        "skipped": 5,
        "skipped_by_reason": [
            {"reason": "not_a_number", "count": 2, "first": number},
            {"reason": "empty", "count": 1, "first": empty},
            {"reason": "invalid_target", "count": 1, "first": target},
            {"reason": "field_count", "count": 1, "first": fields},
        ],
    });
    assert_eq!(dir.json("bad.csv -s score -t label --skip-invalid")["rows"], expected);
}

#[test]
fn the_table_tells_too() {
    let outcome = Dir::with("bad.csv", BAD_ROWS).eval("bad.csv -s score -t label --skip-invalid");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(outcome.stdout.contains("skipped 5 invalid rows of 9"), "{}", outcome.stdout);
    let example = "2 rows like bad.csv:3: column \"score\": \"abc\" is not a number";
    assert!(outcome.stdout.contains(example), "{}", outcome.stdout);
}

#[test]
fn a_row_is_bad_for_all_models() {
    let dir = Dir::with("x.csv", "a,b,y\n0.1,0.2,1\n0.5,nan,0\n0.3,0.1,0\n");
    let json = dir.json("x.csv -s a -s b -t y --skip-invalid");
    assert_eq!(
        (&json["results"][0]["samples"], &json["results"][1]["samples"]),
        (&2.into(), &2.into())
    );
}

#[test]
fn nothing_left_is_an_error() {
    let dir = Dir::with("x.csv", "s,y\nabc,1\nabc,0\n");
    dir.eval("x.csv -s s -t y --skip-invalid")
        .fails(1, "x.csv: no rows to evaluate (2 invalid rows skipped)");
    let dir = Dir::with("x.csv", "s,y\nabc,1\n");
    dir.eval("x.csv -s s -t y --skip-invalid")
        .fails(1, "x.csv: no rows to evaluate (1 invalid row skipped)");
}

#[test]
fn skipped_rows_make_no_groups() {
    let dir = Dir::with("x.csv", "s,y,g\n0.1,1,a\nabc,0,b\n0.4,0,a\n");
    let json = dir.json("x.csv -s s -t y -g g --skip-invalid");
    assert_eq!(json["results"].as_array().unwrap().len(), 2);
}
