//! Foreign text made safe to print on one line.

/// Most characters of a cell or a name in a message: the place of an error matters more than the
/// whole text.
const MAX_CHARS: usize = 60;
/// Most columns that a message lists.
const MAX_NAMES: usize = 20;
/// The unit of memory in options and messages.
pub(crate) const MEBIBYTE: u64 = 1 << 20;

/// `bytes` in quotes, control characters escaped, invalid UTF-8 as `\xNN`, cut after [`MAX_CHARS`].
pub(crate) fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    let mut n_chars = 0;
    'chunks: for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if n_chars == MAX_CHARS {
                out.push('…');
                break 'chunks;
            }
            out.extend(c.escape_debug());
            n_chars += 1;
        }
        for byte in chunk.invalid() {
            if n_chars == MAX_CHARS {
                out.push('…');
                break 'chunks;
            }
            out.push_str(&format!("\\x{byte:02X}"));
            n_chars += 1;
        }
    }
    out.push('"');
    out
}

/// The names of columns for an error message: the first [`MAX_NAMES`] in quotes, and how many more there are.
pub(crate) fn list<N: AsRef<str>>(mut names: impl Iterator<Item = N>) -> String {
    let first = names.by_ref().take(MAX_NAMES);
    let mut quoted: Vec<String> = first.map(|name| quote(name.as_ref().as_bytes())).collect();
    match names.count() {
        0 => {}
        others => quoted.push(format!("and {others} more")),
    }
    quoted.join(", ")
}

/// A number of bytes, in MiB from 1 MiB on.
pub(crate) fn mebibytes(n_bytes: u64) -> String {
    match n_bytes {
        0..MEBIBYTE => count(n_bytes, "byte"),
        _ if n_bytes.is_multiple_of(MEBIBYTE) => format!("{} MiB", n_bytes / MEBIBYTE),
        _ => format!("{:.1} MiB", n_bytes as f64 / MEBIBYTE as f64),
    }
}

/// `n` and its noun, with a plural s unless `n` is 1: `1 row`, `2,000 rows`.
pub(crate) fn count(n: u64, thing: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", thousands(n))
}

/// `n` with commas between thousands: `12,345,678`.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(b"abc", "\"abc\"")]
    #[case::empty(b"", "\"\"")]
    #[case::newline(b"a\nb", "\"a\\nb\"")]
    #[case::invalid_utf8(b"a\xffb", "\"a\\xFFb\"")]
    #[case::accents("é".as_bytes(), "\"é\"")]
    fn quote_escapes(#[case] bytes: &[u8], #[case] expected: &str) {
        assert_eq!(quote(bytes), expected);
    }

    #[test]
    fn quote_cuts_long_text() {
        assert_eq!(quote(&[b'x'; 1000]).chars().count(), MAX_CHARS + 3);
        assert_eq!(quote(&[0xff; 1000]), format!("\"{}…\"", "\\xFF".repeat(MAX_CHARS)));
    }

    #[test]
    fn list_is_short() {
        let names: Vec<String> = (0..25).map(|i| i.to_string()).collect();
        assert!(list(names.iter()).ends_with("\"19\", and 5 more"));
        assert_eq!(list(names[..2].iter()), "\"0\", \"1\"");
    }

    #[test]
    fn thousands_are_apart() {
        let numbers = [0, 999, 1_000, 1_000_000, u64::MAX].map(thousands);
        assert_eq!(numbers, ["0", "999", "1,000", "1,000,000", "18,446,744,073,709,551,615"]);
        assert_eq!(count(12_345, "row"), "12,345 rows");
    }

    #[test]
    fn memory_is_in_mebibytes() {
        assert_eq!(mebibytes(1_000), "1,000 bytes");
        assert_eq!([1 << 20, 20 << 20, 3 << 19].map(mebibytes), ["1 MiB", "20 MiB", "1.5 MiB"]);
    }
}
