//! Numbers and types of the fields in the index and in the page headers of a Parquet file, from
//! parquet.thrift.
//!
//! The parquet crate reads each field as the type that parquet.thrift gives it, whatever type the bytes
//! name. A field whose bytes name another type must not pass: from there on, the crate would read other
//! fields than [`Thrift`](super::thrift::Thrift) checked.

use super::thrift::{Kind, LIST};

use Kind::{Boolean, List, Plain, Struct};

type Fields = &'static [(i64, Kind)];

const I8: Kind = Plain(3);
const I16: Kind = Plain(4);
const I32: Kind = Plain(5);
const I64: Kind = Plain(6);
const DOUBLE: Kind = Plain(7);
const BINARY: Kind = Plain(8);
/// A list whose elements are walked by the caller.
const LISTED: Kind = Plain(LIST);
const NOTHING: Kind = Struct(&[]);

/// The whole index. The caller counts the entries of the schema and the row groups.
pub(super) const FILE: Fields = &[
    (1, I32),
    (2, LISTED),
    (3, I64),
    (4, LISTED),
    (5, List(&Struct(KEY_VALUE))),
    (6, BINARY),
    (7, List(&Struct(&[(1, NOTHING)]))),
    (8, Struct(ENCRYPTION)),
    (9, BINARY),
];

const KEY_VALUE: Fields = &[(1, BINARY), (2, BINARY)];

const ENCRYPTION: Fields = &[(1, Struct(CIPHER)), (2, Struct(CIPHER))];
const CIPHER: Fields = &[(1, BINARY), (2, BINARY), (3, Boolean)];

/// An entry of the schema.
pub(super) const SCHEMA_ENTRY: Fields = &[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, BINARY),
    (5, I32),
    (6, I32),
    (7, I32),
    (8, I32),
    (9, I32),
    (10, Struct(LOGICAL_TYPE)),
];

const LOGICAL_TYPE: Fields = &[
    (1, NOTHING),
    (2, NOTHING),
    (3, NOTHING),
    (4, NOTHING),
    (5, Struct(&[(1, I32), (2, I32)])),
    (6, NOTHING),
    (7, Struct(TIME)),
    (8, Struct(TIME)),
    (10, Struct(&[(1, I8), (2, Boolean)])),
    (11, NOTHING),
    (12, NOTHING),
    (13, NOTHING),
    (14, NOTHING),
    (15, NOTHING),
    (16, Struct(&[(1, I8)])),
    (17, Struct(&[(1, BINARY)])),
    (18, Struct(&[(1, BINARY), (2, I32)])),
];

const TIME: Fields = &[(1, Boolean), (2, Struct(&[(1, NOTHING), (2, NOTHING), (3, NOTHING)]))];

/// A row group. The caller counts its column chunks.
pub(super) const ROW_GROUP: Fields = &[
    (1, LISTED),
    (2, I64),
    (3, I64),
    (4, List(&Struct(&[(1, I32), (2, Boolean), (3, Boolean)]))),
    (5, I64),
    (6, I64),
    (7, I16),
];

/// A column chunk.
pub(super) const CHUNK: Kind = Struct(&[
    (1, BINARY),
    (2, I64),
    (3, Struct(CHUNK_DATA)),
    (4, I64),
    (5, I32),
    (6, I64),
    (7, I32),
    (8, Struct(&[(1, NOTHING), (2, Struct(&[(1, List(&BINARY)), (2, BINARY)]))])),
    (9, BINARY),
]);

const CHUNK_DATA: Fields = &[
    (1, I32),
    (2, List(&I32)),
    (3, List(&BINARY)),
    (4, I32),
    (5, I64),
    (6, I64),
    (7, I64),
    (8, List(&Struct(KEY_VALUE))),
    (9, I64),
    (10, I64),
    (11, I64),
    (12, Struct(STATISTICS)),
    (13, List(&Struct(&[(1, I32), (2, I32), (3, I32)]))),
    (14, I64),
    (15, I32),
    (16, Struct(&[(1, I64), (2, List(&I64)), (3, List(&I64))])),
    (17, Struct(&[(1, Struct(BOUNDING_BOX)), (2, List(&I32))])),
];

const STATISTICS: Fields = &[
    (1, BINARY),
    (2, BINARY),
    (3, I64),
    (4, I64),
    (5, BINARY),
    (6, BINARY),
    (7, Boolean),
    (8, Boolean),
];

const BOUNDING_BOX: Fields = &[
    (1, DOUBLE),
    (2, DOUBLE),
    (3, DOUBLE),
    (4, DOUBLE),
    (5, DOUBLE),
    (6, DOUBLE),
    (7, DOUBLE),
    (8, DOUBLE),
];

/// The header of a page. The caller reads the part that depends on the kind of page.
pub(super) const PAGE: Fields = &[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, I32),
    (5, Struct(DATA_PAGE)),
    (6, NOTHING),
    (7, Struct(DICTIONARY_PAGE)),
    (8, Struct(DATA_PAGE_2)),
];

/// The part of a page header that describes a data page.
pub(super) const DATA_PAGE: Fields =
    &[(1, I32), (2, I32), (3, I32), (4, I32), (5, Struct(STATISTICS))];

/// The part of a page header that describes a dictionary page.
pub(super) const DICTIONARY_PAGE: Fields = &[(1, I32), (2, I32), (3, Boolean)];

/// The part of a page header that describes a data page of version 2.
pub(super) const DATA_PAGE_2: Fields = &[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, I32),
    (5, I32),
    (6, I32),
    (7, Boolean),
    (8, Struct(STATISTICS)),
];
