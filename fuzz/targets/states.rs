//! See `metrics_fuzz::states`.
#![no_main]

metrics_fuzz::target!(metrics_fuzz::states::run);
