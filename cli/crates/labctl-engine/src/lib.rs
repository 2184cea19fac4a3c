//! The run: a plan is played block by block, each attempt observed and judged; events tell what happens.
//!
//! Knows no Docker, no command line and no terminal. What brings services up is behind [`Runtime`], what runs a
//! block behind [`Shell`].

mod event;
mod report;
mod runtime;
mod shell;

pub use event::{Event, Reporter, Stream};
pub use report::{LabReport, Outcome, RunReport, SnapshotOutcome, StepReport};
pub use runtime::{Lab, NotReady, Residue, Runtime, RuntimeError};
pub use shell::{Attempt, Captured, Ending, Invocation, Program, Shell, ShellError, Stop};
