//! `--report tap=FILE`: the Test Anything Protocol, version 14; a test point for each block.

use std::fmt::Write as _;

use labctl_engine::{LabReport, Outcome, RunReport, StepReport};

use crate::report::words;

/// The run as TAP.
pub(crate) fn tap_report(run: &RunReport) -> String {
    let mut text = "TAP version 14\n".to_owned();
    let points = run
        .labs
        .iter()
        .map(|lab| lab.steps.len() + lab.errors.len());
    let _ = writeln!(text, "1..{}", points.sum::<usize>());
    let mut number = 0;
    for lab in &run.labs {
        for step in &lab.steps {
            number += 1;
            point(&mut text, number, lab, step);
        }
        for error in &lab.errors {
            number += 1;
            let name = escaped(&format!("{} (lab)", lab.lab));
            let _ = writeln!(text, "not ok {number} - {name}");
            diagnostics(&mut text, &[("outcome", "errored"), ("message", error)]);
        }
    }
    if run.is_interrupted {
        text.push_str("Bail out! interrupted\n");
    }
    text
}

fn point(text: &mut String, number: usize, lab: &LabReport, step: &StepReport) {
    let name = escaped(&format!("{}/{}", lab.lab, step.block));
    match &step.outcome {
        Outcome::Passed | Outcome::Stopped => {
            let _ = writeln!(text, "ok {number} - {name}");
        }
        Outcome::Skipped(reason) => {
            let reason = one_line(&reason.to_string());
            let _ = writeln!(text, "ok {number} - {name} # SKIP {reason}");
        }
        outcome => {
            let _ = writeln!(text, "not ok {number} - {name}");
            let place = format!("{}:{}", lab.runbook.display(), step.line);
            let fields = [
                ("outcome", words::outcome(outcome)),
                ("at", &place),
                ("message", &words::reason(step).unwrap_or_default()),
                ("details", &words::details(lab, step)),
            ];
            diagnostics(text, &fields);
        }
    }
}

/// A block of YAML below a test point; a JSON string is one of YAML.
fn diagnostics(text: &mut String, fields: &[(&str, &str)]) {
    text.push_str("  ---\n");
    for (key, value) in fields {
        let _ = writeln!(text, "  {key}: {}", serde_json::Value::from(*value));
    }
    text.push_str("  ...\n");
}

/// As a description: a number sign would begin a directive.
fn escaped(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('#', "\\#")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
