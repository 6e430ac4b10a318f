//! Checks of the elements of an input.

/// The valid elements of an input: the numbers of a range, or only its two ends.
///
/// More checks may be added. Code that uses [`lowest`](Self::lowest), [`highest`](Self::highest) and
/// [`is_ends_only`](Self::is_ends_only) needs no list of them, and handles new ones too.
///
/// ```
/// use metrics_core::backend::ElementCheck;
///
/// assert!(ElementCheck::NotNan.allows(f64::INFINITY) && !ElementCheck::NotNan.allows(f64::NAN));
/// assert!(ElementCheck::Probability.allows(0.5) && !ElementCheck::Binary.allows(0.5));
/// assert!(!ElementCheck::Weight.allows(f64::INFINITY));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElementCheck {
    /// Any number but NaN.
    NotNan,
    /// Exactly 0 or 1.
    Binary,
    /// In `[0, 1]`.
    Probability,
    /// Finite and at least 0.
    Weight,
}

impl ElementCheck {
    /// The lowest valid number.
    ///
    /// ```
    /// use metrics_core::backend::ElementCheck;
    ///
    /// assert_eq!(ElementCheck::Weight.lowest(), 0.0);
    /// ```
    pub fn lowest(self) -> f64 {
        match self {
            Self::NotNan => f64::NEG_INFINITY,
            Self::Binary | Self::Probability | Self::Weight => 0.0,
        }
    }

    /// The highest valid number.
    ///
    /// ```
    /// use metrics_core::backend::ElementCheck;
    ///
    /// assert_eq!(ElementCheck::Probability.highest(), 1.0);
    /// ```
    pub fn highest(self) -> f64 {
        match self {
            Self::NotNan => f64::INFINITY,
            Self::Binary | Self::Probability => 1.0,
            Self::Weight => f64::MAX,
        }
    }

    /// Whether only the lowest and the highest number are valid.
    ///
    /// ```
    /// use metrics_core::backend::ElementCheck;
    ///
    /// assert!(ElementCheck::Binary.is_ends_only() && !ElementCheck::Probability.is_ends_only());
    /// ```
    pub fn is_ends_only(self) -> bool {
        self == Self::Binary
    }

    /// Whether a value is valid.
    ///
    /// ```
    /// use metrics_core::backend::ElementCheck;
    ///
    /// assert!(ElementCheck::Binary.allows(-0.0) && !ElementCheck::Binary.allows(2.0));
    /// ```
    #[inline]
    pub fn allows(self, value: f64) -> bool {
        // Compares bits: with denormals-are-zero a comparison of floats would accept subnormals. As integers,
        // the bits of positive floats have the order of the floats, and those of NaN are above.
        const ONE: u64 = 1f64.to_bits();
        const INFINITY: u64 = f64::INFINITY.to_bits();
        let bits = if value.to_bits() == (-0f64).to_bits() { 0 } else { value.to_bits() };
        match self {
            Self::NotNan => !value.is_nan(),
            Self::Binary => bits == 0 || bits == ONE,
            Self::Probability => bits <= ONE,
            Self::Weight => bits < INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_what_the_range_says() {
        use ElementCheck::{Binary, NotNan, Probability, Weight};
        let values = [
            f64::NAN,
            f64::NEG_INFINITY,
            f64::MIN,
            -1.0,
            -5e-324,
            -0.0,
            0.0,
            5e-324,
            0.5,
            1f64.next_down(),
            1.0,
            1f64.next_up(),
            2.0,
            f64::MAX,
            f64::INFINITY,
        ];
        for check in [NotNan, Binary, Probability, Weight] {
            for value in values {
                let ends = [check.lowest(), check.highest()];
                let is_in_range = ends[0] <= value && value <= ends[1];
                let expected = is_in_range && (!check.is_ends_only() || ends.contains(&value));
                assert_eq!(check.allows(value), expected, "{check:?} {value}");
            }
        }
    }
}
