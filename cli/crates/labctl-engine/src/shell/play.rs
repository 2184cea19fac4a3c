//! One block from its start to its end: output read as it comes, deadline and stops obeyed.

use std::{future::pending, time::Duration};

use labctl_runbook::ExitStatus;
use tokio::{
    io::AsyncReadExt as _,
    time::{Instant, sleep_until},
};

use super::{
    Attempt, Ending, Stop,
    captured::Keeper,
    family::Family,
    root::{Output, Root, Spawned},
};
use crate::Stream;

/// How long output is awaited after the shell has ended.
const DRAIN: Duration = Duration::from_millis(200);
/// How long a process may take to end when asked to.
const GRACE: Duration = Duration::from_millis(500);
const BUFFER_BYTES: usize = 64 * 1024;

/// When a block is stopped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) deadline: Option<Duration>,
    pub(super) endless: Option<Duration>,
}

/// What came of a block, and what it left.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) attempt: Attempt,
    /// Its family, if something of it is still alive.
    pub(super) family: Option<Family>,
}

/// Kills the family if the run is dropped before its end.
struct Guard(Option<Family>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(family) = &self.0 {
            family.kill_now();
            family.root_is_gone();
        }
    }
}

struct Pipes {
    stdout: Option<Output>,
    stderr: Option<Output>,
    out_buffer: Vec<u8>,
    err_buffer: Vec<u8>,
}

impl Pipes {
    /// The next piece of output; never, once both streams have ended.
    async fn next(&mut self) -> (Stream, usize) {
        tokio::select! {
            bytes = read(&mut self.stdout, &mut self.out_buffer) => (Stream::Stdout, bytes),
            bytes = read(&mut self.stderr, &mut self.err_buffer) => (Stream::Stderr, bytes),
        }
    }

    fn are_closed(&self) -> bool {
        self.stdout.is_none() && self.stderr.is_none()
    }

    fn take(&mut self, stream: Stream, bytes: usize) -> &[u8] {
        match stream {
            Stream::Stdout => {
                if bytes == 0 {
                    self.stdout = None;
                }
                &self.out_buffer[..bytes]
            }
            Stream::Stderr => {
                if bytes == 0 {
                    self.stderr = None;
                }
                &self.err_buffer[..bytes]
            }
        }
    }

    /// Goes on reading for those that still write, so that they live as in a terminal; what they write is dropped.
    fn leave_open(mut self) {
        if !self.are_closed() {
            tokio::spawn(async move {
                while !self.are_closed() {
                    let (stream, bytes) = self.next().await;
                    self.take(stream, bytes);
                }
            });
        }
    }
}

/// Fills the buffer anew, as far as its room goes.
async fn read(pipe: &mut Option<Output>, buffer: &mut Vec<u8>) -> usize {
    buffer.clear();
    match pipe {
        // A pipe that cannot be read has ended.
        Some(pipe) => pipe.read_buf(buffer).await.unwrap_or(0),
        None => pending().await,
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

/// Plays a started block to its end.
pub(super) async fn play(
    spawned: Spawned,
    family: Family,
    limits: Limits,
    stop: &Stop,
    mut printed: impl FnMut(Stream, &[u8]),
) -> Ended {
    let start = Instant::now();
    let mut pipes = Pipes {
        stdout: spawned.stdout,
        stderr: spawned.stderr,
        out_buffer: Vec::with_capacity(BUFFER_BYTES),
        err_buffer: Vec::with_capacity(BUFFER_BYTES),
    };
    let mut root = spawned.root;
    let mut guard = Guard(Some(family));
    let (mut stdout, mut stderr) = (Keeper::default(), Keeper::default());
    let mut exited: Option<(Instant, ExitStatus)> = None;
    let mut drained_by = None;
    let mut enough_at = None;
    let deadline = limits.deadline.map(|deadline| start + deadline);
    let by_force = loop {
        if exited.is_some() && pipes.are_closed() {
            break None;
        }
        let is_running = exited.is_none();
        tokio::select! {
            (stream, bytes) = pipes.next() => {
                let bytes = pipes.take(stream, bytes);
                if bytes.is_empty() {
                    continue;
                }
                if stdout.is_empty() && stderr.is_empty() {
                    enough_at = limits.endless.map(|time| Instant::now() + time);
                }
                match stream {
                    Stream::Stdout => stdout.push(bytes),
                    Stream::Stderr => stderr.push(bytes),
                }
                printed(stream, bytes);
            }
            status = root.ended(), if is_running => {
                exited = Some((Instant::now(), status));
                drained_by = Some(Instant::now() + DRAIN);
            }
            () = at(drained_by) => break None,
            () = at(deadline), if is_running => break Some(Ending::TimedOut),
            () = at(enough_at), if is_running => break Some(Ending::Stopped),
            () = stop.cancel.cancelled(), if is_running => break Some(Ending::Cancelled),
            () = stop.enough.cancelled(), if is_running => break Some(Ending::Stopped),
        }
    };
    if let (Some(ending), Some(family)) = (by_force, &guard.0) {
        end(
            family,
            ending,
            &mut pipes,
            &mut root,
            |stream, bytes| match stream {
                Stream::Stdout => stdout.push(bytes),
                Stream::Stderr => stderr.push(bytes),
            },
        )
        .await;
    }
    pipes.leave_open();
    if by_force.is_none()
        && root.is_leader()
        && guard
            .0
            .as_ref()
            .is_none_or(|family| !family.has_left_something())
    {
        root.dismiss().await;
    }
    let family = guard.0.take();
    if let Some(family) = &family {
        family.root_is_gone();
    }
    let (ended_at, status) = exited.unwrap_or_else(|| (Instant::now(), ExitStatus::Signal(9)));
    Ended {
        family: family.filter(Family::has_left_something),
        attempt: Attempt {
            ending: by_force.unwrap_or(Ending::Exited(status)),
            stdout: stdout.finish(),
            stderr: stderr.finish(),
            duration: ended_at - start,
        },
    }
}

/// Ends everything of the block: asked first, then by force. Output is read on, lest a writer wait for a reader.
async fn end(
    family: &Family,
    ending: Ending,
    pipes: &mut Pipes,
    root: &mut Root,
    mut kept: impl FnMut(Stream, &[u8]),
) {
    match ending {
        Ending::Stopped | Ending::Cancelled => family.interrupt(),
        Ending::TimedOut | Ending::Exited(_) => family.terminate(),
    }
    let gone = async {
        if !family.wait_gone(GRACE).await {
            family.kill().await;
        }
        // It was killed, so there is something to wait for, or the system is beyond help.
        let _ = tokio::time::timeout(GRACE, root.reap()).await;
    };
    tokio::pin!(gone);
    loop {
        tokio::select! {
            () = &mut gone => break,
            (stream, bytes) = pipes.next() => {
                kept(stream, pipes.take(stream, bytes));
            }
        }
    }
}
