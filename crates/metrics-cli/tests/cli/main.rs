//! The program driven as a user drives it: files in, output, errors and exit codes out.

mod checksums;
mod csv;
mod errors;
mod files;
mod golden;
mod groups;
mod library;
mod manual;
mod parquet;
mod plots;
mod program;
mod report;
mod robustness;
mod skip;
mod widths;
