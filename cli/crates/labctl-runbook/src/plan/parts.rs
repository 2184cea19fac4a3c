//! Which block brings the lab up, which takes it down, and which stand apart.

use super::Part;
use crate::{
    Block,
    classify::{ComposeUse, compose_use},
    expect::Role,
    script::Script,
};

/// What each block of a runbook is to the lab.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    of: Vec<Part>,
    uses: Vec<ComposeUse>,
    on_demand: Vec<bool>,
    /// The cleanup that the blocks after it are on demand for.
    pub(super) cleanup: Option<usize>,
}

impl Parts {
    /// The start is the first `compose up` without service names, the cleanup the last `compose down` after it; all
    /// blocks after the cleanup are on demand. A `role` overrides each.
    pub(super) fn new(blocks: &[Block], scripts: &[Option<Script>]) -> Self {
        let uses: Vec<ComposeUse> = scripts
            .iter()
            .map(|script| script.as_ref().map(compose_use).unwrap_or_default())
            .collect();
        let has_role = |index: usize, role: Role| blocks[index].expectations.role == Some(role);
        let is_free = |index: usize| blocks[index].expectations.role.is_none();
        let all = 0..blocks.len();
        let start = all
            .clone()
            .find(|&index| has_role(index, Role::Start))
            .or_else(|| {
                all.clone()
                    .find(|&index| is_free(index) && uses[index].brings_up)
            });
        let cleanup = all
            .clone()
            .rfind(|&index| has_role(index, Role::Cleanup))
            .or_else(|| {
                let start = start?;
                (start + 1..blocks.len()).rfind(|&index| is_free(index) && uses[index].takes_down)
            });
        let part = |index: usize| {
            if Some(index) == start || has_role(index, Role::Start) {
                Part::Start
            } else if Some(index) == cleanup || has_role(index, Role::Cleanup) {
                Part::Cleanup
            } else {
                Part::Ordinary
            }
        };
        let parts: Vec<Part> = all.clone().map(part).collect();
        let on_demand = all
            .map(|index| {
                let stands_after = cleanup.is_some_and(|cleanup| index > cleanup);
                has_role(index, Role::OnDemand) || (stands_after && parts[index] == Part::Ordinary)
            })
            .collect();
        Self {
            of: parts,
            uses,
            on_demand,
            cleanup,
        }
    }

    pub(super) fn of(&self, index: usize) -> Part {
        self.of[index]
    }

    pub(super) fn is_on_demand(&self, index: usize) -> bool {
        self.on_demand[index]
    }

    /// Whether it brings the lab up and then stays in the foreground.
    pub(super) fn starts_in_foreground(&self, index: usize) -> bool {
        self.of[index] == Part::Start && self.uses[index].stays_in_foreground
    }
}
