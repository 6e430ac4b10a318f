//! Arithmetic with the same bits on every machine, and its tools: the floating-point mode, vector code,
//! threads.

pub(crate) mod exact;
pub(crate) mod float_mode;
pub(crate) mod precisions;
pub(crate) mod shares;
pub(crate) mod simd;
pub(crate) mod sums;
pub(crate) mod sync;
pub(crate) mod threads;
pub(crate) mod weight_limbs;
pub(crate) mod weight_sums;
pub(crate) mod weights;
