//! `product-service` serves until SIGTERM; `product-service healthcheck` asks a running one whether it is well.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use product_service::{AppState, Config, app};
use service_kit::{Environment, LogConfig, error_chain, probe, serve, start_logging};
use tokio::net::TcpListener;

const USAGE: &str = "usage: product-service [healthcheck]";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next();
    let result = match (command.as_deref().map(|c| c.to_str()), arguments.next()) {
        (None, None) => run(),
        (Some(Some("healthcheck")), None) => healthcheck(),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone, the exit code still says it.
            let _ = writeln!(
                std::io::stderr(),
                "product-service: {}",
                error_chain(error.as_ref())
            );
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let environment = Environment::of_process();
    let config = Config::from_environment(&environment)?;
    let _log = start_logging(LogConfig::from_environment(&environment)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
        config.log();
        let state = AppState::start(&config)?;
        Ok(serve(listener, app(state)).await?)
    })
}

fn healthcheck() -> Result<(), Box<dyn Error>> {
    let config = Config::from_environment(&Environment::of_process())?;
    Ok(probe(config.listen)?)
}
