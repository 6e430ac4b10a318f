//! Checks structures of Thrift's compact protocol without decoding them.
//!
//! The parquet crate decodes page headers and the footer. Damaged structures could make it reserve
//! memory that nothing fills, recurse without end, or count elements that have no byte in the file. So
//! this module walks over them first. It refuses structures that no writer of Parquet writes: fields
//! out of order, lists of booleans (the two readers could disagree on the length), and nesting beyond
//! [`MAX_DEPTH`].

/// Most levels of nested structures in a skipped value; Parquet needs about five.
const MAX_DEPTH: u8 = 32;
/// A variable-length integer of 64 bits has at most this many bytes.
const MAX_VARINT_BYTES: u32 = 10;

/// The codes of the types that this module reads.
pub(super) const INTEGER: u8 = 5;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

/// Why a structure cannot be walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThriftError {
    /// The structure continues beyond the end of the bytes.
    Short,
    /// No writer of Parquet writes such a structure. The text says what is wrong.
    Malformed(&'static str),
}

pub(super) type Result<T> = std::result::Result<T, ThriftError>;

/// A position in the bytes of a structure.
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

/// The type that a value must have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// The type with this code.
    Plain(u8),
    /// A boolean, whose value is part of its type code.
    Boolean,
    /// A list of elements of this type.
    List(&'static Kind),
    /// A structure whose fields have these types, by number. Fields with other numbers may have any type.
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

    /// Calls `visit` for each field of a structure; `visit` must walk over the value of the field. It
    /// gets fields in the order of their numbers, each at most once.
    pub(super) fn fields(
        &mut self,
        mut visit: impl FnMut(&mut Self, Field) -> Result<()>,
    ) -> Result<()> {
        let mut last = i64::MIN;
        while let Some(field) = self.field(if last == i64::MIN { 0 } else { last })? {
            if field.id <= last {
                return Err(ThriftError::Malformed("fields out of order"));
            }
            last = field.id;
            visit(self, field)?;
        }
        Ok(())
    }

    /// Calls `visit` for each element of a list of structures; `visit` must walk over the element.
    pub(super) fn structs(&mut self, mut visit: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let (kind, n_elements) = self.list()?;
        if n_elements > 0 && kind != STRUCT {
            return Err(ThriftError::Malformed("a list of another type"));
        }
        (0..n_elements).try_for_each(|_| visit(self))
    }

    /// A signed integer.
    pub(super) fn integer(&mut self) -> Result<i64> {
        let coded = self.varint()?;
        Ok((coded >> 1) as i64 ^ -((coded & 1) as i64))
    }

    /// Walks over a field. If `fields` lists its number, the field must have the type listed there.
    pub(super) fn known(&mut self, field: Field, fields: &'static [(i64, Kind)]) -> Result<()> {
        match fields.iter().find(|(id, _)| *id == field.id) {
            Some(&(_, kind)) => self.expect(field.kind, kind),
            None => self.skip(field.kind),
        }
    }

    /// Walks over a value of type `code`, which must be the code of `kind`.
    pub(super) fn expect(&mut self, code: u8, kind: Kind) -> Result<()> {
        if !kind.has_code(code) {
            return Err(ThriftError::Malformed("a field of another type"));
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
        Err(ThriftError::Malformed("an integer without end"))
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        let byte = *self.bytes.get(self.position).ok_or(ThriftError::Short)?;
        self.position += 1;
        Ok(byte)
    }

    pub(super) fn advance(&mut self, n_bytes: u64) -> Result<()> {
        let left = self.bytes.len() - self.position;
        let n_bytes = usize::try_from(n_bytes).ok().filter(|&n_bytes| n_bytes <= left);
        self.position += n_bytes.ok_or(ThriftError::Short)?;
        Ok(())
    }

    /// The next field of a structure, `None` at its end. Its number may be coded as a step from `last`.
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
        // The parquet crate counts field numbers in 16 bits. If that wrapped, the two readers would
        // disagree.
        if !(0..=i64::from(i16::MAX)).contains(&id) {
            return Err(ThriftError::Malformed("a field number out of range"));
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
            1 | 2 => Err(ThriftError::Malformed("a list of booleans")),
            kind => Ok((kind, n_elements)),
        }
    }

    /// Every element takes at least a byte, so the time is linear in the number of bytes.
    fn skip_nested(&mut self, kind: u8, depth: u8) -> Result<()> {
        let depth = depth.checked_sub(1).ok_or(ThriftError::Malformed("nested too deep"))?;
        match kind {
            // The value of a boolean is part of the type code of its field.
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
                    return Err(ThriftError::Malformed("a map of booleans"));
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
            _ => Err(ThriftError::Malformed("an unknown type")),
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
            assert_eq!(walked, Err(ThriftError::Short), "{end}");
        }
        assert_eq!(Thrift::new(&BYTES).skip(STRUCT), Ok(()));
    }

    #[test]
    fn structures_larger_than_their_bytes_are_refused() {
        let malformed = |bytes: &[u8]| match Thrift::new(bytes).skip(STRUCT) {
            Err(ThriftError::Malformed(reason)) => reason,
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
        assert_eq!(Thrift::new(&unfilled).skip(STRUCT), Err(ThriftError::Short));
    }

    #[test]
    fn fields_must_have_their_types() {
        const ENTRY: &[(i64, Kind)] = &[(2, Kind::Plain(INTEGER))];
        const LISTED: &[(i64, Kind)] =
            &[(1, Kind::Plain(INTEGER)), (4, Kind::List(&Kind::Struct(ENTRY)))];
        const NUMBERS: &[(i64, Kind)] = &[(4, Kind::List(&Kind::Plain(INTEGER)))];
        const FLAG: &[(i64, Kind)] = &[(1, Kind::Boolean)];
        let walk = |fields| Thrift::new(&BYTES).expect(STRUCT, Kind::Struct(fields));
        let another = Err(ThriftError::Malformed("a field of another type"));
        assert_eq!(
            [walk(LISTED), walk(&[]), walk(NUMBERS), walk(FLAG)],
            [Ok(()), Ok(()), another, another]
        );
        let flag = |code| Thrift::new(&[code, 0]).expect(STRUCT, Kind::Struct(FLAG));
        assert_eq!([flag(0x11), flag(0x12)], [Ok(()); 2]);
    }

    #[test]
    fn fields_out_of_order_are_refused() {
        let twice = [0x15, 0x02, 0x05, 0x02, 0x02, 0];
        let walked = Thrift::new(&twice).fields(|thrift, field| thrift.skip(field.kind));
        assert_eq!(walked, Err(ThriftError::Malformed("fields out of order")));
    }
}
