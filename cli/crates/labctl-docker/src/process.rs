//! Runs one process to its end, within a deadline, and keeps what it printed.

use std::{process::Stdio, sync::mpsc, time::Duration};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

use crate::DockerError;

/// More output than any model or listing has.
const STDOUT_LIMIT: usize = 8 << 20;
/// Enough for the last words.
const STDERR_LIMIT: usize = 64 << 10;

/// What a process came to.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Whether it exited with code 0.
    pub(crate) is_success: bool,
    /// The end of its standard output, 8 MiB at most.
    pub(crate) stdout: Vec<u8>,
    /// The end of its standard error, 64 KiB at most.
    pub(crate) stderr: String,
}

impl Finished {
    /// The end of standard error in one line, for messages.
    pub(crate) fn last_words(&self) -> String {
        let lines: Vec<&str> = self
            .stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let tail = &lines[lines.len().saturating_sub(3)..];
        if tail.is_empty() {
            "it said nothing".to_owned()
        } else {
            tail.join(" | ")
        }
    }
}

/// Runs `command` in a process group of its own, with an empty standard input. The whole group is killed at the
/// deadline, and when the future is dropped.
///
/// # Errors
/// [`DockerError::NoDocker`] when the program is `docker` and not there; it could not be started; it was late.
pub(crate) async fn run(mut command: Command, deadline: Duration) -> Result<Finished, DockerError> {
    let shown = shown(&command);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let start_failed = |source: std::io::Error| {
        if source.kind() == std::io::ErrorKind::NotFound && shown.starts_with("docker ") {
            DockerError::NoDocker
        } else {
            DockerError::Start {
                command: shown.clone(),
                source,
            }
        }
    };
    let mut child = command.spawn().map_err(start_failed)?;
    let mut group = Group::of(child.id());
    let stdout = child.stdout.take().expect("stdout is piped");
    let stderr = child.stderr.take().expect("stderr is piped");
    let all = async {
        tokio::join!(
            read_tail(stdout, STDOUT_LIMIT),
            read_tail(stderr, STDERR_LIMIT),
            child.wait()
        )
    };
    let Ok((stdout, stderr, status)) = tokio::time::timeout(deadline, all).await else {
        return Err(DockerError::Late {
            command: shown,
            deadline,
        });
    };
    group.has_ended();
    let status = status.map_err(|source| DockerError::Start {
        command: shown,
        source,
    })?;
    Ok(Finished {
        is_success: status.success(),
        stdout,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

/// Runs `command` without an async runtime, as in a destructor, and lets nothing of it be seen; whether it exited with
/// code 0 in time. Its whole group is killed at the deadline.
pub(crate) fn run_blocking(mut command: Command, deadline: Duration) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let Ok(mut child) = command.into_std().spawn() else {
        return false;
    };
    let mut group = Group::of(Some(child.id()));
    let (ended, end) = mpsc::channel();
    // Ends with the child, which the deadline ends.
    std::thread::spawn(move || ended.send(child.wait()));
    match end.recv_timeout(deadline) {
        Ok(status) => {
            group.has_ended();
            status.is_ok_and(|status| status.success())
        }
        Err(_) => false,
    }
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let command = command.as_std();
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads to the end and keeps the last `limit` bytes.
async fn read_tail(mut reader: impl AsyncRead + Unpin, limit: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = reader.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * limit {
            kept.drain(..kept.len() - limit);
        }
    }
    kept.drain(..kept.len().saturating_sub(limit));
    kept
}

/// A process group that is killed unless it has ended.
struct Group(Option<Pid>);

impl Group {
    fn of(leader: Option<u32>) -> Self {
        Self(
            leader
                .and_then(|id| i32::try_from(id).ok())
                .map(Pid::from_raw),
        )
    }

    fn has_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // It may be gone already: then there is nothing to end.
            let _ = killpg(leader, Signal::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(code: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", code]);
        command
    }

    #[tokio::test]
    async fn output_and_code_are_kept() {
        let finished = run(
            sh("echo out; echo err >&2; exit 3"),
            Duration::from_secs(20),
        )
        .await
        .unwrap();
        assert!(!finished.is_success);
        assert_eq!(finished.stdout, b"out\n");
        assert_eq!(finished.last_words(), "err");
    }

    #[tokio::test]
    async fn a_late_process_goes_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let code = format!("sleep 1000 & echo $! > {}; wait", pid_file.display());
        let error = run(sh(&code), Duration::from_secs(3)).await.unwrap_err();
        assert!(matches!(error, DockerError::Late { .. }), "{error}");
        let pid = std::fs::read_to_string(&pid_file).unwrap();
        let is_gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
            stat.map_or(true, |stat| stat.contains(") Z "))
        };
        // A killed process takes its time to die.
        let late = tokio::time::Instant::now() + Duration::from_secs(20);
        while !is_gone() {
            assert!(tokio::time::Instant::now() < late, "the grandchild lives");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[test]
    fn blocking_runs_have_deadlines_too() {
        assert!(run_blocking(sh("exit 0"), Duration::from_secs(20)));
        assert!(!run_blocking(sh("exit 1"), Duration::from_secs(20)));
        assert!(!run_blocking(sh("sleep 1000"), Duration::from_millis(100)));
    }

    #[tokio::test]
    async fn only_the_end_of_much_output_is_kept() {
        let finished = run(
            sh("head -c 300000 /dev/zero >&2; echo the end >&2"),
            Duration::from_secs(20),
        )
        .await
        .unwrap();
        assert_eq!(finished.stderr.len(), STDERR_LIMIT);
        assert!(finished.stderr.ends_with("the end\n"));
    }
}
