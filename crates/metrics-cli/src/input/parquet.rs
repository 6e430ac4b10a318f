//! Parquet files, a record batch at a time.

use std::fmt::Display;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use indicatif::ProgressBar;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::reader::ChunkReader;

use super::arrays::{self, Faults, Good, Role};
use super::decoder::catch_panic;
use super::groups::Groups;
use super::row::{BadRow, BadRows, Place, SkippedReason};
use super::{BATCH_ROWS, Batch, Columns, ReadOptions, Source, find_column};
use crate::error::{Error, Result};
use crate::progress;

/// A Parquet file being read.
pub(super) struct ParquetSource {
    path: String,
    batches: ParquetRecordBatchReader,
    columns: Vec<Column>,
    empty_batch: Batch,
    n_rows: u64,
    progress: Progress,
    bad: BadRows,
    groups: Groups,
}

/// A column in use.
#[derive(Debug)]
struct Column {
    name: String,
    role: Role,
    /// Its position in the file.
    root: usize,
    /// Its position in the record batches, which hold only columns in use, each once.
    position: usize,
}

impl ParquetSource {
    /// Finds the columns of `file`, which is called `name`, and checks their types.
    pub(super) fn new(
        name: String,
        file: impl ChunkReader + 'static,
        n_bytes: Option<u64>,
        columns: &Columns,
        options: &ReadOptions,
    ) -> Result<Self> {
        // Without the writer's Arrow schema every string column comes as strings, whatever string
        // type or dictionary it had in memory there, and numbers have the type of the file.
        let reading = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = || ParquetRecordBatchReaderBuilder::try_new_with_options(file, reading);
        let file = decode(&name, builder)?;
        let total_rows = u64::try_from(file.metadata().file_metadata().num_rows()).unwrap_or(0);
        let columns = find_columns(&name, file.schema(), columns)?;
        let empty_batch = empty_batch(&columns, file.schema());
        let roots = columns.iter().map(|column| column.root);
        let mask = ProjectionMask::roots(file.parquet_schema(), roots);
        let file = file.with_projection(mask).with_batch_size(BATCH_ROWS);
        Ok(Self {
            batches: decode(&name, || file.build())?,
            columns,
            empty_batch,
            n_rows: 0,
            progress: Progress::new(n_bytes, total_rows),
            bad: BadRows::new(options.skip_invalid),
            groups: Groups::new(options.max_groups),
            path: name,
        })
    }

    /// Adds the rows of `rows` to `batch`, or to the bad rows.
    fn take_rows(&mut self, rows: &RecordBatch, batch: &mut Batch) -> Result<()> {
        let mut faults = Faults::new();
        for (index, column) in self.columns.iter().enumerate() {
            arrays::check(rows.column(column.position), column.role, index, &mut faults);
        }
        self.report(rows, &faults)?;
        let good = Good::new(rows.num_rows(), &faults);
        let mut scores = batch.scores.iter_mut();
        for column in &self.columns {
            let array = rows.column(column.position);
            match column.role {
                Role::Score => {
                    if let Some(scores) = scores.next() {
                        arrays::read_scores(array, &good, scores);
                    }
                }
                Role::Target => arrays::read_targets(array, &good, &mut batch.targets),
                Role::Weight => {
                    arrays::read_weights(array, &good, batch.weights.get_or_insert_default());
                }
                Role::Group => {
                    let ids = batch.groups.get_or_insert_default();
                    arrays::read_groups(array, &good, ids, |label| self.groups.id(label))
                        .map_err(|error| error.at(&self.path, &column.name))?;
                }
            }
        }
        Ok(())
    }

    /// Takes note of the bad rows, first to last.
    fn report(&mut self, rows: &RecordBatch, faults: &Faults) -> Result<()> {
        for (&row, &(index, problem)) in faults {
            let column = &self.columns[index];
            let place = Place::Row(self.n_rows + row as u64 + 1);
            let describe = || {
                let found = arrays::display(rows.column(column.position), row);
                BadRow::new(place, Some(&column.name), problem, &found)
            };
            let error = |bad| Error::BadRow { path: self.path.clone(), bad };
            self.bad.add(problem, describe).map_err(error)?;
        }
        Ok(())
    }
}

impl Source for ParquetSource {
    fn new_batch(&self) -> Batch {
        self.empty_batch.clone()
    }

    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool> {
        batch.clear();
        while batch.is_empty() {
            let Some(rows) = decode(&self.path, || self.batches.next().transpose())? else {
                self.progress.bar.finish_and_clear();
                return Ok(false);
            };
            self.take_rows(&rows, batch)?;
            self.n_rows += rows.num_rows() as u64;
            self.progress.set(self.n_rows);
        }
        Ok(true)
    }

    fn n_rows(&self) -> u64 {
        self.n_rows
    }

    fn skipped(&self) -> &[SkippedReason] {
        self.bad.reasons()
    }

    fn groups(&self) -> &Groups {
        &self.groups
    }
}

/// The columns in use: scores, target, then weight and group if there are any.
fn find_columns(path: &str, schema: &Schema, columns: &Columns) -> Result<Vec<Column>> {
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let scores = columns.scores.iter().map(|name| (name, Role::Score));
    let others = [
        (Some(&columns.target), Role::Target),
        (columns.weight.as_ref(), Role::Weight),
        (columns.group.as_ref(), Role::Group),
    ];
    let others = others.into_iter().filter_map(|(name, role)| Some((name?, role)));
    let mut found = Vec::new();
    for (name, role) in scores.chain(others) {
        let root = find_column(path, &names, name)?;
        let data_type = schema.field(root).data_type();
        if !role.accepts(data_type) {
            return Err(Error::ColumnType {
                path: path.to_owned(),
                column: name.clone(),
                found: data_type.to_string(),
                role: role.name(),
                expected: role.expected(),
            });
        }
        found.push(Column { name: name.clone(), role, root, position: 0 });
    }
    let mut roots: Vec<usize> = found.iter().map(|column| column.root).collect();
    roots.sort_unstable();
    roots.dedup();
    for column in &mut found {
        column.position = roots.partition_point(|&root| root < column.root);
    }
    Ok(found)
}

fn empty_batch(columns: &[Column], schema: &Schema) -> Batch {
    let of = |role: Role| columns.iter().filter(move |column| column.role == role);
    let types = of(Role::Score).map(|column| schema.field(column.root).data_type());
    Batch {
        scores: types.filter_map(arrays::score_column).collect(),
        targets: Vec::new(),
        weights: of(Role::Weight).next().map(|_| Vec::new()),
        groups: of(Role::Group).next().map(|_| Vec::new()),
    }
}

/// What `decode` returns; its error or panic as an error of the file.
fn decode<T, E: Display>(path: &str, decode: impl FnOnce() -> Result<T, E>) -> Result<T> {
    let reason = match catch_panic(decode) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error.to_string(),
        Err(message) => message,
    };
    Err(Error::Format {
        path: path.to_owned(),
        reason: format!("cannot be read as Parquet: {reason}"),
    })
}

/// A bar in bytes, moved by rows: the reader does not say which bytes it has read.
#[derive(Debug)]
struct Progress {
    bar: ProgressBar,
    n_bytes: u64,
    total_rows: u64,
}

impl Progress {
    fn new(n_bytes: Option<u64>, total_rows: u64) -> Self {
        Self { bar: progress::bar(n_bytes), n_bytes: n_bytes.unwrap_or(0), total_rows }
    }

    fn set(&self, n_rows: u64) {
        let share = n_rows as f64 / self.total_rows.max(1) as f64;
        self.bar.set_position((self.n_bytes as f64 * share) as u64);
    }
}
