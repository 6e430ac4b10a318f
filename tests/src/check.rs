//! How results are compared: to the bit, or to a tolerance that is named here and nowhere else.

use num_traits::Signed;

use crate::rational::{Rational, exactly, nearest_f64, ulps, unit};

/// How far an average precision without weights may lie from the exact one, in units in the last
/// place, besides [`AUPRC_FIXED`].
pub const AUPRC_ULPS: f64 = 2.0;

/// What each precision loses when it becomes a multiple of 2^-63. Where the area is below 2^-10,
/// this is more than a unit in its last place.
pub const AUPRC_FIXED: f64 = 1.0 / (1u64 << 63) as f64;

/// Relative error of what is a sum of `f64`: weighted areas, areas under the points of a curve.
pub const SUM_ERROR: f64 = 1e-12;

/// Equal to the bit: `-0.0` is not `0.0`.
#[track_caller]
pub fn same_bits(values: &[f64], expected: &[f64], what: &dyn std::fmt::Debug) {
    let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(values), bits(expected), "{values:?} is not {expected:?}; {what:?}");
}

/// The nearest `f64`, or the default where nothing is expected.
#[track_caller]
pub fn nearest(value: f64, exact: Option<&Rational>, default: f64, what: &dyn std::fmt::Debug) {
    same_bits(&[value], &[exact.map_or(default, nearest_f64)], what);
}

/// Within [`AUPRC_ULPS`] and [`AUPRC_FIXED`], or the default where nothing is expected; returns the
/// distance in units in the last place.
#[track_caller]
pub fn within_ulps(
    value: f64,
    exact: Option<&Rational>,
    default: f64,
    what: &dyn std::fmt::Debug,
) -> f64 {
    let Some(exact) = exact else {
        same_bits(&[value], &[default], what);
        return 0.0;
    };
    let distance = ulps(value, exact);
    let allowed = AUPRC_ULPS + AUPRC_FIXED / unit(exact);
    assert!(distance <= allowed, "{value} is {distance} ulps from {exact}; {what:?}");
    distance
}

/// Within [`SUM_ERROR`], or the default where nothing is expected.
#[track_caller]
pub fn close(value: f64, exact: Option<&Rational>, default: f64, what: &dyn std::fmt::Debug) {
    let Some(exact) = exact else { return same_bits(&[value], &[default], what) };
    let error = (exactly(value) - exact).abs();
    assert!(error <= exactly(SUM_ERROR) * exact, "{value} is not close to {exact}; {what:?}");
}
