//! The plan of `run`: the blocks asked for, and before each what it needs.

use super::{
    Action, LabFacts, Plan, RunOptions, SelectError, Selection, SkipReason, Step,
    deadline::{PERSON_DEADLINE, deadline, said},
    select::{find, resolve},
    verify::{Reading, not_code},
};
use crate::{Runbook, expect::Role};

impl Plan {
    /// The blocks that a selection means, in its order; before each, the blocks it needs that were not played yet.
    ///
    /// Interactive blocks are played. Of `--all` and tags, blocks that are something to read, whose author says `skip`
    /// or whose role is on demand are skipped with the reason; a block asked for by name is played all the same, unless
    /// it does harm and that is not allowed.
    ///
    /// # Errors
    /// A name that no block or several blocks have; a selection of nothing; a `needs` that names no block.
    pub fn for_run(
        runbook: &Runbook,
        selection: &Selection,
        facts: &LabFacts,
        options: &RunOptions,
    ) -> Result<Self, SelectError> {
        let reading = Reading::new(runbook, &facts.compose);
        let is_by_name = matches!(selection, Selection::Named(_));
        let mut chosen = Vec::new();
        for index in resolve(runbook, selection)? {
            needed(runbook, index, &mut Vec::new(), &mut chosen)?;
            chosen.push(index);
        }
        let steps = chosen
            .into_iter()
            .map(|index| run_step(&reading, index, is_by_name, options))
            .collect();
        Ok(Self { steps, left_out: 0 })
    }
}

/// Adds what a block needs, deepest first, unless it is there already.
fn needed(
    runbook: &Runbook,
    index: usize,
    open: &mut Vec<usize>,
    chosen: &mut Vec<usize>,
) -> Result<(), SelectError> {
    open.push(index);
    for (name, _) in &runbook.blocks[index].expectations.needs {
        let need = find(runbook, name)?;
        if !chosen.contains(&need) && !open.contains(&need) {
            needed(runbook, need, open, chosen)?;
            chosen.push(need);
        }
    }
    open.pop();
    Ok(())
}

fn run_step(reading: &Reading<'_>, index: usize, is_by_name: bool, options: &RunOptions) -> Step {
    let block = &reading.blocks[index];
    let script = reading.scripts[index].as_ref();
    let by_author = || {
        let skip = block.expectations.skip.clone().map(SkipReason::ByAuthor);
        let on_demand = block.expectations.role == Some(Role::OnDemand);
        skip.or(on_demand.then_some(SkipReason::OnDemand))
    };
    let skip = if is_by_name {
        None
    } else {
        by_author().or_else(|| not_code(block))
    };
    let action = match skip.or_else(|| reading.destructive(index, options.allow_destructive)) {
        Some(reason) => Action::Skip(reason),
        None => reading.action(index),
    };
    let is_watched =
        matches!(action, Action::RunEndless { .. }) || reading.interactive(index).is_some();
    let deadline = match said(block, options.timeout, reading.front_matter) {
        None if is_watched => PERSON_DEADLINE,
        _ => deadline(block, script, options.timeout, reading.front_matter),
    };
    Step {
        block: index,
        part: reading.parts.of(index),
        action,
        deadline,
    }
}
