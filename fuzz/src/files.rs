//! Files as the program reads them: a report or an error comes out, never a panic, and memory stays
//! bounded.

use metrics_cli::evaluate::{EvaluateOptions, Evaluation, evaluate};
use metrics_cli::input::{self, Columns, Format, ReadOptions};
use metrics_cli::report::{self, Report};
use metrics_cli::{Error, Result};

use crate::memory::peak_of;

/// Bytes of memory that the longest input made may take as CSV.
const MAX_CSV: usize = 16 << 20;
/// Bytes of memory that the longest input made may take as Parquet, which compresses.
const MAX_PARQUET: usize = 256 << 20;
/// Buckets of the bucketed area.
const BUCKETS: Option<usize> = Some(101);

/// Takes the first byte for options and the others for a CSV file.
pub fn csv(bytes: &[u8]) {
    file(bytes, Format::Csv, MAX_CSV);
}

/// Takes the first byte for options and the others for a Parquet file.
pub fn parquet(bytes: &[u8]) {
    file(bytes, Format::Parquet, MAX_PARQUET);
}

fn file(bytes: &[u8], format: Format, limit: usize) {
    let Some((&choice, content)) = bytes.split_first() else { return };
    let has = |bit: u8| choice & (1 << bit) != 0;
    let names: &[&str] = if has(0) { &["a", "b"] } else { &["a"] };
    let columns = Columns {
        scores: names.iter().map(|&name| name.to_owned()).collect(),
        target: "y".to_owned(),
        weight: has(1).then(|| "w".to_owned()),
        group: has(2).then(|| "g".to_owned()),
    };
    let options = ReadOptions {
        delimiter: if has(3) { b'\t' } else { b',' },
        max_groups: if has(4) { 2 } else { 100 },
        ..ReadOptions::new(format)
    };
    let strict = measure(content, &columns, options, limit);
    let lenient = measure(content, &columns, ReadOptions { skip_invalid: true, ..options }, limit);
    match (&strict, &lenient) {
        (Ok(strict), Ok(lenient)) => {
            assert_eq!(lenient.rows.skipped, 0);
            assert_eq!(strict.results, lenient.results);
        }
        (Err(Error::BadRow { .. }), Ok(lenient)) => assert!(lenient.rows.skipped > 0),
        (Ok(_), Err(error)) => panic!("only where bad rows are skipped: {error}"),
        (Err(error), Ok(_)) => panic!("only where bad rows are errors: {error}"),
        (Err(_), Err(_)) => {}
    }
    for evaluation in [strict, lenient].into_iter().flatten() {
        check(&evaluation, names.len());
        print(evaluation, format, &columns);
    }
}

fn measure(
    content: &[u8],
    columns: &Columns,
    options: ReadOptions,
    limit: usize,
) -> Result<Evaluation> {
    let (result, peak) = peak_of(|| {
        let mut source = input::read("file", content.to_vec(), columns, &options)?;
        let options = EvaluateOptions { buckets: BUCKETS, curves: false };
        evaluate(source.as_mut(), "file", columns, options, &mut |_| ())
    });
    assert!(peak <= limit, "{} bytes of a file held {peak} bytes", content.len());
    if let Err(error) = &result {
        assert!(!error.to_string().is_empty());
        assert!(!matches!(error, Error::Metric { .. }), "what was read is checked: {error}");
    }
    result
}

/// The numbers of rows add up, and every value is where it can be.
fn check(evaluation: &Evaluation, n_models: usize) {
    let (rows, results) = (&evaluation.rows, &evaluation.results);
    assert_eq!(rows.read, rows.used + rows.skipped);
    let skipped: u64 = rows.skipped_by_reason.iter().map(|reason| reason.count).sum();
    assert_eq!(rows.skipped, skipped);
    assert_eq!(results.len() % n_models, 0);
    let (of_all, of_groups) = results.split_at(n_models);
    assert!(of_all.iter().all(|all| all.group.is_none() && all.samples == rows.used));
    if !of_groups.is_empty() {
        let in_groups: u64 = of_groups.iter().map(|measured| measured.samples).sum();
        assert_eq!(in_groups, n_models as u64 * rows.used);
    }
    for measured in results {
        assert_eq!(measured.positives + measured.negatives, measured.samples);
        let bucketed = measured.bucketed_auc;
        let bounds = bucketed.map(|auc| [auc.lower, auc.value, auc.upper]);
        let shares = [measured.prevalence, measured.auprc, measured.auroc];
        let shares = shares.into_iter().flatten().chain(bounds.into_iter().flatten());
        shares.for_each(|share| assert!((0.0..=1.0).contains(&share), "{measured:?}"));
        if let (Some([lower, value, upper]), Some(auroc)) = (bounds, measured.auroc) {
            assert!(lower <= value && value <= upper, "{measured:?}");
            assert!(lower <= auroc && auroc <= upper, "{measured:?}");
        }
    }
}

/// Both reports can be printed.
fn print(evaluation: Evaluation, format: Format, columns: &Columns) {
    let report = Report {
        version: "",
        file: "file".to_owned(),
        format,
        columns: columns.clone(),
        weighted: columns.weight.is_some(),
        buckets: BUCKETS,
        rows: evaluation.rows,
        results: evaluation.results,
        not_probabilities: evaluation.not_probabilities,
        plots: Vec::new(),
        names_without_font: Vec::new(),
    };
    let (mut json, mut table) = (Vec::new(), Vec::new());
    report::json(&report, &mut json).expect("a vector takes all that is written");
    for width in [None, Some(40)] {
        report::table(&report, width, &mut table).expect("a vector takes all that is written");
    }
    assert!(json.starts_with(b"{") && std::str::from_utf8(&table).is_ok());
}
