//! See `metrics_fuzz::files::csv`.
#![no_main]

metrics_fuzz::target!(metrics_fuzz::files::csv);
