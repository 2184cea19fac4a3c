//! What one execution of a block gave.

use std::time::Duration;

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

/// A stream's text as kept: valid UTF-8 (other bytes replaced), terminal escapes removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The text; if `omitted_bytes` is not 0, head and tail around a line that says so.
    pub text: String,
    /// Bytes of the middle that were not kept.
    pub omitted_bytes: u64,
}
