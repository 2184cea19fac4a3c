//! The process that a block began with, and how its end is learned.

use std::{
    ffi::OsString,
    io,
    os::unix::process::ExitStatusExt as _,
    process::{ExitStatus as ProcessExit, Stdio},
};

use labctl_runbook::ExitStatus;
use pty_process::{OwnedReadPty, OwnedWritePty, Size};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, ChildStderr, Command},
};

/// Leads the session of a block's terminal. When a leader ends, the kernel hangs the terminal up on all that is left in
/// its session, so this one outlives the block's shell and says on standard error how that ended.
const LEADER: &str =
    "trap '' TSTP; trap : INT QUIT; \"$@\" 2>&1; echo $? >&2; exec sleep infinity <&- >&- 2>&-";

/// What a block began with.
#[derive(Debug)]
pub(super) struct Root {
    child: Child,
    /// Where the leader says how the block's shell ended, and what of it was read so far.
    report: Option<(ChildStderr, String)>,
}

/// One of a block's two streams.
pub(super) type Output = Box<dyn AsyncRead + Send + Unpin>;

/// A root with its streams.
pub(super) struct Spawned {
    pub(super) root: Root,
    pub(super) stdout: Option<Output>,
    pub(super) stderr: Option<Output>,
    /// The block's terminal, to write to.
    pub(super) terminal: Option<OwnedWritePty>,
}

impl Root {
    /// Starts it in a process group of its own, its input empty and its output piped.
    pub(super) fn with_pipes(mut command: Command) -> io::Result<Spawned> {
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Spawned {
            stdout: child.stdout.take().map(|pipe| Box::new(pipe) as Output),
            stderr: child.stderr.take().map(|pipe| Box::new(pipe) as Output),
            root: Self {
                child,
                report: None,
            },
            terminal: None,
        })
    }

    /// Starts it at a terminal of this size. `command` is what [`at_terminal`] gave the words for.
    pub(super) fn with_terminal(command: Command, size: Size) -> io::Result<Spawned> {
        let (pty, end) = pty_process::open().map_err(io::Error::other)?;
        pty.resize(size).map_err(io::Error::other)?;
        let mut child = pty_process::Command::from(command)
            .stderr(Stdio::piped())
            .spawn(end)
            .map_err(io::Error::other)?;
        let (read, write): (OwnedReadPty, OwnedWritePty) = pty.into_split();
        Ok(Spawned {
            stdout: Some(Box::new(read)),
            stderr: None,
            root: Self {
                report: child.stderr.take().map(|pipe| (pipe, String::new())),
                child,
            },
            terminal: Some(write),
        })
    }

    /// Its process id.
    pub(super) fn pid(&self) -> i32 {
        self.child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .unwrap_or_default()
    }

    /// Whether its process lives on after the block.
    pub(super) fn is_leader(&self) -> bool {
        self.report.is_some()
    }

    /// Waits for the end of the block's shell. May be dropped and called again.
    pub(super) async fn ended(&mut self) -> ExitStatus {
        if let Some((pipe, said)) = &mut self.report {
            while let Ok(byte) = pipe.read_u8().await {
                said.push(char::from(byte));
                if let Some(code) = said.strip_suffix('\n')
                    && let Ok(code) = code.parse()
                {
                    return ExitStatus::Code(code);
                }
                if byte == b'\n' {
                    // Words of the leader's about a signal.
                    said.clear();
                }
            }
        }
        exit_status(self.child.wait().await.ok())
    }

    /// Waits for its process, after that was killed.
    pub(super) async fn reap(&mut self) {
        let _ = self.child.wait().await;
    }

    /// Ends the leader.
    pub(super) async fn dismiss(&mut self) {
        let _ = self.child.kill().await;
    }
}

/// The words of a command that is to be started with [`Root::with_terminal`].
pub(super) fn at_terminal(words: Vec<OsString>) -> Vec<OsString> {
    let leader = ["sh", "-c", LEADER, "labctl"];
    leader.iter().map(OsString::from).chain(words).collect()
}

fn exit_status(status: Option<ProcessExit>) -> ExitStatus {
    // Somebody else waited for it: it was not by itself that it ended.
    let Some(status) = status else {
        return ExitStatus::Signal(9);
    };
    match (status.code(), status.signal()) {
        (Some(code), _) => ExitStatus::Code(code),
        (None, signal) => ExitStatus::Signal(signal.unwrap_or(9)),
    }
}
