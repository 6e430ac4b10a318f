//! CSV in all its dialects gives the same numbers.

use rstest::rstest;

use crate::program::{Dir, FOUR_ROWS};

#[rstest]
#[case::plain(FOUR_ROWS)]
#[case::crlf("score,label\r\n0.1,1\r\n0.5,0\r\n0.7,1\r\n0.8,1\r\n")]
#[case::no_newline_at_the_end("score,label\n0.1,1\n0.5,0\n0.7,1\n0.8,1")]
#[case::blank_lines("score,label\n\n0.1,1\n0.5,0\n\n0.7,1\n0.8,1\n\n\n")]
#[case::blank_lines_crlf("score,label\r\n\r\n0.1,1\r\n0.5,0\r\n0.7,1\r\n0.8,1\r\n\r\n")]
#[case::byte_order_mark("\u{feff}score,label\n0.1,1\n0.5,0\n0.7,1\n0.8,1\n")]
#[case::quotes("\"score\",\"label\"\n\"0.1\",\"1\"\n\"0.5\",0\n0.7,\"1\"\r\n0.8,1\n")]
#[case::spaces(" score , label\n 0.1, 1\n0.5 ,0 \n0.7,1\n0.8,\t1\n")]
#[case::other_columns(
    "id,label,name,score\n1,1,a,0.1\n2,0,,0.5\n3,1,\"x, y\",0.7\n4,1,\"\n\",0.8\n"
)]
#[case::booleans("score,label\n0.1,True\n0.5,false\n0.7,TRUE\n0.8,true\n")]
#[case::float_targets("score,label\n0.1,1.0\n0.5,0.0\n0.7,1.0\n0.8,1e0\n")]
#[case::invalid_utf8_elsewhere(b"score,label,x\n0.1,1,\xff\n0.5,0,\xfe\n0.7,1,\n0.8,1,\n")]
fn dialects(#[case] content: impl AsRef<[u8]>) {
    let dir = Dir::with("x.csv", content);
    let json = dir.json("x.csv --score score --target label");
    let result = &json["results"][0];
    assert_eq!(result["auprc"], 11.0 / 12.0);
    assert_eq!(result["auroc"], 2.0 / 3.0);
    assert_eq!(result["samples"], 4);
}

#[rstest]
#[case::tsv("x.tsv", '\t', "")]
#[case::txt("x.TXT", ',', "")]
#[case::semicolon("x.csv", ';', " --delimiter ;")]
#[case::tab("x.csv", '\t', " --delimiter tab")]
#[case::any_name("x.predictions", ',', " --format csv")]
fn delimiters(#[case] name: &str, #[case] delimiter: char, #[case] options: &str) {
    let dir = Dir::with(name, FOUR_ROWS.replace(',', &delimiter.to_string()));
    let json = dir.json(&format!("{name} -s score -t label{options}"));
    assert_eq!(json["results"][0]["auprc"], 11.0 / 12.0);
}

#[test]
fn standard_input() {
    let outcome = Dir::new().eval_stdin("- -s score -t label --json", FOUR_ROWS.as_bytes());
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json["results"][0]["auprc"], 11.0 / 12.0);
}

#[test]
fn infinite_and_tied_scores_rank() {
    let dir = Dir::with("x.csv", "s,y\ninf,1\ninf,0\n-inf,0\n-0.0,1\n0,0\n");
    let json = dir.json("x.csv -s s -t y");
    // AP = 1/2 · 1/2 + 1/2 · 2/4; pairs won: (2 + 1/2 + 1 + 1/2) of 6.
    assert_eq!(json["results"][0]["auprc"], 0.5);
    assert_eq!(json["results"][0]["auroc"], 4.0 / 6.0);
}

#[test]
fn models_stand_side_by_side() {
    let dir = Dir::with("x.csv", "b,a,y\n0.1,9,1\n0.5,8,0\n0.7,7,1\n0.8,6,1\n");
    let json = dir.json("x.csv --score a --score b --target y");
    let results = json["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!((&results[0]["score"], &results[1]["score"]), (&"a".into(), &"b".into()));
    assert_eq!(results[1]["auprc"], 11.0 / 12.0);
    // Highest first: 1, 0, 1, 1.
    let expected = (1.0 + 2.0 / 3.0 + 3.0 / 4.0) / 3.0;
    assert!((results[0]["auprc"].as_f64().unwrap() - expected).abs() < 1e-15);
}

#[test]
fn a_weight_counts_as_that_many_rows() {
    let dir = Dir::new();
    dir.write("w.csv", "s,y,w\n0.1,1,1\n0.5,0,2\n0.7,1,3\n0.8,1,0\n0.2,0,1\n");
    dir.write("r.csv", "s,y\n0.1,1\n0.5,0\n0.5,0\n0.7,1\n0.7,1\n0.7,1\n0.2,0\n");
    let weighted = dir.json("w.csv -s s -t y -w w");
    let repeated = dir.json("r.csv -s s -t y");
    assert_eq!(weighted["results"][0]["samples"], 5);
    assert_eq!(weighted["results"][0]["positives"], 3);
    for field in ["prevalence", "auprc", "auroc"] {
        let value = |json: &serde_json::Value| json["results"][0][field].as_f64().unwrap();
        assert!((value(&weighted) - value(&repeated)).abs() < 1e-12, "{field}");
    }
}

#[test]
fn batches_do_not_show() {
    // More rows than two batches hold; the targets repeat every 7 rows, the scores every 1000.
    let rows =
        (0..80_000).map(|i| format!("{},{}\n", f64::from(i % 1000) / 999.0, u8::from(i % 7 == 0)));
    let dir = Dir::with("x.csv", format!("s,y\n{}", rows.collect::<String>()));
    let result = &dir.json("x.csv -s s -t y")["results"][0];
    assert_eq!((&result["samples"], &result["positives"]), (&80_000.into(), &11_429.into()));
    let auroc = result["auroc"].as_f64().unwrap();
    assert!((auroc - 0.5).abs() < 0.01, "{auroc}");
}
