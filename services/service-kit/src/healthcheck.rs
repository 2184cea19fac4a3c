//! The probe behind `<service> healthcheck`: a container image without a shell asks the service itself.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);
/// Enough for the status line.
const ANSWER_BYTES: usize = 256;

/// The service is not there or not well.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No connection, or no answer in time.
    #[error("no answer from http://{address}/health")]
    NoAnswer {
        /// Where the service should be.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// An answer that is not a success.
    #[error("http://{address}/health answered `{status_line}`")]
    Unhealthy {
        /// Where the service is.
        address: SocketAddr,
        /// What it said.
        status_line: String,
    },
}

/// Asks `/health` of the service that listens on `listen`, over loopback where it listens on every address.
///
/// # Errors
/// No answer within two seconds a step, or none with status 2xx.
pub fn probe(listen: SocketAddr) -> Result<(), ProbeError> {
    let address = reachable(listen);
    let answer = ask(address).map_err(|source| ProbeError::NoAnswer { address, source })?;
    let status_line = answer.lines().next().unwrap_or_default();
    if status_line
        .split(' ')
        .nth(1)
        .is_some_and(|code| code.starts_with('2'))
    {
        return Ok(());
    }
    Err(ProbeError::Unhealthy {
        address,
        status_line: status_line.to_owned(),
    })
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // In one write: whoever answers after the first part must not find a second.
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = vec![0; ANSWER_BYTES];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            stream.write_all(answer.as_bytes())
        });
        address
    }

    #[test]
    fn a_success_is_healthy_and_anything_else_is_not() {
        assert!(probe(answering("HTTP/1.1 200 OK\r\n\r\n")).is_ok());
        let error = probe(answering("HTTP/1.1 503 Service Unavailable\r\n\r\n")).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("answered `HTTP/1.1 503 Service Unavailable`")
        );
        assert!(probe(answering("")).is_err());
    }

    #[test]
    fn nobody_listening_is_no_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert!(matches!(probe(address), Err(ProbeError::NoAnswer { .. })));
    }

    #[test]
    fn every_address_is_asked_over_loopback() {
        assert_eq!(
            reachable("0.0.0.0:8000".parse().unwrap()).to_string(),
            "127.0.0.1:8000"
        );
        assert_eq!(
            reachable("[::]:8000".parse().unwrap()).to_string(),
            "[::1]:8000"
        );
        assert_eq!(
            reachable("10.1.2.3:80".parse().unwrap()).to_string(),
            "10.1.2.3:80"
        );
    }
}
