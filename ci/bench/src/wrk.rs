//! A second of `wrk`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Command;

use crate::Failure;

/// What `wrk` is to ask, one request after another and then from the first again.
#[derive(Debug, Clone)]
pub struct Load {
    /// The method.
    pub method: &'static str,
    /// Paths with the bodies sent to them, as JSON; an empty body is none.
    pub requests: Vec<(String, String)>,
}

/// What it measured.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Answers per second.
    pub rate: f64,
    /// The time below which 99 of 100 answers came.
    pub p99_ms: f64,
}

impl Load {
    /// Loads the server for some seconds; all answers must be successes.
    ///
    /// # Errors
    /// When one was not, or `wrk` cannot be run.
    pub fn run(
        &self,
        server: SocketAddr,
        clients: usize,
        seconds: usize,
    ) -> Result<Measured, Failure> {
        let mut script = tempfile::NamedTempFile::new()?;
        script.write_all(self.script().as_bytes())?;
        let output = Command::new("wrk")
            .args(["-t1", "--latency", &format!("-d{seconds}s")])
            .args([&format!("-c{clients}"), "-s"])
            .arg(script.path())
            .arg(format!("http://{server}"))
            .output()
            .map_err(|error| format!("cannot run wrk (Debian package wrk): {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        if said.contains("Non-2xx") || said.contains("Socket errors") {
            let method = self.method;
            return Err(
                format!("{method} {clients}: not every answer was a success:\n{said}").into(),
            );
        }
        let rate = value(&said, "Requests/sec:").and_then(|text| text.parse().ok());
        let p99_ms = value(&said, "99%").and_then(milliseconds);
        let measured = rate.zip(p99_ms).ok_or_else(|| format!("wrk said:\n{said}"));
        let (rate, p99_ms) = measured?;
        Ok(Measured { rate, p99_ms })
    }

    /// The requests are made before the first is sent, so that a turn costs `wrk` the same for all.
    fn script(&self) -> String {
        let requests: String = self.requests.iter().map(|r| self.made(r)).collect();
        format!(
            "local requests, last = {{}}, 0\n\
            function init(arguments)\n{requests}end\n\
            function request()\nlast = last % #requests + 1\nreturn requests[last]\nend\n"
        )
    }

    fn made(&self, (path, body): &(String, String)) -> String {
        let (headers, body) = if body.is_empty() {
            ("nil", "nil".to_owned())
        } else {
            let headers = r#"{["Content-Type"] = "application/json"}"#;
            (headers, format!("[==[{body}]==]"))
        };
        let method = self.method;
        format!("table.insert(requests, wrk.format(\"{method}\", \"{path}\", {headers}, {body}))\n")
    }
}

/// What stands behind `name` in a line.
fn value<'s>(said: &'s str, name: &str) -> Option<&'s str> {
    let mut lines = said.lines();
    lines.find_map(|line| line.trim().strip_prefix(name).map(str::trim))
}

fn milliseconds(text: &str) -> Option<f64> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let factor = match unit {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1000.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}
