//! What the fuzzers run: each target is a function from bytes to nothing that panics where a promise
//! of the library is broken.
//!
//! | target | what its bytes mean | what must hold |
//! |---|---|---|
//! | [`states`](states::run) | one or two saved states | decoding trusts nothing and costs little; what decodes can be read, merged, saved |
//! | [`api`](api::run) | a sequence of calls | every value is that of plain loops in exact rationals; a call that fails changes nothing |
//! | [`csv`](files::csv), [`parquet`](files::parquet) | options and a file | a report or an error, in bounded memory |
//!
//! `cargo xtask fuzz` builds and runs them; `README.md` beside this crate says more.

pub mod api;
pub mod batch;
#[cfg(feature = "files")]
pub mod files;
pub mod memory;
pub mod model;
pub mod states;

/// Prepares the process: one thread, so that every run can be repeated.
pub fn start() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("the first pool");
}

/// Defines the fuzz target of one function.
#[macro_export]
macro_rules! target {
    ($run:path) => {
        #[global_allocator]
        static MEMORY: $crate::memory::Limited = $crate::memory::Limited;

        libfuzzer_sys::fuzz_target!(init: $crate::start(), |bytes: &[u8]| $run(bytes));
    };
}
