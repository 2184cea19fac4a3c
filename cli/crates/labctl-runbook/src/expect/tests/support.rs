//! What the tests of this folder share.

use std::time::Duration;

use super::super::{Evidence, Expectations, judge, parse};
use crate::{Captures, Diagnostic, ExitStatus, Observation, Output, Span, Verdict};

pub(super) fn read(comment: &str) -> (Expectations, Vec<Diagnostic>) {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in comment.split('\n') {
        lines.push(Span::new(at, at + line.len()));
        at += line.len() + 1;
    }
    parse(comment, &lines)
}

pub(super) fn observed(stdout: &str) -> Observation {
    Observation {
        exit: ExitStatus::Code(0),
        stdout: Output {
            text: stdout.to_owned(),
            omitted_bytes: 0,
        },
        stderr: Output {
            text: "warned\n".to_owned(),
            omitted_bytes: 0,
        },
        duration: Duration::from_millis(250),
    }
}

#[track_caller]
pub(super) fn verdict<'a>(claim: &str, evidence: impl Into<Evidence<'a>>) -> Verdict {
    let (expectations, diagnostics) = read(claim);
    assert_eq!(diagnostics, [], "{claim}");
    let mut captures = Captures::default();
    captures.insert("seven", serde_json::json!(7));
    captures.insert("word", serde_json::json!("hit"));
    judge(&expectations.statements[0], evidence, &mut captures)
}

#[track_caller]
pub(super) fn holds(claim: &str, stdout: &str) {
    assert_eq!(
        verdict(claim, &observed(stdout)),
        Verdict::Held,
        "{claim} of {stdout}"
    );
}

#[track_caller]
pub(super) fn fails(claim: &str, stdout: &str, seen: &str) {
    assert_eq!(
        verdict(claim, &observed(stdout)),
        Verdict::Failed(seen.to_owned()),
        "{claim} of {stdout}"
    );
}

/// One diagnostic: its place in the line, its message, its help.
#[track_caller]
pub(super) fn wrong(line: &str, place: &str, message: &str, help: &str) {
    let (_, diagnostics) = read(line);
    let [found] = &diagnostics[..] else {
        panic!("{line}: {diagnostics:?}")
    };
    let told = (
        &line[found.span.range()],
        found.message.as_str(),
        found.help.as_deref().unwrap_or(""),
    );
    assert_eq!(told, (place, message, help), "{line}");
}
