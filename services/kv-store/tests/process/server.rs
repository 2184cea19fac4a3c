//! A running binary, killed when dropped.

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::client::Client;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_kv-store");
/// Far above what a start or a stop takes; reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts on the folder, and waits until it is healthy.
    pub(crate) fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = command(folder);
        command.envs(variables.iter().copied());
        Self::spawn(command)
    }

    /// Starts what `command` says on a free port, and waits until it is healthy.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        command
            .env("LISTEN", address.to_string())
            .stdout(Stdio::piped());
        let server = Self {
            address,
            child: command.spawn().unwrap(),
        };
        server.until_healthy()
    }

    fn until_healthy(mut self) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let health = Client::connect(self.address).and_then(|mut c| c.get("/health"));
            if health.is_ok_and(|(status, _)| status == 200) {
                return self;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}");
            assert!(Instant::now() < deadline, "it never became healthy");
            std::thread::yield_now();
        }
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address).unwrap()
    }

    pub(crate) fn stat(&self, name: &str) -> u64 {
        let (_, stats) = self.client().get("/admin/stats").unwrap();
        let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
        stats[name].as_u64().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; gives the exit and everything that was logged.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        let mut output = self.child.stdout.take().unwrap();
        output.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary with its files in `folder` and nothing else in its environment.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command
        .env_clear()
        .env("LISTEN", "127.0.0.1:0")
        .env("WAL_PATH", folder.join("wal.log"))
        .env("CHECKPOINT_PATH", folder.join("checkpoint.json"));
    command
}
