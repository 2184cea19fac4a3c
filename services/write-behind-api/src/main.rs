//! `write-behind-api` serves until SIGTERM; `write-behind-api healthcheck` asks a running one whether it is well.

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;

use axum::Router;
use service_kit::{ConfigError, Environment, Service};
use write_behind_api::{AppState, Config, app};

struct WriteBehindApi(Config);

impl Service for WriteBehindApi {
    const NAME: &'static str = "write-behind-api";

    fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Config::from_environment(environment).map(Self)
    }

    fn service_name(&self) -> &str {
        &self.0.service_name
    }

    fn listen(&self) -> SocketAddr {
        self.0.listen
    }

    fn start(&self) -> Result<Router, Box<dyn Error>> {
        self.0.log();
        Ok(app(AppState::start(&self.0)?))
    }
}

fn main() -> ExitCode {
    service_kit::main::<WriteBehindApi>()
}
