//! A Redis server.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use nix::sys::signal::Signal;

use crate::process::{connect, find};
use crate::store::Store;

/// A Redis server without persistence, ended when dropped. A restart loses its data.
#[derive(Debug)]
pub struct Redis {
    store: Store,
    program: PathBuf,
}

impl Redis {
    /// Starts a server on a free port and waits until it answers.
    ///
    /// # Panics
    /// `redis-server` is not installed or does not start.
    #[must_use = "the server ends when this is dropped"]
    pub fn start() -> Self {
        let mut redis = Self {
            store: Store::new(),
            program: find("redis-server", &[], "redis-server"),
        };
        redis.start_again();
        redis
    }

    /// `redis://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.store.port())
    }

    /// Stops the server; connections to it are closed, new ones refused.
    pub fn stop(&mut self) {
        self.store.stop(Signal::SIGTERM);
    }

    /// Starts a stopped server on the same port, empty.
    ///
    /// # Panics
    /// It does not start.
    pub fn start_again(&mut self) {
        let port = self.store.port();
        let arguments = [
            ("--port", port.to_string()),
            ("--bind", "127.0.0.1".to_owned()),
            ("--save", String::new()),
            ("--appendonly", "no".to_owned()),
            ("--dir", self.store.folder().display().to_string()),
        ];
        let arguments: Vec<String> = arguments
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value])
            .collect();
        self.store
            .start("redis-server", &self.program, &arguments, None, || {
                answers(port)
            });
    }

    /// Freezes the server: it accepts connections and answers nothing.
    pub fn pause(&mut self) {
        self.store.pause();
    }

    /// Lets a frozen server go on.
    pub fn resume(&mut self) {
        self.store.resume();
    }

    /// What the server logged.
    pub fn log(&self) -> String {
        self.store.log()
    }
}

fn answers(port: u16) -> bool {
    let ping = || {
        let mut stream = connect(port)?;
        stream.write_all(b"PING\r\n").ok()?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).ok()?;
        Some(&answer == b"+PONG")
    };
    ping() == Some(true)
}
