//! What came of a run, as values.

use std::{path::PathBuf, time::Duration};

use labctl_runbook::{Observation, SkipReason, Verdict, traces::DrawnSpan};

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
    pub judgements: Vec<ClaimReport>,
    /// Whether it passed, and nothing but the exit code was judged.
    pub is_exit_only: bool,
    /// A block whose other output satisfies all its claims, too: they are weak.
    pub fooled_by: Option<String>,
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

/// What came of one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimReport {
    /// The claim as written (`exit == 0` for the implied one).
    pub claim: String,
    /// Its line in the runbook, from 1; the block's for the implied one.
    pub line: usize,
    /// Whether it held.
    pub verdict: Verdict,
    /// How long after the block's end it came to that, where the claim is awaited (`within`).
    pub after: Option<Duration>,
    /// Of a claim about a trace: the spans of the first trace it is about, secrets masked.
    pub spans: Vec<DrawnSpan>,
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

impl Outcome {
    /// Whether what happened is what should: passed, or stopped as planned.
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Passed | Self::Stopped)
    }
}

/// A lab's figures for a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Blocks that passed, those stopped as planned included.
    pub passed: usize,
    /// Blocks that failed or timed out.
    pub failed: usize,
    /// Blocks that could not be judged, interrupted ones included.
    pub errored: usize,
    /// Blocks that were not run.
    pub skipped: usize,
    /// Blocks that passed, and of which nothing but the exit code was judged.
    pub exit_only: usize,
    /// Claims judged, the implied ones included.
    pub expectations: usize,
    /// Claims that held.
    pub expectations_held: usize,
    /// Snapshots compared.
    pub snapshots: usize,
    /// Snapshots that matched.
    pub snapshots_matched: usize,
}

impl LabReport {
    /// Whether nothing of it failed, and nothing kept it from being judged.
    pub fn is_green(&self) -> bool {
        let counts = self.counts();
        self.errors.is_empty() && counts.failed == 0 && counts.errored == 0
    }

    /// Its figures.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            match step.outcome {
                Outcome::Passed | Outcome::Stopped => counts.passed += 1,
                Outcome::Failed | Outcome::TimedOut(_) => counts.failed += 1,
                Outcome::Errored(_) | Outcome::Cancelled => counts.errored += 1,
                Outcome::Skipped(_) => counts.skipped += 1,
            }
            counts.exit_only += usize::from(step.is_exit_only);
            counts.expectations += step.judgements.len();
            counts.expectations_held += step
                .judgements
                .iter()
                .filter(|judgement| judgement.verdict == Verdict::Held)
                .count();
            counts.snapshots += usize::from(step.snapshot.is_some());
            counts.snapshots_matched +=
                usize::from(step.snapshot == Some(SnapshotOutcome::Matched));
        }
        counts
    }

    /// A lab in which nothing ran and nothing else went wrong is an error: its green would say nothing.
    pub(crate) fn say_if_nothing_ran(&mut self) {
        let has_run = self.steps.iter().any(|step| step.attempts > 0);
        let is_told = self
            .steps
            .iter()
            .any(|step| step.outcome == Outcome::Skipped(SkipReason::Cancelled));
        if !has_run && !is_told && self.errors.is_empty() {
            self.errors
                .push("no block was run, so nothing was verified".to_owned());
        }
    }
}

impl RunReport {
    /// All labs' figures together.
    pub fn counts(&self) -> Counts {
        self.labs
            .iter()
            .map(LabReport::counts)
            .fold(Counts::default(), |sum, lab| Counts {
                passed: sum.passed + lab.passed,
                failed: sum.failed + lab.failed,
                errored: sum.errored + lab.errored,
                skipped: sum.skipped + lab.skipped,
                exit_only: sum.exit_only + lab.exit_only,
                expectations: sum.expectations + lab.expectations,
                expectations_held: sum.expectations_held + lab.expectations_held,
                snapshots: sum.snapshots + lab.snapshots,
                snapshots_matched: sum.snapshots_matched + lab.snapshots_matched,
            })
    }

    /// `verify`'s exit code: 130 interrupted · 3 something could not be told, or no lab was played · 1 something failed or
    /// timed out · 0 all passed.
    pub fn exit_code(&self) -> u8 {
        let counts = self.counts();
        if self.is_interrupted {
            130
        } else if counts.errored > 0
            || self.labs.is_empty()
            || self.labs.iter().any(|lab| !lab.errors.is_empty())
        {
            3
        } else {
            u8::from(counts.failed > 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(outcomes: impl IntoIterator<Item = Outcome>) -> RunReport {
        let step = |outcome| StepReport {
            block: "read".to_owned(),
            line: 1,
            outcome,
            judgements: Vec::new(),
            is_exit_only: false,
            fooled_by: None,
            snapshot: None,
            observation: None,
            attempts: 1,
            notes: Vec::new(),
            service_logs: None,
            elapsed: Duration::ZERO,
        };
        // Each in a lab of its own: one lab must not hide another.
        let labs = outcomes.into_iter().map(|outcome| LabReport {
            lab: "08".to_owned(),
            runbook: PathBuf::new(),
            steps: vec![step(outcome)],
            errors: Vec::new(),
            notes: Vec::new(),
            elapsed: Duration::ZERO,
        });
        RunReport {
            labs: labs.collect(),
            is_interrupted: false,
        }
    }

    #[test]
    fn the_worst_of_all_labs_is_the_exit_code() {
        use Outcome::{Cancelled, Errored, Failed, Passed, Stopped, TimedOut};
        let late = || TimedOut(Duration::ZERO);
        let errored = || Errored("why".to_owned());
        assert_eq!(run([Passed, Stopped]).exit_code(), 0);
        assert_eq!(run([Passed, Failed, Passed]).exit_code(), 1);
        assert_eq!(run([late(), Passed]).exit_code(), 1);
        assert_eq!(run([Failed, errored(), Passed]).exit_code(), 3);
        assert_eq!(run([errored(), Failed]).exit_code(), 3);
        assert_eq!(run([Cancelled, Passed]).exit_code(), 3);
        assert_eq!(run([]).exit_code(), 3);
        let mut of_lab = run([Failed, Passed]);
        of_lab.labs[1]
            .errors
            .push("docker is not running".to_owned());
        assert_eq!(of_lab.exit_code(), 3);
        let mut interrupted = run([errored()]);
        interrupted.is_interrupted = true;
        assert_eq!(interrupted.exit_code(), 130);
    }

    #[test]
    fn only_what_held_and_matched_is_counted_as_such() {
        let mut run = run([Outcome::Failed]);
        let step = &mut run.labs[0].steps[0];
        step.judgements = [
            Verdict::Held,
            Verdict::Failed("seen".to_owned()),
            Verdict::Errored("why".to_owned()),
        ]
        .map(|verdict| ClaimReport {
            claim: "exit == 0".to_owned(),
            line: 1,
            verdict,
            after: None,
            spans: Vec::new(),
        })
        .to_vec();
        step.snapshot = Some(SnapshotOutcome::Stale);
        let counts = run.counts();
        assert_eq!((counts.expectations, counts.expectations_held), (3, 1));
        assert_eq!((counts.snapshots, counts.snapshots_matched), (1, 0));
    }
}
