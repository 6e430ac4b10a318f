//! Parquet: types, encodings, compressions, and the errors particular to it.

use std::sync::Arc;

use arrow_array::types::{Float16Type, Int8Type, Int32Type};
use arrow_array::*;
use half::f16;
use parquet::basic::Compression;
use rstest::rstest;

use crate::program::{Dir, parquet_bytes};

fn labels() -> ArrayRef {
    Arc::new(Int8Array::from(vec![1, 0, 1, 1]))
}

fn scores() -> ArrayRef {
    Arc::new(Float32Array::from(vec![0.1, 0.5, 0.7, 0.8]))
}

#[rstest]
#[case::f16(Arc::new(PrimitiveArray::<Float16Type>::from_iter_values([0.1, 0.5, 0.7, 0.8].map(f16::from_f64))))]
#[case::f32(scores())]
#[case::f64(Arc::new(Float64Array::from(vec![0.1, 0.5, 0.7, 0.8])))]
#[case::i8(Arc::new(Int8Array::from(vec![-100, 5, 7, 8])))]
#[case::i16(Arc::new(Int16Array::from(vec![-100, 5, 7, 8])))]
#[case::i32(Arc::new(Int32Array::from(vec![-100, 5, 7, 8])))]
#[case::i64(Arc::new(Int64Array::from(vec![i64::MIN, 5, 7, i64::MAX])))]
#[case::u8(Arc::new(UInt8Array::from(vec![1, 5, 7, 255])))]
#[case::u16(Arc::new(UInt16Array::from(vec![1, 5, 7, 65535])))]
#[case::u32(Arc::new(UInt32Array::from(vec![1, 5, 7, u32::MAX])))]
#[case::u64(Arc::new(UInt64Array::from(vec![1, 5, u64::MAX - 1, u64::MAX])))]
fn score_types(#[case] scores: ArrayRef) {
    let dir = Dir::new();
    dir.write_parquet("x.parquet", &[("score", scores), ("label", labels())]);
    let result = &dir.json("x.parquet -s score -t label")["results"][0];
    assert_eq!((&result["auprc"], &result["auroc"]), (&(11.0 / 12.0).into(), &(2.0 / 3.0).into()));
}

#[test]
fn integers_beyond_doubles_stay_apart() {
    let dir = Dir::new();
    let big = 1i64 << 60;
    let scores: ArrayRef = Arc::new(Int64Array::from(vec![big, big + 1]));
    let targets: ArrayRef = Arc::new(Int8Array::from(vec![0, 1]));
    dir.write_parquet("x.parquet", &[("s", scores), ("y", targets)]);
    assert_eq!(dir.json("x.parquet -s s -t y")["results"][0]["auroc"], 1.0);
}

#[rstest]
#[case::bool(Arc::new(BooleanArray::from(vec![true, false, true, true])))]
#[case::i64(Arc::new(Int64Array::from(vec![1, 0, 1, 1])))]
#[case::u8(Arc::new(UInt8Array::from(vec![1, 0, 1, 1])))]
#[case::f64(Arc::new(Float64Array::from(vec![1.0, 0.0, 1.0, 1.0])))]
fn target_types(#[case] targets: ArrayRef) {
    let dir = Dir::new();
    dir.write_parquet("x.pq", &[("label", targets), ("score", scores())]);
    assert_eq!(dir.json("x.pq -s score -t label")["results"][0]["auprc"], 11.0 / 12.0);
}

#[rstest]
#[case::none(Compression::UNCOMPRESSED)]
#[case::snappy(Compression::SNAPPY)]
#[case::gzip(Compression::GZIP(Default::default()))]
#[case::zstd(Compression::ZSTD(Default::default()))]
#[case::lz4(Compression::LZ4_RAW)]
fn compressions(#[case] compression: Compression) {
    let bytes = parquet_bytes(&[("score", scores()), ("label", labels())], compression);
    let json = Dir::with("x.parquet", bytes).json("x.parquet -s score -t label");
    assert_eq!(json["results"][0]["auprc"], 11.0 / 12.0);
    assert_eq!(json["format"], "parquet");
}

#[rstest]
#[case::string(Arc::new(StringArray::from(vec!["a", "b", "a", "a"])), ["a", "b"])]
#[case::large_string(Arc::new(LargeStringArray::from(vec!["a", "b", "a", "a"])), ["a", "b"])]
#[case::string_view(Arc::new(StringViewArray::from(vec!["a", "b", "a", "a"])), ["a", "b"])]
#[case::dictionary(Arc::new(vec!["a", "b", "a", "a"].into_iter().collect::<DictionaryArray<Int32Type>>()), ["a", "b"])]
#[case::small_dictionary(Arc::new(vec!["a", "b", "a", "a"].into_iter().collect::<DictionaryArray<Int8Type>>()), ["a", "b"])]
#[case::binary(Arc::new(BinaryArray::from(vec![&b"a"[..], b"b", b"a", b"a"])), ["a", "b"])]
#[case::integer(Arc::new(Int32Array::from(vec![-7, 10, -7, -7])), ["-7", "10"])]
#[case::bool(Arc::new(BooleanArray::from(vec![false, true, false, false])), ["false", "true"])]
fn group_types(#[case] groups: ArrayRef, #[case] expected: [&str; 2]) {
    let dir = Dir::new();
    dir.write_parquet("x.parquet", &[("g", groups), ("score", scores()), ("label", labels())]);
    let json = dir.json("x.parquet -s score -t label -g g");
    let results = json["results"].as_array().unwrap();
    let found: Vec<_> =
        results.iter().map(|result| (&result["group"], &result["samples"])).collect();
    assert_eq!(found[1..], [(&expected[0].into(), &3.into()), (&expected[1].into(), &1.into())]);
}

#[test]
fn weights_may_be_integers_and_columns_may_serve_twice() {
    let dir = Dir::new();
    let weights: ArrayRef = Arc::new(Int16Array::from(vec![1, 2, 3, 0]));
    let columns = [("w", weights), ("label", labels()), ("score", scores())];
    dir.write_parquet("x.parquet", &columns);
    let result = &dir.json("x.parquet -s score -s w -t label -w w -g w")["results"][0];
    assert!((result["prevalence"].as_f64().unwrap() - 4.0 / 6.0).abs() < 1e-15, "{result}");
}

/// Row 70,001 of 80,000, in the second row group and the third batch, is bad.
#[rstest]
#[case::nan(Some(f64::NAN), Some(1), r#"column "s": NaN is not a score: NaN has no rank"#)]
#[case::null_score(None, Some(1), r#"column "s": null"#)]
#[case::target_2(Some(0.5), Some(2), r#"column "y": 2 is not a target: neither 0 nor 1"#)]
#[case::null_target(Some(0.5), None, r#"column "y": null"#)]
#[case::both(Some(f64::NAN), Some(2), r#"column "s": NaN is not a score: NaN has no rank"#)]
fn bad_rows_have_a_number(
    #[case] score: Option<f64>,
    #[case] target: Option<i64>,
    #[case] text: &str,
) {
    let bad_row = 70_000;
    let scores =
        (0..80_000).map(|row| if row == bad_row { score } else { Some(f64::from(row) / 80_000.0) });
    let targets =
        (0..80_000).map(|row| if row == bad_row { target } else { Some(i64::from(row % 2)) });
    let scores: ArrayRef = Arc::new(scores.collect::<Float64Array>());
    let targets: ArrayRef = Arc::new(targets.collect::<Int64Array>());
    let dir = Dir::new();
    dir.write_parquet("x.parquet", &[("s", scores), ("y", targets)]);
    dir.eval("x.parquet -s s -t y").fails(1, &format!("x.parquet: row 70001: {text}"));

    let rows = &dir.json("x.parquet -s s -t y --skip-invalid")["rows"];
    assert_eq!((&rows["read"], &rows["used"]), (&80_000.into(), &79_999.into()));
    assert_eq!(rows["skipped_by_reason"][0]["first"]["row"], 70_001);
}

#[rstest]
#[case::score(
    "-s name -t y",
    "column \"name\" has type Utf8, but a score column needs floats or integers"
)]
#[case::target(
    "-s s -t name",
    "column \"name\" has type Utf8, but a target column needs booleans, integers or floats"
)]
#[case::weight(
    "-s s -t y -w name",
    "column \"name\" has type Utf8, but a weight column needs floats or integers"
)]
#[case::group(
    "-s s -t y -g s",
    "column \"s\" has type Float32, but a group column needs strings, integers or booleans"
)]
#[case::unknown("-s p -t y", "no column \"p\"; the columns are \"s\", \"y\", \"name\"")]
fn wrong_columns(#[case] arguments: &str, #[case] text: &str) {
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d"]));
    let dir = Dir::new();
    dir.write_parquet("x.parquet", &[("s", scores()), ("y", labels()), ("name", names)]);
    dir.eval(&format!("x.parquet {arguments}")).fails(1, &format!("x.parquet: {text}"));
}

#[test]
fn no_rows() {
    let scores: ArrayRef = Arc::new(Float32Array::from(Vec::<f32>::new()));
    let targets: ArrayRef = Arc::new(Int8Array::from(Vec::<i8>::new()));
    let dir = Dir::new();
    dir.write_parquet("x.parquet", &[("s", scores), ("y", targets)]);
    dir.eval("x.parquet -s s -t y").fails(1, "x.parquet: no rows to evaluate");
}

#[rstest]
#[case::empty(0)]
#[case::magic(4)]
#[case::half(200)]
fn truncated_files(#[case] n_bytes: usize) {
    let bytes = parquet_bytes(&[("s", scores()), ("y", labels())], Compression::SNAPPY);
    let outcome = Dir::with("x.parquet", &bytes[..n_bytes]).eval("x.parquet -s s -t y");
    assert!(
        outcome.stderr.starts_with("error: x.parquet: cannot be read as Parquet: "),
        "{outcome:?}"
    );
    assert_eq!((outcome.code, outcome.stderr.lines().count()), (Some(1), 1));
}

#[test]
fn text_is_not_parquet() {
    let outcome = Dir::with("x.parquet", "s,y\n0.5,1\n").eval("x.parquet -s s -t y");
    assert!(
        outcome.stderr.starts_with("error: x.parquet: cannot be read as Parquet: "),
        "{outcome:?}"
    );
}
