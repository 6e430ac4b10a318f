//! The two curves that areas are taken under.

/// Which curve an area is taken under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Curve {
    /// Receiver operating characteristic: true positive rate over false positive rate.
    #[default]
    Roc,
    /// Precision over recall, as average precision: a step sum, not the trapezoid.
    Pr,
}
