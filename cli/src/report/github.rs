//! `--report github=-`: commands of GitHub Actions that put what is wrong beside the page's lines.

use labctl_engine::{LabReport, Outcome, RunReport, StepReport};
use labctl_runbook::Verdict;

use crate::report::words;

/// The run as annotations: an error for each claim that did not hold, for each block that failed otherwise, and for what
/// kept a lab from being judged.
pub(crate) fn github_report(run: &RunReport) -> String {
    let mut text = String::new();
    for lab in &run.labs {
        for step in &lab.steps {
            block(&mut text, lab, step);
        }
        for error in &lab.errors {
            annotate(&mut text, lab, 1, &lab.lab, error);
        }
    }
    text
}

fn block(text: &mut String, lab: &LabReport, step: &StepReport) {
    if step.outcome.is_success() || matches!(step.outcome, Outcome::Skipped(_)) {
        return;
    }
    let title = format!(
        "{}/{} {}",
        lab.lab,
        step.block,
        words::outcome(&step.outcome)
    );
    let mut is_told = false;
    for judgement in &step.judgements {
        if let Verdict::Failed(seen) | Verdict::Errored(seen) = &judgement.verdict {
            is_told = true;
            let message = format!("{}: {seen}", judgement.claim);
            annotate(text, lab, judgement.line, &title, &message);
        }
    }
    if !is_told || !words::tells_a_claim(step) {
        let reason = words::reason(step).unwrap_or_default();
        annotate(text, lab, step.line, &title, &reason);
    }
}

fn annotate(text: &mut String, lab: &LabReport, line: usize, title: &str, message: &str) {
    let file = lab.runbook.display().to_string();
    text.push_str(&annotation("error", (&file, line), title, message));
}

/// A command that puts a message beside a line, from 1, of a file.
pub(super) fn annotation(
    level: &str,
    (file, line): (&str, usize),
    title: &str,
    message: &str,
) -> String {
    let (file, title, message) = (property(file), property(title), data(message));
    format!("::{level} file={file},line={line},title={title}::{message}\n")
}

/// As the runner reads them back: a line break would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
