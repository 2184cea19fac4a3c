//! Outcomes in words, the same in every report.

use std::{fmt::Write as _, time::Duration};

use labctl_engine::{LabReport, Outcome, SnapshotOutcome, StepReport};
use labctl_runbook::Verdict;

/// One word for an outcome.
pub(crate) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Stopped => "stopped",
        Outcome::Failed => "failed",
        Outcome::Errored(_) => "errored",
        Outcome::TimedOut(_) => "timed out",
        Outcome::Skipped(_) => "skipped",
        Outcome::Cancelled => "cancelled",
    }
}

/// Why a block did not pass, in one line; `None` for one that did.
pub(crate) fn reason(step: &StepReport) -> Option<String> {
    match &step.outcome {
        Outcome::Passed | Outcome::Stopped => None,
        Outcome::Skipped(reason) => Some(reason.to_string()),
        Outcome::Errored(why) => Some(why.clone()),
        Outcome::TimedOut(deadline) => Some(format!("still running after {}", seconds(*deadline))),
        Outcome::Cancelled => Some("interrupted".to_owned()),
        Outcome::Failed => Some(first_failure(step)),
    }
}

/// Whether the block did not pass for a claim of its own, which [`details`] tell with its line.
pub(crate) fn tells_a_claim(step: &StepReport) -> bool {
    let mut verdicts = step.judgements.iter().map(|judgement| &judgement.verdict);
    match step.outcome {
        Outcome::Failed => verdicts.any(|verdict| matches!(verdict, Verdict::Failed(_))),
        Outcome::Errored(_) => verdicts.any(|verdict| matches!(verdict, Verdict::Errored(_))),
        _ => false,
    }
}

fn first_failure(step: &StepReport) -> String {
    let claim = step
        .judgements
        .iter()
        .find_map(|judgement| match &judgement.verdict {
            Verdict::Failed(seen) | Verdict::Errored(seen) => {
                Some(format!("{}: {seen}", judgement.claim))
            }
            Verdict::Held => None,
        });
    claim.unwrap_or_else(|| match &step.snapshot {
        Some(SnapshotOutcome::New(Some(_))) => "its snapshot has not been accepted yet".to_owned(),
        Some(SnapshotOutcome::New(None)) => {
            "it has no accepted snapshot, and none was recorded: `CI` is set, or the folder cannot be written"
                .to_owned()
        }
        Some(SnapshotOutcome::Stale) => "its snapshot is stale".to_owned(),
        _ => "its output is not the accepted snapshot".to_owned(),
    })
}

/// The awaited claims that held, each with how long that took; one line each.
pub(crate) fn awaited(step: &StepReport) -> Vec<String> {
    let held = step.judgements.iter();
    held.filter(|judgement| judgement.verdict == Verdict::Held)
        .filter_map(|judgement| {
            let after = seconds(judgement.after?);
            Some(format!("{}: held after {after}", judgement.claim))
        })
        .collect()
}

/// Every claim that did not hold, the difference from the snapshot, what was printed, what the services logged.
pub(crate) fn details(lab: &LabReport, step: &StepReport) -> String {
    details_of(&lab.lab, &lab.runbook.display().to_string(), step)
}

/// As [`details`], for a lab that is not over yet.
pub(crate) fn details_of(lab: &str, runbook: &str, step: &StepReport) -> String {
    let mut text = String::new();
    for judgement in &step.judgements {
        if let Verdict::Failed(seen) | Verdict::Errored(seen) = &judgement.verdict {
            let _ = writeln!(
                text,
                "{runbook}:{}: {}: {seen}",
                judgement.line, judgement.claim
            );
        }
    }
    if let Some(SnapshotOutcome::Differed { pending, diff }) = &step.snapshot {
        let _ = writeln!(
            text,
            "the output differs from the accepted snapshot:\n{diff}"
        );
        if let Some(pending) = pending {
            let _ = writeln!(
                text,
                "pending: {} (`labctl review {lab}` accepts or rejects it)",
                pending.display()
            );
        }
    }
    if let Some(SnapshotOutcome::New(Some(pending))) = &step.snapshot {
        let _ = writeln!(
            text,
            "pending: {} (`labctl review {lab}` accepts or rejects it)",
            pending.display()
        );
    }
    if let Some(seen) = &step.observation {
        section(&mut text, "stdout", &seen.stdout.text);
        section(&mut text, "stderr", &seen.stderr.text);
    }
    if let Some(logs) = &step.service_logs {
        section(&mut text, "services logged meanwhile", logs);
    }
    for note in &step.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

/// The last lines of what was printed: a failure shows at the end.
fn section(text: &mut String, title: &str, content: &str) {
    const LINES: usize = 20;
    const LINE_CHARACTERS: usize = 400;
    if content.trim().is_empty() {
        return;
    }
    let lines: Vec<_> = content.lines().collect();
    let left_out = lines.len().saturating_sub(LINES);
    let _ = match left_out {
        0 => writeln!(text, "{title}:"),
        n => writeln!(text, "{title} (the last {LINES} of {} lines):", n + LINES),
    };
    for line in &lines[left_out..] {
        let shown: String = line.chars().take(LINE_CHARACTERS).collect();
        let _ = writeln!(
            text,
            "  {shown}{}",
            if shown.len() < line.len() { "…" } else { "" }
        );
    }
}

/// `0.03 s`, `12.4 s`, `3 min 20 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{seconds:.2} s")
    } else if seconds < 99.95 {
        format!("{seconds:.1} s")
    } else {
        format!(
            "{} min {} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        )
    }
}

/// Whole as it is, else to four digits that count.
pub(crate) fn number(value: f64) -> String {
    if value.fract() == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a double has 308 digits at most"
    )]
    let digits = 3 - value.abs().log10().floor() as i32;
    let text = format!("{value:.*}", usize::try_from(digits).unwrap_or(0));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_say_something() {
        for (value, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (0.012_345_6, "0.01235"),
            (1234.56, "1235"),
            (-0.5, "-0.5"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
