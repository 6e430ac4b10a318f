//! The program `tensor-metrics`. What it does is in the library beside it; this file only maps
//! results to exit codes.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use metrics_cli::{Cli, Error};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match metrics_cli::run(&cli, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of a pipe had enough: `tensor-metrics … | head -1` is not a failure.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // One line whatever a library put into its message: scripts read errors by the line.
            eprintln!("error: {}", error.to_string().replace(['\n', '\r'], " "));
            ExitCode::from(error.exit_code())
        }
    }
}
