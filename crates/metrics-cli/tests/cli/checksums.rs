//! Checksums of Parquet pages: what they cover is never read as something else.

use std::fs;
use std::path::PathBuf;

use metrics_cli::Error;
use metrics_cli::evaluate::{EvaluateOptions, Evaluation, evaluate};
use metrics_cli::input::{self, Columns, Format, ReadOptions};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use rstest::rstest;

use crate::program::Dir;

/// The longest page header in these files, in bytes: no checksum covers it.
const MAX_HEADER_BYTES: usize = 48;

/// A file that `make.py` beside it made.
fn file(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/checksums");
    PathBuf::from(folder).join(name).with_extension("parquet")
}

fn metadata(bytes: &[u8]) -> ParquetMetaData {
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    ParquetMetaDataReader::new().parse_and_finish(&bytes).unwrap()
}

fn evaluation(content: Vec<u8>) -> metrics_cli::Result<Evaluation> {
    let columns = Columns {
        scores: vec!["s".to_owned()],
        target: "y".to_owned(),
        weight: Some("w".to_owned()),
        group: Some("g".to_owned()),
    };
    let options = ReadOptions::new(Format::Parquet);
    let mut source = input::read("x.parquet", content, &columns, &options)?;
    let options = EvaluateOptions { buckets: None, curves: false };
    evaluate(source.as_mut(), "x.parquet", &columns, options, &mut |_| ())
}

#[rstest]
fn intact_files_are_read(
    #[values("none", "snappy", "gzip", "zstd", "zstd_v2", "lz4", "no_checksums")] name: &str,
) {
    let dir = Dir::with("x.parquet", fs::read(file(name)).unwrap());
    let json = dir.json("x.parquet -s s -t y -w w -g g");
    assert_eq!(json["rows"]["used"], 40);
    assert_eq!(json["results"].as_array().unwrap().len(), 4);
    assert_eq!(json["results"], expected()["results"]);
}

/// The report of the file without compression.
fn expected() -> serde_json::Value {
    let dir = Dir::with("x.parquet", fs::read(file("none")).unwrap());
    dir.json("x.parquet -s s -t y -w w -g g")
}

/// The last byte of a column chunk belongs to its last page.
#[rstest]
fn a_flipped_byte_is_an_error(
    #[values("none", "snappy", "gzip", "zstd", "zstd_v2", "lz4")] name: &str,
    #[values((0, "s", 1), (1, "y", 1), (2, "w", 1), (3, "g", 2))] column: (usize, &str, usize),
    #[values(0, 1)] row_group: usize,
) {
    let mut bytes = fs::read(file(name)).unwrap();
    let (start, n_bytes) = metadata(&bytes).row_group(row_group).column(column.0).byte_range();
    bytes[(start + n_bytes - 1) as usize] ^= 0x20;
    let text = format!(
        "x.parquet: row group {}, column {:?}: the checksum of page {} does not match: the file is \
         damaged",
        row_group + 1,
        column.1,
        column.2
    );
    Dir::with("x.parquet", bytes).eval("x.parquet -s s -t y -w w -g g").fails(1, &text);
}

/// A flip in a page is found. One in a page header or in the footer, which have no checksum, may go
/// unnoticed, but ends in a report or an error.
#[rstest]
fn every_flipped_byte(#[values("none", "snappy", "gzip", "zstd", "zstd_v2", "lz4")] name: &str) {
    let intact = fs::read(file(name)).unwrap();
    let expected = evaluation(intact.clone()).unwrap();
    let metadata = metadata(&intact);
    let chunks: Vec<_> = metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns().iter().map(|chunk| chunk.byte_range()))
        .collect();
    let n_pages = chunks.len() + metadata.num_row_groups();
    let n_bytes: u64 = chunks.iter().map(|(_, n_bytes)| n_bytes).sum();
    let mut n_found = 0;
    for position in 0..intact.len() {
        let in_chunk = chunks
            .iter()
            .any(|(start, n_bytes)| (*start..start + n_bytes).contains(&(position as u64)));
        let mut found = true;
        for flip in [0x01, 0x10, 0x80] {
            let mut bytes = intact.clone();
            bytes[position] ^= flip;
            match evaluation(bytes) {
                Err(Error::Checksum { .. }) => {}
                Ok(other) if in_chunk => {
                    assert_eq!(other.results, expected.results, "byte {position}, bits {flip}");
                    found = false;
                }
                _ => found = false,
            }
        }
        n_found += usize::from(in_chunk && found);
    }
    let n_covered = n_bytes as usize - n_pages * MAX_HEADER_BYTES;
    assert!(n_found >= n_covered, "{n_found} of {n_bytes} bytes, {n_pages} pages");
}
