//! Results by group.

use serde_json::Value;

use crate::program::Dir;

/// 20,000 rows in three groups of different sizes.
fn rows() -> Vec<(String, &'static str, String)> {
    let row = |i: u32| {
        let group = ["b", "a", "a", "c", "b", "b"][i as usize % 6];
        let score = f64::from(i.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24);
        (score.to_string(), group, u8::from(i % 11 < 4).to_string())
    };
    (0..20_000).map(row).collect()
}

fn without_group(result: &Value) -> Value {
    let mut result = result.clone();
    result["group"] = Value::Null;
    result
}

#[test]
fn a_group_is_measured_as_a_file_of_its_own() {
    let dir = Dir::new();
    let line =
        |(score, group, target): &(String, &str, String)| format!("{score},{group},{target}\n");
    let rows = rows();
    dir.write("x.csv", format!("s,g,y\n{}", rows.iter().map(line).collect::<String>()));
    let grouped = dir.json("x.csv -s s -t y -g g");
    let results = grouped["results"].as_array().unwrap();
    let labels: Vec<_> = results.iter().map(|result| &result["group"]).collect();
    assert_eq!(labels, [&Value::Null, &"a".into(), &"b".into(), &"c".into()]);

    assert_eq!(results[0], dir.json("x.csv -s s -t y")["results"][0]);
    for result in &results[1..] {
        let group = result["group"].as_str().unwrap();
        let of_group = rows.iter().filter(|row| row.1 == group).map(line).collect::<String>();
        dir.write("one.csv", format!("s,g,y\n{of_group}"));
        let alone = &dir.json("one.csv -s s -t y")["results"][0];
        assert_eq!(&without_group(result), alone, "{group}");
    }
}

#[test]
fn groups_are_ordered_by_number_and_models_within_them() {
    let dir = Dir::with("x.csv", "p,q,g,y\n0.1,0.2,10,1\n0.3,0.1,9,0\n0.2,0.3,10,0\n");
    let json = dir.json("x.csv -s q -s p -t y -g g");
    let order: Vec<_> = json["results"].as_array().unwrap().iter().collect();
    let order: Vec<_> = order
        .iter()
        .map(|result| (result["group"].as_str(), result["score"].as_str().unwrap()))
        .collect();
    let expected = [None, Some("9"), Some("10")].map(|group| [(group, "q"), (group, "p")]);
    assert_eq!(order, expected.concat());
}

#[test]
fn the_table_has_a_row_for_all() {
    let dir = Dir::with("x.csv", "s,g,y\n0.1,u,1\n0.3,v,0\n");
    let outcome = dir.eval("x.csv -s s -t y -g g");
    let starts: Vec<_> =
        outcome.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let position = |word| starts.iter().position(|&start| start == word);
    assert!(
        position("g") < position("(all") && position("(all") < position("u"),
        "{}",
        outcome.stdout
    );
    assert!(position("u") < position("v"));
}

#[test]
fn no_group_looks_like_all_rows() {
    let dir = Dir::with("x.csv", "s,g,y\n0.1,all,1\n0.3,(all rows),0\n0.2,b,1\n");
    let table = dir.eval("x.csv -s s -t y -g g").stdout;
    let groups: Vec<_> =
        table.lines().skip(4).map(|line| line.split("   ").next().unwrap()).collect();
    assert_eq!(groups[..4], [" (all rows)", " \"(all rows)\"", " all", " b"], "{table}");
}

#[test]
fn too_many_groups_is_an_error() {
    let rows: String = (0..50).map(|i| format!("0.5,{i},1\n")).collect();
    let dir = Dir::with("x.csv", format!("s,g,y\n{rows}"));
    let text = "x.csv: column \"g\" has more than 49 groups; --max-groups allows more";
    dir.eval("x.csv -s s -t y -g g --max-groups 49").fails(1, text);
    assert_eq!(dir.eval("x.csv -s s -t y -g g --max-groups 50").code, Some(0));
    let text = "x.csv: column \"g\" has more than 1 group; --max-groups allows more";
    dir.eval("x.csv -s s -t y -g g --max-groups 1").fails(1, text);
}

#[test]
fn ten_thousand_groups_is_the_limit() {
    let rows: String = (0..10_001).map(|i| format!("0.5,{i},1\n")).collect();
    let dir = Dir::with("x.csv", format!("s,g,y\n{rows}"));
    let outcome = dir.eval("x.csv -s s -t y -g g");
    assert!(outcome.stderr.contains("more than 10,000 groups"), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(1));
}

/// Every line of the table is as wide as the longest.
#[test]
fn a_long_label_does_not_widen_the_table() {
    let rows: String = (0..2000).map(|i| format!("0.5,g{i},{}\n", i % 2)).collect();
    let long = "é".repeat(1 << 20);
    let dir = Dir::with("x.csv", format!("s,g,y\n{rows}0.5,{long},1\n"));
    let outcome = dir.eval("x.csv -s s -t y -g g");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains(&format!("{}…", "é".repeat(100))));
    assert!(outcome.stdout.len() < 1 << 20, "{}", outcome.stdout.len());
    let json = dir.json("x.csv -s s -t y -g g");
    assert!(json["results"].as_array().unwrap().iter().any(|result| result["group"] == long[..]));
}
