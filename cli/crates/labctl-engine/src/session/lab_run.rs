//! What is to be played, and how.

use std::{path::PathBuf, sync::Arc, time::Duration};

use labctl_runbook::{Plan, Runbook};

use crate::{Lab, Secrets, TraceStore, session::SearchPath, snapshot::SnapshotFolder};

/// A lab's turn: what is to be played, and how.
#[derive(Debug, Clone)]
pub struct LabRun<'a> {
    /// The lab as the runtime knows it: its name, the folder its blocks start in, the variables they run with.
    pub lab: Lab,
    /// The runbook file as the caller would name it.
    pub path: PathBuf,
    /// The runbook, without errors.
    pub runbook: &'a Runbook,
    /// Its blocks that are played.
    pub plan: &'a Plan,
    /// The services are brought up before the first block unless a block does it: a lab of ours, or a foreign runbook
    /// that asks for it.
    pub brings_up: bool,
    /// A lab with a failure stays up.
    pub keeps_failed: bool,
    /// After a block that did not pass, only what takes the lab down is played.
    pub fails_fast: bool,
    /// What the whole lab may take before its teardown begins; [`LabRun::DEADLINE`] unless said otherwise.
    pub deadline: Duration,
    /// Where its accepted outputs are; `None`: they are not compared.
    pub snapshots: Option<SnapshotFolder>,
    /// Where programs are looked for.
    pub search_path: SearchPath,
    /// What never appears in a report or a snapshot.
    pub secrets: Secrets,
    /// Where the services' spans come together; why they do not; `None`: nobody asked for them.
    pub traces: Option<Result<Arc<TraceStore>, String>>,
}

impl LabRun<'_> {
    /// What a whole lab may take unless said otherwise.
    pub const DEADLINE: Duration = Duration::from_mins(45);
}
