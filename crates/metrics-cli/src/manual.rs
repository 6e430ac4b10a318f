//! Shell completions and man pages, from the definition of the command line.

use std::io::Write;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::error::{Error, Result};

/// Writes the completion script of `shell`.
///
/// # Errors
/// [`Error::Output`] when the script cannot be written to `out`.
pub(crate) fn completions(shell: Shell, out: &mut impl Write) -> Result<()> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    // The generator panics when a write fails, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    write(&script, out)
}

/// Writes the man page of the program, or of one of its commands.
///
/// # Errors
/// [`Error::Usage`] when there is no such command, [`Error::Output`] when the page cannot be written.
pub(crate) fn man(of: Option<&str>, out: &mut impl Write) -> Result<()> {
    let mut command = Cli::command();
    // Gives commands their full names.
    command.build();
    let command = match of {
        None => command,
        Some(name) => {
            command.find_subcommand(name).cloned().ok_or_else(|| no_command(&command, name))?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(Error::Output)?;
    write(&page, out)
}

fn no_command(command: &Command, name: &str) -> Error {
    let names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
    Error::Usage(format!("no command {name:?}; the commands are {}", names.join(", ")))
}

fn write(text: &[u8], out: &mut impl Write) -> Result<()> {
    out.write_all(text).and_then(|()| out.flush()).map_err(Error::Output)
}
