//! Reading and writing the bytes of states. The reader checks every byte.

use crate::error::{Error, Result, StateError};

const MAGIC: [u8; 4] = *b"tmst";
/// The latest version.
const VERSION: u8 = 2;

/// Which kind of state the bytes hold.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum StateKind {
    Rank = 1,
    Auc = 2,
}

/// The first bytes of every state: version 1 where it can express the state.
pub(crate) fn header(kind: StateKind, needs_version_2: bool) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend([if needs_version_2 { VERSION } else { 1 }, kind as u8]);
    out
}

/// LEB128: seven bits a byte, low bits first.
pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A cursor over bytes from anywhere.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    version: u8,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, version: VERSION }
    }

    /// A reader behind the header of a state of this kind.
    pub(crate) fn state(bytes: &'a [u8], kind: StateKind) -> Result<Self> {
        let mut reader = Self::new(bytes);
        if reader.take(MAGIC.len()).ok() != Some(&MAGIC[..]) {
            reader.offset = 0;
            return Err(reader.error(StateError::Magic));
        }
        let version = reader.byte()?;
        if version > VERSION {
            return Err(reader.error(StateError::Version(version)));
        }
        if version == 0 {
            return Err(reader.error(StateError::OutOfRange("version")));
        }
        reader.version = version;
        let (given, expected) = (reader.byte()?, kind as u8);
        if given != expected {
            return Err(reader.error(StateError::Kind { given, expected }));
        }
        Ok(reader)
    }

    /// The version that the header names; the latest where there was no header.
    pub(crate) fn version(&self) -> u8 {
        self.version
    }

    /// The next eight bytes, the first one lowest, if there are as many.
    #[inline]
    pub(crate) fn next_bytes(&self) -> Option<u64> {
        let bytes = self.bytes.get(self.offset..)?.first_chunk()?;
        Some(u64::from_le_bytes(*bytes))
    }

    /// Steps over bytes that [`next_bytes`](Self::next_bytes) returned.
    #[inline]
    pub(crate) fn skip(&mut self, n: usize) {
        self.offset += n;
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// The bytes read since an offset.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.offset]
    }

    pub(crate) fn error(&self, reason: StateError) -> Error {
        Error::InvalidState { reason, offset: self.offset }
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let Some(&byte) = self.bytes.get(self.offset) else {
            return Err(self.error(StateError::Truncated));
        };
        self.offset += 1;
        Ok(byte)
    }

    /// A LEB128 number in its shortest form.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(self.error(StateError::OutOfRange("number")));
            }
            value |= bits << shift;
            if byte < 0x80 {
                if byte == 0 && shift > 0 {
                    return Err(self.error(StateError::NotCanonical("number")));
                }
                return Ok(value);
            }
        }
        Err(self.error(StateError::OutOfRange("number")))
    }

    /// A number of entries that follow, of at least one byte each.
    pub(crate) fn length(&mut self, what: &'static str) -> Result<usize> {
        let length = self.varint()?;
        usize::try_from(length)
            .ok()
            .filter(|&length| length <= self.bytes.len() - self.offset)
            .ok_or_else(|| self.error(StateError::OutOfRange(what)))
    }

    pub(crate) fn f64(&mut self) -> Result<f64> {
        let bytes = self.take(size_of::<f64>())?;
        // Never fails: `take` returned as many bytes.
        let bytes = bytes.try_into().map_err(|_| self.error(StateError::Truncated))?;
        Ok(f64::from_le_bytes(bytes))
    }

    /// Checks that the state ends here, and that it has version 2 only if it needs that.
    pub(crate) fn end(&self, needs_version_2: bool) -> Result<()> {
        if self.offset < self.bytes.len() {
            return Err(self.error(StateError::TrailingBytes));
        }
        if self.version == 2 && !needs_version_2 {
            return Err(self.error(StateError::NotCanonical("version")));
        }
        Ok(())
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let Some(bytes) = self.bytes.get(self.offset..).and_then(|rest| rest.get(..n)) else {
            return Err(self.error(StateError::Truncated));
        };
        self.offset += n;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, write_varint};

    #[test]
    fn varints_survive_and_have_one_spelling() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            write_varint(&mut bytes, value);
            assert_eq!(Reader::new(&bytes).varint().unwrap(), value);
        }
        assert!(Reader::new(&[0x80, 0]).varint().is_err(), "a longer spelling of 0");
        assert!(Reader::new(&[0xff; 9]).varint().is_err(), "ends too early");
        assert!(Reader::new(&[0xff; 10]).varint().is_err(), "does not fit");
    }
}
