//! Checks Arrow arrays of numbers and booleans, and copies them into the columns of a batch.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray, types};
use arrow_schema::DataType;

use super::batch::{Score, Scores, is_weight, target};
use super::row::Problem;

/// Evaluates `$body` with `$array` as the primitive array of its numeric type, or `$other` if its type
/// is not numeric.
macro_rules! with_numbers {
    ($array:expr, $numbers:ident => $body:expr, $other:expr) => {
        with_numbers!(@ $array, $numbers => $body, $other,
            Float16 Float16Type, Float32 Float32Type, Float64 Float64Type,
            Int8 Int8Type, Int16 Int16Type, Int32 Int32Type, Int64 Int64Type,
            UInt8 UInt8Type, UInt16 UInt16Type, UInt32 UInt32Type, UInt64 UInt64Type)
    };
    (@ $array:expr, $numbers:ident => $body:expr, $other:expr, $($variant:ident $ty:ident),*) => {
        match $array.data_type() {
            $(DataType::$variant => {
                let $numbers = $array.as_primitive::<types::$ty>();
                $body
            })*
            _ => $other,
        }
    };
}

/// The use of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Score,
    Target,
    Weight,
    Group,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Target => "target",
            Self::Weight => "weight",
            Self::Group => "group",
        }
    }

    /// The types that a column of this role can have, in words.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Score | Self::Weight => "floats or integers",
            Self::Target => "booleans, integers, floats or text of 0 and 1",
            Self::Group => "strings, integers or booleans",
        }
    }

    /// Whether a column of this role may have type `data_type`.
    pub(crate) fn accepts(self, data_type: &DataType) -> bool {
        use DataType::{Binary, Boolean, Utf8};
        let number = data_type.is_integer() || data_type.is_floating();
        match self {
            Self::Score | Self::Weight => number,
            Self::Target => number || matches!(data_type, Utf8 | Binary | Boolean),
            Self::Group => data_type.is_integer() || matches!(data_type, Utf8 | Binary | Boolean),
        }
    }
}

/// The bad rows of one record batch: for each its first column at fault, and the problem.
pub(crate) type Faults = BTreeMap<usize, (usize, Problem)>;

/// Looks for bad values in column number `column`, and adds their rows to `faults`. A row that an
/// earlier column added stays as it is.
pub(crate) fn check(array: &dyn Array, role: Role, column: usize, faults: &mut Faults) {
    let mut fault = |row: usize, problem: Problem| {
        faults.entry(row).or_insert((column, problem));
    };
    if array.null_count() > 0 {
        (0..array.len())
            .filter(|&row| array.is_null(row))
            .for_each(|row| fault(row, Problem::Empty));
    }
    let (problem, is_good): (Problem, fn(f64) -> bool) = match role {
        Role::Score => (Problem::NanScore, |score| !score.is_nan()),
        Role::Target => (Problem::InvalidTarget, |value| target(value).is_some()),
        Role::Weight => (Problem::InvalidWeight, is_weight),
        Role::Group => return,
    };
    let bad_rows = with_numbers!(array, numbers => bad_numbers(numbers, is_good), Vec::new());
    bad_rows.into_iter().for_each(|row| fault(row, problem));
}

/// Rows whose number is not null and not good.
fn bad_numbers<T>(numbers: &PrimitiveArray<T>, is_good: impl Fn(f64) -> bool) -> Vec<usize>
where
    T: ArrowPrimitiveType<Native: Score>,
{
    let bad = |row: &usize| !is_good(numbers.value(*row).to_f64()) && numbers.is_valid(*row);
    (0..numbers.len()).filter(bad).collect()
}

/// The rows of a record batch that are not at fault.
#[derive(Debug)]
pub(crate) struct Good(Option<Vec<bool>>);

impl Good {
    pub(crate) fn new(n_rows: usize, faults: &Faults) -> Self {
        if faults.is_empty() {
            return Self(None);
        }
        let mut good = vec![true; n_rows];
        for &row in faults.keys() {
            good[row] = false;
        }
        Self(Some(good))
    }

    /// Appends the values of the good rows. `values` has one value for each row.
    pub(crate) fn extend<T>(&self, into: &mut Vec<T>, values: impl Iterator<Item = T>) {
        match &self.0 {
            None => into.extend(values),
            Some(good) => {
                into.extend(values.zip(good).filter_map(|(value, &good)| good.then_some(value)));
            }
        }
    }

    /// The numbers of the good rows.
    fn rows(&self, n_rows: usize) -> impl Iterator<Item = usize> {
        (0..n_rows).filter(|&row| self.0.as_ref().is_none_or(|good| good[row]))
    }
}

/// An empty score column for arrays of this type.
pub(crate) fn score_column(data_type: &DataType) -> Option<Scores> {
    fn column_of<T: ArrowPrimitiveType<Native: Score>>(_: &PrimitiveArray<T>) -> Scores {
        T::Native::column()
    }
    let empty = arrow_array::new_empty_array(data_type);
    with_numbers!(empty, numbers => Some(column_of(numbers)), None)
}

/// Appends the good scores of `array`.
pub(crate) fn read_scores(array: &dyn Array, good: &Good, into: &mut Scores) {
    fn read<T: ArrowPrimitiveType<Native: Score>>(
        numbers: &PrimitiveArray<T>,
        good: &Good,
        into: &mut Scores,
    ) {
        if let Some(into) = T::Native::values_mut(into) {
            good.extend(into, numbers.values().iter().copied());
        }
    }
    with_numbers!(array, numbers => read(numbers, good, into), ());
}

/// Appends the good targets of `array`.
pub(crate) fn read_targets(array: &dyn Array, good: &Good, into: &mut Vec<bool>) {
    if let Some(targets) = array.as_boolean_opt() {
        good.extend(into, targets.values().iter());
    } else {
        with_numbers!(array, numbers => {
            good.extend(into, numbers.values().iter().map(|number| number.to_f64() == 1.0));
        }, ());
    }
}

/// Appends the good weights of `array`.
pub(crate) fn read_weights(array: &dyn Array, good: &Good, into: &mut Vec<f64>) {
    with_numbers!(array, numbers => {
        good.extend(into, numbers.values().iter().map(|number| number.to_f64()));
    }, ());
}

/// Appends the numbers that `id` gives to the good group labels of `array`.
pub(crate) fn read_groups<E>(
    array: &dyn Array,
    good: &Good,
    into: &mut Vec<u32>,
    mut id: impl FnMut(&str) -> Result<u32, E>,
) -> Result<(), E> {
    for row in good.rows(array.len()) {
        into.push(id(&display(array, row))?);
    }
    Ok(())
}

/// The value of a row, ready to print.
pub(crate) fn display(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) {
        return "null".to_owned();
    }
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        _ => with_numbers!(array, numbers => numbers.value(row).to_string(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{BooleanArray, Float32Array, Int32Array};
    use half::f16;

    use super::*;

    #[test]
    fn the_first_column_at_fault_counts() {
        let scores = Float32Array::from(vec![Some(0.5), Some(f32::NAN), None, Some(0.1)]);
        let targets = Int32Array::from(vec![Some(1), Some(2), Some(0), Some(2)]);
        let mut faults = Faults::new();
        check(&scores, Role::Score, 0, &mut faults);
        check(&targets, Role::Target, 1, &mut faults);
        let expected = [
            (1, (0, Problem::NanScore)),
            (2, (0, Problem::Empty)),
            (3, (1, Problem::InvalidTarget)),
        ];
        assert_eq!(faults, Faults::from(expected));

        let good = Good::new(4, &faults);
        let mut kept = score_column(scores.data_type()).unwrap();
        read_scores(&scores, &good, &mut kept);
        assert!(matches!(kept, Scores::F32(values) if values == [0.5]));
    }

    #[test]
    fn targets_may_be_booleans_or_numbers() {
        let good = Good::new(3, &Faults::new());
        let mut targets = Vec::new();
        read_targets(&BooleanArray::from(vec![true, false, true]), &good, &mut targets);
        read_targets(&Int32Array::from(vec![0, 1, 0]), &good, &mut targets);
        assert_eq!(targets, [true, false, true, false, true, false]);
    }

    #[test]
    fn values_print_as_they_are() {
        assert_eq!(display(&Float32Array::from(vec![f32::NAN]), 0), "NaN");
        assert_eq!(display(&BooleanArray::from(vec![None, Some(true)]), 0), "null");
    }

    #[test]
    fn every_numeric_type_has_a_score_column() {
        let integers = [DataType::Int8, DataType::UInt64];
        assert!(integers.iter().all(|ty| Role::Score.accepts(ty) && score_column(ty).is_some()));
        assert!(matches!(score_column(&DataType::Float16), Some(Scores::F16(_))));
        assert!(!Role::Score.accepts(&DataType::Utf8) && score_column(&DataType::Utf8).is_none());
        assert_eq!(f16::ONE.to_string(), "1");
    }
}
