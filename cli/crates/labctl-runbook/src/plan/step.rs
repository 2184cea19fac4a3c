//! The chosen blocks, resolved and in order.

use std::time::Duration;

/// The chosen blocks, resolved and in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In the order they are played.
    pub steps: Vec<Step>,
    /// Blocks of the runbook that nobody asked for.
    pub left_out: usize,
}

/// One block in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Index into `Runbook::blocks`.
    pub block: usize,
    /// What is done with it.
    pub action: Action,
    /// What it means for the lab's services.
    pub part: Part,
    /// How long it may take.
    pub deadline: Duration,
}

/// What is done with a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is run and judged when it ends.
    Run,
    /// It never ends by itself: interrupted after five seconds of output.
    RunEndless {
        /// The command that does not end, such as `docker compose logs -f`.
        command: String,
    },
    /// It runs beside the blocks that follow.
    RunInBackground,
    /// It is not run.
    Skip(SkipReason),
}

/// What a block does to the lab's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Brings them up: readiness is awaited right after it.
    Start,
    /// Takes them down.
    Cleanup,
    /// Neither.
    Ordinary,
}

/// Why a block is not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// It would harm what is not the lab's own: the command that does.
    Destructive(String),
    /// It stands after the cleanup, or its role says so.
    OnDemand,
    /// Its fence says `excludeFromRunAll`.
    NotInRunAll,
    /// It waits for a person: the command that does.
    Interactive(String),
    /// Its fence names no language and its author gave it no name.
    NoLanguage,
    /// Nothing runs its language, which is named here: it is something to read.
    NotCode(String),
    /// Its author says so: why.
    ByAuthor(String),
    /// A block it needs did not pass: which.
    Needs(String),
    /// The lab did not come up.
    LabNotUp,
    /// A block before it did not pass, and the run is to end with that.
    AfterFailure,
    /// The run was interrupted, or out of time, before its turn.
    Cancelled,
}
