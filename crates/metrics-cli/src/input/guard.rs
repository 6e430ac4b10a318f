//! A reader under the CSV parser: it counts, it limits, and it ends the last line.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use indicatif::ProgressBar;

/// The longest record allowed. A quote that is never closed makes the rest of the file one record:
/// without a limit the whole file would go to memory before the error.
const MAX_RECORD_BYTES: u64 = 16 << 20;

/// Wraps a file for the CSV parser.
///
/// - Every byte moves the progress bar.
/// - A record longer than [`MAX_RECORD_BYTES`] is an error, see [`RecordLimit`].
/// - The last line always ends with a newline, so that line numbers come out the same for every
///   record.
#[derive(Debug)]
pub(crate) struct Guarded<R> {
    inner: R,
    limit: RecordLimit,
    bar: ProgressBar,
    last_byte: u8,
    ended: bool,
}

/// The bytes read since the last record began; shared between the reader and the loop over records.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecordLimit(Rc<Cell<u64>>);

impl RecordLimit {
    /// A new record begins.
    pub(crate) fn reset(&self) {
        self.0.set(0);
    }

    fn add(&self, n_bytes: u64) -> io::Result<()> {
        self.0.set(self.0.get() + n_bytes);
        if self.0.get() > MAX_RECORD_BYTES {
            let text = format!(
                "record longer than {} MiB: a quote that is never closed, or not CSV",
                MAX_RECORD_BYTES >> 20
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(())
    }
}

impl<R: Read> Guarded<R> {
    pub(crate) fn new(inner: R, bar: ProgressBar) -> Self {
        Self { inner, limit: RecordLimit::default(), bar, last_byte: b'\n', ended: false }
    }

    pub(crate) fn limit(&self) -> RecordLimit {
        self.limit.clone()
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        let n_bytes = self.inner.read(buffer)?;
        if n_bytes > 0 {
            self.limit.add(n_bytes as u64)?;
            self.bar.inc(n_bytes as u64);
            self.last_byte = buffer[n_bytes - 1];
            return Ok(n_bytes);
        }
        self.ended = true;
        self.bar.finish_and_clear();
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

    #[rstest]
    #[case::added("a,b", "a,b\n")]
    #[case::kept("a,b\n", "a,b\n")]
    #[case::empty("", "")]
    fn the_last_line_ends(#[case] input: &str, #[case] expected: &str) {
        let mut output = String::new();
        Guarded::new(input.as_bytes(), ProgressBar::hidden()).read_to_string(&mut output).unwrap();
        assert_eq!(output, expected);
    }

    #[test]
    fn a_record_without_end_is_an_error() {
        let mut endless = Guarded::new(io::repeat(b'x'), ProgressBar::hidden());
        let error = io::copy(&mut endless, &mut io::sink()).unwrap_err();
        assert!(error.to_string().starts_with("record longer than 16 MiB"));
    }

    #[test]
    fn records_with_an_end_go_on_for_ever() {
        let mut endless = Guarded::new(io::repeat(b'x'), ProgressBar::hidden());
        let mut buffer = vec![0; 1 << 20];
        for _ in 0..32 {
            endless.limit().reset();
            endless.read_exact(&mut buffer).unwrap();
        }
    }
}
