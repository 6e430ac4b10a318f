//! Reads the labels of a text column, a few at a time.
//!
//! Arrow would copy every label of a batch, and a dictionary with one long label would turn a small
//! file into gigabytes. Here a label is a view into its page, and the labels held at a time keep to the
//! limit of a piece.

use std::sync::Arc;

use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{AsBytes, ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;
use parquet::schema::types::ColumnDescPtr;

use super::pages::CheckedFile;

/// Labels read at once, unless they are long.
const MAX_LABELS: usize = 1024;

/// The labels of one column, across row groups.
pub(super) struct Labels<R> {
    file: Arc<CheckedFile<R>>,
    column: usize,
    descr: ColumnDescPtr,
    n_row_groups: usize,
    /// The row group to open next.
    row_group: usize,
    chunk: Option<ColumnReaderImpl<ByteArrayType>>,
    /// Labels to read at once in this row group.
    n_labels: usize,
    levels: Vec<i16>,
    values: Vec<ByteArray>,
}

impl<R: ChunkReader + 'static> Labels<R> {
    pub(super) fn new(file: Arc<CheckedFile<R>>, column: usize) -> Self {
        let schema = file.metadata().file_metadata().schema_descr();
        Self {
            column,
            descr: schema.column(column),
            n_row_groups: file.metadata().num_row_groups(),
            row_group: 0,
            chunk: None,
            n_labels: 1,
            levels: Vec::new(),
            values: Vec::new(),
            file,
        }
    }

    /// Calls `visit` for each of the next `n_rows` rows with its label, or without one where it is
    /// null.
    pub(super) fn read(
        &mut self,
        n_rows: usize,
        mut visit: impl FnMut(usize, Option<&[u8]>),
    ) -> Result<(), ParquetError> {
        let mut row = 0;
        while row < n_rows {
            let n_read = self.fill(n_rows - row)?;
            if n_read == 0 && self.row_group == self.n_row_groups {
                return Err(ParquetError::General("a column ends before the others".to_owned()));
            }
            if n_read == 0 {
                self.open()?;
                continue;
            }
            let mut values = self.values.iter();
            let mut missing = self.levels.iter().map(|&level| level < self.descr.max_def_level());
            for row in row..row + n_read {
                let label = if missing.next() == Some(true) { None } else { values.next() };
                visit(row, label.map(AsBytes::as_bytes));
            }
            row += n_read;
        }
        Ok(())
    }

    /// Reads at most `n_rows` labels of the open row group, and returns how many; 0 at the end of the group.
    fn fill(&mut self, n_rows: usize) -> Result<usize, ParquetError> {
        self.levels.clear();
        self.values.clear();
        let Some(chunk) = &mut self.chunk else {
            return Ok(0);
        };
        let n_labels = n_rows.min(self.n_labels);
        let levels = Some(&mut self.levels);
        let (n_read, _, _) = chunk.read_records(n_labels, levels, None, &mut self.values)?;
        Ok(n_read)
    }

    /// Opens the next row group.
    fn open(&mut self) -> Result<(), ParquetError> {
        // The former row group is closed first, so that two are never held.
        self.chunk = None;
        let pages = self.file.pages(self.row_group, self.column)?;
        // No label is longer than a page, but each label may keep a page in memory, or be a copy as long.
        let n_labels = self.file.limit() / pages.largest().max(1);
        self.n_labels = usize::try_from(n_labels).unwrap_or(MAX_LABELS).clamp(1, MAX_LABELS);
        self.chunk = Some(ColumnReaderImpl::new(Arc::clone(&self.descr), Box::new(pages)));
        self.row_group += 1;
        Ok(())
    }
}
