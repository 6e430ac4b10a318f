//! The library reads a file that is in memory as the program reads it from a disk.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int8Array};
use metrics_cli::evaluate::{EvaluateOptions, Evaluation, evaluate};
use metrics_cli::input::{self, Columns, Format, ReadOptions};
use parquet::basic::Compression;

use crate::program::{FOUR_ROWS, parquet_bytes};

fn evaluation(content: Vec<u8>, format: Format) -> metrics_cli::Result<Evaluation> {
    let columns = Columns {
        scores: vec!["score".to_owned()],
        target: "label".to_owned(),
        weight: None,
        group: Some("label".to_owned()),
    };
    let mut source = input::read("memory", content, &columns, &ReadOptions::new(format))?;
    let options = EvaluateOptions { buckets: Some(100), curves: true };
    evaluate(source.as_mut(), "memory", &columns, options)
}

fn four_rows() -> Vec<u8> {
    let scores: ArrayRef = Arc::new(Float64Array::from(vec![0.1, 0.5, 0.7, 0.8]));
    let targets: ArrayRef = Arc::new(Int8Array::from(vec![1, 0, 1, 1]));
    parquet_bytes(&[("score", scores), ("label", targets)], Compression::SNAPPY)
}

#[test]
fn both_formats_are_read_from_memory() {
    for (content, format) in [(FOUR_ROWS.into(), Format::Csv), (four_rows(), Format::Parquet)] {
        let evaluation = evaluation(content, format).unwrap();
        assert_eq!(evaluation.results.len(), 3);
        assert_eq!(evaluation.results[0].auprc, Some(11.0 / 12.0));
    }
}

#[test]
fn errors_name_what_was_read() {
    for format in [Format::Csv, Format::Parquet] {
        let error = evaluation(Vec::new(), format).unwrap_err().to_string();
        assert!(error.starts_with("memory: "), "{error}");
    }
}
