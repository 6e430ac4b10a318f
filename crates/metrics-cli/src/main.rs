//! The program `tensor-metrics`. The library `metrics_cli` does the work; this file only maps
//! results to exit codes.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use metrics_cli::{Cli, Error, terminal};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => return print(&message),
    };
    match metrics_cli::run(&cli, terminal::width(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader closed the pipe: `tensor-metrics … | head -1` is not a failure.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Scripts read errors by the line, and the message of a library may have several lines.
            let line = error.to_string().replace(['\n', '\r'], " ");
            // If standard error is closed, the exit code still reports the failure.
            writeln!(io::stderr(), "error: {line}").ok();
            ExitCode::from(error.exit_code())
        }
    }
}

/// Prints the help, the version, or the error in the command line.
fn print(message: &clap::Error) -> ExitCode {
    let printed = message.print().and_then(|()| io::stdout().flush());
    match (message.exit_code(), printed) {
        (0, Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
            writeln!(io::stderr(), "error: {}", Error::Output(error)).ok();
            ExitCode::FAILURE
        }
        (0, _) => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}
