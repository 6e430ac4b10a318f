//! What threads share memory through: the standard library's types, or those of loom, which runs a model
//! in every order that the processor and the system may choose.
//!
//! Loom's types work inside its models only: `cargo xtask loom` runs these, and no other test.

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
