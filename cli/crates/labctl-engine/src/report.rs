//! What came of a run, as values.

use std::{path::PathBuf, time::Duration};

use labctl_runbook::{Judgement, Observation, SkipReason};

/// What came of one step.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// The block's name.
    pub block: String,
    /// The opening fence's line in the runbook, from 1.
    pub line: usize,
    /// The verdict on the block as a whole.
    pub outcome: Outcome,
    /// Each claim with its verdict; the implied `exit == 0` included.
    pub judgements: Vec<Judgement>,
    /// Whether nothing but the exit code was judged.
    pub is_exit_only: bool,
    /// What came of its snapshot; `None` where none is compared.
    pub snapshot: Option<SnapshotOutcome>,
    /// What its last attempt gave; `None` if it was not run.
    pub observation: Option<Observation>,
    /// Attempts made; 0 if it was not run.
    pub attempts: u32,
    /// What else a person should know: children left behind, SIGPIPE, services that restarted.
    pub notes: Vec<String>,
    /// The services' log lines since the block began, where it failed; secrets masked.
    pub service_logs: Option<String>,
    /// From its start to its verdict, all attempts together.
    pub elapsed: Duration,
}

/// The verdict on a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Every claim held.
    Passed,
    /// An endless block printed something for five seconds, and was stopped as planned.
    Stopped,
    /// A claim is false, or the snapshot differs.
    Failed,
    /// It could not be told: why.
    Errored(String),
    /// It was still running at its deadline.
    TimedOut(Duration),
    /// It was not run: why.
    Skipped(SkipReason),
    /// The run was interrupted while it ran.
    Cancelled,
}

/// What came of a block's snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotOutcome {
    /// The output is the accepted one.
    Matched,
    /// The output differs: the pending file, and the difference as unified diff lines.
    Differed {
        /// The `.snap.new` file; `None` where it could not be written.
        pending: Option<PathBuf>,
        /// Lines of a unified diff.
        diff: String,
    },
    /// There is no accepted snapshot yet: the pending file (`None`: it could not be written).
    New(Option<PathBuf>),
    /// The block's code changed since the snapshot was accepted, though the output is still the same.
    Stale,
}

/// What came of one lab.
#[derive(Debug, Clone)]
pub struct LabReport {
    /// Its slug, or the path of a foreign runbook.
    pub lab: String,
    /// The runbook file as the caller would name it.
    pub runbook: PathBuf,
    /// Every planned block, in the order of the document.
    pub steps: Vec<StepReport>,
    /// What kept the lab as a whole from being judged, such as "docker is not running"; any of it is an error.
    pub errors: Vec<String>,
    /// What a person should know: snapshots whose block is gone, processes left behind, how to get in (`--keep`).
    pub notes: Vec<String>,
    /// From its first to its last event, teardown included.
    pub elapsed: Duration,
}

/// What came of a whole run.
#[derive(Debug, Clone, Default)]
pub struct RunReport {
    /// Every lab, in the order played.
    pub labs: Vec<LabReport>,
    /// Whether a person interrupted it.
    pub is_interrupted: bool,
}
