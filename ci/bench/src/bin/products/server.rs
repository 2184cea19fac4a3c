//! A server under test: a process that is killed at the end.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process until `/health` said that the stores are up.
    pub(crate) healthy_after_ms: f64,
}

impl Server {
    pub(crate) fn start(
        binary: &Path,
        arguments: &[&str],
        variables: &[(&str, String)],
    ) -> Result<Self, Box<dyn Error>> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let started = Instant::now();
        let mut child = Command::new(binary)
            .args(arguments)
            .env_clear()
            .env("LISTEN", address.to_string())
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .spawn()?;
        // Read as Docker would read it.
        let mut log = child.stdout.take().expect("it is piped");
        std::thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        let mut server = Self {
            child,
            address,
            healthy_after_ms: 0.0,
        };
        while !server
            .get("/health")
            .is_ok_and(|answer| answer.contains(r#""status":"ok""#))
        {
            if started.elapsed() > PATIENCE {
                return Err(format!("{} is not healthy", binary.display()).into());
            }
            std::thread::yield_now();
        }
        server.healthy_after_ms = started.elapsed().as_secs_f64() * 1000.0;
        Ok(server)
    }

    pub(crate) fn get(&self, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// What the server has used so far, in the kernel too; in steps of a hundredth of a second.
    pub(crate) fn processor_us(&self) -> Result<f64, Box<dyn Error>> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name before the parenthesis may hold blanks; `utime` and `stime` are fields 14 and 15.
        let (_, fields) = stat.rsplit_once(')').ok_or("no name in stat")?;
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks: f64 = times.map(str::parse::<f64>).sum::<Result<_, _>>()?;
        Ok(ticks * 10_000.0)
    }

    pub(crate) fn resident_mb(&self) -> Result<f64, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line
            .and_then(|l| l.split_whitespace().next())
            .ok_or("no VmRSS")?
            .parse()?;
        Ok(kib * 1024.0 / 1e6)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
