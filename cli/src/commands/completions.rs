//! `labctl completions SHELL`.

use std::process::ExitCode;

use clap_complete::env::Shells;

use crate::{args::CompletionShell, error::CliError, output};

/// Prints a script that asks this binary itself for candidates, block names included.
pub(crate) fn completions(shell: CompletionShell) -> Result<ExitCode, CliError> {
    let name = match shell {
        CompletionShell::Bash => "bash",
        CompletionShell::Elvish => "elvish",
        CompletionShell::Fish => "fish",
        CompletionShell::Powershell => "powershell",
        CompletionShell::Zsh => "zsh",
    };
    let shells = Shells::builtins();
    let shell = shells
        .completer(name)
        .expect("clap_complete knows every shell of the enum");
    let mut script = Vec::new();
    shell
        .write_registration("COMPLETE", "labctl", "labctl", "labctl", &mut script)
        .map_err(CliError::Start)?;
    output::text(&String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
