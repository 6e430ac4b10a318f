//! The table and the JSON document.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::program::{Dir, FOUR_ROWS, Outcome, run};

#[test]
fn the_json_document_is_stable() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    let mut json = dir.json("x.csv -s score -t label --buckets 11");
    let auc = json["results"][0]["bucketed_auc"].take();
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "file": "x.csv",
        "format": "csv",
        "columns": {"scores": ["score"], "target": "label", "weight": null, "group": null},
        "weighted": false,
        "buckets": 11,
        "rows": {"read": 4, "used": 4, "skipped": 0, "skipped_by_reason": []},
        "results": [{
            "group": null,
            "score": "score",
            "samples": 4,
            "positives": 3,
            "negatives": 1,
            "prevalence": 0.75,
            "auprc": 11.0 / 12.0,
            "auroc": 2.0 / 3.0,
            "bucketed_auc": null,
        }],
        "not_probabilities": [],
        "plots": [],
        "names_without_font": [],
    });
    assert_eq!(json, expected);
    let field = |name: &str| auc[name].as_f64().unwrap();
    assert!(field("lower") <= 2.0 / 3.0 && 2.0 / 3.0 <= field("upper"), "{auc}");
    assert!(field("lower") <= field("value") && field("value") <= field("upper"), "{auc}");
}

#[test]
fn the_table_shows_six_digits() {
    let outcome = Dir::with("x.csv", FOUR_ROWS).eval("x.csv -s score -t label");
    let row = outcome.stdout.lines().find(|line| line.trim_start().starts_with("score")).unwrap();
    let cells: Vec<_> = row.split_whitespace().collect();
    assert_eq!(cells, ["score", "4", "3", "0.750000", "0.916667", "0.666667"]);
    assert_eq!(outcome.stderr, "");
}

/// Beside an exact area, bounds look like an interval of confidence: they are there only if asked for, and
/// headed by what they are.
#[test]
fn buckets_are_shown_only_if_asked_for() {
    let dir = Dir::with("x.csv", "score,label\n0.1,1\n0.55,0\n0.5,1\n0.8,1\n");
    let plain = dir.eval("x.csv -s score -t label").stdout;
    assert!(!plain.contains("bucket") && !plain.contains('['), "{plain}");
    let json = dir.json("x.csv -s score -t label");
    assert_eq!([&json["buckets"], &json["results"][0]["bucketed_auc"]], [&Value::Null; 2]);

    let table = dir.eval("x.csv -s score -t label --buckets 11").stdout;
    let header = table.lines().nth(2).unwrap();
    assert!(header.ends_with("AUROC   AUROC in 11 buckets   bucketing error"), "{header}");
    let row = table.lines().nth(4).unwrap();
    // Scores 0.5 and 0.55 share a bucket: their pair counts half, and could count 0 or 1.
    let cells: Vec<_> = row.split_whitespace().collect();
    assert_eq!(cells[5..], ["0.333333", "0.500000", "≤", "0.166667"], "{row}");
}

#[test]
fn bounds_hold_the_exact_area() {
    let rows: String = (0..5000u32)
        .map(|i| format!("{},{}\n", f64::from(i * 7919 % 5003) / 5003.0, u8::from(i % 3 == 0)))
        .collect();
    let dir = Dir::with("x.csv", format!("s,y\n{rows}"));
    let result = &dir.json("x.csv -s s -t y --buckets 21")["results"][0];
    let auc = |name: &str| result["bucketed_auc"][name].as_f64().unwrap();
    let exact = result["auroc"].as_f64().unwrap();
    assert!(auc("lower") < exact && exact < auc("upper"), "{result}");
}

#[test]
fn logits_have_no_bucketed_auc() {
    let dir = Dir::with("x.csv", "p,logit,y\n0.1,-2,1\n0.5,0.5,0\n0.7,1.5,1\n0.8,3,1\n");
    let json = dir.json("x.csv -s p -s logit -t y --buckets 100");
    let results = &json["results"];
    assert_eq!(results[0]["auprc"], results[1]["auprc"]);
    assert!(results[0]["bucketed_auc"].is_object());
    assert_eq!(results[1]["bucketed_auc"], Value::Null);
    assert_eq!(json["not_probabilities"], json!([{"score": "logit", "example": "-2"}]));

    let table = dir.eval("x.csv -s p -s logit -t y --buckets 100").stdout;
    assert!(table.contains("– the bucketed AUC needs probabilities"), "{table}");
    assert!(table.contains("outside [0, 1]: logit (-2)."), "{table}");
    let row = table.lines().find(|line| line.trim_start().starts_with("logit")).unwrap();
    assert!(row.ends_with('–'), "{row}");
}

#[test]
fn undefined_values_say_so() {
    let dir = Dir::with("none.csv", "s,y\n0.1,0\n0.5,0\n");
    dir.write("all.csv", "s,y\n0.1,1\n0.5,1\n");
    let none = &dir.json("none.csv -s s -t y")["results"][0];
    assert_eq!([&none["auprc"], &none["auroc"], &none["bucketed_auc"]], [&Value::Null; 3]);
    let all = &dir.json("all.csv -s s -t y")["results"][0];
    assert_eq!((&all["auprc"], &all["auroc"]), (&json!(1.0), &Value::Null));

    let table = dir.eval("none.csv -s s -t y --buckets 100").stdout;
    assert_eq!(table.matches(" undefined").count(), 3, "{table}");
    assert!(table.contains("undefined: no positives"), "{table}");
}

#[test]
fn weighted_runs_say_so() {
    let dir = Dir::with("x.csv", "s,y,w\n0.1,0,2\n0.5,1,0.5\n");
    let table = dir.eval("x.csv -s s -t y -w w").stdout;
    assert!(table.starts_with("x.csv: 2 rows, weighted by w\n"), "{table}");
    assert!(
        table.contains("weighted: prevalence and areas count each row by its weight"),
        "{table}"
    );
    assert_eq!(dir.json("x.csv -s s -t y -w w")["weighted"], true);
    assert!(!dir.eval("x.csv -s s -t y").stdout.contains("weight"));
    dir.eval("x.csv -s s -t y -w w --plot .");
    let svg = std::fs::read_to_string(dir.path("roc.svg")).unwrap();
    assert!(svg.contains("x.csv · 2 rows, 1 positive, weighted by w"), "{svg}");
}

#[test]
fn no_weight_at_all_is_undefined() {
    let dir = Dir::with("x.csv", "s,y,w\n0.1,0,0\n0.5,1,0\n");
    let result = &dir.json("x.csv -s s -t y -w w")["results"][0];
    assert_eq!([&result["prevalence"], &result["auprc"], &result["auroc"]], [&Value::Null; 3]);
}

#[test]
fn help_explains_exit_codes() {
    let dir = Dir::new();
    for arguments in [&["--help"][..], &["eval", "--help"]] {
        let outcome = run(&dir.path(""), arguments, b"");
        assert_eq!(outcome.code, Some(0));
        assert!(outcome.stdout.contains("Exit codes:"), "{}", outcome.stdout);
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let dir = Dir::with("x.csv", FOUR_ROWS);
    let mut child = Command::new(env!("CARGO_BIN_EXE_tensor-metrics"))
        .args(["eval", "-", "-s", "score", "-t", "label"])
        .current_dir(dir.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The reader leaves before the program, which waits for its input, can write.
    drop(child.stdout.take());
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), FOUR_ROWS.as_bytes()).unwrap();
    let outcome = Outcome::of(child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
}
