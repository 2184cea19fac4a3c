//! An HTTP server for tests, on loopback at a free port: gives the answers it was told to, in order; the last one stays.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What is answered to one question.
#[derive(Debug, Clone)]
pub enum Answer {
    /// These bytes.
    Bytes(String),
    /// Nothing, and the connection stays open.
    Never,
}

impl Answer {
    /// An answer with these lines of headers. `headers`: each line ended by CR LF.
    pub fn new(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(format!(
            "HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        ))
    }
}

/// The server; it ends with this value.
#[derive(Debug)]
pub struct TestServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl TestServer {
    /// Starts one.
    ///
    /// # Panics
    /// There is no free port.
    pub fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers: Vec<Answer> = answers.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let serve = move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let Some(request) = head(&stream) else {
                    continue;
                };
                if request == "STOP /" {
                    break;
                }
                let mut log = log.lock().expect("nobody panicked");
                let answer = answers.get(log.len()).or(answers.last());
                log.push(request);
                match answer {
                    Some(Answer::Bytes(bytes)) => drop(stream.write_all(bytes.as_bytes())),
                    Some(Answer::Never) | None => open.push(stream),
                }
            }
        };
        Self {
            address,
            asked,
            thread: Some(thread::spawn(serve)),
        }
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Method and path of each question so far.
    ///
    /// # Panics
    /// The server has.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

/// Reads a request up to its body: its method and path.
fn head(stream: &TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    for line in lines {
        if line.ok()?.is_empty() {
            break;
        }
    }
    let mut words = first.split(' ');
    Some(format!("{} {}", words.next()?, words.next()?))
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(self.address) {
            let _ = stream.write_all(b"STOP / HTTP/1.1\r\n\r\n");
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
