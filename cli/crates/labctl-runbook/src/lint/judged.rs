//! What is claimed where nothing will be judged.

use super::{LintFacts, Reader};
use crate::{
    Block, Diagnostic, Span,
    expect::{Subject, has_exit_claim},
    plan::not_code,
};

pub(super) fn check(reader: &Reader<'_>, facts: &LintFacts) -> Vec<Diagnostic> {
    let blocks = reader.runbook.blocks.iter();
    blocks
        .filter(|block| block.expectations.skip.is_none())
        .flat_map(|block| never_judged(block, facts))
        .collect()
}

fn never_judged(block: &Block, facts: &LintFacts) -> Vec<Diagnostic> {
    let expectations = &block.expectations;
    let is_claimed = expectations.ask_anything();
    if is_claimed && let Some(reason) = not_code(block) {
        let message = format!("what is claimed here is never judged: {reason}");
        let help = "give the block a language that runs, or take the comment away";
        return vec![warning(block.opening, message, help)];
    }
    let mut found = Vec::new();
    if is_claimed && block.is_background() && !has_exit_claim(expectations) {
        found.push(warning(
            block.opening,
            "a background block is stopped with the lab: unless it has ended by then, its claims cannot be judged"
                .to_owned(),
            "claim its exit too, such as `exit == 0`: verify then waits for its end",
        ));
    }
    if expectations.snapshot.is_on()
        && let Some(folder) = &facts.missing_snapshots
    {
        found.push(warning(
            block.opening,
            format!(
                "its snapshot is never compared: there is no folder `{}`",
                folder.display()
            ),
            "make that folder: what is printed is recorded there, to be reviewed",
        ));
    }
    let service = expectations
        .statements
        .iter()
        .find_map(|statement| match statement.subject() {
            Subject::Service(service) => Some(service),
            _ => None,
        });
    if let (Some(service), Some(folder)) = (service, &facts.without_compose) {
        found.push(warning(
            service.span,
            format!(
                "nobody can be asked about the service `{}`: there is no Compose file in `{}`",
                service.name,
                folder.display()
            ),
            "say where it is with `cwd` in the front matter, or with --cwd",
        ));
    }
    found
}

fn warning(span: Span, message: String, help: &str) -> Diagnostic {
    Diagnostic::warning("never-judged", span, message).with_help(help)
}
