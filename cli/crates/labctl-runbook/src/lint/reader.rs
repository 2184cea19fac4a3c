//! A runbook with its code read once for all rules.

use crate::{Block, Runbook, script::Script};

pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    pub(super) runbook: &'a Runbook,
    pub(super) scripts: Vec<Option<Script>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str, runbook: &'a Runbook) -> Self {
        let scripts = runbook
            .blocks
            .iter()
            .map(|block| block.script(&runbook.front_matter))
            .collect();
        Self {
            source,
            runbook,
            scripts,
        }
    }

    /// The blocks that a shell runs, with their code read. A fence without a language counts only if it is named.
    pub(super) fn shell_blocks(&self) -> impl Iterator<Item = (&'a Block, &Script)> {
        self.runbook
            .blocks
            .iter()
            .zip(&self.scripts)
            .filter(|(block, _)| block.is_named || block.language != crate::Language::None)
            .filter_map(|(block, script)| Some((block, script.as_ref()?)))
    }
}
