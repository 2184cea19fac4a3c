//! Claims that prove nothing.

use std::collections::BTreeMap;

use super::Reader;
use crate::{
    Block, Diagnostic,
    expect::{
        Aspect, Claim, Comparison, HttpPart, HttpSubject, Predicate, Statement, Subject,
        UrlTemplate, Value, is_vacuous,
    },
};

pub(super) fn check(reader: &Reader<'_>) -> Vec<Diagnostic> {
    let blocks = &reader.runbook.blocks;
    blocks
        .iter()
        .flat_map(|block| {
            let found = vacuous(block).into_iter().chain(own_capture(block));
            found.chain(asked_twice(block))
        })
        .collect()
}

/// What is compared with the value that the same comment has just captured of it.
fn own_capture(block: &Block) -> Vec<Diagnostic> {
    let mut captured = BTreeMap::new();
    let mut found = Vec::new();
    for statement in &block.expectations.statements {
        match statement {
            Statement::Capture(capture) => {
                captured.insert(&capture.name, &capture.subject);
            }
            // What is asked for twice may have changed in between.
            Statement::Claim(claim) if !claim.is_negated && !claim.subject.is_asked() => {
                if let Predicate::Compare(
                    Comparison::Equal | Comparison::LessOrEqual | Comparison::GreaterOrEqual,
                    Value::Capture(name),
                    _,
                )
                | Predicate::Contains(Value::Capture(name)) = &claim.predicate
                    && captured.get(name) == Some(&&claim.subject)
                {
                    let message = format!("`{}` compares what is printed with itself", claim.text);
                    found.push(
                        Diagnostic::warning("vacuous-claim", claim.span, message)
                            .with_help("compare it with what an earlier block printed"),
                    );
                }
            }
            Statement::Claim(_) => {}
        }
    }
    found
}

/// What changes things, asked for by more than one line: each line asks for itself.
fn asked_twice(block: &Block) -> Vec<Diagnostic> {
    let mut asked: Vec<&HttpSubject> = Vec::new();
    let mut found = Vec::new();
    for statement in &block.expectations.statements {
        let Subject::Http(subject) = statement.subject() else {
            continue;
        };
        let is_the_same =
            |other: &&HttpSubject| other.method == subject.method && other.url == subject.url;
        if !subject.method.is_safe() && asked.iter().any(is_the_same) {
            let message = format!("this sends the same `{}` again", subject.method.name());
            let help = "each line asks for itself: claim one thing of it, or play it in the block";
            found
                .push(Diagnostic::warning("asks-twice", statement.span(), message).with_help(help));
        }
        asked.push(subject);
    }
    found
}

/// Claims that would also hold if nothing were printed or logged there, where no other claim says that something is;
/// and those that no number of restarts can make false.
fn vacuous(block: &Block) -> Vec<Diagnostic> {
    let expectations = &block.expectations;
    let claims: Vec<&Claim> = expectations
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Claim(claim) => Some(claim),
            Statement::Capture(_) => None,
        })
        .collect();
    let all = claims.iter().copied().chain(&expectations.until);
    let demanded: Vec<Source<'_>> = all
        .filter(|claim| !is_vacuous(claim))
        .filter_map(Source::of)
        .collect();
    claims
        .into_iter()
        .filter(|claim| is_vacuous(claim))
        .filter(|claim| Source::of(claim).is_none_or(|source| !demanded.contains(&source)))
        .map(|claim| {
            let (nothing, help) = match Source::of(claim) {
                None if matches!(claim.subject, Subject::Http(_)) => {
                    ("holds whatever the status is", "say which: `status == 200`")
                }
                None if matches!(claim.subject, Subject::Metric(_)) => (
                    "holds of anything that only grows",
                    "say by how much: `delta == 1`, `delta > 0`",
                ),
                None if matches!(claim.subject, Subject::Trace(_)) => (
                    "holds of any span",
                    "say how long: `duration > 100ms`, `ratio \"a\" \"b\" > 1.5`",
                ),
                None => (
                    "holds however often it has restarted",
                    "say how often: `restarts == 1`",
                ),
                Some(Source::Log(_)) => (
                    "would also hold if nothing were logged",
                    "add a claim about what is logged, such as `service api logs contains \"…\"`",
                ),
                Some(Source::Body(_)) => (
                    "would also hold of an empty body",
                    "add a claim about what is in it, such as `http GET … body contains \"…\"`",
                ),
                Some(Source::Stdout | Source::Stderr) => (
                    "would also hold if nothing were printed",
                    "add a claim about what is printed, such as `stdout contains \"…\"`",
                ),
            };
            let message = format!("`{}` {nothing}", claim.text);
            Diagnostic::warning("vacuous-claim", claim.span, message).with_help(help)
        })
        .collect()
}

/// What might be silent.
#[derive(Debug, PartialEq, Eq)]
enum Source<'a> {
    Stdout,
    Stderr,
    /// A service, by name.
    Log(&'a str),
    /// What a URL answers with.
    Body(&'a UrlTemplate),
}

impl<'a> Source<'a> {
    /// Where the text comes from that the claim speaks of.
    fn of(claim: &'a Claim) -> Option<Self> {
        match &claim.subject {
            Subject::Exit | Subject::Duration | Subject::Metric(_) | Subject::Trace(_) => None,
            Subject::Stderr => Some(Self::Stderr),
            Subject::Service(service) => {
                (service.aspect == Aspect::Logs).then_some(Self::Log(&service.name))
            }
            Subject::Http(HttpSubject { url, part, .. }) => match part {
                HttpPart::Body | HttpPart::Json(_) => Some(Self::Body(url)),
                HttpPart::Status | HttpPart::Header(_) => None,
            },
            Subject::Stdout | Subject::Line(_) | Subject::Json { .. } | Subject::Table(_) => {
                Some(Self::Stdout)
            }
        }
    }
}
