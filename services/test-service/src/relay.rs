//! A collector that others wrote, between a service and ours.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::collector::variables;
use crate::{Collector, PATIENCE};

/// A process of Rotel's, killed when dropped; `ci/setup tests` unpacks the program.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    process: Child,
}

impl Relay {
    /// Starts one on free ports, which sends what it gets on to `collector`.
    #[must_use = "it ends when this is dropped"]
    pub fn start(collector: &Collector) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../target/tools/rotel/rotel/rotel-agent");
        assert!(program.exists(), "no Rotel: `ci/setup tests` brings it");
        let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let [grpc, http] = [free(), free()].map(|held| held.local_addr().unwrap());
        let process = Command::new(program)
            .args([
                "start",
                "--pid-file",
                "/dev/null",
                "--log-file",
                "/dev/null",
            ])
            .args(["--otlp-grpc-endpoint", &grpc.to_string()])
            .args(["--otlp-http-endpoint", &http.to_string()])
            .args([
                "--exporter",
                "otlp",
                "--otlp-exporter-endpoint",
                &collector.url(),
            ])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let relay = Self {
            address: grpc,
            process,
        };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(relay.address).is_err() {
            assert!(Instant::now() < deadline, "it never listened");
            std::thread::yield_now();
        }
        relay
    }

    /// What a service needs in its environment to send its spans here, soon.
    pub fn variables(&self) -> [(&'static str, String); 2] {
        variables(self.address)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
