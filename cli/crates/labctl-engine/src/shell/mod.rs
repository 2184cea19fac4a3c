//! What runs one block: the seam to processes.

mod captured;
#[cfg(test)]
pub(crate) mod contract;
mod exports;
mod family;
mod play;
mod process;
mod root;
mod script;
mod start;
mod terminal;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ffi::OsString, future::Future, path::PathBuf, time::Duration};

use labctl_runbook::ExitStatus;

use crate::Stream;

pub use captured::Captured;
pub use process::ProcessShell;

/// Runs blocks. One environment is carried from block to block.
pub trait Shell {
    /// Runs one block to its end, handing on what it prints as it comes.
    ///
    /// # Errors
    /// The block could not be started.
    fn run(
        &mut self,
        invocation: &Invocation,
        stop: &Stop,
        printed: &mut dyn FnMut(Stream, &[u8]),
    ) -> impl Future<Output = Result<Attempt, ShellError>>;

    /// Starts a block beside the ones that follow; what it prints is kept.
    ///
    /// # Errors
    /// The block could not be started.
    fn start_background(
        &mut self,
        invocation: &Invocation,
    ) -> impl Future<Output = Result<(), ShellError>>;

    /// Waits for the background block of that name to end by itself, for at most `deadline`.
    ///
    /// # Errors
    /// No such block is running.
    fn wait_background(
        &mut self,
        block: &str,
        deadline: Duration,
        stop: &Stop,
    ) -> impl Future<Output = Result<Attempt, ShellError>>;

    /// Ends every background block that still runs ([`Ending::Stopped`]) and gives what each of them came to, with the
    /// ones that had ended by themselves; in the order started.
    fn stop_background(&mut self) -> impl Future<Output = Vec<(String, Attempt)>>;

    /// Ends everything that blocks have left running, and names it ("sleep 1000 (pid 4711), left by `start-load`").
    fn end_session(&mut self) -> impl Future<Output = Vec<String>>;
}

/// What is to be run, and how.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The block's name, for messages.
    pub block: String,
    /// What runs the code.
    pub program: Program,
    /// The code.
    pub code: String,
    /// Where.
    pub cwd: PathBuf,
    /// Variables set for this block besides the session's.
    pub env: BTreeMap<String, String>,
    /// When everything it started is ended.
    pub deadline: Duration,
    /// Stop it after this much time with output, as it never ends by itself: [`Ending::Stopped`].
    pub endless: Option<Duration>,
    /// A terminal for it (`run` at a terminal), instead of pipes and an empty standard input; what it prints is all
    /// standard output then. Pipes all the same, if the caller's standard input is no terminal.
    pub is_interactive: bool,
    /// In bash, go on where the last block that shared its state and passed stopped: plain variables, functions, options
    /// and, from the same `cwd`, its working folder. Other shells share exported variables only.
    pub shares_state: bool,
}

/// What runs a block's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A shell, with arguments: its variables are carried on. Options for stopping at the first failure are added.
    Shell(Vec<OsString>),
    /// Another interpreter: the code goes to a temporary file with this suffix.
    Interpreter {
        /// Program and arguments before the file.
        command: Vec<OsString>,
        /// The file's suffix, such as `.py`.
        suffix: String,
    },
    /// No interpreter is known for the language: the code itself is the output (Runme's rule for `yaml` and the like).
    Print,
}

/// What one execution gave.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// How it ended.
    pub ending: Ending,
    /// Standard output as kept.
    pub stdout: Captured,
    /// Standard error as kept.
    pub stderr: Captured,
    /// From start to end.
    pub duration: Duration,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself.
    Exited(ExitStatus),
    /// At its deadline, by force.
    TimedOut,
    /// As planned: an endless one after its time, a background one at the end, an `until` that held.
    Stopped,
    /// By the person who interrupted the run.
    Cancelled,
}

/// Asks for a stop from elsewhere: Ctrl-C, or an `until` that holds.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// The person interrupts the run.
    pub cancel: tokio_util::sync::CancellationToken,
    /// The block has shown what it should.
    pub enough: tokio_util::sync::CancellationToken,
}

/// Why a block could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The program is not there, or could not be started.
    #[error("cannot start `{program}` for block `{block}`")]
    Start {
        /// The block.
        block: String,
        /// The program.
        program: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// No background block of that name runs.
    #[error("no background block `{0}` is running")]
    NoSuchBackground(String),
    /// Anything else about files and pipes.
    #[error("cannot run block `{block}`: {what}")]
    Io {
        /// The block.
        block: String,
        /// What failed.
        what: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}
