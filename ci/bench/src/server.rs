//! A server under test: a process that is killed at the end.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::machine::status_bytes;
use crate::{Failure, median};

const PATIENCE: Duration = Duration::from_secs(10);
const STARTS: usize = 9;

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Program {
    binary: PathBuf,
    arguments: Vec<&'static str>,
    variables: Vec<(&'static str, String)>,
}

/// A server that runs and is healthy.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process until `/health` said that all is well.
    pub healthy_after_ms: f64,
}

impl Program {
    /// A service of this workspace, built beside this program.
    ///
    /// # Errors
    /// When it is not built.
    pub fn beside(name: &str, variables: &[(&'static str, String)]) -> Result<Self, Failure> {
        let binary = std::env::current_exe()?.with_file_name(name);
        if !binary.is_file() {
            let command = format!("cargo build --release -p {name} -p labctl-bench");
            return Err(format!("no {}: build it with `{command}`", binary.display()).into());
        }
        Ok(Self {
            binary,
            arguments: Vec::new(),
            variables: variables.to_vec(),
        })
    }

    /// This program, started with the argument `bare`.
    ///
    /// # Errors
    /// When the system does not say where it is.
    pub fn bare(variables: &[(&'static str, String)]) -> Result<Self, Failure> {
        Ok(Self {
            binary: std::env::current_exe()?,
            arguments: vec!["bare"],
            variables: variables.to_vec(),
        })
    }

    /// Where it is.
    pub fn binary(&self) -> &std::path::Path {
        &self.binary
    }

    /// Starts it and waits until it is healthy.
    ///
    /// # Errors
    /// When it does not become so.
    pub fn start(&self) -> Result<Server, Failure> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let started = Instant::now();
        let mut child = Command::new(&self.binary)
            .args(&self.arguments)
            .env_clear()
            .env("LISTEN", address.to_string())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .spawn()?;
        // Read as Docker would read it.
        let mut log = child.stdout.take().ok_or("no output to read")?;
        std::thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        let mut server = Server {
            child,
            address,
            healthy_after_ms: 0.0,
        };
        while !server
            .get("/health")
            .is_ok_and(|answer| answer.contains(r#""status":"ok""#))
        {
            if started.elapsed() > PATIENCE {
                return Err(format!("{} is not healthy", self.binary.display()).into());
            }
            std::thread::yield_now();
        }
        server.healthy_after_ms = started.elapsed().as_secs_f64() * 1000.0;
        Ok(server)
    }
}

/// For each program the time from its start until `/health` says that all is well, the median of some in turns.
///
/// # Errors
/// When one does not become healthy.
pub fn healthy_after_ms<const N: usize>(programs: [&Program; N]) -> Result<[f64; N], Failure> {
    let mut starts = [const { Vec::new() }; N];
    for _ in 0..STARTS {
        for (program, starts) in programs.iter().zip(&mut starts) {
            starts.push(program.start()?.healthy_after_ms);
        }
    }
    Ok(starts.map(median))
}

impl Server {
    /// The whole answer to a GET.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The processor time it has used so far, in the kernel too; in steps of a hundredth of a second.
    ///
    /// # Errors
    /// When it has ended.
    pub fn processor_us(&self) -> Result<f64, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name before the parenthesis may hold blanks; `utime` and `stime` are fields 14 and 15.
        let (_, fields) = stat.rsplit_once(')').ok_or("no name in stat")?;
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks: f64 = times.map(str::parse::<f64>).sum::<Result<_, _>>()?;
        Ok(ticks * 10_000.0)
    }

    /// The memory it has.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_mb(&self) -> Result<f64, Failure> {
        Ok(status_bytes(self.child.id(), "VmRSS")? / 1e6)
    }

    /// The most memory it has had.
    ///
    /// # Errors
    /// When it has ended.
    pub fn most_resident_mb(&self) -> Result<f64, Failure> {
        Ok(status_bytes(self.child.id(), "VmHWM")? / 1e6)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
