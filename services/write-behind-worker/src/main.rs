//! `write-behind-worker` drains the queue until SIGTERM; `write-behind-worker healthcheck` asks a running one whether
//! it is well.

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::OnceLock;

use axum::Router;
use service_kit::{ConfigError, Environment, Service};
use write_behind_worker::{Config, Worker};

struct WriteBehindWorker {
    config: Config,
    worker: OnceLock<Worker>,
}

impl Service for WriteBehindWorker {
    const NAME: &'static str = "write-behind-worker";

    fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            config: Config::from_environment(environment)?,
            worker: OnceLock::new(),
        })
    }

    fn service_name(&self) -> &str {
        &self.config.service_name
    }

    fn listen(&self) -> SocketAddr {
        self.config.listen
    }

    fn start(&self) -> Result<Router, Box<dyn Error>> {
        self.config.log();
        let (worker, router) = Worker::start(self.config.clone())?;
        self.worker.get_or_init(|| worker);
        Ok(router)
    }

    async fn stop(&self) {
        if let Some(worker) = self.worker.get() {
            worker.stop().await;
        }
    }
}

fn main() -> ExitCode {
    service_kit::main::<WriteBehindWorker>()
}
