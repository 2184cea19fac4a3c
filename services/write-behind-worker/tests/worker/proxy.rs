//! Two ways to the stores that are cut together, at a step that is counted.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Counts what passes between a worker and its stores, in both directions, and stops all of it at one step.
#[derive(Debug, Clone)]
pub(crate) struct Steps(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    passed: usize,
    last: usize,
    /// Something stands at the step after the last, and goes no further.
    is_reached: bool,
    streams: Vec<TcpStream>,
}

impl Steps {
    /// So many may pass.
    pub(crate) fn at_most(last: usize) -> Self {
        let state = Mutex::new(State {
            last,
            ..State::default()
        });
        Self(Arc::new(Shared {
            state,
            changed: Condvar::new(),
        }))
    }

    /// The URL of a store, by way of this.
    pub(crate) fn to(&self, url: &str) -> String {
        let (start, port) = url.rsplit_once(':').unwrap();
        let end = port.find('/').unwrap_or(port.len());
        let store = port[..end].parse().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let steps = self.clone();
        std::thread::spawn(move || {
            for worker in listener.incoming() {
                steps.connect(&worker.unwrap(), store);
            }
        });
        format!("{start}:{own}{}", &port[end..])
    }

    pub(crate) fn is_reached(&self) -> bool {
        self.0.state.lock().unwrap().is_reached
    }

    /// Closes everything, as the end of a process does.
    pub(crate) fn cut(&self) {
        for stream in self.0.state.lock().unwrap().streams.drain(..) {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Waits for the step, or for as long as `patience`.
    pub(crate) fn wait(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut state = self.0.state.lock().unwrap();
        while !state.is_reached {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return;
            };
            state = self.0.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    fn connect(&self, worker: &TcpStream, store: u16) {
        let store = TcpStream::connect((Ipv4Addr::LOCALHOST, store)).unwrap();
        let mut state = self.0.state.lock().unwrap();
        for stream in [worker, &store] {
            stream.set_nodelay(true).unwrap();
            state.streams.push(stream.try_clone().unwrap());
        }
        for (from, to) in [(worker, &store), (&store, worker)] {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let steps = self.clone();
            std::thread::spawn(move || steps.pass(from, to));
        }
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = vec![0; 64 * 1024];
        loop {
            let length = from.read(&mut bytes).unwrap_or(0);
            let is_over =
                length == 0 || !self.may_pass() || to.write_all(&bytes[..length]).is_err();
            if is_over {
                break;
            }
        }
        if !self.is_reached() {
            // Either side's end is the other's.
            let _ = to.shutdown(Shutdown::Both);
        }
    }

    fn may_pass(&self) -> bool {
        let mut state = self.0.state.lock().unwrap();
        if state.passed >= state.last {
            state.is_reached = true;
            self.0.changed.notify_all();
            return false;
        }
        state.passed += 1;
        true
    }
}
