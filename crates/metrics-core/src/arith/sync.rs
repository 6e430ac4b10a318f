//! Types for memory that threads share: the standard library's, or loom's, which runs a model in every
//! order that the processor and the system may choose.
//!
//! Loom's types work only in its models: `cargo xtask loom` runs these, and no other test.

#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};

#[cfg(all(test, loom))]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};
