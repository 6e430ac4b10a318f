//! How much memory a file takes that is made to take much: a few times what one piece of it may.

// Only a global allocator can count, and the trait is unsafe.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::{ArrayRef, Float32Array, Int8Array, RecordBatch, StringArray};
use metrics_cli::Error;
use metrics_cli::evaluate::{EvaluateOptions, Evaluation, evaluate};
use metrics_cli::input::{self, Columns, Format, ReadOptions};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use rstest::rstest;

/// The system's allocator, which counts the bytes in use and remembers the most there were.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(in_use, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the memory came from `System` with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test runs at a time, and makes its file only then: the counters are those of the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one piece may take here.
const LIMIT: usize = 8 << 20;
/// What everything may take then: a compressed page, the same decompressed, a dictionary, a few
/// labels, and buffers that grow by doubling.
const MAX_PEAK: usize = 5 * LIMIT;

/// Evaluates a file of columns `s`, `y` and `g`; the most memory that took beside its bytes.
#[track_caller]
fn peak(content: &[u8], format: Format) -> (metrics_cli::Result<Evaluation>, usize) {
    let options = ReadOptions { max_piece_bytes: LIMIT as u64, ..ReadOptions::new(format) };
    peak_with(content, &options, EvaluateOptions { buckets: Some(16), curves: false })
}

fn peak_with(
    content: &[u8],
    options: &ReadOptions,
    evaluating: EvaluateOptions,
) -> (metrics_cli::Result<Evaluation>, usize) {
    let columns = Columns {
        scores: vec!["s".to_owned()],
        target: "y".to_owned(),
        weight: None,
        group: Some("g".to_owned()),
    };
    let content = content.to_vec();
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = input::read("x", content, &columns, options)
        .and_then(|mut source| evaluate(source.as_mut(), "x", &columns, evaluating, &mut |_| ()));
    (result, PEAK.load(Ordering::Relaxed) - before)
}

/// To be called [alone].
#[track_caller]
fn too_large(content: &[u8], format: Format, text: &str) {
    let (result, n_bytes) = peak(content, format);
    let error = result.unwrap_err();
    assert!(matches!(error, Error::PieceTooLarge { .. }), "{error}");
    assert!(error.to_string().contains(text), "{error}");
    assert!(n_bytes <= MAX_PEAK, "{n_bytes} bytes");
}

/// How the labels of a Parquet file are stored.
#[derive(Debug, Clone, Copy)]
enum Labels {
    Dictionary,
    Plain,
    DeltaLength,
    Delta,
}

/// A Parquet file of these labels; scores and targets alternate.
fn parquet(labels: &[String], how: Labels, compression: Compression) -> Vec<u8> {
    let n_rows = labels.len();
    let scores: ArrayRef =
        Arc::new((0..n_rows).map(|i| Some((i % 2) as f32)).collect::<Float32Array>());
    let targets: ArrayRef =
        Arc::new((0..n_rows).map(|i| Some((i % 2) as i8)).collect::<Int8Array>());
    let labels: ArrayRef = Arc::new(labels.iter().map(Some).collect::<StringArray>());
    let batch = RecordBatch::try_from_iter([("s", scores), ("y", targets), ("g", labels)]).unwrap();
    let labels = ColumnPath::from("g");
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_dictionary_page_size_limit(1 << 30)
        .set_column_dictionary_enabled(labels.clone(), matches!(how, Labels::Dictionary));
    let properties = match how {
        Labels::Dictionary => properties,
        Labels::Plain => properties.set_column_encoding(labels, Encoding::PLAIN),
        Labels::DeltaLength => {
            properties.set_column_encoding(labels, Encoding::DELTA_LENGTH_BYTE_ARRAY)
        }
        Labels::Delta => properties.set_column_encoding(labels, Encoding::DELTA_BYTE_ARRAY),
    };
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    // Small writes, so that pages are no larger than they have to be.
    for row in (0..n_rows).step_by(100) {
        writer.write(&batch.slice(row, 100.min(n_rows - row))).unwrap();
    }
    writer.into_inner().unwrap()
}

const ZSTD: fn() -> Compression = || Compression::ZSTD(Default::default());
const GZIP: fn() -> Compression = || Compression::GZIP(Default::default());

/// Labels of 1 MiB, 200 MiB of them once they stand side by side.
#[rstest]
#[case::dictionary(Labels::Dictionary, ZSTD)]
#[case::gzip_dictionary(Labels::Dictionary, GZIP)]
#[case::delta(Labels::Delta, ZSTD)]
fn long_labels_are_not_copied(#[case] how: Labels, #[case] compression: fn() -> Compression) {
    let _alone = alone();
    let file = parquet(&vec!["a".repeat(1 << 20); 200], how, compression());
    assert!(file.len() < 10_000, "{}", file.len());
    let (result, n_bytes) = peak(&file, Format::Parquet);
    assert_eq!(result.unwrap().results[1].samples, 200);
    assert!(n_bytes <= MAX_PEAK, "{n_bytes} bytes");
}

/// Each page holds one label or a few, and a batch would hold hundreds of pages.
#[rstest]
#[case::plain(Labels::Plain, ZSTD)]
#[case::gzip(Labels::Plain, GZIP)]
#[case::delta_length(Labels::DeltaLength, ZSTD)]
fn pages_are_read_one_after_the_other(
    #[case] how: Labels,
    #[case] compression: fn() -> Compression,
) {
    let _alone = alone();
    let file = parquet(&vec!["a".repeat(1 << 20); 200], how, compression());
    let (result, n_bytes) = peak(&file, Format::Parquet);
    match result {
        Ok(evaluation) => assert_eq!(evaluation.results[1].samples, 200),
        // The writer puts 100 rows into one page.
        Err(error) => assert!(matches!(error, Error::PieceTooLarge { .. }), "{error}"),
    }
    assert!(n_bytes <= MAX_PEAK, "{n_bytes} bytes");
}

#[rstest]
#[case::dictionary(Labels::Dictionary, ZSTD)]
#[case::plain(Labels::Plain, ZSTD)]
#[case::gzip(Labels::Plain, GZIP)]
#[case::delta(Labels::Delta, ZSTD)]
fn a_page_beyond_the_limit(#[case] how: Labels, #[case] compression: fn() -> Compression) {
    let _alone = alone();
    let file = parquet(&vec!["a".repeat(20 << 20); 2], how, compression());
    let text = r#"x: row group 1, column "g": a page takes "#;
    too_large(&file, Format::Parquet, text);
    too_large(&file, Format::Parquet, "a piece of a file may take 8 MiB (--max-piece-mib)");
}

/// Replaces the only occurrence of `from` behind `start`.
fn patch(file: &mut [u8], start: usize, from: &[u8], to: &[u8]) {
    let found = file[start..].windows(from.len()).position(|window| window == from).unwrap();
    file[start + found..][..to.len()].copy_from_slice(to);
}

/// Where the pages of the labels begin.
fn labels_at(file: &[u8]) -> usize {
    let bytes = bytes::Bytes::copy_from_slice(file);
    let metadata = parquet::file::metadata::ParquetMetaDataReader::new();
    let metadata = metadata.parse_and_finish(&bytes).unwrap();
    usize::try_from(metadata.row_group(0).column(2).byte_range().0).unwrap()
}

/// The size of 64 MiB and 4 bytes in a page header, replaced by 100 bytes in as many bytes.
#[test]
fn a_gzip_page_that_says_it_is_small() {
    let _alone = alone();
    let mut file = parquet(&["a".repeat(64 << 20)], Labels::Plain, GZIP());
    let start = labels_at(&file);
    patch(&mut file, start, &[0x88, 0x80, 0x80, 0x40], &[0xc8, 0x81, 0x80, 0x00]);
    too_large(&file, Format::Parquet, r#"row group 1, column "g": a page takes 8.0 MiB"#);
}

/// 20,000 values in a page header, or at the start of the lengths of strings, replaced by 2^20 and
/// more.
#[rstest]
#[case::dictionary(
    Labels::Dictionary,
    &[0xc0, 0xb8, 0x02],
    &[0xfe, 0xff, 0x7f],
    "a dictionary claims more values than fit into it"
)]
#[case::lengths(
    Labels::DeltaLength,
    &[0x80, 0x01, 0x04, 0xa0, 0x9c, 0x01],
    &[0x80, 0x01, 0x04, 0xff, 0xff, 0x7f],
    "there are more than the page has values"
)]
#[case::prefixes(
    Labels::Delta,
    &[0x80, 0x01, 0x04, 0xa0, 0x9c, 0x01],
    &[0x80, 0x01, 0x04, 0xff, 0xff, 0x7f],
    "there are more than the page has values"
)]
fn values_that_are_not_there(
    #[case] how: Labels,
    #[case] claim: &[u8],
    #[case] larger: &[u8],
    #[case] text: &str,
) {
    let _alone = alone();
    let labels: Vec<String> = (0..20_000).map(|i| i.to_string()).collect();
    let mut file = parquet(&labels, how, Compression::UNCOMPRESSED);
    let start = labels_at(&file);
    patch(&mut file, start, claim, larger);
    let (result, n_bytes) = peak(&file, Format::Parquet);
    let error = result.unwrap_err().to_string();
    assert!(error.ends_with(text), "{error}");
    assert!(error.contains(r#"row group 1, column "g": "#), "{error}");
    assert!(n_bytes <= MAX_PEAK, "{n_bytes} bytes");
}

/// A file that is a footer alone.
fn footer(bytes: &[u8]) -> Vec<u8> {
    let n_bytes = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    [b"PAR1", bytes, &n_bytes, b"PAR1"].concat()
}

/// Groups in groups, 100,000 deep: whoever follows them down needs a stack as deep.
#[test]
fn a_deep_schema_ends_no_process() {
    let _alone = alone();
    let mut schema = vec![0x15, 2, 0x19, 0xfc, 0xa0, 0x8d, 0x06];
    for _ in 0..100_000 {
        // REPEATED, the name "g", one child.
        schema.extend([0x35, 4, 0x18, 1, b'g', 0x15, 2, 0]);
    }
    // Rows, and no row groups.
    schema.extend([0x16, 0, 0x19, 0x0c, 0]);
    let (result, n_bytes) = peak(&footer(&schema), Format::Parquet);
    let error = result.unwrap_err().to_string();
    assert!(error.ends_with("damaged: columns are nested too deep"), "{error}");
    assert!(n_bytes <= MAX_PEAK, "{n_bytes} bytes");
}

/// Booleans in a list may take no bytes: two thousand lists of 2^31 − 1 would take an hour.
#[test]
fn lists_of_nothing_take_no_time() {
    let _alone = alone();
    let list = [0xf9, 0xf2, 0xff, 0xff, 0xff, 0xff, 0x07];
    let (result, _) = peak(&footer(&list.repeat(2000)), Format::Parquet);
    let error = result.unwrap_err().to_string();
    assert!(error.ends_with("damaged: a list of booleans"), "{error}");
}

/// The parquet crate reads the number of rows as a number, whatever type the bytes give it: what is a
/// string to others is fields to it.
#[rstest]
#[case::rows_of_the_file(&[0x15, 2], 0x28)]
#[case::name_of_who_wrote_it(&[0x15, 2], 0x56)]
#[case::encoding_of_a_column(&[0x15, 2, 0x39, 0x1c, 0x19, 0x1c, 0x3c], 0x18)]
#[case::statistics_of_a_column(&[0x15, 2, 0x39, 0x1c, 0x19, 0x1c, 0x3c, 0xcc], 0x38)]
fn lists_of_nothing_in_a_field_of_another_type(#[case] before: &[u8], #[case] field: u8) {
    let _alone = alone();
    let lists = [0xf9, 0xf2, 0xff, 0xff, 0xff, 0xff, 0x07].repeat(2000);
    let length = [lists.len() as u8 | 0x80, (lists.len() >> 7) as u8];
    let bytes = [before, &[field], &length, &lists, &[0; 9]].concat();
    let (result, _) = peak(&footer(&bytes), Format::Parquet);
    let error = result.unwrap_err().to_string();
    assert!(error.ends_with("damaged: a field of another type"), "{error}");
}

#[test]
fn a_footer_of_too_many_columns() {
    let _alone = alone();
    // Version 1, then a schema of 10,000 columns in name only.
    let mut schema = vec![0x15, 2, 0x19, 0xfc, 0x90, 0x4e];
    (0..10_000).for_each(|_| schema.extend([0x48, 1, b'g', 0]));
    schema.push(0);
    too_large(&footer(&schema), Format::Parquet, "x: the index at its end, decoded, takes 9.8 MiB");
}

#[rstest]
#[case::one_field(b'x')]
#[case::many_fields(b',')]
fn a_line_of_csv_beyond_the_limit(#[case] byte: u8) {
    let _alone = alone();
    let line = vec![byte; 64 << 20];
    too_large(&line, Format::Csv, "x:1: a record takes ");
    too_large(&[&b"s,y,g\n0.5,1,a\n"[..], &line].concat(), Format::Csv, "x:3: a record takes ");
}

#[test]
fn a_header_of_many_columns() {
    let _alone = alone();
    let n_columns = LIMIT / 20;
    let line = |cells: &str| format!("{cells}{}\n", ",".repeat(n_columns));
    let file = [line("s,y,g"), line("0.5,1,a"), line("0.25,0,a")].concat();
    let (result, n_bytes) = peak(file.as_bytes(), Format::Csv);
    assert_eq!(result.unwrap().results[1].samples, 2);
    assert!(n_bytes <= MAX_PEAK, "{n_bytes} bytes");
}

#[rstest]
#[case::csv(Format::Csv)]
#[case::parquet(Format::Parquet)]
fn labels_together_beyond_the_limit(#[case] format: Format) {
    let _alone = alone();
    let labels: Vec<String> = (0..2_000).map(|i| format!("{i:010000}")).collect();
    let file = match format {
        Format::Csv => {
            let rows: String = labels.iter().map(|label| format!("0.5,1,{label}\n")).collect();
            format!("s,y,g\n{rows}").into_bytes()
        }
        Format::Parquet => parquet(&labels, Labels::Plain, ZSTD()),
    };
    too_large(&file, format, r#"x: column "g": the list of all groups takes 8.0 MiB"#);
}

/// Curves of a million points are thinned as they are read.
#[test]
fn curves_take_little_beside_the_areas() {
    let _alone = alone();
    let rows = (0..1_000_000u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11, i % 3));
    let rows: String = rows.map(|(score, i)| format!("{score},{},a\n", i.min(1))).collect();
    let content = format!("s,y,g\n{rows}");
    let [plain, with_curves] = [false, true].map(|curves| {
        tensor_metrics::free_spare_memory();
        let options = EvaluateOptions { buckets: None, curves };
        let (result, n_bytes) =
            peak_with(content.as_bytes(), &ReadOptions::new(Format::Csv), options);
        assert_eq!(result.unwrap().curves.len(), usize::from(curves));
        n_bytes
    });
    println!("{plain} bytes, {with_curves} with curves");
    assert!(with_curves <= plain + plain / 4, "{plain} bytes, {with_curves} with curves");
}
