//! `labctl`: parse what was typed, run it, end with its exit code.

mod args;
mod commands;
mod complete;
mod diagnostics;
mod document;
mod environment;
mod error;
mod failed;
mod interrupt;
mod library;
mod output;
mod report;
mod scene;
mod traces;
mod watch;

use std::{error::Error, process::ExitCode};

use clap::{CommandFactory, Parser};

use crate::{args::Cli, error::CliError};

fn main() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(Cli::command).complete();
    match commands::run(Cli::parse()) {
        Ok(code) => match output::lost() {
            // Nobody should take for success what nobody can read.
            Some(error) if code == ExitCode::SUCCESS => {
                output::say(&format!("cannot write standard output: {error}"));
                ExitCode::from(3)
            }
            _ => code,
        },
        Err(error) => {
            output::say(&with_causes(&error));
            error.exit_code()
        }
    }
}

/// The message, and what caused it, in one line.
fn with_causes(error: &CliError) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
}
