//! See `metrics_fuzz::files::parquet`.
#![no_main]

metrics_fuzz::target!(metrics_fuzz::files::parquet);
