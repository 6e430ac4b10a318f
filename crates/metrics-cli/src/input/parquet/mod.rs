//! Reads Parquet files, a record batch at a time.
//!
//! ```text
//! footer → pages → numbers (Arrow, a batch at a time)
//!                → labels (a few at a time)
//! ```
//! [`footer`] and [`pages`] check the bytes before the parquet crate decodes them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::file::metadata::ParquetStatisticsPolicy;
use parquet::file::reader::ChunkReader;
use parquet::schema::types::SchemaDescriptor;

mod footer;
mod format;
mod labels;
mod pages;
mod refusal;
mod thrift;

use labels::Labels;
use pages::{CheckedFile, CheckedRowGroups};
use refusal::PlacedRefusal;

use super::arrays::{self, Faults, Good, Role};
use super::cells::parse_target;
use super::decoder::catch_panic;
use super::groups::Groups;
use super::row::{BadRow, BadRows, Place, Problem, SkippedReason};
use super::{BATCH_ROWS, Batch, Columns, ReadOptions, Source, find_column};
use crate::error::{Error, Result};
use crate::text;

/// A Parquet file being read.
pub(super) struct ParquetSource<R> {
    path: String,
    file: Arc<CheckedFile<R>>,
    batches: ParquetRecordBatchReader,
    /// The group column, where it is text.
    labels: Option<Labels<R>>,
    /// The target column, where it is text.
    targets: Option<Labels<R>>,
    columns: Vec<Column>,
    empty_batch: Batch,
    n_rows: u64,
    total_rows: u64,
    bad: BadRows,
    groups: Groups,
}

/// A column in use.
#[derive(Debug)]
struct Column {
    name: String,
    role: Role,
    /// The position of the column in the file.
    root: usize,
    /// The position of the column in record batches, which hold only columns in use, each once.
    /// `None` for text, which [`Labels`] reads.
    position: Option<usize>,
}

impl<R: ChunkReader + 'static> ParquetSource<R> {
    /// Finds the columns of `file`, which is called `name`, and checks their types.
    pub(super) fn new(
        name: String,
        file: R,
        columns: &Columns,
        options: &ReadOptions,
    ) -> Result<Self> {
        let limit = options.max_piece_bytes;
        footer::check(&file, limit)
            .map_err(|refusal| PlacedRefusal::from(refusal).at(&name, limit))?;
        let skip = ParquetStatisticsPolicy::SkipAll;
        // Without the writer's Arrow schema, every string column is read as strings, whatever type it
        // had in the writer's memory, and numbers have the type of the file.
        let reading = ArrowReaderOptions::new()
            .with_skip_arrow_metadata(true)
            .with_column_stats_policy(skip.clone())
            .with_encoding_stats_policy(skip.clone())
            .with_size_stats_policy(skip);
        let metadata = decode(&name, || ArrowReaderMetadata::load(&file, reading))?;
        let total_rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        let columns = find_columns(&name, metadata.schema(), columns)?;
        let empty_batch = empty_batch(&columns, metadata.schema());
        let schema = metadata.parquet_schema();
        let numbers = columns.iter().filter(|column| column.position.is_some());
        let mask = ProjectionMask::roots(schema, numbers.map(|column| column.root));
        let file =
            Arc::new(CheckedFile::new(Arc::new(file), Arc::clone(metadata.metadata()), limit));
        let batches = decode(&name, || {
            let levels = parquet_to_arrow_field_levels(schema, mask, None)?;
            let row_groups = CheckedRowGroups(Arc::clone(&file));
            ParquetRecordBatchReader::try_new_with_row_groups(
                &levels,
                &row_groups,
                BATCH_ROWS,
                None,
            )
        })?;
        let text = |role: Role| {
            let (_, column) = text_column(&columns, role)?;
            Some(Labels::new(Arc::clone(&file), leaf(schema, column.root)?))
        };
        let (labels, targets) = (text(Role::Group), text(Role::Target));
        Ok(Self {
            file,
            batches,
            labels,
            targets,
            columns,
            empty_batch,
            n_rows: 0,
            total_rows,
            bad: BadRows::new(options.skip_invalid),
            groups: Groups::new(options.max_groups, limit),
            path: name,
        })
    }

    /// Calls `read`. If `read` fails because a page was refused, the error is that refusal.
    fn decode<T, E: Display>(
        file: &CheckedFile<R>,
        path: &str,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T> {
        decode(path, read).map_err(|error| match file.take_refusal() {
            Some(refusal) => refusal.at(path, file.limit()),
            None => error,
        })
    }

    /// Adds the rows of `rows` to `batch`, or to the bad rows.
    fn take_rows(&mut self, rows: &RecordBatch, batch: &mut Batch) -> Result<()> {
        let mut faults = Faults::new();
        for (index, column) in self.columns.iter().enumerate() {
            if let Some(position) = column.position {
                arrays::check(rows.column(position), column.role, index, &mut faults);
            }
        }
        let mut found = BTreeMap::new();
        let targets = self.read_targets(rows.num_rows(), &mut faults, &mut found)?;
        let numbered = self.take_labels(rows.num_rows(), &mut faults, &mut found, batch)?;
        self.report(rows, &faults, &found)?;
        numbered?;
        let good = Good::new(rows.num_rows(), &faults);
        good.extend(&mut batch.targets, targets.into_iter().flatten());
        let mut scores = batch.scores.iter_mut();
        for column in &self.columns {
            let Some(position) = column.position else {
                continue;
            };
            let array = rows.column(position);
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

    /// The targets of the next `n_rows` rows, if the target column is text. Rows with an invalid target are
    /// added to `faults`, and their texts to `found`.
    fn read_targets(
        &mut self,
        n_rows: usize,
        faults: &mut Faults,
        found: &mut BTreeMap<usize, String>,
    ) -> Result<Option<Vec<bool>>> {
        let text = text_column(&self.columns, Role::Target);
        let (Some(labels), Some((index, _))) = (&mut self.targets, text) else {
            return Ok(None);
        };
        let mut targets = vec![false; n_rows];
        let visit = |row: usize, label: Option<&[u8]>| {
            let parsed =
                label.map_or(Err(Problem::Empty), |label| parse_target(label.trim_ascii()));
            let problem = match parsed {
                Ok(target) => return targets[row] = target,
                Err(problem) => problem,
            };
            // The first column at fault counts, and columns of numbers were checked before.
            if faults.get(&row).is_none_or(|&(column, _)| column > index) {
                faults.insert(row, (index, problem));
                let shown = match label {
                    None => "null".to_owned(),
                    Some(_) if problem == Problem::Empty => "empty text".to_owned(),
                    Some(label) => text::quote(label),
                };
                found.insert(row, shown);
            }
        };
        Self::decode(&self.file, &self.path, || labels.read(n_rows, visit))?;
        Ok(Some(targets))
    }

    /// Numbers the labels of the next `n_rows` rows, except rows at fault. Rows with an invalid label
    /// are added to `faults`, and their texts to `found`.
    ///
    /// The inner error comes from the groups. The caller reports rows at fault before it.
    fn take_labels(
        &mut self,
        n_rows: usize,
        faults: &mut Faults,
        found: &mut BTreeMap<usize, String>,
        batch: &mut Batch,
    ) -> Result<Result<()>> {
        let text = text_column(&self.columns, Role::Group);
        let (Some(labels), Some((index, column))) = (&mut self.labels, text) else {
            return Ok(Ok(()));
        };
        let ids = batch.groups.get_or_insert_default();
        let groups = &mut self.groups;
        let mut numbered = Ok(());
        let visit = |row: usize, label: Option<&[u8]>| {
            if faults.contains_key(&row) || numbered.is_err() {
                return;
            }
            let (problem, shown) = match label.map(|label| (label, str::from_utf8(label))) {
                None => (Problem::Empty, "null".to_owned()),
                Some((label, Err(_))) => (Problem::NotUtf8, text::quote(label)),
                Some((_, Ok(label))) => {
                    match groups.id(label) {
                        Ok(id) => ids.push(id),
                        Err(error) => numbered = Err(error.at(&self.path, &column.name)),
                    }
                    return;
                }
            };
            faults.insert(row, (index, problem));
            found.insert(row, shown);
        };
        Self::decode(&self.file, &self.path, || labels.read(n_rows, visit))?;
        Ok(numbered)
    }

    /// Adds the bad rows to `self.bad`, first to last; `found` has their values in text columns.
    fn report(
        &mut self,
        rows: &RecordBatch,
        faults: &Faults,
        found: &BTreeMap<usize, String>,
    ) -> Result<()> {
        for (&row, &(index, problem)) in faults {
            let column = &self.columns[index];
            let place = Place::Row(self.n_rows + row as u64 + 1);
            let describe = || {
                let found = match column.position {
                    Some(position) => arrays::display(rows.column(position), row),
                    None => found.get(&row).cloned().unwrap_or_default(),
                };
                BadRow::new(place, Some(&column.name), problem, &found)
            };
            let error = |bad| Error::BadRow { path: self.path.clone(), bad };
            self.bad.add(problem, describe).map_err(error)?;
        }
        Ok(())
    }
}

impl<R: ChunkReader + 'static> Source for ParquetSource<R> {
    fn new_batch(&self) -> Batch {
        self.empty_batch.clone()
    }

    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool> {
        batch.clear();
        while batch.is_empty() {
            let batches = &mut self.batches;
            let rows = Self::decode(&self.file, &self.path, || batches.next().transpose())?;
            let Some(rows) = rows else {
                return Ok(false);
            };
            self.take_rows(&rows, batch)?;
            self.n_rows += rows.num_rows() as u64;
        }
        Ok(true)
    }

    fn n_rows(&self) -> u64 {
        self.n_rows
    }

    fn share_read(&self) -> Option<f64> {
        Some((self.n_rows as f64 / self.total_rows.max(1) as f64).min(1.0))
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
    let names = schema.fields().iter().map(|field| Cow::Borrowed(field.name().as_str()));
    let scores = columns.scores.iter().map(|name| (name, Role::Score));
    let others = [
        (Some(&columns.target), Role::Target),
        (columns.weight.as_ref(), Role::Weight),
        (columns.group.as_ref(), Role::Group),
    ];
    let others = others.into_iter().filter_map(|(name, role)| Some((name?, role)));
    let mut found = Vec::new();
    for (name, role) in scores.chain(others) {
        let root = find_column(path, names.clone(), name)?;
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
        let is_text = matches!(data_type, DataType::Utf8 | DataType::Binary);
        let position = (!is_text).then_some(0);
        found.push(Column { name: name.clone(), role, root, position });
    }
    let numbers = found.iter().filter(|column| column.position.is_some());
    let mut roots: Vec<usize> = numbers.map(|column| column.root).collect();
    roots.sort_unstable();
    roots.dedup();
    for column in &mut found {
        if let Some(position) = &mut column.position {
            *position = roots.partition_point(|&root| root < column.root);
        }
    }
    Ok(found)
}

/// The column of a role, with its number, if it is text.
fn text_column(columns: &[Column], role: Role) -> Option<(usize, &Column)> {
    let is_text = |column: &Column| column.role == role && column.position.is_none();
    columns.iter().enumerate().find(|(_, column)| is_text(column))
}

/// The number of the leaf column of the schema that is column `root` of the file.
fn leaf(schema: &SchemaDescriptor, root: usize) -> Option<usize> {
    (0..schema.num_columns()).find(|&leaf| schema.get_column_root_idx(leaf) == root)
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

/// Calls `decode`, and turns its error or panic into an error of the file.
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
