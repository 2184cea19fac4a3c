//! One second of `wrk`.

use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Command;

const BODY: &str = r#"{"name":"Mechanical Keyboard Pro","description":"Updated!","price":199.99}"#;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    method: &'static str,
    path: &'static str,
    clients: usize,
}

impl Load {
    pub(crate) const fn get(clients: usize) -> Self {
        Self {
            method: "GET",
            path: "/products/prod-001",
            clients,
        }
    }

    pub(crate) const fn post(clients: usize) -> Self {
        Self {
            method: "POST",
            path: "/products",
            clients,
        }
    }

    pub(crate) const fn put(clients: usize) -> Self {
        Self {
            method: "PUT",
            path: "/products/prod-001",
            clients,
        }
    }

    pub(crate) fn reads_cache(self) -> bool {
        self.method == "GET"
    }

    /// Answers per second; all of them must be successes.
    pub(crate) fn run(self, server: SocketAddr) -> Result<f64, Box<dyn Error>> {
        let mut script = tempfile::NamedTempFile::new()?;
        writeln!(script, "wrk.method = \"{}\"", self.method)?;
        if !self.reads_cache() {
            writeln!(script, "wrk.body = '{BODY}'")?;
            writeln!(
                script,
                "wrk.headers[\"Content-Type\"] = \"application/json\""
            )?;
        }
        let output = Command::new("wrk")
            .args(["-t1", "-d1s", &format!("-c{}", self.clients), "-s"])
            .arg(script.path())
            .arg(format!("http://{server}{}", self.path))
            .output()
            .map_err(|error| format!("cannot run wrk (Debian package wrk): {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        if said.contains("Non-2xx") || said.contains("Socket errors") {
            return Err(format!("{self}: not every answer was a success:\n{said}").into());
        }
        let rate = said
            .lines()
            .find_map(|line| line.strip_prefix("Requests/sec:"));
        Ok(rate
            .ok_or_else(|| format!("wrk said:\n{said}"))?
            .trim()
            .parse()?)
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.clients)
    }
}
