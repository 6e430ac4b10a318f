//! Parses the cells of a CSV record.

use csv::ByteRecord;

use super::batch::{is_weight, target};
use super::row::Problem;
use super::{Columns, find_column};
use crate::error::Result;
use crate::text;

/// The columns in use, and the number of fields of a record.
#[derive(Debug)]
pub(crate) struct Fields {
    /// Fields that every record must have.
    n_fields: usize,
    pub(crate) scores: Vec<Field>,
    target: Field,
    pub(crate) weight: Option<Field>,
    pub(crate) group: Option<Field>,
}

/// A column in use.
#[derive(Debug)]
pub(crate) struct Field {
    index: usize,
    name: String,
}

/// The values of a record besides its scores.
#[derive(Debug, PartialEq)]
pub(crate) struct Row<'r> {
    pub(crate) target: bool,
    /// 1 without a weight column.
    pub(crate) weight: f64,
    pub(crate) group: Option<&'r str>,
}

/// A problem of a record, and its column.
#[derive(Debug)]
pub(crate) struct Fault<'f> {
    /// The column at fault; `None` when the record as a whole is.
    field: Option<&'f Field>,
    pub(crate) problem: Problem,
}

impl Fault<'_> {
    pub(crate) fn column(&self) -> Option<&str> {
        self.field.map(|field| field.name.as_str())
    }
}

impl Fields {
    /// Finds `columns` in the header of `path`.
    pub(crate) fn find(path: &str, header: &ByteRecord, columns: &Columns) -> Result<Self> {
        let field = |name: &String| {
            // The names stay an iterator: a header may have millions of them.
            let names = header.iter().map(|cell| String::from_utf8_lossy(cell.trim_ascii()));
            let index = find_column(path, names, name)?;
            Ok(Field { index, name: name.clone() })
        };
        Ok(Self {
            n_fields: header.len(),
            scores: columns.scores.iter().map(field).collect::<Result<_>>()?,
            target: field(&columns.target)?,
            weight: columns.weight.as_ref().map(field).transpose()?,
            group: columns.group.as_ref().map(field).transpose()?,
        })
    }

    /// The name of the group column.
    pub(crate) fn group_name(&self) -> &str {
        self.group.as_ref().map_or("", |field| &field.name)
    }

    /// Whether `record` is an empty line, which is no row. Many files end with one.
    pub(crate) fn is_blank(&self, record: &ByteRecord) -> bool {
        self.n_fields > 1 && record.len() == 1 && record.as_slice().trim_ascii().is_empty()
    }

    /// Reads the columns in use: the scores into `scores`, the rest into the result.
    pub(crate) fn parse<'f, 'r>(
        &'f self,
        record: &'r ByteRecord,
        scores: &mut Vec<f64>,
    ) -> Result<Row<'r>, Fault<'f>> {
        if record.len() != self.n_fields {
            return Err(Fault { field: None, problem: Problem::FieldCount });
        }
        scores.clear();
        for field in &self.scores {
            scores.push(field.read(record, parse_score)?);
        }
        let target = self.target.read(record, parse_target)?;
        let weight = match &self.weight {
            Some(field) => field.read(record, parse_weight)?,
            None => 1.0,
        };
        let group = match &self.group {
            Some(field) => Some(field.read(record, parse_text)?),
            None => None,
        };
        Ok(Row { target, weight, group })
    }

    /// The cell at fault, ready to print; for a record at fault as a whole, its number of fields.
    pub(crate) fn found(&self, record: &ByteRecord, fault: &Fault<'_>) -> String {
        match fault.field {
            None => {
                let fields = text::count(record.len() as u64, "field");
                format!("{fields}, but the header has {}", self.n_fields)
            }
            Some(_) if fault.problem == Problem::Empty => "empty cell".to_owned(),
            Some(field) => text::quote(field.cell(record)),
        }
    }
}

impl Field {
    fn cell<'r>(&self, record: &'r ByteRecord) -> &'r [u8] {
        record.get(self.index).unwrap_or_default().trim_ascii()
    }

    fn read<'f, 'r, T>(
        &'f self,
        record: &'r ByteRecord,
        parse: impl FnOnce(&'r [u8]) -> Result<T, Problem>,
    ) -> Result<T, Fault<'f>> {
        parse(self.cell(record)).map_err(|problem| Fault { field: Some(self), problem })
    }
}

fn parse_text(cell: &[u8]) -> Result<&str, Problem> {
    if cell.is_empty() {
        return Err(Problem::Empty);
    }
    str::from_utf8(cell).map_err(|_| Problem::NotUtf8)
}

/// The nearest `f64`. A number that is too small becomes 0, as in other parsers of decimal numbers. A
/// number that is too large is an error, not infinity: a file that means infinity says `inf`.
fn parse_number(cell: &[u8]) -> Result<f64, Problem> {
    let number: f64 = parse_text(cell)?.parse().map_err(|_| Problem::NotANumber)?;
    if number.is_infinite() && cell.iter().any(u8::is_ascii_digit) {
        return Err(Problem::OutOfRange);
    }
    Ok(number)
}

fn parse_score(cell: &[u8]) -> Result<f64, Problem> {
    match parse_number(cell)? {
        score if score.is_nan() => Err(Problem::NanScore),
        score => Ok(score),
    }
}

/// A target as text.
pub(super) fn parse_target(cell: &[u8]) -> Result<bool, Problem> {
    match cell {
        b"0" => Ok(false),
        b"1" => Ok(true),
        _ if cell.eq_ignore_ascii_case(b"false") => Ok(false),
        _ if cell.eq_ignore_ascii_case(b"true") => Ok(true),
        _ => match parse_number(cell) {
            Ok(number) => target(number).ok_or(Problem::InvalidTarget),
            // For `yes`, "is not a target" is a better hint than "is not a number".
            Err(Problem::NotANumber | Problem::OutOfRange) => Err(Problem::InvalidTarget),
            Err(problem) => Err(problem),
        },
    }
}

fn parse_weight(cell: &[u8]) -> Result<f64, Problem> {
    match parse_number(cell)? {
        weight if is_weight(weight) => Ok(weight),
        _ => Err(Problem::InvalidWeight),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("0.25", Ok(0.25))]
    #[case::exponent("-1e-3", Ok(-0.001))]
    #[case::infinity("inf", Ok(f64::INFINITY))]
    #[case::minus_infinity("-Infinity", Ok(f64::NEG_INFINITY))]
    #[case::largest("1.7976931348623157e308", Ok(f64::MAX))]
    #[case::too_large("1e400", Err(Problem::OutOfRange))]
    #[case::too_low("-1.8e308", Err(Problem::OutOfRange))]
    #[case::too_long(&"9".repeat(400), Err(Problem::OutOfRange))]
    #[case::smallest("5e-324", Ok(5e-324))]
    #[case::too_small("-1e-400", Ok(-0.0))]
    #[case::nan("NaN", Err(Problem::NanScore))]
    #[case::text("abc", Err(Problem::NotANumber))]
    #[case::comma("0,5", Err(Problem::NotANumber))]
    #[case::empty("", Err(Problem::Empty))]
    fn scores(#[case] cell: &str, #[case] expected: Result<f64, Problem>) {
        assert_eq!(parse_score(cell.as_bytes()), expected);
    }

    #[rstest]
    #[case::zero("0", Ok(false))]
    #[case::one("1", Ok(true))]
    #[case::float("1.0", Ok(true))]
    #[case::boolean("True", Ok(true))]
    #[case::boolean_upper("FALSE", Ok(false))]
    #[case::two("2", Err(Problem::InvalidTarget))]
    #[case::negative("-1", Err(Problem::InvalidTarget))]
    #[case::nan("nan", Err(Problem::InvalidTarget))]
    #[case::too_large("1e400", Err(Problem::InvalidTarget))]
    #[case::text("yes", Err(Problem::InvalidTarget))]
    #[case::empty("", Err(Problem::Empty))]
    fn targets(#[case] cell: &str, #[case] expected: Result<bool, Problem>) {
        assert_eq!(parse_target(cell.as_bytes()), expected);
    }

    #[rstest]
    #[case::zero("0", Ok(0.0))]
    #[case::negative("-0.1", Err(Problem::InvalidWeight))]
    #[case::infinite("inf", Err(Problem::InvalidWeight))]
    #[case::too_large("1e400", Err(Problem::OutOfRange))]
    #[case::nan("nan", Err(Problem::InvalidWeight))]
    #[case::text("heavy", Err(Problem::NotANumber))]
    fn weights(#[case] cell: &str, #[case] expected: Result<f64, Problem>) {
        assert_eq!(parse_weight(cell.as_bytes()), expected);
    }
}
