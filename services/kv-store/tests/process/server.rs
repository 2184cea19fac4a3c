//! The service's process on a folder.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};

use test_service::{Program, Running};

use crate::client::Client;

pub(crate) const PROGRAM: Program = Program::new(env!("CARGO_BIN_EXE_kv-store"));

pub(crate) struct Server(Running);

impl Server {
    /// Starts on the folder, and waits until it is healthy.
    pub(crate) fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = command(folder);
        command.envs(variables.iter().copied());
        Self::spawn(command)
    }

    /// Starts what `command` says on a free port, and waits until it is healthy.
    pub(crate) fn spawn(command: Command) -> Self {
        let mut running = Running::start(command);
        running.until_healthy();
        Self(running)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address()).unwrap()
    }

    pub(crate) fn stat(&self, name: &str) -> u64 {
        let (_, stats) = self.client().get("/admin/stats").unwrap();
        let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
        stats[name].as_u64().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    /// Sends SIGTERM; gives the exit and everything that was logged.
    pub(crate) fn terminate(self) -> (ExitStatus, String) {
        self.0.terminate()
    }

    /// Waits for the end; gives the exit and everything that was logged.
    pub(crate) fn end(self) -> (ExitStatus, String) {
        self.0.end()
    }
}

/// The binary with its files in `folder` and nothing else in its environment.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = PROGRAM.command();
    command
        .env("LISTEN", "127.0.0.1:0")
        .env("WAL_PATH", folder.join("wal.log"))
        .env("CHECKPOINT_PATH", folder.join("checkpoint.json"));
    command
}
