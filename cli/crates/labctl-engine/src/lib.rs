//! The run: a plan is played block by block, each attempt observed and judged; events tell what happens.
//!
//! Knows no Docker, no command line and no terminal. What brings services up is behind [`Runtime`], what runs a
//! block behind [`Shell`].

mod cause;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod event;
#[cfg(test)]
mod fake_runtime;
mod http;
mod report;
mod runtime;
mod secrets;
mod session;
mod shell;
mod snapshot;
#[cfg(any(test, feature = "contract"))]
pub mod test_server;
mod traces;

pub use event::{Event, Reporter, Stream};
pub use report::{ClaimReport, Counts, LabReport, Outcome, RunReport, SnapshotOutcome, StepReport};
pub use runtime::{Lab, NoRuntime, NotReady, Residue, Runtime, RuntimeError};
pub use secrets::Secrets;
pub use session::{
    Curve, LabRun, MetricsLook, MissingTool, Played, SearchPath, look_at_metrics, missing_tools,
    query_range, run_blocks, verify_lab,
};
pub use shell::{
    Attempt, Captured, Ending, Invocation, ProcessShell, Program, Shell, ShellError, Stop,
};
pub use snapshot::{
    PendingSnapshot, Recorded, SnapshotError, SnapshotFile, SnapshotFolder, code_digest,
    pending_in, record,
};

pub use traces::{TraceReceiver, TraceStore, jaeger_spans};

pub(crate) use cause::in_full;
