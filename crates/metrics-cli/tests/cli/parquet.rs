//! Parquet: types, encodings, compressions, and the errors particular to it.

use std::sync::Arc;

use arrow_array::types::{Float16Type, Int8Type, Int32Type};
use arrow_array::*;
use half::f16;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use rstest::rstest;

use crate::program::{Dir, parquet_bytes};

fn labels() -> ArrayRef {
    labels_of([1, 0, 1, 1])
}

fn labels_of(labels: [i8; 4]) -> ArrayRef {
    Arc::new(Int8Array::from(labels.to_vec()))
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
#[case::string(Arc::new(StringArray::from(vec!["1", "0", "1", "1"])))]
#[case::words(Arc::new(StringViewArray::from(vec!["true", "FALSE", " 1 ", "1.0"])))]
#[case::dictionary(Arc::new(vec!["1", "0", "1", "1"].into_iter().collect::<DictionaryArray<Int32Type>>()))]
#[case::binary(Arc::new(BinaryArray::from(vec![&b"1"[..], b"0", b"1", b"1"])))]
fn text_targets(#[case] targets: ArrayRef) {
    let dir = Dir::new();
    let groups: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a", "a"]));
    dir.write_parquet("x.pq", &[("label", targets), ("score", scores()), ("g", groups)]);
    for group in ["g", "label"] {
        let json = dir.json(&format!("x.pq -s score -t label -g {group}"));
        assert_eq!(json["results"][0]["auprc"], 11.0 / 12.0);
        assert!(json["results"][1]["samples"].as_u64().unwrap() < 4);
    }
}

/// Rows of text targets stay beside their scores, weights and groups where others are skipped.
#[test]
fn text_targets_that_are_none_are_named_or_skipped() {
    let n_rows = 70_000;
    let target = |row: u32| match row {
        40_000 => None,
        50_000 => Some("yes"),
        row => Some(if row.is_multiple_of(3) { "1" } else { "0" }),
    };
    let targets: ArrayRef = Arc::new((0..n_rows).map(target).collect::<StringArray>());
    let score = |row: u32| Some(f64::from(row.wrapping_mul(40_503) % 1009));
    let scores: ArrayRef = Arc::new((0..n_rows).map(score).collect::<Float64Array>());
    let weight = |row: u32| Some(if row == 50_000 { -1.0 } else { f64::from(row % 5) });
    let weights: ArrayRef = Arc::new((0..n_rows).map(weight).collect::<Float64Array>());
    let group = |row: u32| (row != 60_000).then(|| format!("g{}", row % 2));
    let groups: ArrayRef = Arc::new((0..n_rows).map(group).collect::<StringArray>());
    let columns = [("s", scores), ("y", targets), ("w", weights), ("g", groups)];
    let dir = Dir::new();
    dir.write_parquet("x.pq", &columns);
    dir.eval("x.pq -s s -t y").fails(1, "x.pq: row 40001: column \"y\": null");

    let arguments = "x.pq -s s -t y -w w -g g --skip-invalid";
    let json = dir.json(arguments);
    let reasons: Vec<_> = json["rows"]["skipped_by_reason"].as_array().unwrap().iter().collect();
    let first = |index: usize| reasons[index]["first"]["message"].as_str().unwrap();
    assert_eq!((reasons.len(), reasons[0]["count"].as_u64()), (2, Some(2)));
    assert_eq!([first(0), first(1)], ["null", "\"yes\" is not a target: neither 0 nor 1"]);

    // The same rows with numbers for targets.
    let number = |row: u32| target(row).and_then(|text| text.parse::<i8>().ok());
    let numbers: ArrayRef = Arc::new((0..n_rows).map(number).collect::<Int8Array>());
    let columns =
        columns.map(|(name, array)| (name, if name == "y" { Arc::clone(&numbers) } else { array }));
    dir.write_parquet("x.pq", &columns);
    assert_eq!(json["results"], dir.json(arguments)["results"]);
}

#[test]
fn an_empty_text_is_no_target() {
    let targets: ArrayRef = Arc::new(StringArray::from(vec!["1", "0", " ", "1"]));
    let dir = Dir::new();
    dir.write_parquet("x.pq", &[("label", targets), ("score", scores())]);
    let outcome = dir.eval("x.pq -s score -t label");
    outcome.fails(1, "x.pq: row 3: column \"label\": empty text");
}

#[rstest]
#[case::none(Compression::UNCOMPRESSED)]
#[case::snappy(Compression::SNAPPY)]
#[case::gzip(Compression::GZIP(Default::default()))]
#[case::zstd(Compression::ZSTD(Default::default()))]
#[case::lz4(Compression::LZ4_RAW)]
#[case::lz4_of_hadoop(Compression::LZ4)]
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

/// Every column of its own row: labels are read beside the numbers, a few at a time.
#[rstest]
#[case::dictionary(true, Encoding::PLAIN)]
#[case::plain(false, Encoding::PLAIN)]
#[case::delta_length(false, Encoding::DELTA_LENGTH_BYTE_ARRAY)]
#[case::delta(false, Encoding::DELTA_BYTE_ARRAY)]
fn labels_belong_to_their_rows(
    #[case] dictionary: bool,
    #[case] encoding: Encoding,
    #[values(WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0)] version: WriterVersion,
    #[values(1, 3000)] length: usize,
) {
    let n_rows = 12_000;
    let label = |row: u32| {
        let group = row.wrapping_mul(2_654_435_761) >> 29;
        (!row.is_multiple_of(101)).then(|| format!("{}{group}", "label ".repeat(length / 6)))
    };
    let rows = || 0..n_rows;
    let score = |row: u32| f64::from(row.wrapping_mul(40_503) % 1009) / 1009.0;
    let scores: ArrayRef = Arc::new(rows().map(|row| Some(score(row))).collect::<Float64Array>());
    let targets: ArrayRef =
        Arc::new(rows().map(|row| Some((row % 3 == 0) as i8)).collect::<Int8Array>());
    let labels: ArrayRef = Arc::new(rows().map(label).collect::<StringArray>());
    let columns = [("g", labels), ("s", scores), ("y", targets)];
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.map(|(name, array)| (name, array, name == "g")),
    );
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_max_row_group_row_count(Some(5_000))
        .set_data_page_row_count_limit(777)
        .set_write_batch_size(100)
        // Page headers of thousands of bytes.
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_write_page_header_statistics(true)
        .set_statistics_truncate_length(None)
        .set_dictionary_enabled(dictionary)
        .set_column_encoding("g".into(), encoding)
        .build();
    let batch = batch.unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    let dir = Dir::with("x.parquet", writer.into_inner().unwrap());
    let line = |row: u32| {
        let label = label(row).unwrap_or_default();
        format!("{label},{},{}\n", score(row), u8::from(row.is_multiple_of(3)))
    };
    dir.write("x.csv", format!("g,s,y\n{}", rows().map(line).collect::<String>()));
    let arguments = "-s s -t y -g g --skip-invalid";
    let [parquet, csv] =
        ["x.parquet", "x.csv"].map(|file| dir.json(&format!("{file} {arguments}")));
    assert_eq!(parquet["rows"]["skipped"], 119);
    assert_eq!(parquet["results"].as_array().unwrap().len(), 9);
    assert!(parquet["results"] == csv["results"]);
    dir.eval("x.parquet -s s -t y -g g").fails(1, r#"x.parquet: row 1: column "g": null"#);
}

#[test]
fn a_bad_label_is_named_and_a_bad_number_before_it() {
    let labels: ArrayRef = Arc::new(BinaryArray::from(vec![&b"a"[..], b"b", b"a\xff", b"a"]));
    let dir = Dir::new();
    let columns = [("g", labels), ("s", scores()), ("y", labels_of([1, 0, 1, 1]))];
    dir.write_parquet("x.parquet", &columns);
    let text = r#"x.parquet: row 3: column "g": "a\xFF" is not UTF-8 text"#;
    dir.eval("x.parquet -s s -t y -g g").fails(1, text);
    let columns = [columns[0].clone(), columns[1].clone(), ("y", labels_of([1, 2, 1, 1]))];
    dir.write_parquet("x.parquet", &columns);
    let text = r#"x.parquet: row 2: column "y": 2 is not a target: neither 0 nor 1"#;
    dir.eval("x.parquet -s s -t y -g g --max-groups 1").fails(1, text);
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
    "-s s -t day",
    "column \"day\" has type Date32, but a target column needs booleans, integers, floats or text of 0 and 1"
)]
#[case::text_target(
    "-s s -t name",
    "row 1: column \"name\": \"a\" is not a target: neither 0 nor 1"
)]
#[case::weight(
    "-s s -t y -w name",
    "column \"name\" has type Utf8, but a weight column needs floats or integers"
)]
#[case::group(
    "-s s -t y -g s",
    "column \"s\" has type Float32, but a group column needs strings, integers or booleans"
)]
#[case::unknown("-s p -t y", "no column \"p\"; the columns are \"s\", \"y\", \"name\", \"day\"")]
fn wrong_columns(#[case] arguments: &str, #[case] text: &str) {
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d"]));
    let dir = Dir::new();
    let days: ArrayRef = Arc::new(Date32Array::from(vec![1, 0, 1, 1]));
    let columns = [("s", scores()), ("y", labels()), ("name", names), ("day", days)];
    dir.write_parquet("x.parquet", &columns);
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
