//! What one execution of a block gave.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::traces::RecordedSpan;

/// What one execution of a block gave.
#[derive(Debug, Clone)]
pub struct Observation {
    /// How its process ended.
    pub exit: ExitStatus,
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
    /// From start to end.
    pub duration: Duration,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl ExitStatus {
    /// As a shell shows it in `$?`: the code, or 128 plus the signal.
    pub const fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

/// What a service was like when labctl asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceObservation {
    /// `running`, `exited`, `restarting`, `paused`, `created`, `removing`, `dead`; `not created` without a container.
    pub state: String,
    /// The exit code of a container that has ended.
    pub exit_code: Option<i64>,
    /// `starting`, `healthy`, `unhealthy`; `None` without a health check.
    pub health: Option<String>,
    /// How often the engine has restarted the container of its own accord; `None` without a container.
    pub restarts: Option<u64>,
    /// What it has logged on both streams since the block began, each line ended; `None` without a container, or if
    /// nobody asked.
    pub logs: Option<Output>,
}

/// What labctl was answered over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpObservation {
    /// The status, such as 200.
    pub status: u16,
    /// The headers in the order they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; of a long one, its beginning.
    pub body: Output,
}

/// The spans that labctl had been sent when it looked.
#[derive(Debug, Clone, Default)]
pub struct TraceObservation {
    /// Those of every trace that might be meant.
    pub spans: Vec<Arc<RecordedSpan>>,
    /// Nanoseconds since 1970: what began earlier is none of the block's.
    pub since: u64,
    /// How many spans that may be of the block's time there was no room for.
    pub lost: u64,
    /// Every service that has sent a span since the lab began.
    pub services: BTreeSet<String>,
}

/// A stream's text as kept: valid UTF-8 (other bytes replaced), terminal escapes removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The text; if `omitted_bytes` is not 0, head and tail around a line that says so.
    pub text: String,
    /// Bytes of the middle that were not kept.
    pub omitted_bytes: u64,
}

impl Output {
    /// Output whose middle was not kept.
    pub fn cut(head: &str, omitted_bytes: u64, tail: &str) -> Self {
        Self {
            text: format!("{head}{}{tail}", gap(omitted_bytes)),
            omitted_bytes,
        }
    }

    /// Head and tail of output whose middle was not kept; else all of it, and nothing.
    pub(crate) fn pieces(&self) -> (&str, &str) {
        match self.omitted_bytes {
            0 => (&self.text, ""),
            omitted => self
                .text
                .split_once(&gap(omitted))
                .unwrap_or((&self.text, "")),
        }
    }
}

/// What stands between head and tail.
fn gap(omitted_bytes: u64) -> String {
    format!("\n… {omitted_bytes} bytes not kept …\n")
}
