//! Checks each page of a Parquet file before the parquet crate decodes it.
//!
//! The parquet crate trusts page headers. It reserves memory for as many bytes and values as a header
//! claims, and aborts the process if there is too little memory. It also lets gzip and old LZ4 pages
//! grow beyond the claimed size. So this module reads the headers of a column chunk first, and refuses
//! pages that take more than the limit. If a file has checksums, the parquet crate verifies them (its
//! feature `crc`).

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{ChunkReader, SerializedPageReader};

use super::format;
use super::refusal::{PlacedRefusal, Refusal};
use super::thrift::{INTEGER, STRUCT, Thrift, ThriftError};

/// Bytes read for a page header at first.
const HEADER_BYTES: u64 = 512;
/// Most bytes of a page header. Some writers put the smallest and the largest value of the page into
/// the header.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// Most bytes that one byte of gzip decompresses to.
const MAX_GZIP_RATIO: u64 = 1032;
/// Most bytes that one byte of LZ4 decompresses to.
const MAX_LZ4_RATIO: u64 = 255;

/// Bytes that the parquet crate keeps for each string of a dictionary besides its text.
const STRING_BYTES: u64 = 32;
/// Bytes that the parquet crate keeps for each string of a delta encoding: two lengths.
const LENGTHS_BYTES: u64 = 8;

/// A Parquet file with its footer, and the limit of bytes for each piece.
pub(super) struct CheckedFile<R> {
    reader: Arc<R>,
    metadata: Arc<ParquetMetaData>,
    limit: u64,
    /// Why the first page was refused. The parquet crate passes errors on as text, so the reason is stored
    /// here.
    refused: Mutex<Option<PlacedRefusal>>,
}

impl<R: ChunkReader + 'static> CheckedFile<R> {
    pub(super) fn new(reader: Arc<R>, metadata: Arc<ParquetMetaData>, limit: u64) -> Self {
        Self { reader, metadata, limit, refused: Mutex::new(None) }
    }

    pub(super) fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// The first refusal since the last call.
    pub(super) fn take_refusal(&self) -> Option<PlacedRefusal> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Stores a refusal, and returns an error that the parquet crate can pass on.
    fn refuse(&self, row_group: usize, column: usize, refusal: Refusal) -> ParquetError {
        let name = self.metadata.file_metadata().schema_descr().column(column).name().to_owned();
        let error = ParquetError::General(format!("{refusal:?}"));
        let refusal = PlacedRefusal { refusal, chunk: Some((row_group + 1, name)) };
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get_or_insert(refusal);
        error
    }

    /// The pages of column chunk `column` of `row_group`.
    pub(super) fn pages(
        self: &Arc<Self>,
        row_group: usize,
        column: usize,
    ) -> Result<CheckedPages<R>, ParquetError> {
        let group = self.metadata.row_group(row_group);
        let chunk = group.column(column);
        let pages =
            self.locate(chunk).map_err(|refusal| self.refuse(row_group, column, refusal))?;
        let locations = pages.iter().map(|page| page.location.clone()).collect();
        // The codec LZ4 has three framings. The framing of old files does not tell the decompressed
        // size, so it is only allowed for pages that cannot exceed the limit.
        let small = |page: &PageFacts| page.compressed.saturating_mul(MAX_LZ4_RATIO) <= self.limit;
        let properties = ReaderProperties::builder()
            .set_read_bloom_filter(false)
            .set_backward_compatible_lz4(pages.iter().all(small))
            .build();
        let inner = SerializedPageReader::new_with_properties(
            Arc::clone(&self.reader),
            chunk,
            usize::try_from(group.num_rows())?,
            Some(locations),
            Arc::new(properties),
        )?;
        let largest = pages.iter().map(|page| page.uncompressed.max(page.compressed)).max();
        Ok(CheckedPages {
            file: Arc::clone(self),
            row_group,
            column,
            physical_type: chunk.column_type(),
            compression: chunk.compression(),
            optional: chunk.column_descr().max_def_level() > 0,
            largest: largest.unwrap_or(0),
            pages,
            next: 0,
            inner,
        })
    }

    /// Finds the pages of a column chunk and checks what their headers claim.
    fn locate(&self, chunk: &ColumnChunkMetaData) -> Result<Vec<PageFacts>, Refusal> {
        let damaged = |reason: &str| Refusal::Damaged(reason.to_owned());
        let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
        let start = u64::try_from(start).map_err(|_| damaged("it begins before the file"))?;
        let n_bytes = u64::try_from(chunk.compressed_size());
        let end = n_bytes.ok().and_then(|n_bytes| start.checked_add(n_bytes));
        let end = end.filter(|&end| end <= self.reader.len());
        let end = end.ok_or_else(|| damaged("it ends behind the end of the file"))?;
        let mut pages = Vec::new();
        let mut offset = start;
        while offset < end {
            let header = self.header(offset, end)?;
            let n_bytes = header.n_bytes as u64;
            let compressed = u64::try_from(header.compressed).ok();
            let compressed = compressed.filter(|compressed| n_bytes + compressed <= end - offset);
            let compressed = compressed.ok_or_else(|| damaged("a page does not fit into it"))?;
            let page = PageFacts {
                location: PageLocation {
                    offset: offset as i64,
                    compressed_page_size: i32::try_from(n_bytes + compressed)
                        .map_err(|_| damaged("a page of more than 2 GiB"))?,
                    first_row_index: 0,
                },
                header_bytes: n_bytes,
                compressed,
                uncompressed: u64::try_from(header.uncompressed)
                    .map_err(|_| damaged("a page has a negative size"))?,
                n_values: u64::try_from(header.n_values)
                    .map_err(|_| damaged("a page has a negative number of values"))?,
                level_bytes: u64::try_from(header.level_bytes)
                    .map_err(|_| damaged("a page has levels of negative size"))?,
            };
            offset += n_bytes + compressed;
            if header.kind != PageKind::Index {
                self.check(chunk, header.kind, &page)?;
                pages.push(page);
            }
        }
        Ok(pages)
    }

    /// The page header at `offset`, in a column chunk that goes to `end`.
    fn header(&self, offset: u64, end: u64) -> Result<PageHeader, Refusal> {
        let mut n_bytes = HEADER_BYTES;
        loop {
            let available = n_bytes.min(end - offset);
            let bytes = self.reader.get_bytes(offset, available as usize);
            let reason = match PageHeader::parse(&bytes.map_err(Refusal::unreadable)?) {
                Ok(header) => return Ok(header),
                Err(ThriftError::Short) if available < n_bytes => "it ends within a page header",
                Err(ThriftError::Short) if n_bytes >= MAX_HEADER_BYTES => {
                    "a page header without end"
                }
                Err(ThriftError::Short) => {
                    n_bytes *= 2;
                    continue;
                }
                Err(ThriftError::Malformed(reason)) => reason,
            };
            return Err(Refusal::Damaged(format!("a page header is damaged: {reason}")));
        }
    }

    /// Checks that a page keeps to the limit, and that a dictionary can hold as many values as it claims.
    fn check(
        &self,
        chunk: &ColumnChunkMetaData,
        kind: PageKind,
        page: &PageFacts,
    ) -> Result<(), Refusal> {
        let n_bytes = page.compressed.max(page.uncompressed);
        if n_bytes > self.limit {
            return Err(Refusal::too_large("a page", n_bytes));
        }
        if kind == PageKind::Dictionary {
            let value_bytes = match chunk.column_type() {
                Type::BOOLEAN => 1,
                Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
                Type::INT64 | Type::DOUBLE => 8,
                Type::INT96 => 12,
                Type::FIXED_LEN_BYTE_ARRAY => 1,
            };
            // The parquet crate reserves memory for all claimed values before it reads the first.
            if page.n_values.saturating_mul(value_bytes) > n_bytes {
                let reason = "a dictionary claims more values than fit into it";
                return Err(Refusal::Damaged(reason.to_owned()));
            }
            let kept = n_bytes + page.n_values * STRING_BYTES;
            if chunk.column_type() == Type::BYTE_ARRAY && kept > self.limit {
                return Err(Refusal::too_large("a dictionary", kept));
            }
        }
        Ok(())
    }
}

/// A page as its header describes it.
#[derive(Debug, Clone)]
struct PageFacts {
    location: PageLocation,
    header_bytes: u64,
    compressed: u64,
    uncompressed: u64,
    n_values: u64,
    /// Bytes of levels, which are not compressed and come before the values (data pages of version 2).
    level_bytes: u64,
}

/// The pages of one column chunk.
pub(super) struct CheckedPages<R: ChunkReader> {
    file: Arc<CheckedFile<R>>,
    row_group: usize,
    column: usize,
    physical_type: Type,
    compression: Compression,
    /// Whether values may be missing, in which case a page begins with levels.
    optional: bool,
    largest: u64,
    pages: Vec<PageFacts>,
    next: usize,
    inner: SerializedPageReader<R>,
}

impl<R: ChunkReader + 'static> CheckedPages<R> {
    /// Bytes of the largest page. No value is longer than a page.
    pub(super) fn largest(&self) -> u64 {
        self.largest
    }

    /// Decompresses the next page, and checks the claims that depend on its bytes.
    fn read(&mut self) -> Result<Option<Page>, Refusal> {
        let Some(page) = self.pages.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        self.check_gzip(page)?;
        let n_values = page.n_values;
        let page = self.inner.get_next_page().map_err(|error| {
            if error.to_string().contains("checksum mismatch") {
                Refusal::Checksum { page: self.next }
            } else {
                Refusal::unreadable(error)
            }
        })?;
        if let Some(page) = &page {
            self.check_lengths(page, n_values)?;
        }
        Ok(page)
    }

    /// Checks that a gzip page does not decompress to more bytes than the limit.
    ///
    /// The check counts the decompressed bytes and keeps none. It skips small pages, which cannot grow
    /// beyond the limit.
    fn check_gzip(&self, page: &PageFacts) -> Result<(), Refusal> {
        let is_small = page.compressed.saturating_mul(MAX_GZIP_RATIO) <= self.file.limit;
        if !matches!(self.compression, Compression::GZIP(_)) || is_small {
            return Ok(());
        }
        let start = page.location.offset as u64 + page.header_bytes + page.level_bytes;
        let n_bytes = page.compressed.saturating_sub(page.level_bytes) as usize;
        let bytes = self.file.reader.get_bytes(start, n_bytes).map_err(Refusal::unreadable)?;
        let limit = self.file.limit;
        let decompressed = MultiGzDecoder::new(&bytes[..]).take(limit + 1);
        // The parquet crate reports a page that cannot be decompressed.
        match io::copy(&mut { decompressed }, &mut io::sink()) {
            Ok(n_bytes) if n_bytes > limit => Err(Refusal::too_large("a page", n_bytes)),
            _ => Ok(()),
        }
    }

    /// Checks the number of strings that a delta encoding claims. The parquet crate reserves memory
    /// for all lengths before it reads the first.
    fn check_lengths(&self, page: &Page, n_values: u64) -> Result<(), Refusal> {
        let n_streams = match page.encoding() {
            _ if matches!(page, Page::DictionaryPage { .. }) => return Ok(()),
            Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            Encoding::DELTA_BYTE_ARRAY => 2,
            _ => return Ok(()),
        };
        if !matches!(self.physical_type, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY) {
            return Ok(());
        }
        let kept = n_values.saturating_mul(LENGTHS_BYTES);
        if kept > self.file.limit {
            return Err(Refusal::too_large("a page", kept));
        }
        let mut values = Thrift::new(values_of(page, self.optional));
        for _ in 0..n_streams {
            skip_deltas(&mut values, n_values).map_err(|error| {
                let reason = match error {
                    ThriftError::Short => "they end too early",
                    ThriftError::Malformed(reason) => reason,
                };
                let lengths = "the lengths of the strings of a page are damaged";
                Refusal::Damaged(format!("{lengths}: {reason}"))
            })?;
        }
        Ok(())
    }
}

impl<R: ChunkReader + 'static> Iterator for CheckedPages<R> {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<R: ChunkReader + 'static> PageReader for CheckedPages<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        self.read().map_err(|refusal| self.file.refuse(self.row_group, self.column, refusal))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.inner.peek_next_page()
    }

    /// Never called, because all rows are read.
    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.next += 1;
        self.inner.skip_next_page()
    }
}

/// All column chunks of one column, first to last.
struct ColumnChunks<R: ChunkReader> {
    file: Arc<CheckedFile<R>>,
    column: usize,
    row_group: usize,
}

impl<R: ChunkReader + 'static> Iterator for ColumnChunks<R> {
    type Item = Result<Box<dyn PageReader>, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.row_group == self.file.metadata.num_row_groups() {
            return None;
        }
        let pages = self.file.pages(self.row_group, self.column);
        self.row_group += 1;
        Some(pages.map(|pages| Box::new(pages) as Box<dyn PageReader>))
    }
}

impl<R: ChunkReader + 'static> PageIterator for ColumnChunks<R> {}

/// All row groups of a file, in the form that the parquet crate expects.
pub(super) struct CheckedRowGroups<R>(pub(super) Arc<CheckedFile<R>>);

impl<R: ChunkReader + 'static> RowGroups for CheckedRowGroups<R> {
    fn num_rows(&self) -> usize {
        usize::try_from(self.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>, ParquetError> {
        let file = Arc::clone(&self.0);
        Ok(Box::new(ColumnChunks { file, column, row_group: 0 }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata().row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.0.metadata
    }
}

/// The kinds of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageKind {
    Data,
    Index,
    Dictionary,
}

/// What a page header claims.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PageHeader {
    /// Bytes of the header itself.
    n_bytes: usize,
    kind: PageKind,
    compressed: i64,
    uncompressed: i64,
    n_values: i64,
    level_bytes: i64,
}

impl PageHeader {
    /// The header at the start of `bytes`.
    fn parse(bytes: &[u8]) -> Result<Self, ThriftError> {
        let mut thrift = Thrift::new(bytes);
        let [mut kind, mut compressed, mut uncompressed] = [None; 3];
        let (mut n_values, mut level_bytes) = (0, 0);
        // The numbers of fields are those of parquet.thrift.
        thrift.fields(|thrift, field| match (field.id, field.kind) {
            (1, INTEGER) => thrift.integer().map(|value| kind = Some(value)),
            (2, INTEGER) => thrift.integer().map(|value| uncompressed = Some(value)),
            (3, INTEGER) => thrift.integer().map(|value| compressed = Some(value)),
            (5 | 7 | 8, STRUCT) => {
                let header = field.id;
                thrift.fields(|thrift, field| match (header, field.id, field.kind) {
                    (_, 1, INTEGER) => thrift.integer().map(|value| n_values = value),
                    // Lengths of definition and repetition levels.
                    (8, 5 | 6, INTEGER) => thrift
                        .integer()
                        .map(|value| level_bytes = value.saturating_add(level_bytes)),
                    (5, ..) => thrift.known(field, format::DATA_PAGE),
                    (7, ..) => thrift.known(field, format::DICTIONARY_PAGE),
                    _ => thrift.known(field, format::DATA_PAGE_2),
                })
            }
            _ => thrift.known(field, format::PAGE),
        })?;
        let kind = match kind {
            Some(0 | 3) => PageKind::Data,
            Some(1) => PageKind::Index,
            Some(2) => PageKind::Dictionary,
            _ => return Err(ThriftError::Malformed("an unknown kind of page")),
        };
        let missing = ThriftError::Malformed("a size is missing");
        Ok(Self {
            n_bytes: thrift.position(),
            kind,
            compressed: compressed.ok_or(missing)?,
            uncompressed: uncompressed.ok_or(missing)?,
            n_values,
            level_bytes,
        })
    }
}

/// The bytes of a data page behind its levels; empty if the page is too short for the levels.
fn values_of(page: &Page, optional: bool) -> &[u8] {
    let buffer: &Bytes = page.buffer();
    let n_level_bytes = match page {
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            (*def_levels_byte_len as usize).saturating_add(*rep_levels_byte_len as usize)
        }
        _ if optional => match buffer[..] {
            [a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]) as usize).saturating_add(4),
            _ => return &[],
        },
        _ => 0,
    };
    buffer.get(n_level_bytes..).unwrap_or_default()
}

/// Walks over integers in the encoding DELTA_BINARY_PACKED, at most `max_values` of them.
fn skip_deltas(bytes: &mut Thrift<'_>, max_values: u64) -> Result<(), ThriftError> {
    let block_size = bytes.varint()?;
    let n_miniblocks = bytes.varint()?;
    let n_values = bytes.varint()?;
    if n_values > max_values {
        return Err(ThriftError::Malformed("there are more than the page has values"));
    }
    bytes.integer()?;
    if n_miniblocks == 0 || !block_size.is_multiple_of(n_miniblocks) || block_size == 0 {
        return Err(ThriftError::Malformed("a block of no values"));
    }
    let miniblock_size = block_size / n_miniblocks;
    let mut left = n_values.saturating_sub(1);
    while left > 0 {
        bytes.integer()?;
        let mut widths = *bytes;
        bytes.advance(n_miniblocks)?;
        for _ in 0..n_miniblocks {
            if left == 0 {
                break;
            }
            let n_bits = miniblock_size.checked_mul(u64::from(widths.byte()?));
            bytes.advance(n_bits.ok_or(ThriftError::Short)?.div_ceil(8))?;
            left = left.saturating_sub(miniblock_size);
        }
    }
    Ok(())
}
