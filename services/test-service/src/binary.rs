//! What the binary of every service with a Redis and a PostgreSQL keeps; each function is a test.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use serde_json::Value;

use crate::Program;

/// The URL of a PostgreSQL that is not there.
fn nowhere() -> String {
    "postgresql://u:p@127.0.0.1:1/x".to_owned()
}

/// It stops in time with a GET of `path` under way and no store in sight.
pub fn stops_in_time(program: Program, path: &str) {
    let mut redis = test_stores::Redis::start();
    redis.pause();
    let variables = [("REDIS_URL", redis.url()), ("POSTGRES_URL", nowhere())];
    let mut service = program.start(&variables);
    service.until_healthy();
    assert!(program.healthcheck(service.address).status.success());
    let mut request = TcpStream::connect(service.address).unwrap();
    request
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
        .unwrap();
    let (status, log) = service.terminate();
    assert_eq!(status.code(), Some(0), "{log}");
}

/// The log says why Redis refuses the service, as one in protected mode does to clients of other machines.
pub fn says_why_redis_refuses(program: Program) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let redis = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let _ = client.read(&mut [0; 1024]).unwrap();
        client.write_all(b"-DENIED protected mode\r\n").unwrap();
    });
    let mut service = program.start(&[("REDIS_URL", url), ("POSTGRES_URL", nowhere())]);
    service.until_logged("protected mode");
    redis.join().unwrap();
}

/// Log lines can be JSON, those about a GET of `path` too, and no secret is in them.
pub fn logs_json(program: Program, path: &str) {
    let mut service = program.start(&[
        ("REDIS_URL", "redis://:secret@127.0.0.1:1".to_owned()),
        ("POSTGRES_URL", nowhere()),
        ("LOG_FORMAT", "json".to_owned()),
    ]);
    service.until_healthy();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    service.ask(&request).unwrap();
    let (_, log) = service.terminate();
    assert!(log.lines().count() >= 4 && !log.contains("secret"), "{log}");
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(
            event["timestamp"].is_string() && event["message"].is_string(),
            "{line}"
        );
    }
}

/// What it cannot use ends the program called `name` with a message.
pub fn refuses_what_it_cannot_use(program: Program, name: &str) {
    let usage = format!("usage: {name} [healthcheck]");
    refuses(program, &["serve"], ("A", "b"), &usage);
    let xml = "LOG_FORMAT=`xml` is not one of text, json";
    refuses(program, &[], ("LOG_FORMAT", "xml"), xml);
    let port = "LISTEN=`8000` is not an address";
    refuses(program, &[], ("LISTEN", "8000"), port);
    let silence = "no answer from http://127.0.0.1:1/health";
    refuses(
        program,
        &["healthcheck"],
        ("LISTEN", "127.0.0.1:1"),
        silence,
    );
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    refuses(program, &[], ("LISTEN", &taken), "cannot listen on");
}

/// With these arguments and this variable it ends, and says `message`.
#[track_caller]
pub fn refuses(program: Program, arguments: &[&str], variable: (&str, &str), message: &str) {
    let mut command = program.command();
    // Its own port may be taken by a lab.
    command.env("LISTEN", "127.0.0.1:0");
    let output = command.args(arguments).env(variable.0, variable.1).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(message), "{said}");
}
