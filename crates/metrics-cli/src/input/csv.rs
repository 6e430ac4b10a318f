//! Reads delimited text, record by record, without an allocation for each row.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::cells::Fields;
use super::groups::Groups;
use super::guard::{Guarded, RecordLimit};
use super::row::{BadRow, BadRows, Place, SkippedReason};
use super::{BATCH_ROWS, Batch, Columns, ReadOptions, Score, Source};
use crate::error::{Error, Result};
use crate::text;

/// Bytes that the CSV parser reads at once.
const BUFFER_BYTES: usize = 1 << 18;

/// First bytes of other formats, and what to say about them: files in these formats often have a name that
/// ends in `.csv`.
const SIGNATURES: [(&[u8], &str); 6] = [
    (b"PAR1", "is a Parquet file: pass --format parquet"),
    (b"\x1f\x8b", "is compressed (gzip): decompress it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd): decompress it first"),
    (b"PK\x03\x04", "is a zip archive or a spreadsheet: export it as CSV first"),
    (b"\xff\xfe", "is UTF-16 text: save it as UTF-8 first"),
    (b"\xfe\xff", "is UTF-16 text: save it as UTF-8 first"),
];

/// A CSV file being read.
pub(super) struct CsvSource {
    path: String,
    records: csv::Reader<Guarded<Box<dyn Read>>>,
    record: ByteRecord,
    limit: RecordLimit,
    fields: Fields,
    /// The scores of one record; complete before any of them enters the batch.
    scores: Vec<f64>,
    n_rows: u64,
    /// Bytes read so far.
    n_read: Rc<Cell<u64>>,
    /// Length of the file in bytes, if known.
    n_bytes: Option<u64>,
    bad: BadRows,
    groups: Groups,
}

impl CsvSource {
    /// Reads the header of `file`, which is called `name`.
    pub(super) fn new(
        name: String,
        file: Box<dyn Read>,
        n_bytes: Option<u64>,
        columns: &Columns,
        options: &ReadOptions,
    ) -> Result<Self> {
        let limit = RecordLimit::new(options.max_piece_bytes);
        let n_read = Rc::default();
        let file = Guarded::new(file, Rc::clone(&n_read), limit.clone(), options.delimiter);
        let mut records = ReaderBuilder::new()
            .delimiter(options.delimiter)
            // `Fields::parse` checks the number of fields, so that a bad record can be named or skipped.
            .flexible(true)
            .has_headers(false)
            // By default the parser ends a record between `\r` and `\n`, and its line numbers are off
            // by one. Cells are trimmed, so a `\r` at the end of the last cell does no harm.
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(file);
        let header = read_header(&name, &mut records, &limit)?;
        Ok(Self {
            fields: Fields::find(&name, &header, columns)?,
            path: name,
            records,
            record: ByteRecord::new(),
            limit,
            scores: Vec::new(),
            n_rows: 0,
            n_read,
            n_bytes,
            bad: BadRows::new(options.skip_invalid),
            groups: Groups::new(options.max_groups, options.max_piece_bytes),
        })
    }

    /// Reads the next record that is not blank; `false` at the end.
    fn read_record(&mut self) -> Result<bool> {
        loop {
            self.limit.reset();
            let line = self.records.position().line();
            match self.records.read_byte_record(&mut self.record) {
                Ok(false) => return Ok(false),
                Ok(true) if self.fields.is_blank(&self.record) => {}
                Ok(true) => return Ok(true),
                Err(error) => return Err(read_error(&self.path, line, error, &self.limit)),
            }
        }
    }

    /// Adds the current record to `batch`, or to the bad rows.
    fn take_record(&mut self, batch: &mut Batch) -> Result<()> {
        self.n_rows += 1;
        let row = match self.fields.parse(&self.record, &mut self.scores) {
            Ok(row) => row,
            Err(fault) => {
                let describe = || {
                    let place = Place::Line(first_line(&self.records, &self.record));
                    let found = self.fields.found(&self.record, &fault);
                    BadRow::new(place, fault.column(), fault.problem, &found)
                };
                let bad = self.bad.add(fault.problem, describe);
                return bad.map_err(|bad| Error::BadRow { path: self.path.clone(), bad });
            }
        };
        if let (Some(groups), Some(label)) = (&mut batch.groups, row.group) {
            let id = self.groups.id(label);
            groups.push(id.map_err(|error| error.at(&self.path, self.fields.group_name()))?);
        }
        for (column, &score) in batch.scores.iter_mut().zip(&self.scores) {
            if let Some(values) = f64::values_mut(column) {
                values.push(score);
            }
        }
        batch.targets.push(row.target);
        if let Some(weights) = &mut batch.weights {
            weights.push(row.weight);
        }
        Ok(())
    }
}

impl Source for CsvSource {
    fn new_batch(&self) -> Batch {
        Batch {
            scores: self.fields.scores.iter().map(|_| f64::column()).collect(),
            targets: Vec::new(),
            weights: self.fields.weight.as_ref().map(|_| Vec::new()),
            groups: self.fields.group.as_ref().map(|_| Vec::new()),
        }
    }

    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool> {
        batch.clear();
        while batch.len() < BATCH_ROWS && self.read_record()? {
            self.take_record(batch)?;
        }
        Ok(!batch.is_empty())
    }

    fn n_rows(&self) -> u64 {
        self.n_rows
    }

    fn share_read(&self) -> Option<f64> {
        // A file may grow while it is read.
        self.n_bytes.map(|n_bytes| (self.n_read.get() as f64 / n_bytes.max(1) as f64).min(1.0))
    }

    fn skipped(&self) -> &[SkippedReason] {
        self.bad.reasons()
    }

    fn groups(&self) -> &Groups {
        &self.groups
    }
}

/// The record with the names of the columns.
fn read_header<R: Read>(
    path: &str,
    records: &mut csv::Reader<R>,
    limit: &RecordLimit,
) -> Result<ByteRecord> {
    let format_error =
        |reason: &str| Error::Format { path: path.to_owned(), reason: reason.to_owned() };
    let mut header = ByteRecord::new();
    if !records.read_byte_record(&mut header).map_err(|error| read_error(path, 1, error, limit))? {
        return Err(format_error("is empty: not even a header"));
    }
    let bytes = header.as_slice();
    if let Some((_, reason)) = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature))
    {
        return Err(format_error(reason));
    }
    Ok(header)
}

/// The line on which `record`, just read, begins.
///
/// The parser stands behind the newline that ended the record, or at the end of the file when a
/// quote was never closed. The parser also notes the position of each record, but without the blank
/// lines that it skipped.
fn first_line<R: Read>(records: &csv::Reader<R>, record: &ByteRecord) -> u64 {
    let bytes = record.as_slice();
    let inside = bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
    let ending = u64::from(bytes.last() != Some(&b'\n'));
    records.position().line().saturating_sub(inside + ending)
}

/// The error for a failure to read the record that begins on `line` or soon after.
fn read_error(path: &str, line: u64, error: csv::Error, limit: &RecordLimit) -> Error {
    if let Some(n_bytes) = limit.exceeded() {
        return Error::PieceTooLarge {
            place: format!("{path}:{line}: "),
            piece: "a record".to_owned(),
            given: format!("{} or more", text::mebibytes(n_bytes)),
            limit: text::mebibytes(limit.max()),
            hint: ": a quote that is never closed, or not CSV",
        };
    }
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => io::Error::other(format!("{other:?}")),
    };
    Error::Io { path: path.to_owned(), source }
}
