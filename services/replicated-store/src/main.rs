//! `replicated-store` serves in the role that `ROLE` names until SIGTERM; `replicated-store healthcheck` asks a running
//! one whether it is well.

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;

use axum::Router;
use replicated_store::{Config, Role, client, primary, replica};
use service_kit::{ConfigError, Environment, Service};

struct ReplicatedStore(Config);

impl Service for ReplicatedStore {
    const NAME: &'static str = "replicated-store";

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
        let config = &self.0;
        tracing::info!(service = config.service_name, listen = %config.listen, role = ?config.role, "starting");
        Ok(match &config.role {
            Role::Primary(role) => primary::start(&config.service_name, role)?,
            Role::Replica(role) => replica::start(&config.service_name, role),
            Role::Client(role) => client::start(&config.service_name, role)?,
        })
    }
}

fn main() -> ExitCode {
    service_kit::main::<ReplicatedStore>()
}
