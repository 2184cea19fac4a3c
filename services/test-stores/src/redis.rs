//! A Redis server.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::process::{Server, connect, find, free_port};

/// A Redis server without persistence, ended when dropped. A restart loses its data.
#[derive(Debug)]
pub struct Redis {
    // Before the folder: the process must end first.
    server: Option<Server>,
    program: PathBuf,
    port: u16,
    folder: TempDir,
}

impl Redis {
    /// Starts a server on a free port and waits until it answers.
    ///
    /// # Panics
    /// `redis-server` is not installed or does not start.
    #[must_use = "the server ends when this is dropped"]
    pub fn start() -> Self {
        let mut redis = Self {
            server: None,
            program: find("redis-server", &[], "redis-server"),
            port: free_port(),
            folder: tempfile::tempdir().expect("there is room for a folder"),
        };
        redis.start_again();
        redis
    }

    /// `redis://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Stops the server; connections to it are closed, new ones refused.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.stop(Signal::SIGTERM);
        }
    }

    /// Starts a stopped server on the same port, empty.
    ///
    /// # Panics
    /// It does not start.
    pub fn start_again(&mut self) {
        let arguments = [
            ("--port", self.port.to_string()),
            ("--bind", "127.0.0.1".to_owned()),
            ("--save", String::new()),
            ("--appendonly", "no".to_owned()),
            ("--dir", self.folder.path().display().to_string()),
        ];
        let arguments: Vec<String> = arguments
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value])
            .collect();
        let log = self.folder.path().join("log");
        let mut server = Server::start("redis-server", &self.program, &arguments, None, &log);
        server.wait_until(|| self.answers());
        self.server = Some(server);
    }

    /// Freezes the server: it accepts connections and answers nothing.
    pub fn pause(&mut self) {
        if let Some(server) = &mut self.server {
            server.pause();
        }
    }

    /// Lets a frozen server go on.
    pub fn resume(&mut self) {
        if let Some(server) = &mut self.server {
            server.resume();
        }
    }

    /// What the server logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn answers(&self) -> bool {
        let ping = || {
            let mut stream = connect(self.port)?;
            stream.write_all(b"PING\r\n").ok()?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).ok()?;
            Some(&answer == b"+PONG")
        };
        ping() == Some(true)
    }
}
