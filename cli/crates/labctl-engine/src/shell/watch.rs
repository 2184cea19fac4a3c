//! One execution from its first byte to its end.

use std::{process::ExitStatus as ProcessExit, time::Duration};

use labctl_runbook::ExitStatus;
use nix::sys::signal::Signal;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Child,
    time::{Instant, sleep_until, timeout_at},
};

use crate::{
    Stream,
    shell::{Attempt, Ending, Stop, capture::Keeper, tree::Tree},
};

/// What a block's shell may still print after it ended, and for how long.
const DRAIN: Duration = Duration::from_millis(200);
const BUFFER_BYTES: usize = 64 << 10;

/// A block's shell that has been started.
pub(super) struct Running<O, E> {
    pub(super) child: Child,
    pub(super) stdout: O,
    pub(super) stderr: Option<E>,
    pub(super) tree: Tree,
    pub(super) started: Instant,
}

/// When to end it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) deadline: Duration,
    pub(super) endless: Option<Duration>,
}

enum Happened {
    Printed(Stream, usize),
    Ended(std::io::Result<ProcessExit>),
    Late,
    Enough,
    Cancelled,
}

impl<O: AsyncRead + Unpin, E: AsyncRead + Unpin> Running<O, E> {
    /// Waits for its end and hands on what it prints.
    pub(super) async fn watch<P: FnMut(Stream, &[u8]) + ?Sized>(
        mut self,
        limits: Limits,
        stop: &Stop,
        printed: &mut P,
    ) -> Attempt {
        let (mut stdout, mut stderr) = (Keeper::default(), Keeper::default());
        let (mut out_buffer, mut err_buffer) = (vec![0; BUFFER_BYTES], vec![0; BUFFER_BYTES]);
        let (mut out_open, mut err_open) = (true, self.stderr.is_some());
        let late = self.started + limits.deadline;
        let mut shown: Option<Instant> = None;
        let ending = loop {
            let enough_shown = shown.zip(limits.endless).map(|(since, time)| since + time);
            let happened = tokio::select! {
                biased;
                () = stop.cancel.cancelled() => Happened::Cancelled,
                () = stop.enough.cancelled() => Happened::Enough,
                () = sleep_until(late) => Happened::Late,
                () = sleep_until(enough_shown.unwrap_or(late)), if enough_shown.is_some() => Happened::Enough,
                read = self.stdout.read(&mut out_buffer), if out_open => Happened::Printed(Stream::Stdout, read.unwrap_or(0)),
                read = read_some(self.stderr.as_mut(), &mut err_buffer), if err_open => Happened::Printed(Stream::Stderr, read),
                ended = self.child.wait() => Happened::Ended(ended),
            };
            match happened {
                Happened::Printed(Stream::Stdout, 0) => out_open = false,
                Happened::Printed(Stream::Stderr, 0) => err_open = false,
                Happened::Printed(stream, read) => {
                    shown.get_or_insert_with(Instant::now);
                    let (captured, buffer) = match stream {
                        Stream::Stdout => (&mut stdout, &out_buffer),
                        Stream::Stderr => (&mut stderr, &err_buffer),
                    };
                    captured.push(&buffer[..read]);
                    printed(stream, &buffer[..read]);
                }
                Happened::Ended(ended) => break Ending::Exited(exit_status(&ended)),
                Happened::Late => break Ending::TimedOut,
                Happened::Enough => break Ending::Stopped,
                Happened::Cancelled => break Ending::Cancelled,
            }
        };
        let duration = self.started.elapsed();
        match ending {
            // The id may be another process's by now.
            Ending::Exited(_) => self.tree.root = None,
            Ending::TimedOut => self.tree.end(Signal::SIGTERM).await,
            Ending::Stopped | Ending::Cancelled => self.tree.end(Signal::SIGINT).await,
        }
        let drained = Instant::now() + DRAIN;
        if !matches!(ending, Ending::Exited(_)) {
            drop(timeout_at(drained, self.child.wait()).await);
        }
        while let Ok(Ok(read @ 1..)) = timeout_at(drained, self.stdout.read(&mut out_buffer)).await
        {
            stdout.push(&out_buffer[..read]);
            printed(Stream::Stdout, &out_buffer[..read]);
        }
        while let Ok(read @ 1..) =
            timeout_at(drained, read_some(self.stderr.as_mut(), &mut err_buffer)).await
        {
            stderr.push(&err_buffer[..read]);
            printed(Stream::Stderr, &err_buffer[..read]);
        }
        Attempt {
            ending,
            stdout: stdout.into_captured(),
            stderr: stderr.into_captured(),
            duration,
        }
    }
}

async fn read_some<E: AsyncRead + Unpin>(stream: Option<&mut E>, buffer: &mut [u8]) -> usize {
    match stream {
        Some(stream) => stream.read(buffer).await.unwrap_or(0),
        None => 0,
    }
}

fn exit_status(ended: &std::io::Result<ProcessExit>) -> ExitStatus {
    use std::os::unix::process::ExitStatusExt;
    match ended {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => ExitStatus::Code(code),
            (None, Some(signal)) => ExitStatus::Signal(signal),
            (None, None) => ExitStatus::Code(-1),
        },
        // Somebody else waited for it: what became of it is lost.
        Err(_) => ExitStatus::Code(-1),
    }
}
