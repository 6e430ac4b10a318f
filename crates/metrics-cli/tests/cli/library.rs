//! The library reads a file that is in memory as the program reads it from a disk.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int8Array};
use metrics_cli::args::PlotFormat;
use metrics_cli::evaluate::{EvaluateOptions, Evaluation, evaluate};
use metrics_cli::input::{self, Columns, Format, ReadOptions};
use metrics_cli::plot::{self, Target};
use metrics_cli::progress::Step;
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
    evaluate(source.as_mut(), "memory", &columns, options, &mut |_| ())
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

/// Nobody should wonder whether the program still runs.
#[test]
fn each_phase_tells_how_far_it_is() {
    let columns = Columns {
        scores: vec!["s".to_owned(), "t".to_owned()],
        target: "y".to_owned(),
        weight: None,
        group: Some("g".to_owned()),
    };
    let rows: String = (0..100_000).map(|i| format!("{i},{i},{},{}\n", i % 2, i % 3)).collect();
    let content = format!("s,t,y,g\n{rows}").into_bytes();
    let reading = ReadOptions::new(Format::Csv);
    let mut source = input::read("memory", content, &columns, &reading).unwrap();
    let options = EvaluateOptions { buckets: None, curves: true };
    let mut steps = Vec::new();
    let on_step = &mut |step| steps.push(step);
    let evaluation = evaluate(source.as_mut(), "memory", &columns, options, on_step).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let target = Target { path: dir.path().to_owned(), is_file: false, format: PlotFormat::Svg };
    plot::write(&evaluation, "x".as_ref(), None, &target, on_step).unwrap();

    let (reading, others) = steps.split_at(4);
    let shares = reading.iter().map(|step| match step {
        Step::Reading { n_rows, share: Some(share) } => (*n_rows, *share),
        other => panic!("{other:?}"),
    });
    let shares: Vec<_> = shares.collect();
    assert!(shares.is_sorted() && shares[0].1 < 0.5, "{shares:?}");
    assert_eq!(shares[3], (100_000, 1.0));
    // Two models: their curves, all rows, three groups.
    let ranking = (0..=10).map(|done| Step::Ranking { done, of: 10 });
    let drawing = (0..2).map(|done| Step::Drawing { done, of: 2 });
    assert_eq!(others, ranking.chain(drawing).collect::<Vec<_>>());
}
