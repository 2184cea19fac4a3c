//! The `main` of a service: `NAME` serves until SIGTERM, `NAME healthcheck` asks a running one whether it is well.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use axum::Router;
use tokio::net::TcpListener;

use crate::{ConfigError, Environment, LogConfig, Traces};
use crate::{error_chain, probe, serve_beside, start_logging};

/// What a service's configuration must be able to do for [`main`] to run the service.
pub trait Service: Sized {
    /// The name of the binary.
    const NAME: &'static str;

    /// Reads the configuration.
    ///
    /// # Errors
    /// A variable cannot be what it must be.
    fn from_environment(environment: &Environment) -> Result<Self, ConfigError>;

    /// What it calls itself in its traces.
    fn service_name(&self) -> &str;

    /// Where to listen.
    fn listen(&self) -> SocketAddr;

    /// Logs the configuration and starts the service behind the router. Called within a Tokio runtime,
    /// once the address is ours.
    ///
    /// # Errors
    /// The configuration cannot be served.
    fn start(&self) -> Result<Router, Box<dyn Error>>;

    /// Ends what was started beside the router; awaited at SIGTERM, while requests under way end, and no longer
    /// than they are.
    fn stop(&self) -> impl Future<Output = ()> {
        async {}
    }
}

/// Runs what the command line asks for; a failure is one line on standard error, and exit code 1.
pub fn main<S: Service>() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next();
    let result = match (command.as_deref().map(|c| c.to_str()), arguments.next()) {
        (None, None) => run::<S>(),
        (Some(Some("healthcheck")), None) => healthcheck::<S>(),
        _ => Err(format!("usage: {} [healthcheck]", S::NAME).into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone, the exit code still says it.
            let _ = writeln!(
                std::io::stderr(),
                "{}: {}",
                S::NAME,
                error_chain(error.as_ref())
            );
            ExitCode::FAILURE
        }
    }
}

fn run<S: Service>() -> Result<(), Box<dyn Error>> {
    let environment = Environment::of_process();
    let config = S::from_environment(&environment)?;
    let _log = start_logging(LogConfig::from_environment(&environment)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let (traces, served) = runtime.block_on(async {
        let traces = Traces::start(&environment, config.service_name());
        let served = serve_until_told(&config, &traces).await;
        (traces, served)
    });
    traces.stop();
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    served
}

async fn serve_until_told<S: Service>(config: &S, traces: &Traces) -> Result<(), Box<dyn Error>> {
    let address = config.listen();
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let router = traces.of(config.start()?);
    Ok(serve_beside(listener, router, config.stop()).await?)
}

fn healthcheck<S: Service>() -> Result<(), Box<dyn Error>> {
    let config = S::from_environment(&Environment::of_process())?;
    Ok(probe(config.listen())?)
}
