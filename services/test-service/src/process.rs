//! A service's binary, run as a container runs it.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// A service's own limit is below a second; the rest is for a busy machine.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// A service's binary.
#[derive(Debug, Clone, Copy)]
pub struct Program(&'static str);

/// A process of a service, killed when dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    output: BufReader<ChildStdout>,
    log: String,
}

impl Program {
    /// The binary at `path`, which cargo knows as `env!("CARGO_BIN_EXE_<name>")`.
    pub const fn new(path: &'static str) -> Self {
        Self(path)
    }

    /// A command that runs it, with nothing in its environment.
    pub fn command(self) -> Command {
        let mut command = Command::new(self.0);
        command.env_clear();
        command
    }

    /// Starts it with these environment variables, on a free port.
    #[must_use = "the process ends when this is dropped"]
    pub fn start(self, variables: &[(&str, String)]) -> Running {
        let mut command = self.command();
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Running::start(command)
    }

    /// What its health check ends with, of the service at `address`.
    pub fn healthcheck(self, address: SocketAddr) -> Output {
        let mut command = self.command();
        command
            .arg("healthcheck")
            .env("LISTEN", address.to_string());
        command.output().unwrap()
    }
}

impl Running {
    /// Starts what `command` says on a free port.
    #[must_use = "the process ends when this is dropped"]
    pub fn start(mut command: Command) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        command
            .env("LISTEN", address.to_string())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            address,
            child,
            output,
            log: String::new(),
        }
    }

    /// Until `/health` answers with 200.
    pub fn until_healthy(&mut self) {
        const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let deadline = Instant::now() + PATIENCE;
        while !self
            .ask(HEALTH)
            .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
        {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}");
            assert!(Instant::now() < deadline, "it never became healthy");
            std::thread::yield_now();
        }
    }

    /// Reads the log until `fact` was in it.
    pub fn until_logged(&mut self, fact: &str) {
        while !self.log.contains(fact) {
            let length = self.output.read_line(&mut self.log).unwrap();
            assert!(length > 0, "no `{fact}` in\n{}", self.log);
        }
    }

    /// Sends the bytes of a request; all that comes until the service closes the connection.
    ///
    /// # Errors
    /// It does not take the connection, or breaks it, or gives no answer in time.
    pub fn ask(&self, request: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// As [`Running::ask`], with JSON as the body and in the trace of this number, below a span of the caller's.
    pub fn ask_traced(&self, trace: u8, method: &str, path: &str, body: &str) -> String {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\ntraceparent: 00-{}-b7ad6b7169203331-01\r\n\r\n{body}",
            body.len(),
            trace_id(trace)
        );
        self.ask(&request).unwrap()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, which it cannot see coming.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM; gives the exit and everything that was logged.
    pub fn terminate(self) -> (ExitStatus, String) {
        let pid = self.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        self.end()
    }

    /// Waits for the end, which is near; gives the exit and everything that was logged.
    pub fn end(mut self) -> (ExitStatus, String) {
        let started = Instant::now();
        self.output.read_to_string(&mut self.log).unwrap();
        let status = self.child.wait().unwrap();
        let taken = started.elapsed();
        assert!(taken < STOP_LIMIT, "stopped after {taken:?}");
        (status, std::mem::take(&mut self.log))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let _ = self.output.read_to_string(&mut self.log);
            let _ = writeln!(io::stderr(), "the process logged:\n{}", self.log);
        }
    }
}

/// The id of the trace of this number, 32 hexadecimal digits.
pub fn trace_id(trace: u8) -> String {
    format!("{trace:032x}")
}
