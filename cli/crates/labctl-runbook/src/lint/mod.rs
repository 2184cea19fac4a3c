//! What a runbook's author should know before anybody plays it.
//!
//! A good runbook gets no word: a rule that cannot tell stays silent.

mod attributes;
mod claims;
mod judged;
mod playing;
mod reader;
mod snapshots;
#[cfg(test)]
mod tests;
mod unseen;
mod variables;
mod words;

pub use snapshots::SnapshotHeader;

use std::path::PathBuf;

use crate::{ComposeNames, Diagnostic, Runbook, expect};
use reader::Reader;

/// What is known from outside the document.
#[derive(Debug, Clone, Default)]
pub struct LintFacts {
    /// What is the lab's own.
    pub compose: ComposeNames,
    /// The snapshots that exist for the runbook.
    pub snapshots: Vec<SnapshotHeader>,
    /// How the digest in a snapshot's header is made of a block's code; `None`: digests are not compared.
    pub code_digest: Option<fn(&str) -> String>,
    /// Where the runbook's snapshots would be looked for, if nobody has made that folder and labctl will not.
    pub missing_snapshots: Option<PathBuf>,
    /// The folder that the blocks run in, if there is no Compose file in it.
    pub without_compose: Option<PathBuf>,
}

/// Everything that is wrong or doubtful: what the parser found, then the rules' warnings, all in document order.
///
/// | code | says |
/// |---|---|
/// | `ambiguous-name` | two blocks answer to one name |
/// | `no-language`, `unknown-attribute`, `no-effect` | a fence that does not do what it seems to |
/// | `never-ends`, `interactive`, `destructive`, `removes-variable` | a block that `verify` treats in its own way |
/// | `not-exported` | a variable is read that an earlier block has set, but not exported |
/// | `leading-dollar`, `unquoted-message`, `placeholder`, `waits-for-time` | text that runs otherwise than it reads |
/// | `vacuous-claim` | a claim that would also hold of a block that prints nothing, a service that logs nothing, an empty answer |
/// | `status-unseen` | a request whose failure nothing would notice |
/// | `asks-twice` | a request that changes something, sent by more than one line |
/// | `never-judged` | a claim or a snapshot where nothing will be judged |
/// | `unknown-service` | a claim about a service that the Compose file does not have |
/// | `stale-snapshot` | a snapshot whose block is gone or has changed |
pub fn lint(source: &str, runbook: &Runbook, facts: &LintFacts) -> Vec<Diagnostic> {
    let reader = Reader::new(source, runbook);
    let mut found = runbook.diagnostics.clone();
    found.extend(attributes::check(&reader));
    found.extend(playing::check(&reader, &facts.compose));
    found.extend(variables::check(&reader));
    found.extend(words::check(&reader));
    found.extend(claims::check(&reader));
    found.extend(judged::check(&reader, facts));
    found.extend(unseen::check(&reader, facts));
    found.extend(expect::unknown_services(runbook, &facts.compose));
    found.extend(snapshots::check(runbook, facts));
    found.sort_by_key(|diagnostic| diagnostic.span);
    found
}
