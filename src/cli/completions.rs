//! `drillbell completions SHELL`: a script for the shell's own completion.

use super::Cli;
use super::failure::Failure;
use super::output::print;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the script.
pub fn run(shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "drillbell", &mut script);
    let script = String::from_utf8(script).map_err(|error| Failure::new(error.to_string()))?;
    print(script.trim_end())?;
    Ok(0)
}
