//! Log lines to standard output through a buffer and one thread, so that a request never waits for a
//! write of its own. Nothing is dropped: a full buffer makes the writers wait, and the guard flushes.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Enough for a write to be worth its system call.
const WRITE_BYTES: usize = 32 * 1024;
/// A line waits no longer than this for company.
const WRITE_AFTER: Duration = Duration::from_millis(5);
/// More than this and writers wait for the output to catch up.
const MAX_PENDING_BYTES: usize = 1024 * 1024;

/// The end of the log: dropping it writes what is still buffered.
#[derive(Debug)]
#[must_use = "dropping the guard ends the log"]
pub struct LogGuard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Where lines are put; every clone is the same buffer.
#[derive(Debug, Clone)]
pub(crate) struct LogWriter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    pending: Mutex<Pending>,
    filled: Condvar,
    drained: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    is_closed: bool,
}

/// Starts the thread that writes to `output`.
pub(crate) fn start(mut output: impl Write + Send + 'static) -> io::Result<(LogWriter, LogGuard)> {
    let shared = Arc::new(Shared::default());
    let theirs = Arc::clone(&shared);
    let thread = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || theirs.write_all_to(&mut output))?;
    let guard = LogGuard {
        shared: Arc::clone(&shared),
        thread: Some(thread),
    };
    Ok((LogWriter(shared), guard))
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        // The buffer is whole between any two statements.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all_to(&self, output: &mut impl Write) {
        let mut batch = Vec::new();
        while self.next_batch(&mut batch) {
            // With the output gone there is nowhere to say so.
            let _ = output.write_all(&batch).and_then(|()| output.flush());
            batch.clear();
        }
    }

    /// Waits for lines and moves them to `batch`; false when the log is closed and empty.
    fn next_batch(&self, batch: &mut Vec<u8>) -> bool {
        let pending = self.lock();
        let pending = self
            .filled
            .wait_while(pending, |p| p.bytes.is_empty() && !p.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut pending, _) = self
            .filled
            .wait_timeout_while(pending, WRITE_AFTER, |p| {
                p.bytes.len() < WRITE_BYTES && !p.is_closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(batch, &mut pending.bytes);
        self.drained.notify_all();
        !batch.is_empty()
    }

    fn push(&self, line: &[u8]) {
        let pending = self.lock();
        let mut pending = self
            .drained
            .wait_while(pending, |p| {
                p.bytes.len() >= MAX_PENDING_BYTES && !p.is_closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        let before = pending.bytes.len();
        pending.bytes.extend_from_slice(line);
        let after = pending.bytes.len();
        drop(pending);
        if before == 0 || (before < WRITE_BYTES && after >= WRITE_BYTES) {
            self.filled.notify_one();
        }
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.filled.notify_all();
        self.shared.drained.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the writer has been reported by its thread.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_of_every_thread_is_there_after_the_guard_is_dropped() {
        let sink = Sink::default();
        let (writer, guard) = start(sink.clone()).unwrap();
        // More than the buffer may hold, so that writers have to wait for it.
        let line = format!("{}\n", "x".repeat(999));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..1000).for_each(|_| writer.clone().write_all(line.as_bytes()).unwrap());
                });
            }
        });
        drop(guard);
        let written = sink.0.lock().unwrap();
        assert_eq!(written.len(), 4_000_000);
        assert!(written.chunks(1000).all(|chunk| chunk == line.as_bytes()));
    }
}
