//! What happens in a run, in the past tense. Reporters live on these alone.

use std::{path::Path, time::Duration};

use crate::{LabReport, RunReport, StepReport};

/// Receives events; the only thing that may print or write a report.
pub trait Reporter {
    /// Takes notice of one event. Must be quick: the run waits for it.
    fn handle(&mut self, event: &Event<'_>);
}

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A lab's turn came.
    LabStarted {
        /// Its slug, or the path of a foreign runbook.
        lab: &'a str,
        /// The runbook file as the caller would name it.
        runbook: &'a Path,
        /// How many blocks are planned.
        blocks: usize,
    },
    /// Something a person should know that is no verdict: what a killed run left and was removed, a lab found up.
    /// The report of the lab has it too.
    Noted {
        /// A lower-case fragment.
        message: &'a str,
    },
    /// The lab's services are being brought up, or awaited.
    ServicesAwaited,
    /// Every service is ready.
    ServicesReady {
        /// How long the wait took.
        elapsed: Duration,
    },
    /// A block started.
    StepStarted {
        /// Its name.
        block: &'a str,
        /// Its place in the plan, from 1.
        number: usize,
        /// Its line in the runbook, from 1.
        line: usize,
    },
    /// A block printed something: raw bytes, as they came.
    StepPrinted {
        /// Its name.
        block: &'a str,
        /// Where it printed.
        stream: Stream,
        /// What.
        bytes: &'a [u8],
    },
    /// An attempt did not satisfy the block's claims; it will be run again.
    StepRetried {
        /// Its name.
        block: &'a str,
        /// The attempt that failed, from 1.
        attempt: u32,
    },
    /// A block ended and was judged, or was skipped.
    StepFinished {
        /// What came of it.
        step: &'a StepReport,
    },
    /// The lab is being taken down.
    TeardownStarted,
    /// The lab was taken down, or was left up on purpose.
    LabFinished {
        /// What came of it.
        lab: &'a LabReport,
    },
    /// Everything is over.
    RunFinished {
        /// What came of it.
        run: &'a RunReport,
    },
}

/// One of a block's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}
