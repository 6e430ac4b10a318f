//! Checked rows on their way from a file to the metrics.

use half::f16;

/// Calls `$body` with the vector inside a [`Scores`], whatever its type.
macro_rules! with_scores {
    ($scores:expr, $values:ident => $body:expr) => {
        match $scores {
            $crate::input::Scores::F16($values) => $body,
            $crate::input::Scores::F32($values) => $body,
            $crate::input::Scores::F64($values) => $body,
            $crate::input::Scores::I8($values) => $body,
            $crate::input::Scores::I16($values) => $body,
            $crate::input::Scores::I32($values) => $body,
            $crate::input::Scores::I64($values) => $body,
            $crate::input::Scores::U8($values) => $body,
            $crate::input::Scores::U16($values) => $body,
            $crate::input::Scores::U32($values) => $body,
            $crate::input::Scores::U64($values) => $body,
        }
    };
}
pub(crate) use with_scores;

/// One score column at the precision of its file.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // Each variant has the name of its type.
pub enum Scores {
    F16(Vec<f16>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
}

/// An element type of [`Scores`].
pub(crate) trait Score: Copy {
    /// An empty column of this type.
    fn column() -> Scores;

    /// The vector inside `scores`, if it has this type.
    fn values_mut(scores: &mut Scores) -> Option<&mut Vec<Self>>;

    /// The nearest `f64`, for messages and range checks.
    fn to_f64(self) -> f64;
}

macro_rules! score_types {
    ($($ty:ty => $variant:ident, $to_f64:expr;)*) => { $(
        impl Score for $ty {
            fn column() -> Scores {
                Scores::$variant(Vec::new())
            }

            fn values_mut(scores: &mut Scores) -> Option<&mut Vec<Self>> {
                match scores {
                    Scores::$variant(values) => Some(values),
                    _ => None,
                }
            }

            fn to_f64(self) -> f64 {
                $to_f64(self)
            }
        }
    )* };
}

score_types! {
    f16 => F16, f16::to_f64;
    f32 => F32, f64::from;
    f64 => F64, f64::from;
    i8 => I8, f64::from;
    i16 => I16, f64::from;
    i32 => I32, f64::from;
    i64 => I64, |x| x as f64;
    u8 => U8, f64::from;
    u16 => U16, f64::from;
    u32 => U32, f64::from;
    u64 => U64, |x| x as f64;
}

impl Scores {
    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        with_scores!(self, values => values.len())
    }

    /// Whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all samples and keeps the memory.
    pub fn clear(&mut self) {
        with_scores!(self, values => values.clear());
    }

    /// The first score outside `[0, 1]`.
    #[must_use]
    pub fn first_outside_unit(&self) -> Option<f64> {
        with_scores!(self, values => {
            values.iter().map(|&x| x.to_f64()).find(|x| !(0.0..=1.0).contains(x))
        })
    }

    /// An empty column of the same type.
    pub(crate) fn new_like(&self) -> Self {
        fn column_of<T: Score>(_: &[T]) -> Scores {
            T::column()
        }
        with_scores!(self, values => column_of(values))
    }
}

/// Rows that passed every check, column by column. All columns have the same length.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// One column a model, in the order asked for; never NaN.
    pub scores: Vec<Scores>,
    /// Whether the sample is positive.
    pub targets: Vec<bool>,
    /// Weights, finite and at least 0, if there is a weight column.
    pub weights: Option<Vec<f64>>,
    /// Positions in [`Source::groups`](super::Source::groups), if there is a group column.
    pub groups: Option<Vec<u32>>,
}

impl Batch {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Removes all rows and keeps columns and memory.
    pub fn clear(&mut self) {
        self.scores.iter_mut().for_each(Scores::clear);
        self.targets.clear();
        if let Some(weights) = &mut self.weights {
            weights.clear();
        }
        if let Some(groups) = &mut self.groups {
            groups.clear();
        }
    }
}

/// A number as a target, if it is 0 or 1.
pub(crate) fn target(value: f64) -> Option<bool> {
    match value {
        0.0 => Some(false),
        1.0 => Some(true),
        _ => None,
    }
}

/// Whether a number is a valid weight.
pub(crate) fn is_weight(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_unit_finds_the_first() {
        assert_eq!(Scores::F32(vec![0.0, 1.0, -0.0]).first_outside_unit(), None);
        assert_eq!(Scores::F64(vec![0.5, 1.5, -1.0]).first_outside_unit(), Some(1.5));
        assert_eq!(Scores::I64(vec![0, 1, -3]).first_outside_unit(), Some(-3.0));
        assert_eq!(Scores::F16(vec![f16::INFINITY]).first_outside_unit(), Some(f64::INFINITY));
    }

    #[test]
    fn new_like_keeps_the_type() {
        let mut empty = Scores::F32(vec![1.0]).new_like();
        assert!(empty.is_empty());
        assert!(f32::values_mut(&mut empty).is_some());
        assert!(f64::values_mut(&mut empty).is_none());
    }

    #[test]
    fn targets_are_exactly_0_and_1() {
        assert_eq!([0.0, -0.0, 1.0].map(target), [Some(false), Some(false), Some(true)]);
        assert_eq!([0.9, 2.0, -1.0, f64::NAN].map(target), [None; 4]);
    }
}
