//! Structures of Thrift's compact protocol, checked without decoding them.
//!
//! The parquet crate decodes headers and footer itself. What is walked here first is what can make
//! it reserve memory that nothing fills, recurse without end, or count through elements of which no
//! byte is in the file. Whatever no writer of Parquet writes is refused: fields that go back, lists
//! of booleans (the two readers could disagree on their length), nesting beyond [`MAX_DEPTH`].

/// How deep structures that are skipped may nest; Parquet needs about five.
const MAX_DEPTH: u8 = 32;
/// A variable-length integer of 64 bits has at most this many bytes.
const MAX_VARINT_BYTES: u32 = 10;

/// The types of fields and elements that are read here.
pub(super) const INTEGER: u8 = 5;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

/// Why a structure cannot be walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It goes on behind the end of the bytes.
    Short,
    /// It is not what Parquet writes.
    Malformed(&'static str),
}

pub(super) type Result<T> = std::result::Result<T, Fault>;

/// A position in bytes that hold a structure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thrift<'a> {
    bytes: &'a [u8],
    position: usize,
}

/// A field of a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) id: i64,
    pub(super) kind: u8,
}

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Of this type.
    Plain(u8),
    /// A boolean: its value is in its type.
    Boolean,
    /// A list of such elements.
    List(&'static Kind),
    /// A structure with such fields, by their numbers; others may be anything.
    Struct(&'static [(i64, Kind)]),
}

impl Kind {
    fn has_code(self, code: u8) -> bool {
        match self {
            Self::Plain(plain) => code == plain,
            Self::Boolean => matches!(code, 1 | 2),
            Self::List(_) => code == LIST,
            Self::Struct(_) => code == STRUCT,
        }
    }
}

impl<'a> Thrift<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Bytes walked so far.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Calls `visit` for each field of a structure, which must walk over its value. `visit` gets
    /// fields in the order of their numbers, each at most once.
    pub(super) fn fields(
        &mut self,
        mut visit: impl FnMut(&mut Self, Field) -> Result<()>,
    ) -> Result<()> {
        let mut last = i64::MIN;
        while let Some(field) = self.field(if last == i64::MIN { 0 } else { last })? {
            if field.id <= last {
                return Err(Fault::Malformed("fields out of order"));
            }
            last = field.id;
            visit(self, field)?;
        }
        Ok(())
    }

    /// Calls `visit` for each element of a list of structures, which must walk over it.
    pub(super) fn structs(&mut self, mut visit: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let (kind, n_elements) = self.list()?;
        if n_elements > 0 && kind != STRUCT {
            return Err(Fault::Malformed("a list of another type"));
        }
        (0..n_elements).try_for_each(|_| visit(self))
    }

    /// A signed integer.
    pub(super) fn integer(&mut self) -> Result<i64> {
        let coded = self.varint()?;
        Ok((coded >> 1) as i64 ^ -((coded & 1) as i64))
    }

    /// Walks over a field that may be one of these, and must be what it is there.
    pub(super) fn known(&mut self, field: Field, fields: &'static [(i64, Kind)]) -> Result<()> {
        match fields.iter().find(|(id, _)| *id == field.id) {
            Some(&(_, kind)) => self.expect(field.kind, kind),
            None => self.skip(field.kind),
        }
    }

    /// Walks over a value of type `code`, which must be this.
    pub(super) fn expect(&mut self, code: u8, kind: Kind) -> Result<()> {
        if !kind.has_code(code) {
            return Err(Fault::Malformed("a field of another type"));
        }
        match kind {
            Kind::Plain(_) | Kind::Boolean => self.skip(code),
            Kind::Struct(fields) => self.fields(|thrift, field| thrift.known(field, fields)),
            Kind::List(element) => {
                let (code, n_elements) = self.list()?;
                (0..n_elements).try_for_each(|_| self.expect(code, *element))
            }
        }
    }

    /// Walks over a value of type `kind`.
    pub(super) fn skip(&mut self, kind: u8) -> Result<()> {
        self.skip_nested(kind, MAX_DEPTH)
    }

    /// An unsigned integer of variable length.
    pub(super) fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for index in 0..MAX_VARINT_BYTES {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Fault::Malformed("an integer without end"))
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        let byte = *self.bytes.get(self.position).ok_or(Fault::Short)?;
        self.position += 1;
        Ok(byte)
    }

    pub(super) fn advance(&mut self, n_bytes: u64) -> Result<()> {
        let left = self.bytes.len() - self.position;
        let n_bytes = usize::try_from(n_bytes).ok().filter(|&n_bytes| n_bytes <= left);
        self.position += n_bytes.ok_or(Fault::Short)?;
        Ok(())
    }

    /// The next field of a structure, `None` at its end; its number may be told from the `last`.
    fn field(&mut self, last: i64) -> Result<Option<Field>> {
        let byte = self.byte()?;
        let kind = byte & 0x0f;
        if kind == 0 {
            return Ok(None);
        }
        let id = match byte >> 4 {
            0 => self.integer()?,
            step => last + i64::from(step),
        };
        // The parquet crate counts in 16 bits; where that wraps, the two would disagree.
        if !(0..=i64::from(i16::MAX)).contains(&id) {
            return Err(Fault::Malformed("a field number out of range"));
        }
        Ok(Some(Field { id, kind }))
    }

    /// The type and number of elements of a list.
    fn list(&mut self) -> Result<(u8, u64)> {
        let byte = self.byte()?;
        let n_elements = match byte >> 4 {
            15 => self.varint()?,
            n_elements => u64::from(n_elements),
        };
        match byte & 0x0f {
            1 | 2 => Err(Fault::Malformed("a list of booleans")),
            kind => Ok((kind, n_elements)),
        }
    }

    /// Every element takes a byte or more, so that the time is no more than the bytes.
    fn skip_nested(&mut self, kind: u8, depth: u8) -> Result<()> {
        let depth = depth.checked_sub(1).ok_or(Fault::Malformed("nested too deep"))?;
        match kind {
            // A boolean is in the type of its field.
            1 | 2 => Ok(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.advance(8),
            8 => {
                let n_bytes = self.varint()?;
                self.advance(n_bytes)
            }
            LIST | 10 => {
                let (kind, n_elements) = self.list()?;
                (0..n_elements).try_for_each(|_| self.skip_nested(kind, depth))
            }
            11 => {
                let n_entries = self.varint()?;
                let kinds = if n_entries > 0 { self.byte()? } else { 0 };
                let (key, value) = (kinds >> 4, kinds & 0x0f);
                if matches!(key, 1 | 2) || matches!(value, 1 | 2) {
                    return Err(Fault::Malformed("a map of booleans"));
                }
                (0..n_entries).try_for_each(|_| {
                    self.skip_nested(key, depth)?;
                    self.skip_nested(value, depth)
                })
            }
            STRUCT => {
                while let Some(field) = self.field(0)? {
                    self.skip_nested(field.kind, depth)?;
                }
                Ok(())
            }
            13 => self.advance(16),
            _ => Err(Fault::Malformed("an unknown type")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A structure of field 1 = −3 and field 4 = a list of two structures, each with field 2 = 7.
    const BYTES: [u8; 11] = [0x15, 0x05, 0x39, 0x2c, 0x25, 0x0e, 0, 0x25, 0x0e, 0, 0];

    #[test]
    fn fields_and_elements_are_visited() {
        let mut seen = Vec::new();
        let mut thrift = Thrift::new(&BYTES);
        let walked = thrift.fields(|thrift, field| match field.kind {
            INTEGER => thrift.integer().map(|value| seen.push((field.id, value))),
            _ => thrift.structs(|thrift| thrift.fields(|thrift, field| thrift.skip(field.kind))),
        });
        assert_eq!(walked, Ok(()));
        assert_eq!((seen, thrift.position()), (vec![(1, -3)], BYTES.len()));
    }

    #[test]
    fn every_prefix_is_short() {
        for end in 0..BYTES.len() {
            let walked = Thrift::new(&BYTES[..end]).skip(STRUCT);
            assert_eq!(walked, Err(Fault::Short), "{end}");
        }
        assert_eq!(Thrift::new(&BYTES).skip(STRUCT), Ok(()));
    }

    #[test]
    fn what_costs_more_than_its_bytes_is_refused() {
        let malformed = |bytes: &[u8]| match Thrift::new(bytes).skip(STRUCT) {
            Err(Fault::Malformed(reason)) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(malformed(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 7]), "a list of booleans");
        assert_eq!(malformed(&[0x1b, 0xff, 0xff, 0xff, 0xff, 7, 0x11]), "a map of booleans");
        assert_eq!(malformed(&[0x1c; 100]), "nested too deep");
        assert_eq!(
            malformed(&[0x16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            "an integer without end"
        );
        let unfilled = [0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7];
        assert_eq!(Thrift::new(&unfilled).skip(STRUCT), Err(Fault::Short));
    }

    #[test]
    fn fields_are_what_they_must_be() {
        const ENTRY: &[(i64, Kind)] = &[(2, Kind::Plain(INTEGER))];
        const LISTED: &[(i64, Kind)] =
            &[(1, Kind::Plain(INTEGER)), (4, Kind::List(&Kind::Struct(ENTRY)))];
        const NUMBERS: &[(i64, Kind)] = &[(4, Kind::List(&Kind::Plain(INTEGER)))];
        const FLAG: &[(i64, Kind)] = &[(1, Kind::Boolean)];
        let walk = |fields| Thrift::new(&BYTES).expect(STRUCT, Kind::Struct(fields));
        let another = Err(Fault::Malformed("a field of another type"));
        assert_eq!(
            [walk(LISTED), walk(&[]), walk(NUMBERS), walk(FLAG)],
            [Ok(()), Ok(()), another, another]
        );
        let flag = |code| Thrift::new(&[code, 0]).expect(STRUCT, Kind::Struct(FLAG));
        assert_eq!([flag(0x11), flag(0x12)], [Ok(()); 2]);
    }

    #[test]
    fn fields_do_not_go_back() {
        let twice = [0x15, 0x02, 0x05, 0x02, 0x02, 0];
        let walked = Thrift::new(&twice).fields(|thrift, field| thrift.skip(field.kind));
        assert_eq!(walked, Err(Fault::Malformed("fields out of order")));
    }
}
