//! Claims that prove nothing.

use super::Reader;
use crate::{
    Block, Diagnostic,
    expect::{Claim, Statement, Subject, is_vacuous},
};

pub(super) fn check(reader: &Reader<'_>) -> Vec<Diagnostic> {
    reader.runbook.blocks.iter().flat_map(vacuous).collect()
}

/// Claims that would also hold if the block printed nothing, where no other claim says that it prints something.
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
    let is_stderr = |claim: &Claim| matches!(claim.subject, Subject::Stderr);
    let demands_output = |stderr: bool| {
        let is_about_output =
            |claim: &Claim| !matches!(claim.subject, Subject::Exit | Subject::Duration);
        claims
            .iter()
            .chain(&expectations.until.iter().collect::<Vec<_>>())
            .any(|claim| is_about_output(claim) && is_stderr(claim) == stderr && !is_vacuous(claim))
    };
    claims
        .iter()
        .copied()
        .filter(|claim| is_vacuous(claim) && !demands_output(is_stderr(claim)))
        .map(|claim| {
            let message = format!("`{}` would also hold if nothing were printed", claim.text);
            Diagnostic::warning("vacuous-claim", claim.span, message)
                .with_help("add a claim about what is printed, such as `stdout contains \"…\"`")
        })
        .collect()
}
