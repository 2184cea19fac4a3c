//! Claims that prove nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Reader;
use crate::{
    Block, Diagnostic,
    expect::{Aspect, Claim, Comparison, Predicate, Statement, Subject, Value, is_vacuous},
};

pub(super) fn check(reader: &Reader<'_>) -> Vec<Diagnostic> {
    let blocks = &reader.runbook.blocks;
    blocks
        .iter()
        .flat_map(|block| vacuous(block).into_iter().chain(own_capture(block)))
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
            Statement::Claim(claim) if !claim.is_negated => {
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
    let demanded: BTreeSet<Source<'_>> = all
        .filter(|claim| !is_vacuous(claim))
        .filter_map(Source::of)
        .collect();
    claims
        .into_iter()
        .filter(|claim| is_vacuous(claim))
        .filter(|claim| Source::of(claim).is_none_or(|source| !demanded.contains(&source)))
        .map(|claim| {
            let (nothing, help) = match Source::of(claim) {
                None => (
                    "holds however often it has restarted",
                    "say how often: `restarts == 1`",
                ),
                Some(Source::Log(_)) => (
                    "would also hold if nothing were logged",
                    "add a claim about what is logged, such as `service api logs contains \"…\"`",
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
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source<'a> {
    Stdout,
    Stderr,
    /// A service, by name.
    Log(&'a str),
}

impl<'a> Source<'a> {
    /// Where the text comes from that the claim speaks of.
    fn of(claim: &'a Claim) -> Option<Self> {
        match &claim.subject {
            Subject::Exit | Subject::Duration => None,
            Subject::Stderr => Some(Self::Stderr),
            Subject::Service(service) => {
                (service.aspect == Aspect::Logs).then_some(Self::Log(&service.name))
            }
            Subject::Stdout | Subject::Line(_) | Subject::Json { .. } | Subject::Table(_) => {
                Some(Self::Stdout)
            }
        }
    }
}
