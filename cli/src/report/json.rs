//! `--report json=FILE`: one JSON object for the whole run; `docs/reports.md` shows it.

use labctl_engine::{ClaimReport, LabReport, RunReport, SnapshotOutcome, StepReport};
use labctl_runbook::Verdict;
use serde_json::{Value, json};

use crate::report::words;

/// The run as JSON text.
pub(crate) fn json_report(run: &RunReport) -> String {
    let report = json!({
        "labctl": env!("CARGO_PKG_VERSION"),
        "interrupted": run.is_interrupted,
        "exit_code": run.exit_code(),
        "labs": run.labs.iter().map(lab).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn lab(lab: &LabReport) -> Value {
    json!({
        "lab": lab.lab,
        "runbook": lab.runbook.display().to_string(),
        "seconds": lab.elapsed.as_secs_f64(),
        "errors": lab.errors,
        "notes": lab.notes,
        "blocks": lab.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

/// What came of a block.
pub(super) fn step(step: &StepReport) -> Value {
    let seen = step.observation.as_ref();
    json!({
        "block": step.block,
        "line": step.line,
        "outcome": words::outcome(&step.outcome),
        "reason": words::reason(step),
        "exit_only": step.is_exit_only,
        "fooled_by": step.fooled_by,
        "attempts": step.attempts,
        "seconds": step.elapsed.as_secs_f64(),
        "exit_code": seen.map(|seen| seen.exit.code()),
        "stdout": seen.map(|seen| &seen.stdout.text),
        "stderr": seen.map(|seen| &seen.stderr.text),
        "omitted_bytes": seen.map(|seen| seen.stdout.omitted_bytes + seen.stderr.omitted_bytes),
        "claims": step.judgements.iter().map(claim).collect::<Vec<_>>(),
        "snapshot": step.snapshot.as_ref().map(snapshot),
        "notes": step.notes,
        "service_logs": step.service_logs,
    })
}

fn claim(judgement: &ClaimReport) -> Value {
    let (verdict, seen) = match &judgement.verdict {
        Verdict::Held => ("held", None),
        Verdict::Failed(seen) => ("failed", Some(seen)),
        Verdict::Errored(why) => ("errored", Some(why)),
    };
    json!({
        "claim": judgement.claim,
        "line": judgement.line,
        "verdict": verdict,
        "seen": seen,
        "after_seconds": judgement.after.map(|after| after.as_secs_f64()),
    })
}

fn snapshot(outcome: &SnapshotOutcome) -> Value {
    match outcome {
        SnapshotOutcome::Matched => json!({"outcome": "matched"}),
        SnapshotOutcome::Stale => json!({"outcome": "stale"}),
        SnapshotOutcome::New(pending) => json!({"outcome": "new", "pending": pending}),
        SnapshotOutcome::Differed { pending, diff } => {
            json!({"outcome": "differed", "pending": pending, "diff": diff})
        }
    }
}
