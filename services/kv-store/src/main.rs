//! `kv-store` serves until SIGTERM; `kv-store healthcheck` asks a running one whether it is well; `kv-store inspect DIR`
//! prints what is in a data directory that no store has open.
//!
//! | code | serving | `healthcheck` | `inspect` |
//! |---|---|---|---|
//! | 0 | stopped | well | sound |
//! | 1 | crashed by its button, or cannot serve | not well | damaged |
//! | 2 | called or configured wrongly | the same | called wrongly |
//! | 3 | the data directory cannot be used | | it could not be told |

use std::error::Error;
use std::io::{self, BufWriter, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use axum::Router;
use kv_store::wal::{Soundness, inspect};
use kv_store::{AppState, Config, CrashButton, OpenError, WrongConfig, app};
use service_kit::{ConfigError, Environment, LogConfig, ProbeError, Traces};
use service_kit::{error_chain, probe, serve, start_logging};
use tokio::net::TcpListener;

const USAGE: &str = "usage: kv-store [healthcheck | inspect DIR]";
/// Of `inspect`: what was acknowledged is not all there.
const DAMAGED: u8 = 1;

/// Why a command did not do what it was to do.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{USAGE}")]
    Usage,
    #[error(transparent)]
    Config(#[from] WrongConfig),
    #[error(transparent)]
    Data(#[from] OpenError),
    #[error(transparent)]
    Inspect(#[from] Box<dyn Error>),
    #[error(transparent)]
    Unhealthy(#[from] ProbeError),
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Unhealthy(_) | Self::Listen(..) | Self::System(_) => 1,
            Self::Usage | Self::Config(_) => 2,
            Self::Data(_) | Self::Inspect(_) => 3,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error.into())
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let result = match arguments.as_slice() {
        [] => run(),
        [command] if command == "healthcheck" => healthcheck(),
        [command, folder] if command == "inspect" => inspect_to_output(Path::new(folder)),
        _ => Err(Failure::Usage),
    };
    result.unwrap_or_else(|failure| {
        // With standard error gone, the exit code still says it.
        let _ = writeln!(io::stderr(), "kv-store: {}", error_chain(&failure));
        ExitCode::from(failure.code())
    })
}

fn run() -> Result<ExitCode, Failure> {
    let environment = Environment::of_process();
    let config = Config::from_environment(&environment)?;
    let _log = start_logging(LogConfig::from_environment(&environment)?)?;
    config.log_start();
    let crash = CrashButton::default();
    let (state, _store) = AppState::start(&config, crash.clone())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let (traces, served) = runtime.block_on(async {
        let traces = Traces::start(&environment, &config.service_name);
        let router = traces.of(app(state));
        (
            traces,
            serve_until_told(config.listen, router, &crash).await,
        )
    });
    traces.stop();
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve_until_told(
    listen: SocketAddr,
    router: Router,
    crash: &CrashButton,
) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Failure::Listen(listen, error))?;
    tokio::select! {
        served = serve(listener, router) => Ok(served?),
        () = crash.is_due() => crash_now(),
    }
}

/// Ends the process as it is: nothing is flushed, nothing closed. Not an abort, whose code would look like a bug's.
#[expect(clippy::exit, reason = "the crash that the lab is about")]
fn crash_now() -> ! {
    std::process::exit(1)
}

fn healthcheck() -> Result<ExitCode, Failure> {
    let config = Config::from_environment(&Environment::of_process())?;
    probe(config.listen)?;
    Ok(ExitCode::SUCCESS)
}

fn inspect_to_output(folder: &Path) -> Result<ExitCode, Failure> {
    let print = || -> Result<Soundness, Box<dyn Error>> {
        let mut output = BufWriter::new(io::stdout().lock());
        let soundness = inspect(folder, &mut output)?;
        output.flush()?;
        Ok(soundness)
    };
    Ok(match print()? {
        Soundness::Sound => ExitCode::SUCCESS,
        Soundness::Damaged => ExitCode::from(DAMAGED),
    })
}
