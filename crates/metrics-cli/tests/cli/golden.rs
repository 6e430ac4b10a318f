//! The example data against scikit-learn.

use std::path::Path;

use rstest::rstest;
use serde_json::Value;

use crate::program::run;

/// scikit-learn computes in doubles, in another order.
const TOLERANCE: f64 = 1e-12;

/// The results of `file` in the data directory of the workspace.
fn results(file: &str, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["eval", file, "--target", "target", "--json"], arguments].concat();
    let outcome = run(&data_dir(), &arguments, b"");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    json["results"].as_array().unwrap().clone()
}

fn expected(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(data_dir().join(name)).unwrap()).unwrap()
}

fn data_dir() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

#[track_caller]
fn assert_agree(result: &Value, expected: &Value) {
    assert_eq!(result["samples"], expected["n_samples"]);
    assert_eq!(result["positives"], expected["n_positives"]);
    for area in ["auprc", "auroc"] {
        let (got, expected) = (result[area].as_f64().unwrap(), expected[area].as_f64().unwrap());
        assert!((got - expected).abs() <= TOLERANCE, "{area}: {got} instead of {expected}");
    }
}

#[rstest]
#[case::breast_cancer("breast_cancer.csv", ["logistic", "stump"])]
#[case::abalone("abalone19.csv", ["logistic", "forest"])]
#[case::abalone_parquet("abalone19.parquet", ["logistic", "forest"])]
fn all_rows(#[case] file: &str, #[case] models: [&str; 2]) {
    let results = results(file, &["--score", models[0], "--score", models[1]]);
    let expected = expected("expected.json");
    for (result, model) in results.iter().zip(models) {
        assert_agree(result, &expected[file][model]);
    }
}

#[rstest]
#[case::breast_cancer("breast_cancer.csv", "breast_cancer.csv", "fold", ["logistic", "stump"])]
#[case::abalone("abalone19.csv", "abalone19.csv", "sex", ["logistic", "forest"])]
#[case::abalone_parquet("abalone19.parquet", "abalone19.csv", "sex", ["logistic", "forest"])]
fn by_group(
    #[case] file: &str,
    #[case] expected_file: &str,
    #[case] group: &str,
    #[case] models: [&str; 2],
) {
    let results = results(file, &["--group", group, "--score", models[0], "--score", models[1]]);
    let expected = &expected("expected_by_group.json")[expected_file][group];
    let groups = &results[models.len()..];
    assert_eq!(groups.len(), models.len() * expected.as_object().unwrap().len());
    for result in groups {
        let (group, model) = (result["group"].as_str().unwrap(), result["score"].as_str().unwrap());
        assert_agree(result, &expected[group][model]);
    }
}
