//! What every store is to its owner: a server on a port of its own, with a folder for its data and its log.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use nix::unistd::User;
use tempfile::TempDir;

use crate::process::{Server, free_port};

/// A server that can be stopped and started again; ended when dropped.
#[derive(Debug)]
pub(crate) struct Store {
    // Before the folder: the process must end first.
    server: Option<Server>,
    port: u16,
    folder: TempDir,
}

impl Store {
    /// A free port and an empty folder; nothing runs yet.
    pub(crate) fn new() -> Self {
        Self {
            server: None,
            port: free_port(),
            folder: tempfile::tempdir().expect("there is room for a folder"),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts `program` as `user` and waits until `is_ready`.
    pub(crate) fn start(
        &mut self,
        name: &'static str,
        program: &Path,
        arguments: &[String],
        user: Option<&User>,
        is_ready: impl Fn() -> bool,
    ) {
        let mut server = Server::start(name, program, arguments, user, &self.log_file());
        server.wait_until(is_ready);
        self.server = Some(server);
    }

    /// Sends `signal` and waits for the end.
    pub(crate) fn stop(&mut self, signal: Signal) {
        if let Some(mut server) = self.server.take() {
            server.stop(signal);
        }
    }

    pub(crate) fn pause(&mut self) {
        if let Some(server) = &mut self.server {
            server.pause();
        }
    }

    pub(crate) fn resume(&mut self) {
        if let Some(server) = &mut self.server {
            server.resume();
        }
    }

    /// What the server logged, over all its starts.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}
