//! The elements of tensors, and how scores compare.

pub(crate) mod check;
pub(crate) mod dtype;
pub(crate) mod kind;
