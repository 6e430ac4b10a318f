//! See `metrics_fuzz::api`.
#![no_main]

metrics_fuzz::target!(metrics_fuzz::api::run);
