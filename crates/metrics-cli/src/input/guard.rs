//! A reader between a file and the CSV parser: it counts bytes, limits records and ends the last line.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes that the parser keeps for each field besides its text: the position of its end.
const FIELD_BYTES: u64 = 16;

/// Wraps a file for the CSV parser.
///
/// - Bytes are counted.
/// - A record that takes more memory than the limit is an error, see [`RecordLimit`].
/// - The last line always ends with a newline, so that line numbers come out the same for every
///   record.
#[derive(Debug)]
pub(crate) struct Guarded<R> {
    inner: R,
    limit: RecordLimit,
    delimiter: u8,
    n_read: Rc<Cell<u64>>,
    last_byte: u8,
    ended: bool,
}

/// The memory that the current record takes so far; shared between the reader and the loop over
/// records.
///
/// A quote that is never closed makes the rest of the file one record. Without a limit, the parser
/// would read the whole file into memory before the error. A line of millions of delimiters would
/// even take several times its length.
#[derive(Debug, Clone)]
pub(crate) struct RecordLimit {
    max: u64,
    n_bytes: Rc<Cell<u64>>,
}

impl RecordLimit {
    /// Records of at most `max` bytes.
    pub(crate) fn new(max: u64) -> Self {
        Self { max, n_bytes: Rc::default() }
    }

    /// Starts to count a new record.
    pub(crate) fn reset(&self) {
        self.n_bytes.set(0);
    }

    /// The most a record may take, in bytes.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// Bytes that the current record takes, if they exceed the limit.
    pub(crate) fn exceeded(&self) -> Option<u64> {
        Some(self.n_bytes.get()).filter(|&n_bytes| n_bytes > self.max)
    }

    /// Counts `bytes`, just read, and the fields that their delimiters end.
    fn add(&self, bytes: &[u8], delimiter: u8) -> io::Result<()> {
        let so_far = self.n_bytes.get();
        // The first bytes since the last reset may hold many other records. They are few, so their
        // fields need no limit.
        let n_fields = match so_far {
            0 => 0,
            _ => bytes.iter().filter(|&&byte| byte == delimiter).count() as u64,
        };
        self.n_bytes.set(so_far + bytes.len() as u64 + n_fields * FIELD_BYTES);
        match self.exceeded() {
            None => Ok(()),
            Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "record too long")),
        }
    }
}

impl<R: Read> Guarded<R> {
    pub(crate) fn new(inner: R, n_read: Rc<Cell<u64>>, limit: RecordLimit, delimiter: u8) -> Self {
        Self { inner, limit, delimiter, n_read, last_byte: b'\n', ended: false }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        let n_bytes = self.inner.read(buffer)?;
        if n_bytes > 0 {
            self.limit.add(&buffer[..n_bytes], self.delimiter)?;
            self.n_read.set(self.n_read.get() + n_bytes as u64);
            self.last_byte = buffer[n_bytes - 1];
            return Ok(n_bytes);
        }
        self.ended = true;
        if self.last_byte == b'\n' {
            return Ok(0);
        }
        buffer[0] = b'\n';
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn guarded<R: Read>(inner: R) -> (Guarded<R>, RecordLimit) {
        let limit = RecordLimit::new(1 << 20);
        (Guarded::new(inner, Rc::default(), limit.clone(), b','), limit)
    }

    #[rstest]
    #[case::added("a,b", "a,b\n")]
    #[case::kept("a,b\n", "a,b\n")]
    #[case::empty("", "")]
    fn the_last_line_ends(#[case] input: &str, #[case] expected: &str) {
        let mut output = String::new();
        guarded(input.as_bytes()).0.read_to_string(&mut output).unwrap();
        assert_eq!(output, expected);
    }

    #[rstest]
    #[case::bytes(b'x', 1 << 20)]
    #[case::fields(b',', (1 << 20) / 8)]
    fn a_record_without_end_is_an_error(#[case] byte: u8, #[case] max_read: u64) {
        let (mut endless, limit) = guarded(io::repeat(byte));
        let n_read = io::copy(&mut endless, &mut io::sink());
        assert!(n_read.is_err());
        assert!(limit.exceeded().is_some());
        assert!(endless.n_read.get() <= max_read);
    }

    #[test]
    fn any_number_of_records_below_the_limit_is_read() {
        let (mut endless, limit) = guarded(io::repeat(b','));
        let mut buffer = vec![0; 1 << 17];
        for _ in 0..100 {
            limit.reset();
            endless.read_exact(&mut buffer).unwrap();
        }
    }
}
