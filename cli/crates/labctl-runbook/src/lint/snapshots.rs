//! Snapshots that no longer fit.

use super::LintFacts;
use crate::{Diagnostic, Runbook, Span};

/// What a snapshot's header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotHeader {
    /// The block's name.
    pub block: String,
    /// The digest of the code that the snapshot was accepted for.
    pub code_digest: String,
}

pub(super) fn check(runbook: &Runbook, facts: &LintFacts) -> Vec<Diagnostic> {
    let stale = |header: &SnapshotHeader| {
        let Some((_, block)) = runbook.blocks_named(&header.block).next() else {
            let message = format!(
                "there is a snapshot of `{}`, and no such block",
                header.block
            );
            return Some(
                Diagnostic::warning("stale-snapshot", Span::new(0, 0), message)
                    .with_help("delete the file, or give the block its name back"),
            );
        };
        let digest = facts.code_digest?(&block.code);
        (digest != header.code_digest).then(|| {
            let message = format!(
                "the snapshot of `{}` was accepted for other code",
                header.block
            );
            Diagnostic::warning("stale-snapshot", block.opening, message)
                .with_help("run `labctl verify`, then `labctl review`")
        })
    };
    facts.snapshots.iter().filter_map(stale).collect()
}
