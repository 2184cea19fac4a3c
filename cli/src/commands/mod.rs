//! One file per subcommand: each turns what was typed into a call of the engine.

mod completions;
mod doctor;
mod explain;
mod init;
mod lint;
mod list;
mod metrics;
mod print;
mod record;
mod review;
mod run;
mod services;
mod trace;
mod verify;

use std::{future::Future, process::ExitCode};

use crate::{
    args::{Cli, Command},
    environment::Environment,
    error::CliError,
    library::Library,
};

/// Does what was typed. The exit code of work that was done is in `Ok`.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let environment = &Environment::read().map_err(CliError::Start)?;
    let library = &Library::find(&environment.folder);
    match cli.command {
        Command::List(args) => list::list(library, &args),
        Command::Run(args) => wait(run::run(library, environment, &args, cli.global)),
        Command::Print(args) => print::print(library, &args),
        Command::Verify(args) => wait(verify::verify(library, environment, &args, cli.global)),
        Command::Record(args) => wait(record::record(library, environment, &args, cli.global)),
        Command::Review(args) => review::review(library, &args),
        Command::Up(args) => wait(services::up(library, environment, &args.lab)),
        Command::Down(args) => wait(services::down(library, environment, &args.lab)),
        Command::Status(args) => wait(services::status(library, environment, &args.lab)),
        Command::Logs(args) => wait(services::logs(library, environment, &args)),
        Command::Trace(args) => wait(trace::trace(library, environment, &args)),
        Command::Metrics(args) => wait(metrics::metrics(library, environment, &args)),
        Command::Explain(args) => wait(explain::explain(library, &args)),
        Command::Lint(args) => wait(lint::lint(library, &args, cli.global)),
        Command::Init(args) => init::init(library, &args),
        Command::Doctor => wait(doctor::doctor(library, environment)),
        Command::Completions(args) => completions::completions(args.shell),
    }
}

/// Only commands that wait for something pay for the async runtime.
fn wait(work: impl Future<Output = Result<ExitCode, CliError>>) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CliError::Start)?;
    runtime.block_on(work)
}
