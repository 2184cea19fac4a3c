//! What an attempt comes to: its claims, its exit, its snapshot, and what else a person should know.

use std::time::Duration;

use labctl_runbook::{
    Block, Captures, ExitStatus, Judgement, Observation, Runbook, Verdict,
    expect::{Statement, Subject},
};

use crate::{
    Attempt, ClaimReport, Ending, LabRun, Outcome, Runtime, SnapshotError, SnapshotOutcome,
    StepReport, in_full,
    session::{ask::Witness, claims, output::output, state::Grade},
    snapshot,
};

/// An attempt with its verdict.
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    pub(super) judgements: Vec<Judgement>,
    pub(super) is_exit_only: bool,
    pub(super) snapshot: Option<SnapshotOutcome>,
    pub(super) observation: Option<Observation>,
    pub(super) notes: Vec<String>,
}

impl Judged {
    /// One that could not be run or judged.
    pub(super) fn errored(why: String) -> Self {
        Self {
            outcome: Outcome::Errored(why),
            judgements: Vec::new(),
            is_exit_only: false,
            snapshot: None,
            observation: None,
            notes: Vec::new(),
        }
    }

    /// How long the attempt took, if it was run.
    pub(super) fn duration(&self) -> Option<Duration> {
        self.observation
            .as_ref()
            .map(|observation| observation.duration)
    }

    pub(super) fn grade(&self) -> Grade {
        if self.outcome.is_success() {
            Grade::Passed
        } else {
            Grade::NotPassed
        }
    }
}

impl StepReport {
    /// Takes over what the latest attempt came to; notes of earlier ones stay.
    pub(super) fn fill_in(&mut self, judged: Judged, runbook: &Runbook) {
        self.outcome = judged.outcome;
        self.judgements = judged
            .judgements
            .into_iter()
            .map(|judgement| ClaimReport {
                line: runbook.line_of(judgement.span),
                claim: judgement.claim,
                verdict: judgement.verdict,
                after: judgement.after,
                spans: judgement.spans,
            })
            .collect();
        self.is_exit_only = judged.is_exit_only;
        self.snapshot = judged.snapshot;
        self.observation = judged.observation;
        for note in judged.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }
}

/// Judges an attempt of `block` that might take `deadline`.
pub(super) async fn judge<R: Runtime>(
    run: &LabRun<'_>,
    block: &Block,
    attempt: &Attempt,
    deadline: Duration,
    witness: &mut Witness<'_, '_, R>,
    captures: &mut Captures,
) -> Judged {
    let exit = match attempt.ending {
        Ending::Exited(status) => status,
        Ending::TimedOut | Ending::Stopped | Ending::Cancelled => ExitStatus::Code(0),
    };
    let observation = Observation {
        exit,
        stdout: output(&attempt.stdout, &run.secrets),
        stderr: output(&attempt.stderr, &run.secrets),
        duration: attempt.duration,
    };
    let mut judged = Judged {
        notes: notes(attempt, block, witness.is_asked),
        ..Judged::errored(String::new())
    };
    match attempt.ending {
        Ending::Cancelled => judged.outcome = Outcome::Cancelled,
        Ending::TimedOut => {
            judged.outcome = Outcome::TimedOut(deadline);
            judged
                .judgements
                .extend(until_judgement(block, &observation, captures));
        }
        Ending::Exited(_) | Ending::Stopped => {
            let is_exit_judged =
                block.expectations.until.is_none() && attempt.ending != Ending::Stopped;
            judged
                .judgements
                .extend(until_judgement(block, &observation, captures));
            judged.judgements.extend(
                claims::judge(block, &observation, witness, captures, is_exit_judged).await,
            );
            judged.judgements.extend(silence(block, attempt));
            judged.outcome = if witness.is_cut_short {
                Outcome::Cancelled
            } else {
                outcome(attempt, &judged.judgements)
            };
            if judged.outcome.is_success() {
                compare_snapshot(run, block, &observation, &mut judged);
            }
            judged.is_exit_only = judged.outcome.is_success()
                && judged.snapshot.is_none()
                && is_exit_only(block, &judged.judgements);
        }
    }
    judged.observation = Some(observation);
    judged
}

fn until_judgement(
    block: &Block,
    observation: &Observation,
    captures: &Captures,
) -> Option<Judgement> {
    let claim = block.expectations.until.as_ref()?;
    Some(Judgement {
        claim: format!("until {}", claim.text.trim_start_matches("until ")),
        span: claim.span,
        verdict: claims::evaluate(claim, observation, captures),
        after: None,
        spans: Vec::new(),
    })
}

/// An endless block that was stopped before it printed anything has shown nothing.
fn silence(block: &Block, attempt: &Attempt) -> Option<Judgement> {
    let is_silent = attempt.stdout.head.is_empty() && attempt.stderr.head.is_empty();
    (attempt.ending == Ending::Stopped && block.expectations.until.is_none() && is_silent).then(
        || Judgement {
            claim: "an endless block prints something".to_owned(),
            span: block.opening,
            verdict: Verdict::Failed("it printed nothing".to_owned()),
            after: None,
            spans: Vec::new(),
        },
    )
}

fn outcome(attempt: &Attempt, judgements: &[Judgement]) -> Outcome {
    if judgements
        .iter()
        .any(|judgement| matches!(judgement.verdict, Verdict::Failed(_)))
    {
        return Outcome::Failed;
    }
    if let Some(Judgement {
        claim,
        verdict: Verdict::Errored(why),
        ..
    }) = judgements
        .iter()
        .find(|judgement| matches!(judgement.verdict, Verdict::Errored(_)))
    {
        return Outcome::Errored(format!("`{claim}`: {why}"));
    }
    if attempt.ending == Ending::Stopped {
        Outcome::Stopped
    } else {
        Outcome::Passed
    }
}

fn is_exit_only(block: &Block, judgements: &[Judgement]) -> bool {
    let said_otherwise = block
        .expectations
        .statements
        .iter()
        .any(|statement| match statement {
            Statement::Claim(claim) => !matches!(claim.subject, Subject::Exit),
            Statement::Capture(_) => false,
        });
    !said_otherwise && block.expectations.until.is_none() && !judgements.is_empty()
}

fn compare_snapshot(
    run: &LabRun<'_>,
    block: &Block,
    observation: &Observation,
    judged: &mut Judged,
) {
    let Some(folder) = &run.snapshots else {
        if block.expectations.snapshot.is_on() {
            judged.notes.push(NO_FOLDER.to_owned());
        }
        return;
    };
    let compared = snapshot::compare(folder, run.runbook, block, observation);
    match compared {
        Ok(outcome) => {
            judged.notes.extend(outcome.notes);
            if let Some(snapshot) = outcome.snapshot {
                match snapshot {
                    SnapshotOutcome::Matched => {}
                    SnapshotOutcome::Stale => judged.notes.push(STALE.to_owned()),
                    SnapshotOutcome::Differed { .. } | SnapshotOutcome::New(_) => {
                        judged.outcome = Outcome::Failed;
                    }
                }
                judged.snapshot = Some(snapshot);
            }
        }
        Err(SnapshotError::Redaction(error)) => {
            judged.outcome = Outcome::Failed;
            judged.judgements.push(Judgement {
                claim: "the output has what its redactions hide".to_owned(),
                span: block.opening,
                verdict: Verdict::Failed(error.to_string()),
                after: None,
                spans: Vec::new(),
            });
        }
        Err(error) => judged.outcome = Outcome::Errored(in_full(&error)),
    }
}

const STALE: &str =
    "stale snapshot: the block's code changed since it was accepted, its output did not";

const NO_FOLDER: &str =
    "its snapshot was not compared: nobody has made a folder for them; `labctl lint` says where";

/// 128 + SIGPIPE.
const BROKEN_PIPE: i32 = 141;

fn notes(attempt: &Attempt, block: &Block, is_asked: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let mut statements = block.expectations.statements.iter();
    if !is_asked && statements.any(|statement| statement.subject().is_asked()) {
        notes.push(
            "what labctl itself would ask for was not judged: `labctl verify` does that".to_owned(),
        );
    }
    if let Ending::Exited(status) = attempt.ending
        && status.code() == BROKEN_PIPE
    {
        notes.push(
            "exit 141 is SIGPIPE: a command in a pipe went on writing after its reader had ended, such as `… | head`"
                .to_owned(),
        );
    }
    notes
}
