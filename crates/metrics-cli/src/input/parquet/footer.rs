//! Checks the index at the end of a Parquet file before the parquet crate decodes it.

use parquet::file::reader::ChunkReader;

use super::format;
use super::refusal::Refusal;
use super::thrift::{INTEGER, LIST, Result, STRUCT, Thrift, ThriftError};

/// Bytes behind the footer: its length and [`MAGIC`].
const TAIL_BYTES: u64 = 8;
const MAGIC: &[u8] = b"PAR1";

/// Most levels of nested columns. The parquet crate recurses once for each level, and a stack overflow
/// would abort the process.
const MAX_SCHEMA_DEPTH: usize = 64;

/// Approximate bytes that the decoded footer takes for each entry of the schema.
const SCHEMA_ENTRY_BYTES: u64 = 1024;
/// Approximate bytes that the decoded footer takes for each row group or column chunk.
const CHUNK_BYTES: u64 = 512;

/// Checks that decoding the footer of `file` takes no more than `limit` bytes and no deep
/// recursion. A file without a footer passes: the parquet crate reports it.
pub(super) fn check(file: &impl ChunkReader, limit: u64) -> std::result::Result<(), Refusal> {
    let Some(tail_start) = file.len().checked_sub(TAIL_BYTES) else {
        return Ok(());
    };
    let tail = file.get_bytes(tail_start, TAIL_BYTES as usize).map_err(Refusal::unreadable)?;
    let [a, b, c, d, magic @ ..] = &tail[..] else {
        return Ok(());
    };
    let n_bytes = u32::from_le_bytes([*a, *b, *c, *d]);
    let Some(start) = tail_start.checked_sub(u64::from(n_bytes)).filter(|_| magic == MAGIC) else {
        return Ok(());
    };
    if u64::from(n_bytes) > limit {
        return Err(Refusal::too_large("the index at its end", u64::from(n_bytes)));
    }
    let bytes = file.get_bytes(start, n_bytes as usize).map_err(Refusal::unreadable)?;
    let entries = Entries::count(&bytes).map_err(|error| {
        let reason = match error {
            ThriftError::Short => "it ends too early",
            ThriftError::Malformed(reason) => reason,
        };
        Refusal::Damaged(format!("the index at its end is damaged: {reason}"))
    })?;
    let decoded = u64::from(n_bytes)
        + entries.schema * SCHEMA_ENTRY_BYTES
        + (entries.row_groups + entries.chunks) * CHUNK_BYTES;
    if decoded > limit {
        return Err(Refusal::too_large("the index at its end, decoded,", decoded));
    }
    Ok(())
}

/// How many entries a footer has.
#[derive(Debug, Default, PartialEq, Eq)]
struct Entries {
    schema: u64,
    row_groups: u64,
    chunks: u64,
}

impl Entries {
    fn count(footer: &[u8]) -> Result<Self> {
        let mut entries = Self::default();
        let mut depth = Depth::default();
        // The numbers of fields are those of parquet.thrift.
        Thrift::new(footer).fields(|thrift, field| match (field.id, field.kind) {
            (2, LIST) => thrift.structs(|thrift| {
                entries.schema += 1;
                depth.add(n_children(thrift)?, footer.len())
            }),
            (4, LIST) => thrift.structs(|thrift| {
                entries.row_groups += 1;
                thrift.fields(|thrift, field| match (field.id, field.kind) {
                    (1, LIST) => thrift.structs(|thrift| {
                        entries.chunks += 1;
                        thrift.expect(STRUCT, format::CHUNK)
                    }),
                    _ => thrift.known(field, format::ROW_GROUP),
                })
            }),
            _ => thrift.known(field, format::FILE),
        })?;
        Ok(entries)
    }
}

/// Walks over an entry of the schema, and returns how many children follow the entry.
fn n_children(thrift: &mut Thrift<'_>) -> Result<i64> {
    let mut n_children = 0;
    thrift.fields(|thrift, field| match (field.id, field.kind) {
        (5, INTEGER) => thrift.integer().map(|n| n_children = n),
        _ => thrift.known(field, format::SCHEMA_ENTRY),
    })?;
    Ok(n_children)
}

/// The entries of the schema that still wait for children, outermost first.
#[derive(Debug, Default)]
struct Depth(Vec<i64>);

impl Depth {
    /// Adds the next entry, which has `n_children`, of a footer of `n_bytes`.
    fn add(&mut self, n_children: i64, n_bytes: usize) -> Result<()> {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        if let Some(missing) = self.0.last_mut() {
            *missing -= 1;
        }
        // The parquet crate reserves memory for all children at once. Each child takes at least a byte
        // of the footer, so the footer cannot have more children than bytes.
        if !u64::try_from(n_children).is_ok_and(|n_children| n_children <= n_bytes as u64) {
            return Err(ThriftError::Malformed("a column claims more columns than there are"));
        }
        if n_children > 0 {
            self.0.push(n_children);
        }
        if self.0.len() > MAX_SCHEMA_DEPTH {
            return Err(ThriftError::Malformed("columns are nested too deep"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer whose schema is a chain of `depth` groups, each in the one before.
    fn chain(depth: usize) -> Vec<u8> {
        let mut footer = vec![0x29, 0xfc];
        let mut left = depth;
        while left >= 0x80 {
            footer.push(left as u8 | 0x80);
            left >>= 7;
        }
        footer.push(left as u8);
        for _ in 0..depth {
            // Name "g", one child.
            footer.extend([0x48, 1, b'g', 0x15, 2, 0]);
        }
        footer.push(0);
        footer
    }

    #[test]
    fn entries_are_counted() {
        let entries = Entries { schema: 60, ..Entries::default() };
        assert_eq!(Entries::count(&chain(60)), Ok(entries));
    }

    #[test]
    fn a_deep_schema_is_refused() {
        let error = ThriftError::Malformed("columns are nested too deep");
        assert_eq!(Entries::count(&chain(100_000)), Err(error));
    }

    #[test]
    fn more_children_than_bytes_are_refused() {
        // The root claims 2^31 − 1 children.
        let footer = [0x29, 0x1c, 0x48, 1, b'r', 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0];
        let error = ThriftError::Malformed("a column claims more columns than there are");
        assert_eq!(Entries::count(&footer), Err(error));
    }
}
