//! The binary as a container runs it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::lab::{PATIENCE, TABLE};
use test_stores::{Postgres, Redis};

const BINARY: &str = env!("CARGO_BIN_EXE_write-behind-api");
/// The service's own limit is 0.7 s; the rest is for a busy machine.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// A running binary, killed when dropped.
struct Service {
    child: Child,
    address: SocketAddr,
    output: BufReader<ChildStdout>,
    log: String,
}

#[test]
fn it_becomes_healthy_logs_its_facts_and_stops_at_sigterm() {
    let redis = Redis::start();
    let postgres = Postgres::start(TABLE);
    let variables = [("REDIS_URL", redis.url()), ("DATABASE_URL", postgres.url())];
    let mut service = Service::start(&variables);
    service.until_healthy();
    service.until_logged(r#"connected store="redis""#);
    service.until_logged(r#"connected store="postgres""#);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    service.request(&format!(
        "GET /products/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01\r\n\r\n"
    ));
    // An idle connection must not hold up the stop.
    let _idle = TcpStream::connect(service.address).unwrap();
    let (status, log) = service.terminate();
    assert_eq!(status.code(), Some(0), "{log}");
    for fact in [
        "starting",
        "labuser:***@",
        r#"connected store="redis""#,
        r#"connected store="postgres""#,
        "write_behind=true coalescing=true",
        r#"request method="GET" product_id="a""#,
        &format!("trace_id={trace} status=200"),
        r#"stopping signal="SIGTERM""#,
    ] {
        assert!(log.contains(fact), "no `{fact}` in\n{log}");
    }
    assert!(!log.contains("labpass"), "{log}");
}

#[test]
fn it_stops_in_time_with_a_request_under_way_and_no_store_in_sight() {
    let mut redis = Redis::start();
    redis.pause();
    let nowhere = "postgresql://u:p@127.0.0.1:1/x".to_owned();
    let mut service = Service::start(&[("REDIS_URL", redis.url()), ("DATABASE_URL", nowhere)]);
    service.until_healthy();
    let mut request = TcpStream::connect(service.address).unwrap();
    request
        .write_all(b"GET /products/a HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let (status, log) = service.terminate();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn log_lines_can_be_json() {
    let nowhere = [
        ("REDIS_URL", "redis://:secret@127.0.0.1:1".to_owned()),
        ("DATABASE_URL", "postgresql://u:p@127.0.0.1:1/x".to_owned()),
        ("LOG_FORMAT", "json".to_owned()),
    ];
    let mut service = Service::start(&nowhere);
    service.until_healthy();
    service.request("GET /products/a%0Ab HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let (_, log) = service.terminate();
    assert!(log.lines().count() >= 4 && !log.contains("secret"), "{log}");
    for line in log.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            event["timestamp"].is_string() && event["message"].is_string(),
            "{line}"
        );
    }
}

#[test]
fn what_it_cannot_use_ends_it_with_a_message() {
    #[track_caller]
    fn check(arguments: &[&str], variable: (&str, &str), message: &str) {
        let output = Command::new(BINARY)
            .args(arguments)
            .env_clear()
            .env(variable.0, variable.1)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(message), "{said}");
    }
    check(
        &[],
        ("COALESCING_WINDOW_MS", "soon"),
        "COALESCING_WINDOW_MS=`soon` is not",
    );
    check(&[], ("LISTEN", "8000"), "LISTEN=`8000` is not an address");
    check(
        &[],
        ("LOG_FORMAT", "xml"),
        "LOG_FORMAT=`xml` is not one of text, json",
    );
    check(
        &["serve"],
        ("A", "b"),
        "usage: write-behind-api [healthcheck]",
    );
    check(
        &["healthcheck"],
        ("LISTEN", "127.0.0.1:1"),
        "no answer from http://127.0.0.1:1/health",
    );
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    check(&[], ("LISTEN", &taken), "cannot listen on");
}

impl Service {
    fn start(variables: &[(&str, String)]) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut child = Command::new(BINARY)
            .env_clear()
            .env("LISTEN", address.to_string())
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            address,
            output,
            log: String::new(),
        }
    }

    /// Healthy as Docker means it: `/health` answers.
    fn until_healthy(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.healthcheck().status.success() {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended");
            assert!(Instant::now() < deadline, "it never became healthy");
        }
    }

    /// Reads the log until `fact` was in it.
    fn until_logged(&mut self, fact: &str) {
        while !self.log.contains(fact) {
            let length = self.output.read_line(&mut self.log).unwrap();
            assert!(length > 0, "no `{fact}` in\n{}", self.log);
        }
    }

    fn healthcheck(&self) -> Output {
        let mut command = Command::new(BINARY);
        command
            .arg("healthcheck")
            .env("LISTEN", self.address.to_string());
        command.output().unwrap()
    }

    fn request(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends SIGTERM; the exit and everything that was logged.
    fn terminate(mut self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let started = Instant::now();
        self.output.read_to_string(&mut self.log).unwrap();
        let status = self.child.wait().unwrap();
        assert!(
            started.elapsed() < STOP_LIMIT,
            "stopped after {:?}",
            started.elapsed()
        );
        (status, std::mem::take(&mut self.log))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
