//! The plan of `verify`: every block in document order, each played or skipped with its reason.

use super::{
    Action, LabFacts, Part, Plan, SkipReason, Step, VerifyOptions, deadline::deadline, parts::Parts,
};
use crate::{
    Block, ComposeNames, FrontMatter, Language, Runbook,
    classify::{endless, harmful, interactive, made_by},
    script::Script,
};

impl Plan {
    /// Every block of a runbook, in document order.
    ///
    /// Blocks on demand are skipped, or, where they are asked for, played before the cleanup that they stand after. A
    /// block that needs one which comes later or is skipped, is skipped too.
    pub fn for_verify(runbook: &Runbook, facts: &LabFacts, options: &VerifyOptions) -> Self {
        let reading = Reading::new(runbook, &facts.compose);
        let mut steps: Vec<Step> = order(&reading.parts, runbook.blocks.len(), options.on_demand)
            .into_iter()
            .map(|block| reading.verify_step(block, options))
            .collect();
        skip_unmet_needs(runbook, &mut steps);
        Self { steps, left_out: 0 }
    }
}

/// The blocks' order: as written, but those on demand before the cleanup if they are played.
fn order(parts: &Parts, blocks: usize, on_demand: bool) -> Vec<usize> {
    match parts.cleanup.filter(|_| on_demand) {
        None => (0..blocks).collect(),
        Some(cleanup) => {
            let is_moved = |index: &usize| parts.is_on_demand(*index);
            let (moved, kept): (Vec<usize>, Vec<usize>) = (cleanup + 1..blocks).partition(is_moved);
            (0..cleanup)
                .chain(moved)
                .chain([cleanup])
                .chain(kept)
                .collect()
        }
    }
}

/// A runbook's code read once, for all decisions.
pub(super) struct Reading<'a> {
    pub(super) front_matter: &'a FrontMatter,
    pub(super) blocks: &'a [Block],
    pub(super) scripts: Vec<Option<Script>>,
    pub(super) parts: Parts,
    own: ComposeNames,
}

impl<'a> Reading<'a> {
    pub(super) fn new(runbook: &'a Runbook, compose: &ComposeNames) -> Self {
        let scripts: Vec<Option<Script>> = runbook
            .blocks
            .iter()
            .map(|block| block.script(&runbook.front_matter))
            .collect();
        let mut own = compose.clone();
        for script in scripts.iter().flatten() {
            made_by(script, &mut own);
        }
        Self {
            front_matter: &runbook.front_matter,
            blocks: &runbook.blocks,
            parts: Parts::new(&runbook.blocks, &scripts),
            scripts,
            own,
        }
    }

    fn verify_step(&self, index: usize, options: &VerifyOptions) -> Step {
        let block = &self.blocks[index];
        let script = self.scripts[index].as_ref();
        let action = match self.verify_skip(index, options) {
            Some(reason) => Action::Skip(reason),
            None => self.action(index),
        };
        Step {
            block: index,
            part: self.parts.of(index),
            deadline: deadline(block, script, options.timeout, self.front_matter),
            action,
        }
    }

    fn verify_skip(&self, index: usize, options: &VerifyOptions) -> Option<SkipReason> {
        let block = &self.blocks[index];
        if let Some(why) = &block.expectations.skip {
            return Some(SkipReason::ByAuthor(why.clone()));
        }
        if let Some(reason) = not_code(block) {
            return Some(reason);
        }
        if !options.on_demand {
            if self.parts.is_on_demand(index) {
                return Some(SkipReason::OnDemand);
            }
            if block.is_excluded_from_run_all() {
                return Some(SkipReason::NotInRunAll);
            }
        }
        self.destructive(index, options.allow_destructive)
            .or_else(|| self.interactive(index).map(SkipReason::Interactive))
    }

    /// The reason not to play a block that does harm, unless that is allowed.
    pub(super) fn destructive(&self, index: usize, is_allowed: bool) -> Option<SkipReason> {
        if is_allowed {
            return None;
        }
        let script = self.scripts[index].as_ref()?;
        let finding = harmful(&self.blocks[index].code, script, &self.own)?;
        Some(SkipReason::Destructive(finding.command))
    }

    /// The command in a block that waits for a person.
    pub(super) fn interactive(&self, index: usize) -> Option<String> {
        let script = self.scripts[index].as_ref()?;
        interactive(&self.blocks[index].code, script).map(|finding| finding.command)
    }

    /// How a block is played.
    pub(super) fn action(&self, index: usize) -> Action {
        let block = &self.blocks[index];
        if block.is_background() || self.parts.starts_in_foreground(index) {
            return Action::RunInBackground;
        }
        let ends_by_claim = block.expectations.until.is_some();
        let script = self.scripts[index].as_ref().filter(|_| !ends_by_claim);
        match script.and_then(|script| endless(&block.code, script)) {
            Some(finding) => Action::RunEndless {
                command: finding.command,
            },
            None => Action::Run,
        }
    }
}

/// Why a block is something to read rather than to run, unless its author named it.
pub(crate) fn not_code(block: &Block) -> Option<SkipReason> {
    if block.is_named || block.interpreter().is_some() {
        return None;
    }
    match &block.language {
        Language::None => Some(SkipReason::NoLanguage),
        Language::Shell(_) => None,
        Language::Other(word) => {
            (!has_interpreter(word)).then(|| SkipReason::NotCode(word.clone()))
        }
    }
}

/// The languages that the engine knows an interpreter for, besides the shells.
fn has_interpreter(language: &str) -> bool {
    matches!(
        language,
        "js" | "javascript"
            | "jsx"
            | "ts"
            | "tsx"
            | "typescript"
            | "py"
            | "python"
            | "rb"
            | "ruby"
            | "rs"
            | "rust"
            | "lua"
            | "perl"
            | "php"
            | "clj"
            | "clojure"
            | "cljs"
            | "bb"
            | "babashka"
            | "ksh"
            | "fish"
            | "powershell"
            | "go"
    )
}

/// Skips what needs a block that is skipped, or does not come before.
pub(super) fn skip_unmet_needs(runbook: &Runbook, steps: &mut [Step]) {
    let mut played: Vec<bool> = vec![false; runbook.blocks.len()];
    for step in steps {
        let block = &runbook.blocks[step.block];
        let is_met = |name: &str| {
            runbook
                .blocks
                .iter()
                .zip(&played)
                .any(|(block, is_played)| *is_played && block.name == name)
        };
        let unmet = block
            .expectations
            .needs
            .iter()
            .find(|(name, _)| !is_met(name));
        if !matches!(step.action, Action::Skip(_))
            && step.part != Part::Cleanup
            && let Some((name, _)) = unmet
        {
            step.action = Action::Skip(SkipReason::Needs(name.clone()));
        }
        played[step.block] = !matches!(step.action, Action::Skip(_));
    }
}
