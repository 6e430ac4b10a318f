//! The two curves that areas are taken under.

/// Which curve an area is taken under.
///
/// ```
/// use metrics_core::{Curve, slice::Auc};
///
/// // A positive below a negative: no pair is ranked right, and precision is 1/2.
/// let (scores, targets) = ([0.9, 0.1], [0, 1]);
/// for (curve, area) in [(Curve::Roc, 0.0), (Curve::Pr, 0.5)] {
///     let mut auc = Auc::new(curve, 10)?;
///     auc.update(&scores, &targets)?;
///     assert_eq!(auc.compute()?, area);
/// }
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Curve {
    /// Receiver operating characteristic: true positive rate over false positive rate.
    #[default]
    Roc,
    /// Precision over recall, as average precision: a step sum, not the trapezoid.
    Pr,
}
